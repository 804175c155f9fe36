package probe_test

import (
	"errors"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/history"
)

// A check costs the table one write a minute, the day's end included, however
// long it is watched; then all that was sampled is kept.
func TestOneWriteAMinute(t *testing.T) {
	r := newRig(between(0, 0, ""), "a", "b")
	writes := map[string]int{} // by check and minute
	r.store.save = func(name string, _ check.State) error {
		writes[name+r.clk.Now().Add(-time.Second).Format(" 2 15:04")]++
		return nil
	}
	const minutes = 180 // midnight is the 130th
	r.minutes(t, minutes)
	r.noFaults(t)
	for at, n := range writes {
		if n > 1 {
			t.Errorf("%s: %d writes", at, n)
		}
	}
	if len(writes) != 2*minutes {
		t.Errorf("%d writes of two checks in %d minutes", len(writes), minutes)
	}
	h := r.history(t, "a")
	if days := h.Days(); len(days) != 2 || days[0].Good != 3*130 || days[1].Good != 3*50 || days[0].Failed+days[1].Failed > 0 {
		t.Errorf("the days %+v", days)
	}
	if len(h.Minutes) != 60 || h.Minutes[59].Good != 3 || !h.Minutes[0].From.Equal(evening.Add(120*time.Minute)) {
		t.Errorf("%d minutes", len(h.Minutes))
	}
}

// Whatever instant around the day's end a run is killed at, no failure that it
// had seen is missing from the history, and none is there twice.
func TestKilledAroundMidnight(t *testing.T) {
	for kill := 1; kill <= 40; kill++ {
		r := newRig(between(125*time.Minute, 140*time.Minute, "status 502"), "login")
		r.minutes(t, 129)
		saves, dead := 0, false
		r.store.save = func(string, check.State) error {
			if saves++; saves == kill {
				dead = true // for the rest of its minute
			}
			if dead {
				return errors.New("killed")
			}
			return nil
		}
		for range 10 {
			r.minutes(t, 1)
			dead = false
		}
		if saves < kill {
			t.Fatalf("%d saves", saves)
		}
		r.store.save = nil
		r.minutes(t, 2)
		s := r.store.state(t, "login")
		failed := 0
		for _, d := range r.history(t, "login").Days() {
			failed += d.Failed
		}
		// The verdict counts on its own; both must have seen the same.
		if failed != s.Episode.Failed || failed < 200 {
			t.Errorf("killed at save %d: %d failures are kept, the verdict has %d", kill, failed, s.Episode.Failed)
		}
	}
}

// What fails while the check is muted dents nothing.
func TestMutedFailuresAreExcused(t *testing.T) {
	r := newRig(between(10*time.Minute, 20*time.Minute, "status 502"), "login")
	r.muted = mutedBetween(r, 5, 15)
	r.minutes(t, 30)
	r.noFaults(t)
	sum := history.Sum(r.history(t, "login").Hours)
	if sum.Excused < 110 || sum.Failed < 110 || sum.Excused+sum.Failed != r.store.state(t, "login").Episode.Failed {
		t.Errorf("%d excused, %d failed", sum.Excused, sum.Failed)
	}
	if up, _ := sum.Up(); up < 0.75 || up > 0.81 { // 5 of the 25 minutes that count
		t.Errorf("up %.3f of the time", up)
	}
}

func (r *rig) history(t *testing.T, name string) history.History {
	t.Helper()
	h, err := r.store.History(t.Context(), name, evening.AddDate(0, 0, -1), evening.AddDate(0, 0, 2))
	if err != nil {
		t.Fatal(err)
	}
	return h
}
