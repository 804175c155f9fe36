// Package picture draws who is on call, and the holes, for a terminal and as
// an SVG for a wiki page. It is pure: the same plan gives the same bytes.
//
// Both pictures have a row for each week and in it a lane for each layer, one
// for the overrides, and one for the result. A hole is drawn over the result
// however short it is, and told in words below.
package picture

import (
	"fmt"
	"strings"
	"time"

	"rouse/shared/oncall"
)

// A Plan is what to draw.
type Plan struct {
	Rota      oncall.Rota
	Schedules []string // each with its lanes, in this order
	From, To  time.Time
	Holes     []oncall.Hole  // as Rota.Holes returned them for the window
	Zone      *time.Location // by whose clock to draw; nil means UTC
}

// weekDays is how many days share a row.
const weekDays = 7

// weeksMax bounds a picture to a bit more than a year; what comes later is
// left out of the drawing, but its holes are still told.
const weeksMax = 54

// A span is a time [from, to).
type span struct{ from, to time.Time }

func (s span) overlaps(o span) bool { return s.from.Before(o.to) && o.from.Before(s.to) }

// clip returns the part of s that is within o, which it overlaps.
func (s span) clip(o span) span {
	if s.from.Before(o.from) {
		s.from = o.from
	}
	if s.to.After(o.to) {
		s.to = o.to
	}
	return s
}

// at returns where in s, from 0 to 1, t is.
func (s span) at(t time.Time) float64 { return float64(t.Sub(s.from)) / float64(s.to.Sub(s.from)) }

// A lane is one line of the picture.
type lane struct {
	name   string
	shifts []oncall.Shift
	result bool
	holes  bool // draw the holes over it
}

func (p Plan) zone() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

func (p Plan) window() span { return span{p.From, p.To} }

// lanes returns the lanes from top to bottom.
func (p Plan) lanes() []lane {
	several := len(p.Schedules) != 1
	var out []lane
	for _, schedule := range p.Schedules {
		prefix := ""
		if several {
			prefix = schedule + "/"
		}
		for _, l := range p.Rota.Lanes(schedule, p.From, p.To) {
			out = append(out, lane{name: prefix + l.Name, shifts: l.Shifts})
		}
		out = append(out, lane{name: prefix + "on call", shifts: p.Rota.Shifts(schedule, p.From, p.To), result: true, holes: !several})
	}
	if several {
		out = append(out, lane{name: "coverage", result: true, holes: true})
	}
	return out
}

// weeks returns the days of the window by the clock of the zone, whole, in
// rows. Days that the zone skipped are missing.
func (p Plan) weeks() [][]span {
	if !p.From.Before(p.To) {
		return nil
	}
	first := oncall.CivilOf(p.From.In(p.zone()))
	midnight := func(n int) time.Time {
		return oncall.Civil{Year: first.Year, Month: first.Month, Day: first.Day + n}.First(p.zone())
	}
	var weeks [][]span
	for n := 0; len(weeks) <= weeksMax; n++ {
		day := span{midnight(n), midnight(n + 1)}
		if !day.from.Before(p.To) {
			return weeks
		}
		if !day.from.Before(day.to) {
			continue
		}
		if last := len(weeks) - 1; last >= 0 && len(weeks[last]) < weekDays {
			weeks[last] = append(weeks[last], day)
		} else {
			weeks = append(weeks, []span{day})
		}
	}
	return weeks[:weeksMax]
}

// title is the headline of both pictures.
func (p Plan) title() string {
	names := strings.Join(p.Schedules, ", ")
	if names == "" {
		names = "no schedule"
	}
	return fmt.Sprintf("On call: %s, %s to %s, %s time", names, p.date(p.From), p.date(p.To), oncall.ZoneName(p.zone()))
}

func (p Plan) date(t time.Time) string { return t.In(p.zone()).Format("Mon 2 Jan 2006 15:04") }

// verdict says how many holes there are.
func (p Plan) verdict() string {
	switch len(p.Holes) {
	case 0:
		return "No holes: at every minute somebody is on call who can be reached."
	case 1:
		return "1 HOLE in which nobody can be reached:"
	}
	return fmt.Sprintf("%d HOLES in which nobody can be reached:", len(p.Holes))
}

// tell says when hole h is and why.
func (p Plan) tell(h oncall.Hole) string {
	to := h.To.In(p.zone())
	until := to.Format("15:04")
	if y, m, d := h.From.In(p.zone()).Date(); to.Year() != y || to.Month() != m || to.Day() != d {
		until = to.Format("Mon 2 Jan 15:04")
	}
	return fmt.Sprintf("%s to %s (%s): %s", h.From.In(p.zone()).Format("Mon 2 Jan 15:04"), until, length(h.To.Sub(h.From)), h.Why)
}

// length writes a duration in days, hours and minutes.
func length(d time.Duration) string {
	minutes := int(d / time.Minute)
	var parts []string
	for _, u := range []struct {
		name    string
		minutes int
	}{{"d", 24 * 60}, {"h", 60}, {"m", 1}} {
		if n := minutes / u.minutes; n > 0 {
			parts = append(parts, fmt.Sprintf("%d%s", n, u.name))
			minutes -= n * u.minutes
		}
	}
	if len(parts) == 0 {
		return fmt.Sprintf("%ds", int(d/time.Second))
	}
	return strings.Join(parts, " ")
}

// colors is how many people are told apart by colour, in both pictures; their
// names are written too.
const colors = 8

// palette gives each person of the rota a colour, in the order in which they
// appear.
func (p Plan) palette(lanes []lane) map[string]int {
	color := make(map[string]int)
	for _, l := range lanes {
		for _, s := range l.shifts {
			for _, who := range s.Who {
				if _, ok := color[who]; !ok {
					color[who] = len(color) % colors
				}
			}
		}
	}
	return color
}
