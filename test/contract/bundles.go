package contract

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

// standing opens an incident of its own under a key, with pages that wait.
func (f fixture) standing(k incident.Key, pages ...incident.Page) incident.Incident {
	f.Helper()
	in := opened()
	in.ID, in.Key = incident.ID("i-"+k), k
	c := loop.Commit{Before: incident.Incident{Key: k}, After: in}
	for _, p := range pages {
		p.Incident = in.ID
		c.Pages = append(c.Pages, loop.LivePage{Page: p})
	}
	f.commit(c)
	return in
}

func (f fixture) waiting(now time.Time, known ...loop.Waiting) []loop.Waiting {
	f.Helper()
	list, err := f.Waiting(f.Context(), outbox, known, now, 100)
	f.must(err)
	return list
}

func (f fixture) waits(what string, now time.Time, want ...string) {
	f.Helper()
	f.same(what, ids(f.waiting(now), func(w loop.Waiting) string { return w.ID }), append([]string{}, want...))
}

func gate(by, opens time.Duration) loop.Gate {
	return loop.Gate{Outbox: outbox, By: at(by), Opens: at(opens)}
}

// shut checks that err says that the outbox's gate opens only then, alone.
func (f fixture) shut(what string, err error, opens time.Duration) {
	f.Helper()
	var shut *loop.ShutError
	if !errors.As(err, &shut) || len(shut.Opens) != 1 || !shut.Opens[outbox].Equal(at(opens)) {
		f.Errorf("%s: %v, want a gate that opens after %s", what, err, opens)
	}
}

