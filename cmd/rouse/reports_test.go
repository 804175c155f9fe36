package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"testing"
	"time"

	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// reported has two customers' reports folded into one incident.
func (s *stack) reported() incident.ID {
	s.Helper()
	for _, org := range []string{"kstate.example", "bruin.example"} {
		now := time.Now()
		r := incident.Reporter{Address: "desk@" + org, Org: org, Subject: "Help", MessageID: "<1@" + org + ">", At: now, Urgency: "urgent", Quote: "We cannot log in."}
		_, err := s.store.PutSignal(s.Context(), incident.Signal{ID: "mail/" + org, Key: "login", Kind: incident.KindReport, At: now,
			Report: &incident.ReportSignal{Reporter: r, Capability: "login", Urgency: "urgent", Proven: true, Quote: r.Quote}})
		if err != nil {
			s.Fatal(err)
		}
	}
	cfg, err := config.Load("rouse.yaml")
	if err != nil {
		s.Fatal(err)
	}
	in, err := decide(s.Context(), cfg, s.store, noHints{}, "login")
	if err != nil {
		s.Fatal(err)
	}
	return in.ID
}

func TestReportsFromTheTerminal(t *testing.T) {
	s := deploy(t)
	if r := s.run("reports"); r.status != 0 || !strings.Contains(r.stdout, "No customer has reported anything.") {
		t.Fatalf("at first: %+v", r)
	}
	if r := s.run("promises"); r.status != 0 || !strings.Contains(r.stdout, "Nobody has been promised an answer") {
		t.Fatalf("at first: %+v", r)
	}
	id := string(s.reported())
	var rows []reportRow
	if r := s.run("reports --json"); json.Unmarshal([]byte(r.stdout), &rows) != nil || len(rows) != 2 || string(rows[0].Incident) != id {
		t.Fatalf("reports: %+v", r)
	}
	report := rows[0].Report
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"report", 2, "write rouse report move REPORT --to INCIDENT"},
		{"report move " + report, 2, "where to? Add --to"},
		{"report move " + report + " --to new", 2, "as whom?"},
		{"report move ffffffff --to new --who bo", 1, `no open incident has a report "ffffffff"`},
		{"report move " + report + " --to 20200101-aaaaaa --who bo", 1, "nothing was moved: incident 20200101-aaaaaa is not open"},
		{"report move " + report[:8] + " --to new --who bo", 0, "Moved from " + id + " to "},
	} {
		if r := s.run(c.args); r.status != c.status || !strings.Contains(r.stdout+r.stderr, c.says) {
			t.Errorf("rouse %s: %+v, want status %d and %q", c.args, r, c.status, c.says)
		}
	}
	if r := s.run("reports " + id + " --json"); json.Unmarshal([]byte(r.stdout), &rows) != nil || len(rows) != 1 {
		t.Errorf("the incident that it has left: %+v", r)
	}
	if r := s.run("timeline " + id); !strings.Contains(r.stdout, "moved bo: what ") {
		t.Errorf("timeline: %+v", r)
	}
}

// The figures of promises are those of the incidents.
func TestPromises(t *testing.T) {
	at := time.Date(2026, 11, 4, 4, 0, 0, 0, time.UTC)
	one := incident.Incident{ID: "a", FirstReport: at, Promises: incident.Promises{Made: 3, Kept: 2, Broken: 1, Answered: 2, Took: 10 * time.Minute, First: at.Add(4 * time.Minute)},
		Waiting: []incident.Waiting{{Reporter: "r"}}}
	two := incident.Incident{ID: "b", FirstReport: at, Promises: incident.Promises{Made: 1, Kept: 1, Answered: 1, Took: 20 * time.Minute, First: at.Add(20 * time.Minute)}}
	rows, all := promises([]incident.Incident{one, {ID: "none"}, two})
	if len(rows) != 2 || all.Made != 4 || all.Kept != 3 || all.Broken != 1 || all.Waiting != 1 || *all.FirstAnswer != 1200 || *all.MeanAnswer != 600 || *rows[0].FirstAnswer != 240 {
		t.Errorf("%+v, all %+v", rows, all)
	}
}

type noHints struct{}

func (noHints) Router(context.Context, loop.Hint, time.Time) error { return nil }
func (noHints) Desk(context.Context) error                         { return nil }

// What would be sent is a mail by itself; what would not be answered says why.
func TestMailRaw(t *testing.T) {
	inFolder(t, map[string]string{"rouse.yaml": team})
	cry := "From: Pat <pat@kstate.example>\r\nSubject: Help\r\nMessage-ID: <1@kstate.example>\r\n%s\r\nOur staff have been unable to log in for ten minutes.\r\n"
	got := rouse(t, fmt.Sprintf(cry, ""), "mail", "--raw")
	m, err := mail.ReadMessage(strings.NewReader(got.stdout))
	if err != nil || got.status != 0 || m.Header.Get("To") != `"Pat" <pat@kstate.example>` || m.Header.Get("In-Reply-To") != "<1@kstate.example>" || m.Header.Get("Auto-Submitted") != "auto-replied" {
		t.Errorf("%v: %+v", err, got)
	}
	for mail, want := range map[string]string{
		fmt.Sprintf(cry, "Auto-Submitted: auto-generated\r\n"):                                               "It would not be answered: Auto-Submitted: auto-generated.",
		"From: pat@kstate.example\r\nSubject: Invoice\r\n\r\nCould you send us the invoice for October?\r\n": "It would not be answered: it reports no trouble",
	} {
		if got := rouse(t, mail, "mail", "--raw"); got.status != 1 || !strings.Contains(got.stdout, want) {
			t.Errorf("%+v, want %q", got, want)
		}
	}
	if got := rouse(t, cry, "mail", "--raw", "--json"); got.status != 2 {
		t.Errorf("a mail and a document: %+v", got)
	}
}
