package amend_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rouse/shared/amend"
	"rouse/shared/clock"
	"rouse/shared/escalation"
	"rouse/shared/loop"
	"rouse/shared/memstore"
	"rouse/shared/mute"
	"rouse/shared/oncall"
	"rouse/shared/reach"
)

var night = time.Date(2026, 11, 5, 22, 0, 0, 0, time.UTC)

// rota has ana and bo in turns of a day.
func rota() oncall.Rota {
	return oncall.Rota{
		People: map[string]oncall.Person{"ana": {}, "bo": {}, "cy": {Away: []oncall.Away{{To: night.AddDate(-1, 0, 0)}}}},
		Schedules: map[string]oncall.Schedule{"primary": {
			Layers: []oncall.Layer{{Name: "base", Rotation: []oncall.Member{{Who: []string{"ana"}}, {Who: []string{"bo"}}},
				Every: oncall.Period{N: 1, Unit: oncall.Day}, Start: oncall.Civil{Year: 2026, Month: 11, Day: 1}}},
			Overrides: []oncall.Override{{Who: []string{"cy"}, From: night.Add(4 * time.Hour), To: night.Add(5 * time.Hour)}},
		}},
	}
}

func hour(n int) time.Time { return night.Add(time.Duration(n) * time.Hour) }

func override(id string, from, to int, who ...string) amend.Amendment {
	return amend.Amendment{ID: id, Schedule: "primary", Who: who, From: hour(from), To: hour(to), At: night}
}

func TestApply(t *testing.T) {
	away := func(from, to int, who ...string) amend.Amendment {
		a := override("x", from, to, who...)
		a.Schedule = ""
		return a
	}
	elsewhere := override("x", 0, 8, "cy")
	elsewhere.Schedule = "gone"
	for name, test := range map[string]struct {
		list []amend.Amendment
		want string // on call at 22:30, 23:30 …, the first letter of each
	}{
		"nothing":                          {nil, "a a b b c b b b"},
		"an override":                      {[]amend.Amendment{override("1", 1, 3, "cy")}, "a c c b c b b b"},
		"over one of the file":             {[]amend.Amendment{override("1", 3, 6, "ana")}, "a a b a a a b b"},
		"of two the one made later":        {[]amend.Amendment{override("1", 0, 4, "cy"), override("2", 1, 3, "bo")}, "c b b c c b b b"},
		"two people":                       {[]amend.Amendment{override("1", 0, 1, "cy", "bo")}, "bc a b b c b b b"},
		"away leaves a hole":               {[]amend.Amendment{away(0, 1, "ana")}, "- a b b c b b b"},
		"away and overridden":              {[]amend.Amendment{away(0, 2, "ana"), override("1", 1, 2, "cy")}, "- c b b c b b b"},
		"who is away does not override":    {[]amend.Amendment{away(0, 2, "cy"), override("1", 0, 2, "cy")}, "a a b b c b b b"},
		"of an unknown person":             {[]amend.Amendment{override("1", 0, 8, "dee"), away(0, 8, "dee")}, "a a b b c b b b"},
		"the known one of two":             {[]amend.Amendment{override("1", 0, 1, "dee", "bo")}, "b a b b c b b b"},
		"of an unknown schedule":           {[]amend.Amendment{elsewhere}, "a a b b c b b b"},
		"that ends no later than it began": {[]amend.Amendment{override("1", 2, 2, "cy"), override("2", 3, 1, "cy")}, "a a b b c b b b"},
	} {
		before := rota()
		after := amend.Apply(before, test.list)
		var got []string
		for i := range 8 {
			at := "-"
			if who := after.At("primary", hour(i).Add(30*time.Minute)); len(who) > 0 {
				at = ""
				for _, id := range who {
					at += id[:1]
				}
			}
			got = append(got, at)
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
		if !reflect.DeepEqual(before, rota()) {
			t.Errorf("%s: the rota it was made of is another", name)
		}
	}
}

// An override changes nothing outside of its time, and inside of it leaves
// those on call who are named, whatever was amended before.
func TestAnOverrideHoldsItsTimeAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := func(id int) amend.Amendment {
			from := rapid.IntRange(-48, 48).Draw(t, "from")
			a := override(fmt.Sprint(id), from, from+rapid.IntRange(1, 24).Draw(t, "hours"), rapid.SampledFrom([]string{"ana", "bo", "cy"}).Draw(t, "who"))
			a.At = night.Add(time.Duration(id))
			return a
		}
		var list []amend.Amendment
		for i := range rapid.IntRange(0, 5).Draw(t, "before") {
			list = append(list, drawn(i))
		}
		before := amend.Apply(rota(), list)
		last := drawn(9)
		after := amend.Apply(rota(), append(list, last))
		for h := -72; h < 72; h++ {
			at := hour(h)
			want := before.At("primary", at)
			if !at.Before(last.From) && at.Before(last.To) {
				want = last.Who
			}
			if got := after.At("primary", at); !slices.Equal(got, want) {
				t.Fatalf("at %s %v is on call, want %v", at, got, want)
			}
		}
	})
}

// A store that counts its reads and may fail.
type store struct {
	*memstore.Store
	reads int
	err   error
	list  bool // the error comes beside what could be read
}

