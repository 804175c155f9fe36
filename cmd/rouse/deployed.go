package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"rouse/shared/amend"
	"rouse/shared/calendar"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/dynamostore"
	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/sqstimer"
)

// How a command finds what is deployed: the table by a flag or the
// environment, the queues by the environment alone; Region, credentials and endpoint (AWS_ENDPOINT_URL_DYNAMODB) as
// every AWS SDK does.

// tableFlag declares the flag that names the deployed table.
func tableFlag(flags *flag.FlagSet, into *string) {
	flags.StringVar(into, "table", "", "the deployed stack's DynamoDB `TABLE`; "+env.Table+" if not given")
}

// awsMax bounds what a command waits for AWS, the search for credentials
// included.
const awsMax = 30 * time.Second

// deployed opens the table that the flag or the environment names.
func (c *call) deployed(ctx context.Context, table string) (*dynamostore.Store, error) {
	if table = cmp.Or(table, c.env(env.Table)); table == "" {
		return nil, misused("which stack? Add --table or set %s to the name of its table: the deployment prints it as TableName", env.Table)
	}
	cfg, err := c.account(ctx)
	if err != nil {
		return nil, err
	}
	c.aws = &cfg
	client := dynamodb.NewFromConfig(cfg)
	if err := sameTime(ctx, client, table); err != nil {
		return nil, err
	}
	return dynamostore.New(client, table), nil
}

// account is the operator's, as every AWS SDK finds it.
func (c *call) account(ctx context.Context) (aws.Config, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return cfg, fmt.Errorf("the AWS configuration cannot be read: %w", err)
	}
	if cfg.Region == "" {
		return cfg, fmt.Errorf("no Region: set AWS_REGION, or region in ~/.aws/config, to that of the stack")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return cfg, fmt.Errorf("no AWS credentials: sign in (aws sso login), or set AWS_PROFILE: %w", err)
	}
	return cfg, nil
}

// hints wakes the deployed functions whose queues the environment names, once
// the table is open. The sweeps find within a minute what no hint brings.
func (c *call) hints() loop.Hints {
	h := queues{Hints: sqstimer.Hints{Clock: clock.Wall{}, RouterURL: c.env(env.RouterQueue), DeskURL: c.env(env.DeskQueue)}}
	h.Send = sqs.NewFromConfig(*c.aws).SendMessage
	return &h
}

// queues are those of the deployed stack, as far as they are known here.
type queues struct{ sqstimer.Hints }

func (q *queues) Router(ctx context.Context, h loop.Hint, at time.Time) error {
	if q.RouterURL == "" {
		return nil
	}
	return q.Hints.Router(ctx, h, at)
}

// wakeRouter hints at what a command has made durable, and says how soon the
// router sees it.
func (c *call) wakeRouter(ctx context.Context, key incident.Key) (within string) {
	err := c.hints().Router(ctx, loop.Hint{Key: key}, time.Time{})
	switch {
	case err != nil:
		fmt.Fprintf(c.stderr, "rouse: the router's queue cannot be reached, its sweep goes on: %v\n", err)
	case c.env(env.RouterQueue) != "":
		return "within a second"
	}
	return "within a minute"
}

// skewMax is how far this machine's clock may be from AWS's. What a command
// writes is due, and was done, by the clock of who wrote it.
const skewMax = 5 * time.Second

// sameTime refuses to act for a stack by a clock that is wrong. It asks for
// something that is never there.
func sameTime(ctx context.Context, client *dynamodb.Client, table string) error {
	none := &types.AttributeValueMemberS{Value: "what time is it?"}
	out, err := client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &table, Key: map[string]types.AttributeValue{env.PartitionKey: none, env.SortKey: none},
	})
	if err != nil {
		return nil // what is wrong the command itself will say better
	}
	server, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
	if skew := time.Since(server); ok && skew.Abs() > skewMax {
		return fmt.Errorf("this machine's clock is %s off AWS's: set it (timedatectl set-ntp true), then try again", skew.Round(time.Second))
	}
	return nil
}

// config reads rouse.yaml and its calendars.
func (c *call) config() (*config.Config, error) {
	return config.LoadWith(c.configPath, config.Options{Calendar: calendar.Reader(filepath.Dir(c.configPath), time.Now())})
}

// current is config with what was amended since the deployment. If neither the
// flag nor the environment names a table it is rouse.yaml alone.
func (c *call) current(ctx context.Context, table string) (*config.Config, error) {
	cfg, err := c.config()
	if err != nil || cmp.Or(table, c.env(env.Table)) == "" {
		return cfg, err
	}
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	store, err := c.deployed(ctx, table)
	if err != nil {
		return nil, err
	}
	list, err := c.amendments(ctx, store)
	if err != nil {
		return nil, err
	}
	return cfg.WithRota(amend.Apply(cfg.Rota, list)), nil
}

// amendments lists those that are kept. One that cannot be read is passed
// over, as it is by who decides, but not in silence.
func (c *call) amendments(ctx context.Context, store amend.Store) ([]amend.Amendment, error) {
	list, err := store.Amendments(ctx)
	if err != nil && len(list) == 0 {
		return nil, fmt.Errorf("the rota's amendments cannot be read: %w", err)
	}
	if err != nil {
		fmt.Fprintf(c.stderr, "rouse: not all of the rota's amendments can be read: %v\n", err)
	}
	return list, nil
}

// warnBeyond says so if an answer reaches beyond what calendars were read for.
func (c *call) warnBeyond(cfg *config.Config, end time.Time) {
	if until := time.Now().Add(calendar.Ahead); cfg.HasCalendars() && end.After(until) {
		fmt.Fprintf(c.stderr, "rouse: calendars are read until %s; who is away after that is not known\n", until.Format("2006-01-02"))
	}
}
