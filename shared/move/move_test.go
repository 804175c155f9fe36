package move_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
	"rouse/shared/move"
	"rouse/shared/record"
)

var night = time.Date(2026, 11, 4, 3, 50, 0, 0, time.UTC)

type noHints struct{}

func (noHints) Router(context.Context, loop.Hint, time.Time) error { return nil }
func (noHints) Desk(context.Context) error                         { return nil }

// house is a store, and a loop that folds.
type house struct {
	*testing.T
	store *memstore.Store
	clock *clock.Virtual
	loop  *loop.Loop
}

func newHouse(t *testing.T) *house {
	h := &house{T: t, store: memstore.New(), clock: clock.NewVirtual(night)}
	policy := escalation.Policy{Steps: []escalation.Step{{Targets: []escalation.Target{{ID: "ana"}}, Wait: 3 * time.Minute}}, CheckIn: 30 * time.Minute}
	team := loop.Team{
		Team:      escalation.Team{People: map[string]escalation.Person{"ana": {Contact: []escalation.Contact{{Channel: escalation.SMS}}}}},
		PolicyFor: func(string) escalation.Policy { return policy }, Quiet: 35 * time.Minute, AnswerWithin: 10 * time.Minute,
	}
	h.loop = &loop.Loop{Store: h.store, Clock: h.clock, Hints: noHints{}, Log: slog.New(slog.DiscardHandler), Team: func(context.Context) (loop.Team, error) { return team, nil }}
	return h
}

func (h *house) fold(key incident.Key) incident.Incident {
	h.Helper()
	in, err := h.loop.Run(h.Context(), loop.Hint{Key: key})
	if err != nil {
		h.Fatal(err)
	}
	return in
}

func reporter(address string) incident.Reporter {
	_, org, _ := strings.Cut(address, "@")
	return incident.Reporter{Address: address, Org: org, MessageID: "<1." + address + ">", At: night, Urgency: "urgent", Quote: "it fails"}
}

func (h *house) writes(key incident.Key, address string) incident.Incident {
	h.Helper()
	r := reporter(address)
	s := incident.Signal{ID: "mail/" + address, Key: key, Kind: incident.KindReport, At: h.clock.Now(), Report: &incident.ReportSignal{Reporter: r, Urgency: "urgent", Proven: true, Quote: r.Quote}}
	if _, err := h.store.PutSignal(h.Context(), s); err != nil {
		h.Fatal(err)
	}
	return h.fold(key)
}

func (h *house) move(address string, from incident.Incident, to incident.ID) (a, b incident.Incident) {
	h.Helper()
	o := move.Order{Nonce: address + string(to), Reporter: reporter(address).ID()[:6], From: from.ID, To: to, Who: "bo", Via: "terminal", At: h.clock.Now()}
	var fromKey, toKey incident.Key
	for range 2 { // twice is once
		k, l, err := move.Do(h.Context(), h.store, o)
		if err != nil {
			h.Fatal(err)
		}
		fromKey, toKey = k, l
	}
	return h.fold(fromKey), h.fold(toKey)
}

func (h *house) listed(id incident.ID) (orgs string) {
	h.Helper()
	all, err := h.store.Reporters(h.Context(), id, "", 10)
	if err != nil {
		h.Fatal(err)
	}
	for _, r := range all {
		orgs += r.Org + " "
	}
	return strings.TrimSpace(orgs)
}

func (h *house) says(id incident.ID, words string) {
	h.Helper()
	events, err := h.store.Timeline(h.Context(), id)
	if err != nil {
		h.Fatal(err)
	}
	var all strings.Builder
	for _, e := range events {
		all.WriteString(e.Kind + " " + e.Who + ": " + e.Why + "\n")
	}
	if !strings.Contains(all.String(), words) {
		h.Errorf("the timeline of %s does not say %q:\n%s", id, words, &all)
	}
}

