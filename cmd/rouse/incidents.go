package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"rouse/shared/amend"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/dynamostore"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// The commands on incidents read the deployed table, and act through the same
// loop as a tap on a link.

var incidentsCommand = command{
	name:  "incidents",
	about: "lists what is open, and what was",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var table string
		tableFlag(flags, &table)
		limit := flags.Int("limit", 20, "list this `MANY`")
		return func(ctx context.Context, c *call) error { return runIncidents(ctx, c, table, *limit) }
	},
}

type incidentRow struct {
	ID       incident.ID `json:"id"`
	Title    string      `json:"title"`
	State    string      `json:"state"` // "settled" besides the three states
	Severity string      `json:"severity"`
	Owner    string      `json:"owner"`
	Opened   time.Time   `json:"opened"`
	Reports  int         `json:"reports"`
}

func runIncidents(ctx context.Context, c *call, table string, limit int) error {
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
	rows := []incidentRow{}
	for _, in := range recent {
		state := string(in.State)
		if !in.SettledAt.IsZero() {
			state = "settled"
		}
		rows = append(rows, incidentRow{in.ID, in.Title, state, string(in.Severity), in.Owner, in.Opened.UTC(), in.Reports})
	}
	if c.json {
		return c.print(rows)
	}
	if len(rows) == 0 {
		fmt.Fprintln(c.stdout, "There has been no incident.")
		return nil
	}
	out := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Title, r.State, r.Owner, r.Opened.Local().Format(stamp), count(r.Reports, "report", "reports"))
	}
	return out.Flush()
}

var timelineCommand = command{
	name:  "timeline",
	args:  "ID",
	about: "tells an incident from its first evidence on",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var table string
		tableFlag(flags, &table)
		return func(ctx context.Context, c *call) error { return runTimeline(ctx, c, table) }
	},
}

type eventRow struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	Who  string    `json:"who"`
	Why  string    `json:"why"`
}

func runTimeline(ctx context.Context, c *call, table string) error {
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	store, id, key, err := c.incident(ctx, table)
	if err != nil {
		return err
	}
	events, err := store.Timeline(ctx, id)
	if err != nil {
		return err
	}
	rows := []eventRow{}
	for _, e := range events {
		rows = append(rows, eventRow{e.At.UTC(), e.Kind, e.Who, e.Why})
	}
	if c.json {
		return c.print(rows)
	}
	for _, e := range events {
		line := e.Kind
		if e.Who != "" {
			line += " " + e.Who
		}
		if e.Why != "" {
			line += ": " + e.Why
		}
		fmt.Fprintf(c.stdout, "%s  %s\n", e.At.Local().Format("Mon 2 Jan 15:04:05"), line)
	}
	return c.summary(ctx, store, id, key, events)
}

// incident finds the incident that the one argument names.
func (c *call) incident(ctx context.Context, table string) (*dynamostore.Store, incident.ID, incident.Key, error) {
	if len(c.args) != 1 {
		return nil, "", "", misused("which incident? `rouse incidents` lists their ids")
	}
	store, err := c.deployed(ctx, table)
	if err != nil {
		return nil, "", "", err
	}
	id := incident.ID(c.args[0])
	key, found, err := store.Find(ctx, id)
	if err == nil && !found {
		err = fmt.Errorf("there is no incident %s: `rouse incidents` lists them", id)
	}
	return store, id, key, err
}

// taps are the commands that do what a button on the ack screen does.
var (
	ackCommand     = tapCommand("ack", "takes an incident: the paging stops", incident.ActAcknowledge, incident.Acknowledged)
	resolveCommand = tapCommand("resolve", "says that an incident is over", incident.ActResolve, incident.Resolved)
	snoozeCommand  = tapCommand("snooze", "takes an incident, and has the paging go on after a while", incident.ActSnooze, incident.Acknowledged)
	nextCommand    = tapCommand("next", "wakes the next person now", incident.ActNext, incident.Triggered)
	passCommand    = tapCommand("pass", "passes an incident on to somebody, who is paged about it", incident.ActPass, incident.Acknowledged)
)

// tapCommand makes a command of an action; want is the state it is to lead to.
func tapCommand(name, about string, action incident.Action, want incident.State) command {
	return command{
		name: name, args: "ID --who W", about: about,
		flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
			v := tapFlags{action: action, want: want}
			tableFlag(flags, &v.table)
			flags.StringVar(&v.who, "who", "", "as this responder, by `ID`; "+meVariable+" if not given")
			if action == incident.ActSnooze {
				flags.DurationVar(&v.length, "for", 30*time.Minute, "for this `LONG`, 1m to 24h")
			}
			if action == incident.ActPass {
				flags.StringVar(&v.to, "to", "", "to this responder, by `ID`")
			}
			return func(ctx context.Context, c *call) error { return runTap(ctx, c, v) }
		},
	}
}

