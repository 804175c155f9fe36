package incident_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rouse/shared/incident"
)

var (
	start = time.Date(2026, 11, 4, 3, 50, 0, 0, time.UTC)
	rules = incident.Rules{Quiet: 35 * time.Minute, AnswerWithin: 10 * time.Minute, CheckIn: 30 * time.Minute, OwnerWait: 3 * time.Minute}
)

// A night is an incident and what is done to it, minute by minute.
type night struct {
	incident.Change
	now  time.Time
	n    int
	mute time.Time // until when check login is muted; zero if it is not
}

func (n *night) rules() incident.Rules {
	r := rules
	r.Muted = func(check string) time.Time {
		if check == "login" && n.now.Before(n.mute) {
			return n.mute
		}
		return time.Time{}
	}
	return r
}

func (n *night) apply(s incident.Signal) {
	n.n++
	s.ID, s.At = fmt.Sprint("s", n.n), n.now
	if s.Key == "" {
		s.Key = "login"
	}
	n.Apply(s, n.rules(), n.now)
}

// reporter is somebody at an organisation.
func reporter(org string) incident.Reporter {
	return incident.Reporter{Address: "desk@" + org, Org: org}
}

// do understands the words that the tests are written in.
func (n *night) do(t *testing.T, words string) {
	t.Helper()
	verb, arg, _ := strings.Cut(words, " ")
	check := func(e incident.Evidence, bad time.Time) {
		n.apply(incident.Signal{Check: &incident.CheckSignal{Check: arg, Capability: "login", Evidence: e, LastBad: bad}})
	}
	switch verb {
	case "red":
		check(incident.Evidence{Status: "down", Red: true, Words: "failing", Since: n.now}, n.now)
	case "recovers":
		check(incident.Evidence{Status: "down", Red: true, Words: "well for a while", WellSince: n.now}, time.Time{})
	case "well":
		check(incident.Evidence{Status: "up", Words: "well", Since: n.now}, time.Time{})
	case "unwatched":
		check(incident.Evidence{Status: "unknown", Red: true, Words: "no sample", Since: n.now}, time.Time{})
	case "fires", "doubts", "clears":
		state := map[string]incident.AlertState{"fires": incident.AlertFailing, "doubts": incident.AlertUnknown, "clears": incident.AlertWell}[verb]
		name, late, _ := strings.Cut(arg, " late ") // said now of what was then
		since := n.now
		if late != "" {
			d, err := time.ParseDuration(late)
			if err != nil {
				t.Fatal(err)
			}
			since = since.Add(-d)
		}
		n.apply(incident.Alert{Source: "alarms", Name: name, Capability: "login", State: state, Since: since, At: n.now}.Signal())
	case "suspects":
		n.apply(incident.Alert{Source: "alarms", Name: arg, Capability: "login", Severity: incident.Suspected, At: n.now}.Signal())
	case "urgent", "unclear", "benign", "known", "claimed":
		r := &incident.ReportSignal{Reporter: reporter(arg), Urgency: verb, Proven: verb != "claimed"}
		if verb == "known" || verb == "claimed" {
			r.Urgency, r.Known = "urgent", verb == "known"
		}
		n.apply(incident.Signal{Report: r})
	case "ack", "next", "resolve", "answered":
		n.apply(incident.Signal{Tap: &incident.TapSignal{Action: incident.Action(verb), Who: arg, Via: "link"}})
	case "tell":
		n.apply(incident.Signal{Tap: &incident.TapSignal{Action: incident.ActTell, Who: arg, Text: " We have found it: a full disk.\n"}})
	case "snooze":
		n.apply(incident.Signal{Tap: &incident.TapSignal{Action: incident.ActSnooze, Who: arg, For: 10 * time.Minute}})
	case "mute":
		d, err := time.ParseDuration(arg)
		if err != nil {
			t.Fatal(err)
		}
		n.mute = n.now.Add(d)
		n.apply(incident.Signal{Tap: &incident.TapSignal{Action: incident.ActMute, Who: "ana", For: d, Check: "login"}})
	case "pass":
		from, to, _ := strings.Cut(arg, ">")
		n.apply(incident.Signal{Tap: &incident.TapSignal{Action: incident.ActPass, Who: from, To: to}})
	case "team-answers": // everybody or, if one is named, them
		a := &incident.AnswerSignal{}
		if arg != "" {
			a.Reporters = []string{reporter(arg).ID()}
		}
		n.apply(incident.Signal{Answer: a})
	case "wait":
		d, err := time.ParseDuration(arg)
		if err != nil {
			t.Fatal(err)
		}
		n.now = n.now.Add(d)
		n.Pass(n.rules(), n.now)
	case "paged": // what the escalation would note
		n.After.Round, n.After.Step, n.After.NextStep = 1, 0, n.now.Add(3*time.Minute)
		n.After.Paged = append(n.After.Paged, incident.Paged{Who: arg, Channel: "sms", At: n.now, Times: 1})
	default:
		t.Fatalf("unknown words %q", words)
	}
}

