package awsfake_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	sestypes "github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"rouse/shared/clock"
	"rouse/test/awsfake"
)

// account is an AWS account with the topic "ana", the queue "router" whose
// messages go to "dead" after two receipts, and the verified domain
// example.com; ours or an emulator's.
type account struct {
	sns *sns.Client
	sqs *sqs.Client
	ses *sesv2.Client

	topic, router, dead string
	// pass lets time pass, really or on the account's clock.
	pass func(time.Duration)
	// refused forgets the errors that the test wanted.
	refused func()
}

// clients returns SDK clients that do not retry, as a test that counts wants.
func clients(url string) account {
	keys := credentials.NewStaticCredentialsProvider("key", "secret", "")
	return account{
		sns: sns.New(sns.Options{BaseEndpoint: &url, Region: "us-east-1", Credentials: keys, Retryer: aws.NopRetryer{}}),
		sqs: sqs.New(sqs.Options{BaseEndpoint: &url, Region: "us-east-1", Credentials: keys, Retryer: aws.NopRetryer{}}),
		ses: sesv2.New(sesv2.Options{BaseEndpoint: &url, Region: "us-east-1", Credentials: keys, Retryer: aws.NopRetryer{}}),
	}
}

func recorder(t *testing.T) (account, *awsfake.Server) {
	now := clock.NewVirtual(time.Date(2026, 11, 2, 3, 50, 0, 0, time.UTC))
	s := awsfake.Start(t, awsfake.Options{
		Clock:  now,
		Topics: []string{"ana"},
		Queues: []awsfake.Queue{
			{Name: "router", Visibility: 2 * time.Second, MaxReceives: 2, DeadLetters: "dead"},
			{Name: "dead"},
		},
		Senders: []string{"example.com"},
	})
	a := clients(s.URL)
	a.topic, a.router, a.dead = s.TopicARN("ana"), s.QueueURL("router"), s.QueueURL("dead")
	a.pass = func(d time.Duration) { now.Run(now.Now().Add(d)) }
	a.refused = func() {
		t.Helper()
		if len(s.TakeRefusals()) == 0 {
			t.Error("the error was answered but not kept as a refusal")
		}
	}
	return a, s
}

func TestContract(t *testing.T) {
	for name, test := range contract {
		t.Run(name, func(t *testing.T) {
			a, _ := recorder(t)
			test(t, a)
		})
	}
}

