package oncall

import (
	"testing"
	"time"
)

func TestParsePeriod(t *testing.T) {
	for s, want := range map[string]Period{
		"1w": {1, Week}, "8h": {8, Hour}, "2d": {2, Day}, "1mo": {1, Month}, "1 week": {1, Week}, "3 months": {3, Month}, "12 hours": {12, Hour}, "10000h": {10000, Hour},
	} {
		if got, err := ParsePeriod(s); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "w", "0w", "-1w", "1m", "1.5d", "1w2d", "10001h", "99999999999999999999h", "1 fortnight", " 1w"} {
		if got, err := ParsePeriod(s); err == nil {
			t.Errorf("%q is %v, want an error", s, got)
		}
	}
}

func TestParseDays(t *testing.T) {
	for s, want := range map[string]Days{
		"mon": On(time.Monday), "mon-fri": On(1, 2, 3, 4, 5), "fri-mon": On(5, 6, 0, 1), "sat, sun": On(6, 0), "Monday-Wednesday,sun": On(1, 2, 3, 0),
		"mon-sun": EveryDay, "daily": EveryDay, "tue-tue": On(2),
	} {
		if got, err := ParseDays(s); err != nil || got != want {
			t.Errorf("%q is %b, %v; want %b", s, got, err, want)
		}
	}
	for _, s := range []string{"", ",", "mo", "mon-", "-fri", "mon-fri-sun", "weekdays", "monkey"} {
		if got, err := ParseDays(s); err == nil {
			t.Errorf("%q is %b, want an error", s, got)
		}
	}
}

func TestParseTimes(t *testing.T) {
	for s, want := range map[string]TimeOfDay{"00:00": 0, "7:30": 450, "17:00": 1020, "23:59": 1439, "24:00": 1440} {
		if got, err := ParseTimeOfDay(s); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "24:01", "17", "5pm", "17:60", "-1:00"} {
		if got, err := ParseTimeOfDay(s); err == nil {
			t.Errorf("%q is %v, want an error", s, got)
		}
	}
	for s, want := range map[string]Civil{
		"2026-11-02T09:00": {2026, 11, 2, 9, 0, 0}, "2026-11-02 09:00:30": {2026, 11, 2, 9, 0, 30}, "2026-11-02": {2026, 11, 2, 0, 0, 0},
	} {
		if got, err := ParseCivil(s); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "2026-02-30", "2026-11-02T24:00", "2026-11-02T09:00Z", "tomorrow"} {
		if got, err := ParseCivil(s); err == nil {
			t.Errorf("%q is %v, want an error", s, got)
		}
	}
}

// FuzzParse holds that whatever can be read is written so that it reads the
// same again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1w", "3 months", "mon-fri", "24:00", "2026-11-02T09:00:30", "7:5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := ParsePeriod(s); err == nil {
			if again, err := ParsePeriod(p.String()); err != nil || again != p || p.N < 1 {
				t.Errorf("%q is %v, which is %v, %v", s, p, again, err)
			}
		}
		if d, err := ParseTimeOfDay(s); err == nil {
			if again, err := ParseTimeOfDay(d.String()); err != nil || again != d {
				t.Errorf("%q is %v, which is %v, %v", s, d, again, err)
			}
		}
		if c, err := ParseCivil(s); err == nil {
			if again, err := ParseCivil(c.String()); err != nil || again != c {
				t.Errorf("%q is %v, which is %v, %v", s, c, again, err)
			}
		}
		if d, err := ParseDays(s); err == nil && d == 0 {
			t.Errorf("%q is no days", s)
		}
	})
}
