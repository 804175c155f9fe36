package oncall

import (
	"testing"
	"time"
)

// TestCivilOverEveryChangeOfEveryZone holds First, Last and Exists against
// what the clock shows minute by minute around each change from 2025 to 2030.
func TestCivilOverEveryChangeOfEveryZone(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, loc := range everyZone() {
		for _, change := range changes(loc, year2025, year2031) {
			seen++
			// Every change of these years is less than three hours.
			const around = 6 * 60
			begin := change.Add(-around * time.Minute)
			shown := make([]int64, 2*around)
			for i := range shown {
				shown[i] = CivilOf(begin.Add(time.Duration(i) * time.Minute).In(loc)).unix()
			}
			for c := shown[around] - 3*3600; c <= shown[around]+3*3600; c += 15 * 60 {
				first, last, exists := -1, -1, false
				for i, s := range shown {
					if s >= c && first < 0 {
						first = i
					}
					if s <= c {
						last = i
						exists = s == c
					}
				}
				if !exists {
					last++
				}
				civil := CivilOf(time.Unix(c, 0).UTC())
				if got, want := civil.First(loc), begin.Add(time.Duration(first)*time.Minute); !got.Equal(want) {
					t.Errorf("first %v in %v is %v, want %v", civil, loc, got, want)
				}
				if got, want := civil.Last(loc), begin.Add(time.Duration(last)*time.Minute); !got.Equal(want) {
					t.Errorf("last %v in %v is %v, want %v", civil, loc, got, want)
				}
				if got := civil.Exists(loc); got != exists {
					t.Errorf("%v exists in %v: %v, want %v", civil, loc, got, exists)
				}
			}
		}
	}
	if seen < 1000 {
		t.Errorf("only %d changes were found", seen)
	}
}

func TestCivilWhereClocksAreStrange(t *testing.T) {
	tests := []struct {
		name        string
		zone        string
		civil       string
		first, last string // RFC 3339
		exists      bool
	}{
		{"an ordinary time", "America/Chicago", "2026-11-02T09:00", "2026-11-02T15:00:00Z", "2026-11-02T15:00:00Z", true},
		{"missing for an hour", "America/Chicago", "2026-03-08T02:30", "2026-03-08T08:00:00Z", "2026-03-08T08:00:00Z", false},
		{"the end of the gap", "America/Chicago", "2026-03-08T03:00", "2026-03-08T08:00:00Z", "2026-03-08T08:00:00Z", true},
		{"twice", "America/Chicago", "2026-11-01T01:30", "2026-11-01T06:30:00Z", "2026-11-01T07:30:00Z", true},
		{"the beginning of the repeat", "America/Chicago", "2026-11-01T01:00", "2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z", true},
		{"the end of the repeat", "America/Chicago", "2026-11-01T02:00", "2026-11-01T08:00:00Z", "2026-11-01T08:00:00Z", true},
		{"missing for half an hour", "Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30:00Z", "2026-10-03T15:30:00Z", false},
		{"twice by half an hour", "Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z", true},
		{"no midnight", "America/Santiago", "2026-09-06T00:00", "2026-09-06T04:00:00Z", "2026-09-06T04:00:00Z", false},
		{"no midnight", "Asia/Beirut", "2026-03-29T00:00", "2026-03-28T22:00:00Z", "2026-03-28T22:00:00Z", false},
		{"the hour before midnight twice", "America/Santiago", "2026-04-04T23:30", "2026-04-05T02:30:00Z", "2026-04-05T03:30:00Z", true},
		{"a day that Samoa skipped", "Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", false},
		{"a day that Kwajalein skipped", "Pacific/Kwajalein", "1993-08-21T09:00", "1993-08-21T12:00:00Z", "1993-08-21T12:00:00Z", false},
		{"a day that Alaska had twice", "America/Juneau", "1867-10-18T16:00", "1867-10-18T00:57:41Z", "1867-10-19T00:57:41Z", true},
		{"the last day of a leap year beyond Go's tables", "America/Chicago", "2044-12-31T12:00", "2044-12-31T18:00:00Z", "2044-12-31T18:00:00Z", true},
		{"a leap day", "Europe/London", "2028-02-29T00:00", "2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z", true},
	}
	for _, tt := range tests {
		t.Run(tt.zone+" "+tt.civil+" "+tt.name, func(t *testing.T) {
			c, err := ParseCivil(tt.civil)
			if err != nil {
				t.Fatal(err)
			}
			loc := in(t, tt.zone)
			if got := c.First(loc).UTC().Format(time.RFC3339); got != tt.first {
				t.Errorf("first is %s, want %s", got, tt.first)
			}
			if got := c.Last(loc).UTC().Format(time.RFC3339); got != tt.last {
				t.Errorf("last is %s, want %s", got, tt.last)
			}
			if got := c.Exists(loc); got != tt.exists {
				t.Errorf("exists: %v, want %v", got, tt.exists)
			}
			if c.String() != tt.civil {
				t.Errorf("written as %s", c)
			}
		})
	}
}
