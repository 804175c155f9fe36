package probe_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/probe"
	"rouse/test/target"
)

func TestHTTPSaysWhatIsWrong(t *testing.T) {
	good := target.Start(t).URL
	ca := target.NewAuthority(t)
	later := time.Now().Add(time.Hour)
	secure := target.StartTLS(t, ca, "127.0.0.1", later).URL
	misnamed := target.StartTLS(t, ca, "elsewhere.example", later).URL
	expired := target.StartTLS(t, ca, "127.0.0.1", time.Now().Add(-time.Hour)).URL
	stranger := target.StartTLS(t, target.NewAuthority(t), "127.0.0.1", later).URL
	text := check.Expect{Body: "Sign in"}

	tests := []struct {
		name string
		http check.HTTP
		why  string // "" means a good sample
	}{
		{"ok", check.HTTP{URL: good + "/ok", Expect: text}, ""},
		{"ok over TLS", check.HTTP{URL: secure + "/ok", Expect: text}, ""},
		{"post", check.HTTP{URL: good + "/echo", Method: "POST", Body: "x=1", Headers: map[string]string{"X-Token": "abc"},
			Expect: check.Expect{Body: "POST x=1"}}, ""},
		{"headers are sent", check.HTTP{URL: good + "/echo", Headers: map[string]string{"x-token": "abc"},
			Expect: check.Expect{Body: "X-Token: abc"}}, ""},
		{"status", check.HTTP{URL: good + "/status/502"}, "status 502"},
		{"status 204 by default", check.HTTP{URL: good + "/status/204"}, ""},
		{"status expected", check.HTTP{URL: good + "/status/503", Expect: check.Expect{Status: []check.StatusRange{{From: 200, To: 299}, {From: 503, To: 503}}}}, ""},
		{"status not expected", check.HTTP{URL: good + "/ok", Expect: check.Expect{Status: []check.StatusRange{{From: 201, To: 299}}}}, "status 200"},
		{"status is said before a body that hangs", check.HTTP{URL: good + "/body-never", Expect: check.Expect{Status: []check.StatusRange{{From: 500, To: 599}}}}, "status 200"},
		{"body lacks text", check.HTTP{URL: good + "/ok", Expect: check.Expect{Body: "Goodbye"}}, "body lacks the expected text"},
		{"slow to the last byte", check.HTTP{URL: good + "/body-late", Expect: check.Expect{Within: 100 * time.Millisecond}}, "slower than 100ms"},
		{"no headers", check.HTTP{URL: good + "/headers-never"}, "timeout waiting for headers"},
		{"body hangs", check.HTTP{URL: good + "/body-never"}, "timeout after headers"},
		{"body hangs behind a status that is fine", check.HTTP{URL: good + "/body-never", Expect: check.Expect{Body: "Welcome"}}, "timeout after headers"},
		{"body drips", check.HTTP{URL: good + "/body-drip"}, "timeout after headers"},
		{"body without end", check.HTTP{URL: good + "/body-huge"}, "body over 1 MB"},
		{"headers without end", check.HTTP{URL: good + "/headers-huge"}, "broken response in headers"},
		{"body cut short", check.HTTP{URL: good + "/short", Expect: text}, "connection closed after headers"},
		{"broken chunk", check.HTTP{URL: good + "/chunk-broken", Expect: check.Expect{Body: "Sign"}}, "broken response after headers"},
		{"garbage", check.HTTP{URL: good + "/garbage"}, "broken response in headers"},
		{"closed", check.HTTP{URL: good + "/close"}, "connection closed waiting for headers"},
		{"reset", check.HTTP{URL: good + "/reset"}, "connection reset waiting for headers"},
		{"refused", check.HTTP{URL: target.Refusing(t), Expect: check.Expect{Within: time.Second}}, "connect refused"},
		{"no such host", check.HTTP{URL: "http://nobody.invalid/"}, "no such host"},
		{"redirects", check.HTTP{URL: good + "/redirect/4", Expect: text}, ""},
		{"too many redirects", check.HTTP{URL: good + "/redirect/5"}, "too many redirects"},
		{"more redirects allowed", check.HTTP{URL: good + "/redirect/5", Redirects: 6}, ""},
		{"redirect loop", check.HTTP{URL: good + "/redirect-loop"}, "too many redirects"},
		{"redirect refused", check.HTTP{URL: good + "/redirect/1", Redirects: -1}, "status 302"},
		{"redirect expected", check.HTTP{URL: good + "/redirect/1", Redirects: -1, Expect: check.Expect{Status: []check.StatusRange{{From: 302, To: 302}}}}, ""},
		{"redirect to a dead end", check.HTTP{URL: good + "/redirect-to?url=" + url.QueryEscape(target.Refusing(t))}, "connect refused"},
		{"certificate for another name", check.HTTP{URL: misnamed}, "certificate is for another name"},
		{"certificate expired", check.HTTP{URL: expired}, "certificate expired or not yet valid"},
		{"certificate of a stranger", check.HTTP{URL: stranger}, "certificate of an unknown authority"},
		{"TLS expected", check.HTTP{URL: strings.Replace(good, "http:", "https:", 1)}, "no TLS on that port"},
		{"TLS never answered", check.HTTP{URL: "https://" + target.Silent(t)}, "timeout in TLS handshake"},
		{"HTTP never answered", check.HTTP{URL: "http://" + target.Silent(t)}, "timeout waiting for headers"},
		{"invalid", check.HTTP{URL: "http://[::1"}, "invalid request"},
	}
	p := &probe.Prober{Roots: ca.Roots}
	at := time.Date(2026, 11, 2, 22, 0, 0, 0, time.UTC)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			timeout := 5 * time.Second
			if strings.HasPrefix(tt.why, "timeout") {
				timeout = 300 * time.Millisecond
			}
			began := time.Now()
			x := p.Sample(t.Context(), check.Check{Name: "c", Timeout: timeout, HTTP: &tt.http}, at)
			if x.OK != (tt.why == "") || x.Why != tt.why {
				t.Errorf("got ok=%v %q, want %q", x.OK, x.Why, tt.why)
			}
			if !x.At.Equal(at) {
				t.Errorf("at %v, want %v", x.At, at)
			}
			if took := time.Since(began); x.Took <= 0 || x.Took > took || took > timeout+2*time.Second {
				t.Errorf("took %v, by its own account %v", took, x.Took)
			}
		})
	}
}

