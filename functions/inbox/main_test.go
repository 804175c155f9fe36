package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/env"
	"rouse/test/stack"
)

func TestWiring(t *testing.T) { stack.TestWiring(t, "inbox", wire) }

func TestShapes(t *testing.T) {
	stack.TestShapes(t, start(t).MustWire("inbox", wire), "inbox", "want an S3 event")
}

func TestAnInboxThatIsNotConfigured(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rouse.yaml")
	if err := os.WriteFile(path, []byte("service: Newsroom\nresponders: {ana: {name: Ana Ruiz, phone: \"+13105550100\"}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := wire(start(t).Getenv("inbox", map[string]string{env.Config: path})); err == nil || !strings.Contains(err.Error(), "no inbox: deploy again") {
		t.Errorf("err %v", err)
	}
}

func start(t *testing.T) *stack.Stack {
	t.Helper()
	return stack.Start(t, filepath.Join(stack.Root(t), "rouse.yaml"))
}

// id is the mail that the events are about.
const id = "cannot-log-in@kstate"

func cry(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(stack.Root(t), "events", id+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestATableThatIsNotThere: the mail stays new, and the sweep reads it once
// the table is back.
func TestATableThatIsNotThere(t *testing.T) {
	s := start(t)
	s.PutMail(id, cry(t))
	h, err := wire(s.Getenv("inbox", map[string]string{env.Table: "elsewhere"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"inbox-mail", "inbox-sweep"} {
		_, err = stack.Invoke(t.Context(), h, stack.Event(t, name))
		if err == nil || !strings.Contains(err.Error(), "table elsewhere does not exist") || !strings.Contains(err.Error(), "set ROUSE_TABLE") {
			t.Errorf("%s: err %v", name, err)
		}
	}
	if got := s.MailIDs(env.MailNew); !slices.Equal(got, []string{id}) {
		t.Errorf("new mails %q", got)
	}
}

func TestABucketThatIsNotThere(t *testing.T) {
	s := start(t)
	h, err := wire(s.Getenv("inbox", map[string]string{
		env.MailBucket:        stack.Bucket + "-gone",
		"AWS_ENDPOINT_URL_S3": s.Direct("inbox")["AWS_ENDPOINT_URL_S3"], // the template would not allow it
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stack.Invoke(t.Context(), h, stack.Event(t, "inbox-mail")); err == nil || !strings.Contains(err.Error(), "bucket "+stack.Bucket+"-gone") {
		t.Errorf("err %v", err)
	}
}

func TestEvents(t *testing.T) {
	for _, name := range []string{"inbox-mail", "inbox-duplicate", "inbox-sweep"} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.PutMail(id, cry(t))
			h := s.MustWire("inbox", wire)
			for range 2 { // reading it twice is reading it once
				if got, err := stack.Invoke(t.Context(), h, stack.Event(t, name)); err != nil || got != "null" {
					t.Fatalf("answered %s, err %v", got, err)
				}
			}
			live, err := s.Store.Load(t.Context(), "login")
			if err != nil || len(live.Signals) != 1 {
				t.Fatalf("signals %+v, err %v", live.Signals, err)
			}
			r := live.Signals[0].Report
			if r == nil || r.Reporter.Address != "dana.whitfield@kstate.example" || r.Urgency != "urgent" || !r.Known || r.Reporter.Silent != "" {
				t.Errorf("report %+v", r)
			}
			if hints := s.AWS.Messages("router"); len(hints) != 1 || hints[0].Body != `{"key":"login"}` {
				t.Errorf("hints %+v", hints)
			}
			if left := s.MailIDs(env.MailNew); len(left) != 0 {
				t.Errorf("still new: %q", left)
			}
			if kept := s.MailIDs(env.MailRead); len(kept) != 1 || !strings.HasSuffix(kept[0], id) {
				t.Errorf("kept %q", kept)
			}
		})
	}
}

func TestEventsAboutNothing(t *testing.T) {
	s := start(t)
	h := s.MustWire("inbox", wire)
	for _, name := range []string{"inbox-gone", "inbox-other-keys"} {
		if got, err := stack.Invoke(t.Context(), h, stack.Event(t, name)); err != nil || got != "null" {
			t.Errorf("%s: answered %s, err %v", name, got, err)
		}
	}
	if hints := s.AWS.Messages("router"); len(hints) != 0 {
		t.Errorf("hints %+v", hints)
	}
}

// TestAKeyThatIsNotEncoded cannot be understood; the sweep reads what it meant.
func TestAKeyThatIsNotEncoded(t *testing.T) {
	s := start(t)
	s.PutMail("100%-broken", cry(t))
	h := s.MustWire("inbox", wire)
	if _, err := stack.Invoke(t.Context(), h, stack.Event(t, "inbox-malformed")); err == nil || !strings.Contains(err.Error(), "want an S3 event: invalid URL escape") {
		t.Errorf("err %v", err)
	}
	if _, err := stack.Invoke(t.Context(), h, stack.Event(t, "inbox-sweep")); err != nil {
		t.Error(err)
	}
	if kept := s.MailIDs(env.MailRead); len(kept) != 1 {
		t.Errorf("kept %q", kept)
	}
}

// TestOversizedMail is read as far as its words stand.
func TestOversizedMail(t *testing.T) {
	s := start(t)
	line := strings.Repeat("x", 76) + "\r\n"
	s.PutMail(id, append(cry(t), strings.Repeat(line, 10<<20/len(line))...))
	h := s.MustWire("inbox", wire)
	if _, err := stack.Invoke(t.Context(), h, stack.Event(t, "inbox-mail")); err != nil {
		t.Fatal(err)
	}
	live, err := s.Store.Load(t.Context(), "login")
	if err != nil || len(live.Signals) != 1 || live.Signals[0].Report == nil {
		t.Errorf("signals %+v, err %v", live.Signals, err)
	}
}

// TestASweepReadsEverything, the worst mails among the others.
func TestASweepReadsEverything(t *testing.T) {
	s := start(t)
	bad := []string{"", "\x00\xff", "From: \r\n\r\n", "no headers at all", strings.Repeat("X: y\r\n", 10_000),
		"From: a@" + strings.Repeat("long.", 1000) + "example\r\n\r\nwe cannot log in",
		"From: a@b.example\r\nSubject: " + strings.Repeat("log in ", 100_000) + "\r\n\r\nwe cannot log in",
		"From: a@c.example\r\nMessage-ID: <" + strings.Repeat("x", 500_000) + "@c.example>\r\n\r\nwe cannot log in",
		"From: a@d.example\r\nReferences:" + strings.Repeat(" <0123456789abcdef@d.example>\r\n", 40_000) + "\r\nwe cannot log in",
		"From: " + strings.Repeat("x", 500_000) + " <a@e.example>\r\n\r\nwe cannot log in",
		"From: a@f.example\r\n\r\n" + strings.Repeat("we cannot log in ", 100_000)}
	for i, raw := range bad {
		s.PutMail(fmt.Sprint("bad-", i), []byte(raw))
	}
	s.PutMail(id, cry(t))
	started := time.Now()
	if _, err := stack.Invoke(t.Context(), s.MustWire("inbox", wire), stack.Event(t, "inbox-sweep")); err != nil {
		t.Error(err)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if kept := s.MailIDs(env.MailRead); len(kept) != len(bad)+1 {
		t.Errorf("kept %q", kept)
	}
	// What nobody understands is somebody's cry all the same.
	hints := s.AWS.Messages("router")
	if len(hints) != len(bad)+1 {
		t.Errorf("%d hints, want one for each mail: %+v", len(hints), hints)
	}
}