type tapFlags struct {
	table, who string
	to         string        // of a pass
	length     time.Duration // of a snooze
	action     incident.Action
	want       incident.State
}

func runTap(ctx context.Context, c *call, v tapFlags) error {
	if v.action == incident.ActSnooze && (v.length < time.Minute || v.length > 24*time.Hour) {
		return misused("--for %s: want 1m to 24h", v.length)
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	who, err := c.responder(cfg, v.who)
	if err != nil {
		return err
	}
	if v.action == incident.ActPass {
		if v.to == "" {
			return misused("to whom? Add --to")
		}
		if err := c.known(cfg, v.to); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	store, id, key, err := c.incident(ctx, v.table)
	if err != nil {
		return err
	}
	signal := incident.Signal{
		ID: "cli/" + rand.Text(), Key: key, Kind: incident.KindTap, At: time.Now(), Incident: id,
		Tap: &incident.TapSignal{Action: v.action, Who: who, Via: "terminal", For: v.length, To: v.to},
	}
	if _, err := store.PutSignal(ctx, signal); err != nil {
		return err
	}
	if v.action == incident.ActNext {
		// Whom to wake is the router's to say, from the deployed rouse.yaml and
		// by its own clock.
		return c.noted(id, c.wakeRouter(ctx, key))
	}
	in, err := decide(ctx, cfg, store, c.hints(), key)
	if err != nil {
		return fmt.Errorf("it is noted, and the router decides on it %s; this machine could not: %w", c.wakeRouter(ctx, key), err)
	}
	return c.outcome(cfg, in, id, cmp.Or(v.to, who), v)
}

// responder is who acts: the one named or, without a name, whom the environment
// says.
func (c *call) responder(cfg *config.Config, who string) (string, error) {
	if who = cmp.Or(who, c.env(meVariable)); who == "" {
		return "", misused("as whom? Add --who, or set %s to your id in rouse.yaml", meVariable)
	}
	return who, c.known(cfg, who)
}

// known refuses somebody whom rouse.yaml does not name.
func (c *call) known(cfg *config.Config, who string) error {
	if _, known := cfg.Responders[who]; !known {
		return fmt.Errorf("there is no responder %q in %s; %s", who, c.configPath, config.Suggest(who, slices.Collect(maps.Keys(cfg.Responders))))
	}
	return nil
}

// noted says that the router will find a tap.
func (c *call) noted(id incident.ID, within string) error {
	if c.json {
		return c.print(struct {
			ID    incident.ID `json:"id"`
			State string      `json:"state"`
		}{id, "noted"})
	}
	fmt.Fprintf(c.stdout, "Noted: the router wakes the next for %s %s.\n", id, within)
	return nil
}

// decide runs the loop as the ack function does: the pages are the router's.
func decide(ctx context.Context, cfg *config.Config, store *dynamostore.Store, hints loop.Hints, key incident.Key) (incident.Incident, error) {
	log := slog.New(slog.DiscardHandler)
	team := &amend.Source{Deployed: cfg.Team(), Store: store, Clock: clock.Wall{}, Log: log}
	l := &loop.Loop{Store: store, Clock: clock.Wall{}, Team: team.Team, Hints: hints, Log: log}
	return l.Run(ctx, loop.Hint{Key: key})
}

// outcome says how the incident stands now. owner is who should have it. That
// it stands otherwise than was asked for is the answer "no".
func (c *call) outcome(cfg *config.Config, in incident.Incident, id incident.ID, owner string, v tapFlags) error {
	state := string(in.State)
	if in.ID != id || !in.Open() {
		state = "settled"
	}
	if c.json {
		if err := c.print(struct {
			ID    incident.ID `json:"id"`
			State string      `json:"state"`
			Owner string      `json:"owner"`
		}{id, state, in.Owner}); err != nil {
			return err
		}
	} else {
		switch {
		case state == "settled":
			fmt.Fprintf(c.stdout, "%s is over and has settled.\n", id)
		case in.State == incident.Acknowledged:
			fmt.Fprintf(c.stdout, "%s has %s.\n", cfg.Responders[in.Owner].Name, in.Title)
		case in.State == incident.Resolved:
			fmt.Fprintf(c.stdout, "%s is over; it settles at %s if it stays so.\n", in.Title, in.SettlesAt().Local().Format("15:04"))
		default:
			fmt.Fprintf(c.stdout, "%s is %s.\n", in.Title, in.State)
		}
	}
	if state != string(v.want) || v.want == incident.Acknowledged && in.Owner != owner {
		return errNo
	}
	return nil
}
