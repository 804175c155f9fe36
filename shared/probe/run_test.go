package probe_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/history"
	"rouse/shared/memstore"
	"rouse/shared/probe"
)

var evening = time.Date(2026, 11, 2, 21, 50, 0, 0, time.UTC)

// fakeStore is a store whose hooks may wait or refuse.
type fakeStore struct {
	*memstore.Store
	mu    sync.Mutex
	saves map[string]int
	load  func(name string) error
	save  func(name string, s check.State) error
	// answer is what is answered to a save, given what became of it.
	answer func(error) error
}

func newStore() *fakeStore {
	return &fakeStore{Store: memstore.New(), saves: map[string]int{}}
}

var _ probe.Store = (*fakeStore)(nil)

func (f *fakeStore) LoadCheck(ctx context.Context, name string) (s check.State, err error) {
	if f.load != nil {
		if err := f.load(name); err != nil {
			return s, err
		}
	}
	return f.Store.LoadCheck(ctx, name)
}

func (f *fakeStore) SaveCheck(ctx context.Context, name string, s check.State) error {
	if f.save != nil {
		if err := f.save(name, s); err != nil {
			return err
		}
	}
	err := f.Store.SaveCheck(ctx, name, s)
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.saves[name]++
	}
	if f.answer != nil {
		return f.answer(err)
	}
	return err
}

func (f *fakeStore) state(t *testing.T, name string) check.State {
	s, err := f.Store.LoadCheck(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type samplerFunc func(ctx context.Context, c check.Check, at time.Time) check.Sample

func (f samplerFunc) Sample(ctx context.Context, c check.Check, at time.Time) check.Sample {
	return f(ctx, c, at)
}

// A rig runs checks minute by minute on a virtual clock.
type rig struct {
	clk     *clock.Virtual
	store   *fakeStore
	sampler probe.Sampler
	checks  []check.Check
	refuse  func(probe.Transition) error // of a raise
	muted   func(check string) time.Time
	asked   int // how often muted was
	mu      sync.Mutex
	raised  []probe.Transition
	faults  []error
}

func newRig(sampler samplerFunc, names ...string) *rig {
	r := &rig{clk: clock.NewVirtual(evening), store: newStore(), sampler: sampler}
	for _, name := range names {
		r.checks = append(r.checks, check.Check{Name: name, Capability: "login"})
	}
	return r
}

func (r *rig) raise(_ context.Context, x probe.Transition) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		if err := r.refuse(x); err != nil {
			return err
		}
	}
	r.raised = append(r.raised, x)
	return nil
}

func (r *rig) runner() *probe.Runner {
	return &probe.Runner{Checks: r.checks, Sampler: r.sampler, Store: r.store, Clock: r.clk, Raise: r.raise,
		Muted: func(_ context.Context, check string) (until time.Time) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.asked++
			if r.muted != nil {
				until = r.muted(check)
			}
			return until
		}}
}

// minutes starts so many runs, one a minute, each a little late as in Lambda,
// and lets them end.
func (r *rig) minutes(t *testing.T, n int) {
	t.Helper()
	start := r.clk.Now()
	for i := range n {
		minute := start.Add(time.Duration(i) * time.Minute)
		r.clk.At(minute.Add(120*time.Millisecond), func() {
			err := r.runner().Run(t.Context(), minute.Add(time.Minute))
			r.mu.Lock()
			defer r.mu.Unlock()
			if err != nil {
				r.faults = append(r.faults, err)
			}
		})
	}
	r.clk.Run(start.Add(time.Duration(n) * time.Minute))
}

func (r *rig) kinds() (kinds []string) {
	for _, x := range r.raised {
		kinds = append(kinds, x.Check+" "+string(x.Kind))
	}
	return kinds
}

func (r *rig) noFaults(t *testing.T) {
	t.Helper()
	if len(r.faults) > 0 {
		t.Errorf("faults: %v", r.faults)
	}
}

// between fails as why in a stretch of time.
func between(from, to time.Duration, why string) samplerFunc {
	return func(_ context.Context, _ check.Check, at time.Time) check.Sample {
		d := at.Sub(evening)
		if from <= d && d < to {
			return check.Sample{Why: why}
		}
		return check.Sample{OK: true}
	}
}

