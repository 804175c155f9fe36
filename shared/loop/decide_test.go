package loop_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/oncall"
)

var start = time.Date(2026, 11, 4, 3, 50, 0, 0, time.UTC)

func team() loop.Team {
	both := []escalation.Contact{{Channel: escalation.SMS}, {Channel: escalation.Email, After: 2 * time.Minute}}
	policy := escalation.Policy{
		Steps: []escalation.Step{
			{Targets: []escalation.Target{{ID: "ana"}}, Wait: 3 * time.Minute},
			{Targets: []escalation.Target{{Kind: escalation.Everyone}}, Wait: 3 * time.Minute},
		},
		CheckIn: 30 * time.Minute,
	}
	return loop.Team{
		Team: escalation.Team{
			Rota:   oncall.Rota{},
			People: map[string]escalation.Person{"ana": {Contact: both}, "bo": {Contact: both}},
		},
		PolicyFor: func(string) escalation.Policy { return policy },
		Quiet:     35 * time.Minute, AnswerWithin: 10 * time.Minute,
	}
}

// anySignal draws a signal about the one incident of key login.
func anySignal(t *rapid.T, id string, at time.Time, in incident.Incident) incident.Signal {
	s := incident.Signal{ID: id, Key: "login", At: at}
	switch rapid.SampledFrom([]string{"check", "check", "report", "tap", "tap", "delivery", "answer"}).Draw(t, "signal") {
	case "check":
		e := incident.Evidence{Status: "intermittent", Red: true, Words: "words", Since: at}
		last := at
		switch rapid.SampledFrom([]string{"red", "recovering", "well", "unknown"}).Draw(t, "verdict") {
		case "recovering":
			e.WellSince, last = at, at.Add(-6*time.Minute)
		case "well":
			e.Red, e.Status, last = false, "up", at.Add(-35*time.Minute)
		case "unknown":
			e.Status, last = "unknown", time.Time{}
		}
		check := rapid.SampledFrom([]string{"login", "publish"}).Draw(t, "check")
		s.Check = &incident.CheckSignal{Check: check, Capability: "login", Evidence: e, LastBad: last}
	case "report":
		org := rapid.SampledFrom([]string{"kstate.example", "bruin.example", "emerald.example"}).Draw(t, "org")
		s.Report = &incident.ReportSignal{
			Reporter: incident.Reporter{Address: "x@" + org, Org: org},
			Urgency:  rapid.SampledFrom([]string{"urgent", "unclear", "benign"}).Draw(t, "urgency"),
			Known:    rapid.Bool().Draw(t, "known"),
		}
	case "tap":
		s.Incident = in.ID
		if rapid.IntRange(0, 5).Draw(t, "stale") == 0 {
			s.Incident = "20200101-zzzzzz"
		}
		s.Tap = &incident.TapSignal{
			Action: rapid.SampledFrom([]incident.Action{incident.ActAcknowledge, incident.ActNext, incident.ActResolve,
				incident.ActSnooze, incident.ActPass, incident.ActAnswered}).Draw(t, "action"),
			Who: rapid.SampledFrom([]string{"ana", "bo", "gone"}).Draw(t, "who"), Via: "link",
			For: 10 * time.Minute, To: rapid.SampledFrom([]string{"ana", "bo", "gone"}).Draw(t, "to"),
		}
	case "delivery":
		page := "none"
		if len(in.Attempts) > 0 {
			page = rapid.SampledFrom(in.Attempts).Draw(t, "attempt").Page
		}
		s.Delivery = &incident.DeliverySignal{Page: page}
	case "answer":
		s.Answer = &incident.AnswerSignal{}
	}
	return s
}

// Whatever happens, in any order and at any pace: an open incident is due
// again, later than now and not too late; one that is triggered has its next
// page coming; nothing settles while its check is red; nothing changes that
// the loop would not commit; and the same decision comes out twice.
func TestDecideNeverForgets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tm := team()
		var in incident.Incident
		now := start
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1200).Draw(t, "pass seconds")) * time.Second)
			var signals []incident.Signal
			for j := range rapid.IntRange(0, 3).Draw(t, "signals") {
				signals = append(signals, anySignal(t, fmt.Sprintf("s-%d-%d", i, j), now, in))
			}
			before := in
			c := loop.Decide(tm, in, signals, now)
			if again := loop.Decide(tm, in, slices.Clone(signals), now); !reflect.DeepEqual(again, c) {
				t.Fatalf("decided differently the second time:\n%+v\n%+v", c, again)
			}
			in = c.After
			if len(c.Events)+len(c.Pages)+len(signals) == 0 && !reflect.DeepEqual(before, in) {
				t.Fatalf("changed, and nothing tells the loop to commit it:\n%+v\n%+v", before, in)
			}
			due := in.Due()
			switch {
			case !in.Open():
				if !due.IsZero() {
					t.Fatalf("nothing is open and yet it is due at %s", due)
				}
			case in.State == incident.Acknowledged && due.IsZero():
				// Somebody has it and need not be asked.
				if tm.PolicyFor("").CheckIn > 0 {
					t.Fatalf("acknowledged, and its owner is never asked: %+v", in)
				}
			case !due.After(now):
				t.Fatalf("at %s still due at %s: it would spin\n%+v", now, due, in)
			case in.State == incident.Triggered && due.Sub(now) > 10*time.Minute:
				t.Fatalf("triggered, and nothing happens until %s", due)
			}
			if in.State == incident.Triggered && in.Open() && in.NextStep.IsZero() {
				t.Fatalf("triggered, and no page is coming: %+v", in)
			}
			if !in.SettledAt.IsZero() && in.Red() {
				t.Fatalf("settled while a check is red: %+v", in)
			}
			if in.State == incident.Acknowledged && in.Owner == "" {
				t.Fatalf("acknowledged by nobody: %+v", in)
			}
			ids := map[string]bool{}
			for _, p := range c.Pages {
				if p.Turn != in.Turn {
					t.Fatalf("page %s is stale at birth: turn %d of %d", p.ID, p.Turn, in.Turn)
				}
				if ids[p.ID] {
					t.Fatalf("two pages %s", p.ID)
				}
				ids[p.ID] = true
			}
		}
	})
}

