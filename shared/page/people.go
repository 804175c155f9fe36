package page

import (
	"fmt"
	"strings"
	"time"
)

// A Person is a responder as pages and screens name them.
type Person struct {
	Name string
	Zone *time.Location // nil is UTC
}

// People are the responders by id.
type People map[string]Person

// Name is what somebody is called; the id of whoever is no longer in the team.
func (p People) Name(id string) string {
	if name := p[id].Name; name != "" {
		return name
	}
	return id
}

// Short is the first of somebody's names, if nobody else has it.
func (p People) Short(id string) string {
	first := firstWord(p.Name(id))
	for other, q := range p {
		if other != id && firstWord(q.Name) == first {
			return p.Name(id)
		}
	}
	return first
}

func firstWord(s string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return first
}

// Zone is the zone in which somebody reads times.
func (p People) Zone(id string) *time.Location {
	if zone := p[id].Zone; zone != nil {
		return zone
	}
	return time.UTC
}

// Clock says t as people do, seen from now: "9:52pm", "Mon 9:52pm" on another
// day, "3 Nov 9:52pm" when that was a week or longer ago. Times are in now's
// zone.
func Clock(t, now time.Time) string {
	t = t.In(now.Location())
	day := func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	days := day(now).Sub(day(t)).Abs()
	switch {
	case days == 0:
		return t.Format("3:04pm")
	case days < 7*24*time.Hour:
		return t.Format("Mon 3:04pm")
	}
	return t.Format("2 Jan 3:04pm")
}

// Span says how long something took, roughly: "40 s", "6 min", "3 h", "2 days".
func Span(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
