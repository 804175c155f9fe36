package ack_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

// woken is a house in which Bo was paged three minutes ago and Ana just now.
func woken(t testing.TB) *house {
	h := newHouse(t)
	h.red("s1")
	h.report("kstate.example", "Our staff have been unable to log in for ten minutes.")
	h.pass(3 * time.Minute)
	return h
}

func TestFirstScreenful(t *testing.T) {
	h := woken(t)
	a := h.get("/a/" + h.link("ana"))
	if a.status != http.StatusOK {
		t.Fatalf("status %d", a.status)
	}
	h.holds(text(a.body), "login", "is on and off", "7:48pm", "Nobody has it yet", "I have it", "Can’t: wake the next person",
		"Yes.", "11 of 40 samples failed", "(UTC time)", "Bo Lind", "no answer", "A customer wrote",
		"“Our staff have been unable to log in for ten minutes.”", "They were promised an answer by 8:00pm.")
	h.lacks(a.body, "+1310", "+1312", "555", "@example.com", "desk@kstate", "<script", "http://", "https://")
	if len(a.body) > 20<<10 {
		t.Errorf("the screen takes %d bytes", len(a.body))
	}
	// Times are the reader's own.
	h.holds(text(h.get("/a/"+h.link("bo")).body), "9:48pm", "by 10:00pm", "Being woken now: Ana Ruiz.")
}

func TestHeaders(t *testing.T) {
	h := woken(t)
	for _, path := range []string{"/a/" + h.link("ana"), "/a/" + h.link("ana") + "?timeline", "/a/nothing", "/", "/health"} {
		a := h.get(path)
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow",
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin",
			"Set-Cookie": "", "Access-Control-Allow-Origin": "",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		policy := a.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q lacks %s", path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		_, rest, styled := strings.Cut(a.body, "<style>")
		if !styled {
			continue
		}
		css, _, _ := strings.Cut(rest, "</style>")
		sum := sha256.Sum256([]byte(css))
		if hash := base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(policy, "style-src 'sha256-"+hash+"'") {
			t.Errorf("%s: the browser would refuse the style, whose hash is %s: %s", path, hash, policy)
		}
	}
}

// Mail scanners and previews fetch every link, by every method that asks for
// nothing.
func TestReadingChangesNothing(t *testing.T) {
	h := woken(t)
	code := h.link("ana")
	before, events := h.login(), h.timeline()
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"} {
		for _, query := range []string{"", "?", "?timeline", "?action=ack&seen=2", "?seen=2&action=next#x"} {
			a := h.do(method, "/a/"+code+query, formType, "seen=2&action=ack")
			want := http.StatusOK
			if method != "GET" && method != "HEAD" {
				want = http.StatusMethodNotAllowed
				if allow := a.header.Get("Allow"); allow != "GET, HEAD, POST" {
					t.Errorf("%s: Allow is %q", method, allow)
				}
			}
			if a.status != want {
				t.Errorf("%s %s: %d, want %d", method, query, a.status, want)
			}
		}
	}
	if after := h.login(); !reflect.DeepEqual(after, before) || h.timeline() != events {
		t.Errorf("reading has changed the incident from %+v to %+v", before, after)
	}
}

func TestHeadIsGetWithoutItsBody(t *testing.T) {
	h := woken(t)
	for _, path := range []string{"/a/" + h.link("ana"), "/a/unknown", "/health"} {
		head, get := h.do("HEAD", path, "", ""), h.get(path)
		if head.status != get.status || head.body != "" || head.header.Get("Content-Length") != fmt.Sprint(len(get.body)) {
			t.Errorf("%s: HEAD is %d with %s bytes, GET %d with %d", path, head.status, head.header.Get("Content-Length"), get.status, len(get.body))
		}
	}
}

