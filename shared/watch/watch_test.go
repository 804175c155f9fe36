package watch_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/amend"
	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
	"rouse/shared/reach"
	"rouse/shared/record"
	"rouse/shared/watch"
)

const team = `
service: Newsroom
responders:
  ana: {name: Ana Ruiz, zone: America/Chicago, phone: "+13105550100", email: ana@example.com}
  bo: {name: Bo Lind, zone: America/Chicago, phone: "+13125550101"}
schedules:
  primary:
    zone: America/Chicago
    layers:
      - {name: base, rotation: [ana], every: 1w, start: 2026-01-05T09:00}
policies:
  default:
    steps:
      - {page: [schedule/primary], wait: 3m}
      - {page: [bo], wait: 3m}
checks:
  login: {http: {url: "https://app.example.com/login"}}
coverage: {owner: bo}
drill: {days: wed, at: "11:00", schedule: primary}
watch: {ping: "https://switch.example/secret"}
`

// monday is a Monday at 09:00 in Chicago, long before the drill.
var monday = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)

// house is a deployment in which all is well, until a test sees to it.
type house struct {
	t      *testing.T
	clock  *clock.Virtual
	store  *store
	watch  *watch.Watch
	router *loop.Loop

	account account
	mails   []string // subject and text of each
	rings   []string // lines to phones
	pings   int
	pinging error
	telling error
	paged   []string
	dead    bool // the router does not come by
}

// store is one whose reads can fail.
type store struct {
	*memstore.Store
	fails map[string]error
}

func (s *store) Standing(ctx context.Context) (amend.Standing, error) {
	found, _ := s.Store.Standing(ctx)
	return found, s.fails["standing"]
}

func (s *store) Open(ctx context.Context) ([]incident.Incident, error) {
	if err := s.fails["open"]; err != nil {
		return nil, err
	}
	return s.Store.Open(ctx)
}

func (s *store) Beats(ctx context.Context) (map[string]time.Time, error) {
	if err := s.fails["beats"]; err != nil {
		return nil, err
	}
	return s.Store.Beats(ctx)
}

func (s *store) Checks(ctx context.Context, names []string) (map[string]check.State, error) {
	if err := s.fails["checks"]; err != nil {
		return nil, err
	}
	return s.Store.Checks(ctx, names)
}

func (s *store) PutReach(ctx context.Context, f reach.Fact) error {
	if err := s.fails["reach"]; err != nil {
		return err
	}
	return s.Store.PutReach(ctx, f)
}

func (s *store) PutSignal(ctx context.Context, sig incident.Signal) (bool, error) {
	if err := s.fails["signal"]; err != nil {
		return false, err
	}
	return s.Store.PutSignal(ctx, sig)
}

func (s *store) SaveWatch(ctx context.Context, w record.Watch) error {
	if err := s.fails["save"]; err != nil {
		return err
	}
	return s.Store.SaveWatch(ctx, w)
}

// account is what AWS would say.
type account struct {
	subscriptions map[string][]watch.Subscription
	optedOut      []string
	sandbox       *watch.Sandbox
	spent, limit  float64
	depth         map[string]int
	fails         map[string]error
	calls         map[string]int
}

func (a *account) call(name string) error {
	a.calls[name]++
	return a.fails[name]
}

func (a *account) Subscriptions(_ context.Context, topic string) ([]watch.Subscription, error) {
	return a.subscriptions[topic], errors.Join(a.call("subscriptions"), a.fails["subscriptions/"+topic])
}

func (a *account) OptedOut(_ context.Context, phone string) (bool, error) {
	return slices.Contains(a.optedOut, phone), a.call("opted out")
}

func (a *account) Sandbox(context.Context) (*watch.Sandbox, error) {
	return a.sandbox, a.call("sandbox")
}

func (a *account) Spent(context.Context) (float64, error) { return a.spent, a.call("spend") }

func (a *account) Limit(context.Context) (float64, error) { return a.limit, a.call("limit") }

