package mail

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var ours = Us{
	Addresses: []string{"alerts@in.newsroom.example", "support@newsroom.example"},
	Team:      []string{"newsroom.example"},
	IDDomain:  "in.newsroom.example",
}

const received = "Received: from x by inbound-smtp.us-east-1.amazonaws.com with SMTP id 1; Wed, 02 Dec 2026 04:00:21 +0000"

// results writes the header that SES puts on top.
func sesResults(s string) []string {
	return []string{received, "Authentication-Results: amazonses.com; " + s}
}

var passed = sesResults("spf=pass envelope-from=jane@kstate.example; dkim=pass header.i=@kstate.example; dmarc=pass header.from=kstate.example")

// The sections of RFC 3834 that say when not to answer, and what mailers do
// that do not follow it.
func TestAutomatic(t *testing.T) {
	for _, c := range []struct {
		name, line string
		null       bool
		us         Us
		from       string // instead of jane@kstate.example
		automatic  bool
		reply      bool
	}{
		{name: "a person", reply: true},
		{name: "section 2: null return path", null: true, automatic: true},
		{name: "section 2: null return path in the header", line: "Return-Path: <>", automatic: true},
		{name: "section 2: Auto-Submitted: auto-generated", line: "Auto-Submitted: auto-generated", automatic: true},
		{name: "section 2: Auto-Submitted: auto-replied", line: "Auto-Submitted: auto-replied", automatic: true},
		{name: "section 5: Auto-Submitted: no", line: "Auto-Submitted: no", reply: true},
		{name: "section 5: keywords in any case", line: "AUTO-SUBMITTED: Auto-Replied", automatic: true},
		{name: "section 5: no in any case", line: "auto-submitted: No", reply: true},
		{name: "section 5: parameters", line: "Auto-Submitted: auto-replied; owner-email=\"a@b\"", automatic: true},
		{name: "section 5: no with a parameter", line: "Auto-Submitted: no; x=y", reply: true},
		{name: "section 5: comments", line: "Auto-Submitted: (vacation) auto-replied (really)", automatic: true},
		{name: "section 5: no with a comment", line: "Auto-Submitted: no (a person)", reply: true},
		{name: "section 5: an extension", line: "Auto-Submitted: auto-notified", automatic: true},
		{name: "section 5: empty", line: "Auto-Submitted:", reply: true},
		{name: "section 2: List-Id", line: "List-Id: <news.example>", automatic: true},
		{name: "section 2: List-Unsubscribe", line: "List-Unsubscribe: <mailto:leave@news.example>", automatic: true},
		{name: "section 2: Precedence: bulk", line: "Precedence: bulk", automatic: true},
		{name: "section 2: Precedence: junk", line: "Precedence: junk", automatic: true},
		{name: "section 2: Precedence: list", line: "Precedence: list", automatic: true},
		{name: "Precedence in any case", line: "precedence: BULK", automatic: true},
		{name: "Precedence: auto_reply", line: "Precedence: auto_reply", automatic: true},
		{name: "Precedence: normal", line: "Precedence: first-class", reply: true},
		{name: "section 2: mailer-daemon", from: "MAILER-DAEMON@kstate.example", automatic: true},
		{name: "section 2: postmaster", from: "Postmaster@kstate.example", automatic: true},
		{name: "no-reply", from: "no-reply@kstate.example", automatic: true},
		{name: "noreply with a tag", from: "noreply+x@kstate.example", automatic: true},
		{name: "a name that only begins so", from: "noreplymann@kstate.example", reply: true},
		{name: "delivery report", line: "Content-Type: multipart/report; report-type=delivery-status; boundary=b", automatic: true},
		{name: "X-Autoreply", line: "X-Autoreply: yes", automatic: true},
		{name: "X-Autoreply: no", line: "X-Autoreply: no", reply: true},
		{name: "X-Auto-Response-Suppress: All is no verdict on the mail", line: "X-Auto-Response-Suppress: All"},
		{name: "X-Auto-Response-Suppress: OOF, AutoReply", line: "X-Auto-Response-Suppress: OOF, AutoReply"},
		{name: "X-Auto-Response-Suppress: DR, RN, NRN, OOF is about other answers", line: "X-Auto-Response-Suppress: DR, RN, NRN, OOF", reply: true},
		{name: "our own address", from: "Support@newsroom.example"},
		{name: "an answer to our automatic mail", line: "In-Reply-To: <rouse.1@in.newsroom.example>"},
		{name: "an answer further up", line: "References: <a@b.example> <rouse.1@in.newsroom.example> <c@d.example>"},
		{name: "an id that only looks like ours", line: "In-Reply-To: <rouse.1@elsewhere.example>", reply: true},
		{name: "another list through the team's group", line: "List-Id: <news.example>", us: Us{Via: ViaGroup, Team: []string{"newsroom.example"}}, automatic: true},
		{name: "the team's group", line: "List-Id: Support <support.newsroom.example>", us: Us{Via: ViaGroup, Team: []string{"newsroom.example"}}, reply: true},
		{name: "the team's group without via: group", line: "List-Id: Support <support.newsroom.example>", us: Us{Via: ViaForward, Team: []string{"newsroom.example"}}, automatic: true},
		{name: "a newsletter that names our address", line: "List-Unsubscribe: <https://news.example/?u=support@newsroom.example>", us: Us{Via: ViaGroup, Team: []string{"newsroom.example"}}, automatic: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			us := c.us
			if us.Team == nil {
				us = ours
			}
			from := c.from
			if from == "" {
				from = "jane@kstate.example"
			}
			_, domain, _ := strings.Cut(strings.ToLower(from), "@")
			lines := append(sesResults("dmarc=pass header.from="+domain), "From: "+from)
			if c.line != "" {
				lines = append(lines, c.line)
			}
			m := Read(raw("help", lines...), Envelope{From: "jane@kstate.example", Null: c.null}, us)
			if m.Automatic != c.automatic {
				t.Errorf("Automatic = %v, because %q", m.Automatic, m.Why)
			}
			addr, ok, why := ReplyTo(m, us)
			if ok != c.reply {
				t.Errorf("ReplyTo = %q, %v, because %q", addr, ok, why)
			}
			if m.Text != "help" && !strings.Contains(c.line, "multipart") {
				t.Errorf("a mail that is not answered is still read: Text = %q", m.Text)
			}
		})
	}
}

