package oncall

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func one(ids ...string) (rotation []Member) {
	for _, id := range ids {
		rotation = append(rotation, Member{Who: []string{id}})
	}
	return rotation
}

func at(t testing.TB, loc *time.Location, civil string) time.Time {
	t.Helper()
	c, err := ParseCivil(civil)
	if err != nil {
		t.Fatal(err)
	}
	return c.First(loc)
}

func civil(t testing.TB, s string) Civil {
	t.Helper()
	c, err := ParseCivil(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func team(s Schedule) Rota {
	p := map[string]Person{}
	for _, id := range []string{"ana", "bo", "cy", "di"} {
		p[id] = Person{}
	}
	return Rota{People: p, Schedules: map[string]Schedule{"s": s}}
}

// TestHandoffsInEveryZone follows unrestricted rotations through 2025–2030 in
// every zone: no second is uncovered or doubly covered, the turns alternate,
// and each handoff is at its wall-clock time, or at the documented instant
// where that time does not exist.
func TestHandoffsInEveryZone(t *testing.T) {
	t.Parallel()
	for i, loc := range everyZone() {
		if testing.Short() && i%8 != 0 {
			continue
		}
		d := rand.New(rand.NewPCG(uint64(i), 2))
		for _, every := range []Period{{1, Day}, {1 + d.IntN(40), Hour}, {1, Week}, {1 + d.IntN(3), Month}} {
			start := Civil{2024, 12, 31, d.IntN(24), d.IntN(4) * 15, 0}
			if every.Unit == Day {
				start.Hour, start.Minute = i%4, 0 // when most clocks change
			}
			r := team(Schedule{Zone: loc, Layers: []Layer{{Rotation: one("ana", "bo", "cy"), Every: every, Start: start}}})
			shifts := r.Shifts("s", year2025.AddDate(0, 0, 5), year2031)
			if fault := misshapen(shifts, year2025.AddDate(0, 0, 5), year2031); fault != "" {
				t.Fatalf("%v every %v from %v: %s", loc, every, start, fault)
			}
			turn := -1
			for _, s := range shifts {
				if len(s.Who) != 1 {
					t.Fatalf("%v every %v from %v: %v is on call at %v", loc, every, start, s.Who, s.From)
				}
				if turn < 0 { // the window cuts the first shift
					turn = 0
					for !later(start.utc(), every, turn+1).After(CivilOf(s.From).utc()) {
						turn++
					}
					continue
				}
				turn++
				promised := later(start.utc(), every, turn)
				for CivilOf(s.From.Add(-time.Second)).utc().Before(promised) && !CivilOf(s.From).utc().Before(later(start.utc(), every, turn+1)) {
					turn++ // a turn of no length: all of it lies in the gap
					promised = later(start.utc(), every, turn)
				}
				if want := ids[turn%3]; s.Who[0] != want {
					t.Fatalf("%v every %v from %v: turn %d at %v is %v's, want %s", loc, every, start, turn, s.From, s.Who, want)
				}
				shown, before := CivilOf(s.From).utc(), CivilOf(s.From.Add(-time.Second)).utc()
				switch {
				case shown.Equal(promised):
					if begin, _ := s.From.ZoneBounds(); !begin.IsZero() {
						_, now := s.From.Zone()
						_, then := begin.Add(-time.Second).Zone()
						if earlier := s.From.Add(time.Duration(now-then) * time.Second); earlier.Before(begin) {
							t.Fatalf("%v every %v from %v: handoff at %v is the second time the clock shows it", loc, every, start, s.From)
						}
					}
				case before.Before(promised) && promised.Before(shown): // the first instant after the gap
				default:
					t.Fatalf("%v every %v from %v: handoff at %v, promised %v", loc, every, start, s.From, promised)
				}
			}
		}
	}
}

func (c Civil) utc() time.Time { return c.First(time.UTC) }

// row writes shifts as the tables below do.
func row(shifts []Shift, layout string) string {
	var b strings.Builder
	for _, s := range shifts {
		who := strings.Join(s.Who, "+")
		if who == "" {
			who = "-"
		}
		fmt.Fprintf(&b, "%s %s, ", s.From.Format(layout), who)
	}
	return strings.TrimSuffix(b.String(), ", ")
}

func TestShifts(t *testing.T) {
	chicago, lordHowe, apia := in(t, "America/Chicago"), in(t, "Australia/Lord_Howe"), in(t, "Pacific/Apia")
	stJohns, london, la := in(t, "America/St_Johns"), in(t, "Europe/London"), in(t, "America/Los_Angeles")
	const stamp, date = "Mon 2 15:04 -07", "2 Jan"
	daily := Period{1, Day}
	always := Layer{Rotation: one("di"), Every: Period{1, Week}, Start: civil(t, "2000-01-01")}

	tests := []struct {
		name     string
		schedule Schedule
		people   map[string]Person
		from, to string
		layout   string
		want     string
	}{
		{
			name:     "months hand off on their last day if they have no 31st",
			schedule: Schedule{Layers: []Layer{{Rotation: one("ana", "bo"), Every: Period{1, Month}, Start: civil(t, "2027-10-31T09:00")}}},
			from:     "2027-11-01", to: "2028-06-01", layout: date,
			want: "1 Nov ana, 30 Nov bo, 31 Dec ana, 31 Jan bo, 29 Feb ana, 31 Mar bo, 30 Apr ana, 31 May bo",
		},
		{
			name:     "a leap day every year",
			schedule: Schedule{Layers: []Layer{{Rotation: one("ana", "bo"), Every: Period{12, Month}, Start: civil(t, "2024-02-29")}}},
			from:     "2024-02-29", to: "2028-03-01", layout: "2 Jan 2006",
			want: "29 Feb 2024 ana, 28 Feb 2025 bo, 28 Feb 2026 ana, 28 Feb 2027 bo, 29 Feb 2028 ana",
		},
		{
			name:     "hours by the wall clock: a turn of no length in the gap",
			schedule: Schedule{Zone: chicago, Layers: []Layer{{Rotation: one("ana", "bo", "cy"), Every: Period{1, Hour}, Start: civil(t, "2026-03-08T00:00")}}},
			from:     "2026-03-08T00:00", to: "2026-03-08T06:00", layout: "15:04",
			want: "00:00 ana, 01:00 bo, 03:00 ana, 04:00 bo, 05:00 cy",
		},
		{
			name:     "hours by the wall clock: a longer turn in the repeat",
			schedule: Schedule{Zone: chicago, Layers: []Layer{{Rotation: one("ana", "bo", "cy"), Every: Period{1, Hour}, Start: civil(t, "2026-11-01T00:00")}}},
			from:     "2026-11-01T00:00", to: "2026-11-01T04:00", layout: "15:04 -07",
			want: "00:00 -05 ana, 01:00 -05 bo, 02:00 -06 cy, 03:00 -06 ana",
		},
		{
			name:     "half an hour at Lord Howe",
			schedule: Schedule{Zone: lordHowe, Layers: []Layer{{Rotation: one("ana", "bo"), Every: daily, Start: civil(t, "2026-10-02T02:15")}}},
			from:     "2026-10-02T02:15", to: "2026-10-06", layout: "2 15:04 -0700",
			want: "2 02:15 +1030 ana, 3 02:15 +1030 bo, 4 02:30 +1100 ana, 5 02:15 +1100 bo",
		},
		{
			name:     "the day that Samoa skipped",
			schedule: Schedule{Zone: apia, Layers: []Layer{{Rotation: one("ana", "bo", "cy"), Every: daily, Start: civil(t, "2011-12-28T09:00")}}},
			from:     "2011-12-28T09:00", to: "2012-01-01", layout: stamp,
			want: "Wed 28 09:00 -10 ana, Thu 29 09:00 -10 bo, Sat 31 00:00 +14 cy, Sat 31 09:00 +14 ana",
		},
		{
			name:     "before its start a rotation holds nobody",
			schedule: Schedule{Layers: []Layer{{Rotation: one("ana", "bo"), Every: daily, Start: civil(t, "2026-01-02")}}},
			from:     "2026-01-01", to: "2026-01-04", layout: date,
			want: "1 Jan -, 2 Jan ana, 3 Jan bo",
		},
		{
			name: "overnight, on the days it begins",
			schedule: Schedule{Zone: chicago, Layers: []Layer{{Rotation: one("ana"), Every: daily, Start: civil(t, "2026-01-01"),
				During: []Restriction{{Days: On(time.Friday), From: 17 * 60, To: 60}}}}},
			from: "2026-05-01T12:00", to: "2026-05-02T12:00", layout: stamp,
			want: "Fri 1 12:00 -05 -, Fri 1 17:00 -05 ana, Sat 2 01:00 -05 -",
		},
		{
			name: "a restriction ends at the last occurrence of its time",
			schedule: Schedule{Zone: chicago, Layers: []Layer{always, {Rotation: one("ana"), Every: daily, Start: civil(t, "2026-01-01"),
				During: []Restriction{{From: 22 * 60, To: 90}}}}},
			from: "2026-10-31T22:00", to: "2026-11-01T12:00", layout: stamp,
			want: "Sat 31 22:00 -05 ana, Sun 1 01:30 -06 di",
		},
		{
			name: "a restriction begins at the first occurrence of its time",
			schedule: Schedule{Zone: chicago, Layers: []Layer{always, {Rotation: one("ana"), Every: daily, Start: civil(t, "2026-01-01"),
				During: []Restriction{{From: 90, To: 120}}}}},
			from: "2026-11-01T00:00", to: "2026-11-01T12:00", layout: stamp,
			want: "Sun 1 00:00 -05 di, Sun 1 01:30 -05 ana, Sun 1 02:00 -06 di",
		},
		{
			name: "still open although the clock shows the day after its end",
			schedule: Schedule{Zone: stJohns, Layers: []Layer{{Rotation: one("ana"), Every: daily, Start: civil(t, "2010-01-01"),
				During: []Restriction{{Days: On(time.Friday), From: 23*60 + 30, To: 23*60 + 30}}}}},
			from: "2010-11-07T00:00", to: "2010-11-07T12:00", layout: "Mon 2 15:04 -0700",
			want: "Sun 7 00:00 -0230 ana, Sat 6 23:30 -0330 -",
		},
		{
			name: "to 24:00 is the end of the day",
			schedule: Schedule{Layers: []Layer{{Rotation: one("ana"), Every: daily, Start: civil(t, "2026-01-01"),
				During: []Restriction{{Days: On(time.Friday), From: 0, To: 24 * 60}}}}},
			from: "2026-04-30T12:00", to: "2026-05-03", layout: "Mon 15:04",
			want: "Thu 12:00 -, Fri 00:00 ana, Sat 00:00 -",
		},
		{
			name: "each responder's own hours",
			schedule: Schedule{Zone: chicago, Layers: []Layer{{Rotation: []Member{{Who: []string{"cy", "ana"}}}, Every: Period{1, Week}, Start: civil(t, "2026-01-01"),
				During: []Restriction{{From: 9 * 60, To: 18 * 60, Own: true}}}}},
			people: map[string]Person{"ana": {Zone: la}, "cy": {Zone: london}},
			from:   "2026-06-01", to: "2026-06-02", layout: "15:04",
			want: "00:00 -, 03:00 cy, 11:00 ana+cy, 12:00 ana, 20:00 -",
		},
		{
			name: "later layers win where they have somebody, and away falls through",
			schedule: Schedule{Layers: []Layer{always,
				{Rotation: one("ana", "bo"), Every: daily, Start: civil(t, "2026-01-01")},
				{Rotation: one("cy"), Every: daily, Start: civil(t, "2026-01-01"), During: []Restriction{{Days: On(time.Saturday), From: 0, To: 0}}}}},
			people: map[string]Person{"bo": {Away: []Away{{From: time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC), To: time.Date(2026, 1, 6, 6, 0, 0, 0, time.UTC)}}}},
			from:   "2026-01-01", to: "2026-01-07", layout: "Mon 15:04",
			want: "Thu 00:00 ana, Fri 00:00 bo, Fri 12:00 di, Sat 00:00 cy, Sun 00:00 di, Mon 00:00 ana, Tue 00:00 di, Tue 06:00 bo",
		},
		{
			name: "an override wins, the later of two, but not one by somebody away",
			schedule: Schedule{Layers: []Layer{always}, Overrides: []Override{
				{Who: []string{"ana"}, From: time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC), To: time.Date(2026, 1, 1, 18, 0, 0, 0, time.UTC)},
				{Who: []string{"bo"}, From: time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC), To: time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)},
				{Who: []string{"cy"}, From: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), To: time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)}}},
			people: map[string]Person{"cy": {Away: []Away{{}}}},
			from:   "2026-01-01", to: "2026-01-02", layout: "15:04",
			want: "00:00 di, 03:00 bo, 09:00 ana, 18:00 di",
		},
		{
			name: "joining changes nothing before it and passes over nobody",
			schedule: Schedule{Layers: []Layer{{Every: daily, Start: civil(t, "2026-01-01"), Rotation: []Member{
				{Who: []string{"ana"}}, {Who: []string{"bo"}}, {Who: []string{"cy"}, From: time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC)}}}}},
			from: "2026-01-01", to: "2026-01-09", layout: date,
			want: "1 Jan ana, 2 Jan bo, 3 Jan ana, 4 Jan bo, 5 Jan cy, 6 Jan ana, 7 Jan bo, 8 Jan cy",
		},
		{
			name: "leaving in the middle of a turn hands the rest to the next, whose turn follows",
			schedule: Schedule{Layers: []Layer{{Every: daily, Start: civil(t, "2026-01-01"), Rotation: []Member{
				{Who: []string{"ana"}}, {Who: []string{"bo"}, To: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)}, {Who: []string{"cy"}}}}}},
			from: "2026-01-01", to: "2026-01-09", layout: "2 15:04",
			want: "1 00:00 ana, 2 00:00 bo, 3 00:00 cy, 4 00:00 ana, 5 00:00 bo, 5 12:00 cy, 7 00:00 ana, 8 00:00 cy",
		},
		{
			name: "a successor takes over exactly the turns of the one who leaves",
			schedule: Schedule{Layers: []Layer{{Every: daily, Start: civil(t, "2026-01-01"), Rotation: []Member{
				{Who: []string{"ana"}}, {Who: []string{"bo"}, To: time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC)},
				{Who: []string{"di"}, From: time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC)}, {Who: []string{"cy"}}}}}},
			from: "2026-01-01", to: "2026-01-08", layout: date,
			want: "1 Jan ana, 2 Jan bo, 3 Jan cy, 4 Jan ana, 5 Jan di, 6 Jan cy, 7 Jan ana",
		},
		{
			name: "a rotation that everybody left holds nobody until somebody joins",
			schedule: Schedule{Layers: []Layer{{Every: daily, Start: civil(t, "2026-01-01"), Rotation: []Member{
				{Who: []string{"ana"}, To: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)},
				{Who: []string{"bo"}, From: time.Date(2026, 1, 3, 12, 0, 0, 0, time.UTC)}}}}},
			from: "2026-01-01", to: "2026-01-05", layout: "2 15:04",
			want: "1 00:00 ana, 2 00:00 -, 3 12:00 bo",
		},
		{
			name:     "a turn of no length and a rotation of nobody hold nobody",
			schedule: Schedule{Layers: []Layer{{Rotation: one("ana"), Start: civil(t, "2026-01-01")}, {Every: daily, Start: civil(t, "2026-01-01")}}},
			from:     "2026-01-01", to: "2026-01-09", layout: date,
			want: "1 Jan -",
		},
		{
			name:     "a schedule of nothing is one hole",
			schedule: Schedule{},
			from:     "2026-01-01", to: "2026-01-09", layout: date,
			want: "1 Jan -",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := team(tt.schedule)
			for id, p := range tt.people {
				r.People[id] = p
			}
			zone := tt.schedule.Zone
			if zone == nil {
				zone = time.UTC
			}
			from, to := at(t, zone, tt.from), at(t, zone, tt.to)
			shifts := r.Shifts("s", from, to)
			if fault := misshapen(shifts, from, to); fault != "" {
				t.Error(fault)
			}
			if got := row(shifts, tt.layout); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestShiftsOfNoScheduleAndNoWindow(t *testing.T) {
	r := team(Schedule{})
	if got := r.Shifts("nights", year2025, year2031); len(got) != 1 || misshapen(got, year2025, year2031) != "" || len(got[0].Who) > 0 {
		t.Errorf("an unknown schedule has the shifts %v, want one hole", got)
	}
	if got := r.At("nights", year2025); len(got) > 0 {
		t.Errorf("%v is on call on an unknown schedule", got)
	}
	if got := r.Shifts("s", year2025, year2025); len(got) > 0 {
		t.Errorf("an empty window has the shifts %v", got)
	}
	if got := r.Shifts("s", year2031, year2025); len(got) > 0 {
		t.Errorf("a window that ends before it begins has the shifts %v", got)
	}
}

func TestFractionsOfASecond(t *testing.T) {
	from, to := year2025.Add(300*time.Millisecond), year2025.Add(10*time.Second+700*time.Millisecond)
	r := team(Schedule{Overrides: []Override{{Who: []string{"ana"}, From: year2025.Add(4500 * time.Millisecond), To: year2025.Add(6900 * time.Millisecond)}}})
	got := r.Shifts("s", from, to)
	if fault := misshapen(got, from, to); fault != "" {
		t.Fatal(fault)
	}
	if got := row(got, "5.0"); got != "0.3 -, 4.0 ana, 6.0 -" {
		t.Error(got)
	}
	if who := r.At("s", year2025.Add(5999*time.Millisecond)); !slices.Equal(who, []string{"ana"}) {
		t.Errorf("%v is on call in the last second of the override", who)
	}
	holes := r.Holes([]string{"s"}, from, to, nil)
	if len(holes) != 2 || !holes[0].From.Equal(from) || !holes[0].To.Equal(got[0].To) || !holes[1].To.Equal(to) {
		t.Errorf("the holes are %v", holes)
	}
}

// TestSharing has something to find for the race detector.
func TestSharing(t *testing.T) {
	r, from, _ := fullTeam(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			r.At("s", from)
			r.Lanes("s", from, from.AddDate(0, 1, 0))
			r.Holes([]string{"s"}, from, from.AddDate(0, 1, 0), nil)
		})
	}
	group.Wait()
}

