package incident_test

import (
	"strings"
	"testing"

	"rouse/shared/incident"
)

// An incident remembers what its reporters were told: the last of it, each
// kind of news once and not once for each reporter.
func TestTold(t *testing.T) {
	n := &night{now: start}
	n.do(t, "urgent kstate.example")
	n.do(t, "urgent bruin.example")
	n.do(t, "ack ana")
	n.do(t, "tell ana")
	var kinds []string
	for _, told := range n.After.Told {
		kinds = append(kinds, string(told.Kind))
	}
	if got := strings.Join(kinds, " "); got != "received taken words" || n.After.Told[2].Text != "We have found it: a full disk." || n.After.Told[2].Who != "ana" {
		t.Errorf("told %+v", n.After.Told)
	}
	before := n.After
	for range 2 * incident.ToldMax {
		n.apply(incident.Signal{Tap: &incident.TapSignal{Action: incident.ActTell, Who: "ana", Text: strings.Repeat("é", incident.WordsMax/2)}})
	}
	if len(n.After.Told) != incident.ToldMax || len(n.After.Told[0].Text) > incident.QuoteMax || len(before.Told) != 3 {
		t.Errorf("%d things of %d bytes are remembered, %d before", len(n.After.Told), len(n.After.Told[0].Text), len(before.Told))
	}
}
