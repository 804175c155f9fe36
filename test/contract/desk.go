package contract

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"rouse/shared/check"
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
	claims, err := f.Claim(f.Context(), []desk.Notice{n}, at(now), at(until))
	if got, ok := claims[n]; !ok || got != want || err != nil {
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
		f.must(f.Sent(f.Context(), desk.Told{Notice: n}))
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
		thread := inbox.Thread{Key: key, Incident: "i1", Reporter: "r", Org: "ksu"}
		f.must(f.Sent(f.Context(), desk.Told{Notice: n, MessageIDs: []string{"<a@x>", "<b@x>"}, Thread: thread, Events: events}))
		f.claim(n, time.Hour, 2*time.Hour, desk.Done)
		f.same("timeline", f.timeline("i1"), events)
		f.threads([]string{"<nothing@x>", "<b@x>"}, map[string]inbox.Thread{"<b@x>": thread})
	}},
	{"many notices are claimed at once, each for itself", func(f fixture) {
		var notices []desk.Notice
		for _, id := range numbered("r", 130) {
			notices = append(notices, desk.Notice{Incident: "i1", Name: "received", Reporter: id})
		}
		f.claim(notices[7], 0, time.Minute, desk.Yours)
		f.must(f.Sent(f.Context(), desk.Told{Notice: notices[120]}))
		claims, err := f.Claim(f.Context(), notices, at(time.Second), at(time.Hour))
		f.must(err)
		count := map[desk.Claim]int{}
		for _, n := range notices {
			count[claims[n]]++
		}
		if claims[notices[7]] != desk.Held || claims[notices[120]] != desk.Done || count[desk.Yours] != 128 {
			f.Errorf("claims %v, the 7th %d, the 120th %d", count, claims[notices[7]], claims[notices[120]])
		}
	}},
	{"what is done is known, and what is known of an address", func(f fixture) {
		n := desk.Notice{Incident: "i1", Name: "received", Reporter: "r"}
		other := desk.Notice{Incident: "i1", Name: "received", Reporter: "s"}
		look := func(wantDone bool, want desk.Sender) {
			f.Helper()
			done, senders, err := f.Done(f.Context(), []desk.Notice{n, other})
			f.must(err)
			if done[n] != wantDone || done[other] {
				f.Errorf("done %t and %t, want %t and false", done[n], done[other], wantDone)
			}
			f.same("sender", senders["r"], want)
			f.same("the other", senders["s"], desk.Sender{})
		}
		look(false, desk.Sender{})
		f.claim(n, 0, time.Minute, desk.Yours)
		look(false, desk.Sender{})
		f.must(f.Sent(f.Context(), desk.Told{Notice: n, Answered: []time.Time{night, at(time.Minute)}}))
		look(true, desk.Sender{Answered: []time.Time{night, at(time.Minute)}})
		off := desk.Off{At: at(time.Hour), Why: "bounced"}
		f.must(f.TurnOff(f.Context(), "r", off, time.Time{}))
		look(true, desk.Sender{Answered: []time.Time{night, at(time.Minute)}, Off: off})
		f.must(f.Sent(f.Context(), desk.Told{Notice: n}))
		look(true, desk.Sender{Answered: []time.Time{night, at(time.Minute)}, Off: off})
	}},
	{"a tally is saved by who read it last", func(f fixture) {
		t, err := f.Tally(f.Context(), "mails")
		f.must(err)
		f.same("at first", t, desk.Tally{})
		one := desk.Tally{Rev: 1, Began: night, Count: 3, Next: at(time.Second)}
		f.must(f.SaveTally(f.Context(), "mails", one))
		if err := f.SaveTally(f.Context(), "mails", desk.Tally{Rev: 1}); !errors.Is(err, desk.ErrStale) {
			f.Errorf("twice the first: %v", err)
		}
		two := one
		two.Rev, two.Closed = 2, at(time.Hour)
		f.must(f.SaveTally(f.Context(), "mails", two))
		if err := f.SaveTally(f.Context(), "mails", two); !errors.Is(err, desk.ErrStale) {
			f.Errorf("twice the second: %v", err)
		}
		t, err = f.Tally(f.Context(), "mails")
		f.must(err)
		f.same("at last", t, two)
	}},
	{"threads are found by their messages, and replaced", func(f fixture) {
		one := inbox.Thread{Key: "mail/ksu", Reporter: "r", Org: "ksu"}
		f.must(f.PutThread(f.Context(), "<1@x>", one))
		f.threads([]string{"<nothing@x>", "<1@x>", "<1@x>"}, map[string]inbox.Thread{"<1@x>": one})
		one.Incident = "i1"
		f.must(f.PutThread(f.Context(), "<1@x>", one))
		f.threads(append(numbered("<long", 150), "<1@x>"), map[string]inbox.Thread{"<1@x>": one})
		f.threads(nil, map[string]inbox.Thread{})
	}},
	{"a mail is kept with its signal and its thread, once", func(f fixture) {
		s := signal("mail/1")
		thread := inbox.Thread{Key: key, Reporter: "r", Org: "ksu"}
		letter := inbox.Letter{ID: "1", At: night, Org: "ksu", Urgency: "urgent", Key: key, Why: []string{"down"}}
		f.must(f.Keep(f.Context(), inbox.Kept{Letter: letter, Signal: &s, MessageID: "<1@x>", Thread: thread}))
		f.same("signals", signalIDs(f.load(key).Signals), []string{"mail/1"})
		f.same("due", f.due(never), []incident.Key{key})
		elsewhere := s
		elsewhere.Key = "publish"
		f.must(f.Keep(f.Context(), inbox.Kept{Letter: letter, Signal: &elsewhere, MessageID: "<1@x>", Thread: inbox.Thread{Key: "publish"}}))
		f.threads([]string{"<1@x>"}, map[string]inbox.Thread{"<1@x>": thread})
		f.same("signals of another key", signalIDs(f.load("publish").Signals), []string{})
		f.must(f.Keep(f.Context(), inbox.Kept{Letter: inbox.Letter{ID: "2", At: night, Urgency: "benign", Why: []string{"praise"}}}))
		f.must(f.Keep(f.Context(), inbox.Kept{Letter: inbox.Letter{ID: "2", At: night, Urgency: "benign", Why: []string{"praise"}}}))
	}},
	{"what is around a mail is seen in one look", func(f fixture) {
		in := f.open()
		f.must(f.PutThread(f.Context(), "<1@x>", inbox.Thread{Key: key, Incident: "i1"}))
		f.must(f.SaveCheck(f.Context(), "login", check.State{Rev: 1}))
		around, err := f.Around(f.Context(), []string{"<1@x>", "<2@x>"}, []string{"login", "publish"})
		f.must(err)
		f.same("around", around, inbox.Around{Open: []incident.Incident{in}, Checks: map[string]check.State{"login": {Rev: 1}},
			Threads: map[string]inbox.Thread{"<1@x>": {Key: key, Incident: "i1"}}})
		f.commit(loop.Commit{Before: in, After: settled(in, night)})
		around, err = f.Around(f.Context(), nil, nil)
		f.must(err)
		f.same("nothing", around, inbox.Around{Checks: map[string]check.State{}, Threads: map[string]inbox.Thread{}})
	}},
	{"reports that have nothing in common meet where the first was, for a while", func(f fixture) {
		meet := func(org string, k incident.Key, now time.Duration, want incident.Key) {
			f.Helper()
			got, err := f.Meet(f.Context(), org, k, at(now), at(now+10*time.Minute))
			f.must(err)
			if got != want {
				f.Errorf("%s at %s meets %s, want %s", org, now, got, want)
			}
		}
		meet("ksu", "mail/ksu", 0, "mail/ksu")
		meet("bruin", "mail/bruin", 9*time.Minute, "mail/ksu")
		meet("ksu", "mail/ksu", 9*time.Minute, "mail/ksu") // and goes on from here
		meet("bruin", "mail/bruin", 11*time.Minute, "mail/ksu")
		meet("bruin", "mail/bruin", 19*time.Minute, "mail/bruin")
		meet("ksu", "mail/ksu", 20*time.Minute, "mail/bruin")
	}},
	{"whose reports were moved away is listed no more, until they write again", func(f fixture) {
		r, s := reporter(1, night), reporter(2, night)
		f.unpack(f.packed(loop.Rest{Reporters: []incident.Reporter{r, s}}, "s1"))
		in := f.load(key).Incident
		move := loop.Rest{Version: in.Version + 1, Incident: in.ID, Signals: []string{"s2"}, Gone: []string{r.ID(), "nobody"}}
		f.put(signal("s2"))
		f.commit(loop.Commit{Before: in, After: next(in), Rest: move})
		f.unpack(move)
		left, err := f.Reporters(f.Context(), "i1", "", 10)
		f.must(err)
		f.same("those who are left", left, []incident.Reporter{s})
		named, err := f.ReportersOf(f.Context(), "i1", []string{r.ID()})
		f.must(err)
		f.same("by name", named, []incident.Reporter{r}) // what they wrote still gets its acknowledgement
		r.At = at(time.Hour)
		again := loop.Rest{Version: in.Version + 2, Incident: in.ID, Signals: []string{"s3"}, Reporters: []incident.Reporter{r}}
		f.put(signal("s3"))
		f.commit(loop.Commit{Before: next(in), After: next(next(in)), Rest: again})
		f.unpack(again)
		left, err = f.Reporters(f.Context(), "i1", "", 10)
		f.must(err)
		slices.SortFunc(left, byID)
		want := []incident.Reporter{r, s}
		slices.SortFunc(want, byID)
		f.same("after they wrote again", left, want)
	}},
}

func (f fixture) threads(messageIDs []string, want map[string]inbox.Thread) {
	f.Helper()
	got, err := f.Threads(f.Context(), messageIDs)
	f.must(err)
	f.same("threads", got, want)
}
