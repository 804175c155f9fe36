package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/env"
	"rouse/test/stack"
	"rouse/test/target"
)

func TestWiring(t *testing.T) { stack.TestWiring(t, "probe", wire) }

func TestShapes(t *testing.T) {
	stack.TestShapes(t, start(t).MustWire("probe", wire), "probe", "want "+env.Sweep)
}

// start deploys two checks, one of them of something that fails.
func start(t *testing.T) *stack.Stack {
	t.Helper()
	service := target.Start(t)
	path := filepath.Join(t.TempDir(), "rouse.yaml")
	text := fmt.Sprintf(`
service: Newsroom
responders: {ana: {name: Ana Ruiz, phone: "+13105550100"}}
checks:
  login:   {every: 5s, timeout: 1s, http: {url: %[1]q, expect: {body: Sign in}}}
  publish: {every: 5s, timeout: 1s, http: {url: %[2]q}}
  echo:    {every: 5s, timeout: 1s, http: {url: %[3]q, bearer: publish-token, expect: {matches: "(?m)^Authorization: Bearer hush$"}}}
`, service.URL+"/ok", service.URL+"/status/502", service.URL+"/echo")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s := stack.Start(t, path)
	s.AWS.SetParameter("/rouse/publish-token", "hush")
	return s
}

// TestASweepSamples looks until a failure is stored, and no longer: the
// function itself samples until its minute ends.
func TestASweepSamples(t *testing.T) {
	s := start(t)
	h := s.MustWire("probe", wire)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		for ctx.Err() == nil { // a minute that has just ended leaves no time for a sample
			if _, err := stack.Invoke(ctx, h, stack.Event(t, "probe-sweep")); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for deadline := time.After(20 * time.Second); ; {
		state, err := s.Store.LoadCheck(t.Context(), "publish")
		if err != nil {
			t.Fatal(err)
		}
		if !state.Bad.IsZero() {
			if state.Latest.Why != "status 502" {
				t.Errorf("it failed because of %q", state.Latest.Why)
			}
			break
		}
		select {
		case <-deadline:
			t.Fatalf("no failure is stored: %+v", state)
		case err := <-done:
			t.Fatalf("it ended: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	stop()
	if err := <-done; err != nil && !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Error(err)
	}
}

// TestSecretsAreReadWhereTheTemplateLets: the parameter that a check names is
// read, and one that is not there is no other check's trouble.
func TestSecretsAreReadWhereTheTemplateLets(t *testing.T) {
	s := start(t)
	h := s.MustWire("probe", wire)
	s.AWS.SetParameter("/rouse/publish-token", "")
	sweep := func(until func() bool) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := stack.Invoke(ctx, h, stack.Event(t, "probe-sweep"))
			done <- err
		}()
		for deadline := time.Now().Add(30 * time.Second); !until(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Error("waited in vain")
				break
			}
		}
		stop()
		<-done
	}
	state := func(name string) check.State {
		state, err := s.Store.LoadCheck(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	sweep(func() bool { return !state("echo").Bad.IsZero() && !state("publish").Bad.IsZero() })
	if got := state("echo").Latest.Why; got != "secret publish-token cannot be read" {
		t.Errorf("it failed because of %q", got)
	}
	if got := state("publish").Latest.Why; got != "status 502" {
		t.Errorf("another check failed because of %q", got)
	}
	for _, r := range s.AWS.TakeRefusals() {
		if r.Action != "GetParameter" || r.Code != "ParameterNotFound" {
			t.Error(r)
		}
	}
}

func TestATableThatIsNotThere(t *testing.T) {
	h, err := wire(start(t).Getenv("probe", map[string]string{env.Table: "elsewhere"}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err = stack.Invoke(ctx, h, stack.Event(t, "probe-sweep"))
	if err == nil || !strings.Contains(err.Error(), "table elsewhere does not exist") || !strings.Contains(err.Error(), "set ROUSE_TABLE") {
		t.Errorf("err %v", err)
	}
}
