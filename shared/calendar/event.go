package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"rouse/shared/oncall"
)

// A stamp is a date or a time as a calendar writes it.
type stamp struct {
	wall  time.Time // what the clock on the wall shows, held in UTC
	clock clock
	date  bool // a whole day
}

func (s stamp) instant() time.Time { return s.clock.instant(s.wall) }

func (s stamp) day() string { return s.wall.Format(dateLayout) }

// A length is how long an event lasts: days by the calendar, then exact time
// (RFC 5545, section 3.8.5.3).
type length struct {
	days  int
	exact time.Duration
}

func (l length) after(s stamp) time.Time {
	s.wall = s.wall.AddDate(0, 0, l.days)
	return s.instant().Add(l.exact)
}

// An event is one VEVENT.
type event struct {
	uid       string
	start     stamp
	length    length
	rule      string
	also      []period // RDATE
	except    []stamp  // EXDATE, and what other events replace
	replaces  *stamp   // RECURRENCE-ID
	cancelled bool
	why       string
}

// A period is an occurrence that may have a length of its own.
type period struct {
	start  stamp
	length *length
}

const dateLayout = "20060102"

// event reads what counts of a component.
func (z *zones) event(c *ics.ComponentBase) (*event, error) {
	e := &event{
		uid:       text1(c, "UID"),
		rule:      text1(c, "RRULE"),
		cancelled: strings.EqualFold(text1(c, "STATUS"), "CANCELLED"),
		why:       reason(text1(c, "SUMMARY"), text1(c, "CLASS")),
	}
	if len(properties(c, "EXRULE")) > 0 {
		return nil, fmt.Errorf("EXRULE is not read, as RFC 5545 has dropped it; export it from a newer program")
	}
	if len(properties(c, "RRULE")) > 1 {
		return nil, fmt.Errorf("it has several RRULEs; make it several events")
	}
	var err error
	starts := properties(c, "DTSTART")
	if len(starts) != 1 {
		return nil, fmt.Errorf("it has %d DTSTART instead of one; export it anew", len(starts))
	}
	if e.start, err = z.stamp(starts[0]); err != nil {
		return nil, err
	}
	if e.length, err = z.length(c, e.start); err != nil {
		return nil, err
	}
	if ids := properties(c, "RECURRENCE-ID"); len(ids) > 0 {
		if ids[0].parameter("RANGE") != "" {
			return nil, fmt.Errorf("RECURRENCE-ID with a RANGE is not read; end the series there and begin another")
		}
		id, err := z.stamp(ids[0])
		if err != nil {
			return nil, err
		}
		e.replaces = &id
	}
	for _, p := range properties(c, "EXDATE") {
		for _, one := range p.list() {
			s, err := z.stamp(one)
			if err != nil {
				return nil, err
			}
			e.except = append(e.except, s)
		}
	}
	for _, p := range properties(c, "RDATE") {
		for _, one := range p.list() {
			extra, err := z.period(one)
			if err != nil {
				return nil, err
			}
			e.also = append(e.also, extra)
		}
	}
	return e, nil
}

// times returns when the event takes place, as far as that meets the window.
func (e *event) times(from, to time.Time) ([]oncall.Away, error) {
	occurrences := []period{{start: e.start}}
	if e.rule != "" {
		walls, err := recur(e.rule, e.start, to)
		if err != nil {
			return nil, err
		}
		for _, wall := range walls {
			occurrences = append(occurrences, period{start: stamp{wall, e.start.clock, e.start.date}})
		}
	}
	occurrences = append(occurrences, e.also...)
	excepted := e.excepted()
	var away []oncall.Away
	for _, o := range occurrences {
		if excepted(o.start) {
			continue
		}
		l := e.length
		if o.length != nil {
			l = *o.length
		}
		a := oncall.Away{From: o.start.instant(), To: l.after(o.start), Why: e.why}
		if a.From.Before(a.To) && a.From.Before(to) && from.Before(a.To) {
			away = append(away, a)
		}
	}
	return away, nil
}

// excepted tells which occurrences do not take place: those whose instant is
// named or, where either side is a date alone, whose day.
func (e *event) excepted() func(stamp) bool {
	days, instants := map[string]bool{}, map[int64]bool{}
	for _, x := range e.except {
		if x.date || e.start.date {
			days[x.day()] = true
		} else {
			instants[x.instant().Unix()] = true
		}
	}
	return func(s stamp) bool { return days[s.day()] || instants[s.instant().Unix()] }
}

