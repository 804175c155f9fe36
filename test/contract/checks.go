package contract

import (
	"errors"
	"time"

	"rouse/shared/check"
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
}
