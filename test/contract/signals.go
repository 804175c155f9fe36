package contract

import (
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

var signalTests = []test{
	{"a key that nothing lives under has a name all the same", func(f fixture) {
		f.same("Load", f.load(key), loop.Live{Incident: incident.Incident{Key: key}})
		f.same("due", f.due(never), []incident.Key(nil))
	}},
	{"a signal comes back as it was put", func(f fixture) {
		full := []incident.Signal{
			{ID: "a", Key: key, Kind: incident.KindCheck, At: at(time.Nanosecond), Check: &incident.CheckSignal{
				Check: "login", Capability: "login", LastBad: night,
				Evidence: incident.Evidence{Status: "intermittent", Red: true, Words: "11 of 40 samples failed", Short: "11/40", Since: night, WellSince: night}}},
			{ID: "b#/ ü", Key: key, Kind: incident.KindReport, At: night, Incident: "i1", Report: &incident.ReportSignal{
				Reporter: incident.Reporter{Address: "jo@ksu.example", Name: "Jo", Org: "ksu", Subject: "Down", MessageID: "<1@x>", References: []string{"<0@x>"}, At: night},
				Urgency:  "urgent", Known: true, Quote: "unable to log in", Why: []string{"unable to"}, Joined: "same capability"}},
			{ID: "c", Key: key, Kind: incident.KindTap, At: night, Tap: &incident.TapSignal{Action: incident.ActSnooze, Who: "ana", Via: "link", For: 10 * time.Minute, To: "bo"}},
			{ID: "d", Key: key, Kind: incident.KindDelivery, At: night, Delivery: &incident.DeliverySignal{Page: "p", Who: "ana", Channel: "sms", Permanent: true, Why: "opted out"}},
			{ID: "e", Key: key, Kind: incident.KindAnswer, At: night, Answer: &incident.AnswerSignal{From: "ana@example.com", Reporters: []string{"r1"}}},
		}
		f.put(full...)
		f.same("signals", f.load(key).Signals, full)
	}},
	{"a signal whose ID has been seen changes nothing, whatever its key", func(f fixture) {
		f.put(signal("s"))
		again := signal("s")
		again.Tap.Who = "bo"
		elsewhere := again
		elsewhere.Key = "publish"
		for _, s := range []incident.Signal{again, elsewhere} {
			fresh, err := f.PutSignal(f.Context(), s)
			f.must(err)
			if fresh {
				f.Errorf("%s under %s is fresh", s.ID, s.Key)
			}
		}
		f.same("signals", f.load(key).Signals, []incident.Signal{signal("s")})
		f.same("signals elsewhere", f.load("publish").Signals, []incident.Signal(nil))
		f.same("due", f.due(never), []incident.Key{key})
	}},
	{"a signal without an ID or a key is refused, or all of them would be one", func(f fixture) {
		for _, s := range []incident.Signal{{Key: key}, {ID: "s"}} {
			if _, err := f.PutSignal(f.Context(), s); err == nil {
				f.Errorf("%s was taken", text(s))
			}
		}
	}},
	{"a signal stays seen after it was folded", func(f fixture) {
		f.put(signal("s"))
		c := loop.Commit{Before: incident.Incident{Key: key}, After: opened()}
		c.Rest = restOf(c)
		c.Rest.Signals = []string{"s"}
		f.commit(c)
		f.unpack(c.Rest)
		if fresh, err := f.PutSignal(f.Context(), signal("s")); err != nil || fresh {
			f.Errorf("PutSignal = %t, %v", fresh, err)
		}
		f.same("signals", f.load(key).Signals, []incident.Signal(nil))
	}},
	{"keys that begin alike are apart", func(f fixture) {
		other := signal("other")
		other.Key = key + "s"
		f.put(signal("s"), other)
		f.same("signals", signalIDs(f.load(key).Signals), []string{"s"})
	}},
	{"a load is bounded, and says so; what a rest names counts as folded", func(f fixture) {
		names := numbered("s", loop.FoldMax+5)
		for _, id := range names {
			f.put(signal(id))
		}
		f.commit(loop.Commit{Before: incident.Incident{Key: key}, After: opened(), Pages: []loop.LivePage{{Page: page("p", night)}}})
		live := f.load(key)
		if len(live.Signals) != loop.FoldMax || !live.More {
			f.Fatalf("%d signals, more: %t, want %d and more", len(live.Signals), live.More, loop.FoldMax)
		}
		if live.Incident.ID != "i1" || len(live.Pages) != 1 {
			f.Fatalf("the incident and its page are lost among the signals: %s, %d pages", live.Incident.ID, len(live.Pages))
		}
		c := loop.Commit{Before: live.Incident, After: next(live.Incident)}
		c.Rest = restOf(c)
		c.Rest.Signals = signalIDs(live.Signals)
		f.commit(c)
		rest := f.load(key)
		if rest.More || len(rest.Rests) != 1 {
			f.Errorf("more: %t, %d rests", rest.More, len(rest.Rests))
		}
		all := append(signalIDs(live.Signals), signalIDs(rest.Signals)...)
		f.same("both folds", ids(all, func(s string) string { return s }), names)
		f.unpack(rest.Rests[0])
		after := f.load(key)
		f.same("what is left", signalIDs(after.Signals), signalIDs(rest.Signals))
		f.same("rests", after.Rests, []loop.Rest(nil))
	}},
	{"what goes in and comes out is the store's alone", func(f fixture) {
		s := signal("s")
		f.put(s)
		s.Tap.Who = "mallory"
		f.load(key).Signals[0].Tap.Who = "mallory"
		f.same("signal", f.load(key).Signals, []incident.Signal{signal("s")})

		in := opened()
		in.Checks = map[string]incident.Evidence{"login": {Status: "down", Red: true}}
		in.Orgs = []string{"ksu"}
		want := text(in)
		f.commit(loop.Commit{Before: incident.Incident{Key: key}, After: in})
		scribble := func(in incident.Incident) {
			in.Checks["login"] = incident.Evidence{}
			in.Orgs[0] = "mallory"
		}
		scribble(in)
		scribble(f.load(key).Incident)
		open, err := f.Open(f.Context())
		f.must(err)
		scribble(open[0])
		if got := text(f.load(key).Incident); got != want {
			f.Errorf("got %s\nwant %s", got, want)
		}
	}},
}
