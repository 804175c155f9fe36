package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"rouse/shared/amend"
	"rouse/shared/config"
	"rouse/shared/dynamostore"
	"rouse/shared/incident"
	"rouse/shared/mute"
)

var muteCommand = command{
	name:  "mute",
	args:  "CHECK --until T | --for LONG --why … | --list | --remove ID",
	about: "keeps a check from waking anybody for a while, without a deployment",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var v muteFlags
		tableFlag(flags, &v.table)
		flags.StringVar(&v.until, "until", "", "until this `TIME`, exclusive: RFC 3339 or by the clock of the coverage owner (a date alone includes that day)")
		flags.DurationVar(&v.length, "for", 0, "for this `LONG` from now, 1m to 168h, instead of --until")
		flags.StringVar(&v.why, "why", "", "the `REASON`, for the others to read")
		flags.BoolVar(&v.list, "list", false, "list those that are not over")
		flags.StringVar(&v.remove, "remove", "", "take back the one with this `ID`")
		return func(ctx context.Context, c *call) error { return runMute(ctx, c, v) }
	},
}

type muteFlags struct {
	table, until, why, remove string
	length                    time.Duration
	list                      bool
}

type muteRow struct {
	ID    string    `json:"id"`
	Check string    `json:"check"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Why   string    `json:"why"`
	By    string    `json:"by"`
	At    time.Time `json:"at"`
}

func muteRowOf(m amend.Amendment) muteRow {
	return muteRow{m.ID, m.Check, m.From.UTC(), m.To.UTC(), m.Why, m.By, m.At.UTC()}
}

// A muting is a mute in progress.
type muting struct {
	amending
	store *dynamostore.Store
	cfg   *config.Config
}

func runMute(ctx context.Context, c *call, v muteFlags) error {
	if err := oneLine(v.why); err != nil {
		return err
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	store, err := c.deployed(ctx, v.table)
	if err != nil {
		return err
	}
	list, err := c.amendments(ctx, store)
	if err != nil {
		return err
	}
	m := &muting{amending{c, store, list, cfg, time.Now().UTC().Truncate(time.Second)}, store, cfg}
	switch {
	case v.list:
		return m.show()
	case v.remove != "":
		return m.withdraw(ctx, v.remove)
	}
	made, err := m.read(v)
	if err != nil {
		return err
	}
	if err := store.Amend(ctx, made); err != nil {
		return fmt.Errorf("the mute was not written: %w", err)
	}
	return m.tell(ctx, made, made.To.Sub(m.now))
}

// read makes a mute of the flags.
func (m *muting) read(v muteFlags) (amend.Amendment, error) {
	var none amend.Amendment
	if len(m.args) != 1 {
		return none, misused("which check? It is one of %v", checkNames(m.cfg.Checks))
	}
	name, err := chosen("check", m.args[0], checkNames(m.cfg.Checks))
	if err != nil {
		return none, err
	}
	if v.why == "" {
		return none, misused("why? Add --why for the others to read")
	}
	made, err := m.begun(v.why)
	if err != nil {
		return none, err
	}
	made.Check = name
	switch {
	case (v.until == "") == (v.length == 0):
		return none, misused("until when? Add either --until or --for")
	case v.until == "":
		made.To = m.now.Add(v.length).Truncate(time.Second)
	default:
		if made.To, err = instant("until", v.until, m.cfg.Zone(), true); err != nil {
			return none, err
		}
	}
	made.To = made.To.UTC()
	switch length := made.To.Sub(m.now); {
	case length < time.Minute:
		return none, misused("until %s is over already, or in under a minute", m.local(made.To))
	case length > mute.Max:
		return none, misused("until %s is more than a week; write a longer time into rouse.yaml as maintenance, or remove the check", m.local(made.To))
	}
	return made, nil
}

func (m *muting) local(t time.Time) string { return t.In(m.cfg.Zone()).Format(stamp) }

// withdraw takes a mute back.
func (m *muting) withdraw(ctx context.Context, id string) error {
	i, err := find(m.list, muteKind, id)
	if err != nil {
		return err
	}
	found, err := m.store.Withdraw(ctx, id)
	switch {
	case err != nil:
		return fmt.Errorf("the mute was not removed: %w", err)
	case !found:
		return fmt.Errorf("somebody else has removed %s just now", id)
	}
	return m.tell(ctx, m.list[i], 0)
}

// tell says what has changed, here and in the timelines of the incidents that
// the check stands in. No length: the mute was taken back.
func (m *muting) tell(ctx context.Context, made amend.Amendment, length time.Duration) error {
	open, err := m.store.Open(ctx)
	if err != nil {
		return fmt.Errorf("it is done; the open incidents cannot be read: %w", err)
	}
	open = slices.DeleteFunc(open, func(in incident.Incident) bool { _, has := in.Checks[made.Check]; return !has })
	for _, in := range open {
		_, err := m.store.PutSignal(ctx, incident.Signal{
			ID: "cli/" + rand.Text(), Key: in.Key, Kind: incident.KindTap, At: time.Now(), Incident: in.ID,
			Tap: &incident.TapSignal{Action: incident.ActMute, Who: cmp.Or(m.env(meVariable), m.env("USER")), Via: "terminal", For: length, Check: made.Check},
		})
		if err != nil {
			return fmt.Errorf("it is done; incident %s cannot be told: %w", in.ID, err)
		}
	}
	if m.json {
		return m.print(muteRowOf(made))
	}
	if length == 0 {
		fmt.Fprintf(m.stdout, "%s wakes somebody again, from the next decision on.\n", made.Check)
		return nil
	}
	fmt.Fprintf(m.stdout, "%s wakes nobody until %s, from the next decision on. It is sampled as ever; what fails then opens then.\n", made.Check, m.local(made.To))
	for _, in := range open {
		if in.State != incident.Resolved {
			fmt.Fprintf(m.stdout, "Incident %s stays open, and a mute does not end it: rouse resolve %s\n", in.ID, in.ID)
		}
	}
	fmt.Fprintf(m.stdout, "Undo it with: rouse mute --remove %s\n", made.ID)
	return nil
}

// show lists the mutes that are not over.
func (m *muting) show() error {
	rows := []muteRow{}
	table := tabwriter.NewWriter(m.stdout, 0, 0, 2, ' ', 0)
	for _, a := range m.list {
		if m.over(a) || kindOf(a) != muteKind {
			continue
		}
		rows = append(rows, muteRowOf(a))
		by := ""
		if a.By != "" {
			by = " (by " + a.By + ")"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s%s\n", a.ID, a.Check, m.local(a.From), m.local(a.To), a.Why, by)
	}
	switch {
	case m.json:
		return m.print(rows)
	case len(rows) == 0:
		fmt.Fprintln(m.stdout, "No check is muted; the maintenance windows of rouse.yaml are not listed here.")
	}
	return table.Flush()
}
