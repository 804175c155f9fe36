package check_test

import (
	"testing"
	"time"

	"rouse/shared/check"
)

func TestHeartbeat(t *testing.T) {
	start := time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)
	h := check.Heartbeat{Every: 24 * time.Hour, Grace: time.Hour}
	at := func(d time.Duration) time.Time { return start.Add(d) }
	for _, tt := range []struct {
		name string
		beat check.Job
		at   time.Duration
		why  string
	}{
		{"armed", check.Job{Armed: start}, 0, ""},
		{"not late yet", check.Job{Armed: start}, 25 * time.Hour, ""},
		{"late without a first beat", check.Job{Armed: start}, 25*time.Hour + 1, "no beat for 25h"},
		{"beaten", check.Job{Armed: start, Good: at(time.Hour)}, 26 * time.Hour, ""},
		{"late", check.Job{Armed: start, Good: at(time.Hour)}, 26*time.Hour + 1, "no beat for 25h"},
		{"failed", check.Job{Armed: start, Good: at(time.Hour), Bad: at(2 * time.Hour)}, 2 * time.Hour, "it said that it failed"},
		{"failed first", check.Job{Armed: start, Bad: at(2 * time.Hour)}, 2 * time.Hour, "it said that it failed"},
		{"well again", check.Job{Armed: start, Good: at(3 * time.Hour), Bad: at(2 * time.Hour)}, 3 * time.Hour, ""},
	} {
		if why := h.Fault(tt.beat, at(tt.at)); why != tt.why {
			t.Errorf("%s: %q, want %q", tt.name, why, tt.why)
		}
	}
	if why := (check.Heartbeat{Every: 90 * time.Minute}).Fault(check.Job{}, start); why != "no beat for 1h30m" {
		t.Error(why)
	}
}

// The code is part of jobs all over the place and must not change; docs tell
// how to make it with openssl.
func TestBeatCode(t *testing.T) {
	code := check.BeatCode("backup", "hush")
	if code != "backup.2c4a39ac78b02b9f445c70b2345559fc" {
		t.Error(code)
	}
	for _, other := range []string{"", "backup", "backup.", code[:len(code)-1], code + "0", check.BeatCode("backup", "hush2"), check.BeatCode("backups", "hush")} {
		if check.IsBeatCode(other, "backup", "hush") {
			t.Errorf("%q is taken", other)
		}
	}
	if !check.IsBeatCode(code, "backup", "hush") || check.IsBeatCode(check.BeatCode("backup", ""), "backup", "") {
		t.Error("it is not taken, or one without a secret is")
	}
}
