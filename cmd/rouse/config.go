package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"rouse/shared/config"
)

var configCommand = command{
	name:  "config",
	about: "validates rouse.yaml and tells every fault",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		expand := flags.Bool("expand", false, "print rouse.yaml with its calendars written out, as the functions read it")
		return func(_ context.Context, c *call) error { return runConfig(c, *expand) }
	},
}

func runConfig(c *call, expand bool) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	cfg, err := c.config()
	if expand && err == nil {
		text, err := cfg.Expanded()
		if err == nil {
			_, err = c.stdout.Write(text)
		}
		return err
	}
	if !c.json {
		if err == nil {
			fmt.Fprintf(c.stdout, "%s is valid: %s.\n", c.configPath, summary(cfg))
		}
		return err
	}
	answer := struct {
		Faults []config.Fault `json:"faults"`
	}{[]config.Fault{}}
	var faults *config.Faults
	switch {
	case errors.As(err, &faults):
		answer.Faults = faults.List
	case err != nil: // it could not be read at all
		answer.Faults = append(answer.Faults, config.Fault{Line: 1, Column: 1, Message: err.Error()})
	}
	if printed := c.print(answer); printed != nil {
		return printed
	}
	if err != nil {
		return errNo
	}
	return nil
}

// summary counts what a configuration holds.
func summary(cfg *config.Config) string {
	parts := []string{cfg.Service, count(len(cfg.Responders), "responder", "responders")}
	for _, p := range []struct {
		n         int
		one, many string
	}{
		{len(cfg.Rota.Schedules), "schedule", "schedules"},
		{len(cfg.Capabilities), "capability", "capabilities"},
		{len(cfg.Checks), "check", "checks"},
		{len(cfg.Customers), "customer", "customers"},
	} {
		if p.n > 0 {
			parts = append(parts, count(p.n, p.one, p.many))
		}
	}
	return strings.Join(parts, ", ")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
