package check_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rouse/shared/check"
)

// at is a time in the evening of the story.
func at(s string) time.Time {
	t, err := time.Parse("15:04:05", s)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 11, 2, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// night samples every 20 s between two times; why says how a sample fails, ""
// that it doesn't.
func night(from, to string, why func(t time.Time) string) (xs []check.Sample) {
	for t := at(from); t.Before(at(to)); t = t.Add(20 * time.Second) {
		w := why(t)
		xs = append(xs, check.Sample{At: t, OK: w == "", Why: w})
	}
	return xs
}

func during(from, to, why string) func(time.Time) string {
	return func(t time.Time) string {
		if t.Before(at(from)) || !t.Before(at(to)) {
			return ""
		}
		return why
	}
}

func TestReplay(t *testing.T) {
	stutter := func(t time.Time) string {
		switch {
		case during("21:50:00", "21:55:00", "x")(t) == "" || t.Second() == 20:
			return ""
		case t.Second() == 0:
			return "status 502"
		}
		return "connect refused"
	}
	relapse := func(t time.Time) string {
		return during("21:50:00", "21:55:00", "status 502")(t) + during("22:20:00", "22:25:00", "timeout after headers")(t)
	}
	tests := []struct {
		name    string
		samples []check.Sample
		want    []string
	}{
		{"nothing", nil, nil},
		{"well", night("21:00:00", "22:00:00", during("23:00:00", "23:00:00", "")), []string{
			"21:00:00 up: good at 21:00"}},
		{"one failure", night("21:00:00", "22:00:00", during("21:30:00", "21:30:01", "status 502")), []string{
			"21:00:00 up: good at 21:00"}},
		{"down", night("21:49:00", "23:00:00", during("21:50:00", "21:55:00", "connect refused")), []string{
			"21:49:00 up: good at 21:49",
			"21:51:00 down: 4 of 4 samples failed between 21:50 and 21:51: connect refused (4)",
			"22:29:40 up: no failure for 35 minutes; before that 15 of 15 samples failed between 21:50 and 21:54: connect refused (15)"}},
		{"down from its first sample", night("21:50:00", "21:55:00", during("21:50:00", "21:55:00", "no such host")), []string{
			"21:51:00 down: 4 of 4 samples failed between 21:50 and 21:51: no such host (4)"}},
		{"nobody said why", []check.Sample{{At: at("21:50:00")}, {At: at("21:50:20")}, {At: at("21:50:40")}, {At: at("21:51:00")}}, []string{
			"21:51:00 down: 4 of 4 samples failed between 21:50 and 21:51"}},
		{"intermittent", night("21:49:00", "23:00:00", stutter), []string{
			"21:49:00 up: good at 21:49",
			"21:52:00 intermittent: 5 of 7 samples failed between 21:50 and 21:52: status 502 (3), connect refused (2)",
			"22:29:40 up: no failure for 35 minutes; before that 10 of 15 samples failed between 21:50 and 21:54: connect refused (5), status 502 (5)"}},
		{"a relapse within the quiet time is the same trouble", night("21:49:00", "23:30:00", relapse), []string{
			"21:49:00 up: good at 21:49",
			"21:51:00 down: 4 of 4 samples failed between 21:50 and 21:51: status 502 (4)",
			"22:20:00 intermittent: 16 of 91 samples failed between 21:50 and 22:20: status 502 (15), timeout after headers (1); none since 22:20",
			"22:59:40 up: no failure for 35 minutes; before that 30 of 105 samples failed between 21:50 and 22:24: status 502 (15), timeout after headers (15)"}},
		{"nobody looked", slices.Concat(night("21:00:00", "21:10:00", during("23:00:00", "23:00:00", "")), night("21:30:00", "21:31:00", during("23:00:00", "23:00:00", ""))), []string{
			"21:00:00 up: good at 21:00",
			"21:12:40 unknown: no sample since 21:09",
			"21:30:00 up: sampled again at 21:30"}},
		{"a time in which nobody looked is not quiet", slices.Concat(night("21:50:00", "21:52:00", during("21:50:00", "21:52:00", "status 502")), night("22:30:00", "23:06:00", during("23:00:00", "23:00:00", ""))), []string{
			"21:51:00 down: 4 of 4 samples failed between 21:50 and 21:51: status 502 (4)",
			"21:54:40 unknown: no sample since 21:51",
			"22:30:00 down: sampled again at 22:30",
			"23:05:00 up: no failure for 35 minutes; before that 6 of 6 samples failed between 21:50 and 21:51: status 502 (6)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range check.Replay(rule, tt.samples) {
				got = append(got, fmt.Sprintf("%s %s: %s", c.At.Format("15:04:05"), c.State, c.Why))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// add counts a sample and judges it.
func add(s check.State, x check.Sample) check.State {
	return s.Add(rule, x).Tick(rule, x.At.Add(1))
}

func TestTurns(t *testing.T) {
	var s check.State
	var got []string
	for _, x := range night("21:49:00", "23:40:00", func(t time.Time) string {
		return during("21:50:00", "21:55:00", "status 502")(t) + // opens
			during("22:05:00", "22:05:01", "status 502")(t) + // a lone failure says nothing
			during("22:20:00", "22:40:00", "status 503")(t) // relapses, and then only fails
	}) {
		s = add(s, x)
		for len(s.Untold) > 0 {
			u := s.Untold[0]
			got = append(got, fmt.Sprintf("%s %s, %s: %s", u.At.Format("15:04:05"), u.Kind, u.Status, u.Words(nil)))
			s = s.Told()
		}
	}
	want := []string{
		"21:51:00 opened, down: 4 of 4 samples failed between 21:50 and 21:51: status 502 (4)",
		"22:00:40 recovered, down: no failure since 21:54; before that 15 of 15 samples failed between 21:50 and 21:54: status 502 (15)",
		"22:20:20 relapsed, intermittent: 2 of 2 samples failed at 22:20: status 503 (2)",
		"22:30:00 worse, down: 47 of 121 samples failed between 21:50 and 22:30: status 503 (31), status 502 (16)",
		"22:45:40 recovered, down: no failure since 22:39; before that 76 of 150 samples failed between 21:50 and 22:39: status 503 (60), status 502 (16)",
		"23:14:40 well, up: no failure for 35 minutes; before that 76 of 150 samples failed between 21:50 and 22:39: status 503 (60), status 502 (16)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEvidenceIsInTheReadersZone(t *testing.T) {
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	var s check.State
	if got := s.Evidence(chicago); got != "never sampled" || s.Status() != check.Unknown {
		t.Errorf("zero state: %s, %q", s.Status(), got)
	}
	for _, x := range night("21:49:00", "22:03:00", during("21:50:00", "21:55:00", "status 502")) {
		s = add(s, x)
	}
	if got, want := s.Evidence(chicago), "15 of 15 samples failed between 15:50 and 15:54: status 502 (15); none since 15:54"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := s.Episode.Short(); got != "15/15" {
		t.Errorf("short: %q", got)
	}
	if got := s.Tick(rule, at("22:10:00")).Evidence(chicago); got != "no sample since 16:02" {
		t.Errorf("lost: %q", got)
	}
}

// history draws samples a few seconds apart, some at the same instant, with
// stretches of trouble and, rarely, gaps.
func history(t *rapid.T) []check.Sample {
	n := rapid.IntRange(0, 300).Draw(t, "samples")
	seed := rapid.Uint64().Draw(t, "seed")
	rng := rand.New(rand.NewPCG(seed, 1))
	now, share := midnight, 0.0
	xs := make([]check.Sample, n)
	for i := range xs {
		switch r := rng.Float64(); {
		case r < 0.02:
			share = []float64{0, 0, 0.02, 0.4, 1}[rng.IntN(5)]
		case r < 0.03:
			now = now.Add(time.Duration(rng.IntN(3000)) * time.Second)
		}
		now = now.Add(time.Duration(rng.IntN(4)) * 5 * time.Second)
		xs[i] = check.Sample{At: now, OK: rng.Float64() >= share}
		if !xs[i].OK {
			xs[i].Why = fmt.Sprintf("status %d", 500+rng.IntN(4))
		}
	}
	return xs
}

func TestOrderOfEqualTimesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := history(t)
		ys := slices.Clone(xs)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shuffle"), 2))
		rng.Shuffle(len(ys), func(i, j int) { ys[i], ys[j] = ys[j], ys[i] })
		slices.SortStableFunc(ys, func(a, b check.Sample) int { return a.At.Compare(b.At) })
		if a, b := check.Replay(rule, xs), check.Replay(rule, ys); !reflect.DeepEqual(a, b) {
			t.Fatalf("changes\n%v\nand, in another order,\n%v", a, b)
		}
		var a, b check.State
		for i := range xs {
			a, b = a.Add(rule, xs[i]), b.Add(rule, ys[i])
		}
		if x, y := fmt.Sprint(plain(t, a)), fmt.Sprint(plain(t, b)); x != y {
			t.Fatalf("state\n%s\nand, in another order,\n%s", x, y)
		}
	})
}

// plain is the state with its reasons in order.
func plain(t *rapid.T, s check.State) string {
	sort := func(x *check.Tally) {
		x.Whys = slices.Clone(x.Whys)
		slices.SortFunc(x.Whys, func(a, b check.Reason) int { return strings.Compare(a.Why, b.Why) })
	}
	sort(&s.Burst)
	sort(&s.Episode)
	s.Untold = slices.Clone(s.Untold)
	for i := range s.Untold {
		sort(&s.Untold[i].Evidence)
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMoreFailuresNeverCloseAnIncident(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := history(t)
		share := rapid.SampledFrom([]float64{0.01, 0.1, 0.5}).Draw(t, "share")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "flips"), 3))
		var less, more check.State
		for _, x := range xs {
			y := x
			if rng.Float64() < share {
				y.OK = false
			}
			less, more = add(less, x), add(more, y)
			if less.Red() && !more.Red() {
				t.Fatalf("at %v red, and with more failures not:\n%s", x.At, more.Evidence(nil))
			}
			if bad := add(less, check.Sample{At: x.At.Add(time.Second)}); less.Red() && !bad.Red() {
				t.Fatalf("at %v one more failure closed it", x.At)
			}
		}
	})
}

