package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rouse/shared/config"
	"rouse/shared/incident"
)

var drillCommand = command{
	name:  "drill",
	args:  "[--schedule S] [--for LONG]",
	about: "walks the way of a page to a real tap, now: pages the first step, and nobody else, with DRILL",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var v drillFlags
		tableFlag(flags, &v.table)
		flags.StringVar(&v.schedule, "schedule", "", "whoever is on call in this schedule, by `ID`; the default policy's first step if not given")
		flags.DurationVar(&v.length, "for", config.DrillDefault, "wait this `LONG` for their answers, 5m to 1h")
		return func(ctx context.Context, c *call) error { return runDrill(ctx, c, v) }
	},
}

type drillFlags struct {
	table, schedule string
	length          time.Duration
}

func runDrill(ctx context.Context, c *call, v drillFlags) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	if v.length < config.DrillMin || v.length > config.DrillMax {
		return misused("--for %s: want 5m to 1h", v.length)
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if _, known := cfg.Rota.Schedules[v.schedule]; v.schedule != "" && !known {
		return fmt.Errorf("there is no schedule %q in %s; %s", v.schedule, c.configPath, config.Suggest(v.schedule, slices.Collect(maps.Keys(cfg.Rota.Schedules))))
	}
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	store, err := c.deployed(ctx, v.table)
	if err != nil {
		return err
	}
	now := time.Now()
	signal := incident.Signal{
		ID: "cli/" + rand.Text(), Key: incident.Key(incident.DrillPrefix + "hand-" + strings.ToLower(rand.Text()[:8])), Kind: incident.KindDrill, At: now,
		Drill: &incident.Drill{Schedule: v.schedule, Until: now.Add(v.length), By: c.env(meVariable)},
	}
	if _, err := store.PutSignal(ctx, signal); err != nil {
		return fmt.Errorf("no drill was begun: %w", err)
	}
	within := c.wakeRouter(ctx, signal.Key)
	id := incident.NewID(signal.Key, signal.ID, signal.At)
	if c.json {
		return c.print(struct {
			ID    incident.ID `json:"id"`
			Until time.Time   `json:"until"`
		}{id, signal.Drill.Until.UTC()})
	}
	fmt.Fprintf(c.stdout, "The drill begins %s and ends at %s. `rouse timeline %s` tells who has answered; then the owner is mailed who has not.\n",
		within, signal.Drill.Until.Local().Format("15:04"), id)
	return nil
}