func TestOnlyWhatTheReceiverSaysCounts(t *testing.T) {
	for _, c := range []struct {
		name   string
		lines  []string
		us     Us
		domain string // proven
	}{
		{"DMARC", passed, ours, "kstate.example"},
		{"aligned DKIM of a subdomain", sesResults("spf=none; dkim=pass header.i=@mail.kstate.example; dmarc=none header.from=kstate.example"), ours, "kstate.example"},
		{"aligned SPF", sesResults("spf=pass (spfCheck: fine) client-ip=192.0.2.1; envelope-from=bounce@kstate.example; helo=x; dmarc=none"), ours, "kstate.example"},
		{"foreign DKIM", sesResults("dkim=pass header.i=@evil.example; dmarc=none"), ours, ""},
		{"foreign SPF", sesResults("spf=pass envelope-from=a@evil.example; dmarc=none"), ours, ""},
		{"a domain that only ends alike", sesResults("dkim=pass header.i=@notkstate.example; dmarc=none"), ours, ""},
		{"failures", sesResults("spf=fail envelope-from=a@kstate.example; dkim=fail header.i=@kstate.example; dmarc=fail header.from=kstate.example"), ours, ""},
		{"a pass beside DMARC's failure", sesResults("spf=pass envelope-from=a@kstate.example; dmarc=fail header.from=kstate.example"), ours, ""},
		{"a result in a comment", sesResults("spf=none (x; dkim=pass header.i=@kstate.example); dmarc=none"), ours, ""},
		{"a result in a quoted address", sesResults(`spf=none envelope-from="x; dkim=pass header.i=@kstate.example"@evil.example; dmarc=none`), ours, ""},
		{"a header of the sender", []string{received, "Received: from a by b; now", "Authentication-Results: amazonses.com; dmarc=pass header.from=kstate.example"}, ours, ""},
		{"a second header", append(sesResults("dmarc=none"), "Authentication-Results: amazonses.com; dmarc=pass header.from=kstate.example"), ours, ""},
		{"another server's results", []string{received, "Authentication-Results: mx.evil.example; dmarc=pass header.from=kstate.example"}, ours, ""},
		{"nobody verified", nil, ours, ""},
		{"nobody verifies here", nil, Us{TrustUnverified: true}, "kstate.example"},
		{"a failure where nobody verifies", sesResults("dmarc=fail header.from=kstate.example"), Us{TrustUnverified: true}, ""},
		{"two senders", append(append([]string{}, passed...), "From: other@bruin.example"), ours, ""},
		{"ARC of anybody", append(sesResults("spf=pass envelope-from=a@evil.example; dmarc=fail header.from=kstate.example"), "ARC-Authentication-Results: i=1; mx.google.com; dmarc=pass header.from=kstate.example"),
			Us{Via: ViaForward, Team: []string{"newsroom.example"}}, ""},
		{"ARC of the team's mailbox", append(sesResults("spf=pass envelope-from=a@newsroom.example; dmarc=fail header.from=kstate.example"), "ARC-Authentication-Results: i=1; mx.google.com; dmarc=pass header.from=kstate.example"),
			Us{Via: ViaForward, Team: []string{"newsroom.example"}}, "kstate.example"},
		{"ARC of the team's mailbox, reached directly", append(sesResults("spf=pass envelope-from=a@newsroom.example; dmarc=fail header.from=kstate.example"), "ARC-Authentication-Results: i=1; mx.google.com; dmarc=pass header.from=kstate.example"),
			Us{Via: ViaMX, Team: []string{"newsroom.example"}}, ""},
		{"an older ARC set of the sender's", append(sesResults("spf=pass envelope-from=a@newsroom.example; dmarc=fail header.from=kstate.example"),
			"ARC-Authentication-Results: i=2; mx.google.com; dmarc=fail header.from=kstate.example", "ARC-Authentication-Results: i=1; mx.google.com; dmarc=pass header.from=kstate.example"),
			Us{Via: ViaForward, Team: []string{"newsroom.example"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := Read(raw("help", append(append([]string{}, c.lines...), "From: Jane <jane@kstate.example>")...), Envelope{}, c.us)
			if c.name == "two senders" {
				m = Read(raw("help", append([]string{"From: Jane <jane@kstate.example>"}, c.lines...)...), Envelope{}, c.us)
			}
			if m.Auth.Domain != c.domain || m.Auth.Why == "" {
				t.Errorf("proven %q, because %q; want %q", m.Auth.Domain, m.Auth.Why, c.domain)
			}
			if _, ok, _ := ReplyTo(m, c.us); ok != (c.domain != "") {
				t.Errorf("ReplyTo = %v", ok)
			}
		})
	}
}

func TestVerdictsOfSES(t *testing.T) {
	for verdict, want := range map[string]bool{"PASS": true, "FAIL": false, "GRAY": true, "PROCESSING_FAILED": true, "DISABLED": true} {
		for _, name := range []string{"X-SES-Spam-Verdict", "X-SES-Virus-Verdict"} {
			lines := append([]string{received, name + ": " + verdict}, passed[1:]...)
			m := Read(raw("help", append(lines, "From: jane@kstate.example")...), Envelope{}, ours)
			if _, ok, why := ReplyTo(m, ours); ok != want {
				t.Errorf("%s: %s: reply %v, because %s", name, verdict, ok, why)
			}
		}
	}
	// A verdict further down is the sender's own.
	m := Read(raw("help", append(append([]string{}, passed...), "X-SES-Spam-Verdict: FAIL", "Received: from a by b; now", "X-SES-Virus-Verdict: FAIL", "From: jane@kstate.example")...), Envelope{}, ours)
	if m.Auth.Virus != "" {
		t.Errorf("Virus = %q", m.Auth.Virus)
	}
}

func TestOrganisation(t *testing.T) {
	for from, want := range map[string]string{
		"jane@kstate.example":      "kstate.example",
		"jane@news.kstate.example": "kstate.example",
		"jane@paper.co.uk":         "paper.co.uk",
		"jane@desk.paper.co.uk":    "paper.co.uk",
		"Jane.Doe@gmail.com":       "jane.doe@gmail.com",
		"nobody":                   "unknown",
	} {
		if org, proven := Organisation(Message{From: address("", from)}); org != want || proven {
			t.Errorf("Organisation of %s = %q, %v; want %q", from, org, proven, want)
		}
	}
}

var reply = Reply{
	From: Address{"Newsroom Support", "support@newsroom.example"}, To: Address{"Zoë Böhm", "zoe@zeitung.example"},
	Subject: "kaputt: nichts lädt", Text: "Wir haben Ihre Nachricht.\n\nA person will read it by 22:14.\n",
	ID: "<rouse.7@in.newsroom.example>", InReplyTo: "<1@zeitung.example>", References: []string{"<0@zeitung.example>"},
	Date: time.Date(2026, 12, 1, 22, 4, 0, 0, time.FixedZone("", -6*3600)),
}

func TestCompose(t *testing.T) {
	b, err := Compose(reply)
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"From":                      `"Newsroom Support" <support@newsroom.example>`,
		"Date":                      "Tue, 01 Dec 2026 22:04:00 -0600",
		"Message-Id":                "<rouse.7@in.newsroom.example>",
		"In-Reply-To":               "<1@zeitung.example>",
		"References":                "<0@zeitung.example> <1@zeitung.example> <rouse.7@in.newsroom.example>",
		"Auto-Submitted":            "auto-replied",
		"X-Auto-Response-Suppress":  "All",
		"Mime-Version":              "1.0",
		"Content-Type":              "text/plain; charset=utf-8",
		"Content-Transfer-Encoding": "quoted-printable",
	} {
		if got := m.Header[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if s, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || s != "Re: kaputt: nichts lädt" {
		t.Errorf("Subject: %q, %v", s, err)
	}
	if to, err := m.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Name != "Zoë Böhm" || to[0].Address != "zoe@zeitung.example" {
		t.Errorf("To: %v, %v", to, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != reply.Text {
		t.Errorf("body %q, %v", body, err)
	}
	for _, line := range strings.Split(string(b), "\r\n") {
		if len(line) > 78 || strings.ContainsFunc(line, func(r rune) bool { return r >= 0x7f || r < ' ' && r != '\t' }) {
			t.Errorf("a line that a server may refuse: %q", line)
		}
	}
}

func TestComposeWithAPage(t *testing.T) {
	r := reply
	r.HTML = "<p>We have your message.</p>"
	b, err := Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	m := Read(bytes.NewReader(b), Envelope{}, Us{})
	if m.Text != strings.TrimSpace(r.Text) || len(m.Attachments) != 0 || !m.Automatic {
		t.Errorf("read back as %+v", m)
	}
	again, err := Compose(r)
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("the same reply is another mail the second time: %v", err)
	}
}

func TestOneRe(t *testing.T) {
	for in, want := range map[string]string{
		"log in": "Re: log in", "Re: log in": "Re: log in", "RE: re: Re[2]: log in": "Re: log in", "AW: WG: log in": "Re: WG: log in",
		"Sv: Antw: log in": "Re: log in", "": "Re: your message", "Re:": "Re: your message", "Report: down": "Re: Report: down", "Re : log in": "Re: log in",
	} {
		if got := replySubject(in); got != want {
			t.Errorf("replySubject(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNothingAddsAHeader(t *testing.T) {
	evil := []string{"\r\nBcc: all@kstate.example", "\nBcc: x@y", "\rBcc: x@y", "\u2028Bcc: x@y", "\x00", "\r\n\r\nhello", "=?utf-8?q?=0D=0ABcc:_x@y?=", strings.Repeat("x", 3000), "\xff", " ", "a@b.example", "<i@j.example>"}
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string {
			return rapid.OneOf(rapid.String(), rapid.SampledFrom(evil)).Draw(t, name+" begins") + rapid.SampledFrom(evil).Draw(t, name)
		}
		r := reply
		r.From.Name, r.To.Name, r.Subject, r.InReplyTo = text("from"), text("to"), text("subject"), text("in reply to")
		r.References = []string{text("reference"), "<0@zeitung.example>"}
		r.Text = "x" + text("text")
		if rapid.Bool().Draw(t, "evil address") {
			r.To.Address += text("address")
		}
		if rapid.Bool().Draw(t, "evil id") {
			r.ID = NewID(text("key"), ours)
		}
		b, err := Compose(r)
		if err != nil {
			return
		}
		m, err := mail.ReadMessage(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%v in %q", err, b)
		}
		for name, values := range m.Header {
			switch name {
			case "From", "To", "Subject", "Date", "Message-Id", "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress", "Mime-Version", "Content-Type", "Content-Transfer-Encoding":
			default:
				t.Errorf("header %s: %q", name, values)
			}
			if len(values) != 1 {
				t.Errorf("%d headers %s", len(values), name)
			}
		}
		to, err := m.Header.AddressList("To")
		if err != nil || len(to) != 1 {
			t.Errorf("To: %q: %v", m.Header.Get("To"), err)
		}
		for _, line := range strings.Split(string(b), "\r\n") {
			if len(line) > 998 || strings.ContainsAny(line, "\r\n\x00") {
				t.Errorf("line %.200q", line)
			}
		}
	})
}

func TestComposeRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Reply){
		"no sender":      func(r *Reply) { r.From.Address = "" },
		"no recipient":   func(r *Reply) { r.To.Address = "zoe" },
		"two recipients": func(r *Reply) { r.To.Address = "zoe@zeitung.example, all@kstate.example" },
		"an id with a line end": func(r *Reply) {
			r.ID = "<a@b>\r\nBcc: <a@b>"
		},
		"no date": func(r *Reply) { r.Date = time.Time{} },
		"no text": func(r *Reply) { r.Text = " \n" },
	} {
		r := reply
		spoil(&r)
		if b, err := Compose(r); err == nil {
			t.Errorf("%s: composed %q", name, b)
		}
	}
}

// Two of us must not talk to each other.
func TestOurOwnReplyIsNotAnswered(t *testing.T) {
	b, err := Compose(reply)
	if err != nil {
		t.Fatal(err)
	}
	twin := Us{Addresses: []string{"help@zeitung.example"}, IDDomain: "in.zeitung.example", TrustUnverified: true}
	m := Read(bytes.NewReader(b), Envelope{From: reply.From.Address}, twin)
	if addr, ok, why := ReplyTo(m, twin); ok {
		t.Errorf("our twin answers %s, because %s", addr, why)
	}
	if m.Text == "" || !m.Automatic {
		t.Errorf("read as %+v", m)
	}
}
