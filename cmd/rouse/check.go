package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"rouse/shared/check"
	"rouse/shared/probe"
	"rouse/shared/secret"
)

var checkCommand = command{
	name:  "check",
	args:  "[NAME…] | --urls [--base URL]",
	about: "runs checks once, or tells what the jobs of heartbeats call",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		urls := flags.Bool("urls", false, "tell the URLs that the jobs of heartbeats call, and run nothing")
		base := flags.String("base", "", "where the API is, the stack's output AckUrl; may be left out with links.domain")
		return func(ctx context.Context, c *call) error {
			if *urls {
				return c.beatURLs(ctx, *base)
			}
			return runCheck(ctx, c)
		}
	},
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
	if len(c.args) == 0 {
		checks = c.withoutHeartbeats(checks)
	} else {
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

// withoutHeartbeats leaves out what cannot be looked at from here.
func (c *call) withoutHeartbeats(checks []check.Check) (rest []check.Check) {
	for _, k := range checks {
		if k.Heartbeat != nil {
			fmt.Fprintf(c.stderr, "rouse: %s is left out: its job calls the deployed stack; --urls tells what\n", k.Name)
			continue
		}
		rest = append(rest, k)
	}
	return rest
}

type urlRow struct {
	Check string `json:"check"`
	URL   string `json:"url"`
}

// beatURLs tells what the jobs of heartbeats call. The secrets that the URLs
// are made of are read here and go nowhere.
func (c *call) beatURLs(ctx context.Context, base string) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if base == "" && cfg.Links.Domain != "" {
		base = "https://" + cfg.Links.Domain
	}
	if base == "" {
		return misused("rouse.yaml has no links.domain: say --base, the stack's output AckUrl")
	}
	held := secret.Environment(c.env)
	rows := []urlRow{}
	for _, k := range cfg.Checks {
		if k.Heartbeat == nil {
			continue
		}
		value, err := held.Secret(ctx, k.Heartbeat.Secret)
		if err != nil {
			return fmt.Errorf("%w, to what the SSM parameter %s holds", err, secret.Parameter(k.Heartbeat.Secret))
		}
		rows = append(rows, urlRow{k.Name, strings.TrimSuffix(base, "/") + "/beat/" + check.BeatCode(k.Name, value)})
	}
	if c.json {
		return c.print(rows)
	}
	for _, row := range rows {
		fmt.Fprintf(c.stdout, "%s  %s\n", row.Check, row.URL)
	}
	return nil
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
			rows[i] = checkRow{k.Name, s.OK, cmp.Or(s.Why, s.Void), s.Took.Milliseconds()}
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
