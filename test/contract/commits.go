package contract

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"rouse/shared/desk"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

var commitTests = []test{
	{"all of a decision becomes true", func(f fixture) {
		in := opened()
		in.Owner, in.Capability, in.Quote = "ana", "login", "unable to log in"
		in.Attempts = []incident.Attempt{{Page: "p", Who: "ana", Channel: "sms", N: 1, Due: night, Outcome: "failed"}}
		in.Checks = map[string]incident.Evidence{"login": {Status: "down", Red: true, Since: night}}
		in.Orgs = []string{"ksu"}
		in.Paged = []incident.Paged{{Who: "ana", Channel: "sms", At: night, Times: 2}}
		c := loop.Commit{
			Before: incident.Incident{Key: key}, After: in, At: night,
			Events: []incident.Event{{At: night, Kind: "opened", Why: "login"}, {At: night, Kind: "check", Who: "login"}},
			Pages: []loop.LivePage{
				{Page: page("leased", night), Lease: loop.Lease{Token: "t", Until: at(30 * time.Second)}},
				{Page: page("waiting", at(2*time.Minute))},
			},
			Codes:      []loop.Code{{Hash: "h", Who: "ana", Minted: night, Grant: loop.Grant{Key: key, Incident: "i1"}, More: []loop.Grant{{Key: "publish", Incident: "i2"}}}},
			Broadcasts: []loop.Broadcast{{ID: "i1/taken/1", Incident: "i1", Key: key, Capability: "login", Notice: incident.Notice{Kind: incident.NoticeTaken, At: night, Who: "ana"}, Only: []string{"r"}}},
		}
		c.Rest = restOf(c)
		c.Rest.Signals = []string{"s"}
		c.Rest.Pages = []incident.Page{page("rest", night)}
		c.Rest.Reporters = []incident.Reporter{{Address: "jo@ksu.example", References: []string{"<0@x>"}}}
		c.Rest.Received = &loop.Broadcast{ID: "i1/received/1", Incident: "i1", Key: key, Only: []string{"r"}}
		f.commit(c)

		live := f.load(key)
		f.same("incident", live.Incident, c.After)
		f.same("pages", live.Pages, c.Pages)
		f.same("rests", live.Rests, []loop.Rest{c.Rest})
		f.same("timeline", f.timeline("i1"), c.Events)
		code, found, err := f.Code(f.Context(), "h")
		f.must(err)
		if !found {
			f.Error("the code is not there")
		}
		f.same("code", code, c.Codes[0])
		walks, err := f.Walks(f.Context(), night, 10)
		f.must(err)
		f.same("walks", walks, []desk.Walk{{Broadcast: c.Broadcasts[0], Due: night}})
	}},
	{"nothing of a decision on an older version becomes true", func(f fixture) {
		in := f.open()
		f.commit(loop.Commit{Before: in, After: next(in), At: night})
		for name, before := range map[string]incident.Incident{
			"none":  {Key: key},
			"older": in,
			"newer": {ID: "i1", Key: key, Version: 3},
		} {
			c := loop.Commit{
				Before: before, After: next(before), At: night,
				Events:     []incident.Event{{At: night, Kind: "never"}},
				Pages:      []loop.LivePage{{Page: page("never", night)}},
				Codes:      []loop.Code{{Hash: "never"}},
				Broadcasts: []loop.Broadcast{{ID: "never", Incident: "i1"}},
				Rest:       loop.Rest{Version: 9, Incident: "i1", Signals: []string{"never"}},
			}
			c.After.Key, c.After.ID = key, "i1"
			if err := f.Commit(f.Context(), c); !errors.Is(err, loop.ErrConflict) {
				f.Errorf("%s: %v, want ErrConflict", name, err)
			}
		}
		live := f.load(key)
		if live.Incident.Version != 2 || len(live.Pages)+len(live.Rests) != 0 || len(f.timeline("i1")) != 0 {
			f.Errorf("something of them was written: %s, timeline %s", text(live), text(f.timeline("i1")))
		}
		if _, found, err := f.Code(f.Context(), "never"); found || err != nil {
			f.Errorf("a code was written (%v)", err)
		}
		if walks, err := f.Walks(f.Context(), never, 10); len(walks) != 0 || err != nil {
			f.Errorf("a broadcast was written (%v)", err)
		}
	}},
	{"signals that open nothing are folded all the same", func(f fixture) {
		f.put(signal("s"))
		c := loop.Commit{Before: incident.Incident{Key: key}, After: incident.Incident{Key: key, Version: 1}, At: night}
		c.Rest = loop.Rest{Version: 1, Signals: []string{"s"}}
		f.commit(c)
		if err := f.Commit(f.Context(), c); !errors.Is(err, loop.ErrConflict) {
			f.Errorf("folding it twice: %v, want ErrConflict", err)
		}
		f.unpack(c.Rest)
		live := f.load(key)
		f.same("live", live, loop.Live{Incident: c.After})
		f.same("due", f.due(never), []incident.Key(nil))
		f.openAnother(live.Incident)
	}},
	{"a page that a commit brings forward replaces the one that waited", func(f fixture) {
		in := f.open(page("p", at(2*time.Minute)))
		sooner := page("p", night)
		sooner.Why = "the way before this one failed"
		lease := loop.Lease{Token: "t", Until: at(30 * time.Second)}
		f.commit(loop.Commit{Before: in, After: next(in), Pages: []loop.LivePage{{Page: sooner, Lease: lease}}})
		f.same("pages", f.load(key).Pages, []loop.LivePage{{Page: sooner, Lease: lease}})
	}},
	{"the largest commit there may be fits", func(f fixture) {
		c := loop.Commit{Before: incident.Incident{Key: key}, After: opened(), At: night, Events: []incident.Event{{At: night, Kind: "opened"}}}
		for _, id := range numbered("p", loop.PagesMax) {
			c.Pages = append(c.Pages, loop.LivePage{Page: page(id, night), Lease: loop.Lease{Token: id, Until: at(time.Minute)}})
			c.Codes = append(c.Codes, loop.Code{Hash: id})
		}
		for _, kind := range []incident.NoticeKind{incident.NoticeTaken, incident.NoticeRecovered, incident.NoticeRelapsed, incident.NoticeClosing} {
			c.Broadcasts = append(c.Broadcasts, loop.Broadcast{ID: "i1/" + string(kind) + "/1", Incident: "i1", Notice: incident.Notice{Kind: kind}})
		}
		c.Rest = restOf(c)
		c.Rest.Signals = numbered("s", loop.FoldMax)
		for i := range loop.FoldMax {
			c.Rest.Reporters = append(c.Rest.Reporters, reporter(i, night))
		}
		for _, id := range numbered("late", 200) {
			c.Rest.Pages = append(c.Rest.Pages, page(id, night))
		}
		f.commit(c)
		live := f.load(key)
		if len(live.Pages) != loop.PagesMax || len(live.Rests) != 1 || len(live.Rests[0].Reporters) != loop.FoldMax || len(live.Rests[0].Pages) != 200 {
			f.Errorf("%d pages, %d rests", len(live.Pages), len(live.Rests))
		}
	}},
	{"of two pages or broadcasts with one ID in a commit the last counts", func(f fixture) {
		first, last := page("p", night), page("p", night)
		first.Why, last.Why = "first", "last"
		f.commit(loop.Commit{
			Before: incident.Incident{Key: key}, After: opened(), At: night,
			Pages:      []loop.LivePage{{Page: first}, {Page: last}},
			Broadcasts: []loop.Broadcast{{ID: "b", Capability: "first"}, {ID: "b", Capability: "last"}},
		})
		f.same("pages", f.load(key).Pages, []loop.LivePage{{Page: last}})
		walks, err := f.Walks(f.Context(), night, 10)
		f.must(err)
		if len(walks) != 1 || walks[0].Capability != "last" {
			f.Errorf("walks: %s", text(walks))
		}
	}},
	{"no two incidents are called the same within a month", func(f fixture) {
		named := func(key incident.Key, id incident.ID) loop.Commit {
			in := opened()
			in.Key, in.ID, in.Word = key, id, "7K"
			return loop.Commit{Before: incident.Incident{Key: key}, After: in, At: night, Events: []incident.Event{{At: night, Kind: "opened"}}}
		}
		first := named(key, "i1")
		f.commit(first)
		other := named("publish", "i2")
		if err := f.Commit(f.Context(), other); !errors.Is(err, loop.ErrWordTaken) {
			f.Errorf("a second one is called 7K: %v", err)
		}
		if in := f.load("publish").Incident; in.ID != "" {
			f.Errorf("it has been opened: %s", text(in))
		}
		f.commit(loop.Commit{Before: first.After, After: next(first.After), At: night}) // its own word is no hindrance
		if err := f.Commit(f.Context(), first); !errors.Is(err, loop.ErrConflict) {
			f.Errorf("who loses a race hears %v", err)
		}
		other.After.Word = "4K"
		f.commit(other)
		third := named("search", "i3")
		third.At = night.Add(loop.WordFor)
		f.commit(third)
	}},
	{"a commit without a key is refused", func(f fixture) {
		if err := f.Commit(f.Context(), loop.Commit{After: incident.Incident{Version: 1}}); err == nil || errors.Is(err, loop.ErrConflict) {
			f.Errorf("got %v, want an error that says so", err)
		}
	}},
}

