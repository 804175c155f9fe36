package incident_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/incident"
)

// by is when a customer was promised an answer, since the night began; "" if
// they wait for none.
func (n *night) by(org string) string {
	t := n.After.AnswerTo(reporter(org).ID())
	if t.IsZero() {
		return ""
	}
	return t.Sub(start).String()
}

// An answer to one customer keeps the promise to that one: the clocks of the
// others go on, and the earliest of them is the incident's.
func TestAnAnswerIsToWhomItIsWritten(t *testing.T) {
	n := &night{now: start}
	for _, words := range []string{"red login", "ack ana", "urgent kstate.example", "wait 2m", "urgent bruin.example", "wait 1m", "urgent kstate.example", "ack ana", "team-answers kstate.example"} {
		n.do(t, words)
	}
	if n.by("kstate.example") != "" || n.by("bruin.example") != "12m0s" || !n.After.Waited() || !n.After.AnswerBy.Equal(start.Add(12*time.Minute)) {
		t.Fatalf("kstate %q, bruin %q, answer by %s", n.by("kstate.example"), n.by("bruin.example"), n.After.AnswerBy)
	}
	n.Calls = nil
	n.do(t, "wait 9m")
	if n.calls() != "promise:ana" || !n.After.Broken || n.After.AnsweredAt != (time.Time{}) {
		t.Fatalf("called %q, broken %t, answered %s", n.calls(), n.After.Broken, n.After.AnsweredAt)
	}
	if e := n.Events[len(n.Events)-1]; e.Kind != "promise" || e.Who != "bruin.example" || e.Why != "nobody answered the customer within 10m0s" {
		t.Errorf("the timeline says %+v", e)
	}
	n.do(t, "wait 1m")
	n.do(t, "team-answers bruin.example")
	if n.After.Waited() || n.After.Broken || !n.After.AnsweredAt.Equal(n.now) {
		t.Errorf("waits %t, broken %t, answered %s", n.After.Waited(), n.After.Broken, n.After.AnsweredAt)
	}
	p := n.After.Promises
	if p.Made != 2 || p.Kept != 1 || p.Broken != 1 || p.Answered != 2 || p.Took != 14*time.Minute || !p.First.Equal(start.Add(3*time.Minute)) {
		t.Errorf("promises %+v", p)
	}
	want := []incident.Outcome{{Kept: true, Answered: true, Took: 3 * time.Minute}, {Broken: true}, {Answered: true, Took: 11 * time.Minute}}
	if !slices.Equal(n.Outcomes, want) {
		t.Errorf("outcomes %+v, want %+v", n.Outcomes, want)
	}
}

// Answered on the screen is said of everybody.
func TestAnsweredIsSaidOfAll(t *testing.T) {
	n := &night{now: start}
	for _, words := range []string{"red login", "urgent kstate.example", "urgent bruin.example", "wait 1m", "answered ana"} {
		n.do(t, words)
	}
	if n.After.Waited() || n.After.Promises.Kept != 2 {
		t.Errorf("waits %t, promises %+v", n.After.Waited(), n.After.Promises)
	}
}

// An answer that was written in time and read late has kept the promise.
func TestAnAnswerThatIsReadLate(t *testing.T) {
	n := &night{now: start}
	n.do(t, "red login")
	n.do(t, "urgent kstate.example")
	n.do(t, "wait 11m")
	n.Apply(incident.Signal{ID: "late", Key: "login", At: start.Add(9 * time.Minute), Answer: &incident.AnswerSignal{Reporters: []string{reporter("kstate.example").ID()}}}, rules, n.now)
	if p := n.After.Promises; p.Kept != 1 || p.Broken != 0 || n.After.Waited() {
		t.Errorf("promises %+v, waits %t", p, n.After.Waited())
	}
}

// However many customers wait, the incident stays small, nobody is forgotten,
// and their broken promises page the owner once.
func TestACrowdThatWaits(t *testing.T) {
	const crowd = 5000
	n := &night{now: start}
	n.do(t, "red login")
	n.do(t, "ack ana")
	for i := range crowd {
		n.now = n.now.Add(10 * time.Millisecond)
		n.do(t, fmt.Sprintf("urgent o%d.example", i))
	}
	if got := len(n.After.Waiting); got != incident.WaitingMax+1 {
		t.Fatalf("%d are remembered", got)
	}
	n.do(t, "ack ana")
	n.Calls, n.Events = nil, nil
	for range 1000 {
		n.do(t, "wait 1s")
	}
	if got := strings.Count(n.calls(), "promise:"); got != 1 {
		t.Errorf("called %d times: %s", got, n.calls())
	}
	if p := n.After.Promises; p.Made != crowd || p.Broken != crowd {
		t.Errorf("promises %+v", p)
	}
	for i := range incident.WaitingMax {
		n.do(t, fmt.Sprintf("team-answers o%d.example", i))
	}
	if !n.After.Waited() {
		t.Error("those beyond it are forgotten")
	}
	n.do(t, "answered ana")
	if n.After.Waited() || n.After.Promises.Answered != crowd {
		t.Errorf("promises %+v", n.After.Promises)
	}
}

// What an older Rouse has stored is a promise to all who had written.
func TestAPromiseOfAnOlderRouse(t *testing.T) {
	n := &night{now: start}
	n.do(t, "red login")
	n.do(t, "ack ana")
	n.After.Reports, n.After.AnswerBy = 2, start.Add(10*time.Minute)
	n.do(t, "wait 5m")
	n.do(t, "urgent kstate.example")
	if !n.After.AnswerBy.Equal(start.Add(10 * time.Minute)) {
		t.Errorf("answer by %s", n.After.AnswerBy)
	}
	n.do(t, "wait 5m")
	if !n.After.Broken || n.calls() != "relapse:ana promise:ana" {
		t.Errorf("broken %t, called %s", n.After.Broken, n.calls())
	}
	n.do(t, "answered ana")
	if n.After.Waited() {
		t.Error("somebody still waits")
	}
}
