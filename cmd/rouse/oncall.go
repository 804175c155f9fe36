package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"rouse/shared/config"
)

var whoCommand = command{
	name:  "who",
	args:  "[--at T]",
	about: "says who is on call",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		at := flags.String("at", "", "at this `TIME`, RFC 3339 or like 2026-11-02T09:00 by this machine's clock; now if not given")
		var table string
		tableFlag(flags, &table)
		return func(ctx context.Context, c *call) error { return runWho(ctx, c, *at, table) }
	},
}

func runWho(ctx context.Context, c *call, at, tableName string) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	cfg, err := c.current(ctx, tableName)
	if err != nil {
		return err
	}
	when := time.Now()
	if at != "" {
		if when, err = instant("at", at, time.Local, false); err != nil {
			return err
		}
	}
	c.warnBeyond(cfg, when)
	schedules := map[string][]string{}
	for id := range cfg.Rota.Schedules {
		schedules[id] = append([]string{}, cfg.Rota.At(id, when)...)
	}
	if c.json {
		return c.print(struct {
			At        time.Time           `json:"at"`
			Schedules map[string][]string `json:"schedules"`
		}{when.UTC().Truncate(time.Second), schedules})
	}
	if len(schedules) == 0 {
		fmt.Fprintln(c.stdout, "There are no schedules; pages go out by the policies alone.")
		return nil
	}
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, id := range slices.Sorted(maps.Keys(schedules)) {
		local := when.In(cfg.Rota.Schedules[id].Zone).Format(stamp)
		fmt.Fprintf(table, "%s\t%s\t%s\n", id, people(cfg, schedules[id]), local)
	}
	return table.Flush()
}

var shiftsCommand = command{
	name:  "shifts",
	args:  "--schedule S [--from T] [--to T]",
	about: "lists the final shifts, layers and overrides applied",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		schedule := flags.String("schedule", "", "of this schedule, by `ID`; may be left out if there is one only")
		from := flags.String("from", "", "from this `TIME`, RFC 3339 or by the schedule's clock; now if not given")
		to := flags.String("to", "", "until this `TIME`, exclusive (a date alone includes that day); two weeks later if not given")
		var table string
		tableFlag(flags, &table)
		return func(ctx context.Context, c *call) error { return runShifts(ctx, c, *schedule, *from, *to, table) }
	},
}

type shiftRow struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Who  []string  `json:"who"`
}

func runShifts(ctx context.Context, c *call, id, from, to, tableName string) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	cfg, err := c.current(ctx, tableName)
	if err != nil {
		return err
	}
	if id, err = chosen("schedule", id, slices.Sorted(maps.Keys(cfg.Rota.Schedules))); err != nil {
		return err
	}
	begin, end, err := window(from, to, cfg.Rota.Schedules[id].Zone, 14*24*time.Hour)
	if err != nil {
		return err
	}
	c.warnBeyond(cfg, end)
	shifts := cfg.Rota.Shifts(id, begin, end)
	if c.json {
		rows := []shiftRow{}
		for _, s := range shifts {
			rows = append(rows, shiftRow{s.From.UTC(), s.To.UTC(), append([]string{}, s.Who...)})
		}
		return c.print(rows)
	}
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, s := range shifts {
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.From.Format(stamp), s.To.Format(stamp), people(cfg, s.Who))
	}
	return table.Flush()
}

// stamp is how times are written to people.
const stamp = "Mon 2006-01-02 15:04 MST"

func people(cfg *config.Config, ids []string) string {
	if len(ids) == 0 {
		return "NOBODY"
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id
		if name := cfg.Responders[id].Name; name != "" && name != id {
			names[i] += " (" + name + ")"
		}
	}
	return strings.Join(names, ", ")
}

// chosen returns the one that a flag names among those there are. The flag may
// be left out where there is no choice.
func chosen(flag, name string, known []string) (string, error) {
	switch {
	case len(known) == 0:
		return "", misused("rouse.yaml has no %s", flag)
	case name == "" && len(known) == 1:
		return known[0], nil
	case name == "":
		return "", misused("which one? Add --%s with one of %s", flag, strings.Join(known, ", "))
	case !slices.Contains(known, name):
		return "", misused("there is no %s %q; %s", flag, name, config.Suggest(name, known))
	}
	return name, nil
}
