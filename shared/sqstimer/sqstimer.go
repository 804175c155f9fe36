// Package sqstimer gives hints through SQS: a message that is delayed until
// something is due.
package sqstimer

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"rouse/shared/clock"
	"rouse/shared/loop"
)

// delayMax is the longest that SQS keeps a message back. A hint for later
// comes early, and its receiver asks again.
const delayMax = 15 * time.Minute

// keyBytesMax is above every key that we make, and below what the table takes.
const keyBytesMax = 1024

// Hints wakes the router and the desk.
type Hints struct {
	// Send is a client's SendMessage. The client itself stays out of sight:
	// see dynamostore.Narrow.
	Send  func(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
	Clock clock.Clock
	// URLs of the queues. A function that never wakes the desk has no DeskURL.
	RouterURL, DeskURL string
}

var _ loop.Hints = (*Hints)(nil)

func (h *Hints) Router(ctx context.Context, hint loop.Hint, at time.Time) error {
	body, err := json.Marshal(hint)
	if err != nil {
		return err
	}
	return h.send(ctx, h.RouterURL, string(body), Delay(h.Clock.Now(), at))
}

func (h *Hints) Desk(ctx context.Context) error {
	if h.DeskURL == "" {
		return nil // without an inbox there is no desk
	}
	return h.send(ctx, h.DeskURL, "{}", 0)
}

// Delay is the whole seconds to keep a hint for at back: never so few that it
// arrives before, unless at is beyond delayMax.
func Delay(now, at time.Time) int32 {
	if at.IsZero() || !at.After(now) {
		return 0
	}
	d := min(at.Sub(now), delayMax)
	return int32((d + time.Second - 1) / time.Second)
}

func (h *Hints) send(ctx context.Context, queue, body string, delaySeconds int32) error {
	_, err := h.Send(ctx, &sqs.SendMessageInput{
		QueueUrl: aws.String(queue), MessageBody: aws.String(body), DelaySeconds: delaySeconds,
	})
	if err != nil {
		return fmt.Errorf("hint: %w", err)
	}
	return nil
}

// Parse reads the body of a message to the router.
func Parse(body string) (loop.Hint, error) {
	var h loop.Hint
	if err := json.Unmarshal([]byte(body), &h); err != nil {
		return h, fmt.Errorf(`hint %.200q: want {"key": "…", "version": n}: %w`, body, err)
	}
	if h.Key == "" {
		return h, fmt.Errorf(`hint %.200q has no key: want {"key": "…", "version": n}`, body)
	}
	if len(h.Key) > keyBytesMax {
		return h, fmt.Errorf(`hint %.200q has a key of %d bytes, more than %d: want {"key": "…", "version": n}`, body, len(h.Key), keyBytesMax)
	}
	return h, nil
}