// stands says how things are in one line.
func (n *night) stands() string {
	in := n.After
	if in.ID == "" {
		return "nothing"
	}
	s := string(in.State)
	if !in.SettledAt.IsZero() {
		s = "settled"
	}
	s += " " + string(in.Severity)
	if in.Owner != "" && in.State == incident.Acknowledged {
		s += " by " + in.Owner
	}
	return s
}

func (n *night) calls() string {
	var s []string
	for _, k := range n.Calls {
		s = append(s, string(k.Kind)+":"+strings.Join(k.Who, ","))
	}
	return strings.Join(s, " ")
}

func (n *night) notices() string {
	var s []string
	for _, k := range n.Notices {
		s = append(s, string(k.Kind))
	}
	return strings.Join(s, " ")
}

// A responder's own words reach all who wrote and are an answer to all of
// them; where nobody wrote they are words to nobody.
func TestTell(t *testing.T) {
	n := &night{now: start}
	n.do(t, "red login")
	n.do(t, "tell ana")
	if n.notices() != "" {
		t.Errorf("nobody wrote, and told %s", n.notices())
	}
	n.do(t, "urgent kstate.example")
	n.Notices = nil
	n.do(t, "tell ana")
	if want := "We have found it: a full disk."; len(n.Notices) != 1 || n.Notices[0].Kind != incident.NoticeWords || n.Notices[0].Text != want || n.Notices[0].Who != "ana" {
		t.Errorf("told %+v, want %q by ana", n.Notices, want)
	}
	if n.After.Waited() || !n.After.AnswerBy.IsZero() {
		t.Error("they still wait for an answer")
	}
	n.apply(incident.Signal{Tap: &incident.TapSignal{Action: incident.ActTell, Who: "ana", Text: strings.Repeat("x", incident.WordsMax+1)}})
	if len(n.Notices) != 1 {
		t.Error("told more than fits")
	}
	for range 20 {
		n.do(t, "tell ana")
	}
	if len(n.Notices) > 5 {
		t.Errorf("%d messages in one commit", len(n.Notices))
	}
}

