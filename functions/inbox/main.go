// Command inbox reads each inbound mail once: when S3 tells of it, and in a
// sweep of those that no event brought.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	_ "time/tzdata" // provided.al2023 has no zone database

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"rouse/functions/internal/base"
	"rouse/shared/awsenv"
	"rouse/shared/env"
	"rouse/shared/inbox"
	"rouse/shared/mail"
	"rouse/shared/s3mail"
)

func main() { base.Start("inbox", wire) }

func wire(getenv func(string) string) (base.Handler, error) {
	b, err := base.New(getenv, []string{awsenv.S3}, env.MailBucket, env.DeskQueue)
	if err != nil {
		return nil, err
	}
	if b.Config.Inbox == nil {
		return nil, fmt.Errorf("rouse.yaml has no inbox: deploy again, and this function goes")
	}
	endpoint := awsenv.Endpoint(getenv, awsenv.S3)
	client := s3.NewFromConfig(b.AWS, func(o *s3.Options) {
		o.BaseEndpoint = endpoint
		o.UsePathStyle = endpoint != nil // an endpoint of our own has no host per bucket
	})
	in := inbox.New(b.Config)
	in.Store, in.Hints, in.Clock, in.Log = b.Store, b.Hints, b.Clock, b.Log
	in.Mails = &s3mail.Mails{Client: client, Bucket: getenv(env.MailBucket)}
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		if base.IsSweep(event) {
			return nil, b.Swept(ctx, "inbox", in.Sweep(ctx))
		}
		var e events.S3Event
		if err := base.S3.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		var errs []error
		for _, r := range e.Records {
			if id, ok := s3mail.ID(r.S3.Object.URLDecodedKey); ok {
				errs = append(errs, in.Receive(ctx, mail.Envelope{ID: id, Received: r.EventTime}))
			}
		}
		return nil, errors.Join(errs...)
	}, nil
}
