package awsfake_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	sestypes "github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"rouse/test/awsfake"
)

func TestWhatWasPublishedIsKept(t *testing.T) {
	a, s := recorder(t)
	_, err := a.sns.Publish(t.Context(), &sns.PublishInput{
		TopicArn:          &a.topic,
		MessageStructure:  aws.String("json"),
		Message:           aws.String(`{"default": "d", "sms": "s"}`),
		MessageAttributes: map[string]snstypes.MessageAttributeValue{"channel": text("sms")},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.WaitPublished(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	p := got[0]
	if p.Topic() != "ana" || p.Text("sms") != "s" || p.Text("email") != "d" || p.Attributes["channel"].Value != "sms" || p.At.Year() != 2026 {
		t.Errorf("kept %+v", p)
	}
}

func TestWhatWasSentIsKept(t *testing.T) {
	a, s := recorder(t)
	if _, err := a.ses.SendEmail(t.Context(), rawEmail("Support <support@example.com>", "ann@customer.example")); err != nil {
		t.Fatal(err)
	}
	got, err := s.WaitSent(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	e := got[0]
	if e.From != "support@example.com" || len(e.To) != 1 || e.To[0] != "ann@customer.example" || !strings.Contains(string(e.Raw), "by 22:14") {
		t.Errorf("kept %+v", e)
	}
	if id := s.DeliveredMessageID(e); !strings.HasSuffix(id, "@email.amazonses.com>") {
		t.Errorf("delivered as %s", id)
	}
}

func TestWithoutADestinationTheHeadersNameTheRecipients(t *testing.T) {
	a, s := recorder(t)
	in := rawEmail("support@example.com", "ann@customer.example")
	in.Destination = nil
	if _, err := a.ses.SendEmail(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if to := s.Sent()[0].To; len(to) != 1 || to[0] != "ann@customer.example" {
		t.Errorf("sent to %v", to)
	}
}

func TestWaitSaysWhatIsMissing(t *testing.T) {
	_, s := recorder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.WaitPublished(ctx, 1); err == nil || !strings.Contains(err.Error(), "waited for 1 publishes, there are 0") {
		t.Errorf("err %v", err)
	}
}

// TestRefusals are the mistakes that an emulator that is not strict lets pass.
func TestRefusals(t *testing.T) {
	publish := func(change func(*sns.PublishInput)) func(account, context.Context) error {
		return func(a account, ctx context.Context) error {
			in := &sns.PublishInput{TopicArn: &a.topic, Message: aws.String("m")}
			change(in)
			_, err := a.sns.Publish(ctx, in)
			return err
		}
	}
	attribute := func(name string, value snstypes.MessageAttributeValue) func(account, context.Context) error {
		return publish(func(in *sns.PublishInput) {
			in.MessageAttributes = map[string]snstypes.MessageAttributeValue{name: value}
		})
	}
	structure := func(message string) func(account, context.Context) error {
		return publish(func(in *sns.PublishInput) { in.Message, in.MessageStructure = &message, aws.String("json") })
	}
	send := func(change func(*sqs.SendMessageInput)) func(account, context.Context) error {
		return func(a account, ctx context.Context) error {
			in := &sqs.SendMessageInput{QueueUrl: &a.router, MessageBody: aws.String("m")}
			change(in)
			_, err := a.sqs.SendMessage(ctx, in)
			return err
		}
	}
	email := func(change func(*sesv2.SendEmailInput)) func(account, context.Context) error {
		return func(a account, ctx context.Context) error {
			in := rawEmail("support@example.com", "ann@customer.example")
			change(in)
			_, err := a.ses.SendEmail(ctx, in)
			return err
		}
	}
	raw := func(mime string) func(account, context.Context) error {
		return email(func(in *sesv2.SendEmailInput) { in.Content.Raw.Data = []byte(mime) })
	}
	for _, test := range []struct {
		name string
		call func(account, context.Context) error
		code string
	}{
		{"a structure without a default", structure(`{"sms": "s"}`), "InvalidParameter"},
		{"a structure that is no JSON", structure(`{`), "InvalidParameter"},
		{"a structure that is no object", structure(`null`), "InvalidParameter"},
		{"a structure with a number", structure(`{"default": "d", "sms": 1}`), "InvalidParameter"},
		{"another structure", publish(func(in *sns.PublishInput) { in.MessageStructure = aws.String("xml") }), "InvalidParameter"},
		{"an empty message", publish(func(in *sns.PublishInput) { in.Message = aws.String("") }), "InvalidParameter"},
		{"no destination", publish(func(in *sns.PublishInput) { in.TopicArn = nil }), "InvalidParameter"},
		{"two destinations", publish(func(in *sns.PublishInput) { in.PhoneNumber = aws.String("+13105550100") }), "InvalidParameter"},
		{"an ARN of something else", publish(func(in *sns.PublishInput) { in.TopicArn = aws.String("arn:aws:sqs:us-east-1:123456789012:ana") }), "InvalidParameter"},
		{"a subject of 100 characters", publish(func(in *sns.PublishInput) { in.Subject = aws.String(strings.Repeat("x", 100)) }), "InvalidParameter"},
		{"a subject of two lines", publish(func(in *sns.PublishInput) { in.Subject = aws.String("a\nb") }), "InvalidParameter"},
		{"a deduplication id on a standard topic", publish(func(in *sns.PublishInput) { in.MessageDeduplicationId = aws.String("x") }), "InvalidParameter"},
		{"an SMS above 1600 characters", publish(func(in *sns.PublishInput) {
			in.TopicArn, in.PhoneNumber, in.Message = nil, aws.String("+13105550100"), aws.String(strings.Repeat("x", 1601))
		}), "InvalidParameter"},
		{"an attribute without a value", attribute("channel", text("")), "ParameterValueInvalid"},
		{"an attribute of an unknown type", attribute("channel", snstypes.MessageAttributeValue{DataType: aws.String("Text"), StringValue: aws.String("sms")}), "ParameterValueInvalid"},
		{"an unknown type of SMS", attribute("AWS.SNS.SMS.SMSType", text("Urgent")), "ParameterValueInvalid"},
		{"a sender id that is too long", attribute("AWS.SNS.SMS.SenderID", text("NewsroomRouse")), "ParameterValueInvalid"},
		{"a price that is none", attribute("AWS.SNS.SMS.MaxPrice", text("0.50")), "ParameterValueInvalid"},
		{"an origination number that is none", attribute("AWS.MM.SMS.OriginationNumber", text("5550100")), "ParameterValueInvalid"},
		{"a reserved attribute with a slip", attribute("AWS.SNS.SMS.SmsType", text("Transactional")), "ParameterValueInvalid"},
		{"an SNS action that we do not use", func(a account, ctx context.Context) error {
			_, err := a.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("x")})
			return err
		}, "InvalidAction"},
		{"a delay below zero", send(func(in *sqs.SendMessageInput) { in.DelaySeconds = -1 }), "InvalidParameterValue"},
		{"an empty body", send(func(in *sqs.SendMessageInput) { in.MessageBody = aws.String("") }), "MissingParameter"},
		{"a body above 1 MiB", send(func(in *sqs.SendMessageInput) { in.MessageBody = aws.String(strings.Repeat("x", 1<<20+1)) }), "InvalidParameterValue"},
		{"a body with a control character", send(func(in *sqs.SendMessageInput) { in.MessageBody = aws.String("a\x01") }), "InvalidMessageContents"},
		{"a parameter that we do not use", send(func(in *sqs.SendMessageInput) { in.MessageGroupId = aws.String("g") }), "InvalidParameterValue"},
		{"a queue of another account", send(func(in *sqs.SendMessageInput) {
			in.QueueUrl = aws.String(strings.Replace(*in.QueueUrl, "123456789012", "210987654321", 1))
		}), "InvalidAddress"},
		{"a receipt handle that is none", func(a account, ctx context.Context) error {
			_, err := a.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &a.router, ReceiptHandle: aws.String("x")})
			return err
		}, "ReceiptHandleIsInvalid"},
		{"a long poll above 20 seconds", func(a account, ctx context.Context) error {
			_, err := a.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &a.router, WaitTimeSeconds: 21})
			return err
		}, "InvalidParameterValue"},
		{"an SQS action that we do not use", func(a account, ctx context.Context) error {
			_, err := a.sqs.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: &a.router})
			return err
		}, "InvalidAction"},
		{"a mail without recipients", email(func(in *sesv2.SendEmailInput) {
			in.Destination = nil
			in.Content.Raw.Data = []byte("From: support@example.com\r\n\r\nx")
		}), "BadRequestException"},
		{"a mail to 51", email(func(in *sesv2.SendEmailInput) {
			in.Destination.ToAddresses = strings.Split(strings.Repeat("a@b.example,", 50)+"a@b.example", ",")
		}), "BadRequestException"},
		{"a mail to nobody's address", email(func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = []string{"ann"} }), "BadRequestException"},
		{"a mail with neither From", email(func(in *sesv2.SendEmailInput) {
			in.FromEmailAddress = nil
			in.Content.Raw.Data = []byte("Subject: x\r\n\r\nx")
		}), "BadRequestException"},
		{"a mail whose header names somebody else", raw("From: x@elsewhere.example\r\n\r\nx"), "MessageRejected"},
		{"a mail that is none", raw("hello"), "BadRequestException"},
		{"a mail with a line of 999 characters", raw("From: support@example.com\r\n\r\n" + strings.Repeat("x", 999)), "MessageRejected"},
		{"a mail with a header outside ASCII", raw("From: support@example.com\r\nSubject: é\r\n\r\nx"), "BadRequestException"},
		{"a mail above 40 MB", raw("From: support@example.com\r\n\r\n" + strings.Repeat(strings.Repeat("x", 76)+"\r\n", 40<<20/4*3/78+1)), "MessageRejected"},
		{"an unknown configuration set", email(func(in *sesv2.SendEmailInput) { in.ConfigurationSetName = aws.String("x") }), "NotFoundException"},
		{"a tag with a space", email(func(in *sesv2.SendEmailInput) {
			in.EmailTags = []sestypes.MessageTag{{Name: aws.String("a b"), Value: aws.String("c")}}
		}), "BadRequestException"},
		{"simple content", email(func(in *sesv2.SendEmailInput) {
			in.Content = &sestypes.EmailContent{Simple: &sestypes.Message{
				Subject: &sestypes.Content{Data: aws.String("s")},
				Body:    &sestypes.Body{Text: &sestypes.Content{Data: aws.String("t")}},
			}}
		}), "BadRequestException"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, s := recorder(t)
			err := test.call(a, t.Context())
			refusals := s.TakeRefusals()
			if code(err) != test.code {
				t.Errorf("err %v, want the code %s", err, test.code)
			}
			if len(refusals) != 1 || refusals[0].Code != test.code {
				t.Errorf("refusals %v, want one of %s", refusals, test.code)
			}
			if len(s.Published()) != 0 || len(s.Sent()) != 0 || len(s.Messages("router")) != 0 {
				t.Error("what was refused was also recorded")
			}
		})
	}
}