// contract holds for the recorder and for any other emulator.
var contract = map[string]func(t *testing.T, a account){
	"publish to a topic, a text for each channel": func(t *testing.T, a account) {
		out, err := a.sns.Publish(t.Context(), &sns.PublishInput{
			TopicArn:         &a.topic,
			Subject:          aws.String("log in"),
			MessageStructure: aws.String("json"),
			Message:          aws.String(`{"default": "d", "sms": "s", "email": "e"}`),
			MessageAttributes: map[string]snstypes.MessageAttributeValue{
				"channel":             {DataType: aws.String("String"), StringValue: aws.String("sms")},
				"AWS.SNS.SMS.SMSType": {DataType: aws.String("String"), StringValue: aws.String("Transactional")},
			},
		})
		if err != nil || aws.ToString(out.MessageId) == "" {
			t.Fatalf("out %+v, err %v", out, err)
		}
	},
	"publish to a phone number": func(t *testing.T, a account) {
		if _, err := a.sns.Publish(t.Context(), &sns.PublishInput{PhoneNumber: aws.String("+13105550100"), Message: aws.String("hello")}); err != nil {
			t.Fatal(err)
		}
	},
	"a topic that is not there": func(t *testing.T, a account) {
		_, err := a.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String(a.topic + "x"), Message: aws.String("hello")})
		if want := new(snstypes.NotFoundException); !errors.As(err, &want) {
			t.Fatalf("err %v, want NotFoundException", err)
		}
		a.refused()
	},
	"a bad phone number": func(t *testing.T, a account) {
		_, err := a.sns.Publish(t.Context(), &sns.PublishInput{PhoneNumber: aws.String("tomorrow"), Message: aws.String("hello")})
		if want := new(snstypes.InvalidParameterException); !errors.As(err, &want) {
			t.Fatalf("err %v, want InvalidParameterException", err)
		}
		a.refused()
	},
	"a message above 256 KB": func(t *testing.T, a account) {
		if _, err := a.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: &a.topic, Message: aws.String(strings.Repeat("x", 262_144))}); err != nil {
			t.Fatalf("256 KB: %v", err)
		}
		_, err := a.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: &a.topic, Message: aws.String(strings.Repeat("x", 262_145))})
		if code(err) != "InvalidParameter" {
			t.Fatalf("err %v, want InvalidParameter", err)
		}
		a.refused()
	},
	"a delayed message waits, and is deleted once done": func(t *testing.T, a account) {
		if _, err := a.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &a.router, MessageBody: aws.String(`{"id":"i1"}`), DelaySeconds: 1}); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, a, a.router); got != nil {
			t.Fatalf("received %q at once", *got[0].Body)
		}
		a.pass(1100 * time.Millisecond)
		got := receive(t, a, a.router)
		if len(got) != 1 || *got[0].Body != `{"id":"i1"}` || got[0].Attributes["ApproximateReceiveCount"] != "1" {
			t.Fatalf("received %+v", got)
		}
		if again := receive(t, a, a.router); again != nil {
			t.Fatal("received twice within its visibility timeout")
		}
		if _, err := a.sqs.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &a.router, ReceiptHandle: got[0].ReceiptHandle}); err != nil {
			t.Fatal(err)
		}
		a.pass(2100 * time.Millisecond)
		if again := receive(t, a, a.router); again != nil {
			t.Fatal("received after it was deleted")
		}
	},
	"an undeleted message comes again, then goes to the dead letters": func(t *testing.T, a account) {
		if _, err := a.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &a.router, MessageBody: aws.String("poison")}); err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= 2; n++ {
			if got := receive(t, a, a.router); len(got) != 1 {
				t.Fatalf("receipt %d: %d messages", n, len(got))
			}
			a.pass(2100 * time.Millisecond)
		}
		if got := receive(t, a, a.router); got != nil {
			t.Fatal("received a third time")
		}
		if got := receive(t, a, a.dead); len(got) != 1 || *got[0].Body != "poison" {
			t.Fatalf("dead letters: %+v", got)
		}
	},
	"visibility can be changed": func(t *testing.T, a account) {
		if _, err := a.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &a.router, MessageBody: aws.String("m")}); err != nil {
			t.Fatal(err)
		}
		handle := receive(t, a, a.router)[0].ReceiptHandle
		if _, err := a.sqs.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: &a.router, ReceiptHandle: handle, VisibilityTimeout: 0}); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, a, a.router); len(got) != 1 || got[0].Attributes["ApproximateReceiveCount"] != "2" {
			t.Fatalf("received %+v, want the message a second time", got)
		}
	},
	"batches": func(t *testing.T, a account) {
		sent, err := a.sqs.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &a.router, Entries: []sqstypes.SendMessageBatchRequestEntry{
			{Id: aws.String("a"), MessageBody: aws.String("1")},
			{Id: aws.String("b"), MessageBody: aws.String("2"), DelaySeconds: 900},
		}})
		if err != nil || len(sent.Successful) != 2 || len(sent.Failed) != 0 {
			t.Fatalf("sent %+v, err %v", sent, err)
		}
		depth, err := a.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &a.router, AttributeNames: []sqstypes.QueueAttributeName{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"}})
		if err != nil || depth.Attributes["ApproximateNumberOfMessages"] != "1" || depth.Attributes["ApproximateNumberOfMessagesDelayed"] != "1" {
			t.Fatalf("depth %+v, err %v", depth, err)
		}
		got := receive(t, a, a.router)
		gone, err := a.sqs.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &a.router, Entries: []sqstypes.DeleteMessageBatchRequestEntry{{Id: aws.String("a"), ReceiptHandle: got[0].ReceiptHandle}}})
		if err != nil || len(gone.Successful) != 1 {
			t.Fatalf("deleted %+v, err %v", gone, err)
		}
		_, err = a.sqs.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &a.router, Entries: []sqstypes.SendMessageBatchRequestEntry{
			{Id: aws.String("a"), MessageBody: aws.String("1")}, {Id: aws.String("a"), MessageBody: aws.String("2")},
		}})
		if want := new(sqstypes.BatchEntryIdsNotDistinct); !errors.As(err, &want) {
			t.Fatalf("err %v, want BatchEntryIdsNotDistinct", err)
		}
		a.refused()
	},
	"a delay above 15 minutes": func(t *testing.T, a account) {
		_, err := a.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &a.router, MessageBody: aws.String("m"), DelaySeconds: 901})
		if code(err) != "InvalidParameterValue" {
			t.Fatalf("err %v, want InvalidParameterValue", err)
		}
		a.refused()
	},
	"a queue that is not there": func(t *testing.T, a account) {
		_, err := a.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(a.router + "x"), MessageBody: aws.String("m")})
		if want := new(sqstypes.QueueDoesNotExist); !errors.As(err, &want) {
			t.Fatalf("err %v, want QueueDoesNotExist", err)
		}
		a.refused()
	},
	"a raw mail": func(t *testing.T, a account) {
		out, err := a.ses.SendEmail(t.Context(), rawEmail("Support <support@example.com>", "ann@customer.example"))
		if err != nil || aws.ToString(out.MessageId) == "" {
			t.Fatalf("out %+v, err %v", out, err)
		}
	},
	"a mail from an address that is not ours": func(t *testing.T, a account) {
		_, err := a.ses.SendEmail(t.Context(), rawEmail("support@elsewhere.example", "ann@customer.example"))
		if want := new(sestypes.MessageRejected); !errors.As(err, &want) {
			t.Fatalf("err %v, want MessageRejected", err)
		}
		a.refused()
	},
}

func receive(t *testing.T, a account, queue string) []sqstypes.Message {
	t.Helper()
	out, err := a.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl:                    &queue,
		MaxNumberOfMessages:         10,
		MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Messages
}

func rawEmail(from, to string) *sesv2.SendEmailInput {
	return &sesv2.SendEmailInput{
		FromEmailAddress: &from,
		Destination:      &sestypes.Destination{ToAddresses: []string{to}},
		Content: &sestypes.EmailContent{Raw: &sestypes.RawMessage{Data: []byte(
			"From: " + from + "\r\nTo: " + to + "\r\nSubject: We have your message\r\n\r\nA person will read it by 22:14.\r\n")}},
	}
}

// code is the error code that AWS answered, "" for another error.
func code(err error) string {
	var e smithy.APIError
	if !errors.As(err, &e) {
		return ""
	}
	return e.ErrorCode()
}
