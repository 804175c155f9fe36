package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
)

var (
	midnight = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	plan     = check.Check{}.Plan()
	rule     = check.Check{}.Rule()
)

// A judge is a rule with its sampling: when does it say that an incident opens
// in the world, between two times?
type judge func(w check.World, seed uint64, from, to time.Time) []time.Time

// opened is when the changes turn red, not counting changes among reds.
func opened(changes []check.Change) (at []time.Time) {
	red := false
	for _, c := range changes {
		was := red
		red = c.State == check.Down || c.State == check.Intermittent || red && c.State == check.Unknown
		if red && !was {
			at = append(at, c.At)
		}
	}
	return at
}

func rouse(w check.World, seed uint64, from, to time.Time) []time.Time {
	return opened(w.Replay(rule, plan, seed, from, to))
}

// inARow is the common rule at one sample a minute: so many failures in a row
// open, so many successes in a row close.
func inARow(failures, successes int) judge {
	return func(w check.World, seed uint64, from, to time.Time) (at []time.Time) {
		sample := w.Sampler(seed)
		red, run := false, 0
		for t := from; t.Before(to); t = t.Add(time.Minute) {
			if sample(t).OK == red {
				run++
			} else {
				run = 0
			}
			if !red && run == failures {
				at = append(at, t)
				red, run = true, 0
			} else if red && run == successes {
				red, run = false, 0
			}
		}
		return at
	}
}

// onAndOff fails altogether for bad, is well for good, and so on.
func onAndOff(bad, good time.Duration) func(from, to time.Time) check.World {
	return func(from, to time.Time) (w check.World) {
		for ; from.Before(to); from = from.Add(bad + good) {
			w = append(w, check.Weather{From: from, To: from.Add(bad), Fail: 1})
		}
		return w
	}
}

func randomly(share float64) func(from, to time.Time) check.World {
	return func(from, to time.Time) check.World {
		return check.World{{From: from, To: to, Fail: share}}
	}
}

// phase is a moment of the minute at which the seed's trouble begins.
func phase(seed uint64) time.Duration {
	return time.Duration(seed*7919%60000) * time.Millisecond
}

// never is later than anybody waits.
const never = 24 * time.Hour

// firsts is how long after the trouble's beginning the judge opens, if it does
// within six minutes, in so many seeds, sorted.
func firsts(j judge, world func(from, to time.Time) check.World, seeds int) []time.Duration {
	found := make([]time.Duration, seeds)
	for i := range found {
		seed := uint64(i)
		begin := midnight.Add(phase(seed))
		to := begin.Add(6 * time.Minute)
		found[i] = never
		if at := j(world(begin, to), seed, midnight, to); len(at) > 0 {
			found[i] = at[0].Sub(begin)
		}
	}
	slices.Sort(found)
	return found
}

// perDay is how often the judge opens in a day, over stretches of five days.
func perDay(j judge, world func(from, to time.Time) check.World, days int) float64 {
	const stretch = 5
	n := 0
	for i := range days / stretch {
		from := midnight.AddDate(0, 0, stretch*i)
		to := from.AddDate(0, 0, stretch)
		n += len(j(world(from.Add(phase(uint64(i))), to), uint64(i), from, to))
	}
	return float64(n) / float64(days)
}

// seen are the figures of a rule in some trouble.
type seen struct {
	median time.Duration // to open
	soon   int           // seeds of a thousand in which it opened within two minutes
	daily  float64       // how often it opened a day
}

// rules are ours and two common ones.
var rules = []struct {
	name string
	judge
}{
	{"Rouse", rouse},
	{"3 failures in a row, 2 good", inARow(3, 2)},
	{"first failure, first success", inARow(1, 1)},
}

// detection measures a rule in every trouble and returns a table of that, too.
func detection(name string, j judge) (table string, figures map[string]seen) {
	troubles := []struct {
		name  string
		world func(from, to time.Time) check.World
		days  int
	}{
		{"40% random", randomly(0.4), 5},
		{"20% random", randomly(0.2), 5},
		{"2 min down, 5 up", onAndOff(2*time.Minute, 5*time.Minute), 5},
		{"5 min down, 30 up", onAndOff(5*time.Minute, 30*time.Minute), 5},
		{"30 s down, 12 min up", onAndOff(30*time.Second, 12*time.Minute), 5},
		{"1% background", randomly(0.01), 60},
		{"2% background", randomly(0.02), 60},
	}
	const seeds = 1000
	figures = map[string]seen{}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-30s %8s %14s %13s\n", name, "median", "within 2 min", "opened a day")
	for _, x := range troubles {
		found := firsts(j, x.world, seeds)
		f := seen{median: found[seeds/2], daily: perDay(j, x.world, x.days)}
		f.soon, _ = slices.BinarySearch(found, 2*time.Minute+1)
		median := f.median.Round(time.Second).String()
		if f.median == never {
			median = "-"
		}
		fmt.Fprintf(&b, "%-30s %8s %13.1f%% %13.2f\n", x.name, median, float64(f.soon)*100/seeds, f.daily)
		figures[x.name] = f
	}
	return b.String(), figures
}

// BenchmarkDetection prints what TestDetection holds, beside two common rules.
func BenchmarkDetection(b *testing.B) {
	for _, r := range rules {
		b.Run(r.name, func(b *testing.B) {
			for b.Loop() {
				table, _ := detection(r.name, r.judge)
				b.Log(table)
			}
		})
	}
}

// The counts that the rule was chosen for.
func TestDetection(t *testing.T) {
	table, got := detection("Rouse", rouse)
	t.Log(table)

	if f := got["40% random"]; f.soon < 800 {
		t.Errorf("40%% failures opened within 2 minutes in %d of 1,000 seeds, want 800", f.soon)
	}
	for _, name := range []string{"2 min down, 5 up", "5 min down, 30 up"} {
		if f := got[name]; f.median > 75*time.Second {
			t.Errorf("%s: median to open %v, want at most 75 s", name, f.median)
		}
	}
	for _, name := range []string{"40% random", "20% random", "2 min down, 5 up", "5 min down, 30 up"} {
		if f := got[name]; f.daily != 0.2 {
			t.Errorf("%s: %v incidents a day, want one in the five days", name, f.daily)
		}
	}
	for _, name := range []string{"30 s down, 12 min up", "1% background"} {
		if f := got[name]; f.daily != 0 {
			t.Errorf("%s: %v incidents a day, want none", name, f.daily)
		}
	}
	if f := got["2% background"]; f.daily > 0.2 {
		t.Errorf("2%% background: %v incidents a day, want at most 0.2", f.daily)
	}
}

// A blip of 30 s, wherever on the grid it falls, opens nothing; one that the
// grid sees for longer does.
func TestBlips(t *testing.T) {
	for ms := range 20_000 / 50 {
		begin := midnight.Add(time.Minute + time.Duration(ms)*50*time.Millisecond)
		world := func(d time.Duration) check.World {
			return check.World{{From: begin, To: begin.Add(d), Fail: 1}}
		}
		to := midnight.Add(10 * time.Minute)
		if at := rouse(world(30*time.Second), 1, midnight, to); len(at) > 0 {
			t.Fatalf("30 s from %v opened", begin)
		}
		if at := rouse(world(30*time.Second+1), 1, midnight, to); len(at) > 0 {
			t.Fatalf("30 s from %v, its end included, opened", begin)
		}
		if at := rouse(world(56*time.Second), 1, midnight, to); len(at) != 1 {
			t.Fatalf("56 s from %v did not open", begin)
		}
	}
}
