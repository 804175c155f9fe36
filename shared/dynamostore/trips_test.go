package dynamostore_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/dynamostore"
	"rouse/shared/escalation"
	"rouse/shared/history"
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

// pager is a loop that pages one person, every three minutes.
func pager(store loop.Store, clk clock.Clock, sender loop.Sender) *loop.Loop {
	policy := escalation.Policy{Steps: []escalation.Step{{Targets: []escalation.Target{{ID: "ana"}}, Wait: 3 * time.Minute}}}
	team := loop.Team{
		Team:      escalation.Team{People: map[string]escalation.Person{"ana": {Contact: []escalation.Contact{{Channel: escalation.SMS}}}}},
		PolicyFor: func(string) escalation.Policy { return policy },
		Quiet:     35 * time.Minute,
	}
	return &loop.Loop{
		Store: store, Clock: clk, Sender: sender, Hints: noHints{}, Log: slog.New(slog.DiscardHandler),
		Team: func(context.Context) (loop.Team, error) { return team, nil },
	}
}

func red(id string, key incident.Key, at time.Time) incident.Signal {
	return incident.Signal{ID: id, Key: key, Kind: incident.KindCheck, At: at, Check: &incident.CheckSignal{
		Check: "login", Capability: "login", LastBad: at, Evidence: incident.Evidence{Status: "down", Red: true}}}
}

// From a signal that is durable to the page in the carrier's hands there are
// two round trips; the bound that was set is three.
func TestRoundTrips(t *testing.T) {
	api, name := table(t)
	w := &wire{API: api}
	store := dynamostore.New(w, name)
	clk := clock.NewVirtual(night)
	carrier := &carrier{wire: w}
	l := pager(store, clk, carrier)
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
		_, err := store.PutSignal(t.Context(), red("s", "login", clk.Now()))
		must(t, err)
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

// Whatever a save of a check does, it is one write, and a load one read but for
// the minute in which a day is put on file.
func TestASaveIsOneWrite(t *testing.T) {
	api, name := table(t)
	w := &wire{API: api}
	store := dynamostore.New(w, name)
	at := time.Date(2026, 11, 25, 23, 57, 0, 0, time.UTC)
	for i, want := range []string{
		"GetItem UpdateItem", "GetItem UpdateItem", "GetItem UpdateItem",
		"GetItem UpdateItem",      // midnight: with the day that has ended
		"GetItem GetItem PutItem", // beside that day
		"GetItem GetItem UpdateItem",
		"GetItem UpdateItem",
	} {
		s, err := store.LoadCheck(t.Context(), "login")
		must(t, err)
		s = history.Add(s, time.Minute, []check.Sample{{At: at.Add(time.Duration(i) * time.Minute), OK: true}}).Saving()
		must(t, store.SaveCheck(t.Context(), "login", s))
		if got := strings.Join(w.take(), " "); got != want {
			t.Errorf("minute %d: %s, want %s", i, got, want)
		}
	}
}

// BenchmarkSignalToPage is from a durable signal to the page in the carrier's
// hands, on DynamoDB Local.
func BenchmarkSignalToPage(b *testing.B) {
	store := dynamostore.New(table(b))
	var began time.Time
	var took []time.Duration
	l := pager(store, clock.Wall{}, senderFunc(func() { took = append(took, time.Since(began)) }))
	for i := 0; b.Loop(); i++ {
		key := incident.Key(fmt.Sprint("check/", i))
		if _, err := store.PutSignal(b.Context(), red(string(key), key, time.Now())); err != nil {
			b.Fatal(err)
		}
		began = time.Now()
		if _, err := l.Run(b.Context(), loop.Hint{Key: key}); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/median")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms/p99")
}

type senderFunc func()

func (f senderFunc) Send(context.Context, loop.Delivery) error {
	f()
	return nil
}

// A tally counts round trips, those of folding apart.
type tally struct {
	*dynamostore.Store
	wire    *wire
	folding atomic.Int64
}

type foldingKey struct{}

func (s *tally) Unpack(ctx context.Context, key incident.Key, r loop.Rest) error {
	return s.Store.Unpack(context.WithValue(ctx, foldingKey{}, &s.folding), key, r)
}

// a gathering keeps what a carrier took.
type gathering struct {
	mu    sync.Mutex
	pages map[string]int
	sent  int
}

func (g *gathering) Send(_ context.Context, d loop.Delivery) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent++
	for _, p := range d.Pages {
		g.pages[p.ID]++
	}
	return nil
}

