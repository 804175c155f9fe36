package stack

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"rouse/shared/env"
)

// A Handler is what a function hands to the Lambda runtime.
type Handler = func(ctx context.Context, event json.RawMessage) (any, error)

// A Wire makes a function of its environment.
type Wire = func(getenv func(string) string) (Handler, error)

// Invoke has a handler of this process answer an event, by way of the runtime's
// own decoding.
func Invoke(ctx context.Context, h Handler, event []byte) (string, error) {
	answer, err := lambda.NewHandler(h).Invoke(ctx, event)
	return string(answer), err
}

// MustWire wires a function as the template does.
func (s *Stack) MustWire(function string, wire Wire) Handler {
	s.t.Helper()
	h, err := wire(s.Getenv(function, nil))
	if err != nil {
		s.t.Fatal(err)
	}
	return h
}

// TestWiring holds a function to refusing an environment that it cannot work
// in, in words that say the cure. optional are the variables of the template
// that it can do without.
func TestWiring(t *testing.T, function string, wire Wire, optional ...string) {
	s := Start(t, filepath.Join(Root(t), "rouse.yaml"))
	s.MustWire(function, wire)
	refuses := func(name string, changes map[string]string, want ...string) {
		t.Run(name, func(t *testing.T) {
			_, err := wire(s.Getenv(function, changes))
			if err == nil {
				t.Fatal("it started")
			}
			for _, w := range want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is missing in: %v", w, err)
				}
			}
		})
	}

	for name := range s.Template.Function(function).Env {
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL") || slices.Contains(optional, name) {
			continue
		}
		refuses("without "+name, map[string]string{name: ""}, name+" is not set", "the stack sets it", "--env-vars events/env.json")
	}
	refuses("without a rouse.yaml", map[string]string{env.Config: "", "LAMBDA_TASK_ROOT": t.TempDir()}, "there is no ", "rouse.yaml", "rouse init URL")
	broken := filepath.Join(t.TempDir(), "rouse.yaml")
	if err := os.WriteFile(broken, []byte("service: Newsroom\nresponders:\n  ana: {name: Ana, phone: 5550100}\nchequers: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	refuses("with a broken rouse.yaml", map[string]string{env.Config: broken}, broken+":3:", broken+":4:", "E.164", "chequers")

	// The template's variables must be enough for sam local, which passes on
	// no other; see TestSamLocal.
	for variable := range samEnv(t)[logicalID(function)] {
		if service, ok := strings.CutPrefix(variable, "AWS_ENDPOINT_URL_"); ok {
			refuses("on a laptop without "+service, map[string]string{"AWS_SAM_LOCAL": "true", variable: ""},
				variable+" is not", "refusing to reach the real AWS", "make endpoints", "events/env.json")
		}
	}
	t.Run("on a laptop with what events/env.json says", func(t *testing.T) {
		vars := map[string]string{"AWS_SAM_LOCAL": "true"}
		for name := range s.Env(function) {
			vars[name] = "" // nothing but what the file says
		}
		maps.Copy(vars, samEnv(t)[logicalID(function)])
		if _, err := wire(s.Getenv(function, vars)); err != nil {
			t.Error(err)
		}
	})
}

// samEnv reads events/env.json.
func samEnv(t testing.TB) map[string]map[string]string {
	t.Helper()
	var all map[string]map[string]string
	if err := json.Unmarshal(Event(t, "env"), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestShapes holds a function to answering events that are not its own with an
// error that names what it wants, and never with a panic or with silence. They
// are broken JSON of all sorts, and every fixture of another function.
func TestShapes(t *testing.T, h Handler, function, want string) {
	events := map[string]string{}
	for _, raw := range []string{
		`null`, `true`, `0`, `""`, `[]`, `{}`, `{"sweep":false}`, `{"sweep":"true"}`, `{"Records":null}`, `{"Records":[]}`,
		`{"Records":{}}`, `{"Records":"x"}`, `{"Records":[null]}`, `{"Records":[1]}`, `{"Records":[{}]}`, `{"Records":[{"eventSource":7}]}`,
		`{"Records":[{"eventSource":"aws:sns","Sns":{"Message":"x"}}]}`, `{"requestContext":null}`, `{"requestContext":{"http":"GET"}}`,
		`{"Records":[` + strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000) + `]}`,
		`{"Records":"` + strings.Repeat("x", 6<<20) + `"}`,
		"{\"\xff\":1}",
	} {
		events[raw[:min(len(raw), 40)]] = raw
	}
	files, err := filepath.Glob(filepath.Join(Root(t), "events", "*-*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no events, err %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if of, _, _ := strings.Cut(name, "-"); of != function && alien(function, of, name) {
			events[name] = string(Event(t, name))
		}
	}
	for name, raw := range events {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		answer, err := Invoke(ctx, h, []byte(raw))
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: answered %.100q, err %v, want one that says %q", name, answer, err, want)
		} else if len(err.Error()) > 500 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// alien reports whether a fixture of another function has a shape that this
// one must refuse: all that have one understand the sweep, router and desk are
// invoked alike, and so are ack and hook.
func alien(function, of, name string) bool {
	if strings.HasSuffix(name, "-sweep") {
		return slices.Contains([]string{"ack", "hook", "sms"}, function)
	}
	for _, alike := range [][]string{{"router", "desk"}, {"ack", "hook"}} {
		if slices.Contains(alike, function) && slices.Contains(alike, of) {
			return name == "desk-malformed"
		}
	}
	return true
}
