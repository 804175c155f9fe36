package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/inbox"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/mail"
	"rouse/shared/memstore"
)

const team = `
service: Newsroom
responders: {ana: {phone: "+13105550100"}}
capabilities: {login: {words: [log in]}}
customers: [kstate.example]
inbox: {address: alerts@in.newsroom.example, via: mx, team: [newsroom.example], reply_from: support@newsroom.example, answer_within: 10m}
`

var received = time.Date(2026, 11, 4, 4, 0, 0, 0, time.UTC)

// house is an inbox with its surroundings.
type house struct {
	*inbox.Inbox
	store *memstore.Store
	mails map[string]string
	read  []string
	hints int
	log   strings.Builder
	fail  error // of marking a mail as read
}

func newHouse(t *testing.T) *house {
	t.Helper()
	c, err := config.Parse([]byte(team), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Inbox: inbox.New(c), store: memstore.New(), mails: map[string]string{}}
	h.Store, h.Mails, h.Hints, h.Clock = h.store, h, h, clock.NewVirtual(received)
	h.Log = slog.New(slog.NewTextHandler(&h.log, nil))
	return h
}

func (h *house) Open(_ context.Context, id string) (io.ReadCloser, error) {
	raw, ok := h.mails[id]
	if !ok {
		return nil, inbox.ErrNotFound
	}
	return io.NopCloser(strings.NewReader(raw)), nil
}

func (h *house) New(context.Context, int) ([]inbox.Stored, error) {
	var all []inbox.Stored
	for id := range h.mails {
		all = append(all, inbox.Stored{ID: id, At: received.Add(-time.Hour)})
	}
	return all, nil
}

func (h *house) Read(_ context.Context, id string, _ time.Time) error {
	if h.fail != nil {
		return h.fail
	}
	delete(h.mails, id)
	h.read = append(h.read, id)
	return nil
}

func (h *house) Router(context.Context, loop.Hint, time.Time) error { h.hints++; return nil }
func (h *house) Desk(context.Context) error                         { return nil }

// put stores a mail as SES does, its verdicts on top; "" is that all is well.
func (h *house) put(id, from, verdicts, headers, text string) {
	if verdicts == "" {
		verdicts = "X-SES-Spam-Verdict: PASS\nX-SES-Virus-Verdict: PASS\n"
	}
	domain := from[strings.LastIndex(from, "@")+1:]
	h.mails[id] = strings.ReplaceAll(fmt.Sprintf(`Return-Path: <%s>
Received: from mail.example (mail.example [198.51.100.7])
 by inbound-smtp.us-east-1.amazonaws.com with SMTP id o3vrnil0e2ic
 for alerts@in.newsroom.example; Wed, 04 Nov 2026 04:00:00 +0000 (UTC)
%sAuthentication-Results: amazonses.com; dkim=pass header.i=@%s; dmarc=pass header.from=%s;
From: %s
To: alerts@in.newsroom.example
Subject: Newsroom
Message-ID: <%s@%s>
%s
%s
`, from, verdicts, domain, domain, from, id, domain, headers, text), "\n", "\r\n")
}

func (h *house) receive(t *testing.T, id string) {
	t.Helper()
	if err := h.Receive(t.Context(), mail.Envelope{ID: id, From: "x@bounces.example", Received: received}); err != nil {
		t.Fatal(err)
	}
}

func (h *house) signals(t *testing.T, key incident.Key) []incident.Signal {
	t.Helper()
	live, err := h.store.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return live.Signals
}

const trouble = "Our staff have been unable to log in for ten minutes."

func TestReport(t *testing.T) {
	h := newHouse(t)
	h.put("m1", "pat@kstate.example", "", "", trouble)
	h.receive(t, "m1")
	s := h.signals(t, "login")
	if len(s) != 1 || s[0].Report == nil || s[0].Report.Urgency != "urgent" || !s[0].Report.Known || !s[0].Report.Proven ||
		s[0].Report.Reporter.Address != "pat@kstate.example" || s[0].Report.Reporter.Silent != "" || !s[0].At.Equal(received) {
		t.Errorf("signals %+v", s)
	}
	if h.hints != 1 || len(h.read) != 1 {
		t.Errorf("%d hints, read %v", h.hints, h.read)
	}
	h.receive(t, "m1") // its event came twice: it is gone, and that is well
}

// A crash between the signal and the mark reads the mail again, to no effect.
func TestReadTwiceIsReadOnce(t *testing.T) {
	h := newHouse(t)
	h.put("m1", "pat@kstate.example", "", "", trouble)
	h.fail = errors.New("the bucket does not answer")
	if err := h.Receive(t.Context(), mail.Envelope{ID: "m1", Received: received}); err == nil {
		t.Fatal("a mail that is still listed as new counts as read")
	}
	h.fail = nil
	if err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := h.signals(t, "login"); len(s) != 1 {
		t.Errorf("%d signals", len(s))
	}
	if len(h.mails) != 0 {
		t.Error("the mail is still new")
	}
}

// The time of a mail that no event brought is when it was stored.
func TestSweepKeepsTheTime(t *testing.T) {
	h := newHouse(t)
	h.put("m1", "pat@kstate.example", "", "", trouble)
	if err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := h.signals(t, "login"); len(s) != 1 || !s[0].At.Equal(received.Add(-time.Hour)) {
		t.Errorf("signals %+v", s)
	}
}

