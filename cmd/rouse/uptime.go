package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"rouse/shared/history"
)

var uptimeCommand = command{
	name:  "uptime",
	args:  "[--check C] [--from T --to T]",
	about: "how much of the time each check was good, and how long it took",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var v uptimeFlags
		tableFlag(flags, &v.table)
		flags.StringVar(&v.check, "check", "", "only this check, by `NAME`, and each of its days")
		flags.StringVar(&v.from, "from", "", "from this `TIME`, in UTC; 30 days before --to if not given")
		flags.StringVar(&v.to, "to", "", "until this `TIME`, exclusive, in UTC (a date alone includes that day); now if not given")
		return func(ctx context.Context, c *call) error { return runUptime(ctx, c, v) }
	},
}

type uptimeFlags struct{ table, check, from, to string }

type uptimeRow struct {
	Check string `json:"check"`
	uptimeFigures
	Days []uptimeFigures `json:"days"`
}

// uptimeFigures are those of a stretch of time.
type uptimeFigures struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Availability is the good share of the time seen, from 0 to 1; null if
	// nobody looked.
	Availability *float64 `json:"availability"`
	Samples      int      `json:"samples"` // without those excused
	Failed       int      `json:"failed"`
	Excused      int      `json:"excused"` // failed while muted
	P50          int64    `json:"p50_ms"`
	P95          int64    `json:"p95_ms"`
	P99          int64    `json:"p99_ms"`
}

func runUptime(ctx context.Context, c *call, v uptimeFlags) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	names := checkNames(cfg.Checks)
	if v.check != "" {
		name, err := chosen("check", v.check, names)
		if err != nil {
			return err
		}
		names = []string{name}
	}
	from, to, err := past(v.from, v.to)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	store, err := c.deployed(ctx, v.table)
	if err != nil {
		return err
	}
	rows := []uptimeRow{}
	for _, name := range names {
		h, err := store.History(ctx, name, from, to)
		if err != nil {
			return err
		}
		row := uptimeRow{name, figuresOf(history.Sum(h.Hours)), []uptimeFigures{}}
		row.From, row.To = from, to
		for _, d := range h.Days() {
			row.Days = append(row.Days, figuresOf(d))
		}
		rows = append(rows, row)
	}
	if c.json {
		return c.print(rows)
	}
	return c.printUptime(rows, v.check != "")
}

// past reads --from and --to, by default the last 30 days, as whole hours: that
// is how history is kept.
func past(from, to string) (begin, end time.Time, err error) {
	end = time.Now().UTC()
	if to != "" {
		if end, err = instant("to", to, time.UTC, true); err != nil {
			return begin, end, err
		}
	}
	begin = end.AddDate(0, 0, -30)
	if from != "" {
		if begin, err = instant("from", from, time.UTC, false); err != nil {
			return begin, end, err
		}
	}
	begin, end = begin.UTC().Truncate(time.Hour), end.UTC().Add(time.Hour-1).Truncate(time.Hour)
	if !begin.Before(end) {
		return begin, end, misused("--to (%s) is not after --from (%s)", end.Format(time.RFC3339), begin.Format(time.RFC3339))
	}
	return begin, end, nil
}

func figuresOf(b history.Bucket) uptimeFigures {
	f := uptimeFigures{
		From: b.From, To: b.End(), Samples: b.Good + b.Failed, Failed: b.Failed, Excused: b.Excused,
		P50: b.Quantile(0.5).Milliseconds(), P95: b.Quantile(0.95).Milliseconds(), P99: b.Quantile(0.99).Milliseconds(),
	}
	if up, known := b.Up(); known {
		f.Availability = &up
	}
	return f
}

func (c *call) printUptime(rows []uptimeRow, days bool) error {
	if len(rows) == 0 {
		fmt.Fprintf(c.stdout, "%s has no checks.\n", c.configPath)
		return nil
	}
	fmt.Fprintf(c.stdout, "From %s to %s\n\n", rows[0].From.Format(stamp), rows[0].To.Format(stamp))
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	line := func(name string, f uptimeFigures) {
		if f.Availability == nil {
			fmt.Fprintf(table, "%s\tnot sampled\n", name)
			return
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d ms\t%d ms\t%d ms\n", name, percent(*f.Availability), f.Samples, f.Failed, f.Excused, f.P50, f.P95, f.P99)
	}
	fmt.Fprint(table, "\tup\tsamples\tfailed\texcused\tp50\tp95\tp99\n")
	for _, row := range rows {
		line(row.Check, row.uptimeFigures)
		if days {
			for _, d := range row.Days {
				line(d.From.Format(time.DateOnly), d)
			}
		}
	}
	return table.Flush()
}

// percent never rounds up to what was not reached.
func percent(share float64) string {
	return strconv.FormatFloat(float64(int(share*100_000))/1000, 'f', 3, 64) + "%"
}
