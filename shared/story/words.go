package story

import (
	"fmt"
	"strings"
	"time"
)

// A Figure is one of the figures, in words.
type Figure struct {
	What  string
	At    time.Time // zero: it never happened
	After string    // how long after the first evidence; instead of it, why there is none
}

// Lines are the figures in the order in which they are read.
func (f Figures) Lines() []Figure {
	after := func(what string, at time.Time, never string) Figure {
		if at.IsZero() {
			return Figure{What: what, After: never}
		}
		return Figure{what, at, "after " + Span(at.Sub(f.Began))}
	}
	answered := "not yet"
	switch {
	case f.Wrote.IsZero():
		answered = "none wrote"
	case !f.Settled.IsZero():
		answered = "never"
	}
	never := "not yet"
	if !f.Settled.IsZero() {
		never = "never"
	}
	return []Figure{
		{"First evidence", f.Began, ""},
		after("Detected", f.Opened, never),
		after("First page", f.Paged, never),
		after("Somebody had it", f.Acknowledged, never),
		after("A person answered the customers", f.Answered, answered),
		after("Resolved", f.Resolved, never),
		after("Settled", f.Settled, never),
	}
}

// Total says how long nobody had it.
func (s Story) Total() string {
	switch len(s.Gaps) {
	case 0:
		return "Somebody had it all the time."
	case 1:
		return "Nobody had it for " + Span(s.Figures.Uncovered) + "."
	}
	return fmt.Sprintf("Nobody had it for %s in all, %d times.", Span(s.Figures.Uncovered), len(s.Gaps))
}

// Awake says who should have been awake. name is what people are called.
func (s Stretch) Awake(name func(id string) string) string {
	if len(s.Expected) == 0 {
		return "nobody"
	}
	return listed(s.Expected, name)
}

// Why says why nobody had it then.
func (s Stretch) Why(name func(id string) string) string {
	var whys []string
	if s.Unseen {
		whys = append(whys, "it was not detected yet")
	}
	if s.Hole != "" {
		whys = append(whys, "nobody was on call: "+s.Hole)
	}
	if len(s.Silent) > 0 {
		whys = append(whys, listed(s.Silent, name)+" had been paged and had not answered")
	}
	if len(s.Declined) > 0 {
		whys = append(whys, listed(s.Declined, name)+" could not take it")
	}
	if len(s.Missed) > 0 {
		whys = append(whys, "the page to "+listed(s.Missed, name)+" failed")
	}
	if unpaged := s.unpaged(); len(unpaged) > 0 && !s.Unseen {
		whys = append(whys, listed(unpaged, name)+" had not been paged")
	}
	return strings.Join(whys, "; ")
}

// unpaged are those who should have been awake and of whom nothing is told.
func (s Stretch) unpaged() []string {
	heard := map[string]bool{}
	for _, list := range [][]string{s.Silent, s.Declined, s.Missed} {
		for _, who := range list {
			heard[who] = true
		}
	}
	var left []string
	for _, who := range s.Expected {
		if !heard[who] {
			left = append(left, who)
		}
	}
	return left
}

// namesMax is how many people are named one by one.
const namesMax = 8

func listed(ids []string, name func(string) string) string {
	var names []string
	for i, id := range ids {
		if i == namesMax && len(ids) > namesMax+1 {
			names = append(names, fmt.Sprintf("%d more", len(ids)-namesMax))
			break
		}
		names = append(names, name(id))
	}
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return strings.Join(names, "")
}

// Span says how long something took: "40 s", "3 min 40 s", "2 h 5 min",
// "3 days 4 h".
func Span(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	two := func(n time.Duration, unit string, m time.Duration, small string) string {
		if m == 0 {
			return fmt.Sprintf("%d %s", n, unit)
		}
		return fmt.Sprintf("%d %s %d %s", n, unit, m, small)
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return two(d/time.Minute, "min", d%time.Minute/time.Second, "s")
	case d < 48*time.Hour:
		return two(d/time.Hour, "h", d%time.Hour/time.Minute, "min")
	}
	return two(d/(24*time.Hour), "days", d%(24*time.Hour)/time.Hour, "h")
}