// openAnother commits another incident after one that is over, or was none.
func (f fixture) openAnother(before incident.Incident) incident.Incident {
	f.Helper()
	in := opened()
	in.ID, in.Version, in.Turn = "i2", before.Version+1, before.Turn+1
	f.commit(loop.Commit{Before: before, After: in})
	return in
}

func reporter(i int, when time.Time) incident.Reporter {
	return incident.Reporter{Address: fmt.Sprintf("someone%03d@ksu.example", i), Org: "ksu", Subject: "Down", At: when,
		MessageID: fmt.Sprintf("<%d.%d@ksu.example>", i, when.Unix()), References: []string{"<0@x>"}}
}

var unpackTests = []test{
	{"pages, reporters and the answer to them come out; signals and the rest go", func(f fixture) {
		r := f.packed(loop.Rest{
			Pages:     []incident.Page{page("p1", night), page("p2", at(time.Minute))},
			Reporters: []incident.Reporter{reporter(1, night), reporter(2, night)},
			Received:  &loop.Broadcast{ID: "i1/received/1", Incident: "i1", Key: key, Notice: incident.Notice{Kind: incident.NoticeReceived, At: at(time.Second)}},
		}, "s1", "s2")
		f.unpack(r)
		f.whole(r)
		f.unpack(r)
		f.whole(r)
	}},
	{"hundreds of pages and reporters come out", func(f fixture) {
		r := loop.Rest{}
		for i, id := range numbered("p", 230) {
			r.Pages = append(r.Pages, page(id, night))
			r.Reporters = append(r.Reporters, reporter(i, night))
		}
		r = f.packed(r, numbered("s", 60)...)
		f.unpack(r)
		f.whole(r)
	}},
	{"a page that was sent does not come back when an unpacking is done again", func(f fixture) {
		r := loop.Rest{}
		for _, id := range numbered("p", 120) {
			r.Pages = append(r.Pages, page(id, night))
		}
		r = f.packed(r, "s")
		f.unpack(r)
		var done []incident.Page
		for _, p := range f.load(key).Pages[:20] {
			done = append(done, p.Page)
		}
		f.must(f.record(loop.Record{Key: key, Incident: "i1", Done: done, At: night}))
		f.unpack(r)
		if n := len(f.load(key).Pages); n != 100 {
			f.Errorf("%d pages after 20 of 120 were sent", n)
		}
	}},
	{"an answer that was given does not come back when an unpacking is done again", func(f fixture) {
		r := f.packed(loop.Rest{Reporters: []incident.Reporter{reporter(1, night)}, Received: &loop.Broadcast{ID: "b", Incident: "i1"}}, "s")
		f.unpack(r)
		f.must(f.Finish(f.Context(), desk.Walk{Broadcast: *r.Received}))
		f.unpack(r)
		if walks, err := f.Walks(f.Context(), never, 10); len(walks) != 0 || err != nil {
			f.Errorf("%d walks, %v", len(walks), err)
		}
	}},
	{"a page that was brought forward meanwhile stands as it is", func(f fixture) {
		r := f.packed(loop.Rest{Pages: []incident.Page{page("p1", at(time.Hour)), page("p2", at(time.Hour))}}, "s")
		in := f.load(key).Incident
		forward := loop.LivePage{Page: page("p1", night), Lease: loop.Lease{Token: "t", Until: at(time.Minute)}}
		f.commit(loop.Commit{Before: in, After: next(in), Pages: []loop.LivePage{forward}})
		f.unpack(r)
		f.same("pages", f.load(key).Pages, []loop.LivePage{forward, {Page: r.Pages[1]}})
	}},
	{"a reporter's latest mail counts, in whatever order they come out", func(f fixture) {
		older, newer := reporter(1, night), reporter(1, at(time.Minute))
		newer.Subject = "Still down"
		r1 := f.packed(loop.Rest{Reporters: []incident.Reporter{older}}, "s1")
		r2 := f.packed(loop.Rest{Reporters: []incident.Reporter{newer, older}}, "s2")
		f.unpack(r2)
		f.unpack(r1)
		got, err := f.Reporters(f.Context(), "i1", "", 10)
		f.must(err)
		f.same("reporters", got, []incident.Reporter{newer})
	}},
	{"a rest that is not there is done", func(f fixture) {
		f.unpack(loop.Rest{Version: 7, Incident: "i1", Pages: []incident.Page{page("p", night)}})
		f.same("live", f.load(key), loop.Live{Incident: incident.Incident{Key: key}})
	}},
}