var bundleTests = []test{
	{"what waits in an outbox is found with what it is about, whatever its key", func(f fixture) {
		p, q, elsewhere := page("p", at(time.Second)), page("q", night), page("r", night)
		elsewhere.Channel = "email"
		in := f.standing("login", p, elsewhere)
		other := f.standing("mail/a#b c%ü", q)
		f.waits("a moment before", at(-time.Nanosecond))
		f.waits("the first", night, "q")
		p.Incident, q.Incident = in.ID, other.ID
		want := []loop.Waiting{{LivePage: loop.LivePage{Page: q}, About: other}, {LivePage: loop.LivePage{Page: p}, About: in}}
		f.same("both", f.waiting(at(time.Second)), want)
		f.same("besides those known", f.waiting(at(time.Second), want[0]), want[1:])
		list, err := f.Waiting(f.Context(), outbox, nil, never, 1)
		f.must(err)
		f.same("the longest due", list, want[:1])
	}},
	{"what is leased waits only when its lease is over, and what is done does not", func(f fixture) {
		p, q := page("p", night), page("q", night)
		f.open(p, q)
		f.must(f.lease(p, mine, night))
		f.waits("leased", night, "q")
		f.waits("over", mine.Until, "p", "q")
		again := p
		again.Due, again.Tries = at(time.Minute), 1
		f.must(f.record(loop.Record{Key: key, Incident: "i1", Lease: mine, Again: []incident.Page{again}}))
		f.waits("failed", mine.Until, "q")
		f.waits("again", at(time.Minute), "p", "q")
		f.must(f.record(loop.Record{Key: key, Incident: "i1", Done: []incident.Page{again, q}}))
		f.waits("done", never)
	}},
	{"a page that a rest held waits, and one that was brought forward waits where it is", func(f fixture) {
		r := f.packed(loop.Rest{Pages: []incident.Page{page("p", at(time.Hour)), page("q", at(time.Hour))}}, "s")
		f.unpack(r)
		in := f.load(key).Incident
		f.commit(loop.Commit{Before: in, After: next(in), Pages: []loop.LivePage{{Page: page("p", night)}}})
		f.waits("sooner", night, "p")
		f.waits("later", never, "p", "q")
	}},
	{"who goes through a gate shuts it, and nothing is committed at one that is shut", func(f fixture) {
		in := f.open()
		commit := func(g ...loop.Gate) error {
			c := loop.Commit{Before: in, After: next(in), Gates: g, At: night, Pages: []loop.LivePage{{Page: page("p", never)}}}
			err := f.Commit(f.Context(), c)
			if err == nil {
				in = c.After
			}
			return err
		}
		f.must(commit(gate(0, 5*time.Second)))
		f.shut("at once", commit(gate(0, 9*time.Second)), 5*time.Second)
		f.shut("a moment before", commit(gate(5*time.Second-1, 9*time.Second)), 5*time.Second)
		if live := f.load(key); live.Incident.Version != in.Version {
			f.Errorf("version %d, want %d", live.Incident.Version, in.Version)
		}
		f.must(commit(gate(5*time.Second, 10*time.Second)))
		other := gate(0, 5*time.Second)
		other.Channel = "email"
		f.shut("of two", commit(gate(9*time.Second, time.Minute), other), 10*time.Second)
		f.must(commit(other))
		stale := loop.Commit{Before: opened(), After: next(opened()), At: night, Gates: []loop.Gate{gate(0, time.Minute)}}
		if err := f.Commit(f.Context(), stale); !errors.Is(err, loop.ErrConflict) {
			f.Errorf("stale and shut: %v, want ErrConflict", err)
		}
	}},
	{"a claim goes through its gate, or takes nothing", func(f fixture) {
		p := page("p", night)
		in := f.open(p)
		claim := func(token string, g loop.Gate) error {
			_, err := f.Lease(f.Context(), loop.Claim{Outbox: outbox, Lease: loop.Lease{Token: token, Until: at(30 * time.Second)}, Now: night,
				Pages: []loop.Waiting{about(in.Key, p)}, Gate: &g, Code: &loop.Code{Hash: token, Minted: night}})
			return err
		}
		f.commit(loop.Commit{Before: in, After: next(in), Gates: []loop.Gate{gate(0, 5*time.Second)}})
		f.shut("shut", claim("early", gate(0, time.Minute)), 5*time.Second)
		f.waits("not leased", night, "p")
		if _, found, err := f.Code(f.Context(), "early"); found || err != nil {
			f.Errorf("there is a code (%v)", err)
		}
		f.must(claim("late", gate(5*time.Second, 10*time.Second)))
		f.lost("leased", claim("too late", gate(10*time.Second, time.Minute)))
		f.commit(loop.Commit{Before: next(in), After: next(next(in)), Gates: []loop.Gate{gate(10*time.Second, time.Minute)}}) // what was lost has shut nothing
	}},
	{"a bundle takes what still waits, and leaves out what does not", func(f fixture) {
		var pages []loop.Waiting
		for i := range 5 {
			k := incident.Key(fmt.Sprint("k", i))
			p := page(fmt.Sprint("p", i), night)
			in := f.standing(k, p)
			p.Incident = in.ID
			pages = append(pages, about(k, p))
			switch i {
			case 1:
				turned := next(in)
				turned.Turn++
				f.commit(loop.Commit{Before: in, After: turned})
			case 2:
				_, err := f.Lease(f.Context(), loop.Claim{Outbox: outbox, Lease: theirs, Pages: pages[2:3], Now: night})
				f.must(err)
			case 3:
				f.must(f.record(loop.Record{Key: k, Incident: in.ID, Done: []incident.Page{p}}))
			}
		}
		g := gate(0, 5*time.Second)
		claim := loop.Claim{Outbox: outbox, Lease: mine, Pages: pages, Gate: &g, Now: night}
		withCode := claim
		withCode.Code = &loop.Code{Hash: "h", Minted: night}
		_, err := f.Lease(f.Context(), withCode)
		f.lost("all or none", err)
		taken, err := f.Lease(f.Context(), claim)
		f.must(err)
		f.same("taken", ids(taken, func(w loop.Waiting) string { return w.ID + " " + w.Lease.Token }), []string{"p0 mine", "p4 mine"})
		f.waits("left", night, "p1")
		claim.Gate = nil
		_, err = f.Lease(f.Context(), claim)
		f.lost("none is left", err)
		f.must(f.PutCode(f.Context(), *withCode.Code))
		if _, found, err := f.Code(f.Context(), "h"); !found || err != nil {
			f.Errorf("the code is not there (%v)", err)
		}
	}},
	{"pages of one incident are taken together or not at all", func(f fixture) {
		p, q := page("p", night), page("q", night)
		f.open(p, q)
		f.must(f.lease(p, theirs, night))
		_, err := f.Lease(f.Context(), loop.Claim{Outbox: outbox, Lease: mine, Pages: []loop.Waiting{about(key, p), about(key, q)}, Now: night})
		f.lost("one is theirs", err)
		f.waits("left", night, "q")
	}},
	{"the largest bundle there may be is leased and recorded, but for what was lost", func(f fixture) {
		n := loop.LeaseMax
		var pages []loop.Waiting
		for i, id := range numbered("p", n) {
			k := incident.Key(fmt.Sprint("k", i))
			p := page(id, night)
			p.Incident = f.standing(k, p).ID
			pages = append(pages, about(k, p))
		}
		g := gate(0, 5*time.Second)
		taken, err := f.Lease(f.Context(), loop.Claim{Outbox: outbox, Lease: mine, Pages: pages, Gate: &g, Now: night})
		f.must(err)
		f.same("taken", len(taken), n)
		var records []loop.Record
		var want []string
		for i, w := range taken {
			r := loop.Record{Key: w.About.Key, Incident: w.Incident, Lease: mine, At: night, Events: []incident.Event{{At: night, Kind: "paged"}}}
			s := signal(fmt.Sprint("s", i))
			s.Key = r.Key
			r.Signals = []incident.Signal{s}
			switch i % 3 {
			case 0:
				r.Done = []incident.Page{w.Page}
			case 1:
				again := w.Page
				again.Due = at(time.Minute)
				r.Again = []incident.Page{again}
				want = append(want, w.ID)
			case 2:
				r.Lease = theirs
				r.Done = []incident.Page{w.Page}
				want = append(want, w.ID)
			}
			records = append(records, r)
		}
		lost, err := f.Record(f.Context(), records)
		f.must(err)
		for i, r := range records {
			isLost := slices.ContainsFunc(lost, func(l loop.Record) bool { return l.Key == r.Key })
			told, signals := len(f.timeline(r.Incident)), len(f.load(r.Key).Signals)
			if held := i%3 != 2; isLost == held || told > 0 != held || signals > 0 != held {
				f.Errorf("record %d: lost %t, %d events, %d signals", i, isLost, told, signals)
			}
		}
		f.waits("to be tried again", at(time.Minute), want...)
	}},
}