// length reads DTEND or DURATION. Without either a date lasts its day, and a
// time no time at all.
func (z *zones) length(c *ics.ComponentBase, start stamp) (length, error) {
	if ends := properties(c, "DTEND"); len(ends) > 0 {
		end, err := z.stamp(ends[0])
		if err != nil {
			return length{}, err
		}
		return between(start, end)
	}
	if d := text1(c, "DURATION"); d != "" {
		return parseLength(d)
	}
	if start.date {
		return length{days: 1}, nil
	}
	return length{}, nil
}

func between(start, end stamp) (length, error) {
	if end.date != start.date {
		return length{}, fmt.Errorf("one of DTSTART and DTEND is a date and the other a time; export it anew")
	}
	l := length{exact: end.instant().Sub(start.instant())}
	if start.date {
		l = length{days: int(end.wall.Sub(start.wall) / (24 * time.Hour))}
	}
	if l.days < 0 || l.exact < 0 {
		return length{}, fmt.Errorf("it ends before it begins; mend the event")
	}
	return l, nil
}

// parseLength reads "P2W", "P1DT12H" and "PT90M".
func parseLength(s string) (length, error) {
	var l length
	refuse := func() (length, error) {
		return length{}, fmt.Errorf("DURATION %q is not a length of time like P1D or PT8H; export it anew", short(s))
	}
	rest, ok := strings.CutPrefix(strings.TrimPrefix(s, "+"), "P")
	if !ok || rest == "" {
		return refuse()
	}
	clock := false
	for rest != "" {
		if !clock && rest[0] == 'T' {
			clock = true
			if rest = rest[1:]; rest == "" {
				return refuse()
			}
		}
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.Atoi(rest[:digits])
		if err != nil || digits == len(rest) || digits > 6 {
			return refuse()
		}
		switch unit := rest[digits]; {
		case unit == 'W' && !clock:
			l.days += 7 * n
		case unit == 'D' && !clock:
			l.days += n
		case unit == 'H' && clock:
			l.exact += time.Duration(n) * time.Hour
		case unit == 'M' && clock:
			l.exact += time.Duration(n) * time.Minute
		case unit == 'S' && clock:
			l.exact += time.Duration(n) * time.Second
		default:
			return refuse()
		}
		rest = rest[digits+1:]
	}
	return l, nil
}

// stamp reads a DATE or a DATE-TIME.
func (z *zones) stamp(p property) (stamp, error) {
	v := strings.ToUpper(p.value)
	if len(v) == len(dateLayout) {
		if t, err := time.Parse(dateLayout, v); err == nil {
			return stamp{wall: t, clock: z.floating, date: true}, nil
		}
	}
	utc := strings.HasSuffix(v, "Z")
	t, err := time.Parse("20060102T150405", strings.TrimSuffix(v, "Z"))
	if err != nil {
		return stamp{}, fmt.Errorf("%s %q is not a date or a time like 20261220 or 20261220T090000; export it anew", p.name, short(p.value))
	}
	s := stamp{wall: t, clock: z.floating}
	if utc {
		s.clock = location{time.UTC}
	} else if id := p.parameter("TZID"); id != "" {
		if s.clock, err = z.clock(id); err != nil {
			return stamp{}, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return s, nil
}

// period reads an RDATE: a DATE, a DATE-TIME, or a PERIOD.
func (z *zones) period(p property) (period, error) {
	first, second, long := strings.Cut(p.value, "/")
	p.value = first
	start, err := z.stamp(p)
	if err != nil || !long {
		return period{start: start}, err
	}
	var l length
	if strings.HasPrefix(second, "P") {
		l, err = parseLength(second)
	} else {
		p.value = second
		var end stamp
		if end, err = z.stamp(p); err == nil {
			l, err = between(start, end)
		}
	}
	return period{start, &l}, err
}

// A property is one value of a component.
type property struct {
	name, value string
	parameters  map[string][]string
}

func properties(c *ics.ComponentBase, name string) []property {
	var all []property
	for _, p := range c.Properties {
		if strings.EqualFold(p.IANAToken, name) {
			all = append(all, property{name, strings.TrimSpace(p.Value), p.ICalParameters})
		}
	}
	return all
}

// text1 returns the first value of a property, "" if there is none.
func text1(c *ics.ComponentBase, name string) string {
	if all := properties(c, name); len(all) > 0 {
		return all[0].value
	}
	return ""
}

func (p property) parameter(name string) string {
	for key, values := range p.parameters {
		if strings.EqualFold(key, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// list splits a value that may be several.
func (p property) list() []property {
	var all []property
	for v := range strings.SplitSeq(p.value, ",") {
		all = append(all, property{p.name, strings.TrimSpace(v), p.parameters})
	}
	return all
}

// short bounds what a message repeats of a file.
func short(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}
