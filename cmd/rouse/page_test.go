package main

import (
	"strings"
	"testing"

	"rouse/shared/incident"
)

func TestPage(t *testing.T) {
	s := deploy(t)
	fake := s.queue()
	s.env[meVariable] = "bo"
	out := s.ok("page --who ana")
	if !strings.HasPrefix(out, "The router sends Ana Ruiz a test page by sms within a second.") {
		t.Errorf("got %q", out)
	}
	sent := fake.Messages("router")
	if len(sent) != 1 {
		t.Fatalf("hints %+v", sent)
	}
	key := incident.Key(strings.Split(sent[0].Body, `"`)[3])
	in := s.folded(key)
	if !strings.Contains(out, "`rouse timeline "+string(in.ID)+"`") || !in.Rehearsed() || in.Drill.Who != "ana" || in.Drill.By != "bo" {
		t.Errorf("%+v comes of it, and %q names another", in, out)
	}
	if len(in.Attempts) != 1 || in.Attempts[0].Who != "ana" {
		t.Errorf("pages %+v", in.Attempts)
	}
	if told := s.ok("timeline " + string(in.ID)); !strings.Contains(told, "a test page to ana, asked for by bo") {
		t.Errorf("the timeline:\n%s", told)
	}
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"page", 2, "whom? Add --who"},
		{"page --who anna", 1, `there is no responder "anna" in rouse.yaml; did you mean "ana"?`},
		{"page --who ana --for 1s", 2, "want 1m to 24h"},
		{"page ana", 2, "one word too many"},
	} {
		if r := s.run(c.args); r.status != c.status || !strings.Contains(r.stderr, c.says) {
			t.Errorf("rouse %s: %+v, want status %d and %q", c.args, r, c.status, c.says)
		}
	}
}
