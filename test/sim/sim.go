// Package sim runs the whole of Rouse on a simulated clock, network, table and
// carriers, and breaks everything around it: functions die between any two
// beats, messages are lost, late, doubled and overtake each other, the table
// and the carriers fail, are slow or disagree, clocks differ, sweeps stop, and
// people press buttons at the worst moment. What decides, stores, sends, reads
// and tells is the real code.
//
// A seed is a history: the same seed gives the same one, to the nanosecond.
// While it runs, a watch holds what happens against the invariants in
// watch.go. A seed that breaks one can be told (History) and made smaller
// (Shrink).
//
// Nothing is drawn from a stream of random numbers. Whether something goes
// wrong follows from the seed and from where it could go wrong, so taking one
// fault away leaves the others as they were.
package sim

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"rouse/shared/loop"
)

// Options of a run. The zero Options are the system as it is.
type Options struct {
	// Above stands between the functions and what the simulator watches: it is
	// how a test makes them ask for the wrong thing. Nil: nothing does.
	Above func(Store) Store
	// Below stands between what the simulator watches and the memory: it is how
	// a test makes a store that does not hold what it promises.
	Below func(Store) Store
	// Team changes what decisions rest on, Sender the way to the carriers.
	Team   func(loop.Team) loop.Team
	Sender func(loop.Sender) loop.Sender

	// History, if not nil, is where the history is told.
	History io.Writer
	// keep are the steps and faults that may happen; nil is all of them.
	keep map[uint64]bool
}

// A Result is what became of a seed.
type Result struct {
	Seed      uint64
	Team      string        // its file
	Violation *Violation    // nil: every invariant held
	Incidents int           // that opened
	Open      time.Duration // of all of them together
	Pages     int           // that a carrier accepted
	Faults    int
	happened  []Happening
}

// A Violation is an invariant that does not hold.
type Violation struct {
	Invariant string
	Why       string
	At        time.Time
}

func (v *Violation) Error() string {
	return fmt.Sprintf("%s: %s", v.Invariant, v.Why)
}

// Times of a history.
const (
	faultsFor = 2 * time.Hour // how long things happen and go wrong
	calmFor   = 15 * time.Minute
)

// Run lives through the history of a seed.
func Run(seed uint64, o Options) Result {
	p := newPlan(seed)
	w := newWorld(p, o)
	w.start()
	end := p.begin.Add(faultsFor + calmFor)
	for t := p.begin; t.Before(end) && w.broken == nil; t = t.Add(time.Minute) {
		w.clock.Run(t.Add(time.Minute))
	}
	now := w.clock.Now()
	if w.broken == nil {
		w.watch.atTheEnd()
	} else {
		w.clock.Run(now.Add(slowest)) // whoever sleeps wakes up, sees that it is over and ends
	}
	r := Result{Seed: seed, Team: p.team.name, Violation: w.broken, Faults: w.faults, Pages: w.watch.accepted, happened: w.happened}
	r.Incidents, r.Open = w.watch.incidents(now)
	return r
}

// quiet is every function's log.
var quiet = slog.New(slog.DiscardHandler)
