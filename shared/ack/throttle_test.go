package ack

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"rouse/shared/clock"
)

func TestThrottle(t *testing.T) {
	c := clock.NewVirtual(time.Date(2026, 11, 4, 4, 0, 0, 0, time.UTC))
	limit := newThrottle(c, 3, time.Second)
	for want := 3; want >= 0; want-- {
		if got := limit.left("a"); got != want {
			t.Errorf("%d left, want %d", got, want)
		}
		limit.take("a")
	}
	if got := limit.left("b"); got != 3 {
		t.Errorf("another caller has %d left", got)
	}
	for range 1000 { // who goes on is not kept out for longer
		limit.take("a")
	}
	c.Run(c.Now().Add(time.Second))
	if got := limit.left("a"); got != 1 {
		t.Errorf("after a second %d are left, want 1", got)
	}
	c.Run(c.Now().Add(time.Hour))
	if got := limit.left("a"); got != 3 {
		t.Errorf("after an hour %d are left, want 3", got)
	}
}

func TestThrottleIsBounded(t *testing.T) {
	c := clock.NewVirtual(time.Date(2026, 11, 4, 4, 0, 0, 0, time.UTC))
	limit := newThrottle(c, 3, time.Second)
	for i := range 10 * callersMax {
		limit.take(fmt.Sprint(i))
	}
	if n := len(limit.full) + len(limit.older); n > callersMax {
		t.Errorf("%d callers are remembered, more than %d", n, callersMax)
	}
	if got := limit.left(fmt.Sprint(10*callersMax - 1)); got != 2 {
		t.Errorf("the last caller has %d left", got)
	}
}

func TestSource(t *testing.T) {
	for addr, want := range map[string]string{
		"203.0.113.7:4711": "203.0.113.7", "203.0.113.7": "203.0.113.7", "[2001:db8:1:2:3:4:5:6]:443": "2001:db8:1:2::/64",
		"2001:db8:1:2::9": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "::ffff:203.0.113.7": "203.0.113.7", "": "", "nonsense": "nonsense",
	} {
		if got := source(&http.Request{RemoteAddr: addr}); got != want {
			t.Errorf("%q comes from %q, want %q", addr, got, want)
		}
	}
}