// What is no report is kept with its reason and marked as read; nothing else
// comes of it.
func TestKept(t *testing.T) {
	for name, c := range map[string]struct{ from, verdicts, headers, text string }{
		"spam":          {"pat@kstate.example", "X-SES-Spam-Verdict: FAIL\nX-SES-Virus-Verdict: PASS\n", "", trouble},
		"a virus":       {"pat@kstate.example", "X-SES-Spam-Verdict: PASS\nX-SES-Virus-Verdict: FAIL\n", "", trouble},
		"harmless":      {"pat@kstate.example", "", "", "Could you send us the invoice for October? Thank you!"},
		"from the team": {"bo@newsroom.example", "", "", "We are looking into it."},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.put("m1", c.from, c.verdicts, c.headers, c.text)
			h.receive(t, "m1")
			if h.hints != 0 || len(h.read) != 1 {
				t.Errorf("%d hints, read %v", h.hints, h.read)
			}
		})
	}
}

// The team's answer in a reporter's thread keeps the promise.
func TestTeamsAnswer(t *testing.T) {
	h := newHouse(t)
	h.put("m1", "pat@kstate.example", "", "", trouble)
	h.receive(t, "m1")
	h.put("m2", "bo@newsroom.example", "", "In-Reply-To: <m1@kstate.example>\n", "We are looking into it.")
	h.receive(t, "m2")
	s := h.signals(t, "login")
	if len(s) != 2 || s[0].Answer == nil && s[1].Answer == nil {
		t.Errorf("signals %+v", s)
	}
}

// A provider where anybody has a mailbox says nothing of who writes: such a
// mail has a key of its own sender, without the address, which keys and logs
// are no place for.
func TestFreemail(t *testing.T) {
	h := newHouse(t)
	h.put("m1", "ann.smith@gmail.com", "", "", "The whole site is down for everyone here, since 9pm.")
	h.receive(t, "m1")
	if strings.Contains(h.log.String(), "ann.smith") {
		t.Errorf("the log names the customer: %s", &h.log)
	}
	key := incident.Key("mail/" + incident.Reporter{Address: "ann.smith@gmail.com"}.ID())
	if s := h.signals(t, key); len(s) != 1 {
		t.Errorf("%d signals under %s", len(s), key)
	}
}

// An id that somebody was forwarded makes nobody a part of its thread; a
// colleague of the reporter's has one.
func TestWhoHasAPartInAThread(t *testing.T) {
	for from, want := range map[string]incident.Key{
		"lee@kstate.example":    "login",
		"eve@elsewhere.example": "mail/elsewhere.example",
	} {
		h := newHouse(t)
		h.put("m1", "pat@kstate.example", "", "", trouble)
		h.receive(t, "m1")
		h.put("m2", from, "", "In-Reply-To: <m1@kstate.example>\n", "It is terrible, nothing works, everything is down.")
		h.receive(t, "m2")
		if n := len(h.signals(t, want)); n == 0 || want == "login" && n != 2 {
			t.Errorf("%s: %d signals under %s", from, n, want)
		}
	}
}

// A helpdesk that acknowledges by itself has answered nobody.
func TestAnAutomaticMailOfTheTeamIsNoAnswer(t *testing.T) {
	h := newHouse(t)
	h.put("m1", "pat@kstate.example", "", "", trouble)
	h.receive(t, "m1")
	h.put("m2", "bo@newsroom.example", "", "In-Reply-To: <m1@kstate.example>\nAuto-Submitted: auto-replied\n", "We got your ticket.")
	h.receive(t, "m2")
	if s := h.signals(t, "login"); len(s) != 1 {
		t.Errorf("%d signals", len(s))
	}
}

// The team's answer is to whose thread it stands in, and to whom it is
// addressed; nobody else hears of it.
func TestWhomAnAnswerIsTo(t *testing.T) {
	h := newHouse(t)
	h.put("m1", "pat@kstate.example", "", "", trouble)
	h.receive(t, "m1")
	h.put("m2", "kim@bruin.example", "", "", trouble)
	h.receive(t, "m2")
	h.put("m3", "bo@newsroom.example", "", "References: <m1@kstate.example>\n", "We are looking into it.")
	h.receive(t, "m3")
	id := func(address string) string { return incident.Reporter{Address: address}.ID() }
	for _, s := range h.signals(t, "login") {
		if s.Answer != nil && (!slices.Contains(s.Answer.Reporters, id("pat@kstate.example")) || slices.Contains(s.Answer.Reporters, id("kim@bruin.example"))) {
			t.Errorf("it answers %v", s.Answer.Reporters)
		}
	}
}

// Reports that come at the same time and say nothing else in common are of one
// incident, though neither is folded yet.
func TestReportsThatComeAtOnceMeet(t *testing.T) {
	h := newHouse(t)
	h.put("m1", "pat@kstate.example", "", "", "Everything is down here, help!")
	h.put("m2", "kim@bruin.example", "", "", "The whole site is down for everyone.")
	h.receive(t, "m1")
	h.receive(t, "m2")
	if s := h.signals(t, "mail/kstate.example"); len(s) != 2 {
		t.Errorf("%d signals", len(s))
	}
}

// What a customer's mail reveals of their clock and language goes with it.
func TestZoneAndLanguage(t *testing.T) {
	h := newHouse(t)
	h.put("m1", "pat@kstate.example", "", "Date: Tue, 03 Nov 2026 22:00:00 -0600\n", "Hola, nuestros redactores no pueden entrar, log in falla desde hace diez minutos.")
	h.receive(t, "m1")
	s := h.signals(t, "login")
	if len(s) != 1 {
		t.Fatalf("%d signals", len(s))
	}
	if r := s[0].Report.Reporter; r.Zone != "-06:00" || r.Language != "es" {
		t.Errorf("zone %q, language %q", r.Zone, r.Language)
	}
}
