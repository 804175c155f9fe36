package lambdart

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// An EventSource is an event source mapping from an SQS queue to a function.
// It follows "Using Lambda with Amazon SQS" in the developer guide; a batch
// that fails stays in flight until its visibility timeout ends.
type EventSource struct {
	Client    *sqs.Client
	QueueURL  string
	QueueARN  string
	Function  Invoker
	BatchSize int // 0 means Lambda's default, 10, which is also the most here
	// Concurrency is how many batches are handled at a time; 0 means 1.
	Concurrency int
	// ReportBatchItemFailures has the function name the messages that failed.
	ReportBatchItemFailures bool
	// OnError, if not nil, is told of batches that failed as a whole. Such a
	// batch is otherwise silent, as it is at Lambda. It may be called from
	// several goroutines at once.
	OnError func(error)
}

// Run polls until ctx ends and the batches that it interrupts have been dealt
// with.
func (e EventSource) Run(ctx context.Context) {
	var pollers sync.WaitGroup
	for range max(e.Concurrency, 1) {
		pollers.Go(func() {
			for ctx.Err() == nil {
				if _, err := e.poll(ctx, 20); err != nil && ctx.Err() == nil {
					e.report(err)
					// A queue that cannot be reached is no reason to spin.
					select {
					case <-time.After(100 * time.Millisecond):
					case <-ctx.Done():
					}
				}
			}
		})
	}
	pollers.Wait()
}

// Drain hands over what is visible now, batch after batch, until nothing is,
// and returns how many messages that were. It needs no clock to pass.
func (e EventSource) Drain(ctx context.Context) (int, error) {
	for total := 0; ; {
		n, err := e.poll(ctx, 0)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

// poll receives one batch and returns how many messages were in it. The error
// is about the queue, not about the function.
func (e EventSource) poll(ctx context.Context, waitSeconds int32) (int, error) {
	out, err := e.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:                    &e.QueueURL,
		MaxNumberOfMessages:         int32(cmp.Or(e.BatchSize, 10)),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		WaitTimeSeconds:             waitSeconds,
	})
	if err != nil {
		return 0, fmt.Errorf("receive from %s: %w", e.QueueURL, err)
	}
	if len(out.Messages) == 0 {
		return 0, nil
	}
	payload, err := json.Marshal(e.event(out.Messages))
	if err != nil {
		return 0, err
	}
	answer, err := e.Function.Invoke(ctx, payload)
	if err != nil {
		e.report(err)
		return len(out.Messages), nil
	}
	done := out.Messages
	if e.ReportBatchItemFailures {
		if done, err = succeeded(out.Messages, answer); err != nil {
			e.report(err)
		}
	}
	// What was handled is deleted even if we are being stopped.
	return len(out.Messages), e.delete(context.WithoutCancel(ctx), done)
}

func (e EventSource) report(err error) {
	if e.OnError != nil {
		e.OnError(err)
	}
}

type record struct {
	MessageID         string            `json:"messageId"`
	ReceiptHandle     string            `json:"receiptHandle"`
	Body              string            `json:"body"`
	Attributes        map[string]string `json:"attributes"`
	MessageAttributes struct{}          `json:"messageAttributes"`
	MD5OfBody         string            `json:"md5OfBody"`
	EventSource       string            `json:"eventSource"`
	EventSourceARN    string            `json:"eventSourceARN"`
	AWSRegion         string            `json:"awsRegion"`
}

// event has the shape of "Example standard queue message event".
func (e EventSource) event(messages []types.Message) any {
	var event struct{ Records []record }
	for _, m := range messages {
		event.Records = append(event.Records, record{
			MessageID:      aws.ToString(m.MessageId),
			ReceiptHandle:  aws.ToString(m.ReceiptHandle),
			Body:           aws.ToString(m.Body),
			Attributes:     m.Attributes,
			MD5OfBody:      aws.ToString(m.MD5OfBody),
			EventSource:    "aws:sqs",
			EventSourceARN: e.QueueARN,
			AWSRegion:      e.Client.Options().Region,
		})
	}
	return event
}

// succeeded reads the function's answer by "Success and failure conditions"
// under "Implementing partial batch responses": an answer that cannot be
// understood, or that names a message which was not in the batch, means that
// all failed.
func succeeded(batch []types.Message, answer []byte) ([]types.Message, error) {
	if len(bytes.TrimSpace(answer)) == 0 {
		return batch, nil
	}
	var response *struct {
		BatchItemFailures []struct {
			ItemIdentifier string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(answer, &response); err != nil {
		return nil, fmt.Errorf("batch failed: the answer %q is no batch response: %w", answer, err)
	}
	if response == nil {
		return batch, nil
	}
	failed := map[string]bool{}
	for _, f := range response.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	var done []types.Message
	for _, m := range batch {
		if failed[*m.MessageId] {
			delete(failed, *m.MessageId)
		} else {
			done = append(done, m)
		}
	}
	for id := range failed {
		return nil, fmt.Errorf("batch failed: the answer names %q, which was not in it", id)
	}
	return done, nil
}

func (e EventSource) delete(ctx context.Context, messages []types.Message) error {
	if len(messages) == 0 {
		return nil
	}
	var entries []types.DeleteMessageBatchRequestEntry
	for i, m := range messages {
		entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
	}
	out, err := e.Client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &e.QueueURL, Entries: entries})
	if err != nil {
		return fmt.Errorf("delete from %s: %w", e.QueueURL, err)
	}
	if len(out.Failed) > 0 {
		return fmt.Errorf("delete from %s: %s", e.QueueURL, aws.ToString(out.Failed[0].Message))
	}
	return nil
}
