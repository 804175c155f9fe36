package scenarios

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"rouse/shared/mail"
)

// A heard mail is what a customer got.
type heard struct {
	at   time.Time
	text string
}

// hears notes a mail that was handed over, as its reader sees it.
func (w *world) hears(to string, raw []byte) {
	m := mail.Read(bytes.NewReader(raw), mail.Envelope{ID: "sent", Received: w.clock.Now()}, mail.Us{})
	text := strings.Join(strings.FieldsFunc(m.Text, func(r rune) bool { return r == '\n' }), " / ")
	w.mails[to] = append(w.mails[to], heard{w.clock.Now(), text})
}

// hear checks the next mail that somebody got: when, and every word but the
// incident's id.
func (w *world) hear(args []string) error {
	w.exact = true
	to, want := args[0], strings.Join(args[1:], " ")
	if len(w.mails[to]) == 0 {
		return fmt.Errorf("%s got no further mail", to)
	}
	h := w.mails[to][0]
	w.mails[to] = w.mails[to][1:]
	text, _, _ := strings.Cut(h.text, " / "+w.config.Service+" (automatic message ")
	if got := h.at.In(w.config.Zone()).Format("15:04:05") + " " + text; got != want {
		return fmt.Errorf("%s heard %q", to, got)
	}
	return nil
}

// unheard are the mails that a script which is exact about them has not named.
func (w *world) unheard() error {
	for to, rest := range w.mails {
		if w.exact && len(rest) > 0 {
			return fmt.Errorf("%s also got, at %s, %q", to, rest[0].at.In(w.config.Zone()).Format("15:04:05"), rest[0].text)
		}
	}
	return nil
}

// answer has somebody of the team write to a customer, in the thread of what
// they wrote last, and copies it to the inbox.
func (w *world) answer(ctx context.Context, from, to, text string) error {
	w.n++
	id := fmt.Sprintf("mail-%d", w.n)
	w.stored[id] = fmt.Sprintf("From: %s\r\nTo: %s\r\nCc: %s\r\nSubject: Re: your mail\r\nMessage-ID: <%s@team>\r\nIn-Reply-To: <%s@customers>\r\n\r\n%s\r\n",
		from, to, w.config.Inbox.Address, id, w.wrote[to], text)
	err := w.inbox.Receive(ctx, mail.Envelope{ID: id, From: from, Received: w.clock.Now()})
	w.clock.Run(w.clock.Now())
	return err
}
