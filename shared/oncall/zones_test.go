package oncall

import (
	_ "embed"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // so that every machine tests the same clocks
)

// zoneNames is every name in the zoneinfo.zip of Go 1.26 (tzdata 2025c),
// one a line.
//
//go:embed testdata/zones.txt
var zoneNames string

var everyZone = sync.OnceValue(func() []*time.Location {
	var zones []*time.Location
	for name := range strings.Lines(zoneNames) {
		loc, err := time.LoadLocation(strings.TrimSpace(name))
		if err != nil {
			panic(err)
		}
		zones = append(zones, loc)
	}
	return zones
})

func in(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// changes returns the instants in [from, to) at which the offset of loc
// changes, found by asking for the offset every quarter of an hour.
func changes(loc *time.Location, from, to time.Time) []time.Time {
	const step = 15 * time.Minute
	var found []time.Time
	offset := func(t time.Time) int { _, o := t.In(loc).Zone(); return o }
	// Days first: no zone changes and changes back within one.
	for day := from.Truncate(step); day.Before(to); day = day.Add(24 * time.Hour) {
		if offset(day) == offset(day.Add(24*time.Hour)) {
			continue
		}
		for t := day; t.Before(day.Add(24 * time.Hour)); t = t.Add(step) {
			if offset(t) != offset(t.Add(step)) {
				found = append(found, t.Add(step))
			}
		}
	}
	return found
}

var (
	year2025 = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	year2031 = time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
)

func TestEveryZoneHasBeenLoaded(t *testing.T) {
	if n := len(everyZone()); n < 590 {
		t.Fatalf("%d zones: the list is not whole", n)
	}
}
