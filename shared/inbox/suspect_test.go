package inbox_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/memstore"
)

// A suspicion is a house with checks that notes which become suspected.
type suspicion struct {
	*house
	clock *clock.Virtual
	names []string
	down  error
}

// suspicions is its store.
type suspicions struct {
	*memstore.Store
	of *suspicion
}

func suspicious(t *testing.T) *suspicion {
	t.Helper()
	s := &suspicion{house: newHouse(t), clock: clock.NewVirtual(received)}
	for name, capability := range map[string]string{"login": "login", "password": "login", "publish": ""} {
		s.Checks = append(s.Checks, check.Check{Name: name, Capability: capability})
	}
	s.Store, s.Clock = suspicions{s.store, s}, s.clock
	return s
}

func (s suspicions) Suspect(ctx context.Context, name string, until time.Time) error {
	if s.of.down != nil {
		return s.of.down
	}
	s.of.names = append(s.of.names, name)
	return s.Store.Suspect(ctx, name, until)
}

func TestAReportHasChecksSampledOften(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"of its capability", trouble, "login password"},
		{"urgent, and names none", "The whole site is down and our readers cannot see anything!", "login password publish"},
		{"of one that nothing checks", "The archive is broken, we cannot search the archive at all.", "login password publish"},
		{"unclear", "Something is a bit odd since this morning, is it you or us?", "login password publish"},
		{"harmless", "Thank you for the invoice of last month.", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := suspicious(t)
			h.put("m1", "pat@kstate.example", "", "", test.text)
			h.receive(t, "m1")
			slices.Sort(h.names)
			if got := strings.Join(h.names, " "); got != test.want {
				t.Errorf("suspected %q, want %q", got, test.want)
			}
		})
	}
}

// A flood of mails is no flood of writes, and while reports come it goes on.
func TestAFloodOfReportsSuspectsOnce(t *testing.T) {
	h := suspicious(t)
	for i := range 20 {
		h.clock.Run(received.Add(time.Duration(i) * 10 * time.Second))
		id := string(rune('a' + i))
		h.put(id, "pat@kstate.example", "", "", trouble)
		h.receive(t, id)
	}
	if len(h.names) != 4 { // both checks, at once and when half of the time is over
		t.Errorf("%d writes for 20 mails", len(h.names))
	}
	s, err := h.store.LoadCheck(t.Context(), "login")
	if left := s.Suspected.Sub(h.clock.Now()); err != nil || left < check.ReportedFor/2 {
		t.Errorf("suspected for another %v, %v", left, err)
	}
}

// What could not be written is tried again with the mail.
func TestASuspicionThatWasNotWritten(t *testing.T) {
	h := suspicious(t)
	h.down = errors.New("table throttled")
	h.put("m1", "pat@kstate.example", "", "", trouble)
	if err := h.Sweep(t.Context()); err == nil || len(h.read) > 0 {
		t.Fatalf("read %v, %v", h.read, err)
	}
	h.down = nil
	if err := h.Sweep(t.Context()); err != nil || len(h.read) != 1 || len(h.names) != 2 || len(h.signals(t, "login")) != 1 {
		t.Errorf("read %v, suspected %v, %v", h.read, h.names, err)
	}
}
