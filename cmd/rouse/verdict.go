package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"rouse/shared/check"
)

var verdictCommand = command{
	name:  "verdict",
	args:  "--check NAME < samples.jsonl",
	about: "replays samples, or a made world (--world), through a check's verdict",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var v verdictFlags
		flags.StringVar(&v.check, "check", "", "by the rule of this check, by `NAME`; may be left out if there is one only")
		flags.StringVar(&v.world, "world", "", "sample the world in `FILE` (lines {\"from\",\"to\",\"fail\"}) as the check would live, instead of reading samples")
		flags.Uint64Var(&v.seed, "seed", 1, "of the world's chance")
		flags.StringVar(&v.from, "from", "", "begin of the world, a `TIME` in RFC 3339 or in UTC")
		flags.StringVar(&v.to, "to", "", "end of the world, exclusive, a `TIME` likewise")
		return func(_ context.Context, c *call) error { return runVerdict(c, v) }
	},
}

type verdictFlags struct {
	check, world, from, to string
	seed                   uint64
}

func runVerdict(c *call, v verdictFlags) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	name, err := chosen("check", v.check, checkNames(cfg.Checks))
	if err != nil {
		return err
	}
	k, _ := cfg.Check(name)
	changes, err := c.changes(k, v)
	if err != nil {
		return err
	}
	if c.json {
		return c.print(append([]check.Change{}, changes...))
	}
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, change := range changes {
		fmt.Fprintf(table, "%s\t%s\t%s\n", change.At.UTC().Format(time.RFC3339), change.State, change.Why)
	}
	return table.Flush()
}

func (c *call) changes(k check.Check, v verdictFlags) ([]check.Change, error) {
	if v.world == "" {
		if v.from != "" || v.to != "" {
			return nil, misused("--from and --to belong to --world; samples carry their own times")
		}
		samples, err := lines[sampleLine]("standard input", c.stdin)
		if err != nil {
			return nil, err
		}
		replayed := make([]check.Sample, len(samples))
		for i, s := range samples {
			replayed[i] = check.Sample{At: *s.At, OK: *s.OK, Why: s.Why}
		}
		return check.Replay(k.Rule(), replayed), nil
	}
	if v.from == "" || v.to == "" {
		return nil, misused("a world needs --from and --to")
	}
	from, to, err := window(v.from, v.to, time.UTC, 0)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(v.world)
	if err != nil {
		return nil, misused("--world: %v", err)
	}
	defer f.Close()
	weather, err := lines[weatherLine](v.world, f)
	if err != nil {
		return nil, err
	}
	var world check.World
	for _, w := range weather {
		world = append(world, check.Weather{From: *w.From, To: *w.To, Fail: *w.Fail})
	}
	return world.Replay(k.Rule(), k.Plan(), v.seed, from, to), nil
}

type sampleLine struct {
	At  *time.Time `json:"at"`
	OK  *bool      `json:"ok"`
	Why string     `json:"why"`
}

func (s sampleLine) check() error {
	if s.At == nil || s.OK == nil {
		return errors.New(`a sample needs "at" and "ok", like {"at":"2026-11-02T21:50:00Z","ok":false}`)
	}
	return nil
}

type weatherLine struct {
	From *time.Time `json:"from"`
	To   *time.Time `json:"to"`
	Fail *float64   `json:"fail"`
}

func (w weatherLine) check() error {
	switch {
	case w.From == nil || w.To == nil || w.Fail == nil:
		return errors.New(`a line of a world needs "from", "to" and "fail", like {"from":"2026-11-02T21:50:00Z","to":"2026-11-02T22:30:00Z","fail":0.4}`)
	case !w.From.Before(*w.To):
		return errors.New(`"to" is not after "from"`)
	case !(*w.Fail >= 0 && *w.Fail <= 1):
		return fmt.Errorf(`"fail" is %g; a probability is from 0 to 1`, *w.Fail)
	}
	return nil
}

const (
	lineBytesMax = 64 << 10
	linesMax     = 2_000_000
)

// lines reads one JSON object a line; empty lines count for nothing.
func lines[T interface{ check() error }](name string, r io.Reader) ([]T, error) {
	var all []T
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, lineBytesMax)
	for n := 1; scanner.Scan(); n++ {
		line := bytes.TrimSpace(scanner.Bytes())
		if len(line) == 0 {
			continue
		}
		var x T
		err := json.Unmarshal(line, &x)
		if err == nil {
			err = x.check()
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", name, n, err)
		}
		if len(all) == linesMax {
			return nil, fmt.Errorf("%s has more than %d lines; replay a part of it", name, linesMax)
		}
		all = append(all, x)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}
