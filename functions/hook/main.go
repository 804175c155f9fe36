// Command hook takes in what others call with: the beats of jobs and the words
// of other monitors behind the HTTP API, and CloudWatch's alarms from a topic.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	_ "time/tzdata" // provided.al2023 has no zone database

	"github.com/aws/aws-lambda-go/events"

	"rouse/functions/internal/base"
	"rouse/functions/internal/httpapi"
	"rouse/functions/internal/secrets"
	"rouse/shared/config"
	"rouse/shared/env"
	"rouse/shared/hook"
)

func main() { base.Start("hook", wire) }

func wire(getenv func(string) string) (base.Handler, error) {
	b, err := base.New(getenv, nil, env.AlarmTopics)
	if err != nil {
		return nil, err
	}
	if http, topics := b.Config.Hooks(); !http && !topics {
		return nil, errors.New("rouse.yaml has no monitors and no heartbeats, so that nobody calls: deploy again, and this function goes")
	}
	monitors, err := byTopic(b.Config, getenv(env.AlarmTopics))
	if err != nil {
		return nil, err
	}
	h := &hook.Hook{Config: b.Config, Store: b.Store, Hints: b.Hints, Clock: b.Clock, Log: b.Log}
	if held, err := secrets.New(b, getenv, b.Config.HookSecrets()); err != nil {
		return nil, err
	} else if held != nil {
		h.Secrets = held
	}
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		if answer, err := httpapi.Serve(ctx, h, event); !errors.Is(err, httpapi.ErrShape) {
			return answer, err
		}
		var e events.SNSEvent
		if err := base.SNS.Unmarshal(event, &e); err != nil {
			return nil, fmt.Errorf("%w, or an HTTP API request", err)
		}
		var errs []error
		for _, r := range e.Records {
			m, ok := monitors[r.SNS.TopicArn]
			if !ok {
				errs = append(errs, fmt.Errorf("want %s of a monitor's topic, and %.200s is none", base.SNS, r.SNS.TopicArn))
				continue
			}
			errs = append(errs, h.Alarm(ctx, m, r.SNS.Message))
		}
		return nil, errors.Join(errs...)
	}, nil
}

// byTopic finds the monitors by the ARNs of their topics, which the stack gives
// as a JSON object: monitor id to ARN.
func byTopic(c *config.Config, text string) (map[string]config.Monitor, error) {
	var arns map[string]string
	if err := json.Unmarshal([]byte(text), &arns); err != nil {
		return nil, fmt.Errorf("%s is no JSON object of monitors' topics: deploy again", env.AlarmTopics)
	}
	monitors := map[string]config.Monitor{}
	for id, arn := range arns {
		if m, ok := c.Monitor(id); ok {
			monitors[arn] = m
		}
	}
	return monitors, nil
}