func (h *house) timeline() string {
	h.t.Helper()
	events, err := h.store.Timeline(h.t.Context(), h.login().ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return fmt.Sprint(events)
}

func (h *house) is(state incident.State, owner string) {
	h.t.Helper()
	if in := h.login(); in.State != state || in.Owner != owner {
		h.t.Errorf("the incident is %s, owned by %q; want %s by %q", in.State, in.Owner, state, owner)
	}
}

func TestIHaveIt(t *testing.T) {
	h := woken(t)
	body := text(h.tap(h.link("ana"), "action=ack"))
	h.is(incident.Acknowledged, "ana")
	h.holds(body, "You have it", "Since 7:53pm. Nobody else is being woken.", "You will be asked at 8:23pm", "I still have it")

	h.clock.Run(h.clock.Now().Add(2 * time.Minute))
	other := h.get("/a/" + h.link("bo")).body
	h.holds(text(other), "Ana Ruiz took it 2 min ago", "You can go back to sleep.")
	h.lacks(other, `value="ack"`, `value="next"`, `value="snooze"`)
}

// What somebody pressed on an old screen is answered with how it is now.
func TestTwoPeopleAtOnce(t *testing.T) {
	h := woken(t)
	ana, bo := h.link("ana"), h.link("bo")
	forms := map[string]string{ana: h.form(ana, "action=ack"), bo: h.form(bo, "action=ack")}
	var pressed sync.WaitGroup
	for code, form := range forms {
		pressed.Go(func() {
			if a := h.do(http.MethodPost, "/a/"+code, formType, form); a.status != http.StatusSeeOther {
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
	}
	pressed.Wait()
	owner, loser := ana, bo
	if h.login().Owner == "bo" {
		owner, loser = bo, ana
	}
	h.holds(text(h.get("/a/"+owner).body), "You have it")
	h.holds(text(h.get("/a/"+loser).body), "took it just now")
	if n := strings.Count(h.timeline(), " acknowledged "); n != 1 {
		t.Errorf("acknowledged %d times: %s", n, h.timeline())
	}
}

func TestDoubleSubmitIsOneTap(t *testing.T) {
	for _, fields := range []string{"action=ack", "action=next", "action=resolve", "action=snooze&minutes=30", "action=pass&to=cy", "action=answered"} {
		t.Run(fields, func(t *testing.T) {
			h := woken(t)
			code := h.link("ana")
			form := h.form(code, fields)
			first := h.press(code, form)
			in, events := h.login(), h.timeline()
			h.clock.Run(h.clock.Now().Add(2 * time.Second))
			if second := h.press(code, form); second != first {
				t.Errorf("the second time the screen is another:\n%s", text(second))
			}
			if after := h.login(); !reflect.DeepEqual(after, in) || h.timeline() != events {
				t.Errorf("the second time changed %+v to %+v", in, after)
			}
		})
	}
}

func TestCantWakesTheNextAtOnce(t *testing.T) {
	h := woken(t)
	body := text(h.tap(h.link("ana"), "action=next"))
	h.is(incident.Triggered, "")
	h.holds(body, "Nobody has it yet", "You said that you can’t.", "Being woken now: Cy Shah.", "can’t take it")
	h.run("login")
	if h.link("cy") == "" {
		t.Error("Cy got no link")
	}
	// The same button is a new tap on the new screen.
	h.tap(h.link("bo"), "action=next")
	if n := strings.Count(h.timeline(), "cannot take it"); n != 2 {
		t.Errorf("%d taps: %s", n, h.timeline())
	}
}

func TestCantKeepIt(t *testing.T) {
	h := woken(t)
	h.tap(h.link("ana"), "action=ack")
	h.holds(text(h.tap(h.link("ana"), "action=next")), "Nobody has it yet", "You said that you can’t.")
	h.is(incident.Triggered, "")
}

func TestSnooze(t *testing.T) {
	h := woken(t)
	h.holds(text(h.tap(h.link("ana"), "action=snooze&minutes=30")), "You have it", "Press by 8:23pm that you still have it, or others are woken.")
	h.is(incident.Acknowledged, "ana")
	h.holds(text(h.tap(h.link("ana"), "action=ack")), "You will be asked at 8:23pm")
}

func TestPassOn(t *testing.T) {
	h := woken(t)
	body := h.tap(h.link("ana"), "action=pass&to=cy")
	h.is(incident.Acknowledged, "cy")
	h.holds(text(body), "Cy Shah has it", "They are asked to confirm by 7:56pm")
	h.run("login")
	h.holds(text(h.get("/a/"+h.link("cy")).body), "You have it", "Press by 3:56am that you still have it")
}

func TestItsOver(t *testing.T) {
	h := woken(t)
	ana, bo := h.link("ana"), h.link("bo")
	h.tap(ana, "action=ack")
	h.holds(h.get("/a/"+ana).body, "Its check still fails: if that goes on, people are paged again.")
	body := h.tap(ana, "action=resolve")
	if in := h.login(); in.State != incident.Resolved || in.ResolvedBy != "ana" {
		t.Errorf("the incident is %+v", in)
	}
	h.holds(text(body), "It is over", "You said so just now.", "It closes at 8:28pm if nothing fails until then.")
	h.holds(text(h.get("/a/"+bo).body), "It is over", "Ana Ruiz said so just now.", "10:28pm")
	h.lacks(body, `value="ack"`, `value="next"`, `value="resolve"`, `value="pass"`)
}

func TestAnswered(t *testing.T) {
	h := woken(t)
	h.clock.Run(h.clock.Now().Add(time.Minute))
	body := h.tap(h.link("ana"), "action=answered")
	h.holds(text(body), "Answered at 7:54pm.")
	h.lacks(body, `value="answered"`)
}

func TestPromiseBroken(t *testing.T) {
	h := woken(t)
	h.pass(10 * time.Minute)
	h.holds(text(h.get("/a/"+h.link("ana")).body), "The answer they were promised is overdue.")
}

// A code grants nothing once its incident has settled, and nothing about the
// one that comes after it.
func TestReplayAfterSettling(t *testing.T) {
	h := woken(t)
	code := h.link("ana")
	form := h.form(code, "action=ack")
	h.tap(code, "action=resolve")
	h.well("s2", h.clock.Now())
	h.pass(40 * time.Minute)
	if h.login().Open() {
		t.Fatalf("not settled: %+v", h.login())
	}
	for _, path := range []string{"/a/" + code, "/a/" + code + "?timeline"} {
		body := h.get(path).body
		h.holds(text(body), "It is over")
		h.lacks(body, "login", "kstate", "Bo", "<form")
	}
	settled := h.login()
	h.holds(text(h.press(code, form)), "It is over")
	if in := h.login(); in.State != settled.State || in.Owner != settled.Owner || in.Open() {
		t.Errorf("a code of a settled incident has changed %+v to %+v", settled, in)
	}

	h.red("s3")
	h.holds(text(h.get("/a/"+code).body), "That one is over", "A newer one has begun since")
	h.lacks(h.get("/a/"+code).body, "login", "<form")
	for _, fields := range []string{"action=ack", "action=resolve", "action=next"} {
		h.press(code, "seen=9&"+fields)
		h.is(incident.Triggered, "")
	}
}

// Addresses that lead nowhere look the same, whatever is wrong with them.
func TestUnknownCodes(t *testing.T) {
	h := woken(t)
	real := h.link("ana")
	zero := strings.Repeat("A", 22)
	want := h.get("/a/" + loop.NewSecret())
	if want.status != http.StatusNotFound {
		t.Fatalf("status %d", want.status)
	}
	h.lacks(want.body, "login", "Ana", "Bo Lind", "<form")
	for _, code := range []string{
		"", "x", zero, real[:21], real + "A", real + "/", real + "/x", "%2e%2e", "..%2fhealth", swapCase(real), real[:21] + "%0a", "%00", "%ff%fe",
		strings.Repeat("A", 5000), url.PathEscape("<script>alert(1)</script>"), url.PathEscape("' OR 1=1 --"), loop.HashSecret(real), "20261104-ucsf5t",
	} {
		for _, method := range []string{"GET", "POST"} {
			before := h.faulty.reads.Load()
			a := h.do(method, "/a/"+code, formType, "seen=1&action=ack")
			if a.status != want.status || a.body != want.body || !sameHeader(a.header, want.header) {
				t.Errorf("%s /a/%s: %d %s", method, code, a.status, text(a.body))
			}
			if n := h.faulty.reads.Load() - before; n != 1 {
				t.Errorf("%s /a/%s costs %d look-ups, and any other unknown code one", method, code, n)
			}
		}
	}
	for _, path := range []string{"/", "/a", "/A/" + real, "/favicon.ico", "/robots.txt"} {
		if a := h.get(path); a.status != want.status || a.body != want.body {
			t.Errorf("%s: %d %s", path, a.status, text(a.body))
		}
	}
	h.is(incident.Triggered, "")
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 32
		case 'A' <= r && r <= 'Z':
			return r + 32
		}
		return r
	}, s)
}

func sameHeader(a, b http.Header) bool {
	a, b = a.Clone(), b.Clone()
	a.Del("Date")
	b.Del("Date")
	return reflect.DeepEqual(a, b)
}

// What has not the form of a code is none, even if the store had one for what
// is looked up in its place.
func TestMalformedCodeGrantsNothing(t *testing.T) {
	h := woken(t)
	in := h.login()
	h.faulty.grant = loop.Code{Who: "ana", Grant: loop.Grant{Key: in.Key, Incident: in.ID}}
	if a := h.get("/a/" + loop.NewSecret()); a.status != http.StatusOK {
		t.Fatalf("the code that is granted: %d", a.status)
	}
	for _, code := range []string{"x", strings.Repeat("A", 21), strings.Repeat("A", 23), strings.Repeat("*", 22)} {
		if a := h.get("/a/" + code); a.status != http.StatusNotFound {
			t.Errorf("%q: %d", code, a.status)
		}
	}
}

// Somebody who has left the team keeps no power over its incidents.
func TestCodeOfSomebodyWhoHasLeft(t *testing.T) {
	h := woken(t)
	code := h.link("ana")
	form := h.form(code, "action=ack")
	want := h.get("/a/unknown")
	h.faulty.who = "gone"
	for _, a := range []answer{h.get("/a/" + code), h.do(http.MethodPost, "/a/"+code, formType, form)} {
		if a.status != http.StatusNotFound || a.body != want.body {
			t.Errorf("%d %s", a.status, text(a.body))
		}
	}
	h.is(incident.Triggered, "")
}

// A link lets its bearer act as its responder and nobody else, on its incident
// and no other.
func TestCodeGrantsItsResponderAndIncidentOnly(t *testing.T) {
	h := woken(t)
	code := h.link("ana")
	form := h.form(code, "action=ack")
	h.press(code, form+"&who=bo&owner=bo&key=other&incident=other")
	h.is(incident.Acknowledged, "ana")
}

func TestMalformedForms(t *testing.T) {
	h := woken(t)
	code := h.link("ana")
	before, events := h.login(), h.timeline()
	for _, c := range []struct {
		kind, body string
		status     int
	}{
		{formType, "", 400},
		{formType, "action=ack", 400},
		{formType, "seen=1", 400},
		{formType, "seen=-1&action=ack", 400},
		{formType, "seen=1e3&action=ack", 400},
		{formType, "seen=99999999999999999999&action=ack", 400},
		{formType, "seen=1&seen=2&action=ack", 400},
		{formType, "seen=1&action=ack&action=next", 400},
		{formType, "seen=1&action=ACK", 400},
		{formType, "seen=1&action=acknowledge", 400},
		{formType, "seen=1&action=snooze", 400},
		{formType, "seen=1&action=snooze&minutes=11", 400},
		{formType, "seen=1&action=snooze&minutes=525600", 400},
		{formType, "seen=1&action=snooze&minutes=-10", 400},
		{formType, "seen=1&action=pass", 400},
		{formType, "seen=1&action=pass&to=", 400},
		{formType, "seen=1&action=pass&to=nobody", 400},
		{formType, "seen=1&action=pass&to=everyone", 400},
		{formType, "seen=1&action=%zz", 400},
		{formType, "seen=1;action=ack", 400},
		{formType, "\x00\xff\xfe", 400},
		{"", "seen=1&action=ack", 400},
		{"text/plain", "seen=1&action=ack", 400},
		{"application/json", `{"seen":1,"action":"ack"}`, 400},
		{"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nack\r\n--x--", 400},
		{";;;", "seen=1&action=ack", 400},
		{formType, "seen=1&action=ack&pad=" + strings.Repeat("x", 9<<10), 413},
		{formType, strings.Repeat("a=b&", 1<<20), 413},
	} {
		a := h.do(http.MethodPost, "/a/"+code, c.kind, c.body)
		if a.status != c.status {
			t.Errorf("%q as %q: %d, want %d", c.body[:min(60, len(c.body))], c.kind, a.status, c.status)
		}
		h.holds(text(a.body), "Nothing was changed.", "Back to the screen")
	}
	if after := h.login(); !reflect.DeepEqual(after, before) || h.timeline() != events {
		t.Errorf("a malformed form has changed %+v to %+v", before, after)
	}
}

// The action belongs into the body; an address that holds one is a scanner's.
func TestActionInTheAddressIsNone(t *testing.T) {
	h := woken(t)
	a := h.do(http.MethodPost, "/a/"+h.link("ana")+"?seen=1&action=ack", formType, "")
	if a.status != http.StatusBadRequest {
		t.Errorf("status %d", a.status)
	}
	h.is(incident.Triggered, "")
}

func TestNothingThatOthersWroteIsMarkup(t *testing.T) {
	const evil = `"'><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}</style><!--`
	h := newHouse(t)
	h.raise(incident.Signal{ID: "s1", Key: "login", Kind: incident.KindCheck, Check: &incident.CheckSignal{
		Check: evil, Evidence: incident.Evidence{Status: evil, Red: true, Since: h.clock.Now(), Short: evil, Words: evil},
	}})
	h.report(evil, evil+" call +1 310 555 0100 or write pat@example.org\r\nSet-Cookie: x=1")
	h.pass(time.Minute)
	code := h.link("bo")
	for _, path := range []string{"/a/" + code, "/a/" + code + "?timeline"} {
		a := h.get(path)
		if a.status != http.StatusOK {
			t.Fatalf("%s: status %d", path, a.status)
		}
		h.lacks(a.body, "<script", "<img", "<!--", "555 0100", "pat@")
		h.holds(a.body, "&lt;script&gt;")
		if a.header.Get("Set-Cookie") != "" || strings.Count(a.body, "</style>") != 1 {
			t.Errorf("%s: %v\n%s", path, a.header, a.body)
		}
	}
}

// The screen stays one small answer, whatever an incident has gathered.
func TestScreenIsBounded(t *testing.T) {
	h := newHouse(t)
	long := strings.Repeat("<& 😱", 2000)
	h.raise(incident.Signal{ID: "s1", Key: "login", Kind: incident.KindCheck, Check: &incident.CheckSignal{
		Check: long, Evidence: incident.Evidence{Status: "down", Red: true, Since: h.clock.Now(), Short: long, Words: long},
	}})
	for i := range 80 {
		h.report(fmt.Sprintf("org%d.example", i), long[:200])
	}
	h.pass(2 * time.Hour)
	for _, path := range []string{"", "?timeline"} {
		a := h.get("/a/" + h.link("bo") + path)
		if a.status != http.StatusOK || len(a.body) > 20<<10 {
			t.Errorf("%q: status %d, %d bytes", path, a.status, len(a.body))
		}
	}
}

func TestTimeline(t *testing.T) {
	h := woken(t)
	h.tap(h.link("ana"), "action=ack")
	body := text(h.get("/a/" + h.link("ana") + "?timeline").body)
	h.holds(body, "Tue 7:53:00pm", "acknowledged", "Ana Ruiz", "kstate.example", "times in PST")
	h.holds(body, "First evidence", "Somebody had it", "When nobody had it", "Nobody had it for", "Should have been awake", "had been paged and had not answered")
	h.lacks(body, "555", "@example.com")
}

// A GET reads the code and one thing more.
func TestStoreReads(t *testing.T) {
	h := woken(t)
	for _, path := range []string{"", "?timeline"} {
		h.faulty.reads.Store(0)
		h.get("/a/" + h.link("ana") + path)
		if n := h.faulty.reads.Load(); n != 2 {
			t.Errorf("%q takes %d reads", path, n)
		}
	}
}

func TestStoreDown(t *testing.T) {
	h := woken(t)
	code := h.link("ana")
	form := h.form(code, "action=snooze&minutes=30")

	for _, broken := range []*bool{&h.faulty.code, &h.faulty.load} {
		*broken = true
		a := h.get("/a/" + code)
		if a.status != http.StatusServiceUnavailable {
			t.Errorf("status %d", a.status)
		}
		h.holds(text(a.body), "Cannot look it up right now", "people go on being paged")
		h.lacks(a.body, "table", "login")
		*broken = false
	}

	h.faulty.put = true
	a := h.do(http.MethodPost, "/a/"+code, formType, form)
	if a.status != http.StatusServiceUnavailable {
		t.Errorf("status %d", a.status)
	}
	h.holds(text(a.body), "That was not saved", "Press again")
	h.faulty.put = false
	again := hidden.FindAllStringSubmatch(a.body, -1)
	values := url.Values{}
	for _, m := range again {
		values.Set(m[1], m[2])
	}
	h.holds(text(h.press(code, values.Encode())), "You have it", "Press by 8:23pm")
}

// A tap that is stored takes effect even if deciding on it has failed.
func TestStoredTapIsNotLost(t *testing.T) {
	h := woken(t)
	code := h.link("ana")
	form := h.form(code, "action=ack")
	h.faulty.commit = true
	a := h.do(http.MethodPost, "/a/"+code, formType, form)
	if a.status != http.StatusAccepted {
		t.Errorf("status %d", a.status)
	}
	h.holds(text(a.body), "Saved, not yet done", "takes effect within a minute")
	h.is(incident.Triggered, "")
	h.run("login") // as the router's sweep does
	h.is(incident.Acknowledged, "ana")
}

// A phone that loses its connection after the form has arrived has pressed.
func TestTapOfALostConnectionCounts(t *testing.T) {
	h := woken(t)
	code := h.link("ana")
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/a/"+code, strings.NewReader(h.form(code, "action=ack")))
	r.Header.Set("Content-Type", formType)
	cancel()
	h.screen.ServeHTTP(httptest.NewRecorder(), r)
	h.is(incident.Acknowledged, "ana")
}

func TestHealth(t *testing.T) {
	h := newHouse(t)
	if a := h.get("/health"); a.status != http.StatusOK || a.body != "ok\n" {
		t.Errorf("%d %q", a.status, a.body)
	}
	if a := h.do(http.MethodPost, "/health", "", ""); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("%d %v", a.status, a.header)
	}
}
