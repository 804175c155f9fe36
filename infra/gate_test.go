package main

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"rouse/shared/config"
	"rouse/shared/oncall"
)

// nights has nobody from 21:00 to 09:00, Chicago time; its owner lives in
// London, six hours ahead.
const nights = `service: Newsroom
responders:
  bo: {phone: "+13125550101", zone: America/Chicago}
  cy: {phone: "+447700900102", zone: Europe/London, away: [{from: 2026-12-01T16:00, to: 2026-12-01T17:00, why: dentist}]}
schedules:
  primary:
    zone: America/Chicago
    layers:
      - {name: base, rotation: [bo], every: 1w, start: 2026-11-02T09:00, during: [{days: mon-sun, from: "09:00", to: "21:00"}]}
  office:
    zone: Europe/London
    layers:
      - {name: always, rotation: [cy], every: 1w, start: 2026-11-02T09:00}
policies: {default: {steps: [{page: [schedule/primary]}]}}
`

func TestGate(t *testing.T) {
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name, coverage string
		refused        []string // in the error; none: it passes
		told           string   // exactly
	}{
		{"holes within the gate, by the owner's clock", "coverage: {owner: cy, gate: 1d, horizon: 2d}",
			[]string{
				"Not deployed: this rota leaves hours in which nobody would be woken.\n\n", "1 HOLE", "base ends 21:00 Central",
				"rouse.yaml:9:9: schedules.primary.layers[0], for the hole of Tue 24 Nov 2026 03:00 GMT", "coverage.accept",
			},
			"Later, but until Wed 25 Nov 2026 18:00 GMT: hours in which nobody would be woken. They will close the gate when they are 24 hours near.\n" +
				"  from Wed 25 Nov 2026 03:00 GMT to Wed 25 Nov 2026 15:00 GMT: base ends 21:00 Central\n    rouse.yaml:9:9: schedules.primary.layers[0]\n"},
		{"without an owner by the schedule's clock", "coverage: {gate: 1d, horizon: 1d}", []string{"for the hole of Mon 23 Nov 2026 21:00 CST"}, ""},
		{"a hole that is accepted in part", "coverage: {gate: 1d, horizon: 1d, accept: [{from: 2026-11-24T03:00, to: 2026-11-24T14:00, why: closed}]}",
			[]string{"for the hole of Tue 24 Nov 2026 08:00 CST"}, "Accepted: nobody need be woken from Mon 23 Nov 2026 21:00 CST to Tue 24 Nov 2026 08:00 CST (closed)\n"},
		{"a hole that is accepted", "coverage: {gate: 1d, horizon: 1d, accept: [{from: 2026-11-24T03:00, to: 2026-11-24T15:00, why: closed}]}",
			nil, "Accepted: nobody need be woken from Mon 23 Nov 2026 21:00 CST to Tue 24 Nov 2026 09:00 CST (closed)\n"},
		{"a hole that was accepted until yesterday", "coverage: {gate: 1d, horizon: 1d, accept: [{from: 2026-11-21, to: 2026-11-22, why: closed}]}",
			[]string{"for the hole of Mon 23 Nov 2026 21:00 CST"}, ""},
		{"a hole that comes later", "coverage: {owner: cy, gate: 7d, horizon: 9d, schedules: [office]}", nil,
			"Later, but until Wed 2 Dec 2026 18:00 GMT: hours in which nobody would be woken. They will close the gate when they are 7 days near.\n" +
				"  from Tue 1 Dec 2026 16:00 GMT to Tue 1 Dec 2026 17:00 GMT: cy is away (dentist)\n    rouse.yaml:4:60: responders.cy.away[0]\n"},
		{"no hole", "coverage: {owner: cy, schedules: [office], gate: 7d, horizon: 7d}", nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			team, err := config.Parse([]byte(nights+test.coverage+"\n"), "rouse.yaml")
			if err != nil {
				t.Fatal(err)
			}
			var told strings.Builder
			err = gate(team, "rouse.yaml", now, &told)
			var hole *holeError
			if errors.As(err, &hole) != (test.refused != nil) {
				t.Fatalf("error = %v", err)
			}
			for _, want := range test.refused {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q:\n%v", want, err)
				}
			}
			if told.String() != test.told {
				t.Errorf("told\n%s\nwant\n%s", told.String(), test.told)
			}
		})
	}
}

func TestGateWithoutARota(t *testing.T) {
	team, err := config.Parse([]byte("service: Newsroom\nresponders: {bo: {phone: \"+13125550101\"}}\n"), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	if err := gate(team, "rouse.yaml", time.Unix(0, 0), &told); err != nil || told.String() != "No policy pages a schedule first, so no rota was searched for holes.\n" {
		t.Errorf("error %v, told %q", err, told.String())
	}
}

// What the functions are given has the calendars' times and no calendar.
func TestExpanded(t *testing.T) {
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	away := func(string, *time.Location) ([]oncall.Away, error) {
		return []oncall.Away{{From: now, To: now.Add(time.Hour), Why: "dentist"}}, nil
	}
	text := strings.Replace(nights, "{from: 2026-12-01T16:00, to: 2026-12-01T17:00, why: dentist}", "{ics: cy.ics}", 1)
	team, err := config.ParseWith([]byte(text), "rouse.yaml", config.Options{Calendar: away})
	if err != nil {
		t.Fatal(err)
	}
	bundled, err := expanded(team, "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	read, err := config.Parse(bundled, "rouse.yaml")
	if err != nil || !reflect.DeepEqual(read.Rota, team.Rota) || read.HasCalendars() {
		t.Errorf("the functions read (%v)\n%s", err, bundled)
	}

	plain, err := config.Parse([]byte(nights), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := expanded(plain, "rouse.yaml"); err != nil || string(same) != nights {
		t.Errorf("without calendars they read another file (%v):\n%s", err, same)
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
