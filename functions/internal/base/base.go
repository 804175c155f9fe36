// Package base is what all functions have in common: how they read their
// environment, and how they start.
package base

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"rouse/shared/amend"
	"rouse/shared/awsenv"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/dynamostore"
	"rouse/shared/env"
	"rouse/shared/loop"
	"rouse/shared/sqstimer"
)

// A Base is a function's surroundings.
type Base struct {
	Config *config.Config
	AWS    aws.Config
	Store  *dynamostore.Store
	Hints  *sqstimer.Hints
	Clock  clock.Clock
	Log    *slog.Logger
}

// New reads the environment. services are those that the function calls
// besides DynamoDB and SQS; required are the variables that must be set
// besides the table and the router's queue.
func New(getenv func(string) string, services []string, required ...string) (Base, error) {
	for _, name := range append([]string{env.Table, env.RouterQueue}, required...) {
		if getenv(name) == "" {
			return Base{}, fmt.Errorf("%s is not set: the stack sets it; with sam local, pass --env-vars events/env.json", name)
		}
	}
	path := getenv(env.Config)
	if path == "" {
		path = filepath.Join(getenv("LAMBDA_TASK_ROOT"), "rouse.yaml")
	}
	c, err := config.Load(path)
	if err != nil {
		return Base{}, fmt.Errorf("configuration: %w", err)
	}
	cfg, err := awsenv.Config(getenv, append([]string{awsenv.DynamoDB, awsenv.SQS}, services...)...)
	if err != nil {
		return Base{}, err
	}
	table := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = awsenv.Endpoint(getenv, awsenv.DynamoDB) })
	queue := sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = awsenv.Endpoint(getenv, awsenv.SQS) })
	return Base{
		Config: c, AWS: cfg, Clock: clock.Wall{}, Log: lambdacontext.NewLogger(),
		Store: dynamostore.New(dynamostore.Narrow(table), getenv(env.Table)),
		Hints: &sqstimer.Hints{Send: queue.SendMessage, Clock: clock.Wall{}, RouterURL: getenv(env.RouterQueue), DeskURL: getenv(env.DeskQueue)},
	}, nil
}

// Loop returns the loop as the function runs it; without a sender it decides
// and leaves the pages to the router.
func (b Base) Loop(sender loop.Sender) *loop.Loop {
	return &loop.Loop{Store: b.Store, Clock: b.Clock, Hints: b.Hints, Log: b.Log, Sender: sender, Team: b.Team().Team}
}

// Team returns what tells of the team as it is now.
func (b Base) Team() *amend.Source {
	return &amend.Source{Deployed: b.Config.Team(), Store: b.Store, Clock: b.Clock, Log: b.Log}
}

// Swept notes that the named function has come to the end of its minute's work,
// unless err says that it has not; watch asks after it.
func (b Base) Swept(ctx context.Context, name string, err error) error {
	if err != nil {
		return err
	}
	return b.Store.Beat(ctx, name, b.Clock.Now())
}

// A Handler takes an event as it came.
type Handler = func(ctx context.Context, event json.RawMessage) (any, error)

// Start runs a function, or ends it with what is wrong and the cure.
func Start(name string, wire func(getenv func(string) string) (Handler, error)) {
	h, err := wire(os.Getenv)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s does not start: %v\n", name, err)
		os.Exit(1)
	}
	lambda.Start(h)
}

// IsSweep reports whether the event is the Scheduler's.
func IsSweep(event json.RawMessage) bool {
	var e struct {
		Sweep bool `json:"sweep"`
	}
	return json.Unmarshal(event, &e) == nil && e.Sweep
}

// A Source is where an event with Records comes from.
type Source struct {
	name, eventSource string
	or                string // what else its functions understand
}

var (
	S3  = Source{"an S3 event", "aws:s3", ", or " + env.Sweep}
	SQS = Source{"an SQS event", "aws:sqs", ", or " + env.Sweep}
	SNS = Source{"an SNS event", "aws:sns", ""}
)

func (s Source) String() string { return s.name + s.or }

// Unmarshal reads an event of the source; another one gets an error that names
// what is wanted.
func (s Source) Unmarshal(event json.RawMessage, into any) error {
	var shape struct {
		Records []struct{ EventSource string }
	}
	if err := json.Unmarshal(event, &shape); err != nil || len(shape.Records) == 0 {
		return fmt.Errorf("this event has no Records: want %s", s)
	}
	for _, r := range shape.Records {
		if r.EventSource != s.eventSource {
			return fmt.Errorf("this event has a record of %.40q: want %s", r.EventSource, s)
		}
	}
	if err := json.Unmarshal(event, into); err != nil {
		return fmt.Errorf("want %s: %w", s.name, err)
	}
	return nil
}

// Batch handles each message of an SQS event and reports those that failed, so
// that they alone come again.
func Batch(ctx context.Context, log *slog.Logger, event json.RawMessage, handle func(context.Context, events.SQSMessage) error) (any, error) {
	var e events.SQSEvent
	if err := SQS.Unmarshal(event, &e); err != nil {
		return nil, err
	}
	response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, m := range e.Records {
		if err := handle(ctx, m); err != nil {
			log.ErrorContext(ctx, "message failed", "message", m.MessageId, "error", err)
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return response, nil
}