func TestApply(t *testing.T) {
	for _, c := range []struct {
		name, script, stands, calls, notices string
	}{
		{"a red check is confirmed", "red login", "triggered confirmed", "", ""},
		{"a check that nobody samples is only suspected", "unwatched login", "triggered suspected", "", ""},
		{"one report is suspected", "urgent kstate.example", "triggered suspected", "", "received"},
		{"unless a known customer wrote", "known kstate.example", "triggered confirmed", "", "received"},
		{"a second organisation confirms", "urgent kstate.example; urgent bruin.example", "triggered confirmed", "", "received received"},
		{"the same one does not", "urgent kstate.example; urgent kstate.example", "triggered suspected", "", "received received"},
		{"one that is only claimed does not", "urgent kstate.example; claimed bruin.example", "triggered suspected", "", "received received"},
		{"harmless mail opens nothing", "benign kstate.example", "nothing", "", ""},
		{"nor does a well check, a tap or an answer", "well login; ack ana; team-answers", "nothing", "", ""},

		{"an alert is believed as a check is", "fires cpu", "triggered confirmed", "", ""},
		{"as much as it says", "suspects cpu", "triggered suspected", "", ""},
		{"a stronger one confirms", "suspects cpu; fires disk", "triggered confirmed", "", ""},
		{"one that cannot tell is only suspected", "doubts cpu", "triggered suspected", "", ""},
		{"and takes nothing back", "fires cpu; wait 1h; doubts cpu; wait 1h", "triggered confirmed", "", ""},
		{"a well one opens nothing", "clears cpu", "nothing", "", ""},
		{"while it fails, time resolves nothing", "fires cpu; wait 12h", "triggered confirmed", "", ""},
		{"once it is well, the quiet time does", "fires cpu; wait 12h; clears cpu; wait 34m; wait 1m", "settled confirmed", "", ""},
		{"but not sooner", "fires cpu; wait 12h; clears cpu; wait 34m", "triggered confirmed", "", ""},
		{"all of them must be well", "fires cpu; fires disk; clears cpu; wait 2h", "triggered confirmed", "", ""},
		{"a person is believed, since we cannot look", "fires cpu; ack ana; resolve ana; wait 35m", "settled confirmed", "", ""},
		{"until it is said again", "fires cpu; ack ana; resolve ana; wait 20m; fires cpu", "triggered confirmed", "", ""},
		{"failing again is a relapse", "fires cpu; ack ana; clears cpu; wait 5m; fires cpu", "acknowledged confirmed by ana", "relapse:ana", ""},
		{"what overtook it counts", "fires cpu; ack ana; wait 10m; clears cpu; fires cpu late 5m; wait 35m", "settled confirmed", "checkin:ana", ""},

		{"acknowledged by the first", "red login; ack ana; ack bo", "acknowledged confirmed by ana", "", ""},
		{"those paged hear of it", "red login; paged ana; paged bo; ack ana", "acknowledged confirmed by ana", "taken:bo", ""},
		{"so do the reporters", "known kstate.example; ack ana", "acknowledged confirmed by ana", "", "received taken"},
		{"a relapse pages the owner", "red login; ack ana; recovers login; red login", "acknowledged confirmed by ana", "relapse:ana", ""},
		{"two reasons are one page", "red login; ack ana; recovers login; red login; urgent kstate.example", "acknowledged confirmed by ana", "relapse:ana", "received"},
		{"more of the same does not", "red login; ack ana; red login", "acknowledged confirmed by ana", "", ""},
		{"a new organisation does", "red login; ack ana; urgent kstate.example", "acknowledged confirmed by ana", "relapse:ana", "received"},
		{"an owner who does not answer loses it", "red login; ack ana; recovers login; red login; wait 3m", "triggered confirmed", "relapse:ana", ""},
		{"one who answers keeps it", "red login; ack ana; recovers login; red login; ack ana; wait 3m", "acknowledged confirmed by ana", "relapse:ana", ""},
		{"the owner is asked in time", "red login; ack ana; wait 30m", "acknowledged confirmed by ana", "checkin:ana", ""},
		{"and must answer", "red login; ack ana; wait 30m; wait 3m", "triggered confirmed", "checkin:ana", ""},
		{"snoozed, a relapse still wants an answer at once", "red login; recovers login; snooze ana; red login; wait 3m", "triggered confirmed", "relapse:ana", ""},
		{"snoozed, it comes back", "red login; snooze ana; wait 9m; wait 1m", "triggered confirmed", "", ""},
		{"passed on", "red login; ack ana; pass ana>bo", "acknowledged confirmed by bo", "passed:bo", ""},
		{"taken over", "red login; ack ana; pass bo>bo", "acknowledged confirmed by bo", "", ""},
		{"the owner cannot keep it", "red login; ack ana; next ana", "triggered confirmed", "", ""},
		{"somebody else's late 'can't' does not take it from the owner", "red login; ack ana; next bo", "acknowledged confirmed by ana", "", ""},
		{"'can't' confirms", "urgent kstate.example; next ana", "triggered confirmed", "", "received"},

		{"resolved by a person", "red login; ack ana; resolve ana", "resolved confirmed", "", ""},
		{"one that nobody had acknowledged, those paged hear of", "red login; paged ana; paged bo; resolve ana", "resolved confirmed", "over:bo", ""},
		{"it settles after the quiet time", "red login; ack ana; wait 1m; well login; resolve ana; wait 35m", "settled confirmed", "", ""},
		{"and tells the reporters", "known kstate.example; resolve ana; wait 35m", "settled confirmed", "", "received closing"},
		{"a relapse before that reopens it", "red login; ack ana; resolve ana; wait 34m; red login", "triggered confirmed", "", ""},
		{"so does a customer", "urgent kstate.example; resolve ana; unclear kstate.example", "triggered suspected", "", "received received"},
		{"a thank-you does not", "urgent kstate.example; resolve ana; benign kstate.example", "resolved suspected", "", "received received"},
		{"nothing settles while its check is red", "red login; resolve ana; wait 35m", "triggered confirmed", "", ""},
		{"what still fails starts again", "red login; resolve ana; wait 36m", "triggered confirmed", "", ""},
		{"a mute puts that off", "red login; resolve ana; mute 2h; wait 36m; wait 83m", "resolved confirmed", "", ""},
		{"until it ends", "red login; resolve ana; mute 2h; wait 36m; wait 84m", "triggered confirmed", "", ""},
		{"or is taken back", "red login; resolve ana; mute 2h; wait 36m; mute 0s; wait 1s", "triggered confirmed", "", ""},
		{"well within the mute it settles", "red login; resolve ana; mute 2h; wait 36m; well login; wait 1s", "settled confirmed", "", ""},
		{"a mute of one check is none of the other", "red login; red publish; resolve ana; mute 2h; wait 36m", "triggered confirmed", "", ""},
		{"a mute ends nothing", "red login; mute 2h; wait 60m", "triggered confirmed", "", ""},
		{"the quiet time resolves by itself, and says who slept", "red login; paged ana; wait 35m; well login; wait 1s", "settled confirmed", "over:ana", ""},
		{"but not what is known from mail alone", "known kstate.example; answered ana; wait 48h", "triggered confirmed", "", "received"},

		{"a promise that is broken pages the owner", "red login; ack ana; urgent kstate.example; ack ana; wait 10m",
			"acknowledged confirmed by ana", "relapse:ana promise:ana", "received"},
		{"one that is kept does not", "red login; ack ana; urgent kstate.example; ack ana; team-answers; wait 10m",
			"acknowledged confirmed by ana", "relapse:ana", "received"},
		{"reporters hear that it looks recovered when it has for a while", "red login; urgent kstate.example; ack ana; answered ana; recovers login; wait 9m",
			"acknowledged confirmed by ana", "", "received taken"},
		{"and that it did not last", "red login; urgent kstate.example; ack ana; answered ana; recovers login; wait 10m; red login",
			"acknowledged confirmed by ana", "relapse:ana", "received taken recovered relapsed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := &night{now: start}
			for _, words := range strings.Split(c.script, "; ") {
				n.do(t, words)
			}
			if n.stands() != c.stands || n.calls() != c.calls || n.notices() != c.notices {
				t.Errorf("%s\nstands %q, calls %q, notices %q\nwant   %q, calls %q, notices %q\n%+v",
					c.script, n.stands(), n.calls(), n.notices(), c.stands, c.calls, c.notices, n.Events)
			}
		})
	}
}