func TestRedEndsOnlyAfterQuiet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s check.State
		bad := midnight
		for _, x := range history(t) {
			was := s
			s = add(s, x)
			if !x.OK {
				bad = x.At
			}
			if was.Red() && !s.Red() && x.At.Sub(bad) < rule.Quiet {
				t.Fatalf("closed %v after a failure", x.At.Sub(bad))
			}
			if s.Status() == check.Up && s.Good.IsZero() {
				t.Fatal("up without a good sample")
			}
			if n := s.Episode; s.Red() && (n.Failed < 4 || n.Samples < n.Failed || n.Last.Sub(n.First) <= rule.Span) {
				t.Fatalf("red on %+v", n)
			}
		}
	})
}

// A state may be stored between any two samples, and stays small.
func TestStateSurvivesStoring(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var kept, stored check.State
		for _, x := range history(t) {
			x.Why = strings.Repeat(x.Why+"é", 40)
			kept, stored = add(kept, x), add(stored, x)
			b, err := json.Marshal(stored)
			if err != nil {
				t.Fatal(err)
			}
			if len(b) > 16<<10 {
				t.Fatalf("%d bytes", len(b))
			}
			stored = check.State{}
			if err := json.Unmarshal(b, &stored); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := plain(t, kept), plain(t, stored); a != b {
			t.Fatalf("kept\n%s\nstored\n%s", a, b)
		}
	})
}

