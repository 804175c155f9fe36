package oncall

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func holes(hs []Hole) string {
	var b strings.Builder
	for _, h := range hs {
		b.WriteString(h.From.Format("2 15:04") + " to " + h.To.Format("2 15:04") + ": " + h.Why + "\n")
	}
	return b.String()
}

func TestHoles(t *testing.T) {
	la := in(t, "America/Los_Angeles")
	jan := func(d, h int) time.Time { return time.Date(2026, 1, d, h, 0, 0, 0, la) }
	start := civil(t, "2025-12-01")
	week := Period{1, Week}
	hours := func(from, to TimeOfDay, days ...time.Weekday) []Restriction {
		return []Restriction{{Days: On(days...), From: from * 60, To: to * 60}}
	}
	people := map[string]Person{
		"ana": {Zone: la, Away: []Away{{From: jan(9, 12), To: jan(11, 0), Why: "London"}}},
		"bo":  {Away: []Away{{From: jan(10, 0)}}},
		"cy":  {Zone: in(t, "Europe/London")},
	}
	unreachable := func(who string) (bool, string) {
		switch who {
		case "cy":
			return false, "no channel is configured"
		case "ana":
			return false, ""
		}
		return true, ""
	}
	one1 := func(l ...Layer) map[string]Schedule { return map[string]Schedule{"s": {Zone: la, Layers: l}} }

	tests := []struct {
		name      string
		schedules map[string]Schedule
		covering  []string
		from, to  time.Time
		reachable Reachable
		want      string
	}{
		{
			name: "the night of the story",
			schedules: one1(
				Layer{Name: "nights", Rotation: one("ana"), Every: week, Start: start},
				Layer{Name: "evenings", Rotation: one("cy"), Every: week, Start: start, During: hours(9, 17)}),
			from: jan(9, 0), to: jan(10, 9),
			want: "9 17:00 to 10 09:00: evenings ends 17:00 Pacific; ana is away (London)\n",
		},
		{
			name:      "one layer with hours, over days",
			schedules: one1(Layer{Name: "desk", Rotation: one("cy"), Every: week, Start: start, During: hours(9, 17, 1, 2, 3, 4, 5)}),
			from:      jan(9, 12), to: jan(12, 12),
			want: "9 17:00 to 12 09:00: desk ends 17:00 Pacific\n",
		},
		{
			name:      "a window that begins in a hole says when it will end",
			schedules: one1(Layer{Name: "desk", Rotation: one("cy"), Every: week, Start: start, During: hours(9, 17, 1)}),
			from:      jan(9, 12), to: jan(12, 12),
			want: "9 12:00 to 12 09:00: desk begins Mon 09:00 Pacific\n",
		},
		{
			name: "the hours of a responder's own zone",
			schedules: one1(Layer{Name: "desk", Rotation: one("cy"), Every: week, Start: start,
				During: []Restriction{{From: 9 * 60, To: 17 * 60, Own: true}}}),
			from: jan(9, 2), to: jan(9, 20),
			want: "9 09:00 to 9 20:00: desk ends 17:00 London\n",
		},
		{
			name:      "one after the other away; until further notice",
			schedules: one1(Layer{Name: "all", Rotation: []Member{{Who: []string{"ana", "bo"}}}, Every: week, Start: start}),
			from:      jan(9, 0), to: jan(10, 6),
			want: "10 00:00 to 10 06:00: ana is away (London); bo is away\n",
		},
		{
			name: "an override by somebody away",
			schedules: map[string]Schedule{"s": {Zone: la, Overrides: []Override{{Who: []string{"ana"}, From: jan(10, 0), To: jan(11, 0)}},
				Layers: []Layer{{Name: "desk", Rotation: one("cy"), Every: week, Start: start, During: hours(9, 17)}}}},
			from: jan(10, 9), to: jan(10, 20),
			want: "10 17:00 to 10 20:00: desk ends 17:00 Pacific; ana is away (London)\n",
		},
		{
			name:      "somebody who cannot be reached hides those below",
			schedules: one1(Layer{Name: "a", Rotation: one("bo"), Every: week, Start: start}, Layer{Name: "b", Rotation: one("cy"), Every: week, Start: start}),
			from:      jan(9, 0), to: jan(9, 1), reachable: unreachable,
			want: "9 00:00 to 9 01:00: cy cannot be reached (no channel is configured)\n",
		},
		{
			name:      "reached for no given reason, and not known at all",
			schedules: one1(Layer{Name: "a", Rotation: []Member{{Who: []string{"ana", "zed"}}}, Every: week, Start: start}),
			from:      jan(8, 0), to: jan(8, 1), reachable: unreachable,
			want: "8 00:00 to 8 01:00: ana cannot be reached; zed is not a responder\n",
		},
		{
			name:      "before the start",
			schedules: one1(Layer{Name: "a", Rotation: one("cy"), Every: week, Start: civil(t, "2026-02-02T09:00")}),
			from:      jan(9, 0), to: jan(9, 1),
			want: "9 00:00 to 9 01:00: a starts 2 Feb 09:00 Pacific\n",
		},
		{
			name: "nobody in the rotation yet, and nobody any more",
			schedules: one1(
				Layer{Rotation: []Member{{Who: []string{"cy"}, From: jan(12, 9)}}, Every: week, Start: start},
				Layer{Rotation: []Member{{Who: []string{"cy"}, To: jan(3, 0)}}, Every: week, Start: start}),
			from: jan(9, 9), to: jan(9, 10),
			want: "9 09:00 to 9 10:00: nobody is in the rotation of layer 2; nobody is in the rotation of layer 1 until Mon 09:00 Pacific\n",
		},
		{
			name: "rotations that cannot turn",
			schedules: one1(
				Layer{Name: "a", Rotation: one("cy"), Start: start}, Layer{Name: "b", Every: week, Start: start},
				Layer{Name: "c", Rotation: []Member{{}}, Every: week, Start: start}),
			from: jan(9, 9), to: jan(9, 10),
			want: "9 09:00 to 9 10:00: c has a turn of nobody; b has nobody in its rotation; a has turns of no length\n",
		},
		{
			name: "no schedule at all", covering: []string{}, from: jan(9, 0), to: jan(9, 1),
			want: "9 00:00 to 9 01:00: no schedule is to be covered\n",
		},
		{
			name: "an unknown and an empty schedule", schedules: map[string]Schedule{"empty": {}}, covering: []string{"primary", "empty"},
			from: jan(9, 0), to: jan(30, 0),
			want: "9 00:00 to 30 00:00: there is no schedule \"primary\"; empty has no layers\n",
		},
		{
			name: "one of several schedules is enough",
			schedules: map[string]Schedule{
				"early": {Zone: la, Layers: []Layer{{Name: "desk", Rotation: one("cy"), Every: week, Start: start, During: hours(0, 12)}}},
				"late":  {Zone: la, Layers: []Layer{{Name: "desk", Rotation: one("cy"), Every: week, Start: start, During: hours(11, 22)}}}},
			covering: []string{"early", "late"},
			from:     jan(9, 8), to: jan(10, 8),
			want: "9 22:00 to 10 00:00: late/desk ends 22:00 Pacific; early/desk begins 00:00 Pacific\n",
		},
		{
			name:      "years before the start",
			schedules: one1(Layer{Name: "a", Rotation: one("cy"), Every: week, Start: civil(t, "2027-02-02T09:00:30")}),
			from:      jan(9, 0), to: jan(9, 1),
			want: "9 00:00 to 9 01:00: a starts 2 Feb 2027 09:00:30 Pacific\n",
		},
		{
			name: "an empty window", from: jan(9, 0), to: jan(9, 0), want: "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			covering := tt.covering
			if covering == nil {
				covering = []string{"s"}
			}
			got := holes(Rota{People: people, Schedules: tt.schedules}.Holes(covering, tt.from, tt.to, tt.reachable))
			if got != tt.want {
				t.Errorf("\n got %swant %s", got, tt.want)
			}
		})
	}
}

