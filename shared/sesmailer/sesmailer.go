// Package sesmailer sends raw mail through SES.
package sesmailer

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"rouse/shared/desk"
)

// A Mailer sends as one address.
type Mailer struct {
	Client *sesv2.Client
	From   string
	Region string
	// ConfigurationSet is what SES tells of bounces and complaints by; "": it
	// tells nobody.
	ConfigurationSet string
	Log              *slog.Logger

	mu    sync.Mutex
	rate  float64
	asked time.Time
}

var _ desk.Mailer = (*Mailer)(nil)

// SendRaw returns the Message-ID under which SES sends the mail on: SES
// replaces the one in raw by its own.
func (m *Mailer) SendRaw(ctx context.Context, to string, raw []byte) (string, error) {
	in := &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(m.From),
		Destination:      &types.Destination{ToAddresses: []string{to}},
		Content:          &types.EmailContent{Raw: &types.RawMessage{Data: raw}},
	}
	if m.ConfigurationSet != "" {
		in.ConfigurationSetName = aws.String(m.ConfigurationSet)
	}
	out, err := m.Client.SendEmail(ctx, in)
	if err != nil {
		// SES names the addresses that it refuses; the error will be logged.
		return "", fmt.Errorf("SES: %s", strings.ReplaceAll(err.Error(), to, "the reporter"))
	}
	return MessageID(aws.ToString(out.MessageId), m.Region), nil
}

// Bounds of the account's rate, and how long an answer holds.
const (
	rateMin  = 1 // that of the sandbox, and while SES does not say
	rateMax  = 1000
	rateFor  = 10 * time.Minute
	askMax   = 2 * time.Second
	askAgain = time.Minute // after SES did not answer
)

// Rate is how many mails a second the account may send.
func (m *Mailer) Rate(ctx context.Context) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rate > 0 && time.Since(m.asked) < rateFor {
		return m.rate
	}
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	out, err := m.Client.GetAccount(ctx, &sesv2.GetAccountInput{})
	switch {
	case err == nil && out.SendQuota != nil:
		m.rate, m.asked = min(max(out.SendQuota.MaxSendRate, rateMin), rateMax), time.Now()
	default:
		m.Log.WarnContext(ctx, "SES does not say how fast the account may send; going on as before", "rate", max(m.rate, rateMin), "error", err)
		m.rate, m.asked = max(m.rate, rateMin), time.Now().Add(askAgain-rateFor)
	}
	return m.rate
}

// MessageID is the header that SES makes of the id it returns.
func MessageID(id, region string) string {
	domain := region + ".amazonses.com"
	if region == "us-east-1" {
		domain = "email.amazonses.com"
	}
	return "<" + id + "@" + domain + ">"
}
