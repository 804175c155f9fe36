package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"rouse/shared/config"
	"rouse/shared/incident"
)

// raise puts a red check's signal into the table, as the probe does.
func (s *stack) raise() {
	s.Helper()
	now := time.Now()
	_, err := s.store.PutSignal(s.Context(), incident.Signal{
		ID: "login/1", Key: "login", Kind: incident.KindCheck, At: now,
		Check: &incident.CheckSignal{Check: "login", Capability: "login", LastBad: now,
			Evidence: incident.Evidence{Status: "down", Red: true, Words: "9 of 9 samples failed", Short: "9/9", Since: now.Add(-90 * time.Second)}},
	})
	if err != nil {
		s.Fatal(err)
	}
}

func TestIncidentsFromTheTerminal(t *testing.T) {
	s := deploy(t)
	if r := s.run("incidents"); r.status != 0 || !strings.Contains(r.stdout, "There has been no incident.") {
		t.Fatalf("nothing has happened: %+v", r)
	}
	s.raise()
	if r := s.run("ack 20260101-zzzzzz --who ana"); r.status != 1 || !strings.Contains(r.stderr, "there is no incident 20260101-zzzzzz") {
		t.Fatalf("an unknown incident: %+v", r)
	}
	cfg, err := config.Load("rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decide(t.Context(), cfg, s.store, unheard{}, "login"); err != nil {
		t.Fatal(err)
	}
	var rows []incidentRow
	if r := s.run("incidents --json"); json.Unmarshal([]byte(r.stdout), &rows) != nil || len(rows) != 1 || rows[0].State != "triggered" || rows[0].Title != "login" {
		t.Fatalf("incidents: %+v", r)
	}
	id := string(rows[0].ID)

	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"ack " + id, 2, "as whom?"},
		{"ack " + id + " --who anna", 1, `there is no responder "anna" in rouse.yaml; did you mean "ana"?`},
		{"ack --who ana", 2, "which incident?"},
		{"snooze " + id + " --who ana --for 1s", 2, "want 1m to 24h"},
		{"next " + id + " --who bo", 0, "Noted: the router wakes the next for "},
		{"ack " + id + " --who ana", 0, "Ana Ruiz has login."},
		{"ack " + id + " --who ana", 0, "Ana Ruiz has login."},
		{"ack " + id + " --who bo", 1, "Ana Ruiz has login."}, // no: somebody else has it
		{"snooze " + id + " --who ana --for 10m", 0, "Ana Ruiz has login."},
		{"resolve " + id + " --who ana", 0, "login is over; it settles at"},
		{"tell " + id + " --who ana", 2, "what are they to be told?"},
		{"tell " + id + " --who ana --text x", 1, "No customer has written about " + id},
	} {
		r := s.run(c.args)
		if r.status != c.status || !strings.Contains(r.stdout+r.stderr, c.says) {
			t.Errorf("rouse %s: %+v, want status %d and %q", c.args, r, c.status, c.says)
		}
	}

	r := s.run("timeline " + id)
	last := -1
	for _, want := range []string{"check login: 9 of 9 samples failed", "next bo: cannot take it, by terminal", "acknowledged ana: by terminal", "snoozed ana", "resolved ana: it's over, by terminal"} {
		at := strings.Index(r.stdout, want)
		if at <= last {
			t.Errorf("the timeline does not say %q in its place:\n%s", want, r.stdout)
		}
		last = at
	}
	for _, want := range []string{"First evidence", "Somebody had it", "none wrote", "Nobody had it for ", "it was not detected yet", "is told by the same"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the timeline does not come to %q:\n%s", want, r.stdout)
		}
	}
	var events []eventRow
	if r := s.run("timeline --json " + id); json.Unmarshal([]byte(r.stdout), &events) != nil || len(events) < 5 || events[0].At.Location() != time.UTC {
		t.Errorf("timeline --json: %+v", r)
	}

	doc := s.run("postmortem " + id)
	for _, want := range []string{"# Newsroom: login, ", "(America/Chicago)", "| Nobody had it | | ", "it was not detected yet", "## Impact", "## Cause", "## What went well", "## What to change", "acknowledged Ana Ruiz: by terminal"} {
		if doc.status != 0 || !strings.Contains(doc.stdout, want) {
			t.Errorf("the postmortem does not say %q: %+v", want, doc)
		}
	}
	if r := s.run("postmortem --out after.md " + id); r.status != 0 || !strings.Contains(r.stdout, "after.md is begun") {
		t.Errorf("postmortem --out: %+v", r)
	}
	if text, err := os.ReadFile("after.md"); err != nil || string(text) != doc.stdout {
		t.Errorf("after.md: %v\n%s\nwant\n%s", err, text, doc.stdout)
	}
	if r := s.run("postmortem --out after.md " + id); r.status != 1 || !strings.Contains(r.stderr, "is not written over") {
		t.Errorf("a file that somebody may have finished: %+v", r)
	}
	var row storyRow
	if r := s.run("postmortem --json " + id); json.Unmarshal([]byte(r.stdout), &row) != nil || row.Acknowledged == nil || row.Settled != nil || len(row.Nobody) == 0 || row.Config != cfg.Digest() {
		t.Errorf("postmortem --json: %+v", r)
	}
}

// A machine whose clock is wrong does not act for a stack.
func TestClockThatIsWrong(t *testing.T) {
	s := deploy(t)
	ahead := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Write([]byte("{}"))
	}))
	defer ahead.Close()
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", ahead.URL)
	if r := s.run("incidents"); r.status != 1 || !strings.Contains(r.stderr, "off AWS's: set it") {
		t.Errorf("got %+v", r)
	}
}
