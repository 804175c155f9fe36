package check

import (
	"math"
	"time"
)

// Status is what is known of a check.
type Status string

const (
	Up           Status = "up"
	Intermittent Status = "intermittent" // fails, and works in between
	Down         Status = "down"         // fails, and has not come and gone
	Unknown      Status = "unknown"      // nobody looked lately, or never with success
)

// Params are the verdict's rule: a cumulative sum of log-likelihood ratios
// (E. S. Page, Continuous inspection schemes, Biometrika 41, 1954) of "sick"
// against "healthy". Zero fields mean the defaults.
type Params struct {
	Healthy   float64       // share of samples that fail when all is well; 0.005
	Sick      float64       // share that fails in an outage worth waking for; 0.25
	Threshold float64       // opens when the sum reaches it; 14
	Span      time.Duration // and the failures lie at least this far apart; 30 s
	Recovered time.Duration // without a failure it looks recovered; 6 min
	Quiet     time.Duration // without a failure it is well again; 35 min
	Unknown   time.Duration // without a sample nobody knows; 3 min
}

func (p Params) filled() Params {
	if p.Healthy == 0 {
		p.Healthy = 0.005
	}
	if p.Sick == 0 {
		p.Sick = 0.25
	}
	if p.Threshold == 0 {
		p.Threshold = 14
	}
	p.Span = or(p.Span, 30*time.Second)
	p.Recovered = or(p.Recovered, 6*time.Minute)
	p.Quiet = or(p.Quiet, 35*time.Minute)
	p.Unknown = or(p.Unknown, 3*time.Minute)
	return p
}

// badWeight is what a failure adds to the sum, goodWeight what a success takes.
func (p Params) badWeight() float64  { return math.Log(p.Sick / p.Healthy) }
func (p Params) goodWeight() float64 { return math.Log((1 - p.Healthy) / (1 - p.Sick)) }

const (
	// downAgain is how long a check that came and went must fail without a
	// break to be called down.
	downAgain = 10 * time.Minute
	// untoldMax bounds the turns kept for a listener that cannot be reached.
	untoldMax = 8
)

// State is the bounded memory of one check's verdict. It serialises as JSON.
// The zero State is a check that was never sampled: unknown.
type State struct {
	// Rev counts the times this state was saved: a store refuses a save that
	// does not follow the one it holds.
	Rev int64 `json:"rev,omitzero"`

	Latest Sample    `json:"latest,omitzero"` // the one that started last
	Good   time.Time `json:"good,omitzero"`   // when the last good one started
	Bad    time.Time `json:"bad,omitzero"`    // when the last failed one started

	// Sum is the cumulative sum before the instant of Latest; Bads and Goods
	// are the samples at that instant. At one instant failures count first, so
	// their order does not matter.
	Sum   float64 `json:"sum,omitzero"`
	Bads  int     `json:"bads,omitzero"`
	Goods int     `json:"goods,omitzero"`

	// Burst counts since the sum last left zero, Episode since the check
	// turned red; while it is not red Episode is empty.
	Burst   Tally `json:"burst,omitzero"`
	Episode Tally `json:"episode,omitzero"`

	Opened    time.Time `json:"opened,omitzero"`    // when it turned red; zero when it is not
	Came      bool      `json:"came,omitzero"`      // it has worked and failed again since then
	BadRun    time.Time `json:"bad_run,omitzero"`   // first failure since the last success
	Quiet     time.Time `json:"quiet,omitzero"`     // since when nothing but good samples, without a gap
	Recovered time.Time `json:"recovered,omitzero"` // since when it looks recovered; zero if it doesn't
	Lost      time.Time `json:"lost,omitzero"`      // since when nobody knows; zero when somebody does
	Since     time.Time `json:"since,omitzero"`     // when Status last changed

	Untold []Turn `json:"untold,omitempty"` // oldest first; see Told
}

// Kind is what happened to a verdict.
type Kind string

const (
	Opened    Kind = "opened"    // it turned red
	Worse     Kind = "worse"     // it came and went, and now only fails
	Recovered Kind = "recovered" // still red, but it looks recovered
	Relapsed  Kind = "relapsed"  // it looked recovered, and fails again
	Well      Kind = "well"      // no longer red: the quiet time has passed
	Lost      Kind = "lost"      // nobody has looked for too long
	Found     Kind = "found"     // somebody looks again
)

// A Turn is a change of the verdict that somebody should hear of.
type Turn struct {
	Kind     Kind      `json:"kind"`
	At       time.Time `json:"at"` // start of the sample that caused it
	Status   Status    `json:"status"`
	Evidence Tally     `json:"evidence,omitzero"`
	Since    time.Time `json:"since,omitzero"` // Recovered, Well: since when no failure; Lost: no sample
}

// Red reports whether the check is judged to fail, now or within the quiet time.
func (s State) Red() bool { return !s.Opened.IsZero() }

// Status is what is known of the check as of its last Add or Tick.
func (s State) Status() Status {
	switch {
	case !s.Lost.IsZero():
		return Unknown
	case s.Red() && s.Came:
		return Intermittent
	case s.Red():
		return Down
	case s.Good.IsZero():
		return Unknown
	}
	return Up
}

