package mail

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/jhillyerd/enmime/v2"
)

// ReplyTo returns where an automatic answer to m may go, or why none may be
// sent. It goes to the proven From and nowhere else. That a mail must not be
// answered says nothing about whether it is heard. How often somebody is
// answered is for the caller to limit.
func ReplyTo(m Message, us Us) (addr string, ok bool, why string) {
	switch {
	case m.Auth.Virus == "FAIL":
		return "", false, "it carries a virus"
	case m.Auth.Spam == "FAIL":
		return "", false, "it is spam"
	case m.From.Address == "":
		return "", false, "it names no sender"
	case isOurs(m.From.Address, us) || isOurs(m.Envelope.From, us):
		return "", false, "it comes from one of our own addresses"
	case m.Automatic:
		return "", false, m.Why[0]
	case m.Suppress:
		return "", false, "its sender asks for no automatic answers (X-Auto-Response-Suppress)"
	case AnswersUs(m, us):
		return "", false, "it answers one of our own automatic mails"
	case m.Auth.Domain == "":
		return "", false, m.Auth.Why
	}
	return m.From.Address, true, m.Auth.Why
}

func isOurs(addr string, us Us) bool {
	for _, a := range us.Addresses {
		if strings.EqualFold(addr, a) {
			return true
		}
	}
	return false
}

// NewID returns a Message-ID of ours for what key names, such as a reporter
// and incident. It is the same for the same key.
func NewID(key string, us Us) string {
	safe := strings.Map(func(r rune) rune {
		if r > 0x20 && r < 0x7f && !strings.ContainsRune(`<>@()[]\,;:"`, r) {
			return r
		}
		return '-'
	}, key)
	return "<rouse." + safe + "@" + us.IDDomain + ">"
}

// AnswersUs tells whether m stands in a thread below a mail with an id of ours.
func AnswersUs(m Message, us Us) bool {
	if us.IDDomain == "" {
		return false
	}
	for _, id := range append(m.References[:len(m.References):len(m.References)], m.InReplyTo) {
		if strings.HasPrefix(id, "<rouse.") && strings.HasSuffix(id, "@"+us.IDDomain+">") {
			return true
		}
	}
	return false
}

// A Reply is an automatic mail to a reporter.
type Reply struct {
	From, To   Address
	Subject    string    // of the mail that is answered; Compose puts one "Re:" before it
	Text       string    // plain text
	HTML       string    // the same as a page; "" for none
	ID         string    // ours, see NewID; also put into References, since SES replaces the Message-ID
	InReplyTo  string    // Message-ID of the mail that is answered; "" when it had none
	References []string  // of the mail that is answered, oldest first
	Date       time.Time // when it is sent
}

const (
	referencesMax = 20 // the first and the latest ones
	subjectRunes  = 200
)

var replyPrefix = regexp.MustCompile(`(?i)^\s*(re|aw|sv|antw|rif|r|odp|ref|res|vá|ynt)\s*(\[\d+\]|\(\d+\)|\d+)?\s*:`)

// Compose returns r as a mail per RFC 5322, marked as automatic per RFC 3834.
// Nothing in r can add a header: subjects and names become one line, ids that
// are none are left out, addresses that are none are refused.
func Compose(r Reply) ([]byte, error) {
	from, to := address(r.From.Name, r.From.Address), address(r.To.Name, r.To.Address)
	switch {
	case from.Address == "":
		return nil, fmt.Errorf("a mail needs a sender like support@example.com, not %q", r.From.Address)
	case to.Address == "":
		return nil, fmt.Errorf("a mail needs a recipient like ana@example.com, not %q", r.To.Address)
	case !validID(r.ID):
		return nil, fmt.Errorf("a mail needs an id like <rouse.1@example.com>, not %q", r.ID)
	case r.Date.IsZero():
		return nil, errors.New("a mail needs its date")
	case strings.TrimSpace(r.Text) == "":
		return nil, errors.New("a mail needs a text")
	}
	b := enmime.Builder().
		From(from.Name, from.Address).
		To(to.Name, to.Address).
		Subject(replySubject(r.Subject)).
		Date(r.Date).
		Header("Message-ID", r.ID).
		Header("Auto-Submitted", "auto-replied").
		Header("X-Auto-Response-Suppress", "All").
		Text(bodyText(r.Text)).
		RandSeed(int64(crc32.ChecksumIEEE([]byte(r.ID)))) // the same reply is the same mail
	if validID(r.InReplyTo) {
		b = b.Header("In-Reply-To", r.InReplyTo)
	}
	b = b.Header("References", strings.Join(references(r), " "))
	if r.HTML != "" {
		b = b.HTML(bodyText(r.HTML))
	}
	part, err := b.Build()
	if err != nil {
		return nil, fmt.Errorf("composing a mail: %w", err)
	}
	quoted := enmime.NewEncoder(enmime.ForceQuotedPrintableCte(true))
	part.DepthMatchAll(func(p *enmime.Part) bool {
		p.WithEncoder(quoted)
		return false
	})
	var out bytes.Buffer
	if err := part.Encode(&out); err != nil {
		return nil, fmt.Errorf("composing a mail: %w", err)
	}
	return out.Bytes(), nil
}

// bodyText ends lines as mail does and leaves no other control characters.
func bodyText(s string) []byte {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	return []byte(strings.ReplaceAll(s, "\n", "\r\n"))
}

// references returns the thread so far, the mail that is answered, and our own
// id: some mailers keep References only, and SES replaces the Message-ID.
func references(r Reply) []string {
	var ids []string
	seen := map[string]bool{}
	for _, id := range append(append(r.References[:len(r.References):len(r.References)], r.InReplyTo), r.ID) {
		if validID(id) && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) > referencesMax {
		ids = append(ids[:1], ids[len(ids)-referencesMax+1:]...)
	}
	return ids
}

// replySubject puts exactly one "Re:" before a subject.
func replySubject(s string) string {
	s = oneLine(s)
	for {
		prefix := replyPrefix.FindString(s)
		if prefix == "" {
			break
		}
		s = strings.TrimSpace(s[len(prefix):])
	}
	s = shorten(s, subjectRunes)
	if s == "" {
		s = "your message"
	}
	return "Re: " + s
}