func TestLanes(t *testing.T) {
	jan := func(d, h int) time.Time { return time.Date(2026, 1, d, h, 0, 0, 0, time.UTC) }
	r := team(Schedule{
		Layers: []Layer{
			{Name: "base", Rotation: one("ana", "bo"), Every: Period{1, Day}, Start: civil(t, "2026-01-01")},
			{Rotation: one("ana"), Every: Period{1, Day}, Start: civil(t, "2026-01-01"), During: []Restriction{{From: 540, To: 1020}}},
		},
		Overrides: []Override{{Who: []string{"cy"}, From: jan(2, 0), To: jan(2, 6)}},
	})
	r.People["ana"] = Person{Away: []Away{{From: jan(3, 0), To: jan(3, 12)}}}
	var got []string
	for _, lane := range r.Lanes("s", jan(2, 0), jan(4, 0)) {
		got = append(got, lane.Name+": "+row(lane.Shifts, "2 15:04"))
	}
	want := []string{
		"base: 2 00:00 bo, 3 00:00 -, 3 12:00 ana",
		"layer 2: 2 00:00 -, 2 09:00 ana, 2 17:00 -, 3 12:00 ana, 3 17:00 -",
		"overrides: 2 00:00 cy, 2 06:00 -",
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	if lanes := r.Lanes("s", jan(5, 0), jan(6, 0)); len(lanes) != 2 {
		t.Errorf("%d lanes in a window without overrides, want 2", len(lanes))
	}
}

// TestOverrideChangesNothingOutsideIt also holds an away period to that: it
// changes nothing outside, and inside nobody but the one who is away loses.
func TestOverrideChangesNothingOutsideIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &draw{Rand: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))}
		r, begin, size := d.rota()
		end := begin.Add(time.Duration(size) * time.Minute)
		from := d.within(begin, size)
		to := from.Add(time.Duration(1+d.IntN(size)) * time.Minute)
		who := d.who()
		changed := r.Schedules["s"]
		changed.Overrides = append(slices.Clone(changed.Overrides), Override{Who: who, From: from, To: to})
		after := Rota{People: r.People, Schedules: map[string]Schedule{"s": changed}}
		for range 50 {
			now := d.within(begin, size)
			was, is := r.At("s", now), after.At("s", now)
			if inside := !now.Before(from) && now.Before(to); !inside && !slices.Equal(was, is) {
				t.Fatalf("outside [%v, %v), at %v, %v became %v", from, to, now, was, is)
			} else if want := newSlow(r, now, 1).notAway(who, now); inside && len(want) > 0 && !slices.Equal(is, want) {
				t.Fatalf("inside the override of %v, at %v, %v is on call", want, now, is)
			}
		}
		for _, w := range [][2]time.Time{{begin, from}, {to, end}} {
			was, is := r.Shifts("s", w[0], w[1]), after.Shifts("s", w[0], w[1])
			if row(was, time.RFC3339) != row(is, time.RFC3339) {
				t.Fatalf("outside [%v, %v) the shifts changed", from, to)
			}
		}
	})
}

