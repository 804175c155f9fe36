// Package browser_test opens the ack screen and the local console in a real
// browser, on the viewports of a phone and of a desk, as people and as mail
// scanners do.
//
//	go test ./test/browser -shots DIR
//
// also keeps pictures of the screens, to be looked at.
package browser_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"rouse/cmd/rouse/local"
	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/history"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
)

var shots = flag.String("shots", "", "keep pictures of the screens in this folder")

// within bounds what a person would wait for, on a machine that is busy.
const within = 60 * time.Second

// browser is the one that all tests share; each opens tabs of its own.
var browser context.Context

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		path, err := find("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		profile, err := os.MkdirTemp("", "rouse-browser-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(profile)
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.NoSandbox,
			chromedp.Flag("disable-background-networking", true), chromedp.Flag("no-first-run", true))
		allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
		defer stop()
		ctx, end := chromedp.NewContext(allocator)
		defer end()
		if err := chromedp.Run(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "the browser does not start:", err)
			return 1
		}
		browser = ctx
		return m.Run()
	}())
}

func find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no chromium: `make setup` installs it as root, or says what to install")
}

const teamYAML = `
service: Newsroom
responders:
  ana: {name: Ana Ruiz, zone: America/Los_Angeles, phone: "+13105550100", email: ana@example.com}
  bo:  {name: Bo Lind, zone: America/Chicago, phone: "+13125550101", email: bo@example.com}
  cy:  {name: Cy Shah, zone: Europe/London, phone: "+447700900102"}
policies:
  default:
    steps:
      - {page: [ana, bo], wait: 3m}
      - {page: [everyone], wait: 3m}
    check_in: 30m
capabilities:
  login: {words: [log in, sign in, password]}
  publish: {words: [publish]}
checks:
  login: {capability: login, http: {url: "SERVICE/login"}}
inbox: {address: alerts@in.example.com, team: [example.com], reply_from: support@example.com, answer_within: 10m}
status_page: {title: Newsroom status}
`

// A house is Rouse as `rouse local` runs it.
type house struct {
	testing.TB
	system *local.System
	store  *memstore.Store
	n      int
}