func TestAnUnexpectedRefusalFailsTheTest(t *testing.T) {
	watched := &spy{TB: t}
	s := awsfake.Start(watched, awsfake.Options{})
	a := clients(s.URL)
	a.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String(s.TopicARN("ana")), Message: aws.String("m")})
	for _, f := range watched.cleanups {
		f()
	}
	if len(watched.errors) != 1 {
		t.Errorf("%d errors reported, want 1", len(watched.errors))
	}
}

// spy is a test that notes its failures instead of failing.
type spy struct {
	testing.TB
	cleanups []func()
	errors   []string
}

func (s *spy) Cleanup(f func())                  { s.cleanups = append(s.cleanups, f) }
func (s *spy) Errorf(format string, args ...any) { s.errors = append(s.errors, format) }

func TestUnsignedAndMisdirectedRequests(t *testing.T) {
	_, s := recorder(t)
	answer, err := http.Post(s.URL, "application/x-www-form-urlencoded", strings.NewReader("Action=Publish&Version=2010-03-31"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if r := s.TakeRefusals(); answer.StatusCode != http.StatusForbidden || len(r) != 1 || r[0].Code != "MissingAuthenticationToken" {
		t.Errorf("unsigned: status %d, refusals %v", answer.StatusCode, r)
	}
	elsewhere := sns.New(sns.Options{BaseEndpoint: &s.URL, Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")})
	_, err = elsewhere.Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String(s.TopicARN("ana")), Message: aws.String("m")})
	if r := s.TakeRefusals(); code(err) != "SignatureDoesNotMatch" || len(r) != 1 {
		t.Errorf("another Region: err %v, refusals %v", err, r)
	}
}

func TestFaults(t *testing.T) {
	for _, test := range []struct {
		name      string
		fault     awsfake.Fault
		code      string // "" for a broken connection
		published int
	}{
		{"throttled", awsfake.Throttle, "ThrottlingException", 0},
		{"unavailable", awsfake.Unavailable, "InternalFailure", 0},
		{"denied", awsfake.Denied, "AccessDeniedException", 0},
		{"dropped", awsfake.Drop, "", 0},
		{"answer lost", awsfake.LoseAnswer, "", 1},
		{"error after the deed", awsfake.Fault{Code: "InternalFailure", Status: 500, After: true}, "InternalFailure", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, s := recorder(t)
			s.Fail("Publish", 1, test.fault)
			publish := func() error {
				_, err := a.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: &a.topic, Message: aws.String("m")})
				return err
			}
			if err := publish(); err == nil || code(err) != test.code {
				t.Errorf("err %v, want the code %q", err, test.code)
			}
			if got := len(s.Published()); got != test.published {
				t.Errorf("%d published, want %d", got, test.published)
			}
			if err := publish(); err != nil {
				t.Errorf("the fault struck twice: %v", err)
			}
			if s.Calls("Publish") != 2 {
				t.Errorf("%d calls, want 2", s.Calls("Publish"))
			}
		})
	}
}

