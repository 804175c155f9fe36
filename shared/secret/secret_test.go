package secret_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/secret"
)

// A safe holds secrets, and counts how often it is opened.
type safe struct {
	mu     sync.Mutex
	values map[string]string
	fails  error
	reads  int
}

func (s *safe) Secret(_ context.Context, name string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.fails != nil {
		return "", s.fails
	}
	if v, ok := s.values[name]; ok {
		return v, nil
	}
	return "", secret.ErrMissing
}

func TestCache(t *testing.T) {
	clk := clock.NewVirtual(time.Date(2026, 11, 2, 22, 0, 0, 0, time.UTC))
	from := &safe{values: map[string]string{"login": "one"}}
	c := &secret.Cache{From: from, Clock: clk}
	step := func(what string, pass time.Duration, name, want string, missing bool, reads int) {
		t.Helper()
		clk.Run(clk.Now().Add(pass))
		got, err := c.Secret(t.Context(), name)
		if got != want || errors.Is(err, secret.ErrMissing) != missing || from.reads != reads {
			t.Errorf("%s: %q, %v after %d reads, want %q after %d", what, got, err, from.reads, want, reads)
		}
	}
	step("it is read", 0, "login", "one", false, 1)
	step("and remembered", 4*time.Minute, "login", "one", false, 1)
	from.values["login"] = "two"
	step("but not for long", time.Minute, "login", "two", false, 2)
	from.fails = errors.New("throttled")
	step("what cannot be read keeps its value", 5*time.Minute, "login", "two", false, 3)
	step("and is not asked for at once", 10*time.Second, "login", "two", false, 3)
	from.fails = nil
	delete(from.values, "login")
	step("what is gone is gone", 10*time.Second, "login", "", true, 4)
	step("nor is that asked for at once", 10*time.Second, "login", "", true, 4)
	from.values["login"] = "three"
	step("what comes is seen", 10*time.Second, "login", "three", false, 5)
	step("each has its own", 0, "other", "", true, 6)
}

func TestManyAskOnce(t *testing.T) {
	from := &safe{values: map[string]string{"login": "one"}}
	c := &secret.Cache{From: from, Clock: clock.Wall{}}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if v, err := c.Secret(t.Context(), "login"); v != "one" || err != nil {
				t.Errorf("%q, %v", v, err)
			}
		})
	}
	all.Wait()
	if from.reads != 1 {
		t.Errorf("%d reads", from.reads)
	}
}

func TestEnvironment(t *testing.T) {
	e := secret.Environment(func(name string) string {
		return map[string]string{"ROUSE_SECRET_PROBE_PASSWORD": "hush"}[name]
	})
	if v, err := e.Secret(t.Context(), "probe-password"); v != "hush" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if _, err := e.Secret(t.Context(), "token"); !errors.Is(err, secret.ErrMissing) || !strings.Contains(err.Error(), "set ROUSE_SECRET_TOKEN") {
		t.Errorf("err %v", err)
	}
}

func TestNames(t *testing.T) {
	for name, well := range map[string]bool{
		"a": true, "probe-password2": true, strings.Repeat("a", 32): true,
		"": false, strings.Repeat("a", 33): false, "A": false, "a_b": false, "-a": false, "2a": false, "a/b": false, "ä": false,
	} {
		if secret.Well(name) != well {
			t.Errorf("%q: %v", name, !well)
		}
	}
}
