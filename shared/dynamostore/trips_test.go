package dynamostore_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/dynamostore"
	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// A carrier notes which calls the store had made when a page was handed to it.
type carrier struct {
	wire   *wire
	before [][]string
}

func (c *carrier) Send(context.Context, loop.Delivery) error {
	c.before = append(c.before, c.wire.take())
	return nil
}

type noHints struct{}

func (noHints) Router(context.Context, loop.Hint, time.Time) error { return nil }
func (noHints) Desk(context.Context) error                         { return nil }

// From a signal that is durable to the page in the carrier's hands there are
// two round trips; the bound that was set is three.
func TestRoundTrips(t *testing.T) {
	api, name := table(t)
	w := &wire{API: api}
	store := dynamostore.New(w, name)
	sms := []escalation.Contact{{Channel: escalation.SMS}}
	policy := escalation.Policy{Steps: []escalation.Step{{Targets: []escalation.Target{{ID: "ana"}}, Wait: 3 * time.Minute}}}
	clk := clock.NewVirtual(time.Date(2024, 11, 5, 22, 0, 0, 0, time.UTC))
	carrier := &carrier{wire: w}
	l := &loop.Loop{
		Store: store, Clock: clk, Sender: carrier, Hints: noHints{}, Log: slog.New(slog.DiscardHandler),
		Team: func(context.Context) (loop.Team, error) {
			return loop.Team{
				Team:      escalation.Team{People: map[string]escalation.Person{"ana": {Contact: sms}}},
				PolicyFor: func(string) escalation.Policy { return policy },
				Quiet:     35 * time.Minute,
			}, nil
		},
	}
	run := func() {
		t.Helper()
		if _, err := l.Run(t.Context(), loop.Hint{Key: "login"}); err != nil {
			t.Fatal(err)
		}
	}
	sent := func(what string, n int, want ...string) {
		t.Helper()
		if len(carrier.before) != n {
			t.Fatalf("%s: %d pages were sent, want %d", what, len(carrier.before), n)
		}
		if got := carrier.before[n-1]; !slices.Equal(got, want) {
			t.Errorf("%s: %q before the page was sent, want %q", what, got, want)
		}
	}
	clk.At(clk.Now(), func() {
		signal := incident.Signal{ID: "s", Key: "login", Kind: incident.KindCheck, At: clk.Now(),
			Check: &incident.CheckSignal{Check: "login", Capability: "login", LastBad: clk.Now(), Evidence: incident.Evidence{Status: "down", Red: true}}}
		if _, err := store.PutSignal(t.Context(), signal); err != nil {
			t.Fatal(err)
		}
		if calls := w.take(); !slices.Equal(calls, []string{"TransactWriteItems"}) {
			t.Errorf("%q to make a signal durable, want one transaction", calls)
		}
		run()
		sent("the first page", 1, "Query", "TransactWriteItems")
		after := w.take() // record, delete the signal, remove the rest
		if want := []string{"TransactWriteItems", "BatchWriteItem", "TransactWriteItems"}; !slices.Equal(after, want) {
			t.Errorf("%q after the page was sent, want %q", after, want)
		}
	})
	clk.Run(clk.Now())
	clk.At(clk.Now().Add(3*time.Minute), func() {
		run()
		sent("the next step", 2, "Query", "TransactWriteItems")
	})
	clk.Run(clk.Now().Add(time.Hour))
}
