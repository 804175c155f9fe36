package sesmailer

import (
	"io"
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
