package mail

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// A Verdict is one of SES's words about a mail: PASS, FAIL, GRAY,
// PROCESSING_FAILED or DISABLED; "" when it said nothing.
type Verdict string

// Auth is what the receiving server found out about a mail. Only what SES
// itself wrote on top counts, and, of a mail that the team's own mailbox
// passed on, what that mailbox found.
type Auth struct {
	Checked     bool   // a receiving server left its results
	Domain      string // the domain that is proven to have sent it: the one in From; "" when none is
	Why         string // how it is proven, or why it is not
	Spam, Virus Verdict
}

// authenticate decides whether the domain in From really sent the mail.
func (m *Message) authenticate(h header, us Us) Auth {
	var auth Auth
	from := m.From.Domain()
	top := sesHeader(h)
	auth.Spam = Verdict(strings.ToUpper(top.get("X-SES-Spam-Verdict")))
	auth.Virus = Verdict(strings.ToUpper(top.get("X-SES-Virus-Verdict")))
	results, ok := parseResults(top.get("Authentication-Results"), "amazonses.com")
	auth.Checked = ok

	forwarded := ok && (us.Via == ViaForward || us.Via == ViaGroup) && results.from(us.Team)
	if forwarded && us.Via == ViaGroup && inDomains(from, us.Team) {
		if original := originalSender(h); original.Address != "" {
			m.From = original
			from = original.Domain()
		}
	}
	switch {
	case from == "":
		auth.Why = "it names no sender"
		return auth
	case h.count("From") > 1:
		auth.Why = "it names several senders"
		return auth
	case !ok && us.TrustUnverified && !hasSES(h):
		auth.Domain, auth.Why = from, "nobody verifies mails here"
	case !ok:
		auth.Why = "no receiving server has verified it"
	default:
		auth.Domain, auth.Why = results.proves(from)
	}
	if auth.Domain != "" || !forwarded {
		return auth
	}
	// Forwarding breaks SPF, and a group breaks DKIM too. What the team's own
	// mailbox found when the mail came in counts, since it is proven that this
	// mailbox sent it to us.
	if seen, ok := parseARC(h.get("ARC-Authentication-Results")); ok {
		if domain, why := seen.proves(from); domain != "" {
			auth.Domain, auth.Why = domain, why+", as the team's own mailbox found"
		}
	}
	return auth
}

// originalSender returns who wrote a mail whose From a Google group has
// replaced by its own address, as it does for domains that publish a strict
// DMARC policy.
func originalSender(h header) Address {
	for _, name := range []string{"X-Original-From", "X-Original-Sender"} {
		if list := parseAddresses(h.get(name)); len(list) == 1 {
			return list[0]
		}
	}
	return Address{}
}

// sesHeader returns the fields that SES put on top: those above the second
// Received field, the first of which SES wrote. Whatever a sender claims
// stands below, and only the first field of a name is ever asked for.
func sesHeader(h header) header {
	received := 0
	for i, f := range h {
		if !strings.EqualFold(f.name, "Received") {
			continue
		}
		if received++; received == 2 {
			return h[:i]
		}
		if v := strings.ToLower(f.value); !strings.Contains(v, "by inbound-smtp.") || !strings.Contains(v, ".amazonaws.com") {
			return nil
		}
	}
	if received == 0 {
		return nil
	}
	return h
}

func hasSES(h header) bool { return sesHeader(h) != nil }

// results are the passes of an Authentication-Results field (RFC 8601).
type results struct {
	dmarc []string // header.from of dmarc=pass
	fails bool     // dmarc said anything but pass or none
	dkim  []string // signing domains of dkim=pass
	spf   []string // envelope domains of spf=pass
}

// proves returns from when the results show that it sent the mail, and how.
func (r results) proves(from string) (domain, why string) {
	if r.fails || len(r.dmarc) > 1 {
		// With an aligned pass DMARC would have passed: one that stands beside
		// its failure is not the server's.
		return "", "DMARC failed for " + from
	}
	for _, d := range r.dmarc {
		if d == from {
			return from, "DMARC passed for " + from
		}
	}
	for _, d := range r.dkim {
		if aligned(d, from) {
			return from, "DKIM signature of " + d
		}
	}
	for _, d := range r.spf {
		if aligned(d, from) {
			return from, "SPF passed for " + d
		}
	}
	return "", "neither DMARC nor an aligned SPF or DKIM passed for " + from
}

// from tells whether one of domains sent the mail, whatever its From says.
func (r results) from(domains []string) bool {
	for _, d := range append(r.dkim[:len(r.dkim):len(r.dkim)], r.spf...) {
		if inDomains(d, domains) {
			return true
		}
	}
	return false
}

// aligned is DMARC's relaxed alignment (RFC 7489, 3.1): the same
// organisational domain.
func aligned(a, b string) bool { return orgDomain(a) == orgDomain(b) }

// orgDomain is the registered domain under which a domain stands, or the
// domain itself when it stands under none.
func orgDomain(domain string) string {
	if d, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return d
	}
	return domain
}

func inDomains(domain string, domains []string) bool {
	for _, d := range domains {
		d = strings.ToLower(d)
		if domain == d || strings.HasSuffix(domain, "."+d) {
			return true
		}
	}
	return false
}

