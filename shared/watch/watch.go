// Package watch watches the watcher: it finds what would let a night be missed
// while there is still daylight, and says so by a way that does not pass the
// router.
//
// It runs each minute. What lies in the table is looked at each time: holes in
// the rota, people who are away on their shift, sweeps and checks that have
// fallen silent, work that is overdue, broken promises. The account, above all
// whether messages would reach people's channels, is asked each hour, and what
// it says is kept as the facts that paging goes by. A hole in the coming hour
// is paged through the same loop as an outage; all else is mailed, each thing
// once; and what cannot wait although nobody can be paged rings phones.
//
// One thing that cannot be read is itself a finding, and keeps the others from
// nothing.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"rouse/shared/amend"
	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/reach"
	"rouse/shared/record"
)

// A Watch is one deployment's. Its fields are set once, before use.
type Watch struct {
	Config  *config.Config
	Store   Store
	Hints   loop.Hints
	Account Account
	Teller  Teller
	// Ping fetches Config.Watch.Ping. Its error must not repeat the address,
	// which is a secret of a kind.
	Ping  func(ctx context.Context, url string) error
	Clock clock.Clock
	Log   *slog.Logger
	// Deployment is where everything is; its At is the Watch's to set.
	Deployment record.Deployment
}

// A Store is what watch looks at, and where it remembers.
type Store interface {
	loop.SignalStore
	loop.Holder
	reach.Store
	amend.Reader
	Open(ctx context.Context) ([]incident.Incident, error)
	Load(ctx context.Context, key incident.Key) (loop.Live, error)
	Due(ctx context.Context, shard int, now time.Time, limit int) ([]incident.Key, error)
	Walks(ctx context.Context, now time.Time, limit int) ([]record.Walk, error)
	Checks(ctx context.Context, names []string) (map[string]check.State, error)
	Beat(ctx context.Context, name string, at time.Time) error
	Beats(ctx context.Context) (map[string]time.Time, error)
	// LoadWatch returns what SaveWatch kept last; the zero Watch at first.
	LoadWatch(ctx context.Context) (record.Watch, error)
	SaveWatch(ctx context.Context, w record.Watch) error
	PutDeployment(ctx context.Context, d record.Deployment) error
}

// A Teller brings word to the owner of the coverage, or to everyone if there is
// none, by a way that does not pass the router.
type Teller interface {
	// Tell mails.
	Tell(ctx context.Context, subject, text string) error
	// Ring mails, and texts one line to phones.
	Ring(ctx context.Context, subject, text, line string) error
}

// Times of watching.
const (
	lease     = 55 * time.Second // runs come each minute
	askEvery  = time.Hour
	askAgain  = 10 * time.Minute // after the account did not answer
	rewrite   = 30 * time.Minute // how old a note's Found may grow
	remember  = 24 * time.Hour   // what comes and goes within is told once
	pingMax   = 5 * time.Second
	hour      = time.Hour
	day       = 24 * time.Hour
	week      = 7 * day
	drillLate = 10 * time.Minute // a drill that begins later is left out
)

// StaleFor is how long ago a function may have come to the end of its minute,
// and how long work may be due, before somebody is told.
const StaleFor = 3 * time.Minute

// Run does a minute's watching. Its error says what could not be done at all;
// what is merely found is told.
func (w *Watch) Run(ctx context.Context) error {
	now, token := w.Clock.Now(), loop.NewSecret()
	const name = "watch"
	mine, err := w.Store.Hold(ctx, name, token, now, now.Add(lease))
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	if !mine {
		w.Log.InfoContext(ctx, "another watch is under way")
		return nil
	}
	err = w.run(ctx, now)
	if err == nil {
		err = w.Store.Beat(ctx, name, now)
	}
	return errors.Join(err, w.Store.Let(ctx, name, token))
}

func (w *Watch) run(ctx context.Context, now time.Time) error {
	before, err := w.Store.LoadWatch(ctx)
	if err != nil {
		return fmt.Errorf("what watch remembers: %w", err)
	}
	r := &run{Watch: w, now: now, zone: w.Config.Zone(), mind: clone(before)}
	r.look(ctx)
	if r.due() {
		r.ask(ctx)
	}
	r.findings = append(r.findings, r.mind.Account...)
	errs := append(r.errs, r.hole(ctx), r.drill(ctx), r.tell(ctx))
	if !reflect.DeepEqual(r.mind, before) {
		errs = append(errs, w.Store.SaveWatch(ctx, r.mind))
	}
	err = errors.Join(errs...)
	r.ping(ctx, err == nil)
	return err
}

