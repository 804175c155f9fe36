// Command desk writes to the customers who wrote: when something is to be
// told, and in a sweep of what is overdue. It also hears of mails that came
// back.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	_ "time/tzdata" // provided.al2023 has no zone database

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"rouse/functions/internal/base"
	"rouse/shared/awsenv"
	"rouse/shared/desk"
	"rouse/shared/env"
	"rouse/shared/sesmailer"
)

func main() { base.Start("desk", wire) }

func wire(getenv func(string) string) (base.Handler, error) {
	b, err := base.New(getenv, []string{awsenv.SES}, env.DeskQueue, env.ConfigurationSet)
	if err != nil {
		return nil, err
	}
	if b.Config.Inbox == nil {
		return nil, fmt.Errorf("rouse.yaml has no inbox: deploy again, and this function goes")
	}
	client := sesv2.NewFromConfig(b.AWS, func(o *sesv2.Options) { o.BaseEndpoint = awsenv.Endpoint(getenv, awsenv.SES) })
	d := desk.New(b.Config)
	d.Store, d.Clock, d.Log = b.Store, b.Clock, b.Log
	mailer := &sesmailer.Mailer{Client: client, From: d.From.String(), Region: b.AWS.Region, ConfigurationSet: getenv(env.ConfigurationSet), Log: b.Log}
	d.Mailer, d.Rate, d.Again = mailer, mailer.Rate, b.Hints.Desk
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		if base.IsSweep(event) {
			return nil, b.Swept(ctx, "desk", d.Run(ctx))
		}
		due := false
		answer, err := base.Batch(ctx, b.Log, event, func(ctx context.Context, m events.SQSMessage) error {
			f, ok, err := sesmailer.ReadEvent([]byte(m.Body), b.AWS.Region)
			if !ok { // a hint, which says only that something is due
				due = true
				return nil
			}
			if err != nil {
				return err
			}
			return d.Feedback(ctx, f)
		})
		if err == nil && due {
			err = d.Run(ctx)
		}
		return answer, err
	}, nil
}
