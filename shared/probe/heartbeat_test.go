package probe_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/memstore"
	"rouse/shared/probe"
)

// shelf keeps jobs, and may be out of reach.
type shelf struct {
	*memstore.Store
	down error
}

func (s *shelf) LoadJob(ctx context.Context, name string) (check.Job, error) {
	if s.down != nil {
		return check.Job{}, s.down
	}
	return s.Store.LoadJob(ctx, name)
}

// TestAJobThatNeverCalls is late, counted from when it was first looked at; a
// call ends that; and whoever cannot read the calls knows nothing of the job.
func TestAJobThatNeverCalls(t *testing.T) {
	clk := clock.NewVirtual(evening)
	jobs := &shelf{Store: memstore.New()}
	var turns []probe.Transition
	var faults []error
	r := &probe.Runner{
		Checks:  []check.Check{{Name: "backup", Every: time.Minute, Heartbeat: &check.Heartbeat{Every: 10 * time.Minute, Grace: time.Minute}}},
		Sampler: &probe.Prober{Jobs: jobs}, Store: jobs, Clock: clk,
		Raise: func(_ context.Context, x probe.Transition) error { turns = append(turns, x); return nil },
	}
	pass := func(minutes int) {
		for range minutes {
			clk.At(clk.Now(), func() { faults = append(faults, r.Run(t.Context(), clk.Now().Add(time.Minute))) })
			clk.Run(clk.Now().Add(time.Minute))
		}
	}
	state := func() check.State {
		t.Helper()
		s, err := jobs.LoadCheck(t.Context(), "backup")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	pass(11)
	if job, err := jobs.LoadJob(t.Context(), "backup"); err != nil || !job.Armed.Equal(evening) || state().Status() != check.Up || len(turns) > 0 {
		t.Fatalf("armed as %+v, %v; %s, %d turns", job, err, state().Status(), len(turns))
	}
	pass(2)
	if len(turns) != 1 || turns[0].Kind != check.Opened || turns[0].Evidence.Whys[0].Why != "no beat for 11m" || turns[0].At.Sub(evening) > 13*time.Minute {
		t.Fatalf("turns %+v", turns)
	}
	if err := jobs.SaveJob(t.Context(), "backup", check.Job{Good: clk.Now()}); err != nil {
		t.Fatal(err)
	}
	pass(8)
	if s := state(); s.Recovered.IsZero() || !s.Latest.OK {
		t.Errorf("after its call %s: %+v", s.Status(), s.Latest)
	}
	faults = nil
	jobs.down = errors.New("table throttled")
	before := state().Latest.At
	pass(5)
	if s := state(); s.Latest.At.After(before) || s.Status() != check.Unknown {
		t.Errorf("without the table there is a sample: %s, %+v", s.Status(), s.Latest)
	}
	for _, err := range faults {
		if err == nil || !strings.Contains(err.Error(), "its beats cannot be read: table throttled") {
			t.Errorf("fault %v", err)
		}
	}
}
