// Command sms takes what responders answer by SMS, from the topic to which AWS
// End User Messaging publishes it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	_ "time/tzdata" // provided.al2023 has no zone database

	"github.com/aws/aws-lambda-go/events"

	"rouse/functions/internal/base"
	"rouse/shared/sms"
)

func main() { base.Start("sms", wire) }

func wire(getenv func(string) string) (base.Handler, error) {
	b, err := base.New(getenv, nil)
	if err != nil {
		return nil, err
	}
	if b.Config.SMS.Number == "" {
		return nil, errors.New("rouse.yaml has no sms.number, so that nobody can answer: add it, or remove this function")
	}
	receiver := sms.New(b.Config, b.Store, b.Loop(nil))
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		var e events.SNSEvent
		if err := base.SNS.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		var errs []error
		for _, r := range e.Records {
			var m sms.Inbound
			err := json.Unmarshal([]byte(r.SNS.Message), &m)
			if err == nil {
				err = m.Check()
			}
			if err != nil { // nothing of the message itself: it may hold a number
				errs = append(errs, fmt.Errorf("want %s, and message %.100s is no inbound SMS of AWS End User Messaging", base.SNS, r.SNS.MessageID))
				continue
			}
			errs = append(errs, receiver.Receive(ctx, m))
		}
		return nil, errors.Join(errs...)
	}, nil
}
