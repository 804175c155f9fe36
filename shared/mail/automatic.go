package mail

import (
	"net/url"
	"regexp"
	"strings"
)

var robotLocal = regexp.MustCompile(`(?i)^(mailer-daemon|postmaster|(no|do-?not|never)[-_.]?reply|bounces?)([-_+.=].*)?$`)

// judge decides whether a person wrote the mail for us (RFC 3834 and the
// habits of senders that do not follow it), and says why not.
func (m *Message) judge(h header, us Us) {
	because := func(why string) {
		m.Automatic = true
		m.Why = append(m.Why, why)
	}
	if m.Envelope.Null || strings.TrimSpace(h.get("Return-Path")) == "<>" {
		because("its return path is empty")
	}
	if typ := strings.ToLower(h.get("Content-Type")); strings.HasPrefix(typ, "multipart/report") {
		because("it is a delivery report")
	}
	for _, a := range []string{m.From.Address, m.Envelope.From} {
		if local, _, _ := cutLast(a, "@"); robotLocal.MatchString(local) {
			because(quoteWord(local) + " is no person")
			break
		}
	}
	for _, f := range h {
		name := strings.ToLower(f.name)
		value := strings.TrimSpace(withoutComments(f.value))
		keyword, _, _ := strings.Cut(strings.ToLower(value), ";")
		keyword = strings.TrimSpace(keyword)
		switch {
		case name == "auto-submitted":
			if keyword != "no" && keyword != "" && !byRule(h, us) {
				because("Auto-Submitted: " + quoteWord(keyword))
			}
		case name == "precedence":
			switch keyword {
			case "list":
				if !ourGroup(h, us) {
					because("Precedence: list")
				}
			case "bulk", "junk", "auto_reply":
				because("Precedence: " + keyword)
			}
		case strings.HasPrefix(name, "list-"):
			if !ourList(name, f.value, us) {
				because("it came through a list (" + quoteWord(f.name) + ")")
			}
		case name == "x-autoreply", name == "x-autorespond", name == "x-autoresponder", name == "x-auto-reply-from", name == "x-mail-autoreply":
			if keyword != "no" && keyword != "false" {
				because("it calls itself an automatic reply (" + quoteWord(f.name) + ")")
			}
		case name == "x-auto-response-suppress":
			// MS-OXCMAIL: All and AutoReply are about answers like ours; DR, RN,
			// NRN and OOF about other ones.
			for _, w := range strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
				if w == "all" || w == "autoreply" {
					m.Suppress = true
				}
			}
		}
	}
}

// byRule tells a mail that Microsoft 365 passed on by a rule of the team's
// mailbox: Exchange marks it as generated, although a person wrote it.
func byRule(h header, us Us) bool {
	return us.Via == ViaForward &&
		strings.EqualFold(strings.TrimSpace(h.get("X-MS-Exchange-Generated-Message-Source")), "Mailbox Rules Agent")
}

// ourGroup tells whether the list that a mail came through is the team's own.
func ourGroup(h header, us Us) bool {
	id := h.get("List-Id")
	return id != "" && ourList("list-id", id, us)
}

// ourList tells whether a List-* field was added by the team's own group: its
// id (RFC 2919) or every one of its links (RFC 2369) leads there.
func ourList(name, value string, us Us) bool {
	if us.Via != ViaGroup {
		return false
	}
	parts := strings.Split(value, "<")
	if len(parts) < 2 {
		return false
	}
	for _, p := range parts[1:] {
		p, _, _ = strings.Cut(p, ">")
		p = strings.ToLower(strings.TrimSpace(p))
		if name == "list-id" {
			if !inDomains(p, us.Team) {
				return false
			}
			continue
		}
		u, err := url.Parse(p)
		if err != nil {
			return false
		}
		host := u.Hostname()
		if u.Scheme == "mailto" {
			_, host, _ = cutLast(u.Opaque, "@")
		}
		if host != "googlegroups.com" && host != "groups.google.com" && host != "support.google.com" && !inDomains(host, us.Team) {
			return false
		}
	}
	return true
}

// quoteWord shortens what a sender chose, for a sentence of ours.
func quoteWord(s string) string {
	return shorten(oneLine(s), 60)
}
