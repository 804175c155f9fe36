package contract

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"rouse/shared/desk"
	"rouse/shared/inbox"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

func byID(a, b incident.Reporter) int { return cmp.Compare(a.ID(), b.ID()) }

// broadcast commits walks that are due at the given times.
func (f fixture) broadcast(due ...time.Duration) []desk.Walk {
	f.Helper()
	in := f.open()
	var walks []desk.Walk
	for i, d := range due {
		w := desk.Walk{Broadcast: loop.Broadcast{ID: fmt.Sprint("b", i), Incident: "i1", Key: key, Capability: "login",
			Notice: incident.Notice{Kind: incident.NoticeTaken, At: at(d), Who: "ana"}, Only: []string{"r"}}, Due: at(d)}
		f.commit(loop.Commit{Before: in, After: next(in), Broadcasts: []loop.Broadcast{w.Broadcast}, At: at(d)})
		in = next(in)
		walks = append(walks, w)
	}
	return walks
}

func (f fixture) walks(now time.Duration, limit int) []desk.Walk {
	f.Helper()
	walks, err := f.Walks(f.Context(), at(now), limit)
	f.must(err)
	return walks
}

func (f fixture) claim(n desk.Notice, now, until time.Duration, want desk.Claim) {
	f.Helper()
	if got, err := f.Claim(f.Context(), n, at(now), at(until)); got != want || err != nil {
		f.Errorf("Claim(%s) at %s = %d, %v, want %d", text(n), now, got, err, want)
	}
}

var deskTests = []test{
	{"walks are listed when they are due, the longest overdue first, no more than asked for", func(f fixture) {
		w := f.broadcast(3*time.Minute, time.Minute, 2*time.Minute, 9*time.Minute)
		f.same("before", f.walks(0, 10), []desk.Walk(nil))
		f.same("all", f.walks(5*time.Minute, 10), []desk.Walk{w[1], w[2], w[0]})
		f.same("two", f.walks(5*time.Minute, 2), []desk.Walk{w[1], w[2]})
		f.same("keys", f.due(at(20*time.Minute)), []incident.Key(nil))
	}},
	{"a walk goes on from where it was saved, and is no more once finished", func(f fixture) {
		w := f.broadcast(0)[0]
		w.Cursor, w.Due = "r17", at(5*time.Minute)
		f.must(f.Save(f.Context(), w))
		f.same("not yet", f.walks(4*time.Minute, 10), []desk.Walk(nil))
		f.same("saved", f.walks(5*time.Minute, 10), []desk.Walk{w})
		f.must(f.Finish(f.Context(), w))
		f.must(f.Finish(f.Context(), w))
		f.must(f.Save(f.Context(), w))
		f.same("finished", f.walks(24*time.Hour, 10), []desk.Walk(nil))
	}},
	{"reporters are listed in the order of their ids, page by page", func(f fixture) {
		var all []incident.Reporter
		for i := range 25 {
			all = append(all, reporter(i, night))
		}
		f.unpack(f.packed(loop.Rest{Reporters: all}, "s"))
		slices.SortFunc(all, byID)
		var got []incident.Reporter
		after := ""
		for {
			some, err := f.Reporters(f.Context(), "i1", after, 10)
			f.must(err)
			if len(some) > 10 {
				f.Fatalf("%d reporters, asked for 10", len(some))
			}
			if len(some) == 0 {
				break
			}
			got = append(got, some...)
			after = some[len(some)-1].ID()
		}
		f.same("reporters", got, all)
		some, err := f.ReportersOf(f.Context(), "i1", []string{all[7].ID(), "nobody", all[3].ID(), all[7].ID()})
		f.must(err)
		slices.SortFunc(some, byID)
		f.same("those named", some, []incident.Reporter{all[3], all[7]})
		none, err := f.ReportersOf(f.Context(), "i1", nil)
		f.must(err)
		f.same("nobody named", none, []incident.Reporter(nil))
		none, err = f.Reporters(f.Context(), "i2", "", 10)
		f.must(err)
		f.same("of another incident", none, []incident.Reporter(nil))
	}},
	{"a notice is claimed by one, again when that one has died, and never once it was sent", func(f fixture) {
		n := desk.Notice{Incident: "i1", Name: "taken/3", Reporter: "r"}
		f.claim(n, 0, time.Minute, desk.Yours)
		f.claim(n, 30*time.Second, 2*time.Minute, desk.Held)
		f.claim(n, time.Minute, 2*time.Minute, desk.Yours)
		f.must(f.Sent(f.Context(), n, nil, key, nil))
		f.claim(n, time.Hour, 2*time.Hour, desk.Done)
		for _, other := range []desk.Notice{
			{Incident: "i2", Name: "taken/3", Reporter: "r"},
			{Incident: "i1", Name: "taken/4", Reporter: "r"},
			{Incident: "i1", Name: "taken/3", Reporter: "s"},
		} {
			f.claim(other, time.Hour, 2*time.Hour, desk.Yours)
		}
	}},
	{"what was sent is told by the timeline, and answers to it lead to the incident", func(f fixture) {
		n := desk.Notice{Incident: "i1", Name: "received", Reporter: "r"}
		events := []incident.Event{{At: night, Kind: "told", Who: "ksu"}}
		f.must(f.Sent(f.Context(), n, []string{"<a@x>", "<b@x>"}, key, events))
		f.claim(n, time.Hour, 2*time.Hour, desk.Done)
		f.same("timeline", f.timeline("i1"), events)
		f.thread([]string{"<nothing@x>", "<b@x>"}, inbox.Thread{Key: key, Incident: "i1"})
	}},
	{"a message that belongs to an incident counts before one that does not yet", func(f fixture) {
		f.must(f.PutThread(f.Context(), "<mail@x>", inbox.Thread{Key: "mail/ksu"}))
		f.must(f.PutThread(f.Context(), "<1@x>", inbox.Thread{Key: key, Incident: "i1"}))
		f.must(f.PutThread(f.Context(), "<2@x>", inbox.Thread{Key: key, Incident: "i2"}))
		f.thread([]string{"<mail@x>"}, inbox.Thread{Key: "mail/ksu"})
		f.thread([]string{"<mail@x>", "<2@x>", "<1@x>"}, inbox.Thread{Key: key, Incident: "i2"})
		f.must(f.PutThread(f.Context(), "<mail@x>", inbox.Thread{Key: key, Incident: "i3"}))
		f.thread([]string{"<mail@x>", "<2@x>"}, inbox.Thread{Key: key, Incident: "i3"})
		for _, unknown := range [][]string{nil, {"<nothing@x>"}} {
			if _, found, err := f.Thread(f.Context(), unknown); found || err != nil {
				f.Errorf("%q is found (%v)", unknown, err)
			}
		}
		f.thread(append(numbered("<long", 150), "<1@x>"), inbox.Thread{Key: key, Incident: "i1"})
	}},
	{"a letter may be kept again", func(f fixture) {
		l := inbox.Letter{ID: "m1", At: night, Org: "ksu", Urgency: "benign", Why: []string{"praise"}}
		f.must(f.PutLetter(f.Context(), l))
		f.must(f.PutLetter(f.Context(), l))
	}},
}

func (f fixture) thread(messageIDs []string, want inbox.Thread) {
	f.Helper()
	got, found, err := f.Thread(f.Context(), messageIDs)
	f.must(err)
	if !found || got != want {
		f.Errorf("Thread(%q) = %+v, %t, want %+v", messageIDs, got, found, want)
	}
}
