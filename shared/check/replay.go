package check

import (
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
	r := replay{rule: p.filled()}
	samples = slices.Clone(samples)
	slices.SortStableFunc(samples, func(a, b Sample) int { return a.At.Compare(b.At) })
	for _, x := range samples {
		r.add(x)
	}
	r.judge()
	return r.changes
}

type replay struct {
	rule    Params
	state   State
	changes []Change
}

func (r *replay) add(x Sample) {
	if x.At.After(r.state.Latest.At) {
		r.judge()
		r.become(r.state.Tick(r.rule, x.At)) // lost, perhaps
	}
	r.state = r.state.Add(r.rule, x)
}

// judge judges the latest sample.
func (r *replay) judge() { r.become(r.state.Tick(r.rule, r.state.Latest.At.Add(1))) }

func (r *replay) become(s State) {
	if s.Status() != r.state.Status() {
		why := s.Evidence(nil)
		if n := len(s.Untold); n > 0 {
			why = s.Untold[n-1].Words(nil)
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
	r := replay{rule: p.filled()}
	sample := w.Sampler(seed)
	for at := from; at.Before(to); at = plan.Next(at, r.state.Suspicion()) {
		r.add(sample(at))
	}
	r.judge()
	return r.changes
}

// Sampler returns a function that samples the world at the times it is given.
// The same seed and times make the same samples.
func (w World) Sampler(seed uint64) func(at time.Time) Sample {
	rng := rand.New(rand.NewPCG(seed, 0))
	return func(at time.Time) Sample {
		if rng.Float64() < w.Fail(at) {
			return Sample{At: at, Why: "made to fail"}
		}
		return Sample{At: at, OK: true}
	}
}