func TestFaultsOfTheOtherServices(t *testing.T) {
	a, s := recorder(t)
	s.Fail("SendMessage", 1, awsfake.Throttle)
	s.Fail("SendEmail", 1, awsfake.Throttle)
	if _, err := a.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &a.router, MessageBody: aws.String("m")}); code(err) != "RequestThrottled" {
		t.Errorf("SQS: %v", err)
	}
	_, err := a.ses.SendEmail(t.Context(), rawEmail("support@example.com", "ann@customer.example"))
	if want := new(sestypes.TooManyRequestsException); !errors.As(err, &want) {
		t.Errorf("SES: %v", err)
	}
}

func TestTheSDKRetriesAThrottledCall(t *testing.T) {
	a, s := recorder(t)
	s.Fail("Publish", 1, awsfake.Throttle)
	retrying := sns.New(sns.Options{BaseEndpoint: &s.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })})
	if _, err := retrying.Publish(t.Context(), &sns.PublishInput{TopicArn: &a.topic, Message: aws.String("m")}); err != nil {
		t.Fatal(err)
	}
	if s.Calls("Publish") != 2 {
		t.Errorf("%d calls, want 2", s.Calls("Publish"))
	}
}

func TestAFaultStrikesWhatItMatches(t *testing.T) {
	a, s := recorder(t)
	s.Fail("SendEmail", awsfake.Always, awsfake.Fault{Code: "MessageRejected", Match: "ann@"})
	for range 2 {
		if _, err := a.ses.SendEmail(t.Context(), rawEmail("support@example.com", "ann@customer.example")); code(err) != "MessageRejected" {
			t.Errorf("to ann: %v", err)
		}
	}
	if _, err := a.ses.SendEmail(t.Context(), rawEmail("support@example.com", "bo@customer.example")); err != nil {
		t.Errorf("to bo: %v", err)
	}
	s.Heal()
	if _, err := a.ses.SendEmail(t.Context(), rawEmail("support@example.com", "ann@customer.example")); err != nil {
		t.Errorf("healed: %v", err)
	}
}