// An unclear report pages nobody before the promise is due, unless something
// clearer joins it.
func TestUnclearWaitsForThePromise(t *testing.T) {
	n := &night{now: start}
	n.do(t, "unclear kstate.example")
	if got := n.After.NextStep.Sub(start); got != rules.AnswerWithin {
		t.Errorf("the first page comes after %s", got)
	}
	n.do(t, "wait 2m")
	n.do(t, "red login")
	if !n.After.NextStep.Equal(n.now) {
		t.Errorf("a red check does not bring the page forward: %s", n.After.NextStep)
	}
}

// While it looks recovered nobody new is woken; a relapse makes up for that at
// once and does not wait for the step under way.
func TestRelapseWidensAtOnce(t *testing.T) {
	n := &night{now: start}
	for _, words := range []string{"red login", "paged ana", "recovers login", "wait 1m", "red login"} {
		n.do(t, words)
	}
	if n.After.NextStep.After(n.now) {
		t.Errorf("the next step waits until %s", n.After.NextStep.Sub(n.now))
	}
}

// An answer is to those who had written by then: who writes after it, again or
// for the first time, is promised one, too.
func TestPromiseBeginsAnewAfterAnAnswer(t *testing.T) {
	for _, words := range []string{"urgent bruin.example", "unclear kstate.example", "urgent kstate.example"} {
		n := &night{now: start}
		for _, w := range []string{"red login", "urgent kstate.example", "ack ana", "answered ana", "wait 1m", words} {
			n.do(t, w)
		}
		if want := n.now.Add(rules.AnswerWithin); !n.After.Waited() || !n.After.AnswerBy.Equal(want) {
			t.Errorf("%s: waits %t, for an answer by %s, want %s", words, n.After.Waited(), n.After.AnswerBy, want)
		}
		n.do(t, "benign kstate.example") // a thank-you after an answer promises nothing
		n.do(t, "team-answers")
		n.do(t, "benign kstate.example")
		if n.After.Waited() {
			t.Errorf("%s: a thank-you waits for an answer", words)
		}
	}
}

