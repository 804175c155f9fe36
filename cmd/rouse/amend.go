package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"rouse/shared/amend"
	"rouse/shared/config"
	"rouse/shared/oncall"
)

var overrideCommand = command{
	name:  "override",
	args:  "--schedule S --who W --to T | --take | --list | --remove ID",
	about: "puts somebody on call at once, without a deployment",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		v := amendFlags{kind: overrideKind}
		v.declare(flags)
		flags.StringVar(&v.schedule, "schedule", "", "of this schedule, by `ID`; may be left out if there is one only")
		flags.BoolVar(&v.take, "take", false, "take the shift that runs at --from, until it ends")
		return func(ctx context.Context, c *call) error { return runAmend(ctx, c, v) }
	},
}

var awayCommand = command{
	name:  "away",
	args:  "--who W --to T [--from T] [--why …] | --list | --remove ID",
	about: "takes somebody off call at once, without a deployment",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		v := amendFlags{kind: awayKind}
		v.declare(flags)
		return func(ctx context.Context, c *call) error { return runAmend(ctx, c, v) }
	},
}

// A kind of amendment, as messages call it.
type kind string

const (
	overrideKind kind = "override"
	awayKind     kind = "away time"
	muteKind     kind = "mute"
)

// command is the word that makes one.
func (k kind) command() string { word, _, _ := strings.Cut(string(k), " "); return word }

// meVariable is the environment variable that names who sits at this machine.
const meVariable = "ROUSE_ME"

type amendFlags struct {
	kind                  kind
	table, schedule, who  string
	from, to, why, remove string
	take, force, list     bool
}

func (v *amendFlags) declare(flags *flag.FlagSet) {
	tableFlag(flags, &v.table)
	flags.StringVar(&v.who, "who", "", "this responder, by `ID`; "+meVariable+" if not given. Several may override together: bo,cy")
	flags.StringVar(&v.from, "from", "", "from this `TIME`, RFC 3339 or by the clock of the schedule, of the person for away; now if not given")
	flags.StringVar(&v.to, "to", "", "until this `TIME`, exclusive (a date alone includes that day)")
	flags.StringVar(&v.why, "why", "", "the `REASON`, for the others to read")
	flags.BoolVar(&v.force, "force", false, "even if nobody is woken then; needs --why")
	flags.BoolVar(&v.list, "list", false, "list those that are not over")
	flags.StringVar(&v.remove, "remove", "", "take back the one with this `ID`")
}

// An amendment in progress: the team as it is, and as it would be.
type amending struct {
	*call
	store  amend.Store
	list   []amend.Amendment
	before *config.Config
	now    time.Time
}

func runAmend(ctx context.Context, c *call, v amendFlags) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	if v.force && v.why == "" {
		return misused("--force needs --why: say why nobody is to be woken then")
	}
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
	a := &amending{c, store, list, cfg.WithRota(amend.Apply(cfg.Rota, list)), time.Now().UTC().Truncate(time.Second)}
	switch {
	case v.list:
		return a.show(v.kind)
	case v.remove != "":
		return a.withdraw(ctx, cfg, v)
	}
	made, err := a.read(v)
	if err != nil {
		return err
	}
	after := cfg.WithRota(amend.Apply(cfg.Rota, append(slices.Clone(list), made)))
	if err := a.effective(after, made); err != nil {
		return err
	}
	if made.Forced, err = a.gate(after, made, v.force); err != nil {
		return err
	}
	if err := store.Amend(ctx, made); err != nil {
		return fmt.Errorf("the %s was not written: %w", v.kind, err)
	}
	return a.tell(after, made, fmt.Sprintf("Undo it with: rouse %s --remove %s", v.kind.command(), made.ID))
}

// oneLine refuses a --why that is none.
func oneLine(why string) error {
	if len(why) > config.TextBytesMax || strings.ContainsFunc(why, unicode.IsControl) {
		return misused("--why is one line of at most %d bytes", config.TextBytesMax)
	}
	return nil
}