func (a *account) Depth(_ context.Context, url string) (int, error) {
	return a.depth[url], a.call("depth")
}

func (h *house) Tell(_ context.Context, subject, text string) error {
	if h.telling != nil {
		return h.telling
	}
	h.mails = append(h.mails, subject+"\n"+text)
	return nil
}

func (h *house) Ring(ctx context.Context, subject, text, line string) error {
	if err := h.Tell(ctx, subject, text); err != nil {
		return err
	}
	h.rings = append(h.rings, line)
	return nil
}

func (h *house) Router(context.Context, loop.Hint, time.Time) error { return nil }
func (h *house) Desk(context.Context) error                         { return nil }

func (h *house) Send(_ context.Context, d loop.Delivery) error {
	h.paged = append(h.paged, d.Who+":"+d.Channel+":"+string(d.Pages[0].Kind))
	return nil
}

func move(t *testing.T, yaml string, at time.Time) *house {
	t.Helper()
	c, err := config.Parse([]byte(yaml), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, clock: clock.NewVirtual(at), store: &store{memstore.New(), map[string]error{}}}
	on := func(protocol, endpoint string) watch.Subscription {
		return watch.Subscription{Protocol: protocol, Endpoint: endpoint, Confirmed: true}
	}
	h.account = account{limit: 50, depth: map[string]int{}, fails: map[string]error{}, calls: map[string]int{}, subscriptions: map[string][]watch.Subscription{
		"topic-ana": {on("sms", "+13105550100"), on("email", "ana@example.com")},
		"topic-bo":  {on("sms", "+13125550101")},
		"ring":      {on("sms", "+13125550101")},
		"tell":      {on("email", "ana@example.com")},
	}}
	h.watch = &watch.Watch{
		Config: c, Store: h.store, Hints: h, Account: &h.account, Teller: h, Clock: h.clock, Log: slog.New(slog.DiscardHandler),
		Ping:       func(context.Context, string) error { h.pings++; return h.pinging },
		Deployment: record.Deployment{Topics: map[string]string{"ana": "topic-ana", "bo": "topic-bo"}, Ring: "ring", Tell: "tell", Dead: map[string]string{"router": "router-dead"}},
	}
	source := &amend.Source{Deployed: c.Team(), Store: h.store, Clock: h.clock, Log: h.watch.Log}
	h.router = &loop.Loop{Store: h.store, Clock: h.clock, Team: source.Team, Sender: h, Hints: h, Log: h.watch.Log}
	return h
}

