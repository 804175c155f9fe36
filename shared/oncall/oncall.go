// Package oncall says who is on call when, and when nobody is.
//
// A schedule is a stack of layers; a later layer wins where it has somebody.
// A layer is a rotation of members who take turns of equal length by the wall
// clock, and may be restricted to some hours of some days. Overrides win over
// all layers. A responder who is away holds nothing: the layer below does, or
// nobody.
//
// The choices where clocks are ambiguous:
//
//   - Handoff n is the wall-clock time start + n × period, hours included, in
//     the schedule's zone. A time that does not exist becomes the first instant
//     after the gap, one that exists twice is its first occurrence, and a month
//     without that day hands off on its last day. Turns that have no length
//     because of this are passed over.
//   - A restriction begins at the first and ends at the last occurrence of its
//     times, so that doubt overlaps and never leaves a hole.
//   - Before its start a rotation holds nobody.
//   - The end of anything is exclusive. Time counts in whole seconds: what
//     comes with fractions takes effect at the second it lies in.
//
// Everything here is pure: no clock, no input, no output. A Rota is not
// changed by any method and may be shared between goroutines.
package oncall

import "time"

// A Rota is everything that decides who is on call. A caller adds the
// overrides and away periods that were made since the deployment to a copy.
type Rota struct {
	People    map[string]Person   // by responder id; somebody who is not here can be on call but is never reachable
	Schedules map[string]Schedule // by schedule id
}

// A Person is a responder.
type Person struct {
	Name string         // for people to read; "" means the id serves
	Zone *time.Location // where they live; nil means the schedule's zone
	Away []Away         // in any order, may overlap
}

// Away is a time in which a person holds no shift.
type Away struct {
	From time.Time // zero means since always
	To   time.Time // exclusive; zero means until further notice
	Why  string    // for people to read; may be ""
}

// A Schedule without layers and overrides is one long hole.
type Schedule struct {
	Zone      *time.Location // nil means UTC
	Layers    []Layer        // later ones win where they have somebody
	Overrides []Override     // win over all layers; of two at once the later in the list wins
}

// A Layer is one rotation with the hours in which it applies.
type Layer struct {
	Name     string
	Rotation []Member
	Every    Period        // length of a turn; one that is not positive holds nobody
	Start    Civil         // handoff 0, in the schedule's zone
	During   []Restriction // the layer applies in any of these; none means always
}

// A Member is one place in a rotation: a person, or several who are on call
// together.
//
// Turns go round the places in their order. At each handoff the turn passes to
// the next place whose member is in the rotation then, so that a member who
// joins or leaves changes nothing before that date and nobody's turn is skipped
// or doubled by it. Who leaves in the middle of a turn hands the rest of it to
// that next place. A successor listed right after the one who leaves, joining
// at that instant, takes over exactly their turns and moves nobody else's.
type Member struct {
	Who  []string
	From time.Time // joined; zero means always was in
	To   time.Time // left, exclusive; zero means never leaves
}

// An Override puts people on call instead of what the layers say.
type Override struct {
	Who      []string // those of them who are away are left out; if nobody remains the layers decide
	From, To time.Time
	Why      string
}

// A Shift is a time in which the same people are on call.
type Shift struct {
	From, To time.Time // To is exclusive and after From
	Who      []string  // sorted responder ids; empty is a hole. Not to be modified.
}

// A Lane is what one layer of a schedule holds by itself, before later layers
// and overrides win over it.
type Lane struct {
	Name   string
	Shifts []Shift
}

// Shifts returns the shifts of a schedule from from to to, layers, overrides
// and away periods applied: in order, without overlap, together exactly the
// window, neighbours always different, holes as shifts with nobody. A schedule
// that does not exist is one hole. An empty window has no shifts.
func (r Rota) Shifts(schedule string, from, to time.Time) []Shift {
	s := r.sweep(schedule, from, to)
	return s.shifts(s.at, from, to)
}

// At returns the sorted ids of those on call at t, none if nobody is.
func (r Rota) At(schedule string, t time.Time) []string {
	who, _ := r.sweep(schedule, t, t.Add(time.Second)).at(t.Unix())
	return who
}

// Lanes returns what each layer holds by itself in the window, in the order of
// the layers, and last the overrides if any of them lies in it. Each lane's
// shifts have the properties that Shifts promises.
func (r Rota) Lanes(schedule string, from, to time.Time) []Lane {
	s := r.sweep(schedule, from, to)
	var lanes []Lane
	for _, l := range s.layers {
		lanes = append(lanes, Lane{l.name, s.shifts(l.at, from, to)})
	}
	if !s.overrides.none() {
		lanes = append(lanes, Lane{"overrides", s.shifts(s.overrides.at, from, to)})
	}
	return lanes
}