func TestRunTellsTheNight(t *testing.T) {
	r := newRig(between(2*time.Minute, 6*time.Minute, "status 502"), "login")
	r.minutes(t, 60)
	r.noFaults(t)
	if got, want := r.kinds(), []string{"login opened", "login recovered", "login well"}; !slices.Equal(got, want) {
		t.Fatalf("raised %v, want %v", got, want)
	}
	x := r.raised[0]
	if since := x.At.Sub(evening.Add(2 * time.Minute)); since > 40*time.Second {
		t.Errorf("opened after %v", since)
	}
	if x.ID != "login/"+x.At.Format(time.RFC3339Nano)+"/opened" || x.Capability != "login" || x.Status != check.Down {
		t.Errorf("raised %+v", x)
	}
	if !strings.Contains(x.Evidence.Words(nil), "failed between 21:52 and 21:52: status 502") &&
		!strings.Contains(x.Evidence.Words(nil), "failed at 21:52: status 502") {
		t.Errorf("evidence %q", x.Evidence.Words(nil))
	}
}

func TestOneSaveAMinuteWhenAllIsWell(t *testing.T) {
	r := newRig(between(0, 0, ""), "a", "b")
	r.minutes(t, 10)
	r.noFaults(t)
	if r.store.saves["a"] != 10 || r.store.saves["b"] != 10 {
		t.Errorf("saves in ten minutes: %v, want one a minute", r.store.saves)
	}
	if s := r.store.state(t, "a"); s.Status() != check.Up || s.Latest.At.Truncate(time.Second) != evening.Add(9*time.Minute+40*time.Second) {
		t.Errorf("%s, last sampled at %v", s.Status(), s.Latest.At)
	}
}

// Runs minute by minute take the samples, and come to the verdict, that the
// replay of the same world does.
func TestReplayEqualsLive(t *testing.T) {
	world := check.World{
		{From: evening.Add(3 * time.Minute), To: evening.Add(20 * time.Minute), Fail: 0.4},
		{From: evening.Add(40 * time.Minute), To: evening.Add(43 * time.Minute), Fail: 1},
		{From: evening, To: evening.Add(4 * time.Hour), Fail: 0.01},
	}
	for seed := range uint64(20) {
		begin := evening.Add(120 * time.Millisecond)
		sample := world.Sampler(seed)
		r := newRig(nil, "login")
		was := check.Unknown
		var seen []check.Sample
		var live []check.Change
		r.sampler = samplerFunc(func(_ context.Context, _ check.Check, at time.Time) check.Sample {
			x := sample(at)
			seen = append(seen, x)
			return x
		})
		r.store.save = func(_ string, s check.State) error {
			if s.Status() != was {
				was = s.Status()
				live = append(live, check.Change{At: s.Since, State: was})
			}
			return nil
		}
		r.minutes(t, 150)
		r.noFaults(t)

		plan := r.checks[0].Plan()
		whole := world.Replay(r.checks[0].Rule(), plan, seed, begin, evening.Add(150*time.Minute))
		again := check.Replay(r.checks[0].Rule(), seen)
		// Only each minute's first sample starts late; the world's plan knows
		// no lateness, so the times of its changes may differ by that much.
		if !reflect.DeepEqual(bare(live), bare(again)) {
			t.Errorf("seed %d: live\n%v\nreplayed\n%v", seed, bare(live), bare(again))
		}
		if got, want := bare(live), bare(whole); !slices.EqualFunc(got, want, func(a, b check.Change) bool {
			return a.State == b.State && a.At.Sub(b.At).Abs() < time.Second
		}) {
			t.Errorf("seed %d: live\n%v\nin the world\n%v", seed, got, want)
		}
	}
}

// bare is changes without their words.
func bare(changes []check.Change) []check.Change {
	changes = slices.Clone(changes)
	for i := range changes {
		changes[i].Why = ""
		changes[i].At = changes[i].At.UTC()
	}
	return changes
}

func TestSamplesDoNotWaitForEachOther(t *testing.T) {
	var starts []string
	r := newRig(nil, "login")
	r.sampler = samplerFunc(func(ctx context.Context, c check.Check, at time.Time) check.Sample {
		starts = append(starts, at.Sub(evening).Round(100*time.Millisecond).String())
		r.clk.Sleep(ctx, r.clk.Now().Add(c.Deadline())) // hangs to its timeout
		return check.Sample{Why: "timeout waiting for headers"}
	})
	r.minutes(t, 1)
	r.noFaults(t)
	// The first failure is known at 5.1 s; from then on every slot is used.
	want := []string{"100ms", "7.5s", "10s", "12.5s", "15s", "17.5s", "20s", "22.5s", "25s", "27.5s", "30s",
		"32.5s", "35s", "37.5s", "40s", "42.5s", "45s", "47.5s", "50s", "52.5s", "55s"}
	if !slices.Equal(starts, want) {
		t.Errorf("samples started at\n%v, want\n%v", starts, want)
	}
	if got := r.kinds(); !slices.Equal(got, []string{"login opened"}) {
		t.Errorf("raised %v", got)
	}
}