func newHouse(t testing.TB) *house {
	t.Helper()
	// The service itself is well; what a test says of it is all there is.
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(service.Close)
	c, err := config.Parse([]byte(strings.ReplaceAll(teamYAML, "SERVICE", service.URL)), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	screens, err := local.Listen("the screens", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mails, err := local.Listen("SMTP", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{TB: t, store: memstore.New()}
	h.system, err = local.New(local.Options{
		Config: c, Store: h.store, Clock: clock.Wall{}, Log: slog.New(slog.DiscardHandler), HTTP: screens, SMTP: mails,
		After: func(at time.Time, f func()) { time.AfterFunc(time.Until(at), f) },
	})
	if err != nil {
		t.Fatal(err)
	}
	h.remember()
	ctx, cancel := context.WithCancel(context.Background())
	h.system.Start(ctx)
	t.Cleanup(func() {
		cancel()
		h.system.Stop()
	})
	return h
}

// remember lets the check have failed on and off for twelve minutes of the last
// hour.
func (h *house) remember() {
	h.Helper()
	now := time.Now()
	var samples []check.Sample
	for i, at := 0, now.Add(-time.Hour); at.Before(now); i, at = i+1, at.Add(20*time.Second) {
		samples = append(samples, check.Sample{At: at, OK: now.Sub(at) > 12*time.Minute || i%7 > 2, Took: 80 * time.Millisecond})
	}
	state := history.Add(check.State{Rev: 1}, 20*time.Second, samples)
	state.Ended = nil // soon after midnight a save would put yesterday on file first
	if err := h.store.SaveCheck(h.Context(), "login", state); err != nil {
		h.Fatal(err)
	}
}

// raise has something happen, now.
func (h *house) raise(s incident.Signal) {
	h.Helper()
	h.n++
	s.ID, s.Key, s.At = fmt.Sprint("signal/", h.n), cmp.Or(s.Key, "login"), time.Now()
	if err := loop.Raise(h.Context(), h.store, h.system, s); err != nil {
		h.Fatal(err)
	}
}

// red is the check's word that log-ins fail on and off.
func (h *house) red() {
	now := time.Now()
	h.raise(incident.Signal{Kind: incident.KindCheck, Check: &incident.CheckSignal{Check: "login", Capability: "login", LastBad: now,
		Evidence: incident.Evidence{Status: "intermittent", Red: true, Since: now.Add(-12 * time.Minute), Short: "11/40", Zone: "Central",
			Words: "11 of 40 samples failed between " + now.Add(-12*time.Minute).Format("15:04") + " and " + now.Format("15:04") + ": status 502 (8), connection refused (3)"}}})
}

func (h *house) report(org, quote string) {
	h.raise(incident.Signal{Kind: incident.KindReport, Report: &incident.ReportSignal{
		Reporter:   incident.Reporter{Address: "desk@" + org, Org: org, Subject: "help", MessageID: "<1@" + org + ">", At: time.Now()},
		Capability: "login", Urgency: "urgent", Known: true, Proven: true, Quote: quote}})
}

// down is a house in which log-ins fail, two customers have written, and Ana
// and Bo have been paged.
func down(t testing.TB) *house {
	t.Helper()
	h := newHouse(t)
	h.red()
	h.report("kstate.example", "Our staff have been unable to log in for ten minutes, and we go to print at eleven. Is anybody there?")
	h.report("bruin.example", "not responding normally")
	h.until("Bo is paged", func() bool { return h.link("bo") != "" })
	h.until("all is folded", func() bool { return h.login().Reports == 2 })
	return h
}

func (h *house) login() incident.Incident { return h.live("login") }

func (h *house) live(key incident.Key) incident.Incident {
	h.Helper()
	live, err := h.store.Load(h.Context(), key)
	if err != nil {
		h.Fatal(err)
	}
	return live.Incident
}

// both is a link that tells of two incidents, as one that waited with others
// does: of log-ins, and of publishing.
func (h *house) both(who string) string {
	h.Helper()
	now := time.Now()
	h.raise(incident.Signal{Key: "publish", Kind: incident.KindCheck, Check: &incident.CheckSignal{Check: "publish", Capability: "publish", LastBad: now,
		Evidence: incident.Evidence{Status: "down", Red: true, Since: now, Short: "8/8", Words: "8 of 8 samples failed"}}})
	h.until("publishing is paged about", func() bool { return h.live("publish").Round > 0 })
	secret := loop.NewSecret()
	err := h.store.PutCode(h.Context(), loop.Code{Hash: loop.HashSecret(secret), Who: who, Minted: now,
		Grant: loop.Grant{Key: "login", Incident: h.login().ID}, More: []loop.Grant{{Key: "publish", Incident: h.live("publish").ID}}})
	if err != nil {
		h.Fatal(err)
	}
	return h.system.URL + "/a/" + secret
}

// until polls, for what nobody announces.
func (h *house) until(what string, holds func() bool) {
	h.Helper()
	for deadline := time.Now().Add(within); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.Fatalf("waited in vain: %s", what)
		}
	}
}

var link = regexp.MustCompile(`http://\S+/a/[A-Za-z0-9_-]{22}`)

// link is that of the newest SMS to somebody; "" if there is none.
func (h *house) link(who string) string {
	found := ""
	for _, m := range h.system.Phones.Since(0) {
		if m.To == who && m.Channel == "sms" {
			found = link.FindString(m.Text)
		}
	}
	return found
}

// A device is what somebody holds in their hand.
type device struct {
	name          string
	width, height int64
	mobile, dark  bool
	large         bool // text at 200%
	scripts       bool // the screen needs none, so that they are off elsewhere
}

var (
	phone   = device{name: "phone", width: 390, height: 844, mobile: true}
	night   = device{name: "phone-dark", width: 390, height: 844, mobile: true, dark: true}
	small   = device{name: "small", width: 320, height: 568, mobile: true}
	large   = device{name: "large-text", width: 390, height: 844, mobile: true, large: true}
	desktop = device{name: "desktop", width: 1280, height: 800}
	office  = device{name: "desktop-dark", width: 1280, height: 800, dark: true}
)

// A tab is a page of its own. The screens keep nothing in the browser, so that
// two tabs are two people.
type tab struct {
	testing.TB
	ctx    context.Context
	device device
}

// open opens a tab on the device.
func open(t testing.TB, d device) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil { // the tab lives as long as this context
		t.Fatal(err)
	}
	b := &tab{t, ctx, d}
	scheme := "light"
	if d.dark {
		scheme = "dark"
	}
	actions := chromedp.Tasks{
		page.BringToFront(),
		emulation.SetDeviceMetricsOverride(d.width, d.height, 1, d.mobile),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		emulation.SetScriptExecutionDisabled(!d.scripts),
	}
	if d.mobile {
		actions = append(actions, emulation.SetTouchEmulationEnabled(true))
	}
	b.run(actions)
	return b
}

func (b *tab) run(actions ...chromedp.Action) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, within)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

func (b *tab) visit(url string) *tab {
	b.Helper()
	b.run(chromedp.Navigate(url))
	if b.device.large {
		b.run(chromedp.EvaluateAsDevTools(`document.documentElement.style.fontSize = "200%"`, nil))
	}
	return b
}

// text is what the page says.
func (b *tab) text() (text string) {
	b.Helper()
	b.run(chromedp.Text("main", &text, chromedp.ByQuery))
	return text
}

func (b *tab) says(wants ...string) {
	b.Helper()
	text := b.text()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			b.Errorf("the screen does not say %q:\n%s", want, text)
		}
	}
}

// press presses the button with the words, and waits for the page that comes.
func (b *tab) press(words string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, within)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(button(words), chromedp.BySearch)); err != nil {
		b.Fatalf("press %q: %v", words, err)
	}
}

func button(words string) string { return fmt.Sprintf(`//button[normalize-space()=%q]`, words) }

// shoot keeps a picture, if pictures are wanted.
func (b *tab) shoot(name string) {
	b.Helper()
	if *shots == "" {
		return
	}
	var first, whole []byte
	b.run(chromedp.CaptureScreenshot(&first), chromedp.FullScreenshot(&whole, 100))
	for suffix, data := range map[string][]byte{"": first, "-whole": whole} {
		if err := os.WriteFile(filepath.Join(*shots, name+suffix+".png"), data, 0o644); err != nil {
			b.Fatal(err)
		}
	}
}
