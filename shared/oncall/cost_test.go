package oncall

import (
	"runtime"
	"testing"
	"time"
)

// fullTeam is a schedule as large as a real one gets: three layers, twelve
// people, a swap every week and holidays.
func fullTeam(t testing.TB) (r Rota, from, to time.Time) {
	chicago := in(t, "America/Chicago")
	zones := []*time.Location{chicago, in(t, "America/Los_Angeles"), in(t, "America/New_York"), in(t, "Europe/London")}
	who := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}
	from = at(t, chicago, "2026-01-01T00:00")
	to = from.AddDate(1, 0, 0)
	r = Rota{People: map[string]Person{}}
	for i, id := range who {
		p := Person{Zone: zones[i%len(zones)]}
		for j := range 4 {
			begin := from.AddDate(0, 3*j, 7*i)
			p.Away = append(p.Away, Away{From: begin, To: begin.AddDate(0, 0, 9)})
		}
		r.People[id] = p
	}
	start := civil(t, "2024-01-01T09:00")
	s := Schedule{Zone: chicago, Layers: []Layer{
		{Name: "base", Rotation: one(who...), Every: Period{1, Week}, Start: start},
		{Name: "days", Rotation: one(who[:6]...), Every: Period{1, Day}, Start: start,
			During: []Restriction{{Days: On(1, 2, 3, 4, 5), From: 9 * 60, To: 17 * 60, Own: true}}},
		{Name: "evenings", Rotation: one(who[6:]...), Every: Period{12, Hour}, Start: start,
			During: []Restriction{{From: 17 * 60, To: 60}}},
	}}
	s.Layers[0].Rotation[3].To = from.AddDate(0, 4, 0)
	s.Layers[0].Rotation[7].From = from.AddDate(0, 6, 0)
	for week := range 52 {
		begin := from.AddDate(0, 0, 7*week)
		s.Overrides = append(s.Overrides, Override{Who: []string{who[week%12]}, From: begin, To: begin.Add(8 * time.Hour)})
	}
	r.Schedules = map[string]Schedule{"s": s}
	return r, from, to
}

// TestCostGrowsWithTheShifts counts the changes that are looked at, which does
// not depend on the machine: a window of a century costs what its shifts cost.
func TestCostGrowsWithTheShifts(t *testing.T) {
	r, from, to := fullTeam(t)
	weekly := team(Schedule{Layers: []Layer{{Rotation: one("ana", "bo"), Every: Period{1, Week}, Start: Civil{1999, 1, 1, 0, 0, 0}}}})
	alone := team(Schedule{Layers: []Layer{{Rotation: one("ana"), Every: Period{1000, Month}, Start: Civil{1999, 1, 1, 0, 0, 0}}}})
	for _, tt := range []struct {
		name     string
		rota     Rota
		from, to time.Time
	}{
		{"a full team's year", r, from, to},
		{"a hundred years of weeks", weekly, from, from.AddDate(100, 0, 0)},
		{"a hundred years of one person", alone, from, from.AddDate(100, 0, 0)},
		{"a hundred years of nobody", Rota{}, from, from.AddDate(100, 0, 0)},
	} {
		s := tt.rota.sweep("s", tt.from, tt.to)
		steps := 0
		shifts := s.shifts(func(t int64) ([]string, int64) { steps++; return s.at(t) }, tt.from, tt.to)
		if steps > 2*len(shifts)+2 {
			t.Errorf("%s: %d shifts took %d steps", tt.name, len(shifts), steps)
		}
	}
}

func TestMemory(t *testing.T) {
	r, from, to := fullTeam(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r.Shifts("s", from, to)
	runtime.ReadMemStats(&after)
	const bytesMax = 1 << 20 // a fifth of what was promised
	if bytes := after.TotalAlloc - before.TotalAlloc; bytes > bytesMax {
		t.Errorf("a year took %d bytes, allowed are %d", bytes, bytesMax)
	}
	now := from.AddDate(0, 7, 0)
	if n := testing.AllocsPerRun(100, func() { r.At("s", now) }); n > 40 {
		t.Errorf("At took %v allocations", n)
	}
}

func BenchmarkYear(b *testing.B) {
	r, from, to := fullTeam(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Shifts("s", from, to)
	}
}

func BenchmarkYearOfHoles(b *testing.B) {
	r, from, to := fullTeam(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Holes([]string{"s"}, from, to, nil)
	}
}

func BenchmarkAt(b *testing.B) {
	r, from, _ := fullTeam(b)
	now := from.AddDate(0, 7, 0)
	b.ReportAllocs()
	for b.Loop() {
		r.At("s", now)
	}
}
