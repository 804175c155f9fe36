package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"time"

	"rouse/test/sim"
)

var simulateCommand = command{
	name:  "simulate",
	about: "lives through made nights in which everything goes wrong, and says which broke a promise",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var s simulateFlags
		flags.IntVar(&s.seeds, "seeds", 0, "live through `N` nights (default 1000, or the one that --seed names)")
		flags.Uint64Var(&s.seed, "seed", 0, "begin with the night of this `SEED`; the same seed is always the same night")
		flags.BoolVar(&s.history, "history", false, "tell the whole history of the night, even of one that broke nothing")
		return func(ctx context.Context, c *call) error {
			flags.Visit(func(f *flag.Flag) { s.one = s.one || f.Name == "seed" })
			return runSimulate(ctx, c, s)
		}
	},
}

type simulateFlags struct {
	seeds   int
	seed    uint64
	one     bool // a seed was named
	history bool
}

// A failedNight is a seed that broke an invariant, for --json.
type failedNight struct {
	Seed      uint64    `json:"seed"`
	Invariant string    `json:"invariant"`
	Why       string    `json:"why"`
	At        time.Time `json:"at"`
	History   []string  `json:"history"`
}

// historiesMax is of how many failing seeds the history is told; the others are
// named.
const historiesMax = 3

func runSimulate(ctx context.Context, c *call, s simulateFlags) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	switch {
	case s.seeds < 0:
		return misused("--seeds %d: how many nights? Write a number above zero", s.seeds)
	case s.seeds == 0 && s.one:
		s.seeds = 1
	case s.seeds == 0:
		s.seeds = 1000
	}
	if s.history {
		if s.seeds != 1 || c.json {
			return misused("--history tells one night; name it with --seed, without --seeds and --json")
		}
		sim.Run(s.seed, sim.Options{History: c.stdout})
	}
	began := time.Now()
	results := sim.Many(ctx, s.seed, s.seeds, runtime.GOMAXPROCS(0), sim.Options{})
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("stopped after %d of %d nights", len(results), s.seeds)
	}
	took := time.Since(began)
	var sum sim.Result
	failed := []failedNight{}
	for _, r := range results {
		sum.Incidents += r.Incidents
		sum.Open += r.Open
		sum.Pages += r.Pages
		sum.Faults += r.Faults
		if v := r.Violation; v != nil {
			f := failedNight{Seed: r.Seed, Invariant: v.Invariant, Why: v.Why, At: v.At, History: []string{}}
			if len(failed) < historiesMax {
				var history strings.Builder
				sim.Shrink(r.Seed, sim.Options{}, &history)
				f.History = strings.Split(strings.TrimSuffix(history.String(), "\n"), "\n")
			}
			failed = append(failed, f)
		}
	}
	if c.json {
		if err := c.print(struct {
			Seeds  int           `json:"seeds"`
			Failed []failedNight `json:"failed"`
		}{s.seeds, failed}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(c.stdout, "%s, %d of them broke a promise: %s (%.0f hours of them), %s, %s, in %s\n",
			count(s.seeds, "night", "nights"), len(failed), count(sum.Incidents, "incident", "incidents"), sum.Open.Hours(),
			count(sum.Pages, "page", "pages"), count(sum.Faults, "fault", "faults"), took.Round(100*time.Millisecond))
		for i, f := range failed {
			if i < historiesMax {
				fmt.Fprintf(c.stdout, "\n%s\n", strings.Join(f.History, "\n"))
				continue
			}
			fmt.Fprintf(c.stdout, "seed %d: %s: %s\n", f.Seed, f.Invariant, f.Why)
		}
	}
	if len(failed) > 0 {
		return errNo
	}
	return nil
}
