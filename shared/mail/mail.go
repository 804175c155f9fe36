// Package mail reads what customers send and writes what they are answered:
// MIME in, safe MIME out, and whether a mail may be answered at all.
//
// Reading never fails. A mail that defeats the reader becomes a Message made
// from its envelope, with a Note that says what was lost, because a cry for
// help in a broken mail is still a cry for help. Work and memory are bounded
// whatever the bytes are.
//
// The package keeps no state, writes no log and knows no clock.
package mail

import (
	"io"
	"net/mail"
	"strings"
	"time"
)

// An Address is a mailbox. Address is "" when there is none; its domain is
// in lower case.
type Address struct {
	Name    string
	Address string
}

// Domain returns what follows the last @, or "".
func (a Address) Domain() string {
	_, domain, _ := cutLast(a.Address, "@")
	return domain
}

// String formats a as RFC 5322 wants it in a header.
func (a Address) String() string {
	return (&mail.Address{Name: a.Name, Address: a.Address}).String()
}

// An Envelope is what the receiving server knows about a mail without reading
// it.
type Envelope struct {
	ID       string    // the receiver's own id of this delivery, never the sender's Message-ID
	From     string    // return path; "" also when it is unknown, see Null
	Null     bool      // the return path is known to be empty, <>: a bounce
	To       []string  // recipients
	Received time.Time // when the mail was accepted
}

// Via says how customers' mails reach us.
type Via string

const (
	ViaMX      Via = "mx"      // straight from the sender's server
	ViaForward Via = "forward" // the team's mailbox forwards a copy
	ViaGroup   Via = "group"   // the team's mailbox is a group with us as a member
)

// Us is what a reader must know about its own side. The zero value is a
// mailbox without any address, reached directly.
type Us struct {
	Addresses []string // every address Rouse receives at or answers from
	Team      []string // domains of the people who answer customers
	Via       Via      // "" is ViaMX
	IDDomain  string   // the domain of our own Message-IDs, see NewID
	// TrustUnverified treats a mail on which no receiving server left its
	// verdicts as authenticated. It is for a mail read from a file and for the
	// local SMTP port, where nobody verifies; never for a mail from outside.
	TrustUnverified bool
}

// A Message is a mail as Rouse understands it. All strings are valid UTF-8.
type Message struct {
	Envelope    Envelope
	From        Address // who wrote, even when a group has rewritten the header
	To          []Address
	Subject     string // one line
	Text        string // what is new in it: without quotes and signature
	Date        time.Time
	Zone        *time.Location // the sender's offset at Date; nil when Date does not reveal it
	MessageID   string         // with its angle brackets, or ""
	InReplyTo   string         // the first one, or ""
	References  []string
	Attachments []string // names or, without a name, media types; never opened
	Auth        Auth
	Automatic   bool     // not written by a person for us
	Why         []string // why Automatic, one header or fact each
	// Suppress is the sender's wish not to be answered automatically
	// (X-Auto-Response-Suppress). It says nothing about the mail's worth.
	Suppress bool
	Note     string // what was cut or could not be read; "" when nothing
}

const (
	mailBytesMax = 2 << 20  // read of one mail; the text of a mail stands at its beginning
	textBytesMax = 32 << 10 // searched for quotes, and kept
	// subjectBytesMax is what fits in an unfolded line of RFC 5322 (2.1.1); a
	// longer subject would only push the text out of sight.
	subjectBytesMax = 998
)

// Read makes a Message of the mail in r, which it reads up to mailBytesMax,
// and of its envelope. An error of r, too, only shortens the message.
func Read(r io.Reader, env Envelope, us Us) Message {
	raw, err := io.ReadAll(io.LimitReader(r, mailBytesMax+1))
	m := Message{Envelope: env}
	if err != nil {
		m.note("reading stopped: " + oneLine(err.Error()))
	}
	if len(raw) > mailBytesMax {
		raw = raw[:mailBytesMax]
		m.note("only its first 2 MB were read")
	}
	h, body, whole := splitHeader(raw)
	if !whole {
		m.note("its headers were cut")
	}
	m.readHeader(h, us)
	text := m.readBody(h, body)
	m.Text = newText(text, m.Subject)
	if len(h) == 0 {
		m.note("it has no headers")
	}
	return m
}

func (m *Message) readHeader(h header, us Us) {
	m.Subject = clip(decodeWords(h.get("Subject")), subjectBytesMax)
	m.To = parseAddresses(h.get("To"))
	if from := parseAddresses(h.get("From")); len(from) > 0 {
		m.From = from[0]
	}
	if !strings.Contains(m.From.Address, "@") {
		name := m.From.Name
		m.From = address(name, m.Envelope.From)
		if len(h) > 0 {
			m.note("its From could not be read: taken from the envelope")
		}
	}
	if t, err := mail.ParseDate(h.get("Date")); err == nil {
		m.Date = t
		m.Zone = zone(h.get("Date"), t)
	}
	m.MessageID = first(messageIDs(h.get("Message-ID")))
	m.InReplyTo = first(messageIDs(h.get("In-Reply-To")))
	m.References = messageIDs(h.get("References"))
	m.Auth = m.authenticate(h, us)
	m.judge(h, us)
}

func (m *Message) note(s string) {
	if m.Note != "" {
		s = m.Note + "; " + s
	}
	m.Note = s
}

// zone is nil for +0000, which servers write for everybody, and for -0000,
// which says so (RFC 5322, 3.3).
func zone(date string, t time.Time) *time.Location {
	if _, offset := t.Zone(); offset == 0 {
		return nil
	}
	return t.Location()
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
