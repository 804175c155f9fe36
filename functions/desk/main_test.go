package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/record"
	"rouse/test/awsfake"
	"rouse/test/stack"
)

func TestWiring(t *testing.T) { stack.TestWiring(t, "desk", wire) }

func TestShapes(t *testing.T) {
	stack.TestShapes(t, start(t).MustWire("desk", wire), "desk", "want an SQS event")
}

func TestADeskWithoutAnInbox(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rouse.yaml")
	if err := os.WriteFile(path, []byte("service: Newsroom\nresponders: {ana: {name: Ana Ruiz, phone: \"+13105550100\"}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := wire(start(t).Getenv("desk", map[string]string{env.Config: path})); err == nil || !strings.Contains(err.Error(), "no inbox: deploy again") {
		t.Errorf("err %v", err)
	}
}

func TestATableThatIsNotThere(t *testing.T) {
	h, err := wire(start(t).Getenv("desk", map[string]string{env.Table: "elsewhere"}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = stack.Invoke(t.Context(), h, stack.Event(t, "desk-sweep"))
	if err == nil || !strings.Contains(err.Error(), "table elsewhere does not exist") || !strings.Contains(err.Error(), "set ROUSE_TABLE") {
		t.Errorf("err %v", err)
	}
}

func TestABatchThatIsNone(t *testing.T) {
	_, err := stack.Invoke(t.Context(), start(t).MustWire("desk", wire), stack.Event(t, "desk-malformed"))
	if err == nil || !strings.Contains(err.Error(), "no Records: want an SQS event") {
		t.Errorf("err %v", err)
	}
}

func start(t *testing.T) *stack.Stack {
	t.Helper()
	return stack.Start(t, filepath.Join(stack.Root(t), "rouse.yaml"))
}

type noHints struct{}

func (noHints) Router(context.Context, loop.Hint, time.Time) error { return nil }
func (noHints) Desk(context.Context) error                         { return nil }

// reported lets a customer's report be folded into an incident.
func reported(t *testing.T, s *stack.Stack) {
	t.Helper()
	now := time.Now()
	l := &loop.Loop{
		Store: s.Store, Clock: clock.Wall{}, Hints: noHints{}, Log: slog.New(slog.DiscardHandler),
		Team: func(context.Context) (loop.Team, error) { return s.Team.Team(), nil },
	}
	err := loop.Raise(t.Context(), s.Store, noHints{}, incident.Signal{
		ID: "mail/1", Key: "login", Kind: incident.KindReport, At: now,
		Report: &incident.ReportSignal{Capability: "login", Urgency: "urgent", Known: true, Reporter: incident.Reporter{
			Address: "dana.whitfield@kstate.example", Name: "Dana Whitfield", Org: "kstate.example", Subject: "Cannot log in", MessageID: "<6F2C91D4-77AE@kstate.example>", At: now,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Run(t.Context(), loop.Hint{Key: "login"}); err != nil {
		t.Fatal(err)
	}
}

func TestEvents(t *testing.T) {
	for name, answer := range map[string]string{"desk-hints": `{"batchItemFailures":[]}`, "desk-sweep": "null"} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			reported(t, s)
			h := s.MustWire("desk", wire)
			for range 2 {
				if got, err := stack.Invoke(t.Context(), h, stack.Event(t, name)); err != nil || got != answer {
					t.Fatalf("answered %s, err %v", got, err)
				}
			}
			sent := s.AWS.Sent()
			if len(sent) != 1 {
				t.Fatalf("%d mails", len(sent))
			}
			raw := string(sent[0].Raw)
			for _, want := range []string{"Subject: Re: Cannot log in\r\n", "In-Reply-To: <6F2C91D4-77AE@kstate.example>\r\n", "We have your message; one of us will read it by"} {
				if !strings.Contains(raw, want) {
					t.Errorf("%q is missing in\n%s", want, raw)
				}
			}
			if sent[0].From != s.Team.Inbox.ReplyFrom || len(sent[0].To) != 1 || sent[0].To[0] != "dana.whitfield@kstate.example" {
				t.Errorf("from %s to %v", sent[0].From, sent[0].To)
			}
		})
	}
}

// TestAFailedMailIsTriedAgain: the function fails nothing that others wait for.
func TestAFailedMailIsTriedAgain(t *testing.T) {
	s := start(t)
	reported(t, s)
	h := s.MustWire("desk", wire)
	s.AWS.Fail("SendEmail", awsfake.Always, awsfake.Denied)
	if _, err := stack.Invoke(t.Context(), h, stack.Event(t, "desk-sweep")); err != nil {
		t.Errorf("err %v", err)
	}
	walks, err := s.Store.Walks(t.Context(), time.Now().Add(time.Minute), 10)
	if err != nil || len(walks) != 1 {
		t.Errorf("walks %+v, err %v, want one that is due within the minute", walks, err)
	}
}

// TestFeedback: what comes back turns the address off and is told once, and a
// mailbox that is merely full does not.
func TestFeedback(t *testing.T) {
	for _, c := range []struct {
		event, says string
		off         bool
	}{
		{"desk-bounce", "bounced: smtp; 550 5.1.1 (the address) user unknown; nothing is sent to this address any more", true},
		{"desk-bounce-duplicate", "bounced: smtp; 550 5.1.1 (the address) user unknown; nothing is sent to this address any more", true},
		{"desk-complaint", "complained about: abuse; nothing is sent to this address any more", true},
		{"desk-reject", "rejected: Bad content; nothing is sent to this address any more", true},
		{"desk-bounce-passing", "bounced: smtp; 452 4.2.2 mailbox full; a later one may arrive", false},
	} {
		t.Run(c.event, func(t *testing.T) {
			s := start(t)
			reported(t, s)
			h := s.MustWire("desk", wire)
			if _, err := stack.Invoke(t.Context(), h, stack.Event(t, "desk-sweep")); err != nil {
				t.Fatal(err)
			}
			sent := s.AWS.Sent()
			if len(sent) != 1 || sent[0].ConfigurationSet != stack.ConfigurationSet {
				t.Fatalf("sent %+v", sent)
			}
			event := strings.ReplaceAll(string(stack.Event(t, c.event)), "0100018ce0f6a001-00000000-0000-4000-8000-000000000001-000000", sent[0].MessageID)
			for range 2 {
				if got, err := stack.Invoke(t.Context(), h, []byte(event)); err != nil || got != `{"batchItemFailures":[]}` {
					t.Fatalf("answered %s, err %v", got, err)
				}
			}
			live, err := s.Store.Load(t.Context(), "login")
			if err != nil {
				t.Fatal(err)
			}
			events, err := s.Store.Timeline(t.Context(), live.Incident.ID)
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, e := range events {
				if e.Kind == "undelivered" {
					said = append(said, e.Who+": "+e.Why)
				}
			}
			if want := "kstate.example: " + c.says; len(said) != 1 || said[0] != want {
				t.Errorf("the timeline tells %q, want %q once", said, want)
			}
			dana := incident.Reporter{Address: "dana.whitfield@kstate.example"}.ID()
			_, senders, err := s.Store.Done(t.Context(), []record.Notice{{Incident: live.Incident.ID, Name: "received", Reporter: dana}})
			if err != nil || (senders[dana].Off.Why != "") != c.off {
				t.Errorf("the address is %+v, %v, want off: %t", senders[dana].Off, err, c.off)
			}
			if got := s.AWS.Sent(); len(got) != 1 {
				t.Errorf("%d mails: a bounce was answered", len(got))
			}
		})
	}
}

// TestFeedbackThatIsNone fails alone and is tried again, and then buried.
func TestFeedbackThatIsNone(t *testing.T) {
	got, err := stack.Invoke(t.Context(), start(t).MustWire("desk", wire), stack.Event(t, "desk-bounce-malformed"))
	if err != nil || got != `{"batchItemFailures":[{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661970000015"}]}` {
		t.Errorf("answered %s, err %v", got, err)
	}
}