func (s *store) Standing(ctx context.Context) (amend.Standing, error) {
	if s.reads++; s.err != nil && !s.list {
		return amend.Standing{}, s.err
	}
	found, _ := s.Store.Standing(ctx)
	return found, s.err
}

func TestSource(t *testing.T) {
	s := &store{Store: memstore.New()}
	clk := clock.NewVirtual(night)
	var log strings.Builder
	source := &amend.Source{Deployed: loop.Team{Team: escalation.Team{Rota: rota()}}, Store: s, Clock: clk, Log: slog.New(slog.NewTextHandler(&log, nil))}
	on := func(what string, want string, reads int) {
		t.Helper()
		team, err := source.Team(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got := strings.Join(team.Rota.At("primary", night), " "); got != want || s.reads != reads {
			t.Errorf("%s: %s after %d reads, want %s after %d", what, got, s.reads, want, reads)
		}
	}
	step := func(d time.Duration, f func()) { clk.At(night.Add(d), f) }
	step(0, func() {
		s.err = errors.New("throttled")
		on("nothing was ever read", "ana", 1)
		on("at once", "ana", 1)
		s.err = nil
	})
	step(time.Second, func() {
		on("read", "ana", 2)
		if err := s.Amend(t.Context(), override("1", 0, 1, "cy")); err != nil {
			t.Error(err)
		}
	})
	step(2*time.Second-1, func() { on("within a second", "ana", 2) })
	step(2*time.Second, func() { on("a second after it was written", "cy", 3) })
	step(3*time.Second, func() {
		s.err = errors.New("throttled")
		on("it goes by what it knew", "cy", 4)
	})
	step(4*time.Second, func() {
		s.err, s.list = errors.New("one is of a newer format"), true
		if err := s.Amend(t.Context(), override("2", 0, 1, "bo")); err != nil {
			t.Error(err)
		}
		on("what could be read counts", "bo", 5)
	})
	clk.Run(night.Add(time.Minute))
	if n := strings.Count(log.String(), "the rota's amendments cannot be read"); n != 3 || source.Deployed.Rota.At("primary", night)[0] != "ana" {
		t.Errorf("%d failures are logged, want 3:\n%s", n, log.String())
	}
}

// A fact counts from the next decision on, and is believed no longer than it
// may be, though the store cannot be read any more.
func TestFactsCount(t *testing.T) {
	s := &store{Store: memstore.New()}
	clk := clock.NewVirtual(night)
	source := &amend.Source{Deployed: loop.Team{Team: escalation.Team{Rota: rota()}}, Store: s, Clock: clk, Log: slog.New(slog.DiscardHandler)}
	on := func(want string) {
		t.Helper()
		team, err := source.Team(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := team.Unreachable("ana", escalation.SMS); got != want {
			t.Errorf("%s after it: %q, want %q", clk.Now().Sub(night), got, want)
		}
	}
	const why = "the number has opted out"
	step := func(d time.Duration, f func()) { clk.At(night.Add(d), f) }
	step(0, func() {
		on("")
		if err := s.PutReach(t.Context(), reach.Fact{Who: "ana", Channel: escalation.SMS, Why: why, Found: night}); err != nil {
			t.Error(err)
		}
	})
	step(amend.MaxAge, func() { on(why) })
	step(2*time.Second, func() {
		s.err = errors.New("throttled")
		on(why)
	})
	step(reach.BelievedFor-1, func() { on(why) })
	step(reach.BelievedFor, func() { on("") })
	clk.Run(night.Add(24 * time.Hour))
}

// A mute made at once counts beside the windows of rouse.yaml, from the next
// look on, and changes nobody's shift.
func TestMutesCount(t *testing.T) {
	s := &store{Store: memstore.New()}
	clk := clock.NewVirtual(night)
	deployed := loop.Team{Team: escalation.Team{Rota: rota()}, Mutes: mute.Windows{{Checks: []string{"publish"}, From: hour(0), To: hour(1), Why: "moving"}}}
	source := &amend.Source{Deployed: deployed, Store: s, Clock: clk, Log: slog.New(slog.DiscardHandler)}
	muted := func(what, check string, want time.Time) {
		t.Helper()
		if got := source.Muted(t.Context(), check); !got.Equal(want) {
			t.Errorf("%s: %s is muted until %v, want %v", what, check, got, want)
		}
	}
	clk.At(night, func() {
		muted("nothing is amended", "login", time.Time{})
		muted("by rouse.yaml", "publish", hour(1))
		if err := s.Amend(t.Context(), amend.Amendment{ID: "m", Check: "login", From: hour(0), To: hour(2), Why: "known", At: night}); err != nil {
			t.Error(err)
		}
	})
	clk.At(night.Add(time.Second), func() {
		muted("a second later", "login", hour(2))
		muted("besides", "publish", hour(1))
		team, err := source.Team(t.Context())
		if who := team.Rota.At("primary", hour(1)); err != nil || !slices.Equal(who, []string{"ana"}) {
			t.Errorf("%v is on call, %v", who, err)
		}
	})
	clk.At(hour(2), func() { muted("at its end", "login", time.Time{}) })
	clk.Run(hour(3))
	if len(deployed.Mutes) != 1 || source.Deployed.Mutes[0].Why != "moving" {
		t.Errorf("rouse.yaml says %v now", source.Deployed.Mutes)
	}
}
