package sms_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
	"rouse/shared/page"
	"rouse/shared/sms"
)

const teamYAML = `
service: Newsroom
responders:
  ana: {name: Ana Ruiz, zone: America/Los_Angeles, phone: "+13105550100", email: ana@example.com, contact: [{channel: email}]}
  bo:  {name: Bo Lind, zone: America/Chicago, phone: "+13125550101"}
  cy:  {name: Cy Shah, zone: Europe/London, email: cy@example.com}
policies:
  default:
    steps:
      - {page: [bo], wait: 3m}
      - {page: [ana], wait: 3m}
      - {page: [everyone], wait: 3m}
capabilities:
  login: {words: [log in]}
  publish: {words: [publish]}
sms: {number: "+18885550100"}
`

const (
	ours = "+18885550100"
	ana  = "+13105550100"
	bo   = "+13125550101"
)

// A house is Rouse around the receiver, on a clock that stands still.
type house struct {
	*testing.T
	clock    *clock.Virtual
	store    *faulty
	router   *loop.Loop
	receiver *sms.Receiver
	log      bytes.Buffer
	sent     []string // who by what: the SMS or the mail's first line
	hints    int
	n        int
}

// faulty is a store that fails where it is told to.
type faulty struct {
	*memstore.Store
	put, commit bool
	reads       int
}

var errDown = errors.New("the table does not answer")

func (f *faulty) PutSignal(ctx context.Context, s incident.Signal) (bool, error) {
	if f.put {
		return false, errDown
	}
	return f.Store.PutSignal(ctx, s)
}

func (f *faulty) Commit(ctx context.Context, c loop.Commit) error {
	if f.commit {
		return errDown
	}
	return f.Store.Commit(ctx, c)
}

func (f *faulty) Recent(ctx context.Context, limit int) ([]incident.Incident, error) {
	f.reads++
	return f.Store.Recent(ctx, limit)
}

var night = time.Date(2026, 11, 4, 3, 50, 0, 0, time.UTC) // 21:50 in Chicago

