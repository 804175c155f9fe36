package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSimulate(t *testing.T) {
	r := rouse(t, "", "simulate", "--seeds", "5", "--seed", "7", "--json")
	var got struct {
		Seeds  int
		Failed []json.RawMessage
	}
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || r.status != 0 || got.Seeds != 5 || got.Failed == nil || len(got.Failed) > 0 {
		t.Errorf("status %d, %v\n%s%s", r.status, err, r.stdout, r.stderr)
	}
	r = rouse(t, "", "simulate", "--seed", "7", "--history")
	if r.status != 0 || !strings.Contains(r.stdout, "PAGES") || !strings.Contains(r.stdout, "1 night, 0 of them broke a promise") {
		t.Errorf("status %d:\n%s", r.status, r.stdout)
	}
	for _, args := range [][]string{{"--seeds", "-1"}, {"--history"}, {"--seeds", "2", "--history"}, {"now"}} {
		if r := rouse(t, "", append([]string{"simulate"}, args...)...); r.status != 2 || r.stderr == "" {
			t.Errorf("%v: status %d, %q", args, r.status, r.stderr)
		}
	}
}