// passes lets minutes pass, in each of which the router, the probe and watch
// come by. It returns the first error of watch.
func (h *house) passes(minutes int) (first error) {
	h.t.Helper()
	for range minutes {
		at := h.clock.Now().Add(time.Minute)
		h.clock.At(at, func() {
			ctx := context.Background()
			if !h.dead {
				h.must(h.router.Sweep(ctx, h.store))
				h.must(h.store.Beat(ctx, "router", at))
				h.must(h.store.Beat(ctx, "probe", at))
				state, err := h.store.LoadCheck(ctx, "login")
				h.must(err)
				state = state.Add(check.Params{}, check.Sample{At: at, OK: true}).Tick(check.Params{}, at.Add(time.Second))
				state.Rev++
				h.must(h.store.SaveCheck(ctx, "login", state))
			}
			if err := h.watch.Run(ctx); first == nil {
				first = err
			}
		})
		h.clock.Run(at)
	}
	return first
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// told returns the mails since the last call, and fails the test unless each
// holds the words that are wanted of it, in order.
func (h *house) told(want ...string) {
	h.t.Helper()
	mails := h.mails
	h.mails = nil
	if len(mails) != len(want) {
		h.t.Errorf("%d mails, want %d:\n%s", len(mails), len(want), strings.Join(mails, "\n---\n"))
		return
	}
	for i, w := range want {
		if !strings.Contains(mails[i], w) {
			h.t.Errorf("mail %d does not say %q:\n%s", i+1, w, mails[i])
		}
		for _, secret := range []string{"+1", "@example.com", "topic-", "switch.example"} {
			if strings.Contains(mails[i], secret) {
				h.t.Errorf("mail %d repeats %q:\n%s", i+1, secret, mails[i])
			}
		}
	}
}

func (h *house) pinged(want int) {
	h.t.Helper()
	if h.pings != want {
		h.t.Errorf("pinged %d times, want %d", h.pings, want)
	}
	h.pings = 0
}

func (h *house) rang(want ...string) {
	h.t.Helper()
	if len(h.rings) != len(want) {
		h.t.Errorf("rang %q, want %q", h.rings, want)
	}
	for i := range min(len(want), len(h.rings)) {
		if !strings.Contains(h.rings[i], want[i]) {
			h.t.Errorf("rang %q, want %q", h.rings[i], want[i])
		}
	}
	h.rings = nil
}

func TestAllIsWell(t *testing.T) {
	h := move(t, team, monday)
	h.must(h.passes(130))
	h.told()
	h.rang()
	h.pinged(130)
	if len(h.paged) > 0 {
		t.Errorf("paged %v", h.paged)
	}
	if n := h.account.calls["sandbox"]; n != 3 {
		t.Errorf("in 130 minutes the account was asked %d times", n)
	}
	for who, channels := range map[string][]escalation.Channel{"ana": {escalation.SMS, escalation.Email}, "bo": {escalation.SMS}} {
		for _, c := range channels {
			facts, err := h.store.Reach(t.Context())
			h.must(err)
			if !slices.ContainsFunc(facts, func(f reach.Fact) bool {
				return f.Who == who && f.Channel == c && f.Why == "" && h.clock.Now().Sub(f.Found) < time.Hour
			}) {
				t.Errorf("nothing is known of %s's %s: %v", who, c, facts)
			}
		}
	}
	if d, err := h.store.Deployment(t.Context()); err != nil || d.Topics["ana"] != "topic-ana" || d.At.IsZero() {
		t.Errorf("deployment %+v, err %v", d, err)
	}
}

// Each thing that keeps a message from somebody becomes the fact that paging
// goes by, and is told once.
func TestReach(t *testing.T) {
	for _, c := range []struct {
		name   string
		breaks func(*account)
		who    string
		on     escalation.Channel
		why    string
		cure   string
	}{
		{"never confirmed", func(a *account) { a.subscriptions["topic-ana"][1].Confirmed = false }, "ana", escalation.Email, "its subscription is not confirmed", "rouse confirm --resend ana"},
		{"vanished", func(a *account) { a.subscriptions["topic-ana"] = a.subscriptions["topic-ana"][:1] }, "ana", escalation.Email, "its subscription is gone", "rouse confirm --resend ana"},
		{"another address", func(a *account) { a.subscriptions["topic-bo"][0].Endpoint = "+13125550199" }, "bo", escalation.SMS, "its subscription is gone", "--resend bo"},
		{"opted out", func(a *account) { a.optedOut = []string{"+13125550101"} }, "bo", escalation.SMS, "the number has opted out", "text START"},
		{"sandbox", func(a *account) { a.sandbox = &watch.Sandbox{Verified: []string{"+13105550100"}} }, "bo", escalation.SMS, "the account is in the SMS sandbox, and the number is not verified there", "production access"},
		{"no money left", func(a *account) { a.spent = 50 }, "bo", escalation.SMS, "the month's money for SMS is spent", "raise the SMS spend limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := move(t, team, monday)
			c.breaks(&h.account)
			h.must(h.passes(1))
			if len(h.mails) != 1 || !strings.Contains(h.mails[0], fmt.Sprintf("%s does not reach %s: %s", c.on, c.who, c.why)) || !strings.Contains(h.mails[0], c.cure) {
				t.Errorf("told %q", h.mails)
			}
			facts, err := h.store.Reach(t.Context())
			h.must(err)
			if got := reach.Unreachable(facts, h.clock.Now())(c.who, c.on); got != c.why {
				t.Errorf("the fact is %q, want %q", got, c.why)
			}
			h.mails = nil
			h.must(h.passes(200))
			h.told()
		})
	}
}

