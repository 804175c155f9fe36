package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"rouse/shared/config"
	"rouse/shared/incident"
)

var pageCommand = command{
	name:  "page",
	args:  "--who W",
	about: "sends somebody a test page by each of their ways, which begins with TEST and wakes nobody else",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var v pageFlags
		tableFlag(flags, &v.table)
		flags.StringVar(&v.who, "who", "", "to this responder, by `ID`")
		flags.DurationVar(&v.length, "for", 15*time.Minute, "wait this `LONG` for their answer, 1m to 24h")
		return func(ctx context.Context, c *call) error { return runPage(ctx, c, v) }
	},
}

type pageFlags struct {
	table, who string
	length     time.Duration
}

// runPage asks for a drill of one person: it goes the way of every page, from
// the table to the phone, and its link is pressed as theirs is.
func runPage(ctx context.Context, c *call, v pageFlags) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	switch {
	case v.who == "":
		return misused("whom? Add --who")
	case v.length < time.Minute || v.length > 24*time.Hour:
		return misused("--for %s: want 1m to 24h", v.length)
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if err := c.known(cfg, v.who); err != nil {
		return err
	}
	by := c.env(meVariable)
	if by != "" {
		if err := c.known(cfg, by); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	store, err := c.deployed(ctx, v.table)
	if err != nil {
		return err
	}
	now := time.Now()
	signal := incident.Signal{
		ID: "cli/" + rand.Text(), Key: incident.Key(incident.DrillPrefix + "test-" + strings.ToLower(rand.Text()[:8])), Kind: incident.KindDrill, At: now,
		Drill: &incident.Drill{Who: v.who, Until: now.Add(v.length), By: by},
	}
	if _, err := store.PutSignal(ctx, signal); err != nil {
		return fmt.Errorf("nobody was paged: %w", err)
	}
	within := c.wakeRouter(ctx, signal.Key)
	id := incident.NewID(signal.Key, signal.ID, signal.At)
	if c.json {
		return c.print(struct {
			ID       incident.ID `json:"id"`
			Channels []string    `json:"channels"`
		}{id, channels(cfg.Responders[v.who])})
	}
	fmt.Fprintf(c.stdout, "The router sends %s a test page by %s %s. `rouse timeline %s` tells what came of it.\n",
		cfg.Responders[v.who].Name, strings.Join(channels(cfg.Responders[v.who]), " and "), within, id)
	return nil
}

// channels are the ways of somebody, each once.
func channels(r config.Responder) []string {
	var all []string
	for _, k := range r.Contact {
		if !slices.Contains(all, string(k.Channel)) {
			all = append(all, string(k.Channel))
		}
	}
	return all
}