// One seed makes one history, with slow samples, stores and listeners.
func TestRunIsDeterministic(t *testing.T) {
	history := func() (log []string) {
		var mu sync.Mutex
		r := newRig(nil, "c", "a", "b", "e", "d")
		note := func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			log = append(log, r.clk.Now().Format("15:04:05.000000 ")+fmt.Sprintf(format, args...))
		}
		r.sampler = samplerFunc(func(ctx context.Context, c check.Check, at time.Time) check.Sample {
			note("sample %s", c.Name)
			r.clk.Sleep(ctx, r.clk.Now().Add(2500*time.Millisecond)) // ends right on a slot
			note("sampled %s", c.Name)
			return check.Sample{Why: "status 502"}
		})
		r.store.save = func(name string, s check.State) error {
			r.clk.Sleep(t.Context(), r.clk.Now().Add(2500*time.Millisecond))
			note("saved %s %d", name, s.Rev)
			return nil
		}
		r.refuse = func(x probe.Transition) error {
			note("raised %s", x.ID)
			return nil
		}
		r.minutes(t, 3)
		r.noFaults(t)
		return log
	}
	first := history()
	for range 20 {
		if again := history(); !slices.Equal(first, again) {
			for i := range first {
				if i >= len(again) || first[i] != again[i] {
					t.Fatalf("line %d: %s\nand then %s", i, first[i], again[min(i, len(again)-1)])
				}
			}
		}
	}
	if len(first) < 100 {
		t.Errorf("only %d lines of history", len(first))
	}
}

func TestAFaultDisturbsNoOther(t *testing.T) {
	r := newRig(nil, "broken", "deaf", "good", "panics")
	r.sampler = samplerFunc(func(_ context.Context, c check.Check, at time.Time) check.Sample {
		if c.Name == "panics" {
			panic("boom")
		}
		return check.Sample{OK: true}
	})
	down := errors.New("table throttled")
	r.store.load = func(name string) error {
		if name == "broken" {
			return down
		}
		return nil
	}
	r.store.save = func(name string, _ check.State) error {
		if name == "deaf" {
			return down
		}
		return nil
	}
	r.minutes(t, 2)
	if s := r.store.state(t, "good"); s.Status() != check.Up || s.Rev != 2 {
		t.Errorf("the good check is %s after %d saves", s.Status(), s.Rev)
	}
	if s := r.store.state(t, "panics"); s.Status() != check.Unknown {
		t.Errorf("a check that could not be sampled is %s, want unknown", s.Status())
	}
	if len(r.faults) != 2 {
		t.Fatalf("faults of two runs: %v", r.faults)
	}
	for _, err := range r.faults {
		for _, want := range []string{"check broken: table throttled", "check deaf: table throttled", "check panics: the sampler panicked: boom"} {
			if !errors.Is(err, down) || !strings.Contains(err.Error(), want) {
				t.Errorf("fault %q does not say %q", err, want)
			}
		}
	}
}

// A store that fails for a while loses nothing that was seen meanwhile.
func TestStoreComesBackWithinTheMinute(t *testing.T) {
	r := newRig(between(0, time.Hour, "status 502"), "login")
	back := evening.Add(45 * time.Second)
	away := func() error {
		if r.clk.Now().Before(back) {
			return errors.New("table throttled")
		}
		return nil
	}
	r.store.load = func(string) error { return away() }
	r.store.save = func(string, check.State) error { return away() }
	r.minutes(t, 1)
	r.noFaults(t)
	s := r.store.state(t, "login")
	if s.Episode.Failed != 23 || s.Episode.Samples != 23 {
		t.Errorf("stored %s, want all 23 samples of the minute", s.Episode.Short())
	}
	if got := r.kinds(); !slices.Equal(got, []string{"login opened"}) {
		t.Errorf("raised %v", got)
	}
}

