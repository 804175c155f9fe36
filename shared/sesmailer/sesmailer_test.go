package sesmailer

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
)

// TestMessageID follows "Header fields in Amazon SES", Message-ID.
func TestMessageID(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "<0100@email.amazonses.com>",
		"eu-west-2": "<0100@eu-west-2.amazonses.com>",
	} {
		if got := MessageID("0100", region); got != want {
			t.Errorf("%s: %s, want %s", region, got, want)
		}
	}
}

// TestACustomersAddressIsInNoError: in the sandbox SES refuses recipients by
// name, and an error is logged.
func TestACustomersAddressIsInNoError(t *testing.T) {
	const to = "ann@customer.example"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Errortype", "MessageRejected")
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"message":"Email address is not verified. The following identities failed the check in region US-EAST-1: `+to+`"}`)
	}))
	defer server.Close()
	m := &Mailer{From: "support@example.com", Region: "us-east-1", Client: sesv2.New(sesv2.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""), Retryer: aws.NopRetryer{},
	})}
	_, err := m.SendRaw(t.Context(), to, []byte("From: support@example.com\r\n\r\nx\r\n"))
	if err == nil || strings.Contains(err.Error(), to) || !strings.Contains(err.Error(), "not verified") {
		t.Errorf("err %v", err)
	}
}

// The rate is asked for once in a while, stays within bounds, and is that of
// the sandbox until SES says more.
func TestRate(t *testing.T) {
	answer, asked := `{"SendQuota":{"MaxSendRate":14,"Max24HourSend":50000,"SentLast24Hours":0}}`, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if answer == "" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		io.WriteString(w, answer)
	}))
	defer server.Close()
	mailer := func() *Mailer {
		return &Mailer{Log: slog.New(slog.DiscardHandler), Client: sesv2.New(sesv2.Options{
			BaseEndpoint: &server.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""), Retryer: aws.NopRetryer{},
		})}
	}
	m := mailer()
	for range 3 {
		if got := m.Rate(t.Context()); got != 14 || asked != 1 {
			t.Errorf("%v after asking %d times", got, asked)
		}
	}
	answer = ""
	m.asked = m.asked.Add(-rateFor)
	if got := m.Rate(t.Context()); got != 14 { // as before
		t.Errorf("%v while SES does not answer", got)
	}
	if got := mailer().Rate(t.Context()); got != rateMin {
		t.Errorf("%v while nothing is known", got)
	}
	answer = `{"SendQuota":{"MaxSendRate":1e9}}`
	if got := mailer().Rate(t.Context()); got != rateMax {
		t.Errorf("%v is without a bound", got)
	}
}

// What is no event of SES's is a hint; what is one and cannot be read says so.
func TestReadEvent(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:                   "hint",
		`not json`:             "hint",
		`{"source":"aws.s3"}`:  "hint",
		`{"source":"aws.ses"}`: "without a mail",
		`{"source":"aws.ses","detail":{"mail":{"messageId":"1"}}}`:                                                                          "no bounce, complaint or reject",
		`{"source":"aws.ses","detail":{"mail":{"messageId":"1"},"bounce":{"bounceType":"Permanent"}}}`:                                      "about 0 recipients",
		`{"source":"aws.ses","id":"e","detail":{"mail":{"messageId":"1","destination":["a@b.example"]},"reject":{"reason":"Bad content"}}}`: "",
	} {
		f, ok, err := ReadEvent([]byte(body), "us-east-1")
		switch {
		case want == "hint" && (ok || err != nil):
			t.Errorf("%s: %t, %v", body, ok, err)
		case want == "hint":
		case want == "" && (!ok || err != nil || f.ID != "e" || f.MessageID != "<1@email.amazonses.com>" || len(f.To) != 1):
			t.Errorf("%s: %+v, %v", body, f, err)
		case want != "" && (!ok || err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}
