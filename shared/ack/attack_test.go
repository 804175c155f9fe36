package ack_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rouse/shared/ack"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// Guessing: after some dozens a source is told to wait, before anything is
// looked up; a guess costs one look-up until then, whatever it looks like.
func TestGuessing(t *testing.T) {
	h := woken(t)
	reads := h.faulty.reads.Load()
	waits, first := 0, 0
	for i := range 200 {
		a := h.do(http.MethodPost, "/a/"+loop.NewSecret(), formType, "seen=2&action=ack")
		switch a.status {
		case http.StatusNotFound:
		case http.StatusTooManyRequests:
			if waits++; first == 0 {
				first = i
			}
			if a.header.Get("Retry-After") == "" {
				t.Fatal("it does not say for how long")
			}
		default:
			t.Fatalf("status %d", a.status)
		}
	}
	if first != 60 || waits != 140 {
		t.Errorf("%d of 200 guesses have to wait, from the %dth on", waits, first)
	}
	if n := h.faulty.reads.Load() - reads; n != 60 {
		t.Errorf("200 guesses cost %d look-ups", n)
	}
	h.clock.Run(h.clock.Now().Add(10 * time.Second))
	h.holds(h.get("/a/"+h.link("ana")).body, "I have it")
	h.is(incident.Triggered, "")
}

// One link that is fetched in a loop is told to wait; other links work.
func TestOneCodeInALoop(t *testing.T) {
	h := woken(t)
	ana, reads := h.link("ana"), h.faulty.reads.Load()
	waits := 0
	for range 100 {
		if h.get("/a/"+ana).status == http.StatusTooManyRequests {
			waits++
		}
	}
	if n := h.faulty.reads.Load() - reads; waits != 40 || n != 120 {
		t.Errorf("%d of 100 wait, %d reads", waits, n)
	}
	h.holds(h.get("/a/"+h.link("bo")).body, "I have it")
	h.clock.Run(h.clock.Now().Add(time.Minute))
	h.holds(h.get("/a/"+ana).body, "I have it")
}

// Another site cannot press, even if it has learned an address; a browser that
// is too old to say where a form came from can.
func TestFormsOfOtherSites(t *testing.T) {
	for site, status := range map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 303, "none": 303, "": 303} {
		h := woken(t)
		code := h.link("ana")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/a/"+code, strings.NewReader(h.form(code, "action=ack")))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", formType)
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%q: %d, want %d", site, resp.StatusCode, status)
		}
		if took := h.login().Owner == "ana"; took != (status == 303) {
			t.Errorf("%q: taken is %v", site, took)
		}
	}
}

// A code of another incident's page acts on nothing but its own, whatever the
// form says.
func TestAnotherPersonsCode(t *testing.T) {
	h := woken(t)
	anas, bos := h.link("ana"), h.link("bo")
	h.tap(anas, "action=ack")
	for _, fields := range []string{"action=ack", "action=next", "action=snooze&minutes=30", "action=ack&who=ana", "action=next&code=" + anas} {
		h.press(bos, "seen=9&"+fields)
		h.is(incident.Acknowledged, "ana")
	}
}

// A subject that holds lines of its own adds no header to any answer, and no
// element to any screen.
func TestHeadersFromASubject(t *testing.T) {
	h := newHouse(t)
	const evil = "x\r\nSet-Cookie: a=b\r\n\r\n<form method=post><button name=action value=ack>I have it</button></form>"
	h.raise(incident.Signal{ID: "s1", Key: "mail/x", Kind: incident.KindReport, Report: &incident.ReportSignal{
		Reporter: incident.Reporter{Address: "a@x", Org: evil, Subject: evil, At: h.clock.Now()}, Urgency: "urgent", Quote: evil, Known: true,
	}})
	for _, path := range []string{"", "?timeline"} {
		a := h.get("/a/" + h.link("bo") + path)
		if a.status != http.StatusOK || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%d %v", a.status, a.header)
		}
		h.lacks(a.body, "<form method=post>", "<button name=action")
	}
}

// A client that sends its form a byte at a time gets an answer when its time is
// over, and holds up nobody.
func TestSlowClient(t *testing.T) {
	h := woken(t)
	server := httptest.NewServer(ack.Patience(h.screen, 50*time.Millisecond))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /a/%s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 40\r\n\r\nseen=2&act", h.link("ana"), formType)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "Nothing was changed.") {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	h.is(incident.Triggered, "")
}
