package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rouse/shared/config"
	"rouse/shared/incident"
)

func TestMute(t *testing.T) {
	s := deploy(t)
	s.refused("mute login --for 1h", 2, "why? Add --why")
	s.refused("mute logn --for 1h --why moving", 2, `there is no check "logn"; did you mean "login"?`)
	s.refused("mute --for 1h --why moving", 2, "which check?")
	s.refused("mute login --why moving", 2, "until when? Add either --until or --for")
	s.refused("mute login --why moving --for 1h --until 2099-01-01", 2, "until when? Add either --until or --for")
	s.refused("mute login --why moving --for 10s", 2, "over already, or in under a minute")
	s.refused("mute login --why moving --until 2020-01-01", 2, "over already")
	s.refused("mute login --why moving --for 169h", 2, "more than a week", "maintenance")
	s.refused("mute login --why moving --until noon", 2, `--until: "noon" is not a time`)
	s.refused("mute --remove k3x7qa", 2, `there is no mute "k3x7qa"`)
	if got := s.ok("mute --list"); !strings.HasPrefix(got, "No check is muted") {
		t.Errorf("listed\n%s", got)
	}

	s.raise()
	cfg, err := config.Load("rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	in, err := decide(t.Context(), cfg, s.store, unheard{}, "login")
	if err != nil {
		t.Fatal(err)
	}
	var row muteRow
	if err := json.Unmarshal([]byte(s.ok(`mute login --for 2h --why "the database moves" --json`)), &row); err != nil {
		t.Fatal(err)
	}
	if length := time.Until(row.To); row.Check != "login" || row.Why != "the database moves" || row.By != "root" || length > 2*time.Hour || length < 119*time.Minute {
		t.Errorf("made %+v", row)
	}
	list, err := s.store.Amendments(t.Context())
	if err != nil || len(list) != 1 || list[0].ID != row.ID || list[0].Check != "login" || list[0].Schedule != "" || len(list[0].Who) > 0 {
		t.Fatalf("stored %+v, %v", list, err)
	}
	if got := s.ok("mute --list"); !strings.Contains(got, row.ID+"  login") || !strings.Contains(got, "the database moves (by root)") {
		t.Errorf("listed\n%s", got)
	}
	for _, other := range []string{"override", "away"} {
		if got := s.ok(other + " --list"); strings.Contains(got, row.ID) {
			t.Errorf("rouse %s --list has the mute\n%s", other, got)
		}
		s.refused(other+" --remove "+row.ID, 2, row.ID+" is a mute: rouse mute --remove "+row.ID)
	}
	s.primary("Wed", "10:00", "ana") // a mute changes nobody's shift

	if got := s.ok("mute --remove " + row.ID); !strings.Contains(got, "login wakes somebody again") {
		t.Errorf("removed: %s", got)
	}
	until := time.Now().In(s.zone).Add(26 * time.Hour)
	if got := s.ok(`mute login --until ` + until.Format(time.RFC3339) + ` --why "again"`); !strings.Contains(got, "login wakes nobody until "+until.Format(stamp)) ||
		!strings.Contains(got, "rouse resolve "+string(in.ID)) || !strings.Contains(got, "Undo it with: rouse mute --remove ") {
		t.Errorf("told %s", got)
	}
	s.ok("mute other --for 1m --why ours") // stands in no incident
	if in, err = decide(t.Context(), cfg, s.store, unheard{}, "login"); err != nil || in.State != incident.Triggered {
		t.Fatalf("the incident is %s after a mute, %v", in.State, err)
	}
	var story []string
	events, err := s.store.Timeline(t.Context(), in.ID)
	for _, e := range events {
		if strings.HasSuffix(e.Kind, "muted") {
			story = append(story, e.Kind+" "+e.Who+": "+e.Why)
		}
	}
	if err != nil || len(story) != 3 || story[0] != "muted root: check login for 2h0m0s, by terminal" || story[1] != "unmuted root: check login, by terminal" {
		t.Errorf("the timeline tells %q, %v", story, err)
	}
}
