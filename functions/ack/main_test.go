package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"rouse/shared/clock"
	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/test/stack"
)

func TestWiring(t *testing.T) { stack.TestWiring(t, "ack", wire, env.DeskQueue) } // without an inbox there is no desk

func TestShapes(t *testing.T) {
	stack.TestShapes(t, start(t).MustWire("ack", wire), "ack", "no HTTP API request (payload format 2.0)")
}

func start(t *testing.T) *stack.Stack {
	t.Helper()
	return stack.Start(t, filepath.Join(stack.Root(t), "rouse.yaml"))
}

// code is the one that the events carry.
const code = "c2FtLWxvY2FsLWZpcnN0LQ"

type noHints struct{}

func (noHints) Router(context.Context, loop.Hint, time.Time) error { return nil }
func (noHints) Desk(context.Context) error                         { return nil }

// waiting opens an incident about which ana was sent the code.
func waiting(t *testing.T, s *stack.Stack) {
	t.Helper()
	now := time.Now()
	_, err := s.Store.PutSignal(t.Context(), incident.Signal{
		ID: "check/login/1", Key: "login", Kind: incident.KindCheck, At: now,
		Check: &incident.CheckSignal{Check: "login", Capability: "login", LastBad: now,
			Evidence: incident.Evidence{Status: "down", Red: true, Since: now, Words: "8 of 8 samples failed: status 502 (8)", Short: "8/8"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &loop.Loop{
		Store: s.Store, Clock: clock.Wall{}, Hints: noHints{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Team: func(context.Context) (loop.Team, error) { return s.Team.Team(), nil },
	}
	in, err := l.Run(t.Context(), loop.Hint{Key: "login"})
	if err != nil {
		t.Fatal(err)
	}
	after := in
	after.Version++
	err = s.Store.Commit(t.Context(), loop.Commit{Before: in, After: after, At: now,
		Codes: []loop.Code{{Hash: loop.HashSecret(code), Who: "ana", Minted: now, Grant: loop.Grant{Key: "login", Incident: in.ID}}}})
	if err != nil {
		t.Fatal(err)
	}
}

func login(t *testing.T, s *stack.Stack) incident.Incident {
	t.Helper()
	live, err := s.Store.Load(t.Context(), "login")
	if err != nil {
		t.Fatal(err)
	}
	return live.Incident
}

func answer(t *testing.T, h stack.Handler, name string) events.APIGatewayV2HTTPResponse {
	t.Helper()
	raw, err := stack.Invoke(t.Context(), h, stack.Event(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal([]byte(raw), &response); err != nil {
		t.Fatal(err)
	}
	return response
}

func TestLookingChangesNothing(t *testing.T) {
	s := start(t)
	waiting(t, s)
	h := s.MustWire("ack", wire)
	before := login(t, s).Version
	for range 2 {
		got := answer(t, h, "ack-get")
		if got.StatusCode != 200 || !strings.HasPrefix(got.Headers["Content-Type"], "text/html") || got.IsBase64Encoded || !strings.Contains(got.Body, "I have it") {
			t.Errorf("%d %v\n%s", got.StatusCode, got.Headers, got.Body)
		}
	}
	if in := login(t, s); in.Version != before || in.State != incident.Triggered {
		t.Errorf("the incident is now %+v", in)
	}
}

func TestAPressCountsOnce(t *testing.T) {
	for _, name := range []string{"ack-post", "ack-post-base64"} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			waiting(t, s)
			h := s.MustWire("ack", wire)
			for range 2 { // a browser that sends a form again
				if got := answer(t, h, name); got.StatusCode != 303 || got.Headers["Location"] != code {
					t.Errorf("%d %v", got.StatusCode, got.Headers)
				}
			}
			in := login(t, s)
			if in.State != incident.Acknowledged || in.Owner != "ana" {
				t.Errorf("the incident is %s, owned by %q", in.State, in.Owner)
			}
			story, err := s.Store.Timeline(t.Context(), in.ID)
			if err != nil {
				t.Fatal(err)
			}
			taken := 0
			for _, e := range story {
				if e.Kind == "acknowledged" {
					taken++
				}
			}
			if taken != 1 {
				t.Errorf("acknowledged %d times: %+v", taken, story)
			}
		})
	}
}

func TestWhatIsNoTap(t *testing.T) {
	s := start(t)
	waiting(t, s)
	h := s.MustWire("ack", wire)
	for name, status := range map[string]int{"ack-unknown": 404, "ack-oversized": 413, "ack-malformed": 400, "ack-health": 200} {
		if got := answer(t, h, name); got.StatusCode != status {
			t.Errorf("%s: %d, want %d", name, got.StatusCode, status)
		}
	}
	if _, err := stack.Invoke(t.Context(), h, stack.Event(t, "ack-payload-v1")); err == nil || !strings.Contains(err.Error(), "payload format 2.0") {
		t.Errorf("payload 1.0: err %v", err)
	}
	if in := login(t, s); in.State != incident.Triggered {
		t.Errorf("the incident is %s", in.State)
	}
}

// TestUnknownLooksLikeExpired, to the byte.
func TestUnknownLooksLikeExpired(t *testing.T) {
	s := start(t)
	h := s.MustWire("ack", wire) // without the incident nobody was sent the code
	unknown, expired := answer(t, h, "ack-unknown"), answer(t, h, "ack-get")
	if unknown.StatusCode != 404 || expired.StatusCode != 404 || unknown.Body != expired.Body || len(unknown.Headers) != len(expired.Headers) {
		t.Errorf("%d and %d", unknown.StatusCode, expired.StatusCode)
	}
}

func TestATableThatIsNotThere(t *testing.T) {
	h, err := wire(start(t).Getenv("ack", map[string]string{env.Table: "elsewhere"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := answer(t, h, "ack-get"); got.StatusCode != 503 || strings.Contains(got.Body, "elsewhere") || !strings.Contains(got.Body, "go on being paged") {
		t.Errorf("%d\n%s", got.StatusCode, got.Body)
	}
}
