package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/incident"
	"rouse/shared/record"
	"rouse/test/awsfake"
	"rouse/test/target"
)

const doctored = `
service: Newsroom
responders:
  ana: {name: Ana Ruiz, phone: "+13105550100", email: ana@example.com}
  bo: {name: Bo Lind, phone: "+13125550101"}
schedules:
  primary: {zone: UTC, layers: [{rotation: [ana], every: 1w, start: 2026-01-05T09:00}]}
policies: {default: {steps: [{page: [schedule/primary], wait: 3m}, {page: [everyone], wait: 3m}]}}
checks:
  login: {http: {url: "https://app.example.com/login"}}
inbox: {address: alerts@in.example.com, via: mx, team: [example.com], reply_from: support@example.com, answer_within: 10m}
coverage: {owner: ana}
`

// clinic is a deployment in which all is well, in an account that is ready.
func clinic(t *testing.T) (*stack, *awsfake.Server) {
	t.Helper()
	s := deploy(t)
	if err := os.WriteFile("rouse.yaml", []byte(doctored), 0o644); err != nil {
		t.Fatal(err)
	}
	on := func(topic, protocol, endpoint string) awsfake.Subscription {
		return awsfake.Subscription{Topic: topic, Protocol: protocol, Endpoint: endpoint, Confirmed: true}
	}
	fake := awsfake.Start(t, awsfake.Options{
		Topics: []string{"ana", "bo", "ring", "tell"}, Queues: []awsfake.Queue{{Name: "dead"}},
		Facts: awsfake.Facts{
			Subscriptions: []awsfake.Subscription{
				on("ana", "sms", "+13105550100"), on("ana", "email", "ana@example.com"), on("bo", "sms", "+13125550101"), on("ring", "sms", "+13105550100"), on("tell", "email", "ana@example.com"),
			},
			SMSProduction: true, SpendLimit: "50", Originations: []string{"+18005550199"},
			SESProduction: true, SESRate: 14, SESMax: 50000, Identities: map[string]bool{"example.com": true, "in.example.com": true},
			RuleSet: &awsfake.RuleSet{Name: "rouse", Rules: []awsfake.Rule{{Name: "inbox", Recipients: []string{"alerts@in.example.com"}, Bucket: "b", Prefix: "new/"}}}, Concurrency: 1000,
		},
	})
	for _, service := range []string{"SNS", "SQS", "SES", "SESV2", "CLOUDWATCH", "LAMBDA"} {
		t.Setenv("AWS_ENDPOINT_URL_"+service, fake.URL)
	}
	t.Setenv("AWS_MAX_ATTEMPTS", "2")
	dns := target.StartDNS(t, map[string][]string{"in.example.com MX": {"10 inbound-smtp.us-east-1.amazonaws.com."}})
	s.env["dns"] = dns.Address
	for _, name := range []string{"router", "probe", "inbox", "desk", "watch"} {
		if err := s.store.Beat(t.Context(), name, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.store.PutDeployment(t.Context(), record.Deployment{
		Region: "us-east-1", Topics: map[string]string{"ana": fake.TopicARN("ana"), "bo": fake.TopicARN("bo")},
		Ring: fake.TopicARN("ring"), Tell: fake.TopicARN("tell"), Dead: map[string]string{"router": fake.QueueURL("dead")}, At: time.Now(),
	}); err != nil {
		t.Fatal(err)
	}
	return s, fake
}

func TestDoctorFindsAllWell(t *testing.T) {
	s, _ := clinic(t)
	r := s.run("doctor --dns " + s.env["dns"])
	if r.status != 0 {
		t.Errorf("%+v", r)
	}
	for _, want := range []string{
		"ok  clock: agrees with AWS's", "ok  ses: out of the sandbox, 14 mails a second", "ok  identity of inbox: verified", "ok  receipt rules: the active rule set takes the inbox's mail",
		"ok  mx: in.example.com has its mail with SES in us-east-1", "ok  concurrency: 1000", "ok  table: answers", "ok  sweep of router", "ok  sweep of desk", "ok  number: SMS leave from 1", "ok  reach ana: every channel", "ok  reach bo: every channel",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("%q is missing in\n%s", want, r.stdout)
		}
	}
	if strings.Contains(r.stdout, "NO ") || strings.Contains(r.stdout, "+1") || strings.Contains(r.stdout, "ana@") {
		t.Errorf("it says\n%s", r.stdout)
	}
}

// Each thing that is wrong is found, with its cure; and what would let a night
// be missed is the answer "no".
func TestDoctor(t *testing.T) {
	s, fake := clinic(t)
	well := fake.Facts()
	for _, c := range []struct {
		name   string
		breaks func(*awsfake.Facts)
		night  bool
		says   string
		cure   string
	}{
		{"sms sandbox", func(f *awsfake.Facts) { f.SMSProduction, f.Verified = false, []string{"+13105550100"} }, true, "reach bo sms: sms does not reach bo: the account is in the SMS sandbox, and the number is not verified there", "ask AWS for production access"},
		{"spend limit", func(f *awsfake.Facts) { f.SpendLimit, f.Spent = "", 1 }, true, "SMS have cost $1.00 of the $1.00", "higher SMS spend limit"},
		{"spend limit near", func(f *awsfake.Facts) { f.Spent = 45 }, false, "SMS have cost $45.00 of the $50.00", "raise the SMS spend limit"},
		{"no number", func(f *awsfake.Facts) { f.Originations = nil }, false, "no number of its own", "toll-free or 10DLC"},
		{"opted out", func(f *awsfake.Facts) { f.OptedOut = []string{"+13125550101"} }, true, "sms does not reach bo: the number has opted out", "text START"},
		{"unconfirmed", func(f *awsfake.Facts) { f.Subscriptions[1].Confirmed = false }, false, "email does not reach ana: its subscription is not confirmed", "rouse confirm --resend ana"},
		{"alarms", func(f *awsfake.Facts) { f.Subscriptions[3].Confirmed = false }, true, "nobody hears the topic that rings", "rouse confirm --resend ring"},
		{"ses sandbox", func(f *awsfake.Facts) { f.SESProduction = false }, false, "SES sandbox: customers get no answers", "ask for production access"},
		{"no identity", func(f *awsfake.Facts) { f.Identities = nil }, true, "identity of inbox: SES does not know its domain", "-c identity=create"},
		{"identity pending", func(f *awsfake.Facts) { f.Identities = map[string]bool{"example.com": true, "in.example.com": false} }, true, "SES waits for its domain's DNS records", "InboxDkim1"},
		{"no rule set", func(f *awsfake.Facts) { f.RuleSet = nil }, true, "no rule set is active", "ActivateInbox"},
		{"another rule set", func(f *awsfake.Facts) { f.RuleSet = &awsfake.RuleSet{Name: "support"} }, true, "no rule for the inbox's address", "inbox.rule_set"},
		{"concurrency", func(f *awsfake.Facts) { f.Concurrency = 10 }, false, "10 functions at once", "Service Quotas"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fake.Change(func(f *awsfake.Facts) {
				*f = well
				f.Subscriptions = slices.Clone(well.Subscriptions)
				c.breaks(f)
			})
			r := s.run("doctor --dns " + s.env["dns"])
			fake.TakeRefusals() // an identity that is not there
			if !strings.Contains(r.stdout, c.says) || !strings.Contains(r.stdout, c.cure) || (r.status == 1) != c.night {
				t.Errorf("status %d, want %q and %q in\n%s%s", r.status, c.says, c.cure, r.stdout, r.stderr)
			}
		})
	}
	fake.Change(func(f *awsfake.Facts) { *f = well })
	t.Run("calls fail", func(t *testing.T) {
		actions := []string{"GetAccount", "GetEmailIdentity", "DescribeActiveReceiptRuleSet", "GetAccountSettings", "ListOriginationNumbers", "GetSMSSandboxAccountStatus", "ListSubscriptionsByTopic", "GetMetricStatistics", "GetQueueAttributes"}
		for _, action := range actions {
			fake.Fail(action, awsfake.Always, awsfake.Denied)
		}
		defer fake.Heal()
		r := s.run("doctor --dns " + s.env["dns"])
		if n := strings.Count(r.stdout, "could not be asked"); n < len(actions) || strings.Contains(r.stdout, "panic") {
			t.Errorf("%d could not be asked:\n%s", n, r.stdout)
		}
	})
	t.Run("mx", func(t *testing.T) {
		elsewhere := target.StartDNS(t, map[string][]string{"in.example.com MX": {"10 mail.example.com."}})
		nothing := target.StartDNS(t, nil)
		for address, says := range map[string]string{elsewhere.Address: "has its mail elsewhere", nothing.Address: "has no MX record"} {
			if r := s.run("doctor --dns " + address); r.status != 1 || !strings.Contains(r.stdout, says) || !strings.Contains(r.stdout, "10 inbound-smtp.us-east-1.amazonaws.com") {
				t.Errorf("%+v", r)
			}
		}
	})
	t.Run("a sweep is silent", func(t *testing.T) {
		if err := s.store.Beat(t.Context(), "router", time.Now().Add(-10*time.Minute)); err != nil {
			t.Fatal(err)
		}
		var out struct {
			OK       bool
			Findings []symptom
		}
		r := s.run("doctor --json --dns " + s.env["dns"])
		if err := json.Unmarshal([]byte(r.stdout), &out); err != nil || r.status != 1 || out.OK {
			t.Fatalf("%+v, err %v", r, err)
		}
		if !slices.ContainsFunc(out.Findings, func(f symptom) bool { return f.Name == "sweep of router" && f.Night && !f.OK && f.Cure != "" }) {
			t.Errorf("%+v", out.Findings)
		}
	})
	t.Run("a table that is not there", func(t *testing.T) {
		if r := s.run("doctor --table elsewhere --dns " + s.env["dns"]); r.status != 1 || !strings.Contains(r.stdout, "NO  table: it cannot be read") {
			t.Errorf("%+v", r)
		}
	})
}

