package snsaccount_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"rouse/shared/snsaccount"
	"rouse/shared/watch"
	"rouse/test/awsfake"
)

func start(t *testing.T, facts awsfake.Facts) (*awsfake.Server, *snsaccount.Account) {
	t.Helper()
	return startTrying(t, facts, 3)
}

// startTrying is start with so many attempts at each call. A single one is for
// calls that are to fail: the SDK itself now and then breaks the connection
// whose answer comes as fast as it does here.
func startTrying(t *testing.T, facts awsfake.Facts, attempts int) (*awsfake.Server, *snsaccount.Account) {
	t.Helper()
	s := awsfake.Start(t, awsfake.Options{Topics: []string{"ana", "ring", "tell"}, Facts: facts})
	client := sns.New(sns.Options{
		BaseEndpoint: &s.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), RetryMaxAttempts: attempts,
	})
	return s, &snsaccount.Account{Client: client, RingTopic: s.TopicARN("ring"), TellTopic: s.TopicARN("tell")}
}

func TestSubscriptions(t *testing.T) {
	facts := awsfake.Facts{Subscriptions: []awsfake.Subscription{
		{Topic: "ana", Protocol: "sms", Endpoint: "+13105550100", Confirmed: true}, {Topic: "ana", Protocol: "email", Endpoint: "ana@example.com"},
	}}
	for i := range 250 {
		facts.Subscriptions = append(facts.Subscriptions, awsfake.Subscription{Topic: "ring", Protocol: "email", Endpoint: fmt.Sprintf("p%d@example.com", i), Confirmed: i%2 == 0})
	}
	s, a := start(t, facts)
	got, err := a.Subscriptions(t.Context(), s.TopicARN("ana"))
	want := []watch.Subscription{{Protocol: "sms", Endpoint: "+13105550100", Confirmed: true}, {Protocol: "email", Endpoint: "ana@example.com"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, err %v", got, err)
	}
	got, err = a.Subscriptions(t.Context(), s.TopicARN("ring"))
	if err != nil || len(got) != 250 || got[249].Endpoint != "p249@example.com" || got[249].Confirmed || s.Calls("ListSubscriptionsByTopic") < 4 {
		t.Errorf("%d of them in %d calls, err %v", len(got), s.Calls("ListSubscriptionsByTopic"), err)
	}
	if got, err = a.Subscriptions(t.Context(), s.TopicARN("tell")); err != nil || len(got) != 0 {
		t.Errorf("%v, err %v", got, err)
	}
	if _, err := a.Subscriptions(t.Context(), s.TopicARN("gone")); err == nil || err.Error() != "SNS says NotFound" {
		t.Errorf("err %v", err)
	}
	s.TakeRefusals()
}

func TestNumbers(t *testing.T) {
	s, a := start(t, awsfake.Facts{OptedOut: []string{"+13105550100"}, Verified: []string{"+13105550100", "+13125550101"}, Originations: []string{"+18005550199"}})
	for phone, want := range map[string]bool{"+13105550100": true, "+13125550101": false} {
		if got, err := a.OptedOut(t.Context(), phone); err != nil || got != want {
			t.Errorf("%s: %t, err %v", phone, got, err)
		}
	}
	sandbox, err := a.Sandbox(t.Context())
	if err != nil || sandbox == nil || !slices.Equal(sandbox.Verified, []string{"+13105550100", "+13125550101"}) {
		t.Errorf("sandbox %v, err %v", sandbox, err)
	}
	if got, err := a.Originations(t.Context()); err != nil || !slices.Equal(got, []string{"+18005550199"}) {
		t.Errorf("numbers %v, err %v", got, err)
	}
	s.Change(func(f *awsfake.Facts) { f.SMSProduction = true })
	if sandbox, err := a.Sandbox(t.Context()); err != nil || sandbox != nil {
		t.Errorf("sandbox %v, err %v", sandbox, err)
	}
}

func TestLimit(t *testing.T) {
	s, a := start(t, awsfake.Facts{})
	for text, want := range map[string]float64{"": 1, "50": 50, "2.5": 2.5} {
		s.Change(func(f *awsfake.Facts) { f.SpendLimit = text })
		if got, err := a.Limit(t.Context()); err != nil || got != want {
			t.Errorf("%q: %g, err %v", text, got, err)
		}
	}
	s.Change(func(f *awsfake.Facts) { f.SpendLimit = "much" })
	if _, err := a.Limit(t.Context()); err == nil || err.Error() != `the spend limit is "much"` {
		t.Errorf("err %v", err)
	}
}

// Who confirms by the API can be unsubscribed by nobody but who has
// credentials.
func TestSubscribeAndConfirm(t *testing.T) {
	s, a := start(t, awsfake.Facts{})
	pending, err := a.Subscribe(t.Context(), s.TopicARN("ana"), "email", "ana@example.com", "email")
	if err != nil || !pending {
		t.Fatalf("pending %t, err %v", pending, err)
	}
	if pending, err = a.Subscribe(t.Context(), s.TopicARN("ana"), "sms", "+13105550100", ""); err != nil || pending {
		t.Fatalf("pending %t, err %v", pending, err)
	}
	if err := a.Confirm(t.Context(), s.TopicARN("ana"), "wrong"); err == nil || err.Error() != "SNS says InvalidParameter" {
		t.Errorf("err %v", err)
	}
	s.TakeRefusals()
	if err := a.Confirm(t.Context(), s.TopicARN("ana"), s.Facts().Subscriptions[0].Token); err != nil {
		t.Fatal(err)
	}
	for _, sub := range s.Facts().Subscriptions {
		if !sub.Confirmed || sub.Protocol == "email" && !sub.Guarded {
			t.Errorf("%+v", sub)
		}
	}
}

func TestTelling(t *testing.T) {
	s, a := start(t, awsfake.Facts{})
	if err := a.Tell(t.Context(), "Zoë’s newsroom: found\nsomething", "Nobody would be woken.\n"); err != nil {
		t.Fatal(err)
	}
	if err := a.Ring(t.Context(), strings.Repeat("long ", 50), "text", strings.Repeat("łong ", 50)); err != nil {
		t.Fatal(err)
	}
	got := s.Published()
	if got[0].Topic() != "tell" || strings.ContainsAny(got[0].Subject, "ë\n") || got[0].Text("email") != "Nobody would be woken.\n" {
		t.Errorf("told %+v", got[0])
	}
	if sms := got[1].Text("sms"); got[1].Topic() != "ring" || len(sms) != 160 || !strings.HasSuffix(sms, "...") || got[1].Attributes["AWS.SNS.SMS.SMSType"].Value != "Transactional" {
		t.Errorf("rang %+v", got[1])
	}
}

// Whatever goes wrong with a call is an error in words, which repeats neither a
// number nor an address.
func TestFaults(t *testing.T) {
	const phone = "+13105550100"
	for action, call := range map[string]func(context.Context, *awsfake.Server, *snsaccount.Account) error{
		"ListSubscriptionsByTopic": func(ctx context.Context, s *awsfake.Server, a *snsaccount.Account) error {
			_, err := a.Subscriptions(ctx, s.TopicARN("ana"))
			return err
		},
		"CheckIfPhoneNumberIsOptedOut": func(ctx context.Context, _ *awsfake.Server, a *snsaccount.Account) error {
			_, err := a.OptedOut(ctx, phone)
			return err
		},
		"GetSMSSandboxAccountStatus": func(ctx context.Context, _ *awsfake.Server, a *snsaccount.Account) error {
			_, err := a.Sandbox(ctx)
			return err
		},
		"ListSMSSandboxPhoneNumbers": func(ctx context.Context, _ *awsfake.Server, a *snsaccount.Account) error {
			_, err := a.Sandbox(ctx)
			return err
		},
		"GetSMSAttributes": func(ctx context.Context, _ *awsfake.Server, a *snsaccount.Account) error {
			_, err := a.Limit(ctx)
			return err
		},
		"ListOriginationNumbers": func(ctx context.Context, _ *awsfake.Server, a *snsaccount.Account) error {
			_, err := a.Originations(ctx)
			return err
		},
		"Subscribe": func(ctx context.Context, s *awsfake.Server, a *snsaccount.Account) error {
			_, err := a.Subscribe(ctx, s.TopicARN("ana"), "sms", phone, "sms")
			return err
		},
		"ConfirmSubscription": func(ctx context.Context, s *awsfake.Server, a *snsaccount.Account) error {
			return a.Confirm(ctx, s.TopicARN("ana"), "token")
		},
		"Publish": func(ctx context.Context, _ *awsfake.Server, a *snsaccount.Account) error {
			return a.Tell(ctx, "s", "t")
		},
	} {
		for want, fault := range map[string]awsfake.Fault{
			"SNS says ThrottlingException":   awsfake.Throttle,
			"SNS says InternalFailure":       awsfake.Unavailable,
			"SNS says AccessDeniedException": awsfake.Denied,
			"SNS cannot be reached":          awsfake.Drop,
			"SNS did not answer in time":     awsfake.Hang,
		} {
			s, a := startTrying(t, awsfake.Facts{}, 1)
			s.Fail(action, awsfake.Always, fault)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if strings.Contains(want, "in time") {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
			}
			if err := call(ctx, s, a); err == nil || err.Error() != want {
				t.Errorf("%s: err %v, want %s", action, err, want)
			}
			cancel()
		}
	}
}
