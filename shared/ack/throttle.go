package ack

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"rouse/shared/clock"
)

// What one code, and one source of addresses that lead nowhere, may ask of one
// instance of the function: far more than anybody who taps, far less than a
// flood. There may be as many instances as the API lets requests through at a
// time; the API's own throttle bounds all of them together.
const (
	codeBurst   = 60 // requests
	codeEvery   = time.Second
	sourceBurst = 60 // addresses that led nowhere
	sourceEvery = time.Second / 2
	callersMax  = 4096 // remembered at a time, of each sort
)

// A throttle counts callers in buckets: each has room for a burst, and regains
// one request each so often. It forgets callers when there are too many, those
// that were not heard of for longest first, and so takes a bounded memory.
type throttle struct {
	clock clock.Clock
	burst int
	every time.Duration

	mu sync.Mutex
	// full is when each caller's bucket will be full again. Two generations of
	// callers: when the first has grown too large, it becomes the second.
	full, older map[string]time.Time
}

func newThrottle(c clock.Clock, burst int, every time.Duration) *throttle {
	return &throttle{clock: c, burst: burst, every: every, full: map[string]time.Time{}}
}

// left is how many requests the caller has left.
func (t *throttle) left(caller string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	owed := t.at(caller).Sub(t.clock.Now())
	return t.burst - int((max(owed, 0)+t.every-1)/t.every)
}

// take takes one of them, even if there are none left.
func (t *throttle) take(caller string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	full := t.at(caller)
	if full.Before(now) {
		full = now
	}
	// Who goes on asking waits no longer than one who has stopped.
	if most := now.Add(time.Duration(t.burst) * t.every); full.Before(most) {
		full = full.Add(t.every)
	}
	if len(t.full) >= callersMax/2 {
		t.full, t.older = map[string]time.Time{}, t.full
	}
	t.full[caller] = full
}

func (t *throttle) at(caller string) time.Time {
	if at, known := t.full[caller]; known {
		return at
	}
	return t.older[caller]
}

// source is where a request comes from: an IPv4 address, or the network of an
// IPv6 one, of which a caller has as many as they like.
func source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr // the API gives no port
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if addr = addr.Unmap(); addr.Is6() {
		if network, err := addr.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}
	return addr.String()
}
