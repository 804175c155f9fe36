package contract

import (
	"errors"
	"strings"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

var (
	mine   = loop.Lease{Token: "mine", Until: at(30 * time.Second)}
	theirs = loop.Lease{Token: "theirs", Until: at(90 * time.Second)}
)

func (f fixture) lease(p incident.Page, l loop.Lease, now time.Time) error {
	code := loop.Code{Hash: "code " + l.Token, Who: p.Who, Grant: loop.Grant{Key: key, Incident: p.Incident}, Minted: now}
	_, err := f.Lease(f.Context(), loop.Claim{Outbox: outbox, Lease: l, Pages: []loop.Waiting{about(key, p)}, Code: &code, Now: now})
	return err
}

// about is a page of the incident of a key, as far as a claim must know that.
func about(key incident.Key, p incident.Page) loop.Waiting {
	return loop.Waiting{LivePage: loop.LivePage{Page: p}, About: incident.Incident{ID: p.Incident, Key: key, Turn: p.Turn}}
}

var outbox = loop.Outbox{Who: "ana", Channel: "sms"}

// record records; ErrLost if any of them is lost.
func (f fixture) record(rs ...loop.Record) error {
	lost, err := f.Record(f.Context(), rs)
	if err == nil && len(lost) > 0 {
		err = loop.ErrLost
	}
	return err
}

func (f fixture) lost(what string, err error) {
	f.Helper()
	if !errors.Is(err, loop.ErrLost) {
		f.Errorf("%s: %v, want ErrLost", what, err)
	}
}

var sendTests = []test{
	{"a page is leased with the code of its link", func(f fixture) {
		p := page("p", night)
		f.open(p)
		f.must(f.lease(p, mine, night))
		f.same("pages", f.load(key).Pages, []loop.LivePage{{Page: p, Lease: mine}})
		code, found, err := f.Code(f.Context(), "code mine")
		f.must(err)
		if !found || code.Who != "ana" {
			f.Errorf("code: %t, %s", found, text(code))
		}
	}},
	{"a leased page is lost to others until the lease is over", func(f fixture) {
		p := page("p", night)
		f.open(p)
		f.must(f.lease(p, mine, night))
		f.lost("a moment before its end", f.lease(p, theirs, mine.Until.Add(-time.Nanosecond)))
		if _, found, err := f.Code(f.Context(), "code theirs"); found || err != nil {
			f.Errorf("a lost lease has left a code (%v)", err)
		}
		f.must(f.lease(p, theirs, mine.Until))
		f.same("pages", f.load(key).Pages, []loop.LivePage{{Page: p, Lease: theirs}})
	}},
	{"a page that was born leased is lost to others", func(f fixture) {
		p := page("p", night)
		f.commit(loop.Commit{Before: incident.Incident{Key: key}, After: opened(), Pages: []loop.LivePage{{Page: p, Lease: mine}}})
		f.lost("while it is leased", f.lease(p, theirs, night))
		f.must(f.lease(p, theirs, mine.Until))
	}},
	{"a page is lost when it is not there, and when its incident has turned", func(f fixture) {
		p := page("p", night)
		in := f.open(p)
		f.lost("no such page", f.lease(page("q", night), mine, night))
		turned := next(in)
		turned.Turn++
		f.commit(loop.Commit{Before: in, After: turned})
		f.lost("turned", f.lease(p, mine, night))
		over := settled(turned, night)
		f.commit(loop.Commit{Before: turned, After: over})
		another := f.openAnother(over)
		f.lost("another incident", f.lease(p, mine, night))
		alike := next(another)
		alike.Turn = p.Turn
		f.commit(loop.Commit{Before: another, After: alike})
		f.lost("another incident at the same turn", f.lease(p, mine, night))
	}},
	{"what was sent is gone, what failed waits again, and the timeline tells", func(f fixture) {
		sent, failed := page("sent", night), page("failed", night)
		f.open(sent, failed)
		f.must(f.lease(sent, mine, night))
		f.must(f.lease(failed, mine, night))
		failed.Due, failed.Tries = at(10*time.Second), 1
		s := signal("failed#1")
		r := loop.Record{
			Key: key, Incident: "i1", Lease: mine, Done: []incident.Page{sent}, Again: []incident.Page{failed},
			Events: []incident.Event{{At: night, Kind: "paged", Who: "ana"}}, Signals: []incident.Signal{s}, At: night,
		}
		f.must(f.record(r))
		live := f.load(key)
		f.same("pages", live.Pages, []loop.LivePage{{Page: failed}})
		f.same("signals", live.Signals, []incident.Signal{s})
		f.same("timeline", f.timeline("i1"), r.Events)
		f.lost("a second time", f.record(r))
		f.same("timeline", f.timeline("i1"), r.Events)
		f.must(f.lease(failed, theirs, at(10*time.Second)))
	}},
	{"nothing is recorded when the lease of any page is lost", func(f fixture) {
		held, taken, waiting := page("held", night), page("taken", night), page("waiting", night)
		f.open(held, taken, waiting)
		f.must(f.lease(held, mine, night))
		f.must(f.lease(taken, theirs, night))
		for name, r := range map[string]loop.Record{
			"taken over":         {Lease: mine, Done: []incident.Page{held, taken}},
			"taken over, again":  {Lease: mine, Done: []incident.Page{held}, Again: []incident.Page{taken}},
			"never leased":       {Lease: mine, Done: []incident.Page{held, waiting}},
			"no such page":       {Lease: mine, Again: []incident.Page{page("gone", night)}},
			"leased after all":   {Done: []incident.Page{waiting, held}},
			"unleased, but gone": {Done: []incident.Page{page("gone", night)}},
		} {
			r.Key, r.Incident, r.At = key, "i1", night
			r.Events = []incident.Event{{At: night, Kind: "never"}}
			r.Signals = []incident.Signal{signal("never")}
			f.lost(name, f.record(r))
		}
		live := f.load(key)
		f.same("pages", pageIDs(live.Pages), []string{"held", "taken", "waiting"})
		f.same("signals", live.Signals, []incident.Signal(nil))
		f.same("timeline", f.timeline("i1"), []incident.Event(nil))
	}},
	{"a page nobody holds is recorded without a lease", func(f fixture) {
		f.open(page("p", night))
		f.must(f.record(loop.Record{Key: key, Incident: "i1", Done: []incident.Page{page("p", night)}, At: night}))
		f.same("pages", f.load(key).Pages, []loop.LivePage(nil))
	}},
	{"a signal that was seen does not stop the record, nor come again", func(f fixture) {
		p := page("p", night)
		f.open(p)
		f.put(signal("old"))
		c := loop.Commit{Before: opened(), After: next(opened())}
		c.Rest = restOf(c)
		c.Rest.Signals = []string{"old"}
		f.commit(c)
		f.unpack(c.Rest)
		f.must(f.lease(p, mine, night))
		f.must(f.record(loop.Record{Key: key, Incident: "i1", Lease: mine, Done: []incident.Page{p},
			Signals: []incident.Signal{signal("old"), signal("new")}, At: night}))
		live := f.load(key)
		f.same("signals", signalIDs(live.Signals), []string{"new"})
		f.same("pages", live.Pages, []loop.LivePage(nil))
	}},
	{"a note adds to the timeline and to nothing else", func(f fixture) {
		f.open()
		before := f.load(key)
		f.must(f.Note(f.Context(), "i1", []incident.Event{{At: night, Kind: "paged"}}))
		f.must(f.Note(f.Context(), "i1", nil))
		f.same("live", f.load(key), before)
		f.same("timeline", f.timeline("i1"), []incident.Event{{At: night, Kind: "paged"}})
	}},
	{"the timeline is in the order of time, then of the commits", func(f fixture) {
		in := f.open()
		var want []string
		for i := range 12 {
			kinds := []string{string(rune('a'+2*i)) + " first", string(rune('a'+2*i)) + " second"}
			f.commit(loop.Commit{Before: in, After: next(in), At: at(time.Minute),
				Events: []incident.Event{{At: at(time.Minute), Kind: kinds[0]}, {At: at(time.Minute), Kind: kinds[1]}}})
			in = next(in)
			want = append(want, kinds...)
		}
		f.commit(loop.Commit{Before: in, After: next(in), At: at(2 * time.Minute), Events: []incident.Event{{At: at(-time.Hour), Kind: "long ago"}}})
		f.must(f.Note(f.Context(), "i1", []incident.Event{{At: at(time.Hour), Kind: "noted"}}))
		f.must(f.record(loop.Record{Key: key, Incident: "i1", At: at(30 * time.Second), Events: []incident.Event{{At: at(30 * time.Second), Kind: "paged"}}}))
		var got []string
		for _, e := range f.timeline("i1") {
			got = append(got, e.Kind)
		}
		f.same("timeline", strings.Join(got, ", "), "long ago, paged, "+strings.Join(want, ", ")+", noted")
		f.same("of another incident", f.timeline("i"), []incident.Event(nil))
	}},
}
