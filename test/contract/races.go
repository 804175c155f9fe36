package contract

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/desk"
	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/probe"
)

const racers = 8

// race runs f on many goroutines and counts those who report true.
func (f fixture) race(run func(i int) (won bool, err error)) int {
	f.Helper()
	var won atomic.Int64
	var group sync.WaitGroup
	for i := range racers {
		group.Go(func() {
			ok, err := run(i)
			if err != nil {
				f.Errorf("racer %d: %v", i, err)
			}
			if ok {
				won.Add(1)
			}
		})
	}
	group.Wait()
	return int(won.Load())
}

func (f fixture) oneWins(run func(i int) (won bool, err error)) {
	f.Helper()
	if n := f.race(run); n != 1 {
		f.Errorf("%d have won, want one", n)
	}
}

var raceTests = []test{
	{"one of many puts of a signal is fresh", func(f fixture) {
		f.oneWins(func(i int) (bool, error) {
			s := signal("s")
			s.Key = incident.Key(fmt.Sprint("k", i%2))
			return f.PutSignal(f.Context(), s)
		})
		if n := len(f.load("k0").Signals) + len(f.load("k1").Signals); n != 1 {
			f.Errorf("%d signals", n)
		}
	}},
	{"one of many commits on one version becomes true", func(f fixture) {
		in := f.open()
		f.oneWins(func(i int) (bool, error) {
			after := next(in)
			after.Owner = fmt.Sprint("racer", i)
			err := f.Commit(f.Context(), loop.Commit{Before: in, After: after, At: night})
			if errors.Is(err, loop.ErrConflict) {
				return false, nil
			}
			return err == nil, err
		})
	}},
	{"one of many takes a lease", func(f fixture) {
		p := page("p", night)
		f.open(p)
		f.oneWins(func(i int) (bool, error) {
			err := f.lease(p, loop.Lease{Token: fmt.Sprint(i), Until: at(time.Minute)}, night)
			if errors.Is(err, loop.ErrLost) {
				return false, nil
			}
			return err == nil, err
		})
	}},
	{"one of many claims a notice", func(f fixture) {
		f.oneWins(func(int) (bool, error) {
			n := desk.Notice{Incident: "i1", Name: "received", Reporter: "r"}
			claims, err := f.Claim(f.Context(), []desk.Notice{n}, night, at(time.Minute))
			c, ok := claims[n]
			return ok && c == desk.Yours, err
		})
	}},
	{"one of many holds the sweep", func(f fixture) {
		f.oneWins(func(i int) (bool, error) {
			return f.Hold(f.Context(), "sweep", fmt.Sprint(i), night, at(time.Minute))
		})
	}},
	{"one of many saves a check's state", func(f fixture) {
		f.oneWins(func(i int) (bool, error) {
			err := f.SaveCheck(f.Context(), "login", check.State{Rev: 1, Bads: i})
			if errors.Is(err, probe.ErrStale) {
				return false, nil
			}
			return err == nil, err
		})
	}},
	{"many who put and fold fold each signal once, into one incident", func(f fixture) {
		const each = 12
		f.race(func(i int) (bool, error) {
			for j := range each {
				if _, err := f.PutSignal(f.Context(), signal(fmt.Sprint(i, "/", j))); err != nil {
					return false, err
				}
				if err := f.fold(); err != nil {
					return false, err
				}
			}
			return true, nil
		})
		live := f.load(key)
		if live.Incident.ID != "i1" || live.Incident.Reports != racers*each {
			f.Errorf("%s has folded %d signals, want i1 and %d", live.Incident.ID, live.Incident.Reports, racers*each)
		}
		if len(live.Signals)+len(live.Rests) != 0 {
			f.Errorf("%d signals and %d rests are left", len(live.Signals), len(live.Rests))
		}
		if n := len(f.timeline("i1")); n != racers*each {
			f.Errorf("the timeline tells of %d signals, want %d", n, racers*each)
		}
		open, err := f.Open(f.Context())
		f.must(err)
		if len(open) != 1 {
			f.Errorf("%d incidents are open", len(open))
		}
		f.dueFrom("folded", opened().NextStep)
	}},
	{"many loops on one key make one incident, and send each page once", func(f fixture) {
		const each = 6
		var sent sync.Map
		l := &loop.Loop{Store: f.Store, Clock: clock.Wall{}, Sender: senderFunc(func(d loop.Delivery) {
			for _, p := range d.Pages {
				if _, twice := sent.LoadOrStore(p.ID, true); twice {
					f.Errorf("page %s was sent twice", p.ID)
				}
			}
		}), Hints: noHints{}, Log: slog.New(slog.DiscardHandler), Team: func(context.Context) (loop.Team, error) { return smallTeam(), nil }}
		f.race(func(i int) (bool, error) {
			for j := range each {
				s := incident.Signal{ID: fmt.Sprint(i, "/", j), Key: key, Kind: incident.KindReport, At: time.Now(), Report: &incident.ReportSignal{
					Reporter: reporter(i, time.Now()), Capability: "login", Urgency: "urgent"}}
				if _, err := f.PutSignal(f.Context(), s); err != nil {
					return false, err
				}
				if _, err := l.Run(f.Context(), loop.Hint{Key: key}); err != nil {
					return false, err
				}
			}
			return true, nil
		})
		live := f.load(key)
		if live.Incident.Reports != racers*each || len(live.Signals)+len(live.Rests)+len(live.Pages) != 0 {
			f.Errorf("%d of %d reports; %d signals, %d rests and %d pages are left", live.Incident.Reports, racers*each,
				len(live.Signals), len(live.Rests), len(live.Pages))
		}
		if all, err := f.Recent(f.Context(), 10); err != nil || len(all) != 1 {
			f.Errorf("%d incidents (%v)", len(all), err)
		}
		if all, err := f.Reporters(f.Context(), live.Incident.ID, "", 100); err != nil || len(all) != racers {
			f.Errorf("%d reporters (%v), want %d", len(all), err, racers)
		}
		n := 0
		sent.Range(func(any, any) bool { n++; return true })
		if n == 0 {
			f.Error("nobody was paged")
		}
	}},
	{"many who unpack one rest bring each page out once", func(f fixture) {
		r := loop.Rest{}
		for _, id := range numbered("p", 250) {
			r.Pages = append(r.Pages, page(id, night))
		}
		r = f.packed(r, "s")
		var sent atomic.Int64
		f.race(func(int) (bool, error) {
			if err := f.Unpack(f.Context(), key, r); err != nil {
				return false, err
			}
			// What has come out is sent at once, while others still unpack.
			live, err := f.Load(f.Context(), key)
			if err != nil {
				return false, err
			}
			for _, p := range live.Pages[:min(20, len(live.Pages))] {
				err := f.record(loop.Record{Key: key, Incident: "i1", Done: []incident.Page{p.Page}, At: night})
				if err == nil {
					sent.Add(1)
				} else if !errors.Is(err, loop.ErrLost) {
					return false, err
				}
			}
			return true, nil
		})
		if left := len(f.load(key).Pages); left+int(sent.Load()) != 250 {
			f.Errorf("%d pages were sent and %d are left of 250", sent.Load(), left)
		}
	}},
}

