package desk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/desk"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/mail"
	"rouse/shared/memstore"
	"rouse/shared/wording"
)

var night = time.Date(2026, 11, 4, 3, 50, 0, 0, time.UTC)

// carrier is SES: it keeps whom it took mails for, and can refuse some.
type carrier struct {
	took    []string
	raw     [][]byte
	refuses int
	takes   func() // if not nil, called for each
}

func (c *carrier) SendRaw(_ context.Context, to string, raw []byte) (string, error) {
	if c.takes != nil {
		c.takes()
	}
	c.raw = append(c.raw, raw)
	if c.refuses > 0 {
		c.refuses--
		return "", errors.New("throttled")
	}
	c.took = append(c.took, to)
	return fmt.Sprintf("<%d@ses.example>", len(c.took)), nil
}

// house is a desk with an incident that customers can write about.
type house struct {
	*desk.Desk
	t     *testing.T
	clock *clock.Virtual
	store *memstore.Store
	ses   *carrier
	id    incident.ID // of the incident that they write about
	n     int
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, clock: clock.NewVirtual(night), store: memstore.New(), ses: &carrier{}, id: "20261104-aaaaaa"}
	h.Desk = &desk.Desk{
		Store: h.store, Mailer: h.ses, Clock: h.clock, Log: slog.New(slog.DiscardHandler), Service: "Newsroom",
		From: mail.Address{Address: "support@newsroom.example"}, Us: mail.Us{IDDomain: "in.newsroom.example"}, Zone: time.UTC,
	}
	return h
}

// writes has a report folded, as the loop would.
func (h *house) writes(r incident.Reporter) {
	h.t.Helper()
	ctx := context.Background()
	live, err := h.store.Load(ctx, "login")
	if err != nil {
		h.t.Fatal(err)
	}
	before := live.Incident
	after := before
	after.Key, after.ID, after.State = "login", h.id, incident.Triggered
	after.Version++
	h.n++
	s := incident.Signal{ID: fmt.Sprintf("mail-%d", h.n), Key: "login", At: h.clock.Now(), Report: &incident.ReportSignal{Reporter: r}}
	if _, err := h.store.PutSignal(ctx, s); err != nil {
		h.t.Fatal(err)
	}
	rest := loop.Rest{
		Version: after.Version, Incident: after.ID, Signals: []string{s.ID}, Reporters: []incident.Reporter{r},
		Received: &loop.Broadcast{
			ID: fmt.Sprintf("%s/received/%d", after.ID, after.Version), Incident: after.ID, Key: "login",
			Notice: incident.Notice{Kind: incident.NoticeReceived, At: h.clock.Now()}, Only: []string{r.ID()},
		},
	}
	if err := h.store.Commit(ctx, loop.Commit{Before: before, After: after, Rest: rest, At: h.clock.Now()}); err != nil {
		h.t.Fatal(err)
	}
	if err := h.store.Unpack(ctx, "login", rest); err != nil {
		h.t.Fatal(err)
	}
}

