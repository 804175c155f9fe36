package probe_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"rouse/shared/check"
)

// A mute lasts from and until so many minutes after the evening's beginning.
func mutedBetween(r *rig, from, until time.Duration) func(string) time.Time {
	return func(string) time.Time {
		if now := r.clk.Now().Sub(evening); now >= from*time.Minute && now < until*time.Minute {
			return evening.Add(until * time.Minute)
		}
		return time.Time{}
	}
}

// What is raised of a check that is muted for a while, by when it fails.
func TestMuted(t *testing.T) {
	type span struct{ from, to time.Duration } // in minutes
	for name, test := range map[string]struct {
		fails       []span
		mute        span
		stops       span // nobody samples
		minutes     int
		want        []string
		first       time.Duration // of what is raised
		failedByNow int
	}{
		"fails and is well within the mute": {
			fails: []span{{10, 20}}, mute: span{5, 40}, minutes: 80},
		"well only after the mute": {
			fails: []span{{10, 20}}, mute: span{5, 30}, minutes: 80},
		"well again just before the mute ends": {
			fails: []span{{10, 29}}, mute: span{5, 30}, minutes: 80},
		"still fails when the mute ends": {
			fails: []span{{10, 50}}, mute: span{5, 30}, minutes: 100,
			want: []string{"opened", "recovered", "well"}, first: 30 * time.Minute},
		"fails again after the mute, as before": {
			fails: []span{{10, 20}, {34, 36}}, mute: span{5, 30}, minutes: 80,
			want: []string{"opened", "recovered", "well"}, first: 34 * time.Minute},
		"was open before the mute, and gets well in it": {
			fails: []span{{2, 10}}, mute: span{5, 60}, minutes: 70,
			want: []string{"opened", "recovered", "well"}, first: 2 * time.Minute},
		"was open before the mute, and comes back in it": {
			fails: []span{{2, 10}, {20, 25}}, mute: span{5, 60}, minutes: 80,
			want: []string{"opened", "recovered", "recovered", "well"}, first: 2 * time.Minute},
		"was open before the mute, and came back for good": {
			fails: []span{{2, 10}, {20, 100}}, mute: span{5, 60}, minutes: 70,
			want: []string{"opened", "recovered", "relapsed"}, first: 2 * time.Minute},
		"nobody looks, within the mute": {
			stops: span{10, 20}, mute: span{5, 40}, minutes: 50},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(nil, "login")
			r.sampler = samplerFunc(func(_ context.Context, _ check.Check, at time.Time) check.Sample {
				for _, s := range test.fails {
					if d := at.Sub(evening); d >= s.from*time.Minute && d < s.to*time.Minute {
						return check.Sample{Why: "status 502"}
					}
				}
				return check.Sample{OK: true}
			})
			r.muted = mutedBetween(r, test.mute.from, test.mute.to)
			if test.stops != (span{}) {
				r.minutes(t, int(test.stops.from))
				r.clk.Run(evening.Add(test.stops.to * time.Minute))
				test.minutes -= int(test.stops.to)
			}
			r.minutes(t, test.minutes)
			r.noFaults(t)
			var got []string
			for _, x := range r.raised {
				got = append(got, string(x.Kind))
			}
			if !slices.Equal(got, test.want) {
				t.Fatalf("raised %v, want %v", got, test.want)
			}
			if len(got) > 0 {
				if late := r.raised[0].At.Sub(evening) - test.first; late < 0 || late > 75*time.Second {
					t.Errorf("the first is raised of %v, %v after the trouble that counts", r.raised[0].At, late)
				}
			}
			if s := r.store.state(t, "login"); len(test.want) == 0 && (len(s.Hushed) > 0 || len(s.Untold) > 0 || !s.HushedUntil.IsZero()) {
				t.Errorf("kept to itself: %v, %v", s.Hushed, s.Untold)
			}
		})
	}
}

// A mute that is taken back while the check fails opens with the next failure.
func TestMuteTakenBack(t *testing.T) {
	r := newRig(between(0, time.Hour, "status 502"), "login")
	back := evening.Add(10*time.Minute + 10*time.Second)
	r.muted = func(string) time.Time {
		if r.clk.Now().Before(back) {
			return evening.Add(24 * time.Hour)
		}
		return time.Time{}
	}
	r.minutes(t, 12)
	r.noFaults(t)
	if got := r.kinds(); !slices.Equal(got, []string{"login opened"}) {
		t.Fatalf("raised %v", got)
	}
	if late := r.raised[0].At.Sub(back); late < 0 || late > 2*check.Step {
		t.Errorf("raised %v after the mute was taken back", late)
	}
	if n := r.raised[0].Evidence.Failed; n < 200 {
		t.Errorf("told %d failures, want those within the mute as well: they were seen", n)
	}
}

// Nobody is asked about mutes while there is nothing to tell.
func TestMutesCostNothingWhileAllIsWell(t *testing.T) {
	r := newRig(between(0, 0, ""), "a", "b")
	r.minutes(t, 10)
	if r.asked != 0 {
		t.Errorf("asked %d times", r.asked)
	}
}