// read makes an amendment of the flags.
func (a *amending) read(v amendFlags) (amend.Amendment, error) {
	var none amend.Amendment
	m, err := a.begun(v.why)
	if err != nil {
		return none, err
	}
	if m.Who, err = a.who(v); err != nil {
		return none, err
	}
	zone := a.before.Responders[m.Who[0]].Zone
	if v.kind == overrideKind {
		if m.Schedule, err = chosen("schedule", v.schedule, slices.Sorted(maps.Keys(a.before.Rota.Schedules))); err != nil {
			return none, err
		}
		zone = a.before.Rota.Schedules[m.Schedule].Zone
	}
	if v.from != "" {
		if m.From, err = instant("from", v.from, zone, false); err != nil {
			return none, err
		}
	}
	switch {
	case v.to != "":
		m.To, err = instant("to", v.to, zone, true)
	case v.take:
		m.To, err = a.handoff(m.Schedule, m.From)
	default:
		err = misused("until when? Add --to")
	}
	if err != nil {
		return none, err
	}
	m.From, m.To = m.From.UTC().Truncate(time.Second), m.To.UTC().Truncate(time.Second)
	switch local := m.To.In(zone).Format(stamp); {
	case !m.From.Before(m.To):
		return none, misused("--to (%s) is not after --from (%s)", local, m.From.In(zone).Format(stamp))
	case !m.To.After(a.now):
		return none, misused("--to (%s) is over already", local)
	case m.To.Sub(m.From) > amendedMax:
		return none, misused("that is longer than a year; write it into rouse.yaml")
	}
	return m, nil
}

// begun makes an amendment from now on that lacks what it is about.
func (a *amending) begun(why string) (amend.Amendment, error) {
	if kept := len(slices.DeleteFunc(slices.Clone(a.list), a.over)); kept >= amend.Max {
		return amend.Amendment{}, fmt.Errorf("%d amendments are not over yet, and no more are taken; write them into rouse.yaml and deploy, then --remove them", kept)
	}
	// One made later wins, whatever this machine's clock says.
	made := a.now
	if n := len(a.list); n > 0 && !made.After(a.list[n-1].At) {
		made = a.list[n-1].At.Add(time.Millisecond)
	}
	return amend.Amendment{
		ID: strings.ToLower(rand.Text()[:6]), Why: why, At: made, From: a.now,
		By: cmp.Or(a.env(meVariable), a.env("USER")),
	}, nil
}

const amendedMax = 366 * 24 * time.Hour

// who reads --who, or who sits here.
func (a *amending) who(v amendFlags) ([]string, error) {
	name := cmp.Or(v.who, a.env(meVariable))
	if name == "" {
		return nil, misused("who? Add --who with one of %s, or set %s", strings.Join(slices.Sorted(maps.Keys(a.before.Responders)), ", "), meVariable)
	}
	var who []string
	for id := range strings.SplitSeq(name, ",") {
		id = strings.TrimSpace(id)
		if _, known := a.before.Responders[id]; !known {
			return nil, misused("there is no responder %q; %s", id, config.Suggest(id, slices.Collect(maps.Keys(a.before.Responders))))
		}
		who = append(who, id)
	}
	slices.Sort(who)
	who = slices.Compact(who)
	if v.kind == awayKind && len(who) > 1 {
		return nil, misused("--who names several; say of each by itself that they are away")
	}
	return who, nil
}

// handoff is when the shift ends that runs at t.
func (a *amending) handoff(schedule string, t time.Time) (time.Time, error) {
	const look = 92 * 24 * time.Hour
	end := a.before.Rota.Shifts(schedule, t, t.Add(look))[0].To
	if end.Equal(t.Add(look)) {
		return end, misused("the shift of %s does not end within 92 days; add --to", schedule)
	}
	return end, nil
}

// effective refuses an override that would change nothing of what it is about.
func (a *amending) effective(after *config.Config, m amend.Amendment) error {
	if m.Schedule == "" {
		return nil
	}
	for _, s := range after.Rota.Shifts(m.Schedule, m.From, m.To) {
		for _, id := range m.Who {
			if !slices.Contains(s.Who, id) {
				return fmt.Errorf("%s is away from %s to %s, and would not be on call; choose somebody else or another time",
					id, a.local(m, s.From), a.local(m, s.To))
			}
		}
	}
	if len(changes(a.before.Rota, after.Rota, m)) == 0 {
		return fmt.Errorf("nothing would change: %s has %s then already", people(a.before, m.Who), m.Schedule)
	}
	return nil
}

