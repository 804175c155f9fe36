package sesmailer

import (
	"encoding/json"
	"fmt"
	"time"

	"rouse/shared/desk"
)

// event is what EventBridge brings of a mail that SES has sent ("Examples of
// event data that Amazon SES publishes"): the same record as elsewhere, as the
// detail of an event.
type event struct {
	ID         string    `json:"id"`
	Source     string    `json:"source"`
	DetailType string    `json:"detail-type"`
	Time       time.Time `json:"time"`
	Detail     *struct {
		EventType string `json:"eventType"`
		Mail      struct {
			MessageID   string   `json:"messageId"`
			Destination []string `json:"destination"`
		} `json:"mail"`
		Bounce *struct {
			Type       string      `json:"bounceType"`
			SubType    string      `json:"bounceSubType"`
			Recipients []recipient `json:"bouncedRecipients"`
			FeedbackID string      `json:"feedbackId"`
			Timestamp  time.Time   `json:"timestamp"`
		} `json:"bounce"`
		Complaint *struct {
			Recipients []recipient `json:"complainedRecipients"`
			Type       string      `json:"complaintFeedbackType"`
			FeedbackID string      `json:"feedbackId"`
			Timestamp  time.Time   `json:"timestamp"`
		} `json:"complaint"`
		Reject *struct {
			Reason string `json:"reason"`
		} `json:"reject"`
	} `json:"detail"`
}

type recipient struct {
	Address    string `json:"emailAddress"`
	Status     string `json:"status"`
	Diagnostic string `json:"diagnosticCode"`
}

// recipientsMax bounds what one event is read for: our mails have one.
const recipientsMax = 50

// ReadEvent reads what SES says of a mail that did not arrive. ok is false for
// a message that is no such event; an event that cannot be read is an error.
func ReadEvent(body []byte, region string) (f desk.Feedback, ok bool, err error) {
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.Source != "aws.ses" {
		return f, false, nil
	}
	if e.Detail == nil || e.Detail.Mail.MessageID == "" {
		return f, true, fmt.Errorf("an SES event (%.60q) without a mail: want detail.mail.messageId", e.DetailType)
	}
	d := e.Detail
	f = desk.Feedback{ID: e.ID, MessageID: MessageID(d.Mail.MessageID, region), To: d.Mail.Destination, At: e.Time}
	switch {
	case d.Bounce != nil:
		b := d.Bounce
		f.Kind, f.Passing = desk.Bounced, b.Type == "Transient"
		f.ID, f.At = or(b.FeedbackID, f.ID), b.Timestamp
		f.Why = b.Type + ", " + b.SubType
		f.To = nil
		for _, r := range b.Recipients {
			f.To = append(f.To, r.Address)
			if r.Diagnostic != "" {
				f.Why = r.Diagnostic
			}
		}
	case d.Complaint != nil:
		c := d.Complaint
		f.Kind, f.Why = desk.Complained, c.Type
		f.ID, f.At = or(c.FeedbackID, f.ID), c.Timestamp
		f.To = nil
		for _, r := range c.Recipients {
			f.To = append(f.To, r.Address)
		}
	case d.Reject != nil:
		f.Kind, f.Why = desk.Rejected, d.Reject.Reason
	default:
		return f, true, fmt.Errorf("an SES event (%.60q) that is no bounce, complaint or reject", e.DetailType)
	}
	if len(f.To) == 0 || len(f.To) > recipientsMax {
		return f, true, fmt.Errorf("an SES event (%.60q) about %d recipients: want 1 to %d", e.DetailType, len(f.To), recipientsMax)
	}
	return f, true, nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
