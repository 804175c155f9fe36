package sqsdepth_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"rouse/shared/sqsdepth"
	"rouse/test/awsfake"
)

func start(t *testing.T, attempts int) (*awsfake.Server, *sqs.Client, *sqsdepth.Queues) {
	s := awsfake.Start(t, awsfake.Options{Queues: []awsfake.Queue{{Name: "dead"}}})
	client := sqs.New(sqs.Options{
		BaseEndpoint: &s.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), RetryMaxAttempts: attempts,
	})
	return s, client, &sqsdepth.Queues{Get: client.GetQueueAttributes}
}

func TestDepth(t *testing.T) {
	s, client, q := start(t, 3)
	for want := range 3 {
		if got, err := q.Depth(t.Context(), s.QueueURL("dead")); err != nil || got != want {
			t.Errorf("%d, err %v, want %d", got, err, want)
		}
		if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(s.QueueURL("dead")), MessageBody: aws.String("x")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := q.Depth(t.Context(), s.QueueURL("gone")); err == nil || err.Error() != "SQS says AWS.SimpleQueueService.NonExistentQueue" {
		t.Errorf("err %v", err)
	}
	s.TakeRefusals()
}

func TestFaults(t *testing.T) {
	for want, fault := range map[string]awsfake.Fault{
		"SQS says InternalFailure":       awsfake.Unavailable,
		"SQS says AccessDeniedException": awsfake.Denied,
		"SQS cannot be reached":          awsfake.Drop,
		"SQS did not answer in time":     awsfake.Hang,
	} {
		s, _, q := start(t, 1)
		s.Fail("GetQueueAttributes", awsfake.Always, fault)
		limit := 5 * time.Second
		if fault.Hold != nil {
			limit = 50 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		if _, err := q.Depth(ctx, s.QueueURL("dead")); err == nil || err.Error() != want {
			t.Errorf("err %v, want %s", err, want)
		}
		cancel()
	}
}
