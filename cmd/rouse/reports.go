package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"text/tabwriter"
	"time"

	"rouse/shared/dynamostore"
	"rouse/shared/incident"
	"rouse/shared/move"
)

var reportsCommand = command{
	name:  "reports",
	args:  "[ID]",
	about: "lists what customers have reported, of one incident or of all that are open",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var table string
		tableFlag(flags, &table)
		return func(ctx context.Context, c *call) error { return runReports(ctx, c, table) }
	},
}

type reportRow struct {
	Report   string      `json:"report"`
	Incident incident.ID `json:"incident"`
	Org      string      `json:"org"`
	At       time.Time   `json:"at"`
	Urgency  string      `json:"urgency"`
	Subject  string      `json:"subject"`
	Quote    string      `json:"quote"`
	// AnswerBy is what they were promised; absent if they wait for no answer.
	AnswerBy *time.Time `json:"answer_by,omitempty"`
	Silent   string     `json:"silent,omitempty"` // why they are told nothing automatically
}

// reportsMax bounds what is listed of one incident.
const reportsMax = 1000

func runReports(ctx context.Context, c *call, table string) error {
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	var store *dynamostore.Store
	var of []incident.Incident
	switch len(c.args) {
	case 0:
		var err error
		if store, err = c.deployed(ctx, table); err != nil {
			return err
		}
		if of, err = store.Open(ctx); err != nil {
			return err
		}
	default:
		s, id, key, err := c.incident(ctx, table)
		if err != nil {
			return err
		}
		live, err := s.Load(ctx, key)
		if err != nil {
			return err
		}
		store = s
		if of = []incident.Incident{live.Incident}; live.Incident.ID != id { // another one lives under its key
			of = []incident.Incident{{ID: id}}
		}
	}
	rows := []reportRow{}
	for _, in := range of {
		reporters, err := store.Reporters(ctx, in.ID, "", reportsMax)
		if err != nil {
			return err
		}
		for _, r := range reporters {
			row := reportRow{Report: r.ID(), Incident: in.ID, Org: r.Org, At: r.At.UTC(), Urgency: r.Urgency, Subject: r.Subject, Quote: r.Quote, Silent: r.Silent}
			if w := in.WaitingFor(r.ID()); w != nil {
				by := w.By.UTC()
				row.AnswerBy = &by
			}
			rows = append(rows, row)
		}
	}
	if c.json {
		return c.print(rows)
	}
	if len(rows) == 0 {
		fmt.Fprintln(c.stdout, "No customer has reported anything.")
		return nil
	}
	out := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		waits := ""
		if r.AnswerBy != nil {
			waits = "answer by " + r.AnswerBy.Local().Format("15:04")
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%q\n", r.Report, r.Incident, r.At.Local().Format(stamp), r.Org, waits, r.Quote)
	}
	return out.Flush()
}

var reportCommand = command{
	name:  "report",
	args:  "move REPORT --to ID|new --who W",
	about: "moves what a customer reported to another incident, or makes one of its own of it",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var v moveFlags
		tableFlag(flags, &v.table)
		flags.StringVar(&v.to, "to", "", "to this `INCIDENT`, or new")
		flags.StringVar(&v.from, "from", "", "from this `INCIDENT`, if they have written about more than one")
		flags.StringVar(&v.who, "who", "", "as this responder, by `ID`; "+meVariable+" if not given")
		return func(ctx context.Context, c *call) error { return runReport(ctx, c, v) }
	},
}

type moveFlags struct{ table, to, from, who string }

func runReport(ctx context.Context, c *call, v moveFlags) error {
	if len(c.args) != 2 || c.args[0] != "move" {
		return misused("write rouse report move REPORT --to INCIDENT; `rouse reports` lists the reports")
	}
	if v.to == "" {
		return misused("where to? Add --to with an incident's id, or new")
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	who, err := c.responder(cfg, v.who)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	store, err := c.deployed(ctx, v.table)
	if err != nil {
		return err
	}
	o := move.Order{Nonce: rand.Text(), Reporter: c.args[1], From: incident.ID(v.from), To: incident.ID(v.to), Who: who, Via: "terminal", At: time.Now()}
	if o.From == "" {
		if o.From, err = whose(ctx, store, o.Reporter, o.To); err != nil {
			return err
		}
	}
	from, to, err := move.Do(ctx, store, o)
	var refused move.Refused
	if errors.As(err, &refused) {
		return fmt.Errorf("nothing was moved: %w", refused)
	}
	if err != nil {
		return err
	}
	var stand []incident.Incident
	for _, key := range []incident.Key{to, from} {
		in, err := decide(ctx, cfg, store, c.hints(), key)
		if err != nil {
			return fmt.Errorf("it is noted, and the router decides on it %s; this machine could not: %w", c.wakeRouter(ctx, key), err)
		}
		c.wakeRouter(ctx, key) // a new incident pages
		stand = append(stand, in)
	}
	if c.json {
		return c.print(struct {
			From incident.ID `json:"from"`
			To   incident.ID `json:"to"`
		}{o.From, stand[0].ID})
	}
	fmt.Fprintf(c.stdout, "Moved from %s to %s (%s, %s).\n", o.From, stand[0].ID, stand[0].Title, stand[0].State)
	return nil
}

// whose finds the incident that a report is to be taken from.
func whose(ctx context.Context, store *dynamostore.Store, report string, except incident.ID) (incident.ID, error) {
	open, err := store.Open(ctx)
	if err != nil {
		return "", err
	}
	var found []incident.ID
	for _, in := range open {
		reporters, err := store.Reporters(ctx, in.ID, "", reportsMax)
		if err != nil {
			return "", err
		}
		if in.ID != except && move.Among(reporters, report) {
			found = append(found, in.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("no open incident has a report %q: `rouse reports` lists them", report)
	}
	return "", misused("%q belongs to %v: say from which with --from", report, found)
}
