// Package target is a server that misbehaves on purpose, in the ways in which
// services that look alive are not, so that probes can be tried on it.
package target

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Target listens on loopback until its test ends. Its paths say what each of
// them does wrong:
//
//	/ok                 200 and "Welcome. Sign in here."
//	/status/N           that status
//	/headers-never      takes the request and never answers
//	/body-never         200, half a body, then silence
//	/body-drip          200, then a byte now and then, without end
//	/body-late          200 at once, the body 150 ms later
//	/body-huge          200 and a body without end
//	/headers-huge       200 and a megabyte of headers
//	/short              promises more bytes than it sends, and closes
//	/chunk-broken       a chunk whose length is no number
//	/garbage            bytes that are not HTTP
//	/close              closes without a word
//	/reset              resets the connection
//	/redirect/N         N redirects, then /ok
//	/redirect-loop      redirects to itself
//	/redirect-to?url=U  redirects to U
//	/echo               answers with the request: method, body, URL, headers
//	/json               {"status": "ok", "queue": {"depth": 3, "oldest": null}, ...}
//	/proto              the protocol it was asked by, like HTTP/2.0
type Target struct {
	URL  string
	done chan struct{}
}

// Start starts a target over plain HTTP.
func Start(t testing.TB) *Target {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return StartOn(t, l)
}

// StartOn starts a target over plain HTTP that listens on l.
func StartOn(t testing.TB, l net.Listener) *Target {
	target := &Target{done: make(chan struct{})}
	server := httptest.NewUnstartedServer(target)
	server.Listener.Close()
	server.Listener = l
	server.Config.ErrorLog = quiet
	server.Start()
	target.URL = server.URL
	t.Cleanup(func() {
		close(target.done) // or Close would wait for those who never answer
		server.Close()
	})
	return target
}

// Refusing returns the URL of a port where nobody listens.
func Refusing(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// Silent returns the address of a port that accepts connections and never
// reads or writes.
func Silent(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
		}
	}()
	return l.Addr().String()
}

// quiet keeps the server's complaints about its clients out of test output.
var quiet = log.New(io.Discard, "", 0)

func (t *Target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	path, argument, _ := strings.Cut(path, "/")
	n, _ := strconv.Atoi(argument)
	switch path {
	case "ok":
		io.WriteString(w, "Welcome. Sign in here.")
	case "status":
		w.WriteHeader(n)
	case "headers-never":
		t.wait(r)
	case "body-never":
		io.WriteString(w, "Welcome. Si")
		w.(http.Flusher).Flush()
		t.wait(r)
	case "body-drip":
		for t.pause(r, 20*time.Millisecond) {
			io.WriteString(w, ".")
			w.(http.Flusher).Flush()
		}
	case "body-late":
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		t.pause(r, 150*time.Millisecond)
		io.WriteString(w, "Welcome. Sign in here.")
	case "body-huge":
		for block := []byte(strings.Repeat("x", 64<<10)); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	case "headers-huge":
		w.Header().Set("X-Huge", strings.Repeat("x", 1<<20))
	case "short":
		raw(w, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nWelcome. Sign in")
	case "chunk-broken":
		raw(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nSign \r\nzz\r\nin\r\n")
	case "garbage":
		raw(w, "\x00\x01\x02 hello, is it me?\r\n\r\n")
	case "close":
		raw(w, "")
	case "reset":
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	case "redirect":
		if n > 0 {
			http.Redirect(w, r, fmt.Sprintf("/redirect/%d", n-1), http.StatusFound)
			return
		}
		http.Redirect(w, r, "/ok", http.StatusFound)
	case "redirect-loop":
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	case "redirect-to":
		http.Redirect(w, r, r.URL.Query().Get("url"), http.StatusFound)
	case "echo":
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s\nURL: %s\n", r.Method, body, r.RequestURI)
		for name, values := range r.Header {
			fmt.Fprintf(w, "%s: %s\n", name, strings.Join(values, ","))
		}
	case "json":
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, document)
	case "proto":
		io.WriteString(w, r.Proto)
	default:
		http.NotFound(w, r)
	}
}

const document = `{
	"status": "ok", "version": "v12.3", "id": 9007199254740993, "ratio": 0.25, "ready": true, "count": "3",
	"queue": {"depth": 3, "oldest": null},
	"nodes": [{"name": "a", "a.b": 1}, {"name": "b"}]
}`

// wait waits until the client has gone or the test is over.
func (t *Target) wait(r *http.Request) {
	select {
	case <-t.done:
	case <-r.Context().Done():
	}
}

// pause waits for d and reports whether anybody is still there.
func (t *Target) pause(r *http.Request, d time.Duration) bool {
	select {
	case <-t.done:
		return false
	case <-r.Context().Done():
		return false
	case <-time.After(d):
		return true
	}
}

func raw(w http.ResponseWriter, s string) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	io.WriteString(c, s)
	c.Close()
}
