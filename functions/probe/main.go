// Command probe runs the checks, each minute, and raises what they find.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	_ "time/tzdata" // provided.al2023 has no zone database

	"rouse/functions/internal/base"
	"rouse/functions/internal/secrets"
	"rouse/shared/check"
	"rouse/shared/env"
	"rouse/shared/loop"
	"rouse/shared/probe"
)

func main() { base.Start("probe", wire) }

func wire(getenv func(string) string) (base.Handler, error) {
	b, err := base.New(getenv, nil)
	if err != nil {
		return nil, err
	}
	prober := &probe.Prober{Jobs: b.Store}
	if held, err := secrets.New(b, getenv, check.Secrets(b.Config.Checks)); err != nil {
		return nil, err
	} else if held != nil {
		prober.Secrets = held
	}
	runner := &probe.Runner{
		Checks: b.Config.Checks, Sampler: prober, Store: b.Store, Clock: b.Clock, Muted: b.Team().Muted,
		Raise: func(ctx context.Context, t probe.Transition) error {
			return loop.Raise(ctx, b.Store, b.Hints, t.Signal(b.Config.Zone()))
		},
	}
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		if !base.IsSweep(event) {
			return nil, fmt.Errorf("want %s", env.Sweep)
		}
		return nil, b.Swept(ctx, "probe", runner.Run(ctx, b.Clock.Now().Add(time.Minute)))
	}, nil
}