// clone shares no memory with w that a run changes.
func clone(w record.Watch) record.Watch {
	w.Notes, w.Drills = slices.Clone(w.Notes), slices.Clone(w.Drills)
	return w
}

// A run is one minute's.
type run struct {
	*Watch
	now  time.Time
	zone *time.Location // by whose clock times are told
	mind record.Watch

	config   *config.Config // with what was amended since the deployment
	facts    []reach.Fact
	open     []incident.Incident
	findings []record.Finding
	errs     []error
}

func (r *run) find(f record.Finding) { r.findings = append(r.findings, f) }

// unread notes that something in the table could not be read. That is an error
// of the run as well, so that a table which is gone rings the alarm.
func (r *run) unread(what string, err error) {
	r.Log.Error("watch cannot read", "what", what, "error", err)
	r.errs = append(r.errs, fmt.Errorf("%s: %w", what, err))
}

func (r *run) clock(t time.Time) string { return t.In(r.zone).Format("Mon 2 Jan 15:04 MST") }

// tell mails what nobody has been told yet, and rings for what cannot wait.
func (r *run) tell(ctx context.Context) error {
	r.note()
	var fresh, ringing []*record.Note
	for i := range r.mind.Notes {
		n := &r.mind.Notes[i]
		if n.Over || !n.Told.IsZero() || r.now.Sub(n.Since) < n.Patience {
			continue
		}
		if fresh = append(fresh, n); n.Ring {
			ringing = append(ringing, n)
		}
		r.Log.Warn("found", "finding", n.ID, "night", n.Night, "ring", n.Ring)
	}
	if len(fresh) == 0 {
		return nil
	}
	subject := r.Config.Service + ": Rouse found something to mend"
	if len(fresh) > 1 {
		subject = fmt.Sprintf("%s: Rouse found %d things to mend", r.Config.Service, len(fresh))
	}
	var text strings.Builder
	for _, n := range fresh {
		fmt.Fprintf(&text, "%s\n  %s\n\n", sentence(n.What), sentence(n.Cure))
	}
	text.WriteString("`rouse doctor` looks at everything again. Each thing is told once.\n")
	var err error
	if len(ringing) > 0 {
		line := r.Config.Service + ": paging itself is unwell: " + ringing[0].What
		if n := len(ringing); n > 1 {
			line = fmt.Sprintf("%s, and %d more", line, n-1)
		}
		err = r.Teller.Ring(ctx, subject, text.String(), line)
	} else {
		err = r.Teller.Tell(ctx, subject, text.String())
	}
	if err != nil {
		return fmt.Errorf("what was found is not told, and tried again: %w", err)
	}
	for _, n := range fresh {
		n.Told = r.now
	}
	return nil
}

// sentence is s as one: what is found may begin with somebody's id.
func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// note brings what is remembered up to date with what was found now.
func (r *run) note() {
	found := map[string]record.Finding{}
	for _, f := range r.findings {
		if _, twice := found[f.ID]; !twice {
			found[f.ID] = f
		}
	}
	for i := range r.mind.Notes {
		n := &r.mind.Notes[i]
		f, still := found[n.ID]
		delete(found, n.ID)
		switch {
		case still && n.Over && n.Told.IsZero(): // it was over before anybody was patient enough
			n.Since = r.now
			fallthrough
		case still:
			n.Finding, n.Over = f, false
			if r.now.Sub(n.Found) >= rewrite {
				n.Found = r.now
			}
		case !n.Over && len(r.errs) == 0: // what cannot be read is not over
			n.Over, n.Found = true, r.now
		}
	}
	r.mind.Notes = slices.DeleteFunc(r.mind.Notes, func(n record.Note) bool { return n.Over && r.now.Sub(n.Found) >= remember })
	for _, id := range slices.Sorted(maps.Keys(found)) {
		r.mind.Notes = append(r.mind.Notes, record.Note{Finding: found[id], Since: r.now, Found: r.now})
	}
}

// ping tells the dead-man's switch that all is well. Nothing waits for it.
func (r *run) ping(ctx context.Context, well bool) {
	if r.Config.Watch.Ping == "" {
		return
	}
	for _, n := range r.mind.Notes {
		if n.Night && !n.Over && r.now.Sub(n.Since) >= n.Patience {
			r.Log.Warn("the dead-man's switch is not pinged", "finding", n.ID)
			return
		}
	}
	if !well {
		r.Log.Warn("the dead-man's switch is not pinged", "finding", "watch itself")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pingMax)
	defer cancel()
	if err := r.Ping(ctx, r.Config.Watch.Ping); err != nil { // the switch itself says so, soon
		r.Log.Warn("the dead-man's switch does not answer", "error", err)
	}
}
