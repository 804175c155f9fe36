// Package adapters_test holds the adapters to AWS against whatever speaks its
// protocols: the recorder and gofakes3 in `make test`, and in `make moto` an
// independent emulator that shares no line with either.
package adapters_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"rouse/shared/awsenv"
	"rouse/shared/clock"
	"rouse/shared/inbox"
	"rouse/shared/loop"
	"rouse/shared/page"
	"rouse/shared/s3mail"
	"rouse/shared/secret"
	"rouse/shared/sesmailer"
	"rouse/shared/snspager"
	"rouse/shared/sqstimer"
	"rouse/shared/ssmsecrets"
)

// account is an AWS account in us-east-1: a topic for ana, queues, the
// verified domain example.com, an empty bucket, the secret login. Whose it is, the tests do not
// know.
type account struct {
	sns *sns.Client
	sqs *sqs.Client
	ses *sesv2.Client
	s3  *s3.Client
	ssm *ssm.Client

	clock               clock.Clock
	pass                func(time.Duration) // lets time pass
	topic, router, desk string
	// heard lists what a subscription to ana's topic was handed whose filter
	// policy asks for the channel, for protocols that have no text of their own.
	heard func(t *testing.T, channel string) []string
	// sent lists the mails as they left, and to whom.
	sent func(t *testing.T) []mail
	// refused forgets the errors that the test wanted.
	refused func(t *testing.T)
}

type mail struct{ to, raw string }

const bucket = "mails"

// clients makes the SDK's clients as the functions make them, of an
// environment that names an endpoint for each service.
func clients(t *testing.T, url, s3URL string) account {
	t.Helper()
	vars := map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SAM_LOCAL": "true",
		"AWS_ENDPOINT_URL_SNS": url, "AWS_ENDPOINT_URL_SQS": url, "AWS_ENDPOINT_URL_SESV2": url, "AWS_ENDPOINT_URL_S3": s3URL, "AWS_ENDPOINT_URL_SSM": url,
	}
	getenv := func(name string) string { return vars[name] }
	cfg, err := awsenv.Config(getenv, awsenv.SNS, awsenv.SQS, awsenv.SES, awsenv.S3, awsenv.SSM)
	if err != nil {
		t.Fatal(err)
	}
	return account{
		sns: sns.NewFromConfig(cfg, func(o *sns.Options) { o.BaseEndpoint = awsenv.Endpoint(getenv, awsenv.SNS) }),
		sqs: sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = awsenv.Endpoint(getenv, awsenv.SQS) }),
		ses: sesv2.NewFromConfig(cfg, func(o *sesv2.Options) { o.BaseEndpoint = awsenv.Endpoint(getenv, awsenv.SES) }),
		s3: s3.NewFromConfig(cfg, func(o *s3.Options) {
			o.BaseEndpoint, o.UsePathStyle = awsenv.Endpoint(getenv, awsenv.S3), true
		}),
		ssm: ssm.NewFromConfig(cfg, func(o *ssm.Options) { o.BaseEndpoint = awsenv.Endpoint(getenv, awsenv.SSM) }),
	}
}

func (a account) pager() *snspager.Pager {
	return &snspager.Pager{Client: a.sns, Topics: map[string]string{"ana": a.topic, "bo": a.topic + "-of-bo"}}
}

func (a account) hints() *sqstimer.Hints {
	return &sqstimer.Hints{Send: a.sqs.SendMessage, Clock: a.clock, RouterURL: a.router, DeskURL: a.desk}
}

func (a account) mails() *s3mail.Mails { return &s3mail.Mails{Client: a.s3, Bucket: bucket} }

