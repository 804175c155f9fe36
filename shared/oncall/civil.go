package oncall

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Civil is a date and time as a wall clock shows it, without a zone. Fields
// out of range carry over as in time.Date.
type Civil struct {
	Year                 int
	Month                time.Month
	Day                  int
	Hour, Minute, Second int
}

// ParseCivil reads "2026-11-02T09:00", also with seconds, with a space for the
// T, or a date alone, which is its midnight.
func ParseCivil(s string) (Civil, error) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return CivilOf(t), nil
		}
	}
	return Civil{}, fmt.Errorf("%q is not a wall-clock time: write it like 2026-11-02T09:00", s)
}

// CivilOf returns what a wall clock in t's location shows at t.
func CivilOf(t time.Time) Civil {
	return Civil{t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second()}
}

// String writes c as ParseCivil reads it.
func (c Civil) String() string {
	t := time.Unix(c.unix(), 0).UTC()
	if t.Second() != 0 {
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format("2006-01-02T15:04")
}

// First returns the first instant at which a clock in zone shows c or later:
// the first occurrence of c, or the end of the gap in which c is missing. A
// nil zone is UTC.
func (c Civil) First(zone *time.Location) time.Time {
	z := newZone(zone)
	return time.Unix(z.first(c.unix()), 0).In(z.loc)
}

// Last returns the last instant at which a clock in zone shows c: its last
// occurrence, or the end of the gap in which c is missing. A nil zone is UTC.
func (c Civil) Last(zone *time.Location) time.Time {
	z := newZone(zone)
	return time.Unix(z.last(c.unix()), 0).In(z.loc)
}

// Exists reports whether a clock in zone ever shows c.
func (c Civil) Exists(zone *time.Location) bool {
	z := newZone(zone)
	return z.wall(z.last(c.unix())) == c.unix()
}

// unix is c in seconds since 1970-01-01T00:00:00 by the same wall clock. All
// reckoning with wall-clock times is done in this number.
func (c Civil) unix() int64 {
	return time.Date(c.Year, c.Month, c.Day, c.Hour, c.Minute, c.Second, 0, time.UTC).Unix()
}

// TimeOfDay is a wall-clock time in minutes after midnight, from 0 to 1440:
// 24:00 is the end of the day.
type TimeOfDay int

// ParseTimeOfDay reads "17:00", "7:30" and "24:00".
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	if s == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time of day: write it like 17:00, from 00:00 to 24:00", s)
	}
	return TimeOfDay(t.Hour()*60 + t.Minute()), nil
}

func (d TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", int(d)/60, int(d)%60) }

// Days is a set of weekdays. The zero value means every day.
type Days uint8

// EveryDay is the set of all weekdays.
const EveryDay Days = 1<<7 - 1

// On returns the set of the given days.
func On(days ...time.Weekday) Days {
	var d Days
	for _, w := range days {
		d |= 1 << w
	}
	return d
}

// Has reports whether w is in d.
func (d Days) Has(w time.Weekday) bool { return d&EveryDay == 0 || d&(1<<w) != 0 }

// ParseDays reads weekdays and spans of them, separated by commas or spaces:
// "mon-fri", "sat,sun", "fri-mon", "daily".
func ParseDays(s string) (Days, error) {
	var d Days
	for _, part := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ',' || r == ' ' }) {
		if part == "daily" {
			d |= EveryDay
			continue
		}
		first, last, span := strings.Cut(part, "-")
		a, aOK := weekday(first)
		b := a
		bOK := true
		if span {
			b, bOK = weekday(last)
		}
		if !aOK || !bOK {
			return 0, fmt.Errorf("%q are not weekdays: write them like mon-fri or sat,sun", s)
		}
		for w := a; ; w = (w + 1) % 7 {
			d |= On(w)
			if w == b {
				break
			}
		}
	}
	if d == 0 {
		return 0, fmt.Errorf("%q names no weekday: write them like mon-fri or sat,sun", s)
	}
	return d, nil
}

// weekday knows a day by its name or by the first three letters of it.
func weekday(s string) (time.Weekday, bool) {
	for w := time.Sunday; w <= time.Saturday; w++ {
		if name := strings.ToLower(w.String()); s == name || s == name[:3] {
			return w, true
		}
	}
	return 0, false
}

// A zone resolves wall-clock times. It remembers the span of constant offset
// that it last used, since a sweep asks for neighbouring times. All instants
// are in Unix seconds.
type zone struct {
	loc  *time.Location
	span span
}

// A span is a time [from, to) in which the offset from UTC does not change.
type span struct{ from, to, offset int64 }

const (
	always int64 = math.MinInt64 / 4 // before every instant, with room to reckon
	never  int64 = math.MaxInt64 / 4 // after every instant, likewise

	// offsetMax is more than any zone has ever been off UTC; Manila kept
	// American days until 1844 at almost 16 hours behind.
	offsetMax int64 = 26 * 3600
	day       int64 = 24 * 3600
)

func newZone(loc *time.Location) *zone {
	if loc == nil {
		loc = time.UTC
	}
	return &zone{loc: loc}
}

// wall returns what the clock shows at t.
func (z *zone) wall(t int64) int64 {
	if t < z.span.from || t >= z.span.to {
		z.span = z.lookup(t)
	}
	return t + z.span.offset
}

// first returns the first instant at which the clock shows c or later.
//
// Taken as a function of c it never decreases, also where a zone changes twice
// within hours, which keeps handoffs in order.
func (z *zone) first(c int64) int64 {
	if z.steady(c) {
		return c - z.span.offset
	}
	for s := z.span; ; s = z.lookup(s.to) {
		if s.to+s.offset > c {
			return max(s.from, c-s.offset)
		}
	}
}

// last returns the end of all instants at which the clock shows c or earlier.
func (z *zone) last(c int64) int64 {
	if z.steady(c) {
		return c - z.span.offset
	}
	end := always
	for s := z.span; ; s = z.lookup(s.to) {
		if s.from+s.offset <= c {
			end = min(s.to, c-s.offset)
		}
		if s.to > c+offsetMax {
			return end
		}
	}
}

// steady reports whether the clock does not change anywhere near the showing
// of c. It leaves in z.span the offset if so, and else the span at the
// beginning of that neighbourhood.
func (z *zone) steady(c int64) bool {
	if c-offsetMax < z.span.from || c-offsetMax >= z.span.to {
		z.span = z.lookup(c - offsetMax)
	}
	return c+offsetMax < z.span.to
}

// lookup returns a span that begins at t. Its end need not be a change.
func (z *zone) lookup(t int64) span {
	at := time.Unix(t, 0).In(z.loc)
	_, offset := at.Zone()
	_, end := at.ZoneBounds()
	s := span{t, never, int64(offset)}
	if !end.IsZero() {
		s.to = end.Unix()
	}
	if s.to <= t {
		// On the last day of a leap year beyond its table Go takes the year to
		// be over already. No rule changes a clock within that day.
		s.to = t - t%day + day
	}
	return s
}
