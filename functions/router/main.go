// Command router decides and sends pages: for one key when a hint wakes it, and
// for everything that is due when the Scheduler does.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	_ "time/tzdata" // provided.al2023 has no zone database

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"rouse/functions/internal/base"
	"rouse/shared/awsenv"
	"rouse/shared/env"
	"rouse/shared/page"
	"rouse/shared/snspager"
	"rouse/shared/sqstimer"
)

func main() { base.Start("router", wire) }

func wire(getenv func(string) string) (base.Handler, error) {
	b, err := base.New(getenv, []string{awsenv.SNS}, env.Topics, env.AckURL)
	if err != nil {
		return nil, err
	}
	var topics map[string]string
	if err := json.Unmarshal([]byte(getenv(env.Topics)), &topics); err != nil {
		return nil, fmt.Errorf(`%s: want {"responder": "topic ARN", …}: %w`, env.Topics, err)
	}
	client := sns.NewFromConfig(b.AWS, func(o *sns.Options) { o.BaseEndpoint = awsenv.Endpoint(getenv, awsenv.SNS) })
	pager, err := page.New(b.Config, getenv(env.AckURL), &snspager.Pager{Client: client, Topics: topics, From: b.Config.SMS.Number})
	if err != nil {
		return nil, err
	}
	router := b.Loop(pager)
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		if base.IsSweep(event) {
			return nil, b.Swept(ctx, "router", router.Sweep(ctx, b.Store))
		}
		return base.Batch(ctx, b.Log, event, func(ctx context.Context, m events.SQSMessage) error {
			hint, err := sqstimer.Parse(m.Body)
			if err != nil {
				return err
			}
			_, err = router.Run(ctx, hint)
			return err
		})
	}, nil
}