func newHouse(t *testing.T) *house {
	c, err := config.Parse([]byte(teamYAML), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{T: t, clock: clock.NewVirtual(night), store: &faulty{Store: memstore.New()}}
	pager, err := page.New(c, "https://r.example.com", h)
	if err != nil {
		t.Fatal(err)
	}
	team := func(context.Context) (loop.Team, error) { return c.Team(), nil }
	log := slog.New(slog.NewTextHandler(&h.log, nil))
	h.router = &loop.Loop{Store: h.store.Store, Clock: h.clock, Hints: h, Log: log, Team: team, Sender: pager}
	h.receiver = sms.New(c, h.store, &loop.Loop{Store: h.store, Clock: h.clock, Hints: h, Log: log, Team: team})
	return h
}

func (h *house) Router(context.Context, loop.Hint, time.Time) error { h.hints++; return nil }
func (h *house) Desk(context.Context) error                         { return nil }

func (h *house) Publish(_ context.Context, who, channel string, m page.Message) error {
	text := m.SMS
	if channel == "email" {
		text, _, _ = strings.Cut(m.Text, "\n")
	}
	h.sent = append(h.sent, fmt.Sprintf("%s by %s: %s", who, channel, text))
	return nil
}

func (h *house) run(key incident.Key) {
	h.Helper()
	now := h.clock.Now()
	h.clock.At(now, func() {
		if _, err := h.router.Run(h.Context(), loop.Hint{Key: key}); err != nil {
			h.Error(err)
		}
	})
	h.clock.Run(now)
}

// pass lets time go by, waking the router whenever something is due.
func (h *house) pass(d time.Duration) {
	h.Helper()
	for end := h.clock.Now().Add(d); ; {
		next := end
		open, _ := h.store.Open(h.Context())
		for _, in := range open {
			if due := in.Due(); due.Before(next) && due.After(h.clock.Now()) {
				next = due
			}
		}
		h.clock.Run(next)
		for _, in := range open {
			h.run(in.Key)
		}
		if !next.Before(end) {
			return
		}
	}
}

// check is a check's word about a capability.
func (h *house) check(capability string, red bool) {
	h.Helper()
	h.n++
	now := h.clock.Now()
	e := incident.Evidence{Status: "up", Since: now}
	if red {
		e = incident.Evidence{Status: "down", Red: true, Since: now, Short: "8/8"}
	}
	key := incident.Key(capability)
	_, err := h.store.Store.PutSignal(h.Context(), incident.Signal{ID: fmt.Sprint("check", h.n), Key: key, Kind: incident.KindCheck, At: now,
		Check: &incident.CheckSignal{Check: capability, Capability: capability, LastBad: now, Evidence: e}})
	if err != nil {
		h.Fatal(err)
	}
	h.run(key)
}

func (h *house) in(key incident.Key) incident.Incident {
	h.Helper()
	live, err := h.store.Load(h.Context(), key)
	if err != nil {
		h.Fatal(err)
	}
	return live.Incident
}

func (h *house) is(key incident.Key, state incident.State, owner string) {
	h.Helper()
	if in := h.in(key); in.State != state || in.Owner != owner {
		h.Errorf("%s is %s, owned by %q; want %s by %q", key, in.State, in.Owner, state, owner)
	}
}

// text has somebody write, and returns what was sent because of it.
func (h *house) text(from, body string) []string {
	h.Helper()
	h.n++
	return h.receive(sms.Inbound{From: from, To: ours, Body: body, ID: fmt.Sprint("m", h.n)})
}

func (h *house) receive(m sms.Inbound) []string {
	h.Helper()
	before := len(h.sent)
	if err := h.receiver.Receive(h.Context(), m); err != nil {
		h.Fatal(err)
	}
	for _, key := range []incident.Key{"login", "publish"} {
		h.run(key)
	}
	return h.sent[before:]
}

// want compares what was sent; WORD stands for login's word, and OTHER for
// that of publish.
func (h *house) want(got []string, want ...string) {
	h.Helper()
	for i := range want {
		want[i] = strings.NewReplacer("WORD", h.in("login").Word, "OTHER", h.in("publish").Word).Replace(want[i])
	}
	for i := range got {
		got[i], _, _ = strings.Cut(got[i], " https://")
	}
	slices.Sort(got) // who is told at one instant is told in no order
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		h.Errorf("sent\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// down is a house in which log-ins fail: Bo was paged three minutes ago, and
// Ana just now: so long ago that the next page to her need not wait.
func down(t *testing.T) *house {
	h := newHouse(t)
	h.check("login", true)
	h.pass(3*time.Minute + apart)
	return h
}

// apart is after how long a page goes to somebody at once again.
const apart = 10 * time.Second

func TestAckByItsWord(t *testing.T) {
	h := down(t)
	word := h.in("login").Word
	if got := h.sent[0]; !strings.Contains(got, "Sent 9:50pm "+word+" https://") {
		t.Errorf("the page does not say its word %s: %s", word, got)
	}
	got := h.text(bo, "Ack "+strings.ToLower(word)+"!")
	h.is("login", incident.Acknowledged, "bo")
	h.want(got,
		"ana by email: Newsroom LOGIN: down since 7:50pm, 8/8 failed",
		"bo by sms: LOGIN: you have it. Next question 10:23pm. Sent 9:53pm WORD",
	)
	events, err := h.store.Timeline(t.Context(), h.in("login").ID)
	if err != nil {
		t.Fatal(err)
	}
	told := fmt.Sprint(events)
	for _, want := range []string{"acknowledged bo by sms", "replied bo by sms (how it stands): accepted"} {
		if !strings.Contains(told, want) {
			t.Errorf("the timeline does not tell %q: %s", want, told)
		}
	}
}

func TestBareAck(t *testing.T) {
	h := down(t)
	h.want(h.text(bo, "Ack."),
		"ana by email: Newsroom LOGIN: down since 7:50pm, 8/8 failed",
		"bo by sms: LOGIN: you have it. Next question 10:23pm. Sent 9:53pm WORD")
	h.want(h.text(ana, "ack"), "ana by sms: LOGIN: Bo has it, you can sleep. Sent 7:53pm")
	h.is("login", incident.Acknowledged, "bo")
}

// Who can't, and who has it no more, by the same two words.
func TestNextAndNo(t *testing.T) {
	h := down(t)
	word := h.in("login").Word
	h.want(h.text(bo, "no "+word),
		"ana by email: Newsroom LOGIN: down since 7:50pm, 8/8 failed",
		"bo by sms: LOGIN DOWN since 9:50pm: 8/8 fail. Ana silent. Sent 9:53pm WORD", // everyone is the next step
		"bo by sms: LOGIN: the next is being woken. Sent 9:53pm WORD",
		"cy by email: Newsroom LOGIN: down since 3:50am, 8/8 failed")
	h.is("login", incident.Triggered, "")
	h.text(ana, "ack "+word)
	h.is("login", incident.Acknowledged, "ana")
	h.text(ana, "Next "+word+".")
	h.is("login", incident.Triggered, "")
}

func TestDone(t *testing.T) {
	h := down(t)
	h.check("login", false)
	h.want(h.text(bo, "DONE "+h.in("login").Word),
		"ana by email: Newsroom LOGIN: looks recovered for 0 s, began 7:50pm",
		"bo by sms: LOGIN is over, closes 10:28pm unless it fails again. Sent 9:53pm")
	h.is("login", incident.Resolved, "")
}

// Two incidents: nothing is guessed, and the choice is the answer.
func TestSeveralAreOpen(t *testing.T) {
	h := down(t)
	h.check("publish", true)
	h.pass(apart)
	h.want(h.text(bo, "ack"), "bo by sms: Nothing done, several are open. Say ACK OTHER (PUBLISH) or ACK WORD (LOGIN)")
	h.is("login", incident.Triggered, "")
	h.is("publish", incident.Triggered, "")

	// Ana was paged about one of them only.
	h.want(h.text(ana, "ack"),
		"ana by sms: LOGIN: you have it. Next question 8:23pm. Sent 7:53pm WORD",
		"bo by sms: LOGIN: Ana has it, you can sleep. Sent 9:53pm")
	// A page that came just now may still be what is meant.
	h.want(h.text(bo, "ack"), "bo by sms: Nothing done, several are open. Say ACK OTHER (PUBLISH) or ACK WORD (LOGIN)")
	h.is("publish", incident.Triggered, "")

	login, publish := h.in("login").Word, h.in("publish").Word
	h.text(bo, "Ack "+login+" "+publish)
	h.is("login", incident.Acknowledged, "ana")
	h.is("publish", incident.Acknowledged, "bo")
}

// Of two incidents that were paged about long ago, a bare ACK means the one
// that waits.
func TestBareAckMeansTheOneThatWaits(t *testing.T) {
	h := down(t)
	h.text(bo, "ack")
	h.pass(20 * time.Minute)
	h.check("publish", true)
	h.text(bo, "ack")
	h.is("publish", incident.Acknowledged, "bo")
}

func TestWordsThatAreNobodysOrOver(t *testing.T) {
	h := down(t)
	old := h.in("login").Word
	free := incident.WordOf("none", 9)
	h.want(h.text(bo, "ack "+free), "bo by sms: Nothing done: "+free+" is none of yours. Say ACK WORD (LOGIN)")
	h.is("login", incident.Triggered, "")
	// One of two is wrong: none is done.
	h.text(bo, "ack "+old+" "+free)
	h.is("login", incident.Triggered, "")

	h.text(bo, "done "+old)
	h.check("login", false)
	h.pass(40 * time.Minute)
	if in := h.in("login"); in.Open() {
		t.Fatalf("not settled: %+v", in)
	}
	h.want(h.text(bo, "ack "+old), "bo by sms: LOGIN is over. Sent 10:33pm")
	h.want(h.text(bo, "ack"), "bo by sms: LOGIN is over. Sent 10:33pm")

	h.check("login", true)
	if h.in("login").Word == old {
		t.Fatal("the next incident has the same word")
	}
	h.want(h.text(bo, "ack "+old), "bo by sms: Nothing done: "+old+" is over. Say ACK WORD (LOGIN)")
	h.is("login", incident.Triggered, "")
}

func TestUnclearIsAnsweredWithTheChoice(t *testing.T) {
	h := down(t)
	for body, verb := range map[string]string{"done": "DONE", "no": "NO", "Next!": "NEXT", "ack it please": "ACK"} {
		h.want(h.text(bo, body), "bo by sms: Nothing done. Say "+verb+" WORD (LOGIN)")
	}
	h.is("login", incident.Triggered, "")
}

// The word of somebody else's incident, and the number of somebody else.
func TestStrangers(t *testing.T) {
	h := newHouse(t)
	h.check("login", true) // Bo alone was paged
	word := h.in("login").Word
	for i, m := range []sms.Inbound{
		{From: ana, To: ours, Body: "ack " + word},            // was not paged
		{From: "+13105550199", To: ours, Body: "ack " + word}, // is nobody
		{From: "13125550101", To: ours, Body: "ack " + word},  // is not Bo's number
		{From: bo + " ", To: ours, Body: "ack " + word},
		{From: ours, To: ours, Body: "ack " + word},            // ourselves
		{From: bo, To: "+18885550101", Body: "ack " + word},    // another number of the account
		{From: bo, To: ours, Body: "Liked “ack " + word + "”"}, // a reaction
	} {
		m.ID = fmt.Sprint("m", i)
		if got := h.receive(m); len(got) > 0 {
			t.Errorf("%q is answered: %q", m.Body, got)
		}
		h.is("login", incident.Triggered, "")
	}
	if log := h.log.String(); strings.Contains(log, "555") || !strings.Contains(log, "…99") || strings.Contains(log, "Liked") {
		t.Errorf("the log tells too much or too little: %s", log)
	}
}

// An answer says how things stand when it is sent, even if somebody else has
// turned them since it was asked for.
func TestAnAnswerOutlivesATurn(t *testing.T) {
	h := down(t)
	word, before := h.in("login").Word, len(h.sent)
	for i, m := range []sms.Inbound{{From: bo, To: ours, Body: "no " + word}, {From: ana, To: ours, Body: "ack " + word}} {
		m.ID = fmt.Sprint("turn", i)
		if err := h.receiver.Receive(t.Context(), m); err != nil { // and no router comes between
			t.Fatal(err)
		}
	}
	h.run("login")
	told := strings.Join(h.sent[before:], "\n")
	for _, want := range []string{"bo by sms: LOGIN: Ana has it, you can sleep.", "ana by sms: LOGIN: you have it."} {
		if !strings.Contains(told, want) {
			t.Errorf("nobody is told %q:\n%s", want, told)
		}
	}
}

// Of two incidents that would be called the same, the second gets another word.
func TestWordsDiffer(t *testing.T) {
	h := newHouse(t)
	taken := incident.Incident{Key: "elsewhere", ID: "elsewhere", Version: 1, State: incident.Triggered, Opened: night, NextStep: night.Add(24 * time.Hour)}
	id := incident.NewID("login", "check1", night)
	for try := range 3 { // as if others had been called that
		taken.Key, taken.ID = incident.Key(fmt.Sprint("elsewhere", try)), incident.ID(fmt.Sprint("elsewhere", try))
		taken.Word = incident.WordOf(id, try)
		if err := h.store.Commit(t.Context(), loop.Commit{Before: incident.Incident{Key: taken.Key}, After: taken, At: night}); err != nil {
			t.Fatal(err)
		}
	}
	h.check("login", true)
	if in := h.in("login"); in.ID != id || in.Word != incident.WordOf(id, 3) {
		t.Errorf("%s is called %q, want %q", in.ID, in.Word, incident.WordOf(id, 3))
	}
}

func TestTwiceIsOnce(t *testing.T) {
	h := down(t)
	m := sms.Inbound{From: bo, To: ours, Body: "ack", ID: "the same"}
	h.receive(m)
	if got := h.receive(m); len(got) > 0 {
		t.Errorf("the second copy is answered: %q", got)
	}
	events, _ := h.store.Timeline(t.Context(), h.in("login").ID)
	if n := strings.Count(fmt.Sprint(events), " acknowledged "); n != 1 {
		t.Errorf("acknowledged %d times", n)
	}
}

// What is stored takes effect; what is not is tried again by whoever invoked.
func TestStoreDown(t *testing.T) {
	h := down(t)
	m := sms.Inbound{From: bo, To: ours, Body: "ack", ID: "m"}
	h.store.put = true
	if err := h.receiver.Receive(t.Context(), m); !errors.Is(err, errDown) {
		t.Errorf("error %v", err)
	}
	h.store.put, h.store.commit = false, true
	hints := h.hints
	if err := h.receiver.Receive(t.Context(), m); !errors.Is(err, errDown) || h.hints != hints+1 {
		t.Errorf("error %v, %d hints", err, h.hints-hints)
	}
	h.store.commit = false
	h.run("login") // as the hint has the router do
	h.is("login", incident.Acknowledged, "bo")
	h.receive(m)
	h.is("login", incident.Acknowledged, "bo")
	if h.store.reads != 3 {
		t.Errorf("%d reads for three messages", h.store.reads)
	}
}

func TestMessagesThatAreNone(t *testing.T) {
	h := down(t)
	for _, m := range []sms.Inbound{
		{}, {From: bo, To: ours, Body: "ack"}, {From: bo, ID: "m"}, {To: ours, ID: "m"},
		{From: bo, To: ours, Body: "ack", ID: strings.Repeat("m", 101)},
	} {
		err := h.receiver.Receive(t.Context(), m)
		if err == nil || strings.Contains(err.Error(), "555") {
			t.Errorf("%v: error %v", m.ID, err)
		}
	}
	if got := fmt.Sprint(sms.Inbound{From: bo, Body: "secret", ID: "m"}.LogValue()); strings.Contains(got, "555") || strings.Contains(got, "secret") {
		t.Errorf("a log would tell %s", got)
	}
}