func TestLatencyIsToTheLastByte(t *testing.T) {
	c := check.Check{HTTP: &check.HTTP{URL: target.Start(t).URL + "/body-late"}}
	if x := new(probe.Prober).Sample(t.Context(), c, time.Time{}); !x.OK || x.Took < 150*time.Millisecond {
		t.Errorf("ok=%v after %v, want a good sample of at least the 150ms that its body took", x.OK, x.Took)
	}
}

func TestWhyNamesNoSecret(t *testing.T) {
	for _, path := range []string{"/status/500?token=hush", "/redirect-loop?token=hush", "/close?token=hush", "/garbage?token=hush", "/headers-huge?token=hush"} {
		u := strings.Replace(target.Start(t).URL, "http://", "http://ana:hush@", 1) + path
		c := check.Check{HTTP: &check.HTTP{URL: u, Headers: map[string]string{"X-Key": "hush"}, Body: "hush"}}
		x := new(probe.Prober).Sample(t.Context(), c, time.Time{})
		if x.OK || strings.Contains(x.Why, "hush") || strings.Contains(x.Why, "127.0.0.1") {
			t.Errorf("%s: ok=%v, why %q", path, x.OK, x.Why)
		}
	}
}

func TestSecretsStayWithTheirHost(t *testing.T) {
	type seen struct{ key, auth string }
	visits := make(chan seen, 1)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		visits <- seen{r.Header.Get("X-Key"), r.Header.Get("Authorization")}
	}))
	defer other.Close()
	home := target.Start(t).URL
	away := home + "/redirect-to?url=" + url.QueryEscape(other.URL)
	c := check.Check{HTTP: &check.HTTP{URL: away, Headers: map[string]string{"X-Key": "hush", "Authorization": "Bearer hush"}}}
	if x := new(probe.Prober).Sample(t.Context(), c, time.Time{}); !x.OK {
		t.Fatalf("the redirect was not followed: %s", x.Why)
	}
	if got := <-visits; got != (seen{}) {
		t.Errorf("another host was sent %+v", got)
	}

	moved := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer moved.Close()
	c.HTTP = &check.HTTP{URL: moved.URL, Method: "POST", Body: "password=hush"}
	if x := new(probe.Prober).Sample(t.Context(), c, time.Time{}); x.Why != "redirect would send the body elsewhere" {
		t.Errorf("ok=%v, why %q", x.OK, x.Why)
	}
}

// Every sample connects anew and leaves nothing behind.
func TestSamplesAreColdAndLeaveNothing(t *testing.T) {
	connections := make(map[string]bool)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		connections[r.RemoteAddr] = true // one request at a time
	}))
	defer server.Close()
	p := new(probe.Prober)
	c := check.Check{HTTP: &check.HTTP{URL: server.URL}}
	before := runtime.NumGoroutine()
	for range 20 {
		if x := p.Sample(t.Context(), c, time.Time{}); !x.OK {
			t.Fatal(x.Why)
		}
	}
	if len(connections) != 20 {
		t.Errorf("20 samples used %d connections", len(connections))
	}
	server.Close()
	for wait := time.Now(); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Since(wait) > 2*time.Second {
			t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
		}
	}
}
