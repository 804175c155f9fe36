package check

import (
	"math"
	"slices"
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
//
// The defaults, with the Plan's, were chosen from this table (4,000 outages
// that begin at any moment, 1,000 days of background failures):
//
//	step, sick, threshold | 40% fail: median, over 2 min | 20%: median | 10%: median | false a day at 1%, at 2%
//	5 s,   25%, 14        |  80 s, 21%                   | 203 s       | 773 s       | 0.007, 0.17
//	2.5 s, 25%, 14        |  66 s, 13%                   | 132 s       | 469 s       | 0.005, 0.17
//	2.5 s, 25%, 16        |  66 s, 13%                   | 139 s       | 523 s       | 0.003, 0.06
//	2.5 s, 30%, 16        |  66 s, 13%                   | 141 s       | 585 s       | 0.002, 0.04
//	2.5 s, 40%, 15        |  67 s, 13%                   | 145 s       | 727 s       | 0.001, 0.04
//
// Four failures without a success between them are enough at any step, so that
// samples 20 s apart open within 80 s. TestDetection prints the counts anew,
// beside two common rules.
type Params struct {
	Healthy   float64       // share of samples that fail when all is well; 0.005
	Sick      float64       // share that fails in an outage worth waking for; 0.3
	Threshold float64       // opens when the sum reaches it; 16
	Span      time.Duration // and the failures lie further apart than this; 30 s
	Recovered time.Duration // without a failure it looks recovered; 6 min
	Quiet     time.Duration // without a failure it is well again; 35 min
	Unknown   time.Duration // without a sample nobody knows; 3 min
}

func (p Params) filled() Params {
	if p.Healthy == 0 {
		p.Healthy = 0.005
	}
	if p.Sick == 0 {
		p.Sick = 0.3
	}
	if p.Threshold == 0 {
		p.Threshold = 16
	}
	p.Span = or(p.Span, 30*time.Second)
	p.Recovered = or(p.Recovered, 6*time.Minute)
	p.Quiet = or(p.Quiet, 35*time.Minute)
	p.Unknown = or(p.Unknown, 3*time.Minute)
	return p
}

// downAgain is how long a check that came and went must fail without a break
// to be called down.
const downAgain = 10 * time.Minute

// State is the bounded memory of one check's verdict. It serialises as JSON.
// The zero State is a check that was never sampled: unknown.
//
// Add counts a sample, Tick judges what was counted. An instant is judged once
// time has moved on from it, so the order of samples that started at the same
// instant does not matter.
type State struct {
	// Rev counts the times this state was saved: a store refuses a save that
	// does not follow the one it holds.
	Rev int64 `json:"rev,omitzero"`

	Latest Sample    `json:"latest,omitzero"` // the one that started last
	Good   time.Time `json:"good,omitzero"`   // when the last good one started
	Bad    time.Time `json:"bad,omitzero"`    // when the last failed one started

	Worked bool `json:"worked,omitzero"` // a sample was good, once

	Sum   float64 `json:"sum,omitzero"`   // cumulative, as last judged
	Bads  int     `json:"bads,omitzero"`  // failed samples not yet judged
	Goods int     `json:"goods,omitzero"` // good ones

	// Burst counts since the sum last left zero. Episode counts since the
	// first failure of the trouble for which the check is red.
	Burst   Tally `json:"burst,omitzero"`
	Episode Tally `json:"episode,omitzero"`

	Opened    time.Time `json:"opened,omitzero"`    // when it turned red; zero when it is not
	Came      bool      `json:"came,omitzero"`      // it has worked in between its failures
	BadRun    time.Time `json:"bad_run,omitzero"`   // first failure since the last success
	Quiet     time.Time `json:"quiet,omitzero"`     // since when nobody saw a failure, and somebody looked
	Recovered time.Time `json:"recovered,omitzero"` // since when it looks recovered; zero if it doesn't
	Lost      time.Time `json:"lost,omitzero"`      // since when nobody knows; zero when somebody does
	Since     time.Time `json:"since,omitzero"`     // when the status last changed

	Untold []Turn `json:"untold,omitempty"` // oldest first; see Told

	// Hushed is the bad news that was kept back because the check was muted,
	// HushedUntil when it is heard again, as far as is known; see Hush.
	Hushed      []Kind    `json:"hushed,omitempty"`
	HushedUntil time.Time `json:"hushed_until,omitzero"`

	// History is what is kept of its samples, as package history writes it, and
	// Ended a day of it on its way to the files.
	History []byte `json:"history,omitempty"`
	Ended   *Ended `json:"ended,omitempty"`

	// Claim is the run that samples the check.
	Claim Claim `json:"claim,omitzero"`

	// Suspected is until when a customer's report has the check sampled often.
	// Others write it than who saves the state, so a store keeps it apart.
	Suspected time.Time `json:"-"`
}

// A Claim keeps two runs apart that find themselves sampling one check, as after
// an event that was delivered twice: the one that does not have it leaves the
// check alone until the claim runs out.
type Claim struct {
	Run   string    `json:"run"`
	Until time.Time `json:"until"`
}

// Suspicion is until when the check is sampled often: for a while after a
// failure, and after a report, whatever the verdict says. Zero: it is not.
func (s State) Suspicion() time.Time {
	if s.Bad.IsZero() {
		return s.Suspected
	}
	return later(s.Bad.Add(Hold), s.Suspected)
}

// Red reports whether the check is judged to fail, now or within the quiet time.
func (s State) Red() bool { return !s.Opened.IsZero() }

// Status is what is known of the check as last judged.
func (s State) Status() Status {
	switch {
	case !s.Lost.IsZero():
		return Unknown
	case s.Red() && s.Came:
		return Intermittent
	case s.Red():
		return Down
	case !s.Worked:
		return Unknown
	}
	return Up
}

// Add returns the state with one more sample counted. A sample that started
// before others that were judged already counts as evidence of now.
func (s State) Add(p Params, x Sample) State {
	p = p.filled()
	if x.At.After(s.Latest.At) {
		s = s.Tick(p, x.At)
		if s.Quiet.IsZero() || x.At.Sub(s.Latest.At) > p.Unknown {
			s.Quiet = x.At // a time in which nobody looked was not quiet
		}
		s.Latest = x
	} else if x.At.Equal(s.Latest.At) && !x.OK && (s.Latest.OK || x.Why < s.Latest.Why) {
		s.Latest = x
	}
	if x.OK {
		s.Goods++
		s.Good = later(s.Good, x.At)
		if !s.BadRun.After(s.Good) {
			s.BadRun = time.Time{}
		}
	} else {
		s.Bads++
		s.Bad = later(s.Bad, x.At)
		s.Quiet = later(s.Quiet, x.At)
		if s.BadRun.IsZero() && x.At.After(s.Good) {
			s.BadRun = x.At
		}
	}
	s.Burst = s.Burst.add(x)
	if s.Red() {
		s.Episode = s.Episode.add(x)
	}
	return s
}

// Tick returns the state as judged at the time now. Only time that has passed
// since the latest sample can make a check unknown; all else needs a sample.
func (s State) Tick(p Params, now time.Time) State {
	if s.Latest.At.IsZero() || !now.After(s.Latest.At) {
		return s
	}
	p = p.filled()
	if s.Bads+s.Goods > 0 {
		s = s.judge(p)
	}
	if !s.Bad.IsZero() && now.Sub(s.Bad) >= p.Quiet {
		s.Sum = 0
	}
	if s.Sum == 0 && (!s.Red() || !s.Recovered.IsZero()) {
		s.Burst = Tally{}
	}
	if s.Lost.IsZero() && now.Sub(s.Latest.At) > p.Unknown {
		if s.Status() != Unknown {
			s.Since = s.Latest.At.Add(p.Unknown)
		}
		s.Lost = s.Latest.At.Add(p.Unknown)
		s = s.turn(Lost, s.Lost)
	}
	return s
}

// Told returns the state without the first of its untold turns, once somebody
// has heard of it.
func (s State) Told() State {
	s.Untold = slices.Clone(s.Untold[1:])
	return s
}

// judge draws the conclusions from the samples counted since it last did.
// Failures count before successes.
func (s State) judge(p Params) State {
	before, at := s.Status(), s.Latest.At
	if !s.Lost.IsZero() {
		s.Lost = time.Time{}
		s = s.turn(Found, at)
	}
	s.Worked = s.Worked || s.Goods > 0
	sum := s.Sum + float64(s.Bads)*math.Log(p.Sick/p.Healthy)
	quiet := at.Sub(s.Quiet)
	switch {
	case !s.Red():
		if s.Bads > 0 && sum >= p.Threshold && s.Burst.Last.Sub(s.Burst.First) > p.Span {
			s.Opened, s.Episode = at, s.Burst
			s.Came = s.Good.After(s.Burst.First)
			s = s.turn(Opened, at)
		}
	case s.Bads > 0:
		came := s.Came
		unbroken := !s.BadRun.IsZero() && at.Sub(s.BadRun) >= downAgain
		s.Came = (came || s.Good.After(s.Episode.First)) && !unbroken
		switch {
		case !s.Recovered.IsZero() && sum >= p.Threshold/2:
			s.Recovered = time.Time{}
			s = s.turn(Relapsed, at)
		case !s.Recovered.IsZero():
			s.Recovered = s.Quiet // a lone failure is what a healthy service shows too
		case came && !s.Came:
			s = s.turn(Worse, at)
		}
	case quiet >= p.Quiet:
		s = s.turn(Well, at)
		s.Opened, s.Recovered, s.Came = time.Time{}, time.Time{}, false
		s.Episode, sum = Tally{}, 0
	case quiet >= p.Recovered && s.Recovered.IsZero():
		s.Recovered, sum = s.Quiet, 0
		s = s.turn(Recovered, at)
	}
	// Capped, a sum forgets a blip within some ten minutes, however many
	// samples the blip took: rare blips must not add up to an outage.
	s.Sum = max(0, min(sum, p.Threshold)-float64(s.Goods)*math.Log((1-p.Healthy)/(1-p.Sick)))
	s.Bads, s.Goods = 0, 0
	if s.Status() != before {
		s.Since = at
	}
	return s
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