// Whoever cannot be reached by anything is no cover: their shift is a hole, at
// once, and somebody is paged about it.
func TestWhoCannotBeReachedIsNoCover(t *testing.T) {
	h := move(t, team, monday)
	h.account.subscriptions["topic-ana"] = nil
	h.must(h.passes(1))
	h.told("its subscription is gone") // the facts count from the next minute on
	h.must(h.passes(2))
	h.told("ana cannot be reached (sms: its subscription is gone; email: its subscription is gone)")
	if want := []string{"bo:sms:wake"}; !slices.Equal(h.paged, want) {
		t.Errorf("paged %v, want %v", h.paged, want)
	}
	h.pinged(1)
	h.account.subscriptions["topic-ana"] = []watch.Subscription{{Protocol: "sms", Endpoint: "+13105550100", Confirmed: true}, {Protocol: "email", Endpoint: "ana@example.com", Confirmed: true}}
	h.paged = nil
	h.must(h.passes(62))
	if !slices.Contains(h.paged, "bo:sms:over") {
		t.Errorf("paged %v; nobody hears that it is mended", h.paged)
	}
	live, err := h.store.Load(t.Context(), "coverage/primary")
	h.must(err)
	if live.Incident.State != incident.Resolved {
		t.Errorf("it is %s", live.Incident.State)
	}
}

// A hole is told when it comes near: within the horizon, a week, a day, and by
// a page within the hour; amendments count at once.
func TestHolesAhead(t *testing.T) {
	h := move(t, team, monday)
	from := monday.Add(10 * 24 * time.Hour)
	h.must(h.store.Amend(t.Context(), amend.Amendment{ID: "a", Who: []string{"ana"}, From: from, To: from.Add(5 * time.Hour), Why: "London", At: monday}))
	at := func(before time.Duration) {
		t.Helper()
		h.dead = true // nothing else matters while time flies
		h.clock.Run(from.Add(-before - time.Minute))
		h.dead = false
		h.passes(1)
	}
	h.must(h.passes(1))
	h.told("nobody would be woken from Thu 3 Dec 09:00 CST to Thu 3 Dec 14:00 CST: ana is away (London)")
	h.passes(5)
	h.told()
	at(7*24*time.Hour + time.Minute)
	h.told("the drill was left out") // that of Wednesday: time has jumped
	at(7 * 24 * time.Hour)
	h.told("nobody would be woken")
	h.passes(1)
	h.told("ana is away (London), and has a turn in primary")
	at(24*time.Hour + time.Minute)
	h.mails = nil // how the drill was left out
	at(24 * time.Hour)
	h.told("nobody would be woken")
	at(time.Hour + time.Minute)
	h.mails = nil
	if len(h.paged) > 0 {
		t.Errorf("paged %v, more than an hour before", h.paged)
	}
	at(time.Hour)
	h.told("nobody would be woken")
	h.pinged(h.pings)
	h.must(h.passes(1))
	if want := []string{"bo:sms:wake"}; !slices.Equal(h.paged, want) {
		t.Errorf("paged %v, want %v", h.paged, want)
	}
	h.pinged(0)
	h.must(h.passes(70)) // it has begun by now
	h.told()
	live, err := h.store.Load(t.Context(), "coverage/primary")
	h.must(err)
	if in := live.Incident; in.State != incident.Triggered || in.Severity != incident.Suspected || !in.Hole.From.Equal(from) {
		t.Errorf("%s %s about %+v", in.State, in.Severity, in.Hole)
	}
	h.must(h.passes(5 * 60))
	if live, _ := h.store.Load(t.Context(), "coverage/primary"); live.Incident.State != incident.Resolved {
		t.Errorf("after it, it is %s", live.Incident.State)
	}
}

