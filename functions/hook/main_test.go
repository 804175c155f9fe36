package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/test/stack"
)

func TestWiring(t *testing.T) { stack.TestWiring(t, "hook", wire) }

func TestShapes(t *testing.T) {
	stack.TestShapes(t, start(t).MustWire("hook", wire), "hook", "want an SNS event")
}

func TestNobodyToHear(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rouse.yaml")
	if err := os.WriteFile(path, []byte("service: Newsroom\nresponders: {ana: {phone: \"+13105550100\"}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for changed, want := range map[string]map[string]string{
		"no monitors and no heartbeats": {env.Config: path},
		"is no JSON object":             {env.AlarmTopics: "arn:aws:sns"},
	} {
		if _, err := wire(start(t).Getenv("hook", want)); err == nil || !strings.Contains(err.Error(), changed) {
			t.Errorf("it starts, or says %v", err)
		}
	}
}

func start(t *testing.T) *stack.Stack {
	t.Helper()
	s := stack.Start(t, filepath.Join(stack.Root(t), "rouse.yaml"))
	for _, name := range []string{"beats", "prometheus", "jenkins"} {
		s.AWS.SetParameter("/rouse/"+name, "sam-local")
	}
	return s
}

// call has the function answer a fixture over HTTP.
func call(t *testing.T, h stack.Handler, event []byte) (status int, body string) {
	t.Helper()
	answer, err := stack.Invoke(t.Context(), h, event)
	if err != nil {
		t.Fatal(err)
	}
	var r events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal([]byte(answer), &r); err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, strings.TrimSpace(r.Body)
}

func signals(t *testing.T, s *stack.Stack, key incident.Key) []incident.Signal {
	t.Helper()
	live, err := s.Store.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return live.Signals
}

func TestABeat(t *testing.T) {
	s := start(t)
	h := s.MustWire("hook", wire)
	for _, tt := range []struct {
		event  string
		status int
		good   bool
		bad    bool
	}{
		{"hook-beat-unknown", 404, false, false},
		{"hook-beat", 200, true, false},
		{"hook-beat-fail", 200, true, true},
	} {
		if status, body := call(t, h, stack.Event(t, tt.event)); status != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.event, status, body, tt.status)
		}
		job, err := s.Store.LoadJob(t.Context(), "backup")
		if err != nil {
			t.Fatal(err)
		}
		if job.Good.IsZero() == tt.good || job.Bad.IsZero() == tt.bad || job.Good.After(time.Now()) {
			t.Errorf("%s: %+v", tt.event, job)
		}
	}
}

func TestAnotherMonitorsWords(t *testing.T) {
	s := start(t)
	h := s.MustWire("hook", wire)
	if status, body := call(t, h, stack.Event(t, "hook-alertmanager")); status != 202 || body != `{"keys":["publish"]}` {
		t.Fatalf("%d %s", status, body)
	}
	got := signals(t, s, "publish")
	if len(got) != 2 || !got[0].Check.Evidence.Red || got[0].Check.Severity != incident.Confirmed || got[0].Check.Source != "prometheus" {
		t.Fatalf("signals %+v", got)
	}
	if status, _ := call(t, h, stack.Event(t, "hook-alertmanager")); status != 202 || len(signals(t, s, "publish")) != 2 {
		t.Errorf("said twice: %d, and %d signals", status, len(signals(t, s, "publish")))
	}
	if status, _ := call(t, h, stack.Event(t, "hook-alertmanager-resolved")); status != 202 || len(signals(t, s, "publish")) != 4 {
		t.Errorf("resolved: %d, and %d signals", status, len(signals(t, s, "publish")))
	}
	if status, body := call(t, h, stack.Event(t, "hook-json")); status != 202 || len(signals(t, s, "publish")) != 5 {
		t.Errorf("JSON: %d %s, and %d signals", status, body, len(signals(t, s, "publish")))
	}
	if n := s.AWS.Calls("SendMessage"); n != 4 {
		t.Errorf("the router was woken %d times, want once for each call", n)
	}
}

func TestAnAlarmThroughItsTopic(t *testing.T) {
	s := start(t)
	h := s.MustWire("hook", wire)
	const key incident.Key = "alert/alarms/orders-5xx"
	for i, event := range []string{"hook-alarm", "hook-alarm", "hook-alarm-insufficient", "hook-alarm-ok", "hook-alarm-malformed"} {
		if _, err := stack.Invoke(t.Context(), h, stack.Event(t, event)); err != nil {
			t.Fatalf("%s: %v", event, err)
		}
		if got := signals(t, s, key); len(got) != []int{1, 1, 2, 3, 3}[i] {
			t.Errorf("%s: %d signals", event, len(got))
		}
	}
	statuses := map[string]bool{} // whether they are red
	for _, x := range signals(t, s, key) {
		statuses[x.Check.Evidence.Status] = x.Check.Evidence.Red
	}
	if want := map[string]bool{incident.StatusRaised: true, "unknown": true, "up": false}; !maps.Equal(statuses, want) {
		t.Errorf("statuses %v, want %v", statuses, want)
	}
}

func TestRefusals(t *testing.T) {
	s := start(t)
	h := s.MustWire("hook", wire)
	large := strings.Replace(string(stack.Event(t, "hook-alertmanager")), `"body": "`, `"body": "`+strings.Repeat(" ", 257<<10), 1)
	for name, want := range map[string]int{
		"hook-wrong-secret": 401, "hook-no-secret": 401, "hook-malformed": 400, "large": 413,
	} {
		event := []byte(large)
		if name != "large" {
			event = stack.Event(t, name)
		}
		if status, body := call(t, h, event); status != want || body == "" {
			t.Errorf("%s: %d %q, want %d", name, status, body, want)
		}
	}
	if got := signals(t, s, "publish"); len(got) > 0 {
		t.Errorf("signals %+v", got)
	}
	// A secret that is not there is our fault and not the caller's.
	s.AWS.SetParameter("/rouse/prometheus", "")
	if status, _ := call(t, s.MustWire("hook", wire), stack.Event(t, "hook-alertmanager")); status != 503 {
		t.Errorf("without its secret: %d", status)
	}
	s.AWS.TakeRefusals()
}
