package oncall

import (
	"slices"
	"strconv"
	"time"
)

// A Restriction is the hours of the days in which a layer applies. It begins on
// each of the days at From, and ends at To of that day, or of the next if To is
// not after From.
type Restriction struct {
	Days     Days // the days on which it begins
	From, To TimeOfDay
	Own      bool // by the clock of each responder's own zone, not the schedule's
}

// At reports whether t lies in the restriction by the clock of zone (nil means
// UTC), and if so until when it lasts.
func (r Restriction) At(zone *time.Location, t time.Time) (until time.Time, in bool) {
	from, to := r.window(newZone(zone), t.Unix())
	return time.Unix(to, 0).In(t.Location()), from <= t.Unix()
}

// A layer is a Layer within a sweep. It answers for instants that never go
// back.
type layer struct {
	name   string
	spec   *Layer
	sweep  *sweep
	zone   *zone
	start  int64      // handoff 0 by the wall clock
	whos   [][]string // by place: sorted, each once; nil until who asks
	joints []int64    // instants at which somebody joins or leaves: sorted, each once

	turn     int   // the current turn, -1 before the first
	turnEnds int64 // until which turn is right

	who   []string // the last answer
	until int64    // until which who is right
}

func (s *sweep) layer(i int, spec *Layer, zone *zone) *layer {
	l := &layer{name: spec.Name, spec: spec, sweep: s, zone: zone, start: spec.Start.unix(), turnEnds: always, until: always}
	if l.name == "" {
		l.name = "layer " + strconv.Itoa(i+1)
	}
	l.whos = make([][]string, len(spec.Rotation))
	for _, m := range spec.Rotation {
		for _, t := range [...]time.Time{m.From, m.To} {
			if !t.IsZero() {
				l.joints = append(l.joints, t.Unix())
			}
		}
	}
	slices.Sort(l.joints)
	l.joints = slices.Compact(l.joints)
	return l
}

// at returns who holds the layer at t, and an instant after t until which that
// does not change.
func (l *layer) at(t int64) ([]string, int64) {
	if t >= l.until {
		l.who, l.until = l.present(t)
	}
	return l.who, l.until
}

func (l *layer) present(t int64) ([]string, int64) {
	place, until := l.place(t)
	if place < 0 {
		return nil, until
	}
	return l.sweep.present(l.people(place), t, until, l.applies)
}

// people returns who has a place in the rotation.
func (l *layer) people(place int) []string {
	if l.whos[place] == nil {
		l.whos[place] = people(l.spec.Rotation[place].Who)
	}
	return l.whos[place]
}

// applies reports whether the layer's restrictions admit who at t, and an
// instant until which that does not change.
func (l *layer) applies(who string, t int64) (bool, int64) {
	if len(l.spec.During) == 0 {
		return true, never
	}
	until := never
	in := false
	for i := range l.spec.During {
		r := &l.spec.During[i]
		z := l.zoneOf(r, who)
		from, to := r.window(z, t)
		switch {
		case from > t:
			if !in {
				until = min(until, from)
			}
		case !in:
			in, until = true, to
		default:
			until = max(until, to)
		}
	}
	return in, until
}

// zoneOf returns the zone by whose clock r restricts who.
func (l *layer) zoneOf(r *Restriction, who string) *zone {
	if loc := l.sweep.rota.People[who].Zone; r.Own && loc != nil {
		return l.sweep.zone(loc)
	}
	return l.zone
}

// window returns the time [from, to) of the restriction that t is in, or else
// the next one.
func (r *Restriction) window(z *zone, t int64) (from, to int64) {
	// A clock put back by a day, the most there has been, shows a time up to a
	// day after that of an open window's end, which is two days after it began.
	today := floorDiv(z.wall(t), day)
	in := false
	for d := today - 3; ; d++ {
		begin, end, ok := r.on(z, d)
		if !ok {
			continue
		}
		if begin > t {
			if in {
				return from, to
			}
			return begin, begin
		}
		if end > t {
			from, to, in = begin, end, true
		}
	}
}

// on returns the time of the restriction that begins on day d, counted from
// 1970-01-01, and whether d is one of its days.
func (r *Restriction) on(z *zone, d int64) (from, to int64, ok bool) {
	if !r.Days.Has(time.Weekday((d%7 + 11) % 7)) { // day 0 was a Thursday
		return 0, 0, false
	}
	from, to = d*day+int64(r.From)*60, d*day+int64(r.To)*60
	if r.To <= r.From {
		to += day
	}
	return z.first(from), z.last(to), true
}

// place returns the place in the rotation that holds the layer at t but for
// restrictions and absences, -1 if none does, and an instant until which that
// does not change.
func (l *layer) place(t int64) (place int, until int64) {
	if l.spec.Every.N < 1 || len(l.spec.Rotation) == 0 {
		return -1, never
	}
	if t >= l.turnEnds {
		l.turn = l.turnAt(t)
		l.turnEnds = l.handoff(l.turn + 1)
	}
	if l.turn < 0 {
		return -1, l.turnEnds
	}
	if len(l.joints) == 0 {
		return l.turn % len(l.spec.Rotation), l.turnEnds
	}
	until = l.turnEnds
	if i, _ := slices.BinarySearch(l.joints, t+1); i < len(l.joints) {
		until = min(until, l.joints[i])
	}
	place = l.turnOf(l.turn)
	if place >= 0 && l.isIn(place, t) {
		return place, until
	}
	return l.next(place, t), until
}

// turnOf returns the place that turn n came to at its handoff, -1 if nobody had
// joined yet.
func (l *layer) turnOf(n int) int {
	place, first := -1, 0
	for _, t := range l.joints {
		// From here to the next joint every handoff finds the same members.
		beyond := min(l.handoffFrom(t), n+1)
		if beyond > first {
			place = l.advance(place, beyond-first, l.handoff(first))
			first = beyond
		}
	}
	if first <= n {
		place = l.advance(place, n+1-first, l.handoff(first))
	}
	return place
}

// advance passes the turn on n times among those who are in at t.
func (l *layer) advance(place, n int, t int64) int {
	size := 0
	for p := range l.spec.Rotation {
		if l.isIn(p, t) {
			size++
		}
	}
	if size == 0 {
		return place
	}
	for range (n-1)%size + 1 {
		place = l.next(place, t)
	}
	return place
}

// next returns the first place after place, going round, whose member is in at
// t, and -1 if there is none.
func (l *layer) next(place int, t int64) int {
	for i := range l.spec.Rotation {
		if p := (place + 1 + i) % len(l.spec.Rotation); l.isIn(p, t) {
			return p
		}
	}
	return -1
}

func (l *layer) isIn(place int, t int64) bool {
	m := &l.spec.Rotation[place]
	return (m.From.IsZero() || m.From.Unix() <= t) && (m.To.IsZero() || t < m.To.Unix())
}

// turnAt returns the turn that has begun last at t, -1 before the first.
func (l *layer) turnAt(t int64) int {
	n := max(l.spec.Every.until(l.start, l.zone.wall(t)), -1)
	for l.handoff(n+1) <= t { // the clock has been put back since that handoff
		n++
	}
	return n
}

// handoffFrom returns the first turn that begins at t or later.
func (l *layer) handoffFrom(t int64) int {
	n := l.turnAt(t) + 1
	for n > 0 && l.handoff(n-1) >= t {
		n--
	}
	return n
}

// handoff returns the instant at which turn n begins.
func (l *layer) handoff(n int) int64 {
	return l.zone.first(l.spec.Every.after(l.start, n))
}
