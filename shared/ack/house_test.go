package ack_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rouse/shared/ack"
	"rouse/shared/amend"
	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
)

const teamYAML = `
service: Newsroom
responders:
  ana: {name: Ana Ruiz, zone: America/Los_Angeles, phone: "+13105550100", email: ana@example.com}
  bo:  {name: Bo Lind, zone: America/Chicago, phone: "+13125550101", email: bo@example.com}
  cy:  {name: Cy Shah, zone: Europe/London, phone: "+447700900102", email: cy@example.com}
policies:
  default:
    steps:
      - {page: [bo], wait: 3m}
      - {page: [ana], wait: 3m}
      - {page: [everyone], wait: 3m}
    check_in: 30m
capabilities:
  login: {words: [log in, sign in, password]}
checks:
  login: {capability: login, http: {url: "https://app.example.com/login"}}
inbox: {address: alerts@in.example.com, team: [example.com], reply_from: support@example.com, answer_within: 10m}
`

// A house is Rouse around the screen, on a clock that stands still: a router
// that sends to nobody and remembers the links, and the screen's own server.
type house struct {
	t      testing.TB
	clock  *clock.Virtual
	store  *memstore.Store
	router *loop.Loop
	faulty *faulty
	screen http.Handler
	url    string

	mu    sync.Mutex
	links map[string][]string // responder to codes, the newest last
}

// at is 21:50 in Chicago on the night of the story.
var at = time.Date(2026, 11, 4, 3, 50, 0, 0, time.UTC)

func newHouse(t testing.TB) *house {
	c, err := config.Parse([]byte(teamYAML), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, clock: clock.NewVirtual(at), store: memstore.New(), links: map[string][]string{}}
	h.faulty = &faulty{Store: h.store}
	team := func(context.Context) (loop.Team, error) { return c.Team(), nil }
	log := slog.New(slog.DiscardHandler)
	h.router = &loop.Loop{Store: h.store, Clock: h.clock, Team: team, Sender: h, Hints: noHints{}, Log: log}
	decides := &loop.Loop{Store: h.faulty, Clock: h.clock, Team: team, Hints: noHints{}, Log: log}
	h.screen = ack.New(c, h.faulty, decides)
	server := httptest.NewServer(h.screen)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

type noHints struct{}

func (noHints) Router(context.Context, loop.Hint, time.Time) error { return nil }
func (noHints) Desk(context.Context) error                         { return nil }

// Send remembers the link that a page would carry.
func (h *house) Send(_ context.Context, d loop.Delivery) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.links[d.Who] = append(h.links[d.Who], d.Secret)
	return nil
}

// faulty is a store that fails where it is told to.
type faulty struct {
	*memstore.Store
	code, load, put, commit bool
	amend                   bool
	reads                   atomic.Int64
	who                     string    // of every code, if not ""
	grant                   loop.Code // for every code, if not zero
}

var errDown = errors.New("the table does not answer")

func (f *faulty) Code(ctx context.Context, hash string) (loop.Code, bool, error) {
	if f.reads.Add(1); f.code {
		return loop.Code{}, false, errDown
	}
	code, found, err := f.Store.Code(ctx, hash)
	if f.grant.Who != "" {
		return f.grant, true, nil
	}
	if f.who != "" {
		code.Who = f.who
	}
	return code, found, err
}

func (f *faulty) Look(ctx context.Context, key incident.Key, checks []string) (incident.Incident, map[string]check.State, error) {
	if f.reads.Add(1); f.load {
		return incident.Incident{}, nil, errDown
	}
	return f.Store.Look(ctx, key, checks)
}

func (f *faulty) Timeline(ctx context.Context, id incident.ID) ([]incident.Event, error) {
	f.reads.Add(1)
	return f.Store.Timeline(ctx, id)
}

func (f *faulty) Amend(ctx context.Context, a amend.Amendment) error {
	if f.amend {
		return errDown
	}
	return f.Store.Amend(ctx, a)
}