func TestSilence(t *testing.T) {
	h := move(t, team, monday)
	h.must(h.passes(5))
	h.dead = true
	h.pings = 0
	h.must(h.passes(3))
	h.told()
	h.pinged(3)
	h.must(h.passes(10))
	if len(h.mails) != 2 {
		t.Fatalf("told %q", h.mails)
	}
	if text := strings.Join(h.mails, ""); !strings.Contains(text, "router has not come to the end of its minute since Mon 23 Nov 09:05 CST") || !strings.Contains(text, "check login has not been sampled since") {
		t.Errorf("told %s", text)
	}
	h.pinged(0)
	h.mails = nil
	h.dead = false
	h.must(h.passes(10))
	h.pinged(10)
	h.told()
}

func TestNothingHasEverRun(t *testing.T) {
	h := move(t, team, monday)
	h.dead = true
	h.must(h.passes(6))
	h.told() // it may be just about to
	h.must(h.passes(15))
	if text := strings.Join(h.mails, ""); !strings.Contains(text, "router has never come to the end of its minute") || !strings.Contains(text, "check login has never been sampled") {
		t.Errorf("told %s", text)
	}
}

// What is overdue although sweeps come by rings phones: nothing else does.
func TestOverdue(t *testing.T) {
	h := move(t, team, monday)
	h.must(h.passes(5))
	h.router.Team = func(context.Context) (loop.Team, error) { return loop.Team{}, errors.New("broken") }
	_, err := h.store.PutSignal(t.Context(), incident.Signal{ID: "s", Key: "login", Kind: incident.KindCheck, At: h.clock.Now(), Check: &incident.CheckSignal{Check: "login", Evidence: incident.Evidence{Red: true}}})
	h.must(err)
	h.pings = 0
	for range 6 { // a router whose sweep fails for one key still beats here
		at := h.clock.Now().Add(time.Minute)
		h.clock.At(at, func() {
			h.must(h.store.Beat(t.Context(), "router", at))
			h.must(h.store.Beat(t.Context(), "probe", at))
			h.must(h.watch.Run(t.Context()))
		})
		h.clock.Run(at)
	}
	h.rang("what was due for login more than 3m ago has not been done")
	h.pinged(4)
}

func TestPromiseAndRoundThatReachesNobody(t *testing.T) {
	h := move(t, team, monday)
	in := incident.Incident{ID: "i1", Key: "login", Version: 1, Turn: 1, State: incident.Triggered, Severity: incident.Confirmed, Broken: true, EmptyRounds: 1,
		Opened: monday, NextStep: monday.Add(24 * time.Hour), Round: 1}
	h.must(h.store.Commit(t.Context(), loop.Commit{Before: incident.Incident{Key: "login"}, After: in, At: monday}))
	h.must(h.passes(1))
	h.told("2 things")
	h.rang("a whole round of incident i1 reached nobody")
	h.pinged(0)
	h.must(h.passes(10))
	h.told()
	h.rang()
}

func TestAwayOnShift(t *testing.T) {
	h := move(t, strings.Replace(team, "overrides", "", 1), monday)
	from := monday.Add(30 * time.Hour)
	h.must(h.store.Amend(t.Context(), amend.Amendment{ID: "o", Schedule: "primary", Who: []string{"bo"}, From: from, To: from.Add(2 * time.Hour), At: monday}))
	h.must(h.store.Amend(t.Context(), amend.Amendment{ID: "a", Who: []string{"ana"}, From: from.Add(-time.Hour), To: from.Add(2 * time.Hour), Why: "dentist", At: monday}))
	h.must(h.passes(1))
	if len(h.mails) != 1 || !strings.Contains(h.mails[0], "ana is away (dentist), and has a turn in primary at Tue 24 Nov 14:00 CST: nobody holds it") || !strings.Contains(h.mails[0], "nobody would be woken from Tue 24 Nov 14:00 CST to Tue 24 Nov 15:00 CST") {
		t.Errorf("told %q", h.mails)
	}
}

