// Package stack stands the deployed system up on one machine: the resources
// that the template describes, with stand-ins for AWS's services, and for each
// function the environment and the rights that the template gives it.
//
// What is deployed is read from the template's snapshot below infra/testdata,
// so that a variable, a right or a route which the template forgets fails here
// before it fails at night.
package stack

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"rouse/shared/config"
	"rouse/shared/dynamostore"
	"rouse/shared/env"
	"rouse/test/awsfake"
	"rouse/test/dynamolocal"
)

// Bucket is where inbound mail lies.
const Bucket = "rouse-mail-test"

// The topics that do not pass the router.
const (
	RingTopic = "ops-ring"
	TellTopic = "ops-tell"
)

// ConfigurationSet is what mails are sent by.
const ConfigurationSet = "rouse-test"

// A Stack is one deployment of its own.
type Stack struct {
	AWS      *awsfake.Server // SNS, SQS and SES
	DynamoDB *dynamodb.Client
	Table    string
	Store    *dynamostore.Store // the same table, for tests to look at
	Mails    *s3.Client
	Team     *config.Config
	Path     string // of rouse.yaml
	// AckURL is what links begin with; set it before the router is wired.
	AckURL string

	Template Template

	t        testing.TB
	backends map[string]string // endpoints by signing name
	gates    map[string]*gate  // by function
}

// Start deploys the rouse.yaml at path until the test ends.
func Start(t testing.TB, path string) *Stack {
	t.Helper()
	team, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &Stack{t: t, Path: path, Team: team, AckURL: "https://r.example.com", Template: ReadTemplate(t), gates: map[string]*gate{}}
	s.AWS = awsfake.Start(t, s.account())

	files := s3mem.New()
	if err := files.CreateBucket(Bucket); err != nil {
		t.Fatal(err)
	}
	fileServer := httptest.NewServer(gofakes3.New(files).Server())
	t.Cleanup(fileServer.Close)
	s.backends = map[string]string{
		"dynamodb": dynamolocal.Endpoint(t), "s3": fileServer.URL, "sns": s.AWS.URL, "sqs": s.AWS.URL, "ses": s.AWS.URL, "ssm": s.AWS.URL, "monitoring": s.AWS.URL,
	}

	keys := credentials.NewStaticCredentialsProvider("key", "secret", "")
	s.Mails = s3.New(s3.Options{BaseEndpoint: aws.String(s.backends["s3"]), UsePathStyle: true, Region: "us-east-1", Credentials: keys})
	s.DynamoDB = dynamodb.New(dynamodb.Options{BaseEndpoint: aws.String(s.backends["dynamodb"]), Region: "us-east-1", Credentials: keys})
	s.Table = "rouse-test-" + rand.Text()
	if err := dynamostore.CreateTable(t.Context(), s.DynamoDB, s.Table); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := s.DynamoDB.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &s.Table}); err != nil {
			t.Error(err)
		}
	})
	s.Store = dynamostore.New(s.DynamoDB, s.Table)
	return s
}

func (s *Stack) account() awsfake.Options {
	var o awsfake.Options
	o.Topics = []string{RingTopic, TellTopic}
	// Everybody has confirmed, and SMS leave for every number.
	o.Facts = awsfake.Facts{SMSProduction: true, SpendLimit: "50", Concurrency: 1000, SESProduction: true, SESRate: 200, Subscriptions: []awsfake.Subscription{
		{Topic: RingTopic, Protocol: "sms", Endpoint: "+13105550100", Confirmed: true}, {Topic: TellTopic, Protocol: "email", Endpoint: "ana@example.com", Confirmed: true},
	}}
	for id, r := range s.Team.Responders {
		o.Topics = append(o.Topics, id)
		if r.Phone != "" {
			o.Facts.Subscriptions = append(o.Facts.Subscriptions, awsfake.Subscription{Topic: id, Protocol: "sms", Endpoint: r.Phone, Confirmed: true})
		}
		if r.Email != "" {
			o.Facts.Subscriptions = append(o.Facts.Subscriptions, awsfake.Subscription{Topic: id, Protocol: "email", Endpoint: r.Email, Confirmed: true})
		}
	}
	for name := range s.Template.deadQueues() {
		if name != "router" && name != "desk" { // which are below, with their queues
			o.Queues = append(o.Queues, awsfake.Queue{Name: name + "-dead"})
		}
	}
	for _, name := range []string{"router", "desk"} {
		q := s.Template.queue(logicalID(name) + "Queue")
		o.Queues = append(o.Queues, awsfake.Queue{Name: name, Visibility: q.visibility, MaxReceives: q.maxReceives, DeadLetters: name + "-dead"}, awsfake.Queue{Name: name + "-dead"})
	}
	if s.Team.Inbox != nil {
		_, domain, _ := strings.Cut(s.Team.Inbox.ReplyFrom, "@")
		o.Senders, o.ConfigurationSets = []string{domain}, []string{ConfigurationSet}
	}
	return o
}

