package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"rouse/shared/amend"
	"rouse/shared/config"
	"rouse/shared/dynamostore"
	"rouse/shared/incident"
	"rouse/shared/page"
	"rouse/shared/story"
)

var postmortemCommand = command{
	name:  "postmortem",
	args:  "ID [--out F]",
	about: "begins a postmortem: what Rouse knows, and headings for what it cannot know",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var table string
		tableFlag(flags, &table)
		out := flags.String("out", "", "write the Markdown to this `FILE`, which must not exist yet")
		return func(ctx context.Context, c *call) error { return runPostmortem(ctx, c, table, *out) }
	},
}

// storyRow is a story as --json gives it. Times that never came are null.
type storyRow struct {
	ID           incident.ID `json:"id"`
	Title        string      `json:"title"`
	Config       string      `json:"config"` // by which it was opened; "" if nobody knows
	Began        *time.Time  `json:"began"`
	Detected     *time.Time  `json:"detected"`
	Paged        *time.Time  `json:"paged"`
	Acknowledged *time.Time  `json:"acknowledged"`
	Answered     *time.Time  `json:"answered"`
	Resolved     *time.Time  `json:"resolved"`
	Settled      *time.Time  `json:"settled"`
	Uncovered    float64     `json:"uncovered_seconds"`
	Nobody       []gapRow    `json:"nobody_had_it"`
	Out          string      `json:"out"` // the Markdown; "" if none was written
}

type gapRow struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Awake []string  `json:"should_have_been_awake"`
	Why   string    `json:"why"`
}

func runPostmortem(ctx context.Context, c *call, table, out string) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
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
	s, err := c.story(ctx, cfg, store, id, key, events)
	if err != nil {
		return err
	}
	text := s.Markdown(story.Reader{Service: cfg.Service, Name: page.PeopleOf(cfg).Name, Zone: cfg.Zone(), Config: cfg.Digest(), Mask: page.Mask})
	if out != "" {
		if err := writeNew(out, text); err != nil {
			return err
		}
	}
	switch {
	case c.json:
		return c.print(storyOf(s, page.PeopleOf(cfg).Name, out))
	case out == "":
		fmt.Fprint(c.stdout, text)
	default:
		fmt.Fprintf(c.stdout, "%s is begun: impact, cause, what went well and what to change are yours to write.\n", out)
	}
	return nil
}

// writeNew never writes over a file: somebody may have finished it.
func writeNew(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists, and what somebody wrote in it is not written over: give --out another name", name)
	}
	if err != nil {
		return fmt.Errorf("the postmortem cannot be written: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("the postmortem cannot be written: %w", err)
	}
	return nil
}

func storyOf(s story.Story, name func(string) string, out string) storyRow {
	at := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		t = t.UTC()
		return &t
	}
	f := s.Figures
	row := storyRow{
		ID: s.Incident.ID, Title: s.Incident.Title, Config: s.Incident.Config,
		Began: at(f.Began), Detected: at(f.Opened), Paged: at(f.Paged), Acknowledged: at(f.Acknowledged),
		Answered: at(f.Answered), Resolved: at(f.Resolved), Settled: at(f.Settled),
		Uncovered: f.Uncovered.Seconds(), Nobody: []gapRow{}, Out: out,
	}
	for _, g := range s.Gaps {
		for _, t := range g.Stretches {
			row.Nobody = append(row.Nobody, gapRow{t.From.UTC(), t.To.UTC(), append([]string{}, t.Expected...), t.Why(name)})
		}
	}
	return row
}

// summary prints what a timeline comes to. Who should have been awake only
// rouse.yaml knows; the timeline is told without it, too.
func (c *call) summary(ctx context.Context, store *dynamostore.Store, id incident.ID, key incident.Key, events []incident.Event) error {
	cfg, err := c.config()
	if err != nil {
		fmt.Fprintf(c.stderr, "rouse: what it comes to is left out, since who should have been awake is not known: %v\n", err)
		return nil
	}
	s, err := c.story(ctx, cfg, store, id, key, events)
	if err != nil {
		return err
	}
	name := page.PeopleOf(cfg).Name
	fmt.Fprintln(c.stdout)
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, f := range s.Figures.Lines() {
		at := ""
		if !f.At.IsZero() {
			at = f.At.Local().Format("Mon 2 Jan 15:04:05")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.What, at, f.After)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if s.Incident.Rehearsed() {
		return nil
	}
	fmt.Fprintf(c.stdout, "\n%s\n", s.Total())
	for _, g := range s.Gaps {
		for _, t := range g.Stretches {
			fmt.Fprintf(c.stdout, "  %s to %s (%s), %s should have been awake: %s\n", t.From.Local().Format("Mon 2 Jan 15:04:05"),
				t.To.Local().Format("15:04:05"), story.Span(t.To.Sub(t.From)), t.Awake(name), t.Why(name))
		}
	}
	if told := s.Told(cfg.Digest()); told != "" {
		fmt.Fprintln(c.stdout, told)
	}
	return nil
}

// story tells an incident by the rota as it was amended.
func (c *call) story(ctx context.Context, cfg *config.Config, store *dynamostore.Store, id incident.ID, key incident.Key, events []incident.Event) (story.Story, error) {
	in, err := settledOrLive(ctx, store, id, key)
	if err != nil {
		return story.Story{}, err
	}
	list, err := c.amendments(ctx, store)
	if err != nil {
		return story.Story{}, err
	}
	return story.Tell(story.Night{
		Incident: in, Events: events, Rota: amend.Apply(cfg.Rota, list), Policy: cfg.Policy(in.Capability), Now: time.Now(),
	}), nil
}

// lookBack is among how many incidents a settled one is looked for. Of one that
// is older the timeline tells all but its title and its configuration.
const lookBack = 1000

func settledOrLive(ctx context.Context, store *dynamostore.Store, id incident.ID, key incident.Key) (incident.Incident, error) {
	live, err := store.Load(ctx, key)
	if err != nil || live.Incident.ID == id {
		return live.Incident, err
	}
	recent, err := store.Recent(ctx, lookBack)
	if err != nil {
		return incident.Incident{}, err
	}
	if i := slices.IndexFunc(recent, func(in incident.Incident) bool { return in.ID == id }); i >= 0 {
		in := recent[i]
		in.Key = key
		return in, nil
	}
	return incident.Incident{ID: id, Key: key, Capability: string(key)}, nil
}
