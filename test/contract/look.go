package contract

import (
	"time"

	"rouse/shared/check"
	"rouse/shared/incident"
)

var lookTests = []test{
	{"one look sees an incident and the checks that may tell of it", func(f fixture) {
		in := f.open()
		state := check.State{Rev: 1, Latest: check.Sample{At: at(time.Minute), Why: "status 502"}}
		f.must(f.SaveCheck(f.Context(), "login", state))
		f.must(f.SaveCheck(f.Context(), "other", state))
		got, states, err := f.Look(f.Context(), key, []string{"login", "none", "login"})
		f.must(err)
		f.same("incident", got, in)
		f.same("checks", states, map[string]check.State{"login": state})
		got, states, err = f.Look(f.Context(), "elsewhere", nil)
		f.must(err)
		f.same("no incident", got, incident.Incident{Key: "elsewhere"})
		if len(states) > 0 {
			f.Errorf("checks that nobody asked for: %s", text(states))
		}
	}},
}
