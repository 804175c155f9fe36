// Package ack serves the ack screen, which a page's link opens: what is wrong,
// who knows, and the buttons "I have it" and "Can't: wake the next person".
//
// Reading changes nothing, however often and by whatever scanner a link is
// fetched; only a form that a person submits does. The code in the link is the
// whole authority: it lets its bearer act as the one responder it was minted
// for, on the incidents that the page was about, until they have settled. A code
// that is unknown, malformed or of somebody who has left looks the same as any
// other address that leads nowhere, and costs the same look-up. Codes are looked up by their
// hash, so the time of a comparison tells nothing about them.
package ack

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/mute"
	"rouse/shared/page"
)

// Limits of a request. Whatever the browser, a form of ours is far smaller.
const (
	bodyBytesMax = 8 << 10 // what customers are told, of which each byte may take three
	bodyTimeout  = 10 * time.Second
	tapTimeout   = 10 * time.Second
)

// New returns the handler of the screen: /a/CODE, /a/CODE.INCIDENT and /health. l decides on what
// is pressed, and has no Sender: the router sends.
func New(c *config.Config, store Store, l *loop.Loop) http.Handler {
	h := &handler{
		service: c.Service, people: page.PeopleOf(c), store: store, loop: l, clock: l.Clock, windows: c.Maintenance,
		tells: c.Inbox != nil && c.Inbox.ReplyFrom != "", bodyTimeout: bodyTimeout, checksOf: map[string][]string{},
		codes: newThrottle(l.Clock, codeBurst, codeEvery), sources: newThrottle(l.Clock, sourceBurst, sourceEvery),
	}
	for _, k := range c.Checks {
		h.checks = append(h.checks, k.Name)
		h.checksOf[k.Capability] = append(h.checksOf[k.Capability], k.Name)
	}
	return h
}

type handler struct {
	service string
	checks  []string
	// checksOf are the checks by capability, in rouse.yaml's order.
	checksOf map[string][]string
	windows  mute.Windows // of rouse.yaml
	people   page.People
	store    Store
	loop     *loop.Loop
	clock    clock.Clock
	tells    bool // customers can be written to
	// bodyTimeout is how long a form may take to arrive.
	bodyTimeout    time.Duration
	codes, sources *throttle
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header(w.Header())
	code, screen := strings.CutPrefix(r.URL.Path, "/a/")
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case !reads && !(screen && r.Method == http.MethodPost):
		allow := "GET, HEAD"
		if screen {
			allow += ", POST"
		}
		w.Header().Set("Allow", allow)
		h.say(w, r, wrongMethod)
	case r.URL.Path == "/health":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("ok\n"))
	case !screen:
		h.say(w, r, unknown)
	case r.Method == http.MethodPost && foreign(r):
		h.say(w, r, elsewhere)
	default:
		h.screen(w, r, code)
	}
}

func (h *handler) screen(w http.ResponseWriter, r *http.Request, at string) {
	ctx := r.Context()
	secret, of, one := strings.Cut(at, ".")
	hash, from := loop.HashSecret(secret), source(r)
	if h.codes.left(hash) <= 0 || h.sources.left(from) <= 0 {
		w.Header().Set("Retry-After", "2")
		h.say(w, r, tooMany)
		return
	}
	code, granted, err := h.code(ctx, secret)
	several := len(code.More) > 0
	if one && granted {
		code, granted = narrow(code, incident.ID(of))
	}
	switch {
	case err != nil:
		h.fail(w, r, unread, "code", err)
		return
	case granted:
		h.codes.take(hash)
	default:
		h.sources.take(from)
	}
	switch {
	case !granted:
		h.say(w, r, unknown)
	case r.Method == http.MethodPost && r.URL.Query().Has("list"):
		h.press(w, r, code, secret, secret)
	case r.Method == http.MethodPost:
		h.press(w, r, code, secret, at)
	case several && !one:
		h.showList(w, r, code, secret)
	case r.URL.Query().Has("timeline"):
		h.showTimeline(w, r, code)
	default:
		h.show(w, r, code, several, secret)
	}
}

// nobodys has the form of a code. Something malformed is looked up as this, so
// that it takes as long as anything else that is unknown.
const nobodys = "AAAAAAAAAAAAAAAAAAAAAA"

// code finds what a code grants, if anything.
func (h *handler) code(ctx context.Context, secret string) (code loop.Code, granted bool, err error) {
	formed := len(secret) == len(nobodys) && loop.WellFormed(secret)
	if !formed {
		secret = nobodys
	}
	code, found, err := h.store.Code(ctx, loop.HashSecret(secret))
	_, member := h.people[code.Who]
	return code, formed && found && member, err
}

func (h *handler) show(w http.ResponseWriter, r *http.Request, code loop.Code, several bool, secret string) {
	in, states, err := h.store.Look(r.Context(), code.Key, h.watching(code.Key))
	switch {
	case err != nil:
		h.fail(w, r, unread, "look", err)
	case in.ID != code.Incident && in.Open():
		h.say(w, r, newer)
	case in.ID != code.Incident || !in.Open():
		h.say(w, r, settled)
	default:
		v := h.view(in, code.Who)
		v.Mutes, v.Hours = h.mutes(r.Context(), in, code.Who), h.hours(states)
		if several {
			v.List = secret
		}
		h.render(w, r, http.StatusOK, "screen", v)
	}
}

