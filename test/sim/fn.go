package sim

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"rouse/shared/clock"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/record"
)

// A fn is one invocation of a function: its clock, its connections, and how
// far it has come. All that it asks of the outside passes through do, where it
// can die or be failed.
type fn struct {
	w       *world
	name    string // "router"
	on      string // what it works on
	id      uint64
	started time.Time
	ends    time.Time     // when it is killed
	offset  time.Duration // of its clock
	calls   int
	faults  int // that befell it; after none it must have done its work
	dead    bool

	// What the watch keeps about it.
	loaded map[incident.Key]int     // when it last read a key
	untold map[string]int           // messages that a carrier took and no timeline tells yet
	claims map[string]record.Notice // the last one for each reporter
	held   bool                     // a sweep that holds its lease
	signal string                   // the last one put
}

// invoke runs body as an invocation that lives at most for limit. then is told
// whether it came to its end, and how.
func (w *world) invoke(name, on string, limit time.Duration, body func(context.Context, *fn) error, then func(error)) {
	if w.broken != nil {
		return
	}
	now := w.clock.Now()
	id := mix(mix(mix(w.seed, word(name)), word(on)), uint64(now.Sub(w.begin)))
	for w.invoked[id] {
		id = mix(id, 1)
	}
	w.invoked[id] = true
	f := &fn{w: w, name: name, on: on, id: id, started: now, ends: now.Add(limit), loaded: map[incident.Key]int{}, untold: map[string]int{}, claims: map[string]record.Notice{}}
	if w.skew > 0 && w.fails(mix(id, 2), 0.5, name, "has a wrong clock for", on) {
		f.offset = spread(mix(id, 3), w.skew) - w.skew/2
	}
	err := errDied
	defer func() {
		f.dead = true
		w.watch.ended(f, err)
		if err != nil && w.out != nil {
			w.tell(f.String(), "ends: %v", err)
		}
		if then != nil {
			then(err)
		}
	}()
	err = body(context.Background(), f)
}

func (f *fn) String() string {
	if f.offset == 0 {
		return fmt.Sprintf("%s(%s)", f.name, f.on)
	}
	return fmt.Sprintf("%s(%s, %+.2fs)", f.name, f.on, f.offset.Seconds())
}

var (
	errDied      = errors.New("died")
	errFailed    = errors.New("it did not answer (simulated)")
	errThrottled = errors.New("throttled (simulated)")
)

// A callKind is what a function asks of the outside.
type callKind int

const (
	reading callKind = iota
	writing
	committing
	hinting
	handing // to a carrier
)

// do has an invocation do something, unless it dies or fails on the way there
// or back. what is for the history.
func (f *fn) do(kind callKind, what string, effect func() error) error {
	f.live()
	w := f.w
	f.calls++
	w.watch.called(f)
	id := f.callID()
	rate := w.rates.fail
	switch {
	case kind == handing:
		rate = w.rates.carrier
	case kind != hinting && w.during(storeFails, "store", ""):
		rate = 0.6
	}
	if w.fails(mix(id, 1), w.rates.die, f.name, "dies before", what) {
		f.die()
	}
	if w.fails(mix(id, 2), rate/2, f.name, "is failed before", what) {
		if kind != handing { // no carrier's word is a reason to have done less
			f.faults++
		}
		return errThrottled
	}
	if kind == committing && w.fails(mix(id, 3), w.rates.conflict, f.name, "meets a conflict in", what) {
		f.faults++
		return loop.ErrConflict
	}
	if w.fails(mix(id, 4), w.rates.slow/2, f.name, "is slow before", what) {
		f.slow(id)
	}
	err := effect()
	if w.fails(mix(id, 5), w.rates.slow/2, f.name, "is slow after", what) {
		f.slow(id)
	}
	if kind == reading {
		return err // to fail after reading is to fail before the next call
	}
	if w.fails(mix(id, 6), w.rates.die, f.name, "dies after", what) {
		f.die()
	}
	if err == nil && w.fails(mix(id, 7), rate/2, f.name, "hears of a failure after", what) {
		f.faults++
		return errFailed
	}
	return err
}

// callID stands for the call that is under way.
func (f *fn) callID() uint64 { return mix(f.id, uint64(f.calls)<<8) }

// live ends an invocation that has died meanwhile or has lived too long.
func (f *fn) live() {
	if f.dead || f.w.broken != nil || f.w.clock.Now().After(f.ends) {
		f.die()
	}
}

// die ends the invocation as kill -9 would: nothing of it runs any more that
// could notice.
func (f *fn) die() {
	f.faults++
	f.dead = true
	runtime.Goexit()
}

// slowest is more than any function has.
const slowest = 40 * time.Second

// slow makes a call take its time: mostly some milliseconds, sometimes more
// than the function has.
func (f *fn) slow(id uint64) {
	f.faults++
	most := 200 * time.Millisecond
	switch u := unit(mix(id, 8)); {
	case u > 0.95:
		most = slowest
	case u > 0.6:
		most = 5 * time.Second
	}
	w := f.w
	w.clock.Sleep(context.Background(), w.clock.Now().Add(spread(mix(id, 9), most)))
	f.live()
}

// A fn is the clock by which it lives.
var _ clock.Clock = (*fn)(nil)

func (f *fn) Now() time.Time { return f.w.clock.Now().Add(f.offset) }

func (f *fn) Sleep(ctx context.Context, until time.Time) error {
	err := f.w.clock.Sleep(ctx, until.Add(-f.offset))
	f.live()
	return err
}

func (f *fn) Group() clock.Group { return group{f.w.clock.Group(), f} }

// A group ends with its invocation.
type group struct {
	clock.Group
	f *fn
}

func (g group) Go(work func()) {
	g.Group.Go(func() {
		g.f.live()
		work()
	})
}

func (g group) Wait() {
	g.Group.Wait()
	g.f.live()
}
