package mails

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"rouse/shared/mail"
	"rouse/shared/triage"
)

var us = mail.Us{
	Addresses: []string{"alerts@in.newsroom.example", "support@newsroom.example"},
	Team:      []string{"newsroom.example"},
	Via:       mail.ViaMX,
	IDDomain:  "in.newsroom.example",
}

func via(v mail.Via) mail.Us {
	u := us
	u.Via = v
	return u
}

func TestFixtures(t *testing.T) {
	for _, f := range []struct {
		file, from, subject, text string
		us                        mail.Us
		org                       string
		proven                    bool
		automatic                 bool
		reply                     bool
		zone                      int // seconds east of UTC, 0 for none
		attachments               string
		note                      string // contained; "" for no note
		urgency                   triage.Urgency
	}{
		{file: "story-1.eml", us: us, from: "dana.whitfield@kstate.example", subject: "Cannot log in",
			text: "Our staff have been unable to log in for ten minutes. We’re on deadline and expect a reply within fifteen minutes.",
			org:  "kstate.example", proven: true, reply: true, zone: -6 * 3600, urgency: triage.Urgent},
		{file: "story-2.eml", us: us, from: "tokafor@bruin.example", subject: "newsroom not responding normally",
			text: "Hi, the system is not responding normally for us tonight. Is anybody on this?",
			org:  "bruin.example", proven: true, reply: true, zone: -8 * 3600, urgency: triage.Urgent},
		{file: "story-3.eml", us: us, from: "ed.marsh@harbourtimes.example", subject: "Service periodically inaccessible",
			text: "Good evening,\n\nFor at least twenty minutes the service has been periodically inaccessible. It’s back for a moment, then gone.\n\nEd",
			org:  "harbourtimes.example", proven: true, reply: true, attachments: "screenshot.png", urgency: triage.Urgent},
		{file: "forward-gmail.eml", us: via(mail.ViaForward), from: "tokafor@bruin.example", subject: "nothing loads",
			text: "nothing loads for anyone here since 9:50",
			org:  "bruin.example", proven: true, reply: true, zone: -8 * 3600, urgency: triage.Urgent},
		// The same bytes, had the team not said that a mailbox forwards to us.
		{file: "forward-gmail.eml", us: us, from: "tokafor@bruin.example", subject: "nothing loads",
			text: "nothing loads for anyone here since 9:50",
			org:  "bruin.example", zone: -8 * 3600, urgency: triage.Urgent},
		{file: "group-google.eml", us: via(mail.ViaGroup), from: "dana@kstate.example", subject: "Cannot log in",
			text: "Our staff cannot log in.",
			org:  "kstate.example", proven: true, reply: true, zone: -6 * 3600, urgency: triage.Urgent},
		{file: "group-google.eml", us: us, from: "support@newsroom.example", subject: "Cannot log in",
			text: "Our staff cannot log in.",
			org:  "newsroom.example", proven: true, automatic: true, zone: -6 * 3600, urgency: triage.Urgent},
		{file: "forward-m365.eml", us: via(mail.ViaForward), from: "ed.marsh@harbourtimes.example", subject: "gateway timeout",
			text: "We get gateway timeouts on every page.",
			org:  "harbourtimes.example", proven: true, reply: true, urgency: triage.Urgent},
		{file: "bad-charset.eml", us: us, from: "zoe@zeitung.example", subject: "=?x-klingon?Q?k=E4put?= café",
			text: "Nothing works, the page says \"Fehler überall\".",
			org:  "zeitung.example", zone: 3600, urgency: triage.Urgent},
		{file: "no-headers.eml", us: us, from: "night@desk.example", subject: "",
			text: "we cannot log in, nobody can\nplease hurry",
			org:  "desk.example", note: "no headers", urgency: triage.Urgent},
		{file: "blank-first.eml", us: us, from: "tom@bruin.example", subject: "is it just us",
			text: "Is it just us or are you down?",
			org:  "bruin.example", zone: -8 * 3600, urgency: triage.Urgent},
		{file: "bare-part.eml", us: us, from: "tom@bruin.example", subject: "a part without a type",
			text: "This text has no Content-Type, which is legal.",
			org:  "bruin.example", zone: -8 * 3600, urgency: triage.Benign},
		{file: "winmail.eml", us: us, from: "tom@bruin.example", subject: "system down",
			org: "bruin.example", zone: -8 * 3600, attachments: "winmail.dat", note: "no readable text", urgency: triage.Urgent},
		{file: "bounce.eml", us: us, from: "MAILER-DAEMON@bruin.example", subject: "Undelivered Mail Returned to Sender",
			text: "The mail could not be delivered.",
			org:  "bruin.example", proven: true, automatic: true, zone: -8 * 3600, attachments: "message/delivery-status message/rfc822", urgency: triage.Benign},
	} {
		t.Run(f.file+" "+string(f.us.Via), func(t *testing.T) {
			raw, err := os.ReadFile(f.file)
			if err != nil {
				t.Fatal(err)
			}
			m := mail.Read(bytes.NewReader(raw), mail.Envelope{ID: "key", From: "night@desk.example", Received: time.Now()}, f.us)
			if m.From.Address != f.from || m.Subject != f.subject || m.Text != f.text {
				t.Errorf("read %q, subject %q, text %q;\nwant %q, subject %q, text %q", m.From.Address, m.Subject, m.Text, f.from, f.subject, f.text)
			}
			if org, proven := mail.Organisation(m); org != f.org || proven != f.proven {
				t.Errorf("Organisation = %q, %v (%s); want %q, %v", org, proven, m.Auth.Why, f.org, f.proven)
			}
			if m.Automatic != f.automatic {
				t.Errorf("Automatic = %v, because %q", m.Automatic, m.Why)
			}
			if addr, ok, why := mail.ReplyTo(m, f.us); ok != f.reply || ok && addr != f.from {
				t.Errorf("ReplyTo = %q, %v, because %s", addr, ok, why)
			}
			zone := 0
			if m.Zone != nil {
				_, zone = m.Date.In(m.Zone).Zone()
			}
			if zone != f.zone {
				t.Errorf("Zone is %d s east of UTC, want %d", zone, f.zone)
			}
			if got := strings.Join(m.Attachments, " "); got != f.attachments {
				t.Errorf("Attachments = %q, want %q", got, f.attachments)
			}
			if m.Note != f.note && (f.note == "" || !strings.Contains(m.Note, f.note)) {
				t.Errorf("Note = %q, want %q", m.Note, f.note)
			}
			if a := triage.Assess(m.Subject, m.Text, capabilities); a.Urgency != f.urgency {
				t.Errorf("Urgency = %s, because %q; want %s", a.Urgency, a.Why, f.urgency)
			}
		})
	}
}
