package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/test/stack"
)

func TestWiring(t *testing.T) {
	stack.TestWiring(t, "router", wire, env.DeskQueue) // without an inbox there is no desk
}

func TestItRefusesTopicsThatItCannotRead(t *testing.T) {
	s := start(t)
	for _, topics := range []string{"ana", "[]", `{"ana":1}`} {
		_, err := wire(s.Getenv("router", map[string]string{env.Topics: topics}))
		if err == nil || !strings.Contains(err.Error(), env.Topics) || !strings.Contains(err.Error(), `want {"responder": "topic ARN", …}`) {
			t.Errorf("%s: err %v", topics, err)
		}
	}
}

func TestItRefusesAnAddressThatNoLinkCanBeginWith(t *testing.T) {
	s := start(t)
	for _, url := range []string{"r.example.com", "https://r.example.com/", "https://" + strings.Repeat("long.", 20) + "example.com"} {
		if _, err := wire(s.Getenv("router", map[string]string{env.AckURL: url})); err == nil || !strings.Contains(err.Error(), url) {
			t.Errorf("%s: err %v", url, err)
		}
	}
}

func TestShapes(t *testing.T) {
	stack.TestShapes(t, start(t).MustWire("router", wire), "router", "want an SQS event")
}

func TestATableThatIsNotThere(t *testing.T) {
	h, err := wire(start(t).Getenv("router", map[string]string{env.Table: "elsewhere"}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = stack.Invoke(t.Context(), h, stack.Event(t, "router-sweep"))
	if err == nil || !strings.Contains(err.Error(), "table elsewhere does not exist in Region us-east-1: deploy the stack, or set ROUSE_TABLE") {
		t.Errorf("err %v", err)
	}
}

func start(t *testing.T) *stack.Stack {
	t.Helper()
	return stack.Start(t, filepath.Join(stack.Root(t), "rouse.yaml"))
}

// red makes durable that log-ins fail.
func red(t *testing.T, s *stack.Stack) {
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
}

const allDone = `{"batchItemFailures":[]}`

func TestEvents(t *testing.T) {
	for name, answer := range map[string]string{
		"router-hints":     allDone,
		"router-duplicate": allDone,
		"router-sweep":     "null",
		"router-malformed": `{"batchItemFailures":[{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661970000002"},{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661970000003"}]}`,
		"router-oversized": `{"batchItemFailures":[{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661970000001"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			red(t, s)
			h := s.MustWire("router", wire)
			paged := 0
			for n := range 2 { // the second time all is done
				got, err := stack.Invoke(t.Context(), h, stack.Event(t, name))
				if err != nil || got != answer {
					t.Errorf("answered %s, err %v, want %s", got, err, answer)
				}
				pages := s.AWS.Published()
				if n == 0 {
					paged = len(pages)
				}
				if paged == 0 || len(pages) != paged {
					t.Errorf("after invocation %d there were %d pages, want the same as after the first, %d", n+1, len(pages), paged)
				}
			}
			ways := map[string]bool{}
			for _, p := range s.AWS.Published() {
				way := p.Topic() + " by " + p.Attributes["channel"].Value
				if ways[way] {
					t.Errorf("%s was paged twice", way)
				}
				ways[way] = true
			}
			hints := s.AWS.Messages("router")
			if len(hints) == 0 {
				t.Error("nobody will wake it for the next step")
			}
			for _, hint := range hints {
				if !strings.Contains(hint.Body, `"key":"login"`) || !hint.Visible.After(time.Now()) {
					t.Errorf("hint %+v, want one for the next step", hint)
				}
			}
		})
	}
}
