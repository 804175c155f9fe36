package main

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"text/tabwriter"
	"time"

	"rouse/shared/check"
	"rouse/shared/probe"
	"rouse/shared/secret"
)

var checkCommand = command{
	name:  "check",
	args:  "[NAME…]",
	about: "runs checks once",
	flags: func(*flag.FlagSet) func(context.Context, *call) error { return runCheck },
}

type checkRow struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Why    string `json:"why"`
	TookMS int64  `json:"took_ms"`
}

const checksAtOnce = 100

func runCheck(ctx context.Context, c *call) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	checks := cfg.Checks
	if len(c.args) > 0 {
		checks = nil
		for _, name := range c.args {
			if _, err := chosen("check", name, checkNames(cfg.Checks)); err != nil {
				return err
			}
			k, _ := cfg.Check(name)
			checks = append(checks, k)
		}
	}
	held := c.secrets(ctx, check.Secrets(checks))
	rows := sampleAll(ctx, &probe.Prober{Secrets: held}, checks)
	failed := false
	for _, row := range rows {
		failed = failed || !row.OK
	}
	if c.json {
		err = c.print(rows)
	} else {
		err = c.printChecks(rows)
	}
	if err == nil && failed {
		err = errNo
	}
	return err
}

// secrets are those of this machine's environment. It tells which of the named
// ones are not there.
func (c *call) secrets(ctx context.Context, names []string) secret.Environment {
	held := secret.Environment(c.env)
	for _, name := range names {
		if _, err := held.Secret(ctx, name); err != nil {
			fmt.Fprintf(c.stderr, "rouse: %v (on this machine, secrets are read from the environment)\n", err)
		}
	}
	return held
}

func sampleAll(ctx context.Context, prober *probe.Prober, checks []check.Check) []checkRow {
	rows := make([]checkRow, len(checks))
	var running sync.WaitGroup
	slots := make(chan struct{}, checksAtOnce)
	for i, k := range checks {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			s := prober.Sample(ctx, k, time.Now())
			rows[i] = checkRow{k.Name, s.OK, s.Why, s.Took.Milliseconds()}
		})
	}
	running.Wait()
	return rows
}

func (c *call) printChecks(rows []checkRow) error {
	if len(rows) == 0 {
		fmt.Fprintf(c.stdout, "%s has no checks.\n", c.configPath)
		return nil
	}
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		verdict := "ok"
		if !row.OK {
			verdict = "FAILED: " + row.Why
		}
		fmt.Fprintf(table, "%s\t%d ms\t%s\n", row.Check, row.TookMS, verdict)
	}
	return table.Flush()
}

func checkNames(checks []check.Check) []string {
	var names []string
	for _, k := range checks {
		names = append(names, k.Name)
	}
	return names
}