// TestWindowsAgree holds that a shift does not depend on the window asked for.
func TestWindowsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &draw{Rand: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 4))}
		r, begin, size := d.rota()
		end := begin.Add(time.Duration(size) * time.Minute)
		cut := d.within(begin, size)
		if cut.Before(begin) {
			cut = begin
		}
		whole, parts := r.Shifts("s", begin, end), r.Shifts("s", begin, cut)
		for _, s := range r.Shifts("s", cut, end) {
			if n := len(parts); n > 0 && slices.Equal(parts[n-1].Who, s.Who) {
				parts[n-1].To = s.To
			} else {
				parts = append(parts, s)
			}
		}
		if row(whole, time.RFC3339) != row(parts, time.RFC3339) {
			t.Fatalf("cut at %v:\n%s\n%s", cut, row(whole, time.RFC3339), row(parts, time.RFC3339))
		}
	})
}

// TestMembership holds that who joins or leaves changes nothing before, and
// that turns keep to the order of the list.
func TestMembership(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "members")
		l := Layer{Every: Period{1, Day}, Start: Civil{2026, 1, 1, 0, 0, 0}, Rotation: one(ids[:n]...)}
		jan := func(name string) time.Time {
			return time.Date(2026, 1, 1, rapid.IntRange(0, 30*24).Draw(t, name), 0, 0, 0, time.UTC)
		}
		begin, end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		before := team(Schedule{Layers: []Layer{l}})
		changed := l
		changed.Rotation = slices.Clone(l.Rotation)
		when := jan("when")
		if place := rapid.IntRange(0, n).Draw(t, "place"); rapid.Bool().Draw(t, "joins") {
			changed.Rotation = slices.Insert(changed.Rotation, place, Member{Who: []string{"zoe"}, From: when})
		} else if place < n {
			changed.Rotation[place].To = when
		}
		after := team(Schedule{Layers: []Layer{changed}})
		if a, b := before.Shifts("s", begin, when), after.Shifts("s", begin, when); row(a, time.RFC3339) != row(b, time.RFC3339) {
			t.Fatalf("before %v the shifts changed:\n%s\n%s", when, row(a, time.RFC3339), row(b, time.RFC3339))
		}
		// From the first handoff after it, the turns go round those who are in.
		var order []string
		for _, m := range changed.Rotation {
			if m.To.IsZero() {
				order = append(order, m.Who[0])
			}
		}
		if len(order) == 0 {
			return
		}
		day := when.Truncate(24*time.Hour).AddDate(0, 0, 1)
		for i := slices.Index(order, after.At("s", day)[0]); day.Before(end); day = day.AddDate(0, 0, 1) {
			if got := after.At("s", day)[0]; got != order[i%len(order)] {
				t.Fatalf("on %v %s is on call, want %s of %v", day, got, order[i%len(order)], order)
			}
			i++
		}
	})
}
