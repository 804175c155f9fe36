package incident_test

import (
	"testing"
	"time"

	"rouse/shared/incident"
)

// Whose page failed is sent the next one now, unless it goes out by itself or
// has: another function's clock may be a little behind ours.
func TestMissed(t *testing.T) {
	now := time.Date(2026, 11, 4, 3, 50, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		outcome string // of the first page
		due     time.Duration
		missed  bool
	}{
		{"the first has not failed", "", 90 * time.Second, false},
		{"the first has failed", "failed", 90 * time.Second, true},
		{"the second goes out in a moment", "failed", 3 * time.Second, false},
		{"the second goes out now", "failed", 0, false},
		{"the second went out by a clock that is ahead", "failed", 2 * time.Second, false},
		{"the second went out long ago", "failed", -time.Minute, false},
	} {
		in := incident.Incident{Attempts: []incident.Attempt{
			{Page: "1", Who: "ana", N: 0, Due: now.Add(-time.Minute), Outcome: c.outcome},
			{Page: "2", Who: "ana", N: 1, Due: now.Add(c.due)},
			{Page: "3", Who: "bo", N: 0, Due: now.Add(time.Hour)},
		}}
		missed := in.Missed(now)
		if got := len(missed) == 1 && missed[0].Page == "2"; got != c.missed || len(missed) > 1 {
			t.Errorf("%s: missed %+v", c.name, missed)
		}
	}
}
