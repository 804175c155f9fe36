package oncall

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Period is the length of a turn by the wall clock. One that is not positive
// has no turns.
type Period struct {
	N    int
	Unit Unit
}

// A Unit of a Period.
type Unit int

const (
	Hour Unit = iota
	Day
	Week
	Month
)

var unitNames = [...]string{Hour: "h", Day: "d", Week: "w", Month: "mo"}

// periodMax bounds N; ten thousand hours are more than a year.
const periodMax = 10_000

// ParsePeriod reads "8h", "1d", "2w" and "1mo", or the unit in words:
// "1 week", "3 months".
func ParsePeriod(s string) (Period, error) {
	digits := strings.TrimLeft(s, "0123456789")
	n, err := strconv.Atoi(s[:len(s)-len(digits)])
	unit := strings.TrimSpace(digits)
	if len(unit) > 3 {
		unit = strings.TrimSuffix(unit, "s")
	}
	for u, name := range unitNames {
		if unit != name && unit != [...]string{"hour", "day", "week", "month"}[u] {
			continue
		}
		if err != nil || n < 1 || n > periodMax {
			return Period{}, fmt.Errorf("%q is no length for a turn: from 1 to %d of h, d, w or mo", s, periodMax)
		}
		return Period{n, Unit(u)}, nil
	}
	return Period{}, fmt.Errorf("%q is not a period: write it like 8h, 1d, 2w or 1mo (months are mo, minutes are too short)", s)
}

// String writes p as ParsePeriod reads it.
func (p Period) String() string { return strconv.Itoa(p.N) + unitNames[p.Unit] }

// after returns the wall-clock time n periods after start, both as
// Civil.unix. A month that has no such day gives its last one.
func (p Period) after(start int64, n int) int64 {
	switch p.Unit {
	case Hour:
		return start + int64(n)*int64(p.N)*3600
	case Day:
		return start + int64(n)*int64(p.N)*day
	case Week:
		return start + int64(n)*int64(p.N)*7*day
	}
	s := time.Unix(start, 0).UTC()
	month := time.Date(s.Year(), s.Month()+time.Month(n*p.N), 1, 0, 0, 0, 0, time.UTC)
	days := month.AddDate(0, 1, -1).Day()
	return month.Unix() + int64(min(s.Day(), days)-1)*day + (start%day+day)%day
}

// until returns the n for which wall is in [after(n), after(n+1)); it is
// negative before start.
func (p Period) until(start, wall int64) int {
	if p.Unit != Month {
		return int(floorDiv(wall-start, p.after(start, 1)-start))
	}
	s, w := time.Unix(start, 0).UTC(), time.Unix(wall, 0).UTC()
	n := int(floorDiv(int64((w.Year()-s.Year())*12+int(w.Month())-int(s.Month())), int64(p.N)))
	if p.after(start, n) > wall {
		n--
	}
	return n
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