// parseResults reads an Authentication-Results field if server wrote it.
func parseResults(value, server string) (results, bool) {
	id, rest, _ := strings.Cut(withoutComments(value), ";")
	if f := strings.Fields(id); len(f) == 0 || !strings.EqualFold(f[0], server) {
		return results{}, false
	}
	return parseMethods(rest), true
}

// parseARC reads an ARC-Authentication-Results field, whose instance and
// server stand first (RFC 8617, 4.1.1).
func parseARC(value string) (results, bool) {
	instance, rest, _ := strings.Cut(withoutComments(value), ";")
	if !strings.HasPrefix(strings.TrimSpace(instance), "i=") {
		return results{}, false
	}
	_, rest, _ = strings.Cut(rest, ";")
	return parseMethods(rest), true
}

func parseMethods(s string) results {
	var r results
	for _, words := range methods(s) {
		prop := func(names ...string) string {
			for _, w := range words[1:] {
				for _, n := range names {
					if v, ok := strings.CutPrefix(w, n+"="); ok {
						v = strings.Trim(v, `"<>`)
						if _, domain, ok := cutLast(v, "@"); ok {
							return domain
						}
						return v
					}
				}
			}
			return ""
		}
		switch words[0] {
		case "dmarc=fail", "dmarc=temperror", "dmarc=permerror":
			r.fails = true
		case "dmarc=pass":
			r.dmarc = appendDomain(r.dmarc, prop("header.from"))
		case "dkim=pass":
			r.dkim = appendDomain(r.dkim, prop("header.d", "header.i"))
		case "spf=pass":
			r.spf = appendDomain(r.spf, prop("smtp.mailfrom", "envelope-from"))
		}
	}
	return r
}

// methods splits a field into its methods, each with its properties. SES puts
// semicolons between the properties of one method too.
func methods(s string) [][]string {
	var list [][]string
	for _, part := range strings.Split(strings.ToLower(s), ";") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		switch method, _, _ := strings.Cut(words[0], "="); method {
		case "spf", "dkim", "dmarc", "arc", "auth", "iprev", "dkim-adsp", "dkim-atps", "compauth", "bimi":
			list = append(list, words)
		default:
			if n := len(list); n > 0 {
				list[n-1] = append(list[n-1], words...)
			}
		}
	}
	return list
}

func appendDomain(list []string, domain string) []string {
	if !validDomain(domain) {
		return list
	}
	return append(list, domain)
}

// withoutComments removes the comments of RFC 5322, in which a server may
// repeat what a sender said, and makes single words of quoted strings, in
// which a sender's address may hold anything.
func withoutComments(s string) string {
	var out strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			i++
			if depth == 0 {
				out.WriteByte('_')
			}
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted && (c == ';' || c == '=' || c == ' ' || c == '\t'):
			out.WriteByte('_')
		case c == '(' && !quoted:
			depth++
		case c == ')' && !quoted && depth > 0:
			depth--
			out.WriteByte(' ')
		case depth == 0:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// Organisation returns who stands behind a mail: the registered domain in
// From, or the whole address at a provider where anybody has one. proven is
// false when the domain is only claimed: then it must not count as evidence.
// org is "unknown" when a mail names nobody.
func Organisation(m Message) (org string, proven bool) {
	domain := m.From.Domain()
	if domain == "" {
		return "unknown", false
	}
	org = orgDomain(domain)
	if freemail[org] {
		org = strings.ToLower(m.From.Address)
	}
	return org, m.Auth.Domain == domain
}

// FromTeam tells whether one of the team's own people wrote, and it is proven.
func FromTeam(m Message, us Us) bool {
	return m.Auth.Domain != "" && inDomains(m.Auth.Domain, us.Team)
}

// freemail are the providers at which a domain says nothing about who writes.
var freemail = map[string]bool{
	"gmail.com": true, "googlemail.com": true, "outlook.com": true, "hotmail.com": true, "live.com": true, "msn.com": true,
	"yahoo.com": true, "ymail.com": true, "rocketmail.com": true, "yahoo.co.uk": true, "yahoo.de": true, "yahoo.fr": true, "yahoo.es": true,
	"hotmail.co.uk": true, "hotmail.de": true, "hotmail.fr": true, "hotmail.es": true, "outlook.de": true, "outlook.es": true, "outlook.fr": true,
	"icloud.com": true, "me.com": true, "mac.com": true, "aol.com": true, "proton.me": true, "protonmail.com": true, "pm.me": true,
	"gmx.com": true, "gmx.de": true, "gmx.net": true, "gmx.at": true, "gmx.ch": true, "web.de": true, "t-online.de": true, "freenet.de": true,
	"mail.com": true, "zoho.com": true, "fastmail.com": true, "hey.com": true, "tutanota.com": true, "posteo.de": true, "mailbox.org": true,
	"orange.fr": true, "free.fr": true, "laposte.net": true, "wanadoo.fr": true, "libero.it": true, "virgilio.it": true, "terra.es": true,
	"btinternet.com": true, "sky.com": true, "comcast.net": true, "verizon.net": true, "att.net": true, "sbcglobal.net": true, "cox.net": true,
	"yandex.com": true, "yandex.ru": true, "mail.ru": true, "qq.com": true, "163.com": true, "126.com": true, "naver.com": true,
}
