// Package sesmailer sends raw mail through SES.
package sesmailer

import (
	"context"
	"fmt"
	"strings"

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
}

var _ desk.Mailer = (*Mailer)(nil)

// SendRaw returns the Message-ID under which SES sends the mail on: SES
// replaces the one in raw by its own.
func (m *Mailer) SendRaw(ctx context.Context, to string, raw []byte) (string, error) {
	out, err := m.Client.SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(m.From),
		Destination:      &types.Destination{ToAddresses: []string{to}},
		Content:          &types.EmailContent{Raw: &types.RawMessage{Data: raw}},
	})
	if err != nil {
		// SES names the addresses that it refuses; the error will be logged.
		return "", fmt.Errorf("SES: %s", strings.ReplaceAll(err.Error(), to, "the reporter"))
	}
	return MessageID(aws.ToString(out.MessageId), m.Region), nil
}

// MessageID is the header that SES makes of the id it returns.
func MessageID(id, region string) string {
	domain := region + ".amazonses.com"
	if region == "us-east-1" {
		domain = "email.amazonses.com"
	}
	return "<" + id + "@" + domain + ">"
}