// Add returns the state after one more sample.
//
// A sample that started before the latest one (it took longer) counts as
// evidence of that later instant.
func (s State) Add(p Params, x Sample) State {
	p = p.filled()
	before := s.Status()
	s.Untold = append([]Turn(nil), s.Untold...)
	if s.Latest.At.IsZero() || x.At.After(s.Latest.At) {
		gap := !s.Latest.At.IsZero() && x.At.Sub(s.Latest.At) > p.Unknown
		s = s.advance(p, x.At)
		if gap || s.Quiet.IsZero() {
			s.Quiet = x.At // time in which nobody looked was not quiet
		}
		s.Latest = x
	} else if x.At.Equal(s.Latest.At) && !x.OK {
		s.Latest = x
	}
	found := !s.Lost.IsZero()
	s.Lost = time.Time{}
	if x.OK {
		s = s.good(p, x)
	} else {
		s = s.bad(p, x)
	}
	if found && len(s.Untold) == 0 {
		s = s.turn(Found, x.At)
	}
	return s.changed(before, x.At)
}

// Tick returns the state as the time now finds it: unknown when no sample has
// started for too long. All else a verdict does, it does because of a sample.
func (s State) Tick(p Params, now time.Time) State {
	p = p.filled()
	if s.Latest.At.IsZero() || !s.Lost.IsZero() || now.Sub(s.Latest.At) <= p.Unknown {
		return s
	}
	before := s.Status()
	s.Untold = append([]Turn(nil), s.Untold...)
	s.Lost = s.Latest.At.Add(p.Unknown)
	s = s.turn(Lost, s.Lost)
	return s.changed(before, s.Lost)
}

// Told returns the state without the first of its untold turns, once somebody
// has heard of it.
func (s State) Told() State {
	s.Untold = append([]Turn(nil), s.Untold[1:]...)
	return s
}

// advance closes the books on the latest instant.
func (s State) advance(p Params, to time.Time) State {
	s.Sum = max(0, s.Sum+float64(s.Bads)*p.badWeight()-float64(s.Goods)*p.goodWeight())
	s.Bads, s.Goods = 0, 0
	forgotten := !s.Bad.IsZero() && to.Sub(s.Bad) >= p.Quiet
	if forgotten {
		s.Sum = 0
	}
	if s.Sum == 0 && (!s.Red() || !s.Recovered.IsZero()) {
		s.Burst = Tally{}
	}
	return s
}

func (s State) good(p Params, x Sample) State {
	s.Goods++
	if x.At.After(s.Good) {
		s.Good = x.At
	}
	if !s.Good.Before(s.BadRun) {
		s.BadRun = time.Time{}
	}
	s.Burst = s.Burst.add(x)
	if !s.Red() {
		return s
	}
	s.Episode = s.Episode.add(x)
	quiet := x.At.Sub(s.Quiet)
	switch {
	case quiet >= p.Quiet:
		s = s.turn(Well, x.At)
		s.Opened, s.Recovered, s.Came = time.Time{}, time.Time{}, false
		s.Sum, s.Burst, s.Episode = 0, Tally{}, Tally{}
	case quiet >= p.Recovered && s.Recovered.IsZero():
		s.Recovered = s.Quiet
		s.Sum, s.Bads, s.Burst = 0, 0, Tally{}
		s = s.turn(Recovered, x.At)
	}
	return s
}

func (s State) bad(p Params, x Sample) State {
	s.Bads++
	if x.At.After(s.Bad) {
		s.Bad = x.At
	}
	if x.At.After(s.Quiet) {
		s.Quiet = x.At
	}
	if s.BadRun.IsZero() && x.At.After(s.Good) {
		s.BadRun = x.At
	}
	s.Burst = s.Burst.add(x)
	sum := s.Sum + float64(s.Bads)*p.badWeight()
	if !s.Red() {
		if sum >= p.Threshold && s.Burst.Last.Sub(s.Burst.First) >= p.Span {
			s.Opened = x.At
			s.Came = s.Burst.Failed < s.Burst.Samples
			s.Episode = s.Burst
			s = s.turn(Opened, x.At)
		}
		return s
	}
	if s.Good.After(s.Episode.First) {
		s.Came = true
	}
	s.Episode = s.Episode.add(x)
	if !s.Recovered.IsZero() {
		s.Recovered = x.At
		// A lone failure is what a healthy service shows too.
		if sum >= p.Threshold/2 {
			s.Recovered = time.Time{}
			s = s.turn(Relapsed, x.At)
		}
		return s
	}
	if s.Came && !s.BadRun.IsZero() && x.At.Sub(s.BadRun) >= downAgain {
		s.Came = false
		s = s.turn(Worse, x.At)
	}
	return s
}

func (s State) turn(k Kind, at time.Time) State {
	t := Turn{Kind: k, At: at, Status: s.Status(), Evidence: s.Episode}
	switch k {
	case Relapsed:
		t.Evidence = s.Burst
	case Recovered:
		t.Since = s.Recovered
	case Well:
		t.Status, t.Since = Up, s.Quiet
	case Lost:
		t.Since = s.Latest.At
	}
	s.Untold = append(s.Untold, t)
	if len(s.Untold) > untoldMax {
		s.Untold = s.Untold[len(s.Untold)-untoldMax:]
	}
	return s
}

func (s State) changed(before Status, at time.Time) State {
	if s.Status() != before {
		s.Since = at
	}
	return s
}
