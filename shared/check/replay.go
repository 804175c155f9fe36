package check

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// A Change is one row of a replay: from At on, the status.
type Change struct {
	At    time.Time `json:"at"`
	State Status    `json:"state"`
	Why   string    `json:"why"`
}

// Replay puts samples through the verdict in the order of their times and
// returns each change of its status. Words are in UTC.
func Replay(p Params, samples []Sample) []Change {
	r := replay{p: p.filled()}
	samples = slices.Clone(samples)
	slices.SortStableFunc(samples, func(a, b Sample) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		if a.OK != b.OK { // failures first, as the verdict counts them
			if b.OK {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Why, b.Why)
	})
	for _, x := range samples {
		r.add(x)
	}
	return r.changes
}

type replay struct {
	p       Params
	state   State
	changes []Change
}

func (r *replay) add(x Sample) {
	r.set(r.state.Tick(r.p, x.At))
	r.set(r.state.Add(r.p, x))
}

func (r *replay) set(s State) {
	if before := r.state.Status(); s.Status() != before {
		why := s.Evidence(nil)
		for _, t := range s.Untold {
			why = t.Words(nil)
		}
		r.changes = append(r.changes, Change{At: s.Since, State: s.Status(), Why: why})
	}
	s.Untold = nil // a replay tells nobody else
	r.state = s
}

// A World is a made-up service: the times in which it fails, and how often.
type World []Weather

// Weather is a stretch of time, To excluded, in which a sample fails with
// probability Fail. Where stretches overlap the worst one holds; outside all
// of them nothing fails.
type Weather struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Fail float64   `json:"fail"`
}

// Fail is the probability that a sample at t fails.
func (w World) Fail(t time.Time) float64 {
	worst := 0.0
	for _, x := range w {
		if !t.Before(x.From) && t.Before(x.To) {
			worst = max(worst, x.Fail)
		}
	}
	return worst
}

// Replay samples the world as the plan would live, from from until to, and
// returns the changes of the verdict. The same seed makes the same history.
func (w World) Replay(p Params, plan Plan, seed uint64, from, to time.Time) []Change {
	r := replay{p: p.filled()}
	w.live(&r, plan, seed, from, to)
	return r.changes
}

func (w World) live(r *replay, plan Plan, seed uint64, from, to time.Time) {
	rng := rand.New(rand.NewPCG(seed, 0))
	for at := from; at.Before(to); at = plan.Next(at, r.state.Bad, at) {
		x := Sample{At: at, OK: rng.Float64() >= w.Fail(at)}
		if !x.OK {
			x.Why = "made to fail"
		}
		r.add(x)
	}
}
