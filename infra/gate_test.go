package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rouse/shared/config"
)

func TestGate(t *testing.T) {
	// Nobody has the nights.
	const rota = `
service: Newsroom
responders:
  bo: {phone: "+13125550101"}
schedules:
  primary:
    zone: UTC
    layers:
      - {name: base, rotation: [bo], every: 1w, start: 2026-11-02T09:00, during: [{days: mon-sun, from: "09:00", to: "21:00"}]}
policies: {default: {steps: [{page: [schedule/primary]}]}}
`
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name, coverage string
		want           []string // in the error; none: it passes
	}{
		{"a hole within the gate", "coverage: {gate: 1d}", []string{"nobody would be woken", "rouse.yaml:9:", "layers[0]", "Mon 23 Nov 21:00", "coverage.accept"}},
		{"a hole that the team lives with", "coverage: {gate: 1d, accept: [{from: 2026-11-23T21:00, to: 2026-11-24T09:00, why: closed}]}", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			team, err := config.Parse([]byte(rota+test.coverage+"\n"), "rouse.yaml")
			if err != nil {
				t.Fatal(err)
			}
			err = gate(team, "rouse.yaml", now)
			var hole *holeError
			if errors.As(err, &hole) != (test.want != nil) {
				t.Fatalf("error = %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error does not say %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestTooMany(t *testing.T) {
	team := func(n int) *config.Config {
		c := &config.Config{Responders: map[string]config.Responder{}}
		for i := range n {
			id := fmt.Sprintf("person-%d", i)
			c.Responders[id] = config.Responder{ID: id}
		}
		return c
	}
	if err := tooMany("Rouse", team(30)); err != nil {
		t.Errorf("30 responders: %v", err)
	}
	err := tooMany("Rouse", team(80))
	if err == nil || !strings.Contains(err.Error(), "80 responders are too many") || !strings.Contains(err.Error(), "split the team") {
		t.Errorf("80 responders: %v", err)
	}
}

func TestLogicalIDOf(t *testing.T) {
	for _, test := range []struct {
		parts []string
		want  string
	}{
		{[]string{"Topic", "ana"}, "TopicAna"},
		{[]string{"Page", "ana", "sms"}, "PageAnaSms"},
		{[]string{"Topic", "bo-lind"}, "TopicBoLind4C2C1F"},
		{[]string{"Topic", "bo_lind"}, "TopicBoLind"},
	} {
		if got := logicalID(test.parts...); !strings.HasPrefix(got, test.want) {
			t.Errorf("logicalID(%q) = %s, want %s", test.parts, got, test.want)
		}
	}
	if a, b := logicalID("Topic", "bo-lind"), logicalID("Topic", "bo_lind"); a == b {
		t.Errorf("two responders share the id %s", a)
	}
}
