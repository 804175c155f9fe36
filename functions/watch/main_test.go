package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rouse/shared/env"
	"rouse/shared/escalation"
	"rouse/shared/reach"
	"rouse/test/awsfake"
	"rouse/test/stack"
)

func TestWiring(t *testing.T) { stack.TestWiring(t, "watch", wire) }

func TestShapes(t *testing.T) {
	stack.TestShapes(t, start(t).MustWire("watch", wire), "watch", "want "+env.Sweep)
}

func TestItRefusesWhatItCannotRead(t *testing.T) {
	s := start(t)
	for _, name := range []string{env.Topics, env.DeadQueues} {
		if _, err := wire(s.Getenv("watch", map[string]string{name: "[]"})); err == nil || !strings.Contains(err.Error(), name+`: want {"`) {
			t.Errorf("%s: err %v", name, err)
		}
	}
}

func TestATableThatIsNotThere(t *testing.T) {
	h, err := wire(start(t).Getenv("watch", map[string]string{env.Table: "elsewhere"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stack.Invoke(t.Context(), h, stack.Event(t, "watch-sweep")); err == nil || !strings.Contains(err.Error(), "set ROUSE_TABLE") {
		t.Errorf("err %v", err)
	}
}

// start deploys a small team whose router has just come by.
func start(t *testing.T) *stack.Stack {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rouse.yaml")
	text := `
service: Newsroom
responders:
  ana: {name: Ana Ruiz, phone: "+13105550100", email: ana@example.com}
  bo: {name: Bo Lind, phone: "+13125550101"}
coverage: {owner: ana}
`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s := stack.Start(t, path)
	if err := s.Store.Beat(t.Context(), "router", time.Now()); err != nil {
		t.Fatal(err)
	}
	return s
}

func sweep(t *testing.T, s *stack.Stack, h stack.Handler) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := stack.Invoke(ctx, h, stack.Event(t, "watch-sweep")); err != nil {
		t.Error(err)
	}
}

func TestAMinuteInWhichAllIsWell(t *testing.T) {
	s := start(t)
	h := s.MustWire("watch", wire)
	for range 3 {
		sweep(t, s, h)
	}
	if told := s.AWS.Published(); len(told) > 0 {
		t.Errorf("told %+v", told)
	}
	if n := s.AWS.Calls("GetSMSSandboxAccountStatus"); n != 1 {
		t.Errorf("the account was asked %d times", n)
	}
	facts, err := s.Store.Reach(t.Context())
	if err != nil || len(facts) != 3 {
		t.Errorf("facts %v, err %v", facts, err)
	}
	for _, f := range facts {
		if f.Why != "" {
			t.Errorf("fact %+v", f)
		}
	}
	d, err := s.Store.Deployment(t.Context())
	if err != nil || d.Topics["ana"] != s.AWS.TopicARN("ana") || d.Tell != s.AWS.TopicARN(stack.TellTopic) || d.Dead["router"] != s.AWS.QueueURL("router-dead") || d.Region != "us-east-1" {
		t.Errorf("deployment %+v, err %v", d, err)
	}
	beats, err := s.Store.Beats(t.Context())
	if err != nil || time.Since(beats["watch"]) > time.Minute {
		t.Errorf("beats %v, err %v", beats, err)
	}
}

// What keeps messages from people becomes a fact, and is told once, by the
// topic that does not pass the router.
func TestWhatItFinds(t *testing.T) {
	s := start(t)
	s.AWS.Change(func(f *awsfake.Facts) {
		f.OptedOut = []string{"+13125550101"}
		for i := range f.Subscriptions {
			f.Subscriptions[i].Confirmed = f.Subscriptions[i].Endpoint != "ana@example.com" || f.Subscriptions[i].Topic != "ana"
		}
		f.Spent = 45
	})
	h := s.MustWire("watch", wire)
	for range 3 {
		sweep(t, s, h)
	}
	told := s.AWS.Published()
	if len(told) != 1 || told[0].Topic() != stack.TellTopic || told[0].Subject != "Newsroom: Rouse found 3 things to mend" {
		t.Fatalf("told %+v", told)
	}
	text := told[0].Text("email")
	for _, want := range []string{"email does not reach ana: its subscription is not confirmed", "sms does not reach bo: the number has opted out", "SMS have cost $45.00 of the $50.00"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "+1") || strings.Contains(text, "example.com") {
		t.Errorf("it repeats a number or an address:\n%s", text)
	}
	facts, err := s.Store.Reach(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unreachable := reach.Unreachable(facts, time.Now())
	if unreachable("ana", escalation.SMS) != "" || unreachable("ana", escalation.Email) == "" || unreachable("bo", escalation.SMS) == "" {
		t.Errorf("facts %v", facts)
	}
}

// Each call to AWS in turn fails: the others are made all the same, and what was
// found is told. The adapters' tests have each way in which a call fails.
func TestEachCallFails(t *testing.T) {
	for _, action := range []string{"ListSubscriptionsByTopic", "CheckIfPhoneNumberIsOptedOut", "GetSMSSandboxAccountStatus", "GetSMSAttributes", "GetMetricStatistics", "GetQueueAttributes"} {
		t.Run(action, func(t *testing.T) {
			s := start(t)
			fault := awsfake.Denied
			fault.Match = map[string]string{"ListSubscriptionsByTopic": ":ana"}[action] // the others are bo's, and the alarms'
			s.AWS.Fail(action, awsfake.Always, fault)
			s.AWS.Change(func(f *awsfake.Facts) {
				for i := range f.Subscriptions {
					f.Subscriptions[i].Confirmed = f.Subscriptions[i].Topic != "bo"
				}
			})
			sweep(t, s, s.MustWire("watch", wire))
			told := s.AWS.Published()
			if len(told) != 1 || !strings.Contains(told[0].Text("email"), "sms does not reach bo: its subscription is not confirmed") {
				t.Errorf("told %+v", told)
			}
			w, err := s.Store.LoadWatch(t.Context())
			if err != nil || !w.Asked.IsZero() || w.Tried.IsZero() {
				t.Errorf("it remembers %+v, err %v", w, err)
			}
		})
	}
	t.Run("Publish", func(t *testing.T) {
		s := start(t)
		s.AWS.Change(func(f *awsfake.Facts) { f.OptedOut = []string{"+13125550101"} })
		s.AWS.Fail("Publish", awsfake.Always, awsfake.Denied)
		h := s.MustWire("watch", wire)
		if _, err := stack.Invoke(t.Context(), h, stack.Event(t, "watch-sweep")); err == nil || !strings.Contains(err.Error(), "is not told, and tried again: SNS says AccessDeniedException") {
			t.Errorf("err %v", err)
		}
		s.AWS.Heal()
		sweep(t, s, h)
		if told := s.AWS.Published(); len(told) != 1 {
			t.Errorf("told %+v", told)
		}
	})
}
