package calendar

import (
	"fmt"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// intervalMax bounds INTERVAL; a thousand years are enough.
const intervalMax = 1000

// recur returns the wall-clock times of a rule from its start on and until the
// given instant. It reckons by the clock on the wall alone, as the standard
// wants it; what a time means where clocks change is for clock to say.
func recur(rule string, start stamp, until time.Time) ([]time.Time, error) {
	option, err := rrule.StrToROption(strings.ToUpper(strings.TrimSuffix(rule, ";")))
	if err != nil {
		return nil, fmt.Errorf("RRULE %q is not a rule of RFC 5545 (%w); export it anew", short(rule), err)
	}
	written := ";" + strings.ToUpper(rule) + ";"
	switch {
	case option.Freq > rrule.DAILY:
		return nil, fmt.Errorf("RRULE %q recurs within a day; an away time recurs daily at most", short(rule))
	case strings.Contains(written, ";INTERVAL=") && (option.Interval < 1 || option.Interval > intervalMax):
		return nil, fmt.Errorf("RRULE %q has an INTERVAL that is not from 1 to %d", short(rule), intervalMax)
	case strings.Contains(written, ";COUNT=") && option.Count < 1:
		return nil, fmt.Errorf("RRULE %q has a COUNT that is not positive", short(rule))
	}
	option.Dtstart = start.wall
	// The library ends a rule that has no end 290 years after its start, and
	// Outlook's zones begin in 1601.
	last := start.clock.wall(until)
	if end := option.Until; !end.IsZero() {
		_, written, _ := strings.Cut(strings.ToUpper(rule), "UNTIL=")
		written, _, _ = strings.Cut(written, ";")
		switch {
		case strings.HasSuffix(written, "Z"):
			end = start.clock.wall(end)
		case len(written) == len(dateLayout):
			end = end.AddDate(0, 0, 1).Add(-time.Second) // that day included
		}
		if end.Before(last) {
			last = end
		}
	}
	if last.Before(start.wall) {
		return nil, nil
	}
	option.Until = last
	r, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, fmt.Errorf("RRULE %q is not a rule of RFC 5545 (%w); export it anew", short(rule), err)
	}
	var walls []time.Time
	next := r.Iterator()
	for wall, ok := next(); ok; wall, ok = next() {
		if len(walls) == InstancesMax {
			return nil, fmt.Errorf("RRULE %q comes to more than %d occurrences; begin the series later", short(rule), InstancesMax)
		}
		walls = append(walls, wall)
	}
	return walls, nil
}