// A drill begins at its time, pages the shift alone, and the owner hears how
// it ended.
func TestDrill(t *testing.T) {
	begins := time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC)
	for _, answers := range []bool{true, false} {
		h := move(t, team, begins.Add(-5*time.Minute))
		h.must(h.passes(5))
		if len(h.paged) > 0 {
			t.Fatalf("paged %v before it is time", h.paged)
		}
		h.must(h.passes(1))
		if want := []string{"ana:email:drill", "ana:sms:drill"}; !slices.Equal(slices.Sorted(slices.Values(h.paged)), want) {
			t.Fatalf("paged %v, want %v", h.paged, want)
		}
		h.told()
		want := "Newsroom drill: ana did not answer\nDrill of Wed 25 Nov 11:01 CST:\n\nAna Ruiz did not answer."
		if answers {
			want = "Newsroom drill: everybody answered\nDrill of Wed 25 Nov 11:01 CST:\n\nAna Ruiz answered after 30s."
			h.clock.At(h.clock.Now().Add(30*time.Second), func() {
				live, err := h.store.Load(t.Context(), "drill/20261125T1700")
				h.must(err)
				_, err = h.store.PutSignal(t.Context(), incident.Signal{ID: "tap", Key: "drill/20261125T1700", Kind: incident.KindTap, At: h.clock.Now(), Incident: live.Incident.ID,
					Tap: &incident.TapSignal{Action: incident.ActAcknowledge, Who: "ana", Via: "link"}})
				h.must(err)
				_, err = h.router.Run(t.Context(), loop.Hint{Key: "drill/20261125T1700"})
				h.must(err)
			})
		}
		h.must(h.passes(20))
		h.told(want)
		if len(h.paged) != 2 {
			t.Errorf("paged %v", h.paged)
		}
		h.must(h.passes(60))
		h.told()
	}
}

// A drill waits for no outage, and one that nobody could begin is not made up
// for hours later.
func TestDrillIsLeftOut(t *testing.T) {
	begins := time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC)
	h := move(t, team, begins.Add(-5*time.Minute))
	in := incident.Incident{ID: "i1", Key: "login", Version: 1, Turn: 1, State: incident.Triggered, Opened: begins, NextStep: begins.Add(24 * time.Hour), Round: 1}
	h.must(h.store.Commit(t.Context(), loop.Commit{Before: incident.Incident{Key: "login"}, After: in, At: begins}))
	h.must(h.passes(10))
	h.told("the drill was left out")
	if len(h.paged) > 0 {
		t.Errorf("paged %v", h.paged)
	}
	h = move(t, team, begins.Add(-5*time.Minute))
	h.must(h.passes(1))
	h.clock.Run(begins.Add(time.Hour))
	h.must(h.passes(1))
	if !strings.Contains(strings.Join(h.mails, ""), "nobody was there to begin it") || len(h.paged) > 0 {
		t.Errorf("told %q, paged %v", h.mails, h.paged)
	}
}

