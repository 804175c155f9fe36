package stack_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rouse/shared/config"
	"rouse/shared/env"
	"rouse/test/stack"
)

// TestSamLocal: `sam local invoke --env-vars` overrides the variables that the
// template gives a function, and drops all others.
func TestSamLocal(t *testing.T) {
	var vars map[string]map[string]string
	if err := json.Unmarshal(stack.Event(t, "env"), &vars); err != nil {
		t.Fatal(err)
	}
	team, err := config.Load(filepath.Join(stack.Root(t), "rouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	template := stack.ReadTemplate(t)
	for _, name := range []string{"probe", "inbox", "router", "ack", "hook", "sms", "desk", "watch"} {
		id := strings.ToUpper(name[:1]) + name[1:]
		given := template.Function(name).Env
		for variable, value := range vars[id] {
			if _, declared := given[variable]; !declared {
				t.Errorf("%s: the template does not declare %s, so that sam would drop it", id, variable)
			}
			if u, err := url.Parse(value); strings.Contains(variable, "URL") && variable != env.AckURL && (err != nil || u.Hostname() != "127.0.0.1") {
				t.Errorf("%s: %s leads to %s and not to this machine", id, variable, value)
			}
		}
		for variable := range given {
			if _, ok := vars[id][variable]; !ok {
				t.Errorf("%s: events/env.json does not set %s, which sam would leave at a made-up value", id, variable)
			}
		}
	}
	var topics map[string]string
	if err := json.Unmarshal([]byte(vars["Router"][env.Topics]), &topics); err != nil {
		t.Fatal(err)
	}
	for id := range team.Responders {
		if topics[id] == "" {
			t.Errorf("events/env.json has no topic for %s of rouse.yaml", id)
		}
	}
}

// TestEveryEventIsTried: a fixture that no test of its function reads would
// not be noticed when it goes stale.
func TestEveryEventIsTried(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(stack.Root(t), "events", "*-*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no events, err %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		function, _, _ := strings.Cut(name, "-")
		test, err := os.ReadFile(filepath.Join(stack.Root(t), "functions", function, "main_test.go"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !strings.Contains(string(test), `"`+name+`"`) {
			t.Errorf("functions/%s/main_test.go never reads %s.json", function, name)
		}
	}
}

// TestSchedules: what Scheduler sends is what the functions take for a sweep.
func TestSchedules(t *testing.T) {
	schedules := stack.ReadTemplate(t).Schedules()
	for _, name := range []string{"probe", "inbox", "router", "desk", "watch"} {
		if schedules[name] != env.Sweep {
			t.Errorf("%s is sent %q, want %q", name, schedules[name], env.Sweep)
		}
		if got := strings.TrimSpace(string(stack.Event(t, name+"-sweep"))); got != env.Sweep {
			t.Errorf("events/%s-sweep.json is %s", name, got)
		}
		delete(schedules, name)
	}
	if len(schedules) > 0 {
		t.Errorf("no event for the schedules %v", schedules)
	}
}

func TestRoutes(t *testing.T) {
	routes := stack.ReadTemplate(t).Routes()
	for _, name := range []string{"ack-get", "ack-post", "ack-post-base64", "ack-health", "hook-beat", "hook-beat-fail", "hook-alertmanager", "hook-json"} {
		var e struct{ RouteKey string }
		if err := json.Unmarshal(stack.Event(t, name), &e); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(routes, e.RouteKey) {
			t.Errorf("%s.json comes by %q, and the template has %q", name, e.RouteKey, routes)
		}
	}
}
