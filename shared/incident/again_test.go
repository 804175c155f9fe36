package incident_test

import (
	"testing"
	"time"
)

// A customer who writes again reaches the engineer who has the incident, with
// nothing asked of them; further mails wait until they have had a rest, and
// none of it wakes anybody else.
func TestACustomerWhoWritesAgainReachesTheOwner(t *testing.T) {
	n := &night{now: start}
	for _, words := range []string{"red login", "urgent kstate.example", "ack ana", "wait 1m", "unclear kstate.example", "wait 0s"} {
		n.do(t, words)
	}
	if n.calls() != "mail:ana" || !n.After.OwnerBy.IsZero() {
		t.Fatalf("called %q, to answer by %s", n.calls(), n.After.OwnerBy)
	}
	n.Calls = nil
	for range 4 {
		n.do(t, "urgent kstate.example")
		n.do(t, "wait 1m")
	}
	if n.calls() != "" || n.After.Due().After(n.now.Add(time.Minute)) {
		t.Fatalf("called %q, due %s", n.calls(), n.After.Due())
	}
	n.do(t, "wait 1m")
	if n.calls() != "mail:ana" {
		t.Errorf("called %q", n.calls())
	}
	n.Calls = nil
	n.do(t, "benign kstate.example") // a thank-you is for the timeline
	n.do(t, "wait 6m")
	if n.calls() != "promise:ana" {
		t.Errorf("called %q", n.calls())
	}
}
