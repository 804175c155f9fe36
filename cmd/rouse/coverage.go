package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"rouse/shared/config"
	"rouse/shared/oncall"
)

var coverageCommand = command{
	name:  "coverage",
	args:  "[--from T] [--to T]",
	about: "draws the rota and tells every hole in it",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		from := flags.String("from", "", "from this `TIME`, RFC 3339 or by the owner's clock; now if not given")
		to := flags.String("to", "", "until this `TIME`, exclusive (a date alone includes that day); the horizon if not given")
		return func(_ context.Context, c *call) error { return runCoverage(c, *from, *to) }
	},
}

type holeRow struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Why  string    `json:"why"`
}

func runCoverage(c *call, from, to string) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	begin, end, err := window(from, to, ownerZone(cfg), cfg.Coverage.Horizon)
	if err != nil {
		return err
	}
	holes := cfg.Holes(begin, end)
	if c.json {
		rows := []holeRow{}
		for _, h := range holes {
			rows = append(rows, holeRow{h.From.UTC(), h.To.UTC(), h.Why})
		}
		err = c.print(struct {
			Holes []holeRow `json:"holes"`
		}{rows})
	} else {
		c.printHoles(cfg, holes, begin, end)
	}
	if err == nil && len(holes) > 0 {
		err = errNo
	}
	return err
}

func (c *call) printHoles(cfg *config.Config, holes []oncall.Hole, begin, end time.Time) {
	span := begin.Format(stamp) + " to " + end.Format(stamp)
	switch {
	case len(cfg.Coverage.Schedules) == 0:
		fmt.Fprintln(c.stdout, "No policy pages a schedule first, so there is no rota to have holes.")
		return
	case len(holes) == 0:
		fmt.Fprintf(c.stdout, "No hole from %s.\n", span)
	default:
		fmt.Fprintf(c.stdout, "%s from %s:\n", count(len(holes), "hole", "holes"), span)
	}
	for _, h := range holes {
		path := cfg.Mend(h)
		line, column := cfg.Position(path)
		fmt.Fprintf(c.stdout, "\n  %s to %s\n    %s\n    mend %s:%d:%d (%s)\n",
			h.From.Format(stamp), h.To.Format(stamp), h.Why, c.configPath, line, column, path)
	}
	for _, a := range cfg.Coverage.Accept {
		if a.From.Before(end) && begin.Before(a.To) {
			fmt.Fprintf(c.stdout, "\n  accepted: %s to %s (%s)\n", a.From.Format(stamp), a.To.Format(stamp), a.Why)
		}
	}
}

// ownerZone is by whose clock holes are told.
func ownerZone(cfg *config.Config) *time.Location {
	if owner, ok := cfg.Responders[cfg.Coverage.Owner]; ok {
		return owner.Zone
	}
	return time.UTC
}
