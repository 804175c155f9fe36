package oncall

import (
	"fmt"
	"slices"
	"time"
)

// A Hole is a time in which nobody who can be reached is on call.
type Hole struct {
	From, To time.Time // To is exclusive and after From
	Why      string    // the reasons in words; see Holes
}

// Reachable reports whether who can be reached, and if not why: "no phone".
type Reachable func(who string) (ok bool, why string)

// Holes returns the times in the window in which none of the schedules has
// somebody on call who can be reached: in order, maximal, in the location of
// from. No schedules at all is one hole. Somebody who is not among the People
// is never reachable; of the others a nil reachable reaches everybody.
//
// Why tells everything that keeps the hole open, in the order in which it
// begins to matter, what opened it first: "evenings ends 17:00 Pacific; ana is
// away (London)".
func (r Rota) Holes(schedules []string, from, to time.Time, reachable Reachable) []Hole {
	if !from.Before(to) {
		return nil
	}
	c := coverage{rota: r, reachable: reachable}
	for _, name := range schedules {
		_, exists := r.Schedules[name]
		c.lanes = append(c.lanes, coveredBy{name, exists, r.sweep(name, from, to)})
	}
	var holes []Hole
	var why *reasons // of the open hole; nil while there is none
	shut := func(t time.Time) {
		if why != nil {
			holes[len(holes)-1].To, holes[len(holes)-1].Why = t, why.String()
			why = nil
		}
	}
	end := to.Add(time.Second - 1).Unix()
	for t := from.Unix(); t < end; {
		covered, until := c.at(t)
		if covered {
			shut(time.Unix(t, 0).In(from.Location()))
		} else {
			if why == nil {
				begin := time.Unix(t, 0).In(from.Location())
				if len(holes) == 0 && begin.Before(from) {
					begin = from
				}
				holes = append(holes, Hole{From: begin})
				why = &reasons{opened: t}
			}
			c.explain(t, why)
		}
		t = until
	}
	shut(to.In(from.Location()))
	return holes
}

// coverage walks several schedules at once.
type coverage struct {
	rota      Rota
	lanes     []coveredBy
	reachable Reachable
}

type coveredBy struct {
	name   string
	exists bool
	sweep  *sweep
}

// at reports whether t is covered, and an instant until which that and the
// reasons for it do not change.
func (c *coverage) at(t int64) (covered bool, until int64) {
	until = never
	for _, lane := range c.lanes {
		who, u := lane.sweep.at(t)
		until = min(until, u)
		for _, id := range who {
			covered = covered || c.unreachable(id) == ""
		}
	}
	return covered, until
}

// unreachable says why id cannot be reached, "" if they can.
func (c *coverage) unreachable(id string) string {
	if _, known := c.rota.People[id]; !known {
		return fmt.Sprintf("%s is not a responder", id)
	}
	if c.reachable == nil {
		return ""
	}
	ok, why := c.reachable(id)
	switch {
	case ok:
		return ""
	case why == "":
		return fmt.Sprintf("%s cannot be reached", id)
	}
	return fmt.Sprintf("%s cannot be reached (%s)", id, why)
}

// explain adds to why what keeps t uncovered.
func (c *coverage) explain(t int64, why *reasons) {
	if len(c.lanes) == 0 {
		why.add("", "no schedule is to be covered")
	}
	for _, lane := range c.lanes {
		if !lane.exists {
			why.add("", fmt.Sprintf("there is no schedule %q", lane.name))
			continue
		}
		who, _ := lane.sweep.at(t)
		for _, id := range who {
			why.add("", c.unreachable(id))
		}
		if len(who) > 0 {
			continue // whoever holds the shift hides the layers below
		}
		if len(lane.sweep.layers) == 0 {
			why.add("", lane.name+" has no layers")
		}
		for _, o := range lane.sweep.overrides.active {
			for _, id := range o.who {
				why.away(lane.sweep, id, t)
			}
		}
		for _, l := range slices.Backward(lane.sweep.layers) {
			label := l.name
			if len(c.lanes) > 1 {
				label = lane.name + "/" + label
			}
			l.explain(label, t, why)
		}
	}
}

// explain adds to why what keeps the layer from having somebody at t.
func (l *layer) explain(label string, t int64, why *reasons) {
	switch {
	case len(l.spec.Rotation) == 0:
		why.add(label, label+" has nobody in its rotation")
		return
	case l.spec.Every.N < 1:
		why.add(label, label+" has turns of no length")
		return
	}
	place, _ := l.place(t)
	if l.turn < 0 {
		why.add(label, label+" starts "+why.moment(l.handoff(0), l.zone.loc))
		return
	}
	if place < 0 {
		joins := ""
		for _, j := range l.joints {
			if j > t && l.next(0, j) >= 0 {
				joins = " until " + why.moment(j, l.zone.loc)
				break
			}
		}
		why.add(label, "nobody is in the rotation of "+label+joins)
		return
	}
	if len(l.people(place)) == 0 {
		why.add(label, label+" has a turn of nobody")
	}
	for _, id := range l.people(place) {
		if in, _ := l.applies(id, t); in {
			why.away(l.sweep, id, t)
			continue
		}
		ended, begins := l.hours(id, t)
		switch {
		case ended.at == why.opened:
			why.first(label, label+" ends "+why.moment(ended.at, ended.loc))
		case ended.at > why.opened:
			why.add(label, label+" ends "+why.moment(ended.at, ended.loc))
		default:
			why.add(label, label+" begins "+why.moment(begins.at, begins.loc))
		}
	}
}

// A moment is an instant and whose clock tells it.
type moment struct {
	at  int64
	loc *time.Location
}

// hours returns when the layer's restrictions last admitted who before t, if
// within a week, and when they will next.
func (l *layer) hours(who string, t int64) (ended, begins moment) {
	ended.at, begins.at = always, never
	for i := range l.spec.During {
		r := &l.spec.During[i]
		z := l.zoneOf(r, who)
		if from, _ := r.window(z, t); from < begins.at {
			begins = moment{from, z.loc}
		}
		today := floorDiv(z.wall(t), day)
		for d := today - 7; d <= today; d++ {
			from, to, ok := r.on(z, d)
			if ok && from < to && to <= t && to > ended.at && to > l.handoff(0) {
				ended = moment{to, z.loc}
			}
		}
	}
	return ended, begins
}
