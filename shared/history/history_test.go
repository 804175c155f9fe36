package history_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rouse/shared/check"
	"rouse/shared/history"
)

var evening = time.Date(2026, 11, 25, 21, 50, 0, 0, time.UTC)

const every = 20 * time.Second

// good is a sample so many seconds after the evening's beginning, bad one that
// failed.
func good(at float64, took time.Duration) check.Sample {
	return check.Sample{At: evening.Add(time.Duration(at * float64(time.Second))), OK: true, Took: took}
}

func bad(at float64) check.Sample {
	x := good(at, time.Second)
	x.OK = false
	return x
}

func read(t testing.TB, s check.State, ended ...check.Ended) history.History {
	t.Helper()
	h, err := history.Read(ended, s, time.Time{}, evening.AddDate(2, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// save is what a probe does with samples: it returns the state after it, and
// the day that went to the files with it.
func save(s check.State, samples ...check.Sample) (check.State, *check.Ended) {
	s = history.Add(s, every, samples).Saving()
	filed := s.Ended
	if s.Place().Day == "" {
		filed = nil
	}
	return s.Saved(), filed
}

func TestCounts(t *testing.T) {
	s, _ := save(check.State{}, good(0, 100*time.Millisecond), good(20, 200*time.Millisecond), bad(40))
	s, _ = save(s, bad(42.5), good(45, 400*time.Millisecond))
	muted := bad(47.5)
	muted.Excused = true
	s, _ = save(s, muted, good(60, 100*time.Millisecond))
	h := read(t, s)
	if len(h.Minutes) != 2 || len(h.Hours) != 1 {
		t.Fatalf("%d minutes, %d hours", len(h.Minutes), len(h.Hours))
	}
	m := h.Minutes[0]
	if !m.From.Equal(evening) || m.Length != time.Minute || m.Good != 3 || m.Failed != 2 || m.Excused != 1 {
		t.Errorf("first minute %+v", m)
	}
	// Each sample speaks for the time since the one before it: 20 s each, then
	// 2.5 s. The excused one is no time at all.
	if m.Seen != 65*time.Second || m.Lost != 22500*time.Millisecond {
		t.Errorf("first minute: seen %v, lost %v", m.Seen, m.Lost)
	}
	if up, known := h.Minutes[1].Up(); !known || up != 1 {
		t.Errorf("second minute: %v, %t", up, known)
	}
	hour := h.Hours[0]
	if !hour.From.Equal(evening.Truncate(time.Hour)) || hour.Good != 4 || hour.Failed != 2 || hour.Excused != 1 {
		t.Errorf("hour %+v", hour)
	}
	if median, most := hour.Quantile(0.5), hour.Quantile(1); median < 100*time.Millisecond || median > 107*time.Millisecond || most < 400*time.Millisecond || most > 425*time.Millisecond {
		t.Errorf("median %v, most %v", median, most)
	}
	if _, known := history.Sum(nil).Up(); known {
		t.Error("nobody looked, and it is known")
	}
}

// An outage looks the same whether or not it is looked at more often: 2 minutes
// of an hour.
func TestLookingMoreOftenMakesNothingWorse(t *testing.T) {
	plan, world := check.Check{}.Plan(), check.World{{From: evening.Add(3 * time.Minute), To: evening.Add(5 * time.Minute), Fail: 1}}
	sample := world.Sampler(1)
	var s check.State
	for at := evening; at.Before(evening.Add(time.Hour)); at = plan.Next(at, s.Suspicion()) {
		x := sample(at)
		s, _ = save(s.Add(check.Params{}, x), x)
	}
	sum := history.Sum(read(t, s).Hours)
	up, _ := sum.Up()
	if lost := (1 - up) * 60; lost < 1.7 || lost > 2.4 {
		t.Errorf("%.2f minutes lost of an hour with 2 minutes down (%d of %d samples)", lost, sum.Failed, sum.Good+sum.Failed)
	}
}

// Over days, whatever is saved when: every sample is told once, in its hour,
// and no save files a day while it saves elsewhere.
func TestNothingIsLostOverMidnight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var s check.State
		var filed []check.Ended
		want := map[time.Time]int{}
		at := evening
		for range rapid.IntRange(1, 100).Draw(t, "saves") {
			var samples []check.Sample
			for range rng.IntN(4) {
				at = at.Add(time.Duration(rng.Int64N(int64(2 * time.Hour))))
				if rng.IntN(20) == 0 {
					at = at.Add(50 * time.Hour) // nobody looked for days
				}
				samples = append(samples, check.Sample{At: at, OK: rng.IntN(3) > 0, Took: time.Duration(rng.IntN(100)) * time.Second})
				want[at.Truncate(time.Hour)]++
			}
			var file *check.Ended
			if s, file = save(s, samples...); file != nil {
				if slices.ContainsFunc(filed, func(e check.Ended) bool { return e.Date == file.Date }) {
					t.Fatalf("%s is filed twice", file.Date)
				}
				filed = append(filed, *file)
			}
			// As after a restart in any place.
			h, err := history.Read(filed, s, time.Time{}, at.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			if len(h.Minutes) > 60 {
				t.Fatalf("%d minutes are kept", len(h.Minutes))
			}
			got := map[time.Time]int{}
			for _, b := range h.Hours {
				if _, twice := got[b.From]; twice {
					t.Fatalf("%v is told twice", b.From)
				}
				if got[b.From] = b.Good + b.Failed; b.Lost > b.Seen || b.Seen > time.Duration(got[b.From])*every {
					t.Fatalf("%+v", b)
				}
			}
			for from, n := range want {
				if got[from] != n {
					t.Fatalf("%v has %d samples, want %d", from, got[from], n)
				}
			}
			if len(got) != len(want) {
				t.Fatalf("%d hours, want %d", len(got), len(want))
			}
		}
	})
}

// Who has read the state before its day went to the files, and the files after
// that, tells each hour once.
func TestReadWhileADayIsFiled(t *testing.T) {
	s, _ := save(check.State{}, good(0, time.Second), good(3*3600, time.Second))
	before, _ := save(check.State{}, good(0, time.Second))
	s, filed := save(s)
	if filed == nil {
		t.Fatal("no day was filed")
	}
	for what, state := range map[string]check.State{"before": before, "after": s} {
		if h := read(t, state, *filed); h.Hours[0].Good != 1 || len(h.Hours) > 2 || len(h.Hours) == 2 && h.Hours[0].From.Equal(h.Hours[1].From) {
			t.Errorf("state of %s: %+v", what, h.Hours)
		}
	}
}

// A sample that comes after its day was put on file is not lost, and files no
// day again.
func TestLateAfterMidnight(t *testing.T) {
	midnight := evening.Truncate(24 * time.Hour).Add(24 * time.Hour)
	at := func(d time.Duration) check.Sample { return check.Sample{At: midnight.Add(d), OK: true} }
	s, _ := save(check.State{}, at(-time.Minute))
	s, _ = save(s, at(time.Second))
	s, filed := save(s, at(-time.Second))
	s, _ = save(s, at(-2*time.Second), at(2*time.Second))
	for range 5 {
		var again *check.Ended
		if s, again = save(s); again != nil {
			t.Fatalf("%s is filed again", again.Date)
		}
	}
	if filed == nil {
		t.Fatal("no day was filed")
	}
	days := read(t, s, *filed).Days()
	if len(days) != 2 || days[0].Good+days[1].Good != 5 {
		t.Errorf("the days %+v", days)
	}
}

func TestRange(t *testing.T) {
	var s check.State
	for i := range 600 { // ten hours of minutes, over midnight
		s, _ = save(s, good(float64(60*i), time.Millisecond))
	}
	h, err := history.Read(nil, s, evening.Add(9*time.Hour+30*time.Minute), evening.Add(9*time.Hour+35*time.Minute))
	if err != nil || len(h.Minutes) != 5 || len(h.Hours) != 1 || !h.Minutes[0].From.Equal(evening.Add(9*time.Hour+30*time.Minute)) {
		t.Errorf("%d minutes, %d hours, %v", len(h.Minutes), len(h.Hours), err)
	}
}

// A sum's quantiles are those of all samples together, a sixteenth off at most.
func TestQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		took := rapid.SliceOfN(rapid.IntRange(1, 60_000), 1, 300).Draw(t, "ms")
		var s check.State
		for i, ms := range took {
			s, _ = save(s, good(float64(60*i), time.Duration(ms)*time.Millisecond))
		}
		h, err := history.Read(nil, s, time.Time{}, evening.AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		sum := history.Sum(h.Hours)
		slices.Sort(took)
		for _, q := range []float64{0.01, 0.5, 0.95, 0.99, 1} {
			exact := float64(took[max(1, int(float64(len(took))*q+0.5))-1])
			if got := float64(sum.Quantile(q).Milliseconds()); got < exact || got > exact*17/16+1 {
				t.Fatalf("quantile %v of %d: %v, want %v or a little more", q, len(took), got, exact)
			}
		}
	})
}

