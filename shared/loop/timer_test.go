package loop_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
)

// timers is a router with a queue that keeps a hint back for 15 minutes at
// most, and counts whole seconds, as SQS does.
type timers struct {
	t     *testing.T
	clock *clock.Virtual
	store *memstore.Store
	loop  *loop.Loop
	lost  bool // hints are

	mu    sync.Mutex // a sweep works at several keys at once
	hints int
	sent  map[string]time.Time // the last page to each
}

func newTimers(t *testing.T, tm loop.Team) *timers {
	w := &timers{t: t, clock: clock.NewVirtual(start), store: memstore.New(), sent: map[string]time.Time{}}
	w.loop = &loop.Loop{
		Store: w.store, Clock: w.clock, Hints: w, Sender: w, Log: slog.New(slog.DiscardHandler),
		Team: func(context.Context) (loop.Team, error) { return tm, nil },
	}
	return w
}

func (w *timers) Send(_ context.Context, d loop.Delivery) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent[d.Who] = w.clock.Now()
	return nil
}

func (w *timers) Desk(context.Context) error { return nil }

func (w *timers) Router(_ context.Context, h loop.Hint, at time.Time) error {
	w.mu.Lock()
	w.hints++
	w.mu.Unlock()
	if w.lost {
		return nil
	}
	delay := min(max(at.Sub(w.clock.Now()), 0), 15*time.Minute)
	delay = (delay + time.Second - 1).Truncate(time.Second)
	w.clock.At(w.clock.Now().Add(delay), func() { w.hinted(h) })
	return nil
}

func (w *timers) hinted(h loop.Hint) {
	if _, err := w.loop.Run(w.t.Context(), h); err != nil {
		w.t.Error(err)
	}
}

func (w *timers) raise(key incident.Key) {
	w.t.Helper()
	s := incident.Signal{ID: string(key), Key: key, Kind: incident.KindCheck, At: w.clock.Now(),
		Check: &incident.CheckSignal{Check: string(key), Capability: string(key), LastBad: w.clock.Now(), Evidence: incident.Evidence{Status: "down", Red: true, Since: w.clock.Now()}}}
	if err := loop.Raise(w.t.Context(), w.store, w, s); err != nil {
		w.t.Fatal(err)
	}
}

// twoSteps is a team in which an incident of capability NAME pages first-NAME
// and, so long after, second-NAME.
func twoSteps(wait time.Duration, names ...string) loop.Team {
	tm := team()
	tm.People = map[string]escalation.Person{}
	for _, name := range names {
		for _, step := range []string{"first-", "second-"} {
			tm.People[step+name] = escalation.Person{Contact: []escalation.Contact{{Channel: escalation.SMS}}}
		}
	}
	tm.PolicyFor = func(name string) escalation.Policy {
		return escalation.Policy{Steps: []escalation.Step{
			{Targets: []escalation.Target{{ID: "first-" + name}}, Wait: wait},
			{Targets: []escalation.Target{{ID: "second-" + name}}, Wait: time.Hour},
		}}
	}
	return tm
}

// A wait that is longer than SQS keeps a message back is a chain of hints, each
// of which finds nothing due and gives the next; no sweep is needed.
func TestChainOfHints(t *testing.T) {
	w := newTimers(t, twoSteps(time.Hour+500*time.Millisecond, "a"))
	w.raise("a")
	w.clock.Run(start.Add(2 * time.Hour))
	due := start.Add(time.Hour + 500*time.Millisecond)
	if late := w.sent["second-a"].Sub(due); late < 0 || late >= time.Second {
		t.Errorf("the second step was taken at %s, %s after its time", w.sent["second-a"], late)
	}
	if w.hints > 15 {
		t.Errorf("it took %d hints", w.hints)
	}
}

