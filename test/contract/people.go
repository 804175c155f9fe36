package contract

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

var peopleTests = []test{
	{"a code that was never minted is not found", func(f fixture) {
		code, found, err := f.Code(f.Context(), "nothing")
		f.must(err)
		if found {
			f.Errorf("found %s", text(code))
		}
	}},
	{"incidents are read by their keys", func(f fixture) {
		want := []incident.Incident{f.standing("k1"), f.standing("k2")}
		f.standing("k3")
		f.put(signal("s"))
		f.commit(loop.Commit{Before: incident.Incident{Key: key}, After: incident.Incident{Key: key, Version: 1}, Rest: loop.Rest{Version: 1, Signals: []string{"s"}}})
		all, err := f.Incidents(f.Context(), []incident.Key{"k2", key, "never", "k1", "k2"})
		f.must(err)
		slices.SortFunc(all, func(a, b incident.Incident) int { return cmp.Compare(a.ID, b.ID) })
		f.same("two", all, want)
		all, err = f.Incidents(f.Context(), nil)
		f.must(err)
		f.same("none", len(all), 0)
	}},
	{"an incident is listed while it is open, found for ever, and then recent", func(f fixture) {
		f.listed("at first", nil, nil)
		in := f.open()
		f.listed("open", []string{"i1"}, []string{"i1"})
		f.found("i1", key)
		changed := next(in)
		changed.Owner = "ana"
		f.commit(loop.Commit{Before: in, After: changed})
		f.listed("changed", []string{"i1"}, []string{"i1"})
		over := settled(changed, at(time.Hour))
		f.commit(loop.Commit{Before: changed, After: over})
		f.listed("settled", nil, []string{"i1"})
		recent, err := f.Recent(f.Context(), 10)
		f.must(err)
		f.same("as it settled", recent, []incident.Incident{over})
		f.commit(loop.Commit{Before: over, After: next(over)})
		f.listed("folded into after that", nil, []string{"i1"})
		f.openAnother(next(over))
		f.listed("another one", []string{"i2"}, []string{"i2", "i1"})
		f.found("i1", key)
		f.found("i2", key)
		if _, found, err := f.Find(f.Context(), "i3"); found || err != nil {
			f.Errorf("i3 is found (%v)", err)
		}
	}},
	{"an incident that settles as it opens is only recent", func(f fixture) {
		in := opened()
		in.State, in.SettledAt = incident.Resolved, night
		f.commit(loop.Commit{Before: incident.Incident{Key: key}, After: in})
		f.listed("settled", nil, []string{"i1"})
		f.found("i1", key)
	}},
	{"an incident that takes another's place closes it", func(f fixture) {
		f.openAnother(f.open())
		f.listed("one", []string{"i2"}, []string{"i2"})
	}},
	{"lists are in order and bounded", func(f fixture) {
		var settledLast []string
		for i := range 6 {
			in := opened()
			in.ID, in.Key = incident.ID(fmt.Sprint("i", i)), incident.Key(fmt.Sprint("k", i))
			in.Opened = at(time.Duration(i) * time.Minute)
			f.commit(loop.Commit{Before: incident.Incident{Key: in.Key}, After: in})
			if i%2 == 1 {
				f.commit(loop.Commit{Before: in, After: settled(in, at(time.Duration(i)*time.Hour))})
				settledLast = append([]string{string(in.ID)}, settledLast...)
			}
		}
		f.listed("all", []string{"i0", "i2", "i4"}, append([]string{"i4", "i2", "i0"}, settledLast...))
		for limit := range 7 {
			recent, err := f.Recent(f.Context(), limit)
			f.must(err)
			if len(recent) != limit {
				f.Errorf("%d recent, want %d", len(recent), limit)
			}
		}
	}},
	{"what is held is refused to others until it is over or let go", func(f fixture) {
		hold := func(token string, now time.Duration) bool {
			f.Helper()
			ok, err := f.Hold(f.Context(), "sweep", token, at(now), at(now+time.Minute))
			f.must(err)
			return ok
		}
		for i, step := range []struct {
			token string
			now   time.Duration
			want  bool
		}{
			{"a", 0, true},
			{"b", 30 * time.Second, false},
			{"a", 30 * time.Second, true}, // prolonged
			{"b", time.Minute, false},
			{"b", 90 * time.Second, true}, // a's time is over
			{"a", 91 * time.Second, false},
		} {
			if got := hold(step.token, step.now); got != step.want {
				f.Errorf("step %d: Hold(%s) = %t", i, step.token, got)
			}
		}
		f.must(f.Let(f.Context(), "sweep", "a"))
		if hold("a", 92*time.Second) {
			f.Error("a has let go of what b holds")
		}
		f.must(f.Let(f.Context(), "sweep", "b"))
		f.must(f.Let(f.Context(), "sweep", "b"))
		f.must(f.Let(f.Context(), "never held", "b"))
		if !hold("a", 93*time.Second) {
			f.Error("b has let it go, and a cannot have it")
		}
		if ok, err := f.Hold(f.Context(), "another", "b", night, at(time.Minute)); !ok || err != nil {
			f.Errorf("another name: %t, %v", ok, err)
		}
	}},
}

func (f fixture) listed(what string, open, recent []string) {
	f.Helper()
	id := func(all []incident.Incident, err error) (names []string) {
		f.Helper()
		f.must(err)
		for _, in := range all {
			names = append(names, string(in.ID))
		}
		return names
	}
	f.same(what+", open", id(f.Open(f.Context())), open)
	f.same(what+", recent", id(f.Recent(f.Context(), 100)), recent)
}

func (f fixture) found(id incident.ID, want incident.Key) {
	f.Helper()
	got, found, err := f.Find(f.Context(), id)
	f.must(err)
	if !found || got != want {
		f.Errorf("Find(%s) = %q, %t, want %q", id, got, found, want)
	}
}