// A run that is killed loses no failure it has seen: whatever instant it dies
// at, the failures so far are in the store before the verdict is raised, and
// the next run raises what the dead one did not, under the same ID.
func TestKilledHalfWay(t *testing.T) {
	for kill := 1; kill <= 30; kill++ {
		r := newRig(between(0, time.Hour, "status 502"), "login")
		calls, sampled := 0, 0
		dead := func() error {
			if calls++; calls >= kill {
				return errors.New("killed")
			}
			return nil
		}
		inner := r.sampler
		r.sampler = samplerFunc(func(ctx context.Context, c check.Check, at time.Time) check.Sample {
			if calls < kill {
				sampled++
			}
			return inner.Sample(ctx, c, at)
		})
		r.store.save = func(string, check.State) error { return dead() }
		r.refuse = func(probe.Transition) error { return dead() }
		r.minutes(t, 1)
		s := r.store.state(t, "login")
		// The sample whose save was the killed call is all that may be missing.
		if got := s.Bads + max(s.Burst.Failed, s.Episode.Failed); got < sampled-1 {
			t.Errorf("killed at call %d: %d failures stored of %d seen", kill, got, sampled)
		}
		r.store.save, r.refuse = nil, nil
		r.minutes(t, 1)
		if got := r.kinds(); len(got) == 0 || got[0] != "login opened" {
			t.Fatalf("killed at call %d: raised %v", kill, got)
		}
		if len(r.raised) > 1 && r.raised[0].ID != r.raised[1].ID {
			t.Errorf("killed at call %d: raised %q and %q", kill, r.raised[0].ID, r.raised[1].ID)
		}
	}
}

