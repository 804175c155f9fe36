// Command ack serves the ack screen behind the HTTP API.
package main

import (
	"context"
	"encoding/json"
	_ "time/tzdata" // provided.al2023 has no zone database

	"rouse/functions/internal/base"
	"rouse/functions/internal/httpapi"
	"rouse/shared/ack"
)

func main() { base.Start("ack", wire) }

func wire(getenv func(string) string) (base.Handler, error) {
	b, err := base.New(getenv, nil)
	if err != nil {
		return nil, err
	}
	screen := ack.New(b.Config, b.Store, b.Loop(nil))
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		return httpapi.Serve(ctx, screen, event)
	}, nil
}