func TestLateSamplesCount(t *testing.T) {
	var s check.State
	for _, x := range night("21:00:00", "21:10:00", during("23:00:00", "23:00:00", "")) {
		s = add(s, x)
	}
	for i := range 4 { // each hung while others that started later were answered
		s = s.Add(rule, check.Sample{At: at("21:09:00").Add(time.Duration(i) * 12 * time.Second), Why: "timeout"})
		s = s.Tick(rule, at("21:09:55"))
	}
	if !s.Red() || s.Episode.Failed != 4 {
		t.Errorf("four late failures: %s, %s", s.Status(), s.Evidence(nil))
	}
}

func TestPlan(t *testing.T) {
	p := check.Plan{Every: 20 * time.Second, Timeout: 5 * time.Second}
	tests := []struct {
		name      string
		plan      check.Plan
		last, bad string
		want      string
	}{
		{"well", p, "21:00:00", "", "21:00:20"},
		{"started late, back on the grid", p, "21:00:07", "", "21:00:20"},
		{"slow", check.Plan{Every: 5 * time.Minute}, "21:00:00", "", "21:05:00"},
		{"failed", p, "21:00:00", "21:00:00", "21:00:02.5"},
		{"failed a while ago", p, "21:00:37.5", "21:00:00", "21:00:40"},
		{"failed long ago", p, "21:00:40", "21:00:00", "21:01:00"},
		{"slow and failed", check.Plan{Every: 5 * time.Minute}, "21:00:00", "21:00:00", "21:00:02.5"},
		{"would outlast its minute", p, "21:00:55", "21:00:55", "21:01:00"},
		{"a slot of the plain grid would", check.Plan{Every: 20 * time.Second, Timeout: 25 * time.Second}, "21:00:20", "", "21:01:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var bad time.Time
			if tt.bad != "" {
				bad = at(tt.bad)
			}
			want, err := time.Parse("15:04:05", tt.want)
			if err != nil {
				t.Fatal(err)
			}
			last, err := time.Parse("15:04:05", tt.last)
			if err != nil {
				t.Fatal(err)
			}
			lasts := at("00:00:00").Add(last.Sub(last.Truncate(24 * time.Hour)))
			if got := tt.plan.Next(lasts, check.State{Bad: bad}.Suspicion()); got.Format("15:04:05.999") != want.Format("15:04:05.999") {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if got := p.Next(time.Time{}, time.Time{}); !got.IsZero() {
		t.Errorf("never sampled: %v, want at once", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := check.Plan{Every: time.Duration(rapid.IntRange(5, 3600).Draw(t, "every")) * time.Second,
			Timeout: time.Duration(rapid.IntRange(1, 60).Draw(t, "timeout")) * time.Second}
		last := midnight.Add(time.Duration(rapid.IntRange(0, 1e8).Draw(t, "last")) * time.Millisecond)
		suspect := last.Add(check.Hold - time.Duration(rapid.IntRange(0, 100).Draw(t, "ago"))*time.Second)
		next := p.Next(last, suspect)
		if !next.After(last) || next.Add(p.Timeout).After(next.Truncate(time.Minute).Add(time.Minute)) {
			t.Fatalf("after %v comes %v", last, next)
		}
		if next.After(p.Next(last, time.Time{})) {
			t.Fatal("a suspicion made the next sample later")
		}
	})
}

// One seed makes one history.
func TestWorldIsDeterministic(t *testing.T) {
	w := check.World{{From: at("21:50:00"), To: at("22:20:00"), Fail: 0.4}, {From: at("22:00:00"), To: at("22:05:00"), Fail: 1}}
	a := w.Replay(rule, plan, 7, at("21:00:00"), at("23:30:00"))
	if b := w.Replay(rule, plan, 7, at("21:00:00"), at("23:30:00")); !reflect.DeepEqual(a, b) || len(a) < 3 {
		t.Errorf("%v\n%v", a, b)
	}
	for _, tt := range []struct {
		at   string
		fail float64
	}{{"21:49:59", 0}, {"21:50:00", 0.4}, {"22:00:00", 1}, {"22:05:00", 0.4}, {"22:20:00", 0}} {
		if got := w.Fail(at(tt.at)); got != tt.fail {
			t.Errorf("at %s a sample fails with %v, want %v", tt.at, got, tt.fail)
		}
	}
}