// However many organisations have written, one that writes again does not page
// the owner again.
func TestManyOrganisations(t *testing.T) {
	n := &night{now: start}
	n.do(t, "red login")
	n.do(t, "ack ana")
	for i := range incident.OrgsMax + 10 {
		n.do(t, fmt.Sprintf("urgent o%d.example", i))
	}
	n.Calls = nil
	n.do(t, fmt.Sprintf("urgent o%d.example", incident.OrgsMax+9))
	if n.calls() != "" {
		t.Errorf("called %s", n.calls())
	}
}

// Joining never resets an escalation.
func TestJoiningKeepsTheEscalation(t *testing.T) {
	n := &night{now: start}
	n.do(t, "red login")
	n.do(t, "paged ana")
	n.do(t, "wait 1m")
	before := n.After
	for _, org := range []string{"kstate.example", "bruin.example", "emerald.example"} {
		n.do(t, "urgent "+org)
	}
	if n.After.Round != before.Round || n.After.Step != before.Step || !n.After.NextStep.Equal(before.NextStep) {
		t.Errorf("from round %d step %d at %s to round %d step %d at %s", before.Round, before.Step, before.NextStep, n.After.Round, n.After.Step, n.After.NextStep)
	}
}

// A tap that was meant for another incident of the same key does nothing.
func TestTapOfAnotherIncident(t *testing.T) {
	n := &night{now: start}
	n.do(t, "red login")
	n.apply(incident.Signal{Incident: "20200101-aaaaaa", Tap: &incident.TapSignal{Action: incident.ActAcknowledge, Who: "ana"}})
	if n.After.State != incident.Triggered {
		t.Errorf("it is %s", n.After.State)
	}
}

// What opens an incident gives it its id, and the same signal the same one.
func TestNewID(t *testing.T) {
	a, b := incident.NewID("login", "s1", start), incident.NewID("login", "s1", start.Add(time.Hour))
	if a != b || !strings.HasPrefix(string(a), "20261104-") || len(a) != len("20261104-k3fqzq") {
		t.Errorf("%s and %s", a, b)
	}
	if incident.NewID("publish", "s1", start) == a || incident.NewID("login", "s2", start) == a {
		t.Error("another key or signal makes the same incident")
	}
}
