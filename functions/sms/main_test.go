package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/test/stack"
)

func TestWiring(t *testing.T) { stack.TestWiring(t, "sms", wire, env.DeskQueue) } // without an inbox there is no desk

func TestShapes(t *testing.T) {
	stack.TestShapes(t, start(t).MustWire("sms", wire), "sms", "want an SNS event")
}

func TestWithoutANumber(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rouse.yaml")
	if err := os.WriteFile(path, []byte("service: Newsroom\nresponders: {ana: {phone: \"+13105550100\"}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := wire(start(t).Getenv("sms", map[string]string{env.Config: path})); err == nil || !strings.Contains(err.Error(), "sms.number") {
		t.Errorf("it starts, or says %v", err)
	}
}

func start(t *testing.T) *stack.Stack {
	t.Helper()
	return stack.Start(t, filepath.Join(stack.Root(t), "rouse.yaml"))
}

// waiting opens an incident about which ana has been paged.
func waiting(t *testing.T, s *stack.Stack) {
	t.Helper()
	now := time.Now()
	in := incident.Incident{
		ID: "20261102-k3fqzq", Key: "login", Word: "7K", Version: 1, Turn: 1, State: incident.Triggered, Severity: incident.Confirmed,
		Capability: "login", Title: "login", Opened: now, LastBad: now, NextStep: now.Add(time.Hour), Quiet: time.Hour,
		Paged: []incident.Paged{{Who: "ana", Channel: "sms", At: now, Times: 1}},
	}
	if err := s.Store.Commit(t.Context(), loop.Commit{Before: incident.Incident{Key: "login"}, After: in, At: now}); err != nil {
		t.Fatal(err)
	}
}

func login(t *testing.T, s *stack.Stack) loop.Live {
	t.Helper()
	live, err := s.Store.Load(t.Context(), "login")
	if err != nil {
		t.Fatal(err)
	}
	return live
}

func TestAnAnswerCountsOnce(t *testing.T) {
	for _, name := range []string{"sms-ack", "sms-duplicate"} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			waiting(t, s)
			h := s.MustWire("sms", wire)
			for range 2 { // SNS delivers at least once
				if _, err := stack.Invoke(t.Context(), h, stack.Event(t, name)); err != nil {
					t.Fatal(err)
				}
			}
			live := login(t, s)
			if in := live.Incident; in.State != incident.Acknowledged || in.Owner != "ana" {
				t.Errorf("the incident is %s, owned by %q", in.State, in.Owner)
			}
			// The router sends the answer; here it only waits.
			if len(live.Pages) != 1 || live.Pages[0].Kind != incident.PageReply || live.Pages[0].Who != "ana" || live.Pages[0].Lease.Token != "" {
				t.Errorf("pages %+v", live.Pages)
			}
			if n := len(s.AWS.Published()); n > 0 {
				t.Errorf("%d messages have gone out by the sms function", n)
			}
		})
	}
}

func TestWhatIsNoAnswer(t *testing.T) {
	s := start(t)
	waiting(t, s)
	h := s.MustWire("sms", wire)
	for _, name := range []string{"sms-reaction", "sms-stranger", "sms-oversized"} {
		if _, err := stack.Invoke(t.Context(), h, stack.Event(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := stack.Invoke(t.Context(), h, stack.Event(t, "sms-malformed"))
	if err == nil || !strings.Contains(err.Error(), "no inbound SMS") || strings.Contains(err.Error(), "555") {
		t.Errorf("err %v", err)
	}
	if live := login(t, s); live.Incident.Version != 1 || len(live.Pages) > 0 {
		t.Errorf("the incident is %+v, pages %+v", live.Incident, live.Pages)
	}
}

func TestATableThatIsNotThere(t *testing.T) {
	h, err := wire(start(t).Getenv("sms", map[string]string{env.Table: "elsewhere"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stack.Invoke(t.Context(), h, stack.Event(t, "sms-ack")); err == nil {
		t.Error("an answer that was not stored counts as taken")
	}
}
