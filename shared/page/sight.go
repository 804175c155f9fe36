package page

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"rouse/shared/incident"
)

// A Status is what is known of the trouble now.
type Status string

const (
	Down      Status = "down"      // it fails
	OnOff     Status = "on/off"    // it fails, and works in between
	Unchecked Status = "unchecked" // the check has not been heard of: nobody knows
	Recovered Status = "recovered" // it failed, and has stopped
	Drill     Status = "drill"     // nothing is wrong
	Uncovered Status = "uncovered" // the rota will wake nobody
	Reported  Status = "reported"  // no check watches it: customers say so
	Raised    Status = "raised"    // somebody, or a monitor that is not ours, says so
)

// A Sight is what the evidence of an incident comes to.
type Sight struct {
	Status Status
	// Since is when the trouble began.
	Since time.Time
	// Fresh is when it last began: after Since if it had looked recovered.
	Fresh time.Time
	// Well is since when it looks recovered; zero unless it does.
	Well   time.Time
	Failed string // of the samples: "11/40"; "" if none counts
	Words  string // the evidence in words; "" without a check
	Zone   string // of the times in Words; "" if there are none
	Checks int    // that fail now
}

// See says what the evidence of an incident comes to: of its checks the worst
// one speaks.
func See(in incident.Incident) Sight {
	s := Sight{Status: Reported, Since: in.Opened, Fresh: in.Opened}
	switch {
	case in.Rehearsed():
		s.Status = Drill
		return s
	case !in.Hole.To.IsZero():
		s.Status, s.Since, s.Words = Uncovered, in.Hole.From, in.Hole.Why
		return s
	}
	sooner := func(t time.Time) {
		if !t.IsZero() && t.Before(s.Since) {
			s.Since = t
		}
	}
	sooner(in.FirstReport)
	names := slices.Sorted(maps.Keys(in.Checks))
	if len(names) == 0 {
		s.Fresh = s.Since
		return s
	}
	worst := slices.MaxFunc(names, func(a, b string) int {
		x, y := in.Checks[a], in.Checks[b]
		return cmp.Or(cmp.Compare(badness(x), badness(y)), y.Since.Compare(x.Since))
	})
	for _, name := range names {
		e := in.Checks[name]
		if e.Red {
			sooner(e.Since)
		}
		if badness(e) > 1 {
			s.Checks++
		}
	}
	e := in.Checks[worst]
	s.Fresh = e.Since
	s.Failed, _, _ = strings.Cut(e.Short, " ")
	s.Words = Mask(e.Words)
	if timeOfDay.MatchString(e.Words) {
		s.Zone = cmp.Or(e.Zone, "UTC")
	}
	switch {
	case !in.RecoveredAt.IsZero():
		s.Status, s.Well = Recovered, in.RecoveredAt
	case e.Status == "down":
		s.Status = Down
	case e.Status == "unknown":
		s.Status = Unchecked
	case e.Status == incident.StatusRaised:
		s.Status = Raised
	default:
		s.Status = OnOff
	}
	return s
}

// timeOfDay matches a time in the words of evidence, which are put once for all
// readers, by the clock of one zone.
var timeOfDay = regexp.MustCompile(`\b\d\d:\d\d\b`)

// badness orders evidence: what fails now, then what nobody knows, then what
// looks recovered, then what is well.
func badness(e incident.Evidence) int {
	switch {
	case !e.Red:
		return 0
	case !e.WellSince.IsZero():
		return 1
	case e.Status == "unknown":
		return 2
	case e.Status == "down":
		return 5
	case e.Status == incident.StatusRaised:
		return 3
	}
	return 4
}

// An Answer is what came of paging somebody.
type Answer string

const (
	Has        Answer = "has it"
	Ringing    Answer = "being paged now"
	Silent     Answer = "no answer"
	Cannot     Answer = "cannot take it"
	Unreached  Answer = "could not be reached"
	Unanswered Answer = "paged" // before somebody took it
)

// ringFor is how long somebody who has just been paged is not called silent.
const ringFor = time.Minute

// A Party is somebody who was paged about an incident, and what came of it.
type Party struct {
	Who    string // responder id
	At     time.Time
	Answer Answer
}

// Parties lists who was paged, in the order in which they first were.
func Parties(in incident.Incident, now time.Time) []Party {
	var parties []Party
	for _, p := range in.Paged {
		if !slices.ContainsFunc(parties, func(q Party) bool { return q.Who == p.Who }) {
			parties = append(parties, party(in, p.Who, now))
		}
	}
	return parties
}

func party(in incident.Incident, who string, now time.Time) Party {
	p := Party{Who: who}
	var declined time.Time
	times, attempts, failed := 0, 0, 0
	heard := func(at time.Time) {
		if !at.After(now) && at.After(p.At) {
			p.At = at
		}
	}
	first := now
	for _, q := range in.Paged {
		if q.Who == who {
			times += q.Times
			declined = q.Declined
			heard(q.At)
		}
	}
	for _, a := range in.Attempts {
		if a.Who == who {
			attempts++
			heard(a.Due)
			if a.Due.Before(first) {
				first = a.Due
			}
			if a.Outcome == "failed" {
				failed++
			}
		}
	}
	switch {
	case who == in.Owner:
		p.Answer, p.At = Has, in.OwnedSince
	case !declined.IsZero() && !declined.Before(p.At):
		p.Answer, p.At = Cannot, declined
	case in.State != incident.Triggered:
		p.Answer = Unanswered
	case attempts > 0 && failed == attempts:
		p.Answer = Unreached
	case times == attempts && now.Sub(first) < ringFor: // paged by the present step, and never before
		p.Answer = Ringing
	default:
		p.Answer = Silent
	}
	return p
}
