package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/history"
)

// A watcher keeps the verdict of one check during a run.
type watcher struct {
	check   check.Check
	rule    check.Params
	clk     clock.Clock
	sampler Sampler
	store   Store
	raise   func(context.Context, Transition) error
	muted   func(context.Context, string) time.Time
	offset  time.Duration
	id      string    // of the run
	until   time.Time // when it ends
	// inFlight counts the samples under way of all checks.
	inFlight *atomic.Int64

	mu      sync.Mutex // guards what follows; never held while anything waits
	state   check.State
	loaded  bool           // state grew from the stored one
	unsaved []check.Sample // counted in state, not in the stored one
	dirty   bool           // state differs from the stored one
	busy    bool           // somebody flushes
	stale   int64          // Rev of the last save that was refused as stale
	tried   int            // how many of unsaved were in it
	fault   error          // what the last flush could not do
	void    error          // why nobody looked when it was due
}

// seen is when the last sample started, and until when the check is under
// suspicion.
func (w *watcher) seen() (last, suspect time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state.Latest.At, w.state.Suspicion()
}

// claimFor is how long a run has a check to itself after each save. A run that
// goes on saves sooner than that, unless all is well, and then two do no harm.
const claimFor = 20 * time.Second

// claimed is until when another run samples the check; zero: none does.
func (w *watcher) claimed() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state.Claim.Run == w.id {
		return time.Time{}
	}
	return w.state.Claim.Until
}

// claim is what a save says of who samples the check: this run, unless another
// does or it ends.
func (w *watcher) claim(last bool) check.Claim {
	now := w.clk.Now()
	switch c := w.state.Claim; {
	case c.Run != w.id && c.Until.After(now):
		return c
	case last:
		return check.Claim{Run: w.id}
	}
	until := now.Add(claimFor)
	if w.until.Before(until) {
		until = w.until
	}
	return check.Claim{Run: w.id, Until: until}
}

// reload looks at what other runs have saved.
func (w *watcher) reload(ctx context.Context) {
	w.mu.Lock()
	w.loaded = false
	w.mu.Unlock()
	w.flush(ctx, false)
}

// sample takes one sample and sees to what follows from it.
func (w *watcher) sample(ctx context.Context, at time.Time) {
	x, err := w.take(ctx, at)
	w.mu.Lock()
	if err != nil {
		w.void = err // nobody looked: that is no sample
	} else {
		w.unsaved = append(w.unsaved, x)
		w.state = w.state.Add(w.rule, x)
		w.dirty = true
	}
	w.mu.Unlock()
	w.flush(ctx, false)
}

func (w *watcher) take(ctx context.Context, at time.Time) (x check.Sample, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the sampler panicked: %v", r)
		}
	}()
	x = w.sampler.Sample(ctx, w.check, at)
	x.At = at
	if x.Void != "" {
		err = errors.New(x.Void)
	}
	return x, err
}

// flush loads, saves and raises what has to be now; the last flush of a run
// saves whatever has changed. One goroutine flushes for all that come while it
// does.
func (w *watcher) flush(ctx context.Context, last bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy {
		return
	}
	w.busy = true
	defer func() { w.busy = false }()
	for range 100 { // a store that is always stale must not hold us
		w.state = w.state.Tick(w.rule, w.clk.Now())
		if w.loaded {
			w.hush(ctx)
		}
		turns := len(w.state.Untold) > 0
		var err error
		switch {
		case !w.loaded:
			err = w.load(ctx)
		case w.dirty && (last || turns || w.failed()):
			err = w.save(ctx, last)
		case turns:
			err = w.tell(ctx)
		default:
			w.fault = nil
			return
		}
		if err != nil {
			if w.fault == nil || ctx.Err() == nil { // being out of time hides no cause
				w.fault = err
			}
			return
		}
		w.fault = nil
	}
	w.fault = errors.New("the state changes faster than it can be saved")
}

// hush keeps the verdict of a muted check to itself, excuses its failures, and
// tells the verdict afterwards. While all is well it asks nobody. Called with
// w.mu held, it lets go of it while it waits.
func (w *watcher) hush(ctx context.Context) {
	if w.muted == nil || len(w.state.Untold)+len(w.state.Hushed) == 0 && !w.failed() {
		return
	}
	w.mu.Unlock()
	until := w.muted(ctx, w.check.Name)
	w.mu.Lock()
	before := w.state
	if now := w.clk.Now(); until.After(now) {
		w.state = w.state.Hush(until)
		for i := range w.unsaved {
			w.unsaved[i].Excused = !w.unsaved[i].OK
		}
	} else {
		w.state = w.state.Speak(now)
	}
	if len(w.state.Untold) != len(before.Untold) || !slices.Equal(w.state.Hushed, before.Hushed) || !w.state.HushedUntil.Equal(before.HushedUntil) {
		w.dirty = true
	}
}

// failed reports whether a failed sample is not saved.
func (w *watcher) failed() bool {
	for _, x := range w.unsaved {
		if !x.OK {
			return true
		}
	}
	return false
}

// load, save and tell are called with w.mu held and let go of it while they
// wait.

func (w *watcher) load(ctx context.Context) error {
	w.mu.Unlock()
	s, err := w.store.LoadCheck(ctx, w.check.Name)
	w.mu.Lock()
	if err != nil {
		return err
	}
	if w.stale > 0 && s.Rev == w.stale && s.Claim.Run == w.id {
		// It was ours: the answer to it was lost, and the store asked again.
		w.unsaved = append([]check.Sample(nil), w.unsaved[w.tried:]...)
	}
	w.stale = 0
	for _, x := range w.unsaved {
		s = s.Add(w.rule, x)
	}
	w.state, w.loaded, w.dirty = s, true, len(w.unsaved) > 0
	return nil
}

func (w *watcher) save(ctx context.Context, last bool) error {
	n := len(w.unsaved)
	s := history.Add(w.state, w.check.Interval(), w.unsaved).Saving()
	s.Claim = w.claim(last)
	w.dirty = false
	w.mu.Unlock()
	err := w.store.SaveCheck(ctx, w.check.Name, s)
	w.mu.Lock()
	switch {
	case errors.Is(err, ErrStale): // another run of this minute; ours joins it
		w.loaded, w.dirty = false, true
		w.stale, w.tried = s.Rev, n
		return nil
	case err != nil:
		w.dirty = true
		return err
	}
	w.state.Rev, w.state.Claim, w.state.History, w.state.Ended = s.Rev, s.Claim, s.History, s.Ended
	w.state = w.state.Saved()
	w.unsaved = append([]check.Sample(nil), w.unsaved[n:]...)
	return nil
}

func (w *watcher) tell(ctx context.Context) error {
	t := w.state.Untold[0]
	x := Transition{
		ID:         fmt.Sprintf("%s/%s/%s", w.check.Name, t.At.UTC().Format(time.RFC3339Nano), t.Kind),
		Check:      w.check.Name,
		Capability: w.check.Capability,
		Turn:       t,
		State:      w.state,
	}
	w.mu.Unlock()
	err := w.raise(ctx, x)
	w.mu.Lock()
	if err != nil {
		return err
	}
	if u := w.state.Untold; len(u) > 0 && u[0].Kind == t.Kind && u[0].At.Equal(t.At) {
		w.state, w.dirty = w.state.Told(), true
	}
	return nil
}