// Of two runs at one time, as after an event that came twice, the one that
// saves first samples on. What the other has seen by then is not lost.
func TestTwoRunsAtOnce(t *testing.T) {
	r := newRig(nil, "login")
	r.sampler = samplerFunc(func(ctx context.Context, _ check.Check, _ time.Time) check.Sample {
		r.clk.Sleep(ctx, r.clk.Now().Add(100*time.Millisecond))
		return check.Sample{Why: "status 502"}
	})
	second := func(after time.Duration) {
		r.clk.At(evening.Add(after), func() {
			if err := r.runner().Run(t.Context(), evening.Add(after).Truncate(time.Minute).Add(time.Minute)); err != nil {
				t.Error(err)
			}
		})
	}
	second(50 * time.Millisecond)
	second(70 * time.Millisecond)
	second(time.Minute + 30*time.Second) // one that comes late
	r.minutes(t, 2)
	r.noFaults(t)
	s := r.store.state(t, "login")
	if want := 2*23 + 2; s.Episode.Failed != want {
		t.Errorf("stored %d failures, want %d: those of one run a minute, and the first of the two others", s.Episode.Failed, want)
	}
	ids := map[string]bool{}
	for _, x := range r.raised {
		ids[x.ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("raised %v", ids)
	}
}

// A save may be done and its answer lost: the store's client then asks again
// and finds it stale. No sample of it counts twice.
func TestALostAnswerCountsNothingTwice(t *testing.T) {
	r := newRig(between(0, time.Hour, "status 502"), "login")
	n := 0
	r.store.answer = func(err error) error {
		if n++; err == nil && n%3 == 0 {
			return probe.ErrStale
		}
		return err
	}
	r.minutes(t, 2)
	r.noFaults(t)
	if s := r.store.state(t, "login"); s.Episode.Failed != 46 || s.Episode.Samples != 46 {
		t.Errorf("stored %s, want the 46 samples of two minutes", s.Episode.Short())
	}
	if failed := history.Sum(r.history(t, "login").Hours).Failed; failed != 46 {
		t.Errorf("kept %d failures", failed)
	}
}

// However many checks there are, so many are sampled at a time, and each of them
// is; where all hang, what cannot begin in time is left out.
func TestSamplesInFlightAreBounded(t *testing.T) {
	for _, hangs := range []time.Duration{200 * time.Millisecond, 5 * time.Second} {
		var names []string
		for i := range 450 {
			names = append(names, fmt.Sprintf("c%03d", i))
		}
		r := newRig(nil, names...)
		var mu sync.Mutex
		flying, most, sampled := 0, 0, map[string]int{}
		r.sampler = samplerFunc(func(ctx context.Context, c check.Check, _ time.Time) check.Sample {
			mu.Lock()
			flying++
			most = max(most, flying)
			sampled[c.Name]++
			mu.Unlock()
			r.clk.Sleep(ctx, r.clk.Now().Add(hangs))
			mu.Lock()
			flying--
			mu.Unlock()
			return check.Sample{OK: hangs < time.Second, Why: "timeout in connect"}
		})
		r.minutes(t, 1)
		r.noFaults(t)
		if most != 200 {
			t.Errorf("each takes %v: %d in flight at once, want 200", hangs, most)
		}
		if hangs < time.Second && len(sampled) != 450 {
			t.Errorf("%d of 450 checks were sampled", len(sampled))
		}
		for name, n := range sampled {
			if hangs < time.Second && n != 3 {
				t.Errorf("%s was sampled %d times", name, n)
			}
		}
	}
}

// A run takes over from one that has died, soon after.
func TestTheOtherRunDies(t *testing.T) {
	r := newRig(nil, "login")
	ctx, kill := context.WithCancel(t.Context())
	var starts []time.Duration
	r.sampler = samplerFunc(func(_ context.Context, _ check.Check, at time.Time) check.Sample {
		starts = append(starts, at.Sub(evening).Truncate(100*time.Millisecond))
		return check.Sample{Why: "status 502"}
	})
	r.clk.At(evening.Add(50*time.Millisecond), func() { r.runner().Run(ctx, evening.Add(time.Minute)) })
	r.clk.At(evening.Add(11*time.Second), kill)
	r.minutes(t, 1)
	r.noFaults(t)
	gap := time.Duration(0)
	for i := range starts[1:] {
		gap = max(gap, starts[i+1]-starts[i])
	}
	if gap > 23*time.Second || starts[len(starts)-1] != 55*time.Second {
		t.Errorf("samples at %v", starts)
	}
}

// Under suspicion a check is sampled on the fine grid though it is well, from
// the next run on, for as long as was said and with one save a minute.
func TestSuspected(t *testing.T) {
	var starts []time.Duration
	r := newRig(nil, "login")
	r.sampler = samplerFunc(func(_ context.Context, _ check.Check, at time.Time) check.Sample {
		starts = append(starts, at.Sub(evening))
		return check.Sample{OK: true}
	})
	r.clk.At(evening.Add(90*time.Second), func() {
		if err := r.store.Suspect(t.Context(), "login", evening.Add(90*time.Second+check.ReportedFor)); err != nil {
			t.Error(err)
		}
	})
	r.minutes(t, 10)
	r.noFaults(t)
	perMinute := make([]int, 10)
	for _, at := range starts {
		perMinute[at/time.Minute]++
	}
	// The last 5 s of a minute are left to samples that have begun.
	if want := []int{3, 3, 23, 23, 23, 23, 14, 3, 3, 3}; !slices.Equal(perMinute, want) {
		t.Errorf("samples by minute %v, want %v", perMinute, want)
	}
	if n := r.store.saves["login"]; n != 10 {
		t.Errorf("%d saves in ten minutes", n)
	}
	if len(r.raised) > 0 {
		t.Errorf("raised %v", r.raised)
	}
}

// A raise that fails is tried again with the next sample.
func TestRaiseIsTriedAgain(t *testing.T) {
	r := newRig(between(0, time.Hour, "status 502"), "login")
	var tried []string
	r.refuse = func(x probe.Transition) error {
		if tried = append(tried, x.ID); len(tried) < 4 {
			return errors.New("table throttled")
		}
		return nil
	}
	r.minutes(t, 2)
	r.noFaults(t)
	if len(tried) != 4 || len(r.raised) != 1 {
		t.Fatalf("tried %d times, heard %d times", len(tried), len(r.raised))
	}
	for _, id := range tried {
		if id != tried[0] {
			t.Errorf("tried as %q and as %q", tried[0], id)
		}
	}
	if s := r.store.state(t, "login"); len(s.Untold) != 0 {
		t.Errorf("still untold: %v", s.Untold)
	}
}

func TestAPauseIsUnknown(t *testing.T) {
	r := newRig(between(0, 0, ""), "login")
	r.minutes(t, 2)
	r.clk.Run(evening.Add(10 * time.Minute)) // nobody probes
	r.minutes(t, 1)
	r.noFaults(t)
	if got, want := r.kinds(), []string{"login lost", "login found"}; !slices.Equal(got, want) {
		t.Errorf("raised %v, want %v", got, want)
	}
}

func TestCancelledRunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := newRig(between(0, 0, ""), "login")
	r.clk.At(evening, func() {
		err := r.runner().Run(ctx, evening.Add(time.Minute))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
	r.clk.Run(evening.Add(time.Minute))
}