type senderFunc func(loop.Delivery)

func (f senderFunc) Send(_ context.Context, d loop.Delivery) error {
	f(d)
	return nil
}

type noHints struct{}

func (noHints) Router(context.Context, loop.Hint, time.Time) error { return nil }
func (noHints) Desk(context.Context) error                         { return nil }

// smallTeam is one person, and their policy for everything.
func smallTeam() loop.Team {
	policy := escalation.Policy{Steps: []escalation.Step{{Targets: []escalation.Target{{ID: "ana"}}, Wait: 3 * time.Minute}}}
	return loop.Team{
		Team: escalation.Team{People: map[string]escalation.Person{"ana": {Contact: []escalation.Contact{
			{Channel: escalation.SMS}, {Channel: escalation.Email}}}}},
		PolicyFor: func(string) escalation.Policy { return policy },
		Quiet:     35 * time.Minute, AnswerWithin: 10 * time.Minute,
	}
}

// fold folds all there is, as a Loop does, but only counts.
func (f fixture) fold() error {
	for {
		live, err := f.Load(f.Context(), key)
		if err != nil {
			return err
		}
		for _, r := range live.Rests {
			if err := f.Unpack(f.Context(), key, r); err != nil {
				return err
			}
		}
		if len(live.Signals) == 0 {
			return nil
		}
		after := opened()
		after.Version, after.Reports = live.Incident.Version+1, live.Incident.Reports+len(live.Signals)
		c := loop.Commit{Before: live.Incident, After: after, At: night}
		c.Rest = restOf(c)
		for _, s := range live.Signals {
			c.Rest.Signals = append(c.Rest.Signals, s.ID)
			c.Events = append(c.Events, incident.Event{At: night, Kind: s.ID})
		}
		switch err := f.Commit(f.Context(), c); {
		case errors.Is(err, loop.ErrConflict):
		case err != nil:
			return err
		default:
			if err := f.Unpack(f.Context(), key, c.Rest); err != nil {
				return err
			}
		}
	}
}