func (h *handler) showTimeline(w http.ResponseWriter, r *http.Request, code loop.Code) {
	events, err := h.store.Timeline(r.Context(), code.Incident)
	switch {
	case err != nil:
		h.fail(w, r, unread, "timeline", err)
	case hasSettled(events):
		h.say(w, r, settled)
	default:
		team, err := h.loop.Team(r.Context())
		if err != nil {
			h.fail(w, r, unread, "team", err)
			return
		}
		h.render(w, r, http.StatusOK, "timeline", h.story(events, team, code))
	}
}

// A message is a screen of a few words.
type message struct {
	status        int
	Heading, Text string
	// Back offers the way to the screen, Again the same tap once more.
	Back  bool
	Again *tap
}

var (
	unknown = message{status: http.StatusNotFound, Heading: "Nothing here",
		Text: "This link leads nowhere, or no longer does. If something pages you, use the link of its newest page."}
	settled = message{status: http.StatusOK, Heading: "It is over",
		Text: "The incident that this link belongs to has ended, so there is nothing left to press. You can go back to sleep."}
	newer = message{status: http.StatusOK, Heading: "That one is over",
		Text: "The incident that this link belongs to has ended. A newer one has begun since: if it concerns you, its own page has its own link."}
	wrongMethod = message{status: http.StatusMethodNotAllowed, Heading: "Not that way",
		Text: "This address is read with GET, and its buttons are pressed with POST."}
	garbled = message{status: http.StatusBadRequest, Heading: "That did not arrive whole", Back: true,
		Text: "Nothing was changed. Go back to the screen and press again."}
	tooLong = message{status: http.StatusRequestEntityTooLarge, Heading: "That was too long", Back: true,
		Text: "Nothing was changed. Go back to the screen and press again."}
	unread = message{status: http.StatusServiceUnavailable, Heading: "Cannot look it up right now",
		Text: "Nothing was changed, and people go on being paged until somebody has it. Try again in a moment."}
	unsaved = message{status: http.StatusServiceUnavailable, Heading: "That was not saved",
		Text: "Nothing was changed, and people go on being paged. Press again:"}
	unmuted = message{status: http.StatusServiceUnavailable, Heading: "That was not saved",
		Text: "Nothing was changed: the check wakes people as before. Press again:"}
	elsewhere = message{status: http.StatusForbidden, Heading: "Not from here",
		Text: "This was sent by another site than this one. Nothing was changed. Open the link of the page and press there."}
	tooMany = message{status: http.StatusTooManyRequests, Heading: "Too many at once",
		Text: "Nothing was changed. Wait some seconds and try again."}
	wordless = message{status: http.StatusBadRequest, Heading: "There are no words", Back: true,
		Text: "Nobody was told anything. Go back and write what the customers are to be told."}
	wordy = message{status: http.StatusRequestEntityTooLarge, Heading: "That was too long", Back: true,
		Text: "Nobody was told anything. Go back and say it in fewer words."}
	unheard = message{status: http.StatusConflict, Heading: "There is nobody to tell", Back: true,
		Text: "No customer has written about this."}
	undecided = message{status: http.StatusAccepted, Heading: "Saved, not yet done", Back: true,
		Text: "What you pressed is stored and takes effect within a minute. Look again to see it."}
)

func (h *handler) say(w http.ResponseWriter, r *http.Request, m message) {
	h.render(w, r, m.status, "message", struct {
		message
		Service string
	}{m, h.service})
}

// fail says m and logs the error: nothing of it is for the bearer of a link.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, m message, what string, err error) {
	h.loop.Log.ErrorContext(r.Context(), "ack screen", "what", what, "error", err)
	h.say(w, r, m)
}

func (h *handler) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		h.loop.Log.ErrorContext(r.Context(), "ack screen", "what", "template "+name, "error", err)
		http.Error(w, "The screen could not be drawn. Try again in a moment.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(b.Bytes())
	}
}

var (
	//go:embed screen.html
	screenHTML string
	//go:embed screen.css
	screenCSS string

	templates = template.Must(template.New("").Funcs(template.FuncMap{
		"css": func() template.CSS { return template.CSS(screenCSS) },
	}).Parse(screenHTML))

	policy = contentPolicy()
)

// contentPolicy lets the browser apply our one style sheet and submit forms to
// us: no script, no image, no frame, nobody else's anything.
func contentPolicy() string {
	sum := sha256.Sum256([]byte(screenCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

func header(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY") // for browsers that know no frame-ancestors
	h.Set("X-Robots-Tag", "noindex, nofollow")
}

// foreign reports whether another site had the browser send this. Who knows the
// code needs no browser for it; and browsers that are too old to say so are let
// in, as the code in the address is nothing that another site can know.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return true
	}
	return false
}

func hasSettled(events []incident.Event) bool {
	for _, e := range events {
		if e.Kind == "settled" {
			return true
		}
	}
	return false
}
