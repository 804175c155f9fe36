package mute_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rouse/shared/mute"
	"rouse/shared/oncall"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestUntil(t *testing.T) {
	chicago := zone(t, "America/Chicago")
	at := func(s string) time.Time {
		u, err := time.ParseInLocation("2006-01-02T15:04:05", s, chicago)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	weekly := func(days string, from, to oncall.TimeOfDay, checks ...string) mute.Window {
		d, err := oncall.ParseDays(days)
		if err != nil {
			t.Fatal(err)
		}
		return mute.Window{Checks: checks, Weekly: &oncall.Restriction{Days: d, From: from * 60, To: to * 60}, Zone: chicago, Why: "weekly"}
	}
	once := func(from, to string, checks ...string) mute.Window {
		return mute.Window{Checks: checks, From: at(from), To: at(to), Why: "once"}
	}
	for name, test := range map[string]struct {
		windows mute.Windows
		at      string
		until   string // "" means not muted
		why     string
	}{
		"none":                         {nil, "2026-12-01T02:00:00", "", ""},
		"once, before":                 {mute.Windows{once("2026-12-01T02:00:00", "2026-12-01T04:00:00")}, "2026-12-01T01:59:59", "", ""},
		"once, its beginning included": {mute.Windows{once("2026-12-01T02:00:00", "2026-12-01T04:00:00")}, "2026-12-01T02:00:00", "2026-12-01T04:00:00", "once"},
		"once, its end excluded":       {mute.Windows{once("2026-12-01T02:00:00", "2026-12-01T04:00:00")}, "2026-12-01T04:00:00", "", ""},
		"of this check":                {mute.Windows{once("2026-12-01T02:00:00", "2026-12-01T04:00:00", "publish", "login")}, "2026-12-01T03:00:00", "2026-12-01T04:00:00", "once"},
		"of another check":             {mute.Windows{once("2026-12-01T02:00:00", "2026-12-01T04:00:00", "publish")}, "2026-12-01T03:00:00", "", ""},
		"weekly":                       {mute.Windows{weekly("sun", 3, 5)}, "2026-12-06T03:00:00", "2026-12-06T05:00:00", "weekly"},
		"weekly, another day":          {mute.Windows{weekly("sun", 3, 5)}, "2026-12-07T03:00:00", "", ""},
		"weekly, over midnight":        {mute.Windows{weekly("sat", 22, 2)}, "2026-12-06T01:59:59", "2026-12-06T02:00:00", "weekly"},
		"one into the next": {mute.Windows{weekly("sun", 3, 5), once("2026-12-06T05:00:00", "2026-12-06T08:00:00")},
			"2026-12-06T04:00:00", "2026-12-06T08:00:00", "weekly"},
		"one within the other": {mute.Windows{once("2026-12-06T03:30:00", "2026-12-06T04:00:00"), weekly("sun", 3, 5)},
			"2026-12-06T03:45:00", "2026-12-06T05:00:00", "once"},
		// Clocks go from 02:00 CST to 03:00 CDT: 02:30 does not exist.
		"begins in the gap":       {mute.Windows{weekly("sun", 2, 4)}, "2026-03-08T03:00:00", "2026-03-08T04:00:00", "weekly"},
		"would be over in no gap": {mute.Windows{weekly("sun", 1, 2)}, "2026-03-08T03:00:00", "", ""},
	} {
		until, why := test.windows.Until("login", at(test.at))
		var want time.Time
		if test.until != "" {
			want = at(test.until)
		}
		if !until.Equal(want) || why != test.why {
			t.Errorf("%s: until %v (%s), want %v (%s)", name, until, why, want, test.why)
		}
	}

	// 01:00 to 02:00 comes twice on the night on which clocks are put back; the
	// window lasts from the first to the last of it.
	twice := mute.Windows{weekly("sun", 1, 2)}
	first := time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC) // 01:00 CDT
	for _, d := range []time.Duration{0, time.Hour, 2*time.Hour - time.Second} {
		if until, _ := twice.Until("login", first.Add(d)); !until.Equal(first.Add(2 * time.Hour)) {
			t.Errorf("%v after the first 01:00: until %v, want the end of the second", d, until)
		}
	}
	if until, _ := twice.Until("login", first.Add(2*time.Hour)); !until.IsZero() {
		t.Errorf("muted until %v after it has ended", until)
	}
}

// Muted is who is in a window, whatever others there are, until none holds.
func TestUntilIsTheEndOfMuting(t *testing.T) {
	chicago := zone(t, "America/Chicago")
	begin := time.Date(2026, 10, 30, 0, 0, 0, 0, chicago)
	rapid.Check(t, func(t *rapid.T) {
		var ws mute.Windows
		for range rapid.IntRange(0, 6).Draw(t, "windows") {
			hour := func(what string) time.Time {
				return begin.Add(time.Duration(rapid.IntRange(0, 96).Draw(t, what)) * time.Hour)
			}
			w := mute.Window{From: hour("from"), To: hour("to"), Why: "x"}
			if rapid.Bool().Draw(t, "weekly") {
				of := func(what string) oncall.TimeOfDay {
					return oncall.TimeOfDay(60 * rapid.IntRange(0, 23).Draw(t, what))
				}
				w = mute.Window{Weekly: &oncall.Restriction{Days: oncall.Days(rapid.IntRange(1, 127).Draw(t, "days")), From: of("begins"), To: of("ends")}, Zone: chicago, Why: "x"}
			}
			ws = append(ws, w)
		}
		alone := func(at time.Time) bool {
			for _, w := range ws {
				if until, _ := (mute.Windows{w}).Until("login", at); !until.IsZero() {
					return true
				}
			}
			return false
		}
		for h := range 96 {
			at := begin.Add(time.Duration(h) * time.Hour)
			until, _ := ws.Until("login", at)
			if until.IsZero() == alone(at) {
				t.Fatalf("%v: muted until %v, but by one of them %t", at, until, alone(at))
			}
			for u := at; u.Before(until) && u.Before(begin.Add(200*time.Hour)); u = u.Add(time.Hour) {
				if !alone(u) {
					t.Fatalf("%v: muted until %v, but not at %v", at, until, u)
				}
			}
			if !until.IsZero() && until.Before(begin.Add(200*time.Hour)) && alone(until) {
				t.Fatalf("%v: muted until %v, but still then", at, until)
			}
		}
	})
}