// says has a responder's words committed, as the loop would.
func (h *house) says(who, text string) {
	h.t.Helper()
	ctx := context.Background()
	live, err := h.store.Load(ctx, "login")
	if err != nil {
		h.t.Fatal(err)
	}
	after := live.Incident
	after.Version++
	words := loop.Broadcast{
		ID: fmt.Sprintf("%s/words/%d", after.ID, after.Version), Incident: after.ID, Key: "login",
		Notice: incident.Notice{Kind: incident.NoticeWords, At: h.clock.Now(), Who: who, Text: text},
	}
	if err := h.store.Commit(ctx, loop.Commit{Before: live.Incident, After: after, Broadcasts: []loop.Broadcast{words}, At: h.clock.Now()}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) runs() {
	h.t.Helper()
	if err := h.Run(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

// An out-of-office note gets no answer, and the person behind it, who writes
// afterwards, does.
func TestMachineDoesNotSilenceAPerson(t *testing.T) {
	h := newHouse(t)
	h.writes(incident.Reporter{Address: "news@kstate.example", Silent: "it is an automatic mail"})
	h.runs()
	if len(h.ses.took) > 0 {
		t.Fatalf("answered a machine: %v", h.ses.took)
	}
	person := incident.Reporter{Address: "News@kstate.example"}
	h.writes(person)
	h.runs()
	h.writes(person) // is told once that we have their message
	h.runs()
	if want := []string{"News@kstate.example"}; !slices.Equal(h.ses.took, want) {
		t.Errorf("answered %v, want %v", h.ses.took, want)
	}
}

// Who is turned away by a carrier is answered by the next sweep.
func TestTurnedAwayIsTriedAgainSoon(t *testing.T) {
	h := newHouse(t)
	h.ses.refuses = 1
	h.writes(incident.Reporter{Address: "news@kstate.example"})
	h.runs()
	var waited time.Duration
	for len(h.ses.took) == 0 && waited < time.Hour {
		waited += time.Minute
		h.clock.Run(night.Add(waited))
		h.runs()
	}
	if waited > time.Minute {
		t.Errorf("answered after %s", waited)
	}
}

// mortal is a store that the desk loses in the middle of a walk.
type mortal struct {
	desk.Store
	dead bool
}

func (m *mortal) Reporters(ctx context.Context, id incident.ID, after string, limit int) ([]incident.Reporter, error) {
	if m.dead && after != "" {
		return nil, errors.New("died")
	}
	return m.Store.Reporters(ctx, id, after, limit)
}

// A desk that dies after it could not tell somebody leaves them to the next,
// however far it had come.
func TestDeathForgetsNobody(t *testing.T) {
	h := newHouse(t)
	const reporters = 150 // more than one page of a walk
	for i := range reporters {
		h.writes(incident.Reporter{Address: fmt.Sprintf("r%d@kstate.example", i)})
	}
	for range reporters {
		h.runs()
	}
	ctx := context.Background()
	live, err := h.store.Load(ctx, "login")
	if err != nil {
		t.Fatal(err)
	}
	after := live.Incident
	after.Version++
	closing := loop.Broadcast{
		ID: fmt.Sprintf("%s/closing/%d", after.ID, after.Version), Incident: after.ID, Key: "login",
		Notice: incident.Notice{Kind: incident.NoticeClosing, At: h.clock.Now()},
	}
	commit := loop.Commit{Before: live.Incident, After: after, Broadcasts: []loop.Broadcast{closing}, At: h.clock.Now()}
	if err := h.store.Commit(ctx, commit); err != nil {
		t.Fatal(err)
	}
	h.ses.took, h.ses.refuses = nil, 1
	h.Store = &mortal{h.store, true}
	if err := h.Run(ctx); err == nil {
		t.Fatal("it did not die")
	}
	h.Store = h.store
	h.clock.Run(night.Add(time.Minute))
	h.runs()
	if len(h.ses.took) != reporters {
		t.Errorf("told %d of %d", len(h.ses.took), reporters)
	}
}

// An address that is refused again and again is tried less and less often, and
// in the end given up, which the timeline tells.
func TestAnAddressThatIsRefusedIsGivenUp(t *testing.T) {
	h := newHouse(t)
	const refuses = 10_000
	h.ses.refuses = refuses
	h.writes(incident.Reporter{Address: "news@kstate.example", Org: "kstate.example"})
	for minute := range 30 * 60 {
		h.clock.Run(night.Add(time.Duration(minute) * time.Minute))
		h.runs()
	}
	if tries := refuses - h.ses.refuses; tries < 20 || tries > 100 {
		t.Errorf("tried %d times", tries)
	}
	events, err := h.store.Timeline(context.Background(), "20261104-aaaaaa")
	if err != nil || len(events) != 1 || events[0].Kind != "not told" {
		t.Errorf("the timeline tells %v, %v", events, err)
	}
	if walks, err := h.store.Walks(context.Background(), h.clock.Now().Add(24*time.Hour), 10); err != nil || len(walks) > 0 {
		t.Errorf("still to be walked: %v, %v", walks, err)
	}
}

// The limits of answers hold them back and drop none.
func TestTake(t *testing.T) {
	second := time.Second
	at := func(d time.Duration) time.Time { return night.Add(d) }
	for _, c := range []struct {
		name    string
		t       desk.Tally
		counts  bool
		n       int
		now     time.Duration
		first   time.Duration
		held    int
		tripped bool
	}{
		{"at first", desk.Tally{}, true, 3, 0, 0, 0, false},
		{"after others' turns", desk.Tally{Began: night, Next: at(4 * second)}, true, 3, 0, 4 * second, 0, false},
		{"the last of the hour", desk.Tally{Began: night, Count: 7}, true, 3, 0, 0, 0, false},
		{"beyond the hour's share", desk.Tally{Began: night, Count: 9}, true, 3, 0, 0, 2, true},
		{"what answers no mail does not count", desk.Tally{Began: night, Count: 9}, false, 3, 0, 0, 0, false},
		{"closed", desk.Tally{Began: night, Count: 10, Closed: at(15 * time.Minute)}, true, 3, time.Minute, time.Minute, 3, false},
		{"open again", desk.Tally{Began: night, Count: 10, Closed: at(15 * time.Minute)}, true, 3, 15 * time.Minute, 15 * time.Minute, 0, false},
		{"another hour", desk.Tally{Began: night, Count: 9}, true, 3, time.Hour, time.Hour, 0, false},
	} {
		s, after, tripped := desk.Take(c.t, c.counts, c.n, 10, second, at(c.now))
		if !s.First.Equal(at(c.first)) || s.Held != c.held || tripped != c.tripped {
			t.Errorf("%s: first %s, %d held, tripped %t", c.name, s.First.Sub(night), s.Held, tripped)
		}
		if want := s.First.Add(time.Duration(c.n-c.held) * second); !after.Next.Equal(want) {
			t.Errorf("%s: the next leaves at %s, want %s", c.name, after.Next.Sub(night), want.Sub(night))
		}
	}
}

// Beyond the hour's share everybody waits, somebody is alarmed, and everybody
// is answered all the same.
func TestTooManyAnswersWaitAndRing(t *testing.T) {
	h := newHouse(t)
	var log strings.Builder
	h.Log, h.AnswersPerHour = slog.New(slog.NewTextHandler(&log, nil)), 10
	for i := range 25 {
		h.writes(incident.Reporter{Address: fmt.Sprintf("r%d@kstate.example", i)})
	}
	h.runs()
	if len(h.ses.took) != 10 || strings.Count(log.String(), "alarm=answers-held-back") != 1 {
		t.Fatalf("answered %d, log:\n%s", len(h.ses.took), &log)
	}
	for minute := range 60 {
		h.clock.Run(night.Add(time.Duration(minute) * time.Minute))
		h.runs()
	}
	if slices.Sort(h.ses.took); len(slices.Compact(h.ses.took)) != 25 || len(h.ses.took) != 25 {
		t.Errorf("answered %d", len(h.ses.took))
	}
}

// One address is acknowledged three times an hour, of as many incidents; what
// is more comes later, and the timeline says so once.
func TestOneAddressHasItsShare(t *testing.T) {
	h := newHouse(t)
	pat := incident.Reporter{Address: "pat@kstate.example", Org: "kstate.example"}
	for i := range 5 {
		h.id = incident.ID(fmt.Sprintf("20261104-aaaaa%d", i))
		h.writes(pat)
		h.runs()
	}
	if len(h.ses.took) != 3 {
		t.Fatalf("answered %d times", len(h.ses.took))
	}
	for minute := range 70 {
		h.clock.Run(night.Add(time.Duration(minute) * time.Minute))
		h.runs()
	}
	if len(h.ses.took) != 5 {
		t.Errorf("answered %d times after an hour", len(h.ses.took))
	}
	events, err := h.store.Timeline(context.Background(), h.id)
	if err != nil || len(events) != 2 || events[0].Kind != "held back" || events[1].Kind != "told" {
		t.Errorf("the timeline tells %v, %v", events, err)
	}
}

// All desks together keep to the account's rate.
func TestThePaceIsTheAccounts(t *testing.T) {
	h := newHouse(t)
	h.Rate = func(context.Context) float64 { return 2 }
	for i := range 40 {
		h.writes(incident.Reporter{Address: fmt.Sprintf("r%d@kstate.example", i)})
	}
	for _, after := range []time.Duration{0, 0, 0, 20 * time.Second, 40 * time.Second} { // some of them at once
		h.clock.At(night.Add(after), h.runs)
	}
	var at []time.Time
	h.ses.takes = func() { at = append(at, h.clock.Now()) }
	h.clock.Run(night.Add(2 * time.Minute))
	if len(at) != 40 {
		t.Fatalf("answered %d", len(at))
	}
	for i := 1; i < len(at); i++ {
		if gap := at[i].Sub(at[i-1]); gap < 500*time.Millisecond {
			t.Errorf("mails %d and %d are %s apart", i-1, i, gap)
		}
	}
	if last := at[len(at)-1].Sub(night); last > 70*time.Second {
		t.Errorf("the last one left after %s", last)
	}
}

// An address that refuses our mail is sent nothing more, of any incident; the
// timeline tells once, without the address.
func TestAnAddressThatBouncesIsTurnedOff(t *testing.T) {
	h := newHouse(t)
	pat := incident.Reporter{Address: "Pat@kstate.example", Org: "kstate.example"}
	h.writes(pat)
	h.runs()
	bounce := desk.Feedback{ID: "f1", Kind: desk.Bounced, MessageID: "<1@ses.example>", To: []string{"pat@kstate.example"},
		Why: "smtp; 550 5.1.1 <pat@kstate.example>: no such user", At: h.clock.Now()}
	for range 2 {
		if err := h.Feedback(context.Background(), bounce); err != nil {
			t.Fatal(err)
		}
	}
	events, err := h.store.Timeline(context.Background(), h.id)
	if want := "bounced: smtp; 550 5.1.1 (the address) no such user; nothing is sent to this address any more"; err != nil || len(events) != 2 || events[1].Kind != "undelivered" || events[1].Why != want {
		t.Errorf("the timeline tells %v, %v", events, err)
	}
	h.id = "20261104-bbbbbb"
	h.writes(pat)
	h.runs()
	if len(h.ses.took) != 1 {
		t.Errorf("sent to %v", h.ses.took)
	}
	if events, _ = h.store.Timeline(context.Background(), h.id); len(events) != 1 || events[0].Kind != "not told" || !strings.Contains(events[0].Why, "nothing is sent to this address any more: bounced on 4 November 03:50 UTC") {
		t.Errorf("the timeline tells %v", events)
	}
}

// A mailbox that is full may be empty tomorrow.
func TestAPassingBounceIsOnlyNoted(t *testing.T) {
	h := newHouse(t)
	pat := incident.Reporter{Address: "pat@kstate.example"}
	h.writes(pat)
	h.runs()
	if err := h.Feedback(context.Background(), desk.Feedback{ID: "f1", Kind: desk.Bounced, Passing: true, MessageID: "<1@ses.example>", To: []string{pat.Address}}); err != nil {
		t.Fatal(err)
	}
	h.id = "20261104-bbbbbb"
	h.writes(pat)
	h.runs()
	if len(h.ses.took) != 2 {
		t.Errorf("sent to %v", h.ses.took)
	}
}

// Reporters are told times by their own clock and in their own language.
func TestTextIsTheReporters(t *testing.T) {
	h := newHouse(t)
	h.Languages = wording.Languages{wording.English(), wording.Spanish()}
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	h.Zone = chicago
	w := desk.Walk{Broadcast: loop.Broadcast{Incident: "20261104-aaaaaa", Notice: incident.Notice{Kind: incident.NoticeReceived, At: night}}}
	for _, c := range []struct{ zone, language, want string }{
		{"", "", "We have your message; a person will read it by 22:00 CST."},
		{"-06:00", "en", "We have your message; a person will read it by 22:00 CST."},
		{"-08:00", "", "We have your message; a person will read it by 20:00 UTC-08:00."},
		{"+05:30", "es", "Hemos recibido su mensaje; una persona lo leerá antes de las 09:30 UTC+05:30."},
		{"nonsense", "fr", "We have your message; a person will read it by 22:00 CST."},
	} {
		text := h.Text(w, incident.Reporter{Zone: c.zone, Language: c.language, By: night.Add(10 * time.Minute)})
		if got, _, _ := strings.Cut(text, "\n"); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.zone, c.language, got, c.want)
		}
	}
}

// Whatever a mail or an engineer says, it is text: it adds no header and no
// markup, and leads a mail to nobody else.
func TestHeadersAreOurs(t *testing.T) {
	h := newHouse(t)
	evil := "x\r\nBcc: eve@elsewhere.example\r\n\r\n<script>alert(1)</script>"
	r := incident.Reporter{Address: "pat@kstate.example", Name: evil, Org: evil, Subject: evil, MessageID: "<1@kstate.example>\r\nBcc: eve@elsewhere.example", References: []string{"<0@x>\r\nBcc: eve@elsewhere.example", evil}, Zone: evil, Language: evil, Quote: evil}
	h.writes(r)
	h.runs()
	h.says("ana", evil)
	h.runs()
	if len(h.ses.raw) != 2 {
		t.Fatalf("%d mails", len(h.ses.raw))
	}
	for _, raw := range h.ses.raw {
		m, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		for name := range m.Header {
			if !slices.Contains([]string{"From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted", "X-Auto-Response-Suppress", "In-Reply-To", "References"}, name) {
				t.Errorf("a header %s: %q", name, m.Header[name])
			}
		}
		if to, err := m.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != r.Address {
			t.Errorf("to %v, %v", to, err)
		}
		if strings.Contains(string(raw), "<script>alert(1)</script></p>") || strings.Contains(string(raw), "<p>x<br>\r\nBcc: eve@elsewhere.example<br>\r\n<script>") {
			t.Errorf("its page has a script:\n%s", raw)
		}
	}
}

// What a desk leaves due because its time is over is gone on with at once, by
// another one.
func TestWhatIsLeftGoesOnAtOnce(t *testing.T) {
	h := newHouse(t)
	woken := 0
	h.Again = func(context.Context) error { woken++; return nil }
	h.writes(incident.Reporter{Address: "pat@kstate.example"})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // too little to begin a mail
	defer cancel()
	if err := h.Run(ctx); err != nil || len(h.ses.took) != 0 || woken != 1 {
		t.Fatalf("%v, sent %v, woken %d times", err, h.ses.took, woken)
	}
	h.runs()
	if len(h.ses.took) != 1 || woken != 1 {
		t.Errorf("sent %v, woken %d times", h.ses.took, woken)
	}
}
