package local

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"rouse/shared/clock"
	"rouse/shared/inbox"
	"rouse/shared/mail"
	"rouse/shared/page"
)

// A Message is what a person gets to see: on a phone, or in a mailbox.
type Message struct {
	ID      int       `json:"id"`
	At      time.Time `json:"at"`
	Channel string    `json:"channel"` // "sms", "email", or "mail" to a reporter
	To      string    `json:"to"`      // responder, or a reporter's address
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
}

// Phones are all phones and mailboxes: SNS, SES and what lies behind them.
type Phones struct {
	Clock clock.Clock

	mu       sync.Mutex
	messages []Message
	heard    []func(Message)
}

// messagesMax is how many messages are remembered.
const messagesMax = 10_000

// Hear has f called with each message from now on.
func (p *Phones) Hear(f func(Message)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, f)
}

// Since returns the messages after the one with the given id, oldest first.
func (p *Phones) Since(id int) []Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, m := range p.messages {
		if m.ID > id {
			return append([]Message(nil), p.messages[i:]...)
		}
	}
	return nil
}

// Publish is SNS: one message to one person by one channel.
func (p *Phones) Publish(_ context.Context, who, channel string, m page.Message) error {
	text := m.Text
	if channel == "sms" {
		text = m.SMS
	}
	subject := m.Subject
	if channel == "sms" {
		subject = ""
	}
	p.deliver(Message{Channel: channel, To: who, Subject: subject, Text: text})
	return nil
}

// SendRaw is SES. The Message-ID it returns is its own, as with SES.
func (p *Phones) SendRaw(_ context.Context, to string, raw []byte) (string, error) {
	m := mail.Read(bytes.NewReader(raw), mail.Envelope{To: []string{to}, Received: p.Clock.Now()}, mail.Us{})
	id := p.deliver(Message{Channel: "mail", To: to, Subject: m.Subject, Text: m.Text})
	return fmt.Sprintf("<local-%d-%d@email.amazonses.com>", p.Clock.Now().UnixNano(), id), nil
}

func (p *Phones) deliver(m Message) int {
	p.mu.Lock()
	m.ID, m.At = 1, p.Clock.Now()
	if n := len(p.messages); n > 0 {
		m.ID = p.messages[n-1].ID + 1
	}
	p.messages = append(p.messages, m)
	if len(p.messages) > messagesMax {
		p.messages = p.messages[len(p.messages)-messagesMax:]
	}
	heard := p.heard
	p.mu.Unlock()
	for _, f := range heard {
		f(m)
	}
	return m.ID
}

// Mails is the bucket into which SES would store inbound mail.
type Mails struct {
	mu   sync.Mutex
	mail map[string]stored
	n    int
}

type stored struct {
	env mail.Envelope
	raw []byte
}

var _ inbox.Mails = (*Mails)(nil)

func (m *Mails) put(env mail.Envelope, raw []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mail == nil {
		m.mail = map[string]stored{}
	}
	m.mail[env.ID] = stored{env, raw}
}

// nextID names a mail that comes in now, unlike every other: a store that
// outlives this process knows the names that earlier ones gave.
func (m *Mails) nextID(now time.Time) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n++
	return fmt.Sprintf("mail-%d-%d", now.UnixNano(), m.n)
}

func (m *Mails) Open(_ context.Context, id string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.mail[id]
	if !ok {
		return nil, inbox.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(s.raw)), nil
}

func (m *Mails) New(_ context.Context, limit int) ([]inbox.Stored, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []inbox.Stored
	for id, s := range m.mail {
		if len(out) < limit {
			out = append(out, inbox.Stored{ID: id, At: s.env.Received})
		}
	}
	return out, nil
}

func (m *Mails) Read(_ context.Context, id string, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.mail, id)
	return nil
}
