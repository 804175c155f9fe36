package oncall

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// A sweep walks a schedule from one change to the next, so that its cost grows
// with the shifts and not with the time between them. It answers only for
// instants of its window; each layer, and the overrides, only forward. All instants are in Unix seconds.
type sweep struct {
	rota      Rota
	loc       *time.Location // in which shifts are given; nil for that of the question
	layers    []*layer
	overrides overrides
	zones     map[*time.Location]*zone
	persons   map[string]*person
	from, to  int64
}

func (r Rota) sweep(schedule string, from, to time.Time) *sweep {
	s := &sweep{
		rota:    r,
		zones:   make(map[*time.Location]*zone),
		persons: make(map[string]*person),
		from:    from.Unix(),
		to:      to.Add(time.Second - 1).Unix(),
	}
	spec, ok := r.Schedules[schedule]
	if !ok {
		return s
	}
	z := s.zone(spec.Zone)
	s.loc = z.loc
	s.layers = make([]*layer, len(spec.Layers))
	for i := range spec.Layers {
		s.layers[i] = s.layer(i, &spec.Layers[i], z)
	}
	s.overrides = s.overridesOf(spec.Overrides)
	return s
}

// at returns who is on call at t, and an instant after t until which that does
// not change.
func (s *sweep) at(t int64) (who []string, until int64) {
	who, until = s.overrides.at(t)
	for i := len(s.layers) - 1; i >= 0 && len(who) == 0; i-- {
		var u int64
		who, u = s.layers[i].at(t)
		until = min(until, u)
	}
	return who, until
}

// shifts follows at through the window.
func (s *sweep) shifts(at func(int64) ([]string, int64), from, to time.Time) []Shift {
	if !from.Before(to) {
		return nil
	}
	loc := s.loc
	if loc == nil {
		loc = from.Location()
	}
	var shifts []Shift
	for t := s.from; t < s.to; {
		who, until := at(t)
		if n := len(shifts); n == 0 || !slices.Equal(shifts[n-1].Who, who) {
			shifts = append(shifts, Shift{From: time.Unix(t, 0).In(loc), Who: who})
		}
		t = until
	}
	shifts[0].From = from.In(loc)
	for i := range shifts[1:] {
		shifts[i].To = shifts[i+1].From
	}
	shifts[len(shifts)-1].To = to.In(loc)
	return shifts
}

// present returns those of who who are not away and whom admit admits, and an
// instant until which that does not change, at most until. A nil admit admits
// everybody.
func (s *sweep) present(who []string, t, until int64, admit func(string, int64) (bool, int64)) ([]string, int64) {
	out, all := who, true
	for i, id := range who {
		away, u := s.person(id).away(t)
		until = min(until, u)
		in := !away
		if in && admit != nil {
			in, u = admit(id, t)
			until = min(until, u)
		}
		switch {
		case all && !in:
			out, all = slices.Clone(who[:i]), false
		case !all && in:
			out = append(out, id)
		}
	}
	return out, until
}

// overrides is a schedule's overrides within a sweep.
type overrides struct {
	sweep  *sweep
	coming []override // by their beginning
	active []override
}

type override struct {
	from, to int64
	rank     int
	who      []string
}

func (s *sweep) overridesOf(specs []Override) overrides {
	o := overrides{sweep: s}
	for i, spec := range specs {
		from, to := spec.From.Unix(), spec.To.Unix()
		if from < to && from < s.to && s.from < to {
			o.coming = append(o.coming, override{from, to, i, people(spec.Who)})
		}
	}
	slices.SortFunc(o.coming, func(a, b override) int { return cmp.Compare(a.from, b.from) })
	return o
}

func (o *overrides) none() bool { return len(o.coming)+len(o.active) == 0 }

func (o *overrides) at(t int64) (who []string, until int64) {
	for len(o.coming) > 0 && o.coming[0].from <= t {
		o.active = append(o.active, o.coming[0])
		o.coming = o.coming[1:]
	}
	o.active = slices.DeleteFunc(o.active, func(a override) bool { return a.to <= t })
	until = never
	if len(o.coming) > 0 {
		until = o.coming[0].from
	}
	rank := -1
	for _, a := range o.active {
		present, u := o.sweep.present(a.who, t, min(until, a.to), nil)
		until = min(until, u)
		if len(present) > 0 && a.rank > rank {
			who, rank = present, a.rank
		}
	}
	return who, until
}

// A person is a Person within a sweep.
type person struct {
	spec   Person
	absent []interval // away periods in the window: disjoint and in order
}

type interval struct{ from, to int64 }

func (s *sweep) person(id string) *person {
	if p, ok := s.persons[id]; ok {
		return p
	}
	p := &person{spec: s.rota.People[id]}
	for _, a := range p.spec.Away {
		if i := a.interval(); i.from < i.to && i.from < s.to && s.from < i.to {
			p.absent = append(p.absent, i)
		}
	}
	slices.SortFunc(p.absent, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	p.absent = joined(p.absent)
	s.persons[id] = p
	return p
}

// away reports whether the person is away at t, and an instant until which
// that does not change.
func (p *person) away(t int64) (bool, int64) {
	i := sort.Search(len(p.absent), func(i int) bool { return p.absent[i].to > t })
	switch {
	case i == len(p.absent):
		return false, never
	case p.absent[i].from <= t:
		return true, p.absent[i].to
	}
	return false, p.absent[i].from
}

func (a Away) interval() interval {
	i := interval{always, never}
	if !a.From.IsZero() {
		i.from = a.From.Unix()
	}
	if !a.To.IsZero() {
		i.to = a.To.Unix()
	}
	return i
}

// joined merges what overlaps or touches; in is sorted by beginning and is
// reused.
func joined(in []interval) []interval {
	out := in[:0]
	for _, i := range in {
		if n := len(out); n > 0 && i.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, i.to)
		} else {
			out = append(out, i)
		}
	}
	return out
}

func (s *sweep) zone(loc *time.Location) *zone {
	z, ok := s.zones[loc]
	if !ok {
		z = newZone(loc)
		s.zones[loc] = z
	}
	return z
}

// people returns ids sorted and each once.
func people(ids []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}