// Of each call that fails it is told, when it goes on; nothing that was known
// is forgotten, and the others go on.
func TestAccountFails(t *testing.T) {
	for call, words := range map[string]string{
		"subscriptions": "who is subscribed to ana's topic could not be asked: throttled",
		"opted out":     "whether ana's number has opted out could not be asked: throttled",
		"sandbox":       "whether the account is in the SMS sandbox could not be asked: throttled",
		"limit":         "what SMS have cost this month could not be asked: throttled",
		"spend":         "what SMS have cost this month could not be asked: throttled",
		"depth":         "how many dead letters router has could not be asked: throttled",
	} {
		t.Run(call, func(t *testing.T) {
			h := move(t, team, monday)
			h.account.optedOut = []string{"+13125550101"}
			h.account.depth["router-dead"] = 2
			h.must(h.passes(1))
			h.told("2 things")
			h.account.fails[call] = errors.New("throttled")
			before := h.account.calls[call]
			h.must(h.passes(59))
			if h.account.calls[call] != before {
				t.Errorf("asked again within the hour")
			}
			h.must(h.passes(20))
			h.told()
			if n := h.account.calls[call] - before; n < 2 {
				t.Errorf("asked %d times after it failed", n)
			}
			h.must(h.passes(30))
			if len(h.mails) != 1 || !strings.Contains(h.mails[0], words) {
				t.Errorf("told %q, want %q", h.mails, words)
			}
			facts, err := h.store.Reach(t.Context())
			h.must(err)
			unreachable := reach.Unreachable(facts, h.clock.Now())
			if why := unreachable("bo", escalation.SMS); why != "the number has opted out" {
				t.Errorf("bo's number is believed to be: %q", why)
			}
			if why := unreachable("ana", escalation.Email); why != "" {
				t.Errorf("ana's mailbox is believed to be: %q", why)
			}
			h.mails = nil
			h.account.fails[call] = nil
			h.must(h.passes(200))
			h.told()
		})
	}
}

// What the table does not answer is an error of the run, so that the alarm on
// silence rings, and is not taken for an end of what was found.
func TestStoreFails(t *testing.T) {
	for _, what := range []string{"standing", "open", "beats", "checks"} {
		h := move(t, team, monday)
		h.must(h.passes(2))
		h.store.fails[what] = errors.New("throttled")
		h.pings = 0
		if err := h.passes(1); err == nil || !strings.Contains(err.Error(), "throttled") {
			t.Errorf("%s: err %v", what, err)
		}
		h.pinged(0)
		h.told()
	}
}

// What cannot be told, kept or raised now is, later.
func TestNothingIsLost(t *testing.T) {
	h := move(t, team, monday)
	h.account.optedOut = []string{"+13125550101"}
	h.telling = errors.New("SNS is down")
	if err := h.passes(3); err == nil || !strings.Contains(err.Error(), "tried again") {
		t.Errorf("err %v", err)
	}
	h.telling = nil
	h.must(h.passes(1))
	h.told("the number has opted out")

	h = move(t, team, monday)
	h.store.fails["reach"] = errors.New("throttled")
	if err := h.passes(1); err == nil {
		t.Error("no error")
	}
	delete(h.store.fails, "reach")
	h.must(h.passes(12))
	if facts, err := h.store.Reach(t.Context()); err != nil || len(facts) != 3 {
		t.Errorf("facts %v, err %v", facts, err)
	}

	begins := time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC)
	h = move(t, team, begins.Add(-2*time.Minute))
	h.must(h.passes(1))
	h.store.fails["signal"] = errors.New("throttled")
	if err := h.passes(3); err == nil {
		t.Error("no error")
	}
	delete(h.store.fails, "signal")
	h.must(h.passes(2))
	if len(h.paged) != 2 {
		t.Errorf("paged %v", h.paged)
	}
}

// Two at once are one, and a switch that does not answer is nobody's concern.
func TestOneAtATime(t *testing.T) {
	h := move(t, team, monday)
	h.pinging = errors.New("timeout")
	mine, err := h.store.Hold(t.Context(), "watch", "another", h.clock.Now(), h.clock.Now().Add(90*time.Second))
	if err != nil || !mine {
		t.Fatal(mine, err)
	}
	h.must(h.passes(1))
	h.pinged(0)
	h.must(h.passes(1))
	h.pinged(1)
}

// What comes and goes is told once a day.
func TestFlapping(t *testing.T) {
	h := move(t, team, monday)
	for i := range 20 {
		h.account.depth["router-dead"] = i % 2
		h.must(h.passes(60))
	}
	h.told("router has 1 dead letters")
}
