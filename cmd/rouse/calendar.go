package main

import (
	"cmp"
	"context"
	"flag"
	"maps"
	"slices"
	"strings"
	"time"

	"rouse/shared/calendar"
)

var calendarCommand = command{
	name:  "calendar",
	args:  "--who W [--from T] [--to T]",
	about: "writes an iCalendar of somebody's shifts",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var v calendarFlags
		tableFlag(flags, &v.table)
		flags.StringVar(&v.who, "who", "", "of this responder, by `ID`; "+meVariable+" if not given")
		flags.StringVar(&v.from, "from", "", "from this `TIME`, RFC 3339 or by their clock; now if not given")
		flags.StringVar(&v.to, "to", "", "until this `TIME`, exclusive (a date alone includes that day); 90 days later if not given")
		return func(ctx context.Context, c *call) error { return runCalendar(ctx, c, v) }
	},
}

type calendarFlags struct{ table, who, from, to string }

func runCalendar(ctx context.Context, c *call, v calendarFlags) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	cfg, err := c.current(ctx, v.table)
	if err != nil {
		return err
	}
	who, err := chosen("who", cmp.Or(v.who, c.env(meVariable)), slices.Sorted(maps.Keys(cfg.Responders)))
	if err != nil {
		return err
	}
	r := cfg.Responders[who]
	begin, end, err := window(v.from, v.to, r.Zone, 90*24*time.Hour)
	if err != nil {
		return err
	}
	c.warnBeyond(cfg, end)
	duty := calendar.Duty{Service: cfg.Service, Who: who, Name: r.Name, Rota: cfg.Rota, From: begin, To: end, Now: time.Now()}
	if !c.json {
		return calendar.Write(c.stdout, duty)
	}
	var text strings.Builder
	if err := calendar.Write(&text, duty); err != nil {
		return err
	}
	return c.print(struct {
		Calendar string `json:"calendar"`
	}{text.String()})
}