// Before anything is deployed the account alone is looked at.
func TestDoctorBefore(t *testing.T) {
	s, fake := clinic(t)
	delete(s.env, "ROUSE_TABLE")
	fake.Change(func(f *awsfake.Facts) { f.SMSProduction = false })
	r := s.run("doctor --dns " + s.env["dns"])
	for _, want := range []string{"no deployment is named: only the account was looked at", "sms would not reach bo: the account is in the SMS sandbox", "sandbox sms: the account is in the SMS sandbox"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("%q is missing in\n%s", want, r.stdout)
		}
	}
	if r.status != 1 || strings.Contains(r.stdout, "topic") {
		t.Errorf("%+v", r)
	}
}

func TestConfirm(t *testing.T) {
	s, fake := clinic(t)
	const token = "2336412f37fb687f5d51e6e2425e90cd"
	pending := func() {
		fake.Change(func(f *awsfake.Facts) {
			f.Subscriptions[1].Confirmed, f.Subscriptions[1].Token, f.Subscriptions[1].Guarded = false, token, false
		})
	}
	pending()
	link := "https://sns.us-east-1.amazonaws.com/confirmation.html?TopicArn=" + fake.TopicARN("ana") + "&Token=" + token + "&Endpoint=ana@example.com"
	for _, what := range []string{`"` + link + `"`, token} {
		pending()
		if r := s.run("confirm " + what); r.status != 0 || !strings.Contains(r.stdout, "Confirmed, for ana") {
			t.Errorf("%+v", r)
		}
		if sub := fake.Facts().Subscriptions[1]; !sub.Confirmed || !sub.Guarded {
			t.Errorf("%+v", sub)
		}
		fake.TakeRefusals() // of a token alone, by the other topics
	}
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"confirm", 2, "confirm what?"},
		{"confirm x --resend ana", 2, "confirm what?"},
		{"confirm wrong", 1, "it is not confirmed: SNS says InvalidParameter. A link holds for two days"},
		{`confirm "https://sns.us-east-1.amazonaws.com/confirmation.html?TopicArn=` + fake.TopicARN("ana") + `"`, 2, "copy the whole of it, in quotes"},
		{`confirm "https://sns.us-east-1.amazonaws.com/confirmation.html?Token=x&TopicArn=arn:aws:sns:us-east-1:123456789012:other"`, 1, "of another deployment's topic"},
		{"confirm --resend anna", 1, `there is no topic for "anna"; did you mean "ana"?`},
		{"confirm --resend ana", 0, "email of Ana Ruiz: was subscribed and confirmed already"},
	} {
		if r := s.run(c.args); r.status != c.status || !strings.Contains(r.stdout+r.stderr, c.says) {
			t.Errorf("rouse %s: %+v, want status %d and %q", c.args, r, c.status, c.says)
		}
		fake.TakeRefusals()
	}
	fake.Change(func(f *awsfake.Facts) { f.Subscriptions = nil })
	if r := s.run("confirm --resend ana"); r.status != 0 || !strings.Contains(r.stdout, "sms of Ana Ruiz: subscribed again") || !strings.Contains(r.stdout, "SNS has mailed a confirmation") {
		t.Errorf("%+v", r)
	}
	if r := s.run("confirm --resend ring --json"); r.status != 0 || r.stdout != `[{"channel":"sms","state":"subscribed"},{"channel":"email","state":"mailed"}]`+"\n" {
		t.Errorf("%+v", r)
	}
	if n := len(fake.Facts().Subscriptions); n != 4 {
		t.Errorf("%d subscriptions", n)
	}
}