func TestACallHangsUntilTheClientGivesUp(t *testing.T) {
	a, s := recorder(t)
	s.Fail("Publish", 1, awsfake.Hang)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := a.sns.Publish(ctx, &sns.PublishInput{TopicArn: &a.topic, Message: aws.String("m")})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err %v, want the deadline", err)
	}
	if len(s.Published()) != 0 {
		t.Error("a call that hung was published")
	}
}

func TestAHeldCallGoesOnWhenReleased(t *testing.T) {
	a, s := recorder(t)
	release, done := make(chan struct{}), make(chan error)
	s.Fail("Publish", 1, awsfake.Fault{Hold: release})
	go func() {
		_, err := a.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: &a.topic, Message: aws.String("m")})
		done <- err
	}()
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(s.Published()) != 1 {
		t.Error("a released call was not published")
	}
}

func TestALongPollEndsWithTheMessage(t *testing.T) {
	s := awsfake.Start(t, awsfake.Options{Queues: []awsfake.Queue{{Name: "router"}}})
	a := clients(s.URL)
	url := s.QueueURL("router")
	got := make(chan *sqs.ReceiveMessageOutput)
	go func() {
		out, err := a.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
		if err != nil {
			t.Error(err)
		}
		got <- out
	}()
	if _, err := a.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m")}); err != nil {
		t.Fatal(err)
	}
	select {
	case out := <-got:
		if out == nil || len(out.Messages) != 1 {
			t.Errorf("received %+v", out)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the poll did not end with the message")
	}
}

// A caller that is stopped in the middle of a call has done nothing wrong.
func TestACallerThatHangsUpIsNotRefused(t *testing.T) {
	s := awsfake.New(awsfake.Options{})
	cut := httptest.NewRequest(http.MethodPost, "/", iotest.ErrReader(io.ErrUnexpectedEOF))
	s.ServeHTTP(httptest.NewRecorder(), cut)
	if r := s.TakeRefusals(); len(r) != 0 {
		t.Errorf("refused %v", r)
	}
	endless := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", 64<<20+1)))
	s.ServeHTTP(httptest.NewRecorder(), endless)
	if r := s.TakeRefusals(); len(r) != 1 || r[0].Code != "RequestEntityTooLarge" {
		t.Errorf("refused %v", r)
	}
}

func text(value string) snstypes.MessageAttributeValue {
	return snstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
}