// Env is the environment of a function: the variables that the template gives
// it, filled in, with endpoints that let pass what the template allows it. What
// Lambda itself sets is not in it.
func (s *Stack) Env(function string) map[string]string {
	return s.environment(function, func(string) string { return s.gate(function) })
}

// Direct is Env without anybody between the function and the stand-ins: for
// measuring.
func (s *Stack) Direct(function string) map[string]string {
	return s.environment(function, func(service string) string { return s.backends[service] })
}

func (s *Stack) environment(function string, endpoint func(service string) string) map[string]string {
	s.t.Helper()
	vars := map[string]string{
		"AWS_ENDPOINT_URL_DYNAMODB":   endpoint("dynamodb"),
		"AWS_ENDPOINT_URL_SNS":        endpoint("sns"),
		"AWS_ENDPOINT_URL_SQS":        endpoint("sqs"),
		"AWS_ENDPOINT_URL_SESV2":      endpoint("ses"),
		"AWS_ENDPOINT_URL_S3":         endpoint("s3"),
		"AWS_ENDPOINT_URL_SSM":        endpoint("ssm"),
		"AWS_ENDPOINT_URL_CLOUDWATCH": endpoint("monitoring"),
	}
	topics := map[string]string{}
	for id := range s.Team.Responders {
		topics[id] = s.AWS.TopicARN(id)
	}
	arns, err := json.Marshal(topics)
	if err != nil {
		s.t.Fatal(err)
	}
	dead := map[string]string{}
	for name := range s.Template.deadQueues() {
		dead[name] = s.AWS.QueueURL(name + "-dead")
	}
	urls, err := json.Marshal(dead)
	if err != nil {
		s.t.Fatal(err)
	}
	values := map[string]string{
		env.RingTopic: s.AWS.TopicARN(RingTopic), env.TellTopic: s.AWS.TopicARN(TellTopic), env.DeadQueues: string(urls),
		env.Table: s.Table, env.Topics: string(arns), env.AckURL: s.AckURL, env.MailBucket: Bucket,
		env.AlarmTopics: `{"alarms":"` + s.AWS.TopicARN("alarms") + `"}`,
		env.RouterQueue: s.AWS.QueueURL("router"), env.DeskQueue: s.AWS.QueueURL("desk"), env.ConfigurationSet: ConfigurationSet,
	}
	for name := range s.Template.Function(function).Env {
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL_") {
			continue // declared for sam local, and empty
		}
		value, known := values[name]
		if !known {
			s.t.Fatalf("the template gives %s the variable %s, which test/stack cannot fill in", function, name)
		}
		vars[name] = value
	}
	return vars
}

// Getenv is Env as a function of this process reads it, with what Lambda sets,
// the path of rouse.yaml, and some variables set otherwise.
func (s *Stack) Getenv(function string, changes map[string]string) func(string) string {
	vars := s.Env(function)
	for name, value := range map[string]string{
		env.Config: s.Path, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
	} {
		vars[name] = value
	}
	for name, value := range changes {
		vars[name] = value
	}
	return func(name string) string { return vars[name] }
}

// PutMail lays a mail where SES would.
func (s *Stack) PutMail(id string, raw []byte) {
	s.t.Helper()
	_, err := s.Mails.PutObject(s.t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(Bucket), Key: aws.String(env.MailNew + id), Body: bytes.NewReader(raw),
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// MailIDs lists the mails below a prefix of the bucket.
func (s *Stack) MailIDs(prefix string) (ids []string) {
	s.t.Helper()
	out, err := s.Mails.ListObjectsV2(s.t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(Bucket), Prefix: &prefix})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, o := range out.Contents {
		ids = append(ids, strings.TrimPrefix(*o.Key, prefix))
	}
	return ids
}

// Event reads events/NAME.json.
func Event(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Root(t), "events", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Root is the module's folder.
func Root(t testing.TB) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}