// gate refuses what opens a hole, unless that is forced. It reports whether it
// was.
func (a *amending) gate(after *config.Config, m amend.Amendment, force bool) (forced bool, err error) {
	from := m.From
	if from.Before(a.now) {
		from = a.now
	}
	opened := opened(a.before, after, from, m.To)
	if len(opened) == 0 || force {
		return len(opened) > 0, nil
	}
	if a.json {
		rows := []holeRow{}
		for _, h := range opened {
			rows = append(rows, holeRow{h.From.UTC(), h.To.UTC(), h.Why})
		}
		if err := a.print(struct {
			Opens []holeRow `json:"opens"`
		}{rows}); err != nil {
			return false, err
		}
		return false, errNo
	}
	fmt.Fprintln(a.stderr, "rouse: refused: nobody would be woken")
	zone := a.before.Zone()
	for _, h := range opened {
		fmt.Fprintf(a.stderr, "  from %s to %s: %s\n", h.From.In(zone).Format(stamp), h.To.In(zone).Format(stamp), h.Why)
	}
	fmt.Fprintln(a.stderr, "Put somebody there first with rouse override, or say why it is to be so: --force --why REASON")
	return false, errNo
}

// opened returns the holes of after that are none of before.
func opened(before, after *config.Config, from, to time.Time) []oncall.Hole {
	var left []oncall.Hole
	known := before.Holes(from, to)
	for _, h := range after.Holes(from, to) {
		for _, k := range known {
			if !k.From.Before(h.To) || !h.From.Before(k.To) {
				continue
			}
			if h.From.Before(k.From) {
				left = append(left, oncall.Hole{From: h.From, To: k.From, Why: h.Why})
			}
			h.From = k.To
		}
		if h.From.Before(h.To) {
			left = append(left, h)
		}
	}
	return left
}

// A changed shift is a time in which others are on call than before.
type changed struct {
	schedule string
	from, to time.Time
	was, now []string
}

// changes compares two rotas over the time of an amendment.
func changes(before, after oncall.Rota, m amend.Amendment) []changed {
	var all []changed
	for _, schedule := range slices.Sorted(maps.Keys(after.Schedules)) {
		was, now := before.Shifts(schedule, m.From, m.To), after.Shifts(schedule, m.From, m.To)
		for t := m.From; t.Before(m.To); {
			w, n := was[0], now[0]
			end := n.To
			if w.To.Before(end) {
				end = w.To
			}
			if last := len(all) - 1; slices.Equal(w.Who, n.Who) {
			} else if last >= 0 && all[last].schedule == schedule && all[last].to.Equal(t) && slices.Equal(all[last].was, w.Who) && slices.Equal(all[last].now, n.Who) {
				all[last].to = end
			} else {
				all = append(all, changed{schedule, t, end, w.Who, n.Who})
			}
			if end.Equal(w.To) {
				was = was[1:]
			}
			if end.Equal(n.To) {
				now = now[1:]
			}
			t = end
		}
	}
	return all
}

type amendmentRow struct {
	ID       string      `json:"id"`
	Schedule string      `json:"schedule,omitempty"`
	Who      []string    `json:"who"`
	From     time.Time   `json:"from"`
	To       time.Time   `json:"to"`
	Why      string      `json:"why"`
	By       string      `json:"by"`
	At       time.Time   `json:"at"`
	Forced   bool        `json:"forced"`
	Changes  []changeRow `json:"changes,omitempty"`
}