func TestReasonsAreBounded(t *testing.T) {
	var m Member
	for i := range 100 {
		m.Who = append(m.Who, "nobody-"+string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	r := Rota{Schedules: map[string]Schedule{"s": {Layers: []Layer{{Rotation: []Member{m}, Every: Period{1, Day}}}}}}
	got := r.Holes([]string{"s"}, year2025, year2031, nil)
	if len(got) != 1 || strings.Count(got[0].Why, ";") != reasonsMax || !strings.HasSuffix(got[0].Why, "; and more") {
		t.Errorf("%d holes: %s", len(got), holes(got))
	}
}

// TestHolesAreWhereNobodyCanBeReached holds Holes against At, for one schedule
// and for two.
func TestHolesAreWhereNobodyCanBeReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &draw{Rand: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 5))}
		r, begin, size := d.rota()
		second, _, _ := d.rota()
		r.Schedules["t"] = second.Schedules["s"]
		delete(r.People, "ed") // on call, but no responder
		end := begin.Add(time.Duration(size) * time.Minute)
		reachable := func(who string) (bool, string) { return who != "ana", "no phone" }
		covering := []string{"s", "t"}[:1+d.IntN(2)]
		hs := r.Holes(covering, begin, end, reachable)
		for i, h := range hs {
			if !h.From.Before(h.To) || h.Why == "" || h.From.Before(begin) || h.To.After(end) || i > 0 && !hs[i-1].To.Before(h.From) {
				t.Fatalf("hole %d of %v is %v", i, hs, h)
			}
		}
		var instants []time.Time
		for range 50 {
			instants = append(instants, d.within(begin, size))
		}
		for _, h := range hs {
			instants = append(instants, h.From, h.From.Add(-time.Second), h.To, h.To.Add(-time.Second))
		}
		for _, now := range instants {
			if now.Before(begin) || !now.Before(end) {
				continue
			}
			covered := false
			for _, s := range covering {
				covered = covered || slices.ContainsFunc(r.At(s, now), func(id string) bool { return id != "ana" && id != "ed" })
			}
			in := slices.ContainsFunc(hs, func(h Hole) bool { return !now.Before(h.From) && now.Before(h.To) })
			if in == covered {
				t.Fatalf("at %v covered is %v, in a hole is %v", now, covered, in)
			}
		}
	})
}

func TestZoneName(t *testing.T) {
	for zone, want := range map[string]string{
		"America/Los_Angeles": "Pacific", "America/Denver": "Mountain", "America/Chicago": "Central", "America/New_York": "Eastern",
		"Europe/London": "London", "America/Argentina/Buenos_Aires": "Buenos Aires", "UTC": "UTC",
	} {
		if got := ZoneName(in(t, zone)); got != want {
			t.Errorf("%s is called %s, want %s", zone, got, want)
		}
	}
	if got := ZoneName(nil); got != "UTC" {
		t.Errorf("no zone is called %s", got)
	}
}