func (f *faulty) PutSignal(ctx context.Context, s incident.Signal) (bool, error) {
	if f.put {
		return false, errDown
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	return f.Store.PutSignal(ctx, s)
}

func (f *faulty) Commit(ctx context.Context, c loop.Commit) error {
	if f.commit {
		return errDown
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.Store.Commit(ctx, c)
}

func (h *house) raise(s incident.Signal) {
	h.t.Helper()
	s.At = h.clock.Now()
	if _, err := h.store.PutSignal(h.t.Context(), s); err != nil {
		h.t.Fatal(err)
	}
	h.run(s.Key)
}

func (h *house) run(key incident.Key) {
	h.t.Helper()
	var err error
	now := h.clock.Now()
	h.clock.At(now, func() { _, err = h.router.Run(h.t.Context(), loop.Hint{Key: key}) }) // sends are work on the clock
	h.clock.Run(now)
	if err != nil {
		h.t.Fatal(err)
	}
}

// pass lets time go by, waking the router whenever something is due.
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	for end := h.clock.Now().Add(d); ; {
		next := end
		if due := h.login().Due(); !due.IsZero() && due.Before(end) && due.After(h.clock.Now()) {
			next = due
		}
		h.clock.Run(next)
		h.run("login")
		if !next.Before(end) {
			return
		}
	}
}

// red is the check's word that log-ins fail on and off.
func (h *house) red(id string) {
	now := h.clock.Now()
	h.raise(incident.Signal{ID: id, Key: "login", Kind: incident.KindCheck, Check: &incident.CheckSignal{
		Check: "login", Capability: "login", LastBad: now,
		Evidence: incident.Evidence{
			Status: "intermittent", Red: true, Since: now.Add(-2 * time.Minute), Short: "11/40",
			Words: "11 of 40 samples failed between 03:48 and 03:50: status 502 (8), connect refused (3)",
		},
	}})
}

func (h *house) well(id string, since time.Time) {
	h.raise(incident.Signal{ID: id, Key: "login", Kind: incident.KindCheck, Check: &incident.CheckSignal{
		Check: "login", Capability: "login", LastBad: since,
		Evidence: incident.Evidence{Status: "up", Since: since, Words: "no failure for 35 minutes"},
	}})
}

func (h *house) report(org, quote string) {
	h.raise(incident.Signal{ID: org + quote, Key: "login", Kind: incident.KindReport, Report: &incident.ReportSignal{
		Reporter:   incident.Reporter{Address: "desk@" + org, Org: org, Subject: "help", At: h.clock.Now()},
		Capability: "login", Urgency: "urgent", Known: true, Quote: quote,
	}})
}

func (h *house) login() incident.Incident {
	h.t.Helper()
	live, err := h.store.Load(h.t.Context(), "login")
	if err != nil {
		h.t.Fatal(err)
	}
	return live.Incident
}

// link is the newest code that was sent to somebody.
func (h *house) link(who string) string {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.links[who]) == 0 {
		h.t.Fatalf("%s was sent no link", who)
	}
	return h.links[who][len(h.links[who])-1]
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (h *house) do(method, path, kind, body string) answer {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

func (h *house) get(path string) answer { return h.do(http.MethodGet, path, "", "") }

const formType = "application/x-www-form-urlencoded"

var seen = regexp.MustCompile(`name="seen" value="(\d+)"`)

// form is what the browser would send for a button of the screen now.
func (h *house) form(code, fields string) string {
	h.t.Helper()
	m := seen.FindStringSubmatch(h.get("/a/" + code).body)
	if m == nil {
		h.t.Fatal("the screen has no form")
	}
	return "seen=" + m[1] + "&" + fields
}

// press sends a form and follows to the screen, as a browser does.
func (h *house) press(code, form string) string {
	h.t.Helper()
	a := h.do(http.MethodPost, "/a/"+code, formType, form)
	if a.status != http.StatusSeeOther {
		h.t.Fatalf("pressing %s gave %d: %s", form, a.status, a.body)
	}
	base, _ := url.Parse("/a/" + code)
	to, err := base.Parse(a.header.Get("Location"))
	if err != nil {
		h.t.Fatal(err)
	}
	next := h.get(to.Path)
	if next.status != http.StatusOK {
		h.t.Fatalf("after pressing %s: %d", form, next.status)
	}
	return next.body
}

// tap presses a button of the screen as it is now.
func (h *house) tap(code, fields string) string {
	h.t.Helper()
	return h.press(code, h.form(code, fields))
}

func (h *house) holds(body string, wants ...string) {
	h.t.Helper()
	for _, want := range wants {
		if !strings.Contains(body, want) {
			h.t.Errorf("the screen does not say %q:\n%s", want, text(body))
		}
	}
}

func (h *house) lacks(body string, bans ...string) {
	h.t.Helper()
	for _, ban := range bans {
		if strings.Contains(body, ban) {
			h.t.Errorf("the screen says %q:\n%s", ban, text(body))
		}
	}
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

var markup = regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>|\n\s*\n`)

func text(body string) string { return markup.ReplaceAllString(body, "\n") }
