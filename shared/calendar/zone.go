package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"rouse/shared/oncall"
)

// A clock tells what a time on the wall means. Walls are held in UTC.
type clock interface {
	// instant is when the wall first shows the time, or the end of the gap in
	// which it never does.
	instant(wall time.Time) time.Time
	wall(instant time.Time) time.Time
}

// A location is a clock of the time zone database.
type location struct{ *time.Location }

func (l location) instant(wall time.Time) time.Time {
	return oncall.CivilOf(wall).First(l.Location)
}

func (l location) wall(t time.Time) time.Time {
	t = t.In(l.Location)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// zones finds the clocks that a calendar names.
type zones struct {
	floating clock     // of times without a zone
	end      time.Time // how far the file's own zones are reckoned
	defined  map[string]*ics.VTimezone
	read     map[string]clock
}

// clock returns the clock of a TZID: that of the time zone database if it has
// the name, which knows more than the file; otherwise what the file says.
func (z *zones) clock(id string) (clock, error) {
	if c, ok := z.read[id]; ok {
		return c, nil
	}
	c, err := z.find(id)
	if err == nil {
		z.read[id] = c
	}
	return c, err
}

func (z *zones) find(id string) (clock, error) {
	if l, ok := load(id); ok {
		return l, nil
	}
	if tz, ok := z.defined[id]; ok {
		return observed(tz, z.end)
	}
	// Some programs write /their.name/version/Europe/London.
	parts := strings.Split(strings.Trim(id, "/"), "/")
	for n := min(3, len(parts)); n > 1; n-- {
		if l, ok := load(strings.Join(parts[len(parts)-n:], "/")); ok {
			return l, nil
		}
	}
	return nil, fmt.Errorf("the zone %q is neither one of the IANA time zone database nor described in the file; export it anew, with zones like Europe/London", short(id))
}

func load(name string) (location, bool) {
	if name == "" || name == "Local" {
		return location{}, false
	}
	l, err := time.LoadLocation(name)
	return location{l}, err == nil
}

// changes is the clock of a zone that the file describes itself, as Outlook
// does: its changes in order, and the offset before them.
type changes struct {
	before time.Duration
	list   []change
}

type change struct {
	wall         time.Time // by the clock that ends here
	at           time.Time
	from, offset time.Duration // before and from here on
}

func (c changes) instant(wall time.Time) time.Time {
	i, _ := slices.BinarySearchFunc(c.list, wall, func(x change, w time.Time) int {
		if x.wall.After(w) {
			return 1
		}
		return -1
	})
	if i == 0 {
		return wall.Add(-c.before)
	}
	last := c.list[i-1]
	t := wall.Add(-last.offset)
	if t.Before(last.at) {
		return last.at // in the gap
	}
	return t
}

func (c changes) wall(t time.Time) time.Time {
	i, _ := slices.BinarySearchFunc(c.list, t, func(x change, t time.Time) int {
		if x.at.After(t) {
			return 1
		}
		return -1
	})
	offset := c.before
	if i > 0 {
		offset = c.list[i-1].offset
	}
	return t.UTC().Add(offset)
}

// observed reads a VTIMEZONE (RFC 5545, section 3.6.5) until end.
func observed(tz *ics.VTimezone, end time.Time) (clock, error) {
	var c changes
	utc := location{time.UTC}
	for _, sub := range tz.Components {
		var o *ics.ComponentBase
		switch sub := sub.(type) {
		case *ics.Standard:
			o = &sub.ComponentBase
		case *ics.Daylight:
			o = &sub.ComponentBase
		default:
			continue
		}
		from, err := parseOffset(text1(o, "TZOFFSETFROM"))
		if err != nil {
			return nil, err
		}
		to, err := parseOffset(text1(o, "TZOFFSETTO"))
		if err != nil {
			return nil, err
		}
		plain := zones{floating: utc}
		start, err := plain.stamp(property{name: "DTSTART", value: text1(o, "DTSTART")})
		if err != nil {
			return nil, err
		}
		walls := []time.Time{start.wall}
		if rule := text1(o, "RRULE"); rule != "" {
			more, err := recur(rule, stamp{wall: start.wall, clock: shifted(from)}, end)
			if err != nil {
				return nil, err
			}
			walls = append(walls, more...)
		}
		for _, p := range properties(o, "RDATE") {
			for _, one := range p.list() {
				s, err := plain.stamp(one)
				if err != nil {
					return nil, err
				}
				walls = append(walls, s.wall)
			}
		}
		for _, wall := range walls {
			c.list = append(c.list, change{wall, wall.Add(-from), from, to})
		}
	}
	if len(c.list) == 0 {
		return nil, fmt.Errorf("the zone %q has neither STANDARD nor DAYLIGHT time; export it anew", short(text1(&tz.ComponentBase, "TZID")))
	}
	slices.SortStableFunc(c.list, func(a, b change) int { return cmp.Or(a.at.Compare(b.at), a.wall.Compare(b.wall)) })
	c.before = c.list[0].from
	return c, nil
}

// shifted is a clock that is always ahead of UTC by so much.
type shifted time.Duration

func (s shifted) instant(wall time.Time) time.Time { return wall.Add(-time.Duration(s)) }
func (s shifted) wall(t time.Time) time.Time       { return t.UTC().Add(time.Duration(s)) }

// parseOffset reads "+0100", "-0800" and "+013045".
func parseOffset(s string) (time.Duration, error) {
	for _, layout := range []string{"-0700", "-070000"} {
		if t, err := time.Parse(layout, s); err == nil {
			_, seconds := t.Zone()
			return time.Duration(seconds) * time.Second, nil
		}
	}
	return 0, fmt.Errorf("the zone's offset %q is not one like +0100; export it anew", short(s))
}