// A report that was merged wrongly is moved: both timelines tell, its reporter
// hears of the other one from then on, the promise to them goes with it, and
// no escalation begins anew.
func TestMove(t *testing.T) {
	h := newHouse(t)
	h.writes("login", "pat@kstate.example")
	login := h.writes("login", "kim@bruin.example")
	h.clock.Run(night.Add(time.Minute))
	publish := h.writes("publish", "lee@emerald.example")
	before := publish
	login, publish = h.move("kim@bruin.example", login, publish.ID)
	if got := h.listed(login.ID); got != "kstate.example" || login.Reports != 1 || len(login.Orgs) != 1 {
		t.Errorf("login has %q, %d reports of %v", got, login.Reports, login.Orgs)
	}
	if got := h.listed(publish.ID); !strings.Contains(got, "bruin.example") || publish.Reports != 2 || len(publish.Orgs) != 2 {
		t.Errorf("publish has %q, %d reports of %v", got, publish.Reports, publish.Orgs)
	}
	kim := reporter("kim@bruin.example").ID()
	if !login.AnswerTo(kim).IsZero() || !publish.AnswerTo(kim).Equal(night.Add(10*time.Minute)) || !publish.AnswerBy.Equal(night.Add(10*time.Minute)) {
		t.Errorf("the promise is %s and %s", login.AnswerTo(kim), publish.AnswerTo(kim))
	}
	if publish.Round != before.Round || publish.Step != before.Step || !publish.NextStep.Equal(before.NextStep) {
		t.Error("the escalation has begun anew")
	}
	h.says(login.ID, "moved bo: what bruin.example wrote, to "+string(publish.ID)+" (emerald.example), by terminal")
	h.says(publish.ID, "report bruin.example: moved here from "+string(login.ID)+" by bo, by terminal")
	threads, err := h.store.Threads(t.Context(), []string{"<1.kim@bruin.example>", record.MovedID(login.ID, kim)})
	if err != nil || len(threads) != 2 || threads["<1.kim@bruin.example>"].Key != "publish" {
		t.Errorf("threads %v, %v", threads, err)
	}
	walks, err := h.store.Walks(t.Context(), h.clock.Now().Add(time.Hour), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range walks { // what they wrote is acknowledged where they wrote first, once
		for _, id := range w.Only {
			if id == kim && w.Incident != login.ID {
				t.Errorf("acknowledged about %s, too", w.Incident)
			}
		}
	}
}

// A report becomes an incident of its own, which pages; the one that it leaves
// with nothing is resolved by who moved it.
func TestSplit(t *testing.T) {
	h := newHouse(t)
	in := h.writes("mail/kstate.example", "pat@kstate.example")
	h.writes("mail/kstate.example", "kim@bruin.example")
	old, fresh := h.move("kim@bruin.example", in, move.New)
	if fresh.State != incident.Triggered || fresh.Round != 1 || fresh.Reports != 1 || fresh.ID == old.ID {
		t.Errorf("the new one: %+v", fresh)
	}
	if old.State != incident.Triggered || old.Reports != 1 {
		t.Errorf("the old one is %s with %d reports", old.State, old.Reports)
	}
	old, fresh = h.move("pat@kstate.example", old, fresh.ID)
	if old.State != incident.Resolved || old.ResolvedBy != "bo" || fresh.Reports != 2 {
		t.Errorf("the old one is %s by %q, the new one has %d reports", old.State, old.ResolvedBy, fresh.Reports)
	}
	h.says(old.ID, "resolved bo: its only report belongs to "+string(fresh.ID))
}

func TestRefused(t *testing.T) {
	h := newHouse(t)
	in := h.writes("login", "pat@kstate.example")
	pat := reporter("pat@kstate.example").ID()
	for _, c := range []struct {
		reporter string
		from, to incident.ID
		says     string
	}{
		{pat, "20200101-aaaaaa", move.New, "incident 20200101-aaaaaa is not open"},
		{pat, in.ID, "20200101-aaaaaa", "incident 20200101-aaaaaa is not open: name one that is, or new"},
		{pat, in.ID, in.ID, "it is there already"},
		{"ffff", in.ID, move.New, `no report "ffff" belongs to it`},
		{"", in.ID, move.New, `no report "" belongs to it`},
	} {
		_, _, err := move.Do(t.Context(), h.store, move.Order{Nonce: "n", Reporter: c.reporter, From: c.from, To: c.to, Who: "bo", At: night})
		var refused move.Refused
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
