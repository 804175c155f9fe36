package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"rouse/shared/config"
	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/test/awsfake"
)

// unheard gives no hints.
type unheard struct{}

func (unheard) Router(context.Context, loop.Hint, time.Time) error { return nil }
func (unheard) Desk(context.Context) error                         { return nil }

// queue gives the stack a router's queue.
func (s *stack) queue() *awsfake.Server {
	fake := awsfake.Start(s.T, awsfake.Options{Queues: []awsfake.Queue{{Name: "router"}}})
	s.Setenv("AWS_ENDPOINT_URL_SQS", fake.URL)
	s.env[env.RouterQueue] = fake.QueueURL("router")
	return fake
}

// folded is the incident of a key after what waits has been decided on.
func (s *stack) folded(key incident.Key) incident.Incident {
	s.Helper()
	cfg, err := config.Load("rouse.yaml")
	if err != nil {
		s.Fatal(err)
	}
	in, err := decide(s.Context(), cfg, s.store, unheard{}, key)
	if err != nil {
		s.Fatal(err)
	}
	return in
}

func TestRaise(t *testing.T) {
	s := deploy(t)
	s.env[meVariable] = "bo"

	out := s.ok(`raise "Nobody can print" --why "three newsrooms called"`)
	if want := "Raised: the router decides whom to wake for alert/hand/Nobody can print within a minute."; !strings.HasPrefix(out, want) {
		t.Errorf("got %q, want %q", out, want)
	}
	in := s.folded("alert/hand/Nobody can print")
	if in.State != incident.Triggered || in.Severity != incident.Confirmed || in.Title != "Nobody can print" || len(in.Attempts) == 0 {
		t.Errorf("it wakes nobody: %+v", in)
	}
	if e := in.Checks["hand/Nobody can print"]; !e.Red || e.Words != "bo: three newsrooms called" {
		t.Errorf("evidence %+v", e)
	}

	fake := s.queue()
	out = s.ok(`raise --capability login --severity suspected --why "I cannot log in" --who ana`)
	if !strings.Contains(out, "for login within a second.") {
		t.Errorf("got %q", out)
	}
	if sent := fake.Messages("router"); len(sent) != 1 || sent[0].Body != `{"key":"login"}` {
		t.Errorf("hints %+v", sent)
	}
	in = s.folded("login")
	if in.Severity != incident.Suspected || in.Capability != "login" || in.Checks["hand/this"].Words != "Ana Ruiz: I cannot log in" {
		t.Errorf("suspected: %+v", in)
	}
	id := in.ID

	s.ok(`raise --capability login --why "nor can two others"`)
	if in = s.folded("login"); in.ID != id || in.Severity != incident.Confirmed {
		t.Errorf("it joins and widens: %+v", in)
	}
	s.ok(`raise --capability login --recovered --json`)
	if in = s.folded("login"); in.Red() || in.RecoveredAt.IsZero() || in.State != incident.Triggered {
		t.Errorf("well again: %+v", in)
	}
}

func TestRaiseRefuses(t *testing.T) {
	s := deploy(t)
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{`raise --why x --who bo`, 2, "what is wrong? Give it a title"},
		{`raise Slow --why x`, 2, "as whom?"},
		{`raise Slow --why x --who bob`, 1, `there is no responder "bob" in rouse.yaml; did you mean "bo"?`},
		{`raise Slow --who bo`, 2, "--why is missing"},
		{`raise Slow --who bo --why x --severity bad`, 2, "want suspected or confirmed"},
		{`raise Slow --who bo --why x --capability logon`, 1, `there is no capability "logon" in rouse.yaml; did you mean "login"?`},
		{`raise Slow --who bo --why x --capability login --key check/other`, 2, "give one of them"},
		{`raise Slow --who bo --why x --key coverage/primary`, 2, "want check/NAME, alert/SOURCE/NAME or mail/ORG"},
		{`raise ` + strings.Repeat("slow ", 20) + ` --who bo --why x`, 2, "one line of at most 60 bytes"},
		{`raise Slow --who bo --why ` + strings.Repeat("x", 2000), 2, "--why is one line of at most"},
	} {
		if r := s.run(c.args); r.status != c.status || !strings.Contains(r.stderr, c.says) {
			t.Errorf("rouse %.60s: %+v, want status %d and %q", c.args, r, c.status, c.says)
		}
	}
}

// A queue that is not there keeps nothing from being raised.
func TestRaiseWithoutItsQueue(t *testing.T) {
	s := deploy(t)
	fake := s.queue()
	fake.Fail("SendMessage", awsfake.Always, awsfake.Denied)
	r := s.run(`raise Slow --who bo --why x`)
	if r.status != 0 || !strings.Contains(r.stdout, "within a minute") || !strings.Contains(r.stderr, "its sweep goes on") {
		t.Errorf("got %+v", r)
	}
	if in := s.folded("alert/hand/Slow"); in.State != incident.Triggered {
		t.Errorf("nothing is raised: %+v", in)
	}
}

func TestPass(t *testing.T) {
	s := deploy(t)
	s.raise()
	id := string(s.folded("login").ID)
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"pass " + id + " --who ana", 2, "to whom? Add --to"},
		{"pass " + id + " --who ana --to boo", 1, `there is no responder "boo"`},
		{"pass " + id + " --who ana --to bo", 0, "bo has login."},
	} {
		if r := s.run(c.args); r.status != c.status || !strings.Contains(r.stdout+r.stderr, c.says) {
			t.Errorf("rouse %s: %+v, want status %d and %q", c.args, r, c.status, c.says)
		}
	}
}