// suite holds for every account. The test has it to itself.
var suite = map[string]func(t *testing.T, a account){
	"a page goes to its channel and to no other": func(t *testing.T, a account) {
		m := page.Message{Subject: "Newsroom: log in", SMS: "log in fails", Text: "Log in fails.\n\u2014 see https://r.example.com/a/x"}
		if err := a.pager().Publish(t.Context(), "ana", "sms", m); err != nil {
			t.Fatal(err)
		}
		if got := a.heard(t, "sms"); !slices.Equal(got, []string{m.Text}) {
			t.Errorf("by sms %q", got)
		}
		if got := a.heard(t, "email"); len(got) != 0 {
			t.Errorf("by email %q", got)
		}
	},
	"a secret is read by its name": func(t *testing.T, a account) {
		r := ssmsecrets.Reader{Client: a.ssm}
		if value, err := r.Secret(t.Context(), "login"); value != "hush" || err != nil {
			t.Errorf("%q, %v", value, err)
		}
		_, err := r.Secret(t.Context(), "token")
		if !errors.Is(err, secret.ErrMissing) || !strings.Contains(err.Error(), "make the SSM parameter /rouse/token") {
			t.Errorf("one that is not there: %v", err)
		}
		a.refused(t)
	},
	"a topic that is gone is a lasting fault": func(t *testing.T, a account) {
		err := a.pager().Publish(t.Context(), "bo", "sms", page.Message{Subject: "s", SMS: "t", Text: "t"})
		var failed *loop.SendError
		if !errors.As(err, &failed) || !failed.Permanent || !strings.Contains(failed.Why, "the topic does not exist: deploy again") {
			t.Errorf("err %#v", err)
		}
		a.refused(t)
	},
	"a hint arrives when it is due": func(t *testing.T, a account) {
		hint := loop.Hint{Key: "login", Version: 7}
		if err := a.hints().Router(t.Context(), hint, a.clock.Now().Add(1100*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		a.pass(time.Second)
		if got := receive(t, a, a.router); len(got) != 0 {
			t.Fatalf("early: %q", got)
		}
		a.pass(1500 * time.Millisecond)
		got := receive(t, a, a.router)
		if len(got) != 1 {
			t.Fatalf("received %q", got)
		}
		if parsed, err := sqstimer.Parse(got[0]); err != nil || parsed != hint {
			t.Errorf("parsed %+v, err %v", parsed, err)
		}
	},
	"a hint for a day ahead comes as late as SQS can": func(t *testing.T, a account) {
		if err := a.hints().Router(t.Context(), loop.Hint{Key: "login"}, a.clock.Now().Add(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		depth, err := a.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
			QueueUrl: &a.router, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessagesDelayed},
		})
		if err != nil || depth.Attributes["ApproximateNumberOfMessagesDelayed"] != "1" {
			t.Errorf("delayed %v, err %v", depth.Attributes, err)
		}
	},
	"the desk is woken at once": func(t *testing.T, a account) {
		if err := a.hints().Desk(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, a, a.desk); len(got) != 1 {
			t.Errorf("received %q", got)
		}
		if got := receive(t, a, a.router); len(got) != 0 {
			t.Errorf("the router received %q", got)
		}
	},
	"a queue that is gone": func(t *testing.T, a account) {
		h := a.hints()
		h.RouterURL += "-gone"
		if err := h.Router(t.Context(), loop.Hint{Key: "login"}, time.Time{}); err == nil || !strings.Contains(err.Error(), "hint: ") {
			t.Errorf("err %v", err)
		}
		a.refused(t)
	},
	"a mail leaves as it was written": func(t *testing.T, a account) {
		const raw = "From: Support <support@example.com>\r\nTo: ann@customer.example\r\nSubject: Re: log in\r\n\r\nWe have your message.\r\n"
		m := &sesmailer.Mailer{Client: a.ses, From: "Newsroom support <support@example.com>", Region: "us-east-1"}
		id, err := m.SendRaw(t.Context(), "ann@customer.example", []byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(id, "<") || !strings.HasSuffix(id, "@email.amazonses.com>") {
			t.Errorf("Message-ID %s", id)
		}
		if got := a.sent(t); !slices.Equal(got, []mail{{"ann@customer.example", raw}}) {
			t.Errorf("sent %q", got)
		}
	},
	"a mail from an address that is not ours": func(t *testing.T, a account) {
		m := &sesmailer.Mailer{Client: a.ses, From: "support@elsewhere.example", Region: "us-east-1"}
		_, err := m.SendRaw(t.Context(), "ann@customer.example", []byte("From: support@elsewhere.example\r\n\r\nx\r\n"))
		if err == nil || !strings.Contains(err.Error(), "MessageRejected") {
			t.Errorf("err %v", err)
		}
		if strings.Contains(err.Error(), "ann@customer.example") {
			t.Errorf("the customer's address is in what will be logged: %v", err)
		}
		a.refused(t)
	},
	"a mail is new until it was read": func(t *testing.T, a account) {
		// SES's own ids are letters and digits; these are those that would
		// break an adapter that forgets to encode.
		ids := []string{"0100018bcfe568d7", "a b", "a+b", "a%2Fb", "a&b=c", "größe", "day/1"}
		for _, id := range ids {
			put(t, a, "new/"+id, "mail "+id)
		}
		put(t, a, "new/AMAZON_SES_SETUP_NOTIFICATION", "hello from SES")
		put(t, a, "read/2026/11/02/old", "old")
		var listed []string
		stored, err := a.mails().New(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range stored {
			listed = append(listed, s.ID)
			if age := time.Since(s.At); age > time.Hour || age < -time.Hour {
				t.Errorf("%q was stored %v ago", s.ID, age)
			}
		}
		slices.Sort(listed)
		want := slices.Sorted(slices.Values(ids))
		if !slices.Equal(listed, want) {
			t.Errorf("new %q, want %q", listed, want)
		}
		at := time.Date(2026, 11, 1, 20, 30, 0, 0, time.FixedZone("", -6*3600)) // the next day in UTC
		for _, id := range ids {
			body, err := a.mails().Open(t.Context(), id)
			if err != nil {
				t.Fatalf("%q: %v", id, err)
			}
			text, err := io.ReadAll(body)
			body.Close()
			if err != nil || string(text) != "mail "+id {
				t.Errorf("%q: %q, err %v", id, text, err)
			}
			for range 2 { // twice is once
				if err := a.mails().Read(t.Context(), id, at); err != nil {
					t.Errorf("%q: %v", id, err)
				}
			}
			if _, err := a.mails().Open(t.Context(), id); !errors.Is(err, inbox.ErrNotFound) {
				t.Errorf("%q is read and opens all the same, err %v", id, err)
			}
			if got := get(t, a, "read/2026/11/02/"+id); got != "mail "+id {
				t.Errorf("%q is kept as %q", id, got)
			}
		}
		if left, err := a.mails().New(t.Context(), 100); err != nil || len(left) != 0 {
			t.Errorf("left %v, err %v", left, err)
		}
	},
	"a bucket that is gone is no mail that was read": func(t *testing.T, a account) {
		m := a.mails()
		m.Bucket = "elsewhere"
		if _, err := m.Open(t.Context(), "x"); err == nil || errors.Is(err, inbox.ErrNotFound) || !strings.Contains(err.Error(), "bucket elsewhere") {
			t.Errorf("open: %v", err)
		}
		if _, err := m.New(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "bucket elsewhere") {
			t.Errorf("list: %v", err)
		}
		if err := m.Read(t.Context(), "x", time.Now()); err == nil || !strings.Contains(err.Error(), "NoSuchBucket") {
			t.Errorf("read: %v", err)
		}
	},
	"no more mails are listed than asked for": func(t *testing.T, a account) {
		for _, id := range []string{"a", "b", "c"} {
			put(t, a, "new/"+id, id)
		}
		if got, err := a.mails().New(t.Context(), 2); err != nil || len(got) != 2 {
			t.Errorf("listed %v, err %v", got, err)
		}
	},
}

func receive(t *testing.T, a account, queue string) (bodies []string) {
	t.Helper()
	out, err := a.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range out.Messages {
		bodies = append(bodies, *m.Body)
	}
	return bodies
}

func put(t *testing.T, a account, key, text string) {
	t.Helper()
	_, err := a.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, a account, key string) string {
	t.Helper()
	out, err := a.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