// A hint that was given before the incident changed finds nothing due, does
// nothing and gives no other: whoever changed it has.
func TestStaleHintIsIgnored(t *testing.T) {
	w := newTimers(t, twoSteps(3*time.Minute, "a"))
	w.raise("a")
	w.clock.Run(start.Add(time.Minute))
	live, err := w.store.Load(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	hints := w.hints
	for version := range live.Incident.Version {
		w.hinted(loop.Hint{Key: "a", Version: version})
	}
	after, err := w.store.Load(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if after.Incident.Version != live.Incident.Version || w.hints != hints {
		t.Errorf("version %d became %d, and %d hints were given", live.Incident.Version, after.Incident.Version, w.hints-hints)
	}
	w.hinted(loop.Hint{Key: "a", Version: live.Incident.Version}) // one that comes early asks to be woken again
	if w.hints != hints+1 {
		t.Errorf("an early hint gave %d others", w.hints-hints)
	}
}

// With every hint lost, the minute sweep takes each of 200 steps within 61
// seconds of its time.
func TestSweepsAloneTakeEveryStep(t *testing.T) {
	var names []string
	for i := range 200 {
		names = append(names, fmt.Sprint(i))
	}
	w := newTimers(t, twoSteps(3*time.Minute, names...))
	w.lost = true
	due := map[string]time.Time{}
	for i, name := range names {
		at := start.Add(time.Duration(i) * 307 * time.Millisecond)
		w.clock.At(at, func() { w.raise(incident.Key(name)) })
	}
	for minute := range 10 {
		at := start.Add(time.Duration(minute) * time.Minute)
		w.clock.At(at, func() {
			if err := w.loop.Sweep(t.Context(), w.store); err != nil {
				t.Error(err)
			}
			for _, name := range names {
				live, err := w.store.Load(t.Context(), incident.Key(name))
				if err != nil {
					t.Error(err)
				} else if _, known := due[name]; !known && live.Incident.Open() {
					due[name] = live.Incident.NextStep
				}
			}
		})
	}
	w.clock.Run(start.Add(9*time.Minute + time.Second))
	for _, name := range names {
		if late := w.sent["second-"+name].Sub(due[name]); late < 0 || late > 61*time.Second {
			t.Errorf("step 2 of %s was due at %s and taken at %s", name, due[name], w.sent["second-"+name])
		}
	}
}

// busy is a store of which some keys fail, and which keeps what it was asked
// for.
type busy struct {
	*memstore.Store
	fails  map[incident.Key]bool
	limits []int
	mu     sync.Mutex
	reads  map[incident.Key]int
}

func (s *busy) Due(ctx context.Context, shard int, now time.Time, limit int) ([]incident.Key, error) {
	s.limits = append(s.limits, limit)
	return s.Store.Due(ctx, shard, now, limit)
}

func (s *busy) Load(ctx context.Context, key incident.Key) (loop.Live, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads[key]++
	if s.fails[key] {
		return loop.Live{}, errors.New("throttled")
	}
	return s.Store.Load(ctx, key)
}

// A sweep reads the index in batches and tries each key once. Keys that fail,
// though they have been due for the longest and are more than a batch, starve
// no other.
func TestSweepStarvesNobody(t *testing.T) {
	const failing, others = 2500, 500
	w := newTimers(t, twoSteps(3*time.Minute))
	w.lost = true
	store := &busy{Store: w.store, fails: map[incident.Key]bool{}, reads: map[incident.Key]int{}}
	w.loop.Store = store
	for i := range failing + others {
		key := incident.Key(fmt.Sprint(i))
		store.fails[key] = i < failing
		w.raise(key)
		w.clock.Run(start.Add(time.Duration(i) * time.Millisecond))
	}
	store.reads = map[incident.Key]int{}
	if err := w.loop.Sweep(t.Context(), store); err == nil {
		t.Error("nothing failed")
	}
	for key, fails := range store.fails {
		if n := store.reads[key]; n == 0 || fails && n > 1 {
			t.Fatalf("key %s, which fails: %t, was read %d times", key, fails, n)
		}
	}
	for i, limit := range store.limits {
		if limit > failing/loop.Shards*2 {
			t.Errorf("read %d of the index asks for %d", i, limit)
		}
	}
}

// Two sweeps never run at a time; one that died is not waited for beyond its
// minute.
func TestNeverTwoSweepsAtATime(t *testing.T) {
	w := newTimers(t, twoSteps(3*time.Minute, "a", "b"))
	w.lost = true
	w.raise("a")
	mine, err := w.store.Hold(t.Context(), "router-sweep", "one that dies", w.clock.Now(), w.clock.Now().Add(55*time.Second))
	if err != nil || !mine {
		t.Fatal(mine, err)
	}
	if err := w.loop.Sweep(t.Context(), w.store); err != nil {
		t.Error(err)
	}
	if len(w.sent) > 0 {
		t.Errorf("a second sweep has paged %v", w.sent)
	}
	w.clock.Run(start.Add(time.Minute))
	if err := w.loop.Sweep(t.Context(), w.store); err != nil {
		t.Error(err)
	}
	if w.sent["first-a"].IsZero() {
		t.Error("the sweep after it has paged nobody")
	}
	w.raise("b")
	if err := w.loop.Sweep(t.Context(), w.store); err != nil { // the last one has let go
		t.Error(err)
	}
	if w.sent["first-b"].IsZero() {
		t.Error("a sweep that ended keeps the next one waiting")
	}
}

// What a newer Rouse wrote is left alone and reported; the sweep goes on.
func TestSweepPassesWhatIsNewer(t *testing.T) {
	w := newTimers(t, twoSteps(3*time.Minute, "a", "b"))
	w.lost = true
	w.raise("a")
	w.raise("b")
	w.loop.Store = newer{w.store}
	err := w.loop.Sweep(t.Context(), w.store)
	var newer *loop.NewerError
	if !errors.As(err, &newer) || newer.Key != "a" {
		t.Errorf("the sweep reports %v", err)
	}
	if !w.sent["first-a"].IsZero() || w.sent["first-b"].IsZero() {
		t.Errorf("paged %v", w.sent)
	}
}

// newer is a store in which a newer Rouse has written a.
type newer struct{ *memstore.Store }

func (s newer) Load(ctx context.Context, key incident.Key) (loop.Live, error) {
	if key == "a" {
		return loop.Live{}, &loop.NewerError{Key: key, Format: loop.Format + 1}
	}
	return s.Store.Load(ctx, key)
}
