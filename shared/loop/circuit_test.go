package loop_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/amend"
	"rouse/shared/clock"
	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
)

// refusing is a carrier that takes no SMS while it is down, and counts tries.
type refusing struct {
	down  bool
	tries map[string]int // by channel
}

func (c *refusing) Send(_ context.Context, d loop.Delivery) error {
	if c.tries[d.Channel]++; c.down && d.Channel == "sms" {
		return &loop.SendError{Why: "SNS cannot take it now (Throttled)"}
	}
	return nil
}

// A channel that refuses what comes is spared: people are paged by their next
// one at once, and the timeline says so. It is tried again, spared for longer
// if it still refuses, and used again when it does not.
func TestAChannelThatIsDownIsSpared(t *testing.T) {
	clk, store, carrier := clock.NewVirtual(start), memstore.New(), &refusing{down: true, tries: map[string]int{}}
	tm := team()
	tm.People = map[string]escalation.Person{}
	for i := range 6 {
		tm.People[fmt.Sprint("p", i)] = escalation.Person{Contact: []escalation.Contact{{Channel: escalation.SMS}, {Channel: escalation.Email, After: 2 * time.Minute}}}
	}
	policy := escalation.Policy{Steps: []escalation.Step{{Targets: []escalation.Target{{Kind: escalation.Everyone}}, Wait: 10 * time.Minute}}}
	tm.PolicyFor = func(string) escalation.Policy { return policy }
	routers := make([]*loop.Loop, 2) // what one has found out, the other goes by
	for i := range routers {
		source := &amend.Source{Deployed: tm, Store: store, Clock: clk, Log: slog.New(slog.DiscardHandler)}
		routers[i] = &loop.Loop{Store: store, Clock: clk, Sender: carrier, Hints: noHints{}, Log: source.Log, Team: source.Team, Chance: func() float64 { return 1 }}
	}
	run := func(router int, key incident.Key, at time.Duration) (tries map[string]int, told string) {
		t.Helper()
		carrier.tries = map[string]int{}
		clk.At(start.Add(at), func() {
			e := incident.Evidence{Status: "down", Red: true, Words: "words", Since: clk.Now()}
			s := incident.Signal{ID: string(key), Key: key, At: clk.Now(), Check: &incident.CheckSignal{Check: string(key), Evidence: e, LastBad: clk.Now()}}
			if _, err := store.PutSignal(t.Context(), s); err != nil {
				t.Error(err)
			}
			if _, err := routers[router].Run(t.Context(), loop.Hint{Key: key}); err != nil {
				t.Error(err)
			}
		})
		clk.Run(start.Add(at))
		live, err := store.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		events, err := store.Timeline(t.Context(), live.Incident.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			told += e.Kind + " " + e.Why + "\n"
		}
		return carrier.tries, told
	}
	says := func(told string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(told, want) {
				t.Errorf("the timeline does not say %q:\n%s", want, told)
			}
		}
	}
	until := func() time.Duration {
		t.Helper()
		found, err := store.Standing(t.Context())
		if err != nil || len(found.Circuits) != 1 || found.Circuits[0].Channel != "sms" {
			t.Fatalf("circuits %v (%v)", found.Circuits, err)
		}
		return found.Circuits[0].Until.Sub(start)
	}

	tries, told := run(0, "check/a", 0)
	if tries["sms"] != 6 || tries["email"] != 6 {
		t.Errorf("tried %v, want each by SMS, and then at once by e-mail", tries)
	}
	says(told, "spared sms is spared since 5 deliveries in a row were refused, the last because SNS cannot take it now (Throttled); it is tried again in 1m0s")
	if got := until(); got != time.Minute {
		t.Errorf("spared until %s", got)
	}

	tries, told = run(1, "check/b", 30*time.Second)
	if tries["sms"] != 0 || tries["email"] != 6 {
		t.Errorf("while it is spared: tried %v", tries)
	}
	says(told, "passed over step 1 (everyone): p0's sms: spared since 5 deliveries")

	tries, _ = run(1, "check/c", 70*time.Second)
	if tries["sms"] == 0 || tries["sms"] > 6 {
		t.Errorf("when it is tried again: %v", tries)
	}
	if got := until(); got != 70*time.Second+2*time.Minute {
		t.Errorf("then spared until %s", got)
	}

	carrier.down = false
	tries, told = run(0, "check/d", 5*time.Minute)
	if tries["sms"] != 6 {
		t.Errorf("when it is well again: %v", tries)
	}
	says(told, "spared sms takes pages again, after 5m0s")
	found, err := store.Standing(t.Context())
	if err != nil || slices.ContainsFunc(found.Circuits, func(c loop.Circuit) bool { return !c.Until.IsZero() }) {
		t.Errorf("circuits %v (%v)", found.Circuits, err)
	}
}

// wordless is a store in which every word is another incident's.
type wordless struct{ *memstore.Store }

func (s wordless) Commit(ctx context.Context, c loop.Commit) error {
	if c.After.Word != "" && c.After.ID != c.Before.ID {
		return loop.ErrWordTaken
	}
	return s.Store.Commit(ctx, c)
}

// An incident for which there is no word is paged without one.
func TestAnIncidentWithoutAWord(t *testing.T) {
	r := newRouter(t, 2)
	r.loop.Store = wordless{r.store.Store}
	if sent := r.runs(0); len(sent) != 2 {
		t.Errorf("sent to %v", sent)
	}
}
