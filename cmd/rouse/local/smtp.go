package local

import (
	"fmt"
	"io"
	"time"

	"github.com/emersion/go-smtp"

	"rouse/shared/mail"
)

// mailBytesMax is the largest mail that SES takes.
const mailBytesMax = 40 << 20

// newSMTP serves the inbox's address by SMTP, as SES would.
func newSMTP(s *System) *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{system: s}, nil
	}))
	server.Domain = "localhost"
	server.MaxMessageBytes = mailBytesMax
	server.MaxRecipients = 50
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	return server
}

// session is one conversation. Any recipient is taken: on this machine there
// is nobody else to deliver to.
type session struct {
	system *System
	env    mail.Envelope
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	c.env = mail.Envelope{From: from, Null: from == ""}
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.env.To = append(c.env.To, to)
	return nil
}

func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("mail not taken: %w", err)
	}
	c.env.Received = c.system.opts.Clock.Now()
	c.env.ID = c.system.Mails.nextID(c.env.Received)
	c.system.receive(c.env, raw)
	return nil
}

func (c *session) Reset()        { c.env = mail.Envelope{} }
func (c *session) Logout() error { return nil }