// Whom an SMS has just woken hears by SMS that they can sleep, also while
// another one to them is still to come.
func TestWhoWasWokenHearsByTheSameWay(t *testing.T) {
	tm := team()
	for who, p := range tm.People {
		p.Contact = []escalation.Contact{{Channel: escalation.SMS}, {Channel: escalation.Email}, {Channel: escalation.SMS, After: 2 * time.Minute}}
		tm.People[who] = p
	}
	red := incident.Signal{ID: "red", Key: "login", At: start, Check: &incident.CheckSignal{
		Check: "login", Capability: "login", Evidence: incident.Evidence{Status: "down", Red: true, Since: start}, LastBad: start,
	}}
	in := loop.Decide(tm, incident.Incident{Key: "login"}, []incident.Signal{red}, start).After
	now := start.Add(time.Minute)
	ack := incident.Signal{ID: "ack", Key: "login", At: now, Tap: &incident.TapSignal{Action: incident.ActAcknowledge, Who: "bo"}}
	var told []string
	for _, p := range loop.Decide(tm, in, []incident.Signal{ack}, now).Pages {
		told = append(told, p.Who+" "+string(p.Kind)+" "+p.Channel)
	}
	if want := []string{"ana taken sms"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// A check that a deployment removes while it fails can never say that it is
// well: what a person resolves stays over. One that is there holds it open.
func TestRemovedCheckHoldsNothingOpen(t *testing.T) {
	for _, watched := range []bool{true, false} {
		tm := team()
		tm.Watches = func(string) bool { return watched }
		red := incident.Signal{ID: "red", Key: "login", At: start, Check: &incident.CheckSignal{
			Check: "login", Capability: "login", Evidence: incident.Evidence{Status: "down", Red: true, Since: start}, LastBad: start,
		}}
		over := incident.Signal{ID: "over", Key: "login", At: start, Tap: &incident.TapSignal{Action: incident.ActResolve, Who: "ana"}}
		in := loop.Decide(tm, incident.Incident{Key: "login"}, []incident.Signal{red}, start).After
		in = loop.Decide(tm, in, []incident.Signal{over}, start).After
		in = loop.Decide(tm, in, nil, start.Add(tm.Quiet)).After
		if in.Open() != watched {
			t.Errorf("watched %t: open %t", watched, in.Open())
		}
	}
}

// Where only the step for everyone reaches somebody, it is taken on a suspicion,
// too; and while everyone rests after it, nobody says that nobody was reached.
func TestRatherEveryoneThanNobody(t *testing.T) {
	tm := team()
	policy := tm.PolicyFor("")
	policy.Steps[0].Targets = []escalation.Target{{Kind: escalation.Schedule, ID: "with-a-hole"}}
	tm.PolicyFor = func(string) escalation.Policy { return policy }
	tm.AnswerWithin = 0
	report := incident.Signal{ID: "mail", Key: "login", At: start, Report: &incident.ReportSignal{
		Reporter: incident.Reporter{Org: "kstate.example"}, Urgency: "urgent",
	}}
	c := loop.Decide(tm, incident.Incident{Key: "login"}, []incident.Signal{report}, start)
	var paged []time.Duration
	for now := start; now.Sub(start) < time.Hour; c = loop.Decide(tm, c.After, nil, now) {
		if c.Alarm != "" {
			t.Errorf("after %s: %s", now.Sub(start), c.Alarm)
		}
		if len(c.Pages) > 0 {
			paged = append(paged, now.Sub(start))
		}
		now = c.After.Due()
	}
	want := []time.Duration{0, 5 * time.Minute, 15 * time.Minute, 35 * time.Minute}
	if c.After.Severity != incident.Suspected || !slices.Equal(paged, want) {
		t.Errorf("%s, paged everyone after %v, want %v", c.After.Severity, paged, want)
	}
}