// packed puts signals and commits a rest that has them folded.
func (f fixture) packed(r loop.Rest, signals ...string) loop.Rest {
	f.Helper()
	for _, id := range signals {
		f.put(signal(id))
	}
	before := f.load(key).Incident
	c := loop.Commit{Before: before, After: opened()}
	c.After.Version = before.Version + 1
	r.Version, r.Incident, r.Signals = c.After.Version, "i1", signals
	c.Rest = r
	f.commit(c)
	return r
}

// whole checks that r has come out of an otherwise empty store, and is gone.
func (f fixture) whole(r loop.Rest) {
	f.Helper()
	live := f.load(key)
	var pages []loop.LivePage
	for _, p := range r.Pages {
		pages = append(pages, loop.LivePage{Page: p})
	}
	f.same("pages", live.Pages, pages)
	f.same("signals", live.Signals, []incident.Signal(nil))
	f.same("rests", live.Rests, []loop.Rest(nil))
	want := slices.SortedFunc(slices.Values(r.Reporters), byID)
	got, err := f.Reporters(f.Context(), r.Incident, "", 1000)
	f.must(err)
	f.same("reporters", got, want)
	walks, err := f.Walks(f.Context(), never, 10)
	f.must(err)
	if r.Received != nil {
		f.same("walks", walks, []desk.Walk{{Broadcast: *r.Received, Due: r.Received.At}})
	}
}
