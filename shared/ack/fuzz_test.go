package ack_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Whatever is asked, the answer is one of ours, small and with all its
// headers; and only a POST with a code, answered by 303, changes anything.
func FuzzHandler(f *testing.F) {
	h := woken(f)
	code := h.link("ana")
	for _, s := range []struct{ method, path, query, kind, body string }{
		{"GET", "/a/CODE", "", "", ""},
		{"HEAD", "/a/CODE", "timeline", "", ""},
		{"GET", "/a/CODE/..", "%", "", ""},
		{"POST", "/a/CODE", "", formType, "seen=2&action=ack"},
		{"POST", "/a/CODE", "action=ack", formType, "seen=2&action=snooze&minutes=30"},
		{"POST", "/a/CODE", "", formType, "seen=3&action=pass&to=cy"},
		{"POST", "/a/CODE", "", formType + "; charset=utf-16", "seen=%00&action=%ff"},
		{"POST", "/a/CODE", "", formType, "seen=3&action=tell&text=We+have+found+it&sure=1"},
		{"POST", "/a/CODE", "", formType, "seen=3&action=tell&text=%0d%0a%00"},
		{"POST", "/a/AAAAAAAAAAAAAAAAAAAAAA", "", formType, "seen=2&action=resolve"},
		{"OPTIONS", "/health", "", "", ""},
		{"", "", "", "", ""},
	} {
		f.Add(s.method, s.path, s.query, s.kind, s.body)
	}
	f.Fuzz(func(t *testing.T, method, path, query, kind, body string) {
		h.t = t
		h.clock.Run(h.clock.Now().Add(time.Second)) // no throttle answers in the handler's place
		path = strings.Replace(path, "CODE", code, 1)
		before := h.login()
		r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(body))
		r.Method, r.URL = method, &url.URL{Path: path, RawQuery: query}
		r.Header["Content-Type"] = []string{kind}
		w := httptest.NewRecorder()
		h.screen.ServeHTTP(w, r)
		switch w.Code {
		case 200, 303, 400, 404, 405, 413:
		default:
			t.Fatalf("status %d", w.Code)
		}
		if w.Code == http.StatusSeeOther && (method != http.MethodPost || path != "/a/"+code || w.Header().Get("Location") != code) {
			t.Fatalf("%s %q is sent on to %q", method, path, w.Header().Get("Location"))
		}
		if after := h.login(); w.Code != http.StatusSeeOther && !reflect.DeepEqual(after, before) {
			t.Fatalf("%s %q with %q has changed %+v to %+v", method, path, body, before, after)
		}
		if w.Body.Len() > 20<<10 || w.Header().Get("Content-Security-Policy") == "" || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%d bytes, %v", w.Body.Len(), w.Header())
		}
		if path != "/a/"+code && strings.Contains(w.Body.String(), "login") {
			t.Fatalf("%q tells of the incident", path)
		}
	})
}

func BenchmarkGet(b *testing.B) {
	h := woken(b)
	path := "/a/" + h.link("ana")
	for b.Loop() {
		h.clock.Run(h.clock.Now().Add(time.Second)) // no throttle holds who asks once a second
		w := httptest.NewRecorder()
		h.screen.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkAcknowledge(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		h := woken(b)
		code := h.link("ana")
		r := httptest.NewRequest(http.MethodPost, "/a/"+code, strings.NewReader(h.form(code, "action=ack")))
		r.Header.Set("Content-Type", formType)
		w := httptest.NewRecorder()
		b.StartTimer()
		h.screen.ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther {
			b.Fatal(w.Code)
		}
	}
}
