package contract

import (
	"errors"
	"time"

	"rouse/shared/check"
	"rouse/shared/history"
	"rouse/shared/probe"
)

var checkTests = []test{
	{"a check that was never saved has the zero state", func(f fixture) {
		state, err := f.LoadCheck(f.Context(), "login")
		f.must(err)
		f.same("state", state, check.State{})
	}},
	{"a state is saved only on the one that it grew from", func(f fixture) {
		save := func(rev int64, want error) {
			f.Helper()
			s := check.State{Rev: rev, Latest: check.Sample{At: at(time.Duration(rev)), Why: "status 502"}, Worked: true}
			if err := f.SaveCheck(f.Context(), "login", s); !errors.Is(err, want) {
				f.Errorf("rev %d: %v, want %v", rev, err, want)
			}
		}
		save(2, probe.ErrStale)
		save(1, nil)
		save(1, probe.ErrStale)
		save(3, probe.ErrStale)
		save(2, nil)
		save(0, probe.ErrStale)
		state, err := f.LoadCheck(f.Context(), "login")
		f.must(err)
		f.same("state", state, check.State{Rev: 2, Latest: check.Sample{At: at(2), Why: "status 502"}, Worked: true})
	}},
	{"the states of several checks are those that were saved", func(f fixture) {
		for _, name := range []string{"login", "publish"} {
			f.must(f.SaveCheck(f.Context(), name, check.State{Rev: 1, Bads: len(name)}))
		}
		states, err := f.Checks(f.Context(), []string{"publish", "login", "never", "login"})
		f.must(err)
		f.same("states", states, map[string]check.State{"login": {Rev: 1, Bads: 5}, "publish": {Rev: 1, Bads: 7}})
		states, err = f.Checks(f.Context(), nil)
		f.must(err)
		f.same("no names", len(states), 0)
	}},
	{"a day that has ended goes to the files in the place of one save", func(f fixture) {
		midnight := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
		at := func(minutes int) check.Sample {
			return check.Sample{At: midnight.Add(time.Duration(minutes) * time.Minute), OK: true, Took: 80 * time.Millisecond}
		}
		save := func(minutes ...int) check.State {
			f.Helper()
			s, err := f.LoadCheck(f.Context(), "login")
			f.must(err)
			var samples []check.Sample
			for _, m := range minutes {
				samples = append(samples, at(m))
			}
			s = history.Add(s, 20*time.Second, samples).Saving()
			f.must(f.SaveCheck(f.Context(), "login", s))
			if err := f.SaveCheck(f.Context(), "login", s); !errors.Is(err, probe.ErrStale) {
				f.Errorf("rev %d is saved twice: %v", s.Rev, err)
			}
			return s
		}
		told := func(want ...int) { // good samples of each day
			f.Helper()
			h, err := f.History(f.Context(), "login", midnight.AddDate(0, 0, -30), midnight.AddDate(0, 0, 30))
			f.must(err)
			var got []int
			for _, d := range h.Days() {
				got = append(got, d.Good)
			}
			f.same("samples by day", got, want)
		}
		told()
		save(-90, -2)
		told(2)
		before := save(-1, 0) // the day has ended
		told(3, 1)
		beside := save(1) // put on file
		told(3, 2)
		if beside.Place().Day != "2026-11-25" {
			f.Errorf("the day goes to %q", beside.Place().Day)
		}
		// Who still knows the state before that one is as late as ever.
		for i := range 2 {
			late := before
			late.Rev += int64(i)
			if err := f.SaveCheck(f.Context(), "login", late); !errors.Is(err, probe.ErrStale) {
				f.Errorf("rev %d of somebody who is late: %v", late.Rev, err)
			}
		}
		if after := save(2); after.Rev != 4 || after.Place().Day != "" {
			f.Errorf("after it %d, %+v", after.Rev, after.Place())
		}
		s, err := f.LoadCheck(f.Context(), "login")
		f.must(err)
		f.same("what is loaded then", []any{s.Rev, s.Ended == nil}, []any{int64(4), true})
		told(3, 3)
		save(24*60, 24*60+1) // the next one
		save()
		save(24*60 + 2)
		told(3, 3, 3)

		h, err := f.History(f.Context(), "login", midnight.Add(time.Hour), midnight.Add(25*time.Hour))
		f.must(err)
		f.same("of one part", []int{len(h.Minutes), len(h.Hours)}, []int{3, 1})
		h, err = f.History(f.Context(), "publish", midnight.AddDate(0, 0, -1), midnight.AddDate(0, 0, 1))
		f.must(err)
		f.same("of another check", []int{len(h.Minutes), len(h.Hours)}, []int{0, 0})
	}},
	{"a suspicion comes with the state, outlasts saves and is never shortened", func(f fixture) {
		suspected := func(want time.Duration) {
			f.Helper()
			s, err := f.LoadCheck(f.Context(), "login")
			f.must(err)
			many, err := f.Checks(f.Context(), []string{"login"})
			f.must(err)
			around, err := f.Around(f.Context(), nil, []string{"login"})
			f.must(err)
			for how, got := range map[string]time.Time{"alone": s.Suspected, "with others": many["login"].Suspected, "around a mail": around.Checks["login"].Suspected} {
				if !got.Equal(at(want)) {
					f.Errorf("%s it is suspected until %v, want %v", how, got, at(want))
				}
			}
		}
		suspect := func(until time.Duration) {
			f.Helper()
			f.must(f.Suspect(f.Context(), "login", at(until)))
		}
		suspect(time.Minute) // of a check that was never sampled
		suspected(time.Minute)
		s := check.State{Rev: 1, Worked: true}
		f.must(f.SaveCheck(f.Context(), "login", s))
		suspected(time.Minute)
		suspect(time.Second)
		suspected(time.Minute)
		s, err := f.LoadCheck(f.Context(), "login")
		f.must(err)
		suspect(5 * time.Minute)
		s.Rev = 2 // by somebody who does not know of that
		f.must(f.SaveCheck(f.Context(), "login", s))
		suspected(5 * time.Minute)
		if err := f.SaveCheck(f.Context(), "login", check.State{Rev: 1}); !errors.Is(err, probe.ErrStale) {
			f.Errorf("begun anew: %v", err)
		}
	}},
	{"a job is armed once, and its latest calls count", func(f fixture) {
		save := func(b check.Job) { f.must(f.SaveJob(f.Context(), "backup", b)) }
		want := func(b check.Job) {
			f.Helper()
			got, err := f.LoadJob(f.Context(), "backup")
			f.must(err)
			f.same("job", got, b)
		}
		want(check.Job{})
		save(check.Job{Armed: at(1)})
		want(check.Job{Armed: at(1)})
		save(check.Job{Armed: at(2), Good: at(2)})
		want(check.Job{Armed: at(1), Good: at(2)})
		save(check.Job{Bad: at(3)})
		save(check.Job{Good: at(4)})
		save(check.Job{})
		want(check.Job{Armed: at(1), Good: at(4), Bad: at(3)})
		other, err := f.LoadJob(f.Context(), "backups")
		f.must(err)
		f.same("another job", other, check.Job{})
	}},
}