// What a check carries stays small, since each write pays for it.
func TestSize(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	var s check.State
	most := 0
	for i := range 2 * 24 * 180 {
		took := time.Duration(80+rng.IntN(40)) * time.Millisecond
		if rng.IntN(20) == 0 {
			took *= time.Duration(1 + rng.IntN(20))
		}
		s, _ = save(s, good(float64(20*i), took))
		most = max(most, len(s.History))
	}
	if most > 2600 {
		t.Errorf("the history of a day takes %d bytes", most)
	}
	t.Logf("at most %d bytes", most)
}

func TestWhatANewerRouseWrote(t *testing.T) {
	s := check.State{History: []byte{2, 0, 0}}
	if _, err := history.Read(nil, s, time.Time{}, evening); err == nil {
		t.Error("a newer format is read")
	}
	s, _ = save(s, good(0, time.Millisecond))
	if h := read(t, s); len(h.Hours) != 1 {
		t.Errorf("%+v", h)
	}
}

func FuzzRead(f *testing.F) {
	s, _ := save(check.State{}, good(0, time.Second), bad(20), good(90, 3*time.Second))
	f.Add(s.History)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := history.Read([]check.Ended{{Date: "2026-11-25", Body: b}}, check.State{History: b}, time.Time{}, evening.AddDate(1, 0, 0))
		if err != nil {
			return
		}
		for _, k := range append(h.Days(), history.Sum(h.Minutes)) {
			k.Up()
			k.Quantile(0.99)
		}
		history.Add(check.State{History: b}, every, []check.Sample{good(0, time.Second)})
	})
}

func BenchmarkAdd(b *testing.B) {
	var s check.State
	for i := range 24 * 180 {
		s, _ = save(s, good(float64(20*i), time.Duration(80+i%300)*time.Millisecond))
	}
	minute := []check.Sample{good(86400, 90*time.Millisecond), good(86420, 90*time.Millisecond), good(86440, 90*time.Millisecond)}
	for b.Loop() {
		history.Add(s, every, minute)
	}
}
