package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/history"
)

func TestUptime(t *testing.T) {
	s := deploy(t)
	s.refused("uptime --check logn", 2, `there is no check "logn"; did you mean "login"?`)
	s.refused("uptime --from 2026-11-02 --to 2026-11-01", 2, "is not after --from")
	s.refused("uptime --from yesterday", 2, `--from: "yesterday" is not a time`)

	// Two days, one minute of each hour sampled; the last hour of all failed.
	begin := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	var state check.State
	for hour := range 48 {
		for second := 0; second < 60; second += 20 {
			x := check.Sample{At: begin.Add(time.Duration(hour)*time.Hour + time.Duration(second)*time.Second), OK: hour < 47, Took: 80 * time.Millisecond}
			x.Excused = hour == 47 && second == 0
			state = history.Add(state, 20*time.Second, []check.Sample{x}).Saving()
			if err := s.store.SaveCheck(t.Context(), "login", state); err != nil {
				t.Fatal(err)
			}
			state = state.Saved()
		}
	}
	const window = " --from 2026-11-01 --to 2026-11-03"
	if got := s.ok("uptime" + window); !strings.Contains(got, "login  98.601%  143      2       1        83 ms  83 ms  83 ms\n") || !strings.Contains(got, "other  not sampled\n") {
		t.Errorf("told\n%s", got)
	}
	if got := s.ok("uptime --check login" + window); !strings.Contains(got, "2026-11-02  100.000%  72 ") || !strings.Contains(got, "2026-11-03  97.183%   71 ") || strings.Contains(got, "other") {
		t.Errorf("told of login\n%s", got)
	}
	var rows []uptimeRow
	if err := json.Unmarshal([]byte(s.ok("uptime --json"+window)), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || len(rows[0].Days) != 2 || rows[0].Failed != 2 || rows[0].Excused != 1 || rows[0].P95 != 83 || rows[0].Availability == nil || rows[1].Availability != nil || rows[1].Days == nil {
		t.Errorf("as JSON %+v", rows)
	}
	if got := s.ok("uptime --check login --from 2026-11-03T22:00 --to 2026-11-03T23:00"); !strings.Contains(got, "2026-11-03  100.000%  3  ") {
		t.Errorf("of one hour\n%s", got)
	}
}
