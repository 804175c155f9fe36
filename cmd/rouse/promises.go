package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"rouse/shared/incident"
)

var promisesCommand = command{
	name:  "promises",
	about: "tells how often the promise of an answer was kept, and how long customers waited for a person",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var table string
		tableFlag(flags, &table)
		limit := flags.Int("limit", 100, "look at this `MANY` incidents")
		return func(ctx context.Context, c *call) error { return runPromises(ctx, c, table, *limit) }
	},
}

// promiseRow counts the promises of one incident, or of all.
type promiseRow struct {
	Incident incident.ID `json:"incident,omitempty"`
	Title    string      `json:"title,omitempty"`
	Made     int         `json:"made"`
	Kept     int         `json:"kept"`
	Broken   int         `json:"broken"`
	Waiting  int         `json:"waiting"`
	// FirstAnswer is from the first report to the first answer by a person,
	// MeanAnswer what those who were answered waited; absent if nobody was.
	FirstAnswer *int `json:"first_answer_s,omitempty"`
	MeanAnswer  *int `json:"mean_answer_s,omitempty"`
}

func runPromises(ctx context.Context, c *call, table string, limit int) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	if limit < 1 || limit > 1000 {
		return misused("--limit %d: want 1 to 1000", limit)
	}
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	store, err := c.deployed(ctx, table)
	if err != nil {
		return err
	}
	recent, err := store.Recent(ctx, limit)
	if err != nil {
		return err
	}
	rows, all := promises(recent)
	if c.json {
		return c.print(struct {
			All       promiseRow   `json:"all"`
			Incidents []promiseRow `json:"incidents"`
		}{all, rows})
	}
	if all.Made == 0 {
		fmt.Fprintln(c.stdout, "Nobody has been promised an answer: inbox.answer_within makes the promise, and a customer's report starts its clock.")
		return nil
	}
	out := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "incident\tabout\tpromised\tkept\tbroken\twaiting\tfirst answer after")
	for _, r := range append(rows, all) {
		id := string(r.Incident)
		if id == "" {
			id = "all"
		}
		after := "-"
		if r.FirstAnswer != nil {
			after = (time.Duration(*r.FirstAnswer) * time.Second).String()
		}
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%d\t%d\t%s\n", id, r.Title, r.Made, r.Kept, r.Broken, r.Waiting, after)
	}
	return out.Flush()
}

// promises sums up incidents in which somebody was promised an answer. The
// first answer of all is the median of theirs.
func promises(recent []incident.Incident) (rows []promiseRow, all promiseRow) {
	rows = []promiseRow{}
	var firsts []int
	var took time.Duration
	answered := 0
	for _, in := range recent {
		p := in.Promises
		if p.Made == 0 {
			continue
		}
		r := promiseRow{Incident: in.ID, Title: in.Title, Made: p.Made, Kept: p.Kept, Broken: p.Broken}
		for _, w := range in.Waiting {
			r.Waiting += 1 + w.More
		}
		if !p.First.IsZero() && !in.FirstReport.IsZero() {
			first := int(p.First.Sub(in.FirstReport).Seconds())
			r.FirstAnswer = &first
			firsts = append(firsts, first)
		}
		if p.Answered > 0 {
			mean := int(p.Took.Seconds()) / p.Answered
			r.MeanAnswer = &mean
		}
		rows = append(rows, r)
		all.Made, all.Kept, all.Broken, all.Waiting = all.Made+r.Made, all.Kept+r.Kept, all.Broken+r.Broken, all.Waiting+r.Waiting
		took, answered = took+p.Took, answered+p.Answered
	}
	if len(firsts) > 0 {
		slices.Sort(firsts)
		all.FirstAnswer = &firsts[len(firsts)/2]
	}
	if answered > 0 {
		mean := int(took.Seconds()) / answered
		all.MeanAnswer = &mean
	}
	return rows, all
}