func TestContactCard(t *testing.T) {
	s, fake := clinic(t)
	want := strings.Join([]string{
		"BEGIN:VCARD", "VERSION:3.0", "N:Rouse: Newsroom;;;;", "FN:Rouse: Newsroom", "TEL;TYPE=CELL,VOICE:+18005550199", "EMAIL;TYPE=INTERNET:no-reply@sns.amazonaws.com", "NOTE:This is who wakes you. Let it through Do Not Disturb\\, or an SMS",
	}, "\r\n")
	if r := s.run("contact-card --who ana"); r.status != 0 || !strings.HasPrefix(r.stdout, want) || !strings.Contains(r.stdout, "rouse page --who ana\r\nEND:VCARD\r\n") {
		t.Errorf("%+v", r)
	}
	if r := s.run("contact-card --who bo --number +18885550100"); r.status != 0 || !strings.Contains(r.stdout, "TEL;TYPE=CELL,VOICE:+18885550100\r\nNOTE") {
		t.Errorf("%+v", r)
	}
	dir := t.TempDir()
	if r := s.run("contact-card --out " + dir); r.status != 0 || !strings.Contains(r.stdout, "rouse-ana.vcf") {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(filepath.Join(dir, "rouse-bo.vcf")); err != nil {
		t.Error(err)
	}
	fake.Change(func(f *awsfake.Facts) { f.Originations = nil })
	if r := s.run("contact-card --who ana"); r.status != 1 || !strings.Contains(r.stderr, "has no number of its own") {
		t.Errorf("%+v", r)
	}
}

func TestDrillFromTheTerminal(t *testing.T) {
	s := deploy(t)
	fake := s.queue()
	out := s.ok("drill --for 10m")
	sent := fake.Messages("router")
	if len(sent) != 1 {
		t.Fatalf("hints %+v", sent)
	}
	key := incident.Key(strings.Split(sent[0].Body, `"`)[3])
	in := s.folded(key)
	if !strings.HasPrefix(out, "The drill begins within a second") || !strings.Contains(out, "`rouse timeline "+string(in.ID)+"`") || !in.Rehearsed() || in.Drill.Who != "" {
		t.Errorf("%q, and %+v comes of it", out, in)
	}
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"drill --for 1m", 2, "want 5m to 1h"},
		{"drill --schedule primry", 1, `there is no schedule "primry"`},
		{"drill now", 2, "one word too many"},
	} {
		if r := s.run(c.args); r.status != c.status || !strings.Contains(r.stderr, c.says) {
			t.Errorf("rouse %s: %+v, want status %d and %q", c.args, r, c.status, c.says)
		}
	}
}
