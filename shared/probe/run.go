// Package probe is the network side of checks: it takes samples and keeps each
// check's verdict through the minutes in which a probe function lives.
package probe

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"rouse/shared/check"
	"rouse/shared/clock"
)

// ErrStale is what a Store's SaveCheck returns when the stored state is not
// the one that the caller's state grew from.
var ErrStale = errors.New("the stored state of the check has moved on")

// A Store keeps the states of checks between runs.
type Store interface {
	// LoadCheck returns the state of the check of that name, and the zero
	// State if there is none. The read is consistent.
	LoadCheck(ctx context.Context, name string) (check.State, error)
	// SaveCheck stores s, where its Place says, if it follows the stored state:
	// that one's Rev is s.Rev-1 (nothing stored counts as 0). Otherwise it stores
	// nothing and returns ErrStale.
	SaveCheck(ctx context.Context, name string, s check.State) error
}

// A Sampler takes one sample, which ends soon after the check's timeout. Its
// Why is the same for the same fault and names no secret.
type Sampler interface {
	Sample(ctx context.Context, c check.Check, at time.Time) check.Sample
}

// A Transition is a turn of a check's verdict, as a signal for the loop.
type Transition struct {
	ID         string // the same for the same turn, however often it is raised
	Check      string
	Capability string
	check.Turn
	State check.State // when it was raised
}

// A Runner runs checks.
type Runner struct {
	Checks  []check.Check
	Sampler Sampler
	Store   Store
	Clock   clock.Clock
	// Raise hears of each turn of a verdict, after the samples that caused it
	// were saved.
	Raise func(context.Context, Transition) error
	// Muted is until when the check of that name wakes nobody; zero: it does.
	// It is asked only where something fails or is to be told. Nil: none is muted.
	Muted func(ctx context.Context, check string) time.Time
}

// Run samples the checks on their plans until the time until and waits for the
// samples under way: none is started that could outlast until. If another run
// turns out to sample a check at the same time, the first of them that had
// something to save goes on, and the other hands over what it saw. What could not
// be saved or raised is tried again with the next sample; a turn that this run
// could not raise is raised by the next, under the same ID.
//
// A fault of one check disturbs no other: the faults that remain are returned
// together at the end. Checks run concurrently, and so may Raise and Muted be
// called; on a virtual clock Run is deterministic if its arguments are.
func (r *Runner) Run(ctx context.Context, until time.Time) error {
	checks := slices.SortedFunc(slices.Values(r.Checks), func(a, b check.Check) int {
		return cmp.Compare(a.Name, b.Name)
	})
	faults := make([]error, len(checks))
	id := rand.Text()[:10]
	inFlight := new(atomic.Int64)
	g := r.Clock.Group()
	for i, c := range checks {
		w := &watcher{check: c, rule: c.Rule(), clk: r.Clock, sampler: r.Sampler, store: r.Store, raise: r.Raise, muted: r.Muted,
			id: id, until: until, inFlight: inFlight,
			// Everybody has a microsecond of their own in the grid, so that on
			// a virtual clock, which wakes those who wait for one instant
			// together, no two ever work at once.
			offset: time.Duration(i) * time.Microsecond}
		g.Go(func() {
			if err := w.run(ctx, until); err != nil {
				faults[i] = fmt.Errorf("check %s: %w", c.Name, err)
			}
		})
	}
	g.Wait()
	return errors.Join(faults...)
}

// inFlightMax bounds the samples under way in a run: a Lambda function may have
// 1,024 files open, and a sample takes several while it looks up a name. Where
// that many hang, a sample that cannot begin before the next one is due is not
// taken: a check that ran out of files would tell of trouble that is not there.
const inFlightMax = 200

// begin waits for its turn to take a sample, if one comes in time.
func (w *watcher) begin(ctx context.Context) bool {
	const look = check.Step / 25
	for range check.Step / look {
		if w.inFlight.Add(1) <= inFlightMax {
			return true
		}
		w.inFlight.Add(-1)
		if w.clk.Sleep(ctx, w.clk.Now().Add(look)) != nil {
			return false
		}
	}
	return false
}

// tolerance is how late after its slot a sample may start and still count as
// ending by the end of the run.
const tolerance = 250 * time.Millisecond

// run samples one check until the time until.
func (w *watcher) run(ctx context.Context, until time.Time) error {
	if err := w.clk.Sleep(ctx, w.clk.Now().Add(w.offset)); err != nil {
		return err
	}
	w.flush(ctx, false)
	plan, samples := w.check.Plan(), w.clk.Group()
	last, _ := w.seen()
	for {
		now := w.clk.Now().Add(-w.offset)
		if other := w.claimed(); other.After(now) {
			// Another run samples it. If it has died, this one takes over.
			if !other.Before(until) || w.clk.Sleep(ctx, other.Add(w.offset)) != nil {
				break
			}
			w.reload(ctx)
			last, _ = w.seen()
			continue
		}
		_, suspect := w.seen()
		due := plan.Next(last, suspect)
		if !due.After(now) {
			if now.Add(w.check.Deadline()).After(until.Add(tolerance)) {
				break
			}
			last = now
			samples.Go(func() {
				// Half a step behind run, which then always waits for its next
				// slot before the sample can wait for anything.
				if w.clk.Sleep(ctx, now.Add(w.offset+time.Microsecond/2)) == nil && w.begin(ctx) {
					w.sample(ctx, now)
					w.inFlight.Add(-1)
				}
			})
			continue
		}
		// A failure that comes back meanwhile makes the next sample due
		// sooner, so every slot of the fine grid is looked at.
		wake := now.Truncate(check.Step).Add(check.Step)
		if due.Before(wake) {
			wake = due
		}
		if !wake.Before(until) || w.clk.Sleep(ctx, wake.Add(w.offset)) != nil {
			break
		}
	}
	samples.Wait()
	w.flush(ctx, true)
	return errors.Join(w.fault, w.void, ctx.Err())
}