// hints has runs done when a queue would bring them.
type hints struct {
	at  func(t time.Time, run func())
	run func(loop.Hint)
}

func (h *hints) Router(_ context.Context, hint loop.Hint, at time.Time) error {
	h.at(at, func() { h.run(hint) })
	return nil
}

func (h *hints) Desk(context.Context) error { return nil }

const stormy = 500

// storm is a store that so many signals have been put into, each under a key of
// its own, and nothing else has been asked of.
func storm(t *testing.T, now time.Time) (*tally, *gathering) {
	api, name := table(t)
	w := &wire{API: api}
	store := &tally{Store: dynamostore.New(w, name), wire: w}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := i; j < stormy; j += 8 {
				key := incident.Key(fmt.Sprint("check/", j))
				if _, err := store.PutSignal(t.Context(), red(fmt.Sprint("s", j), key, now)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	w.take()
	return store, &gathering{pages: map[string]int{}}
}

func (g *gathering) tell(t *testing.T, store *tally) (trips int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	folding := int(store.folding.Load())
	trips = len(store.wire.take()) - folding
	t.Logf("%d pages in %d messages, %.2f round trips each, and %.2f for folding", len(g.pages), g.sent, float64(trips)/stormy, float64(folding)/stormy)
	if len(g.pages) != stormy {
		t.Errorf("%d of %d incidents are paged about", len(g.pages), stormy)
	}
	for id, times := range g.pages {
		if times > 1 {
			t.Errorf("page %s went out %d times", id, times)
		}
	}
	return trips
}

// Five hundred incidents at once take at most four round trips for each page
// that goes out, but for folding.
func TestRoundTripsOfAStorm(t *testing.T) {
	clk := clock.NewVirtual(night)
	store, carrier := storm(t, night)
	l := pager(store, clk, carrier)
	h := &hints{at: clk.At, run: func(h loop.Hint) {
		if _, err := l.Run(t.Context(), h); err != nil {
			t.Error(err)
		}
	}}
	l.Hints = h
	for i := range stormy {
		clk.At(night.Add(time.Duration(i)*time.Millisecond), func() { h.run(loop.Hint{Key: incident.Key(fmt.Sprint("check/", i))}) })
	}
	clk.Run(night.Add(time.Minute))
	if trips := carrier.tell(t, store); trips > 4*stormy {
		t.Errorf("%d round trips for %d pages, want at most 4 each", trips, stormy)
	}
}

// The same by eight routers at a time, which get in each other's way. How often
// is told, and depends on the machine; that each page goes out once does not.
func TestAStormOnManyRouters(t *testing.T) {
	store, carrier := storm(t, time.Now())
	work := make(chan loop.Hint, 10*stormy)
	h := &hints{
		at:  func(at time.Time, run func()) { time.AfterFunc(time.Until(at), run) },
		run: func(h loop.Hint) { work <- h },
	}
	for i := range stormy {
		work <- loop.Hint{Key: incident.Key(fmt.Sprint("check/", i))}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var group sync.WaitGroup
	for range 8 {
		l := pager(store, clock.Wall{}, carrier) // it knows what it has learned of gates itself
		l.Hints = h
		group.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case hint := <-work:
					if _, err := l.Run(t.Context(), hint); err != nil {
						t.Error(err)
					}
					carrier.mu.Lock()
					if len(carrier.pages) == stormy {
						cancel()
					}
					carrier.mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	carrier.tell(t, store)
}
