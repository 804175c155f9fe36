package check

import (
	"fmt"
	"slices"
	"time"
)

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
	At       time.Time `json:"at"`                // start of the sample that caused it
	Status   Status    `json:"status"`            // from then on
	Evidence Tally     `json:"evidence,omitzero"` // of the episode; Relapsed: since it looked recovered
	Since    time.Time `json:"since,omitzero"`    // Recovered, Well: since when no failure; Lost: no sample
}

// untoldMax bounds the turns kept for a listener that cannot be reached.
const untoldMax = 8

// turn notes that somebody should hear of what has just happened to s.
func (s State) turn(k Kind, at time.Time) State {
	t := Turn{Kind: k, At: at, Status: s.Status(), Evidence: s.Episode}
	switch k {
	case Relapsed:
		t.Evidence = s.Burst
	case Recovered, Well:
		t.Since = s.Quiet
	case Lost:
		t.Since = s.Latest.At
	}
	if k == Well {
		t.Status = Up
	}
	s.Untold = append(slices.Clone(s.Untold), t)
	if len(s.Untold) > untoldMax {
		s.Untold = s.Untold[len(s.Untold)-untoldMax:]
	}
	return s
}

// Words says the turn in a sentence without its full stop, for timelines.
func (t Turn) Words(loc *time.Location) string {
	switch t.Kind {
	case Recovered:
		return "no failure since " + clock(t.Since, loc) + "; before that " + t.Evidence.Words(loc)
	case Well:
		return fmt.Sprintf("no failure for %d minutes; before that %s",
			int(t.At.Sub(t.Since).Minutes()), t.Evidence.Words(loc))
	case Lost:
		return "no sample since " + clock(t.Since, loc)
	case Found:
		return "sampled again at " + clock(t.At, loc)
	}
	return t.Evidence.Words(loc)
}