type changeRow struct {
	Schedule string    `json:"schedule"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Was      []string  `json:"was"`
	Now      []string  `json:"now"`
}

func rowOf(m amend.Amendment) amendmentRow {
	return amendmentRow{ID: m.ID, Schedule: m.Schedule, Who: m.Who, From: m.From.UTC(), To: m.To.UTC(), Why: m.Why, By: m.By, At: m.At.UTC(), Forced: m.Forced}
}

// changesMax bounds the changed shifts that are told one by one.
const changesMax = 20

// tell says what has changed.
func (a *amending) tell(after *config.Config, m amend.Amendment, undo string) error {
	all := changes(a.before.Rota, after.Rota, m)
	if a.json {
		row := rowOf(m)
		for _, c := range all {
			row.Changes = append(row.Changes, changeRow{c.schedule, c.from.UTC(), c.to.UTC(), append([]string{}, c.was...), append([]string{}, c.now...)})
		}
		return a.print(row)
	}
	if len(all) == 0 {
		fmt.Fprintln(a.stdout, "Nobody's shift changes.")
	}
	for i, c := range all {
		if i == changesMax {
			fmt.Fprintf(a.stdout, "and %d more shifts\n", len(all)-i)
			break
		}
		zone := a.before.Rota.Schedules[c.schedule].Zone
		fmt.Fprintf(a.stdout, "%s: %s from %s to %s, instead of %s\n", c.schedule, people(after, c.now),
			c.from.In(zone).Format(stamp), c.to.In(zone).Format(stamp), people(after, c.was))
	}
	fmt.Fprintln(a.stdout, "It counts from the next decision on.", undo)
	return nil
}

// show lists the amendments of a kind that are not over.
func (a *amending) show(k kind) error {
	rows := []amendmentRow{}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, m := range a.list {
		if a.over(m) || kindOf(m) != k {
			continue
		}
		rows = append(rows, rowOf(m))
		what := people(a.before, m.Who)
		if m.Schedule != "" {
			what = m.Schedule + ": " + what
		}
		notes := m.Why
		if m.By != "" {
			notes = strings.TrimSpace(notes + " (by " + m.By + ")")
		}
		if m.Forced {
			notes += " FORCED"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", m.ID, what, a.local(m, m.From), a.local(m, m.To), notes)
	}
	switch {
	case a.json:
		return a.print(rows)
	case len(rows) == 0:
		fmt.Fprintf(a.stdout, "No %s was made since the deployment; those of rouse.yaml are not listed here.\n", k)
	}
	return table.Flush()
}

// withdraw takes an amendment back, which may open a hole as well.
func (a *amending) withdraw(ctx context.Context, cfg *config.Config, v amendFlags) error {
	i, err := find(a.list, v.kind, v.remove)
	if err != nil {
		return err
	}
	m := a.list[i]
	after := cfg.WithRota(amend.Apply(cfg.Rota, slices.Delete(slices.Clone(a.list), i, i+1)))
	if _, err := a.gate(after, m, v.force); err != nil {
		return err
	}
	found, err := a.store.Withdraw(ctx, m.ID)
	if err != nil {
		return fmt.Errorf("the %s was not removed: %w", v.kind, err)
	}
	if !found {
		return fmt.Errorf("somebody else has removed %s just now", m.ID)
	}
	return a.tell(after, m, "")
}

// find returns the place in the list of the amendment of a kind with an ID.
func find(list []amend.Amendment, k kind, id string) (int, error) {
	var ids []string
	for i, m := range list {
		if m.ID != id {
			ids = append(ids, m.ID)
			continue
		}
		if is := kindOf(m); is != k {
			what := "an " + string(is)
			if is == muteKind {
				what = "a mute"
			}
			return 0, misused("%s is %s: rouse %s --remove %s", id, what, is.command(), id)
		}
		return i, nil
	}
	return 0, misused("there is no %s %q; %s", k, id, config.Suggest(id, ids))
}

func kindOf(m amend.Amendment) kind {
	switch {
	case m.Check != "":
		return muteKind
	case m.Schedule == "":
		return awayKind
	}
	return overrideKind
}

func (a *amending) over(m amend.Amendment) bool { return !m.To.After(a.now) }

// local writes an instant by the clock that an amendment is about.
func (a *amending) local(m amend.Amendment, t time.Time) string {
	zone := time.UTC
	if s, ok := a.before.Rota.Schedules[m.Schedule]; ok && s.Zone != nil {
		zone = s.Zone
	} else if p, ok := a.before.Responders[m.Who[0]]; ok && m.Schedule == "" {
		zone = p.Zone
	}
	return t.In(zone).Format(stamp)
}
