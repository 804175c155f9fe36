// Package probe is the network side of checks: it takes samples and keeps each
// check's verdict through the minutes in which a probe function lives.
package probe

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"
	"time"

	"rouse/shared/check"
	"rouse/shared/clock"
)

// ErrStale is what a Store's SaveCheck returns when the stored state is not
// the one that the caller's state grew from.
var ErrStale = errors.New("the stored state of the check has moved on")

// A Store keeps the states of checks between invocations.
type Store interface {
	// LoadCheck returns the state of the check of that name, and the zero
	// State if there is none. The read must be consistent.
	LoadCheck(ctx context.Context, name string) (check.State, error)
	// SaveCheck stores s if the stored state's Rev is s.Rev-1 (nothing stored
	// counts as 0) and otherwise returns ErrStale.
	SaveCheck(ctx context.Context, name string, s check.State) error
}

// A Sampler takes one sample. It never panics, ends soon after the check's
// timeout, and its Why names no secret.
type Sampler interface {
	Sample(ctx context.Context, c check.Check, at time.Time) check.Sample
}

// A Transition is a turn of a check's verdict, as a signal for the loop.
type Transition struct {
	ID         string // the same for the same turn, however often it is raised
	Check      string
	Capability string
	check.Turn
	State check.State // as it is when raised
}

// Run samples the checks on their plans until the time until, and waits for
// the samples under way: none is started that could outlast until. It calls
// raise for each turn of a verdict, after the state that holds it was saved;
// a turn whose raise failed is raised again, in this run or the next, under
// the same ID.
//
// A fault in one check disturbs no other: it is returned with all others, at
// the end. On a virtual clock Run is deterministic if its arguments are.
func Run(ctx context.Context, clk clock.Clock, checks []check.Check, sampler Sampler, store Store,
	raise func(context.Context, Transition) error, until time.Time) error {
	checks = append([]check.Check(nil), checks...)
	sort.Slice(checks, func(i, j int) bool { return checks[i].Name < checks[j].Name })
	var (
		mu     sync.Mutex
		faults = make([]error, len(checks))
	)
	g := clk.Group()
	for i, c := range checks {
		w := &watcher{check: c, rule: c.Rule(), plan: c.Plan(), clk: clk, sampler: sampler, store: store, raise: raise, until: until,
			// Each check has a microsecond of its own in the grid, so that on
			// a virtual clock no two of them work at once.
			turn: time.Duration(i) * time.Microsecond}
		g.Go(func() {
			err := w.run(ctx)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				faults[i] = fmt.Errorf("check %s: %w", c.Name, err)
			}
		})
	}
	g.Wait()
	return errors.Join(faults...)
}

// A watcher runs one check for one minute.
type watcher struct {
	check   check.Check
	rule    check.Params
	plan    check.Plan
	clk     clock.Clock
	sampler Sampler
	store   Store
	raise   func(context.Context, Transition) error
	until   time.Time
	turn    time.Duration

	mu      sync.Mutex // held while a sample is taken into account
	state   check.State
	unsaved []check.Sample // those the stored state does not know
	fault   error          // of the last save or raise; nil once one succeeded
}

func (w *watcher) run(ctx context.Context) error {
	if err := w.clk.Sleep(ctx, w.clk.Now().Add(w.turn)); err != nil {
		return err
	}
	s, err := w.store.LoadCheck(ctx, w.check.Name)
	if err != nil {
		return err
	}
	w.state = s
	w.tell(ctx) // what the last run was killed before telling

	g := w.clk.Group()
	last := w.state.Latest.At
	for ctx.Err() == nil {
		now := w.clk.Now().Add(-w.turn)
		w.mu.Lock()
		due := w.plan.Next(last, w.state.Bad, now)
		w.mu.Unlock()
		if !due.After(now) {
			if now.Add(w.check.Deadline()).After(w.until) {
				break
			}
			last = now
			g.Go(func() { w.sample(ctx, now) })
			continue
		}
		// A failure that comes back meanwhile makes the next sample due
		// sooner, so look at every step of the fine grid.
		wake := now.Truncate(check.Step).Add(check.Step)
		if due.Before(wake) {
			wake = due
		}
		if !wake.Before(w.until) {
			break
		}
		if err := w.clk.Sleep(ctx, wake.Add(w.turn)); err != nil {
			break
		}
	}
	g.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.unsaved) > 0 {
		w.save(ctx)
	}
	return errors.Join(w.fault, ctx.Err())
}

func (w *watcher) sample(ctx context.Context, at time.Time) {
	x := w.sampler.Sample(ctx, w.check, at)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unsaved = append(w.unsaved, x)
	w.state = w.state.Add(w.rule, x)
	if !x.OK || len(w.state.Untold) > 0 {
		w.save(ctx)
		w.tell(ctx)
	}
}

func (w *watcher) save(ctx context.Context) {
	for range 3 {
		next := w.state
		next.Rev++
		w.fault = w.store.SaveCheck(ctx, w.check.Name, next)
		if w.fault == nil {
			w.state, w.unsaved = next, nil
			return
		}
		if !errors.Is(w.fault, ErrStale) {
			return
		}
		s, err := w.store.LoadCheck(ctx, w.check.Name)
		if err != nil {
			w.fault = err
			return
		}
		for _, x := range w.unsaved {
			s = s.Add(w.rule, x)
		}
		w.state = s
	}
}

func (w *watcher) tell(ctx context.Context) {
	for len(w.state.Untold) > 0 {
		t := w.state.Untold[0]
		err := w.raise(ctx, Transition{
			ID:         fmt.Sprintf("%s/%s/%s", w.check.Name, t.At.UTC().Format(time.RFC3339Nano), t.Kind),
			Check:      w.check.Name,
			Capability: w.check.Capability,
			Turn:       t,
			State:      w.state,
		})
		if err != nil {
			w.fault = err
			return
		}
		w.state = w.state.Told()
	}
}
