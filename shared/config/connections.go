package config

import (
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"rouse/shared/check"
)

func tcp(v value) *check.TCP {
	f := v.fields("tcp")
	if !f.valid() {
		return nil
	}
	c := &check.TCP{
		Address:   f.get("address").hostPort(),
		Send:      f.get("send").lines(BodyBytesMax),
		Expect:    f.get("expect").pattern(),
		Addresses: addresses(f.get("addresses")),
	}
	if secure := f.get("tls"); secure.present() {
		c.TLS = secure.truth()
	}
	if c.Send != "" {
		f.get("send").refs(captured{})
	}
	if f.get("send").present() && !f.get("expect").present() {
		f.get("send").fault("proves nothing unless an answer is expected; add expect, a regular expression like expect: PONG")
	}
	if e := f.get("expect"); c.Expect != nil && matchesAnything(c.Expect) {
		e.fault("finds something in any answer, so it proves nothing; write what only the right answer holds")
	}
	return c
}

// matchesAnything tells patterns like .* from those that ask for something.
func matchesAnything(re *regexp.Regexp) bool {
	return re.MatchString("") && re.MatchString("\x00")
}

func handshake(v value) *check.TLS {
	f := v.fields("tls")
	if !f.valid() {
		return nil
	}
	c := &check.TLS{Address: f.get("address").hostPort(), Addresses: addresses(f.get("addresses"))}
	if name := f.get("name"); name.present() {
		c.Name = name.domain()
	}
	if days := f.get("days_left"); days.present() {
		c.DaysLeft = days.number(1, daysLeftMax)
	}
	return c
}

const (
	resolversMax = 8
	answersMax   = 100
)

func question(v value) *check.DNS {
	f := v.fields("dns")
	if !f.valid() {
		return nil
	}
	d := &check.DNS{Name: f.get("name").dnsName(), Record: f.get("record").oneOf(check.DNSRecords...)}
	if r := f.get("resolver"); r.present() {
		items := []value{r}
		if r.n.Kind == yaml.SequenceNode {
			items = r.some("9.9.9.9", resolversMax)
		}
		for _, item := range items {
			d.Resolvers = append(d.Resolvers, item.resolver())
		}
	}
	d.Exactly = answers(f.get("exactly"), d.Record)
	d.Among = answers(f.get("among"), d.Record)
	d.Includes = answers(f.get("includes"), d.Record)
	given := ""
	for _, key := range []string{"exactly", "among", "includes"} {
		switch {
		case !f.get(key).present():
		case given != "":
			f.get(key).fault("says in another way than %s what must be answered; keep one of them", given)
		default:
			given = key
		}
	}
	return d
}

// answers reads what must be answered to a question for the record.
func answers(v value, record string) (all []string) {
	for _, item := range v.some("192.0.2.1", answersMax) {
		s := item.lines(BodyBytesMax)
		a, err := canonicalAnswer(record, s)
		switch {
		case s == "" || record == "":
		case err != nil:
			item.fault("%q is no answer to a question for %s; %v", s, record, err)
		case slices.Contains(all, a):
			item.fault("%s is listed twice; once is enough", s)
		default:
			all = append(all, a)
		}
	}
	return all
}

// dnsName reads a name that DNS can be asked for: unlike a host's it may have
// underscores.
func (v value) dnsName() string {
	s, ok := v.raw("like app.example.com")
	if !ok {
		return ""
	}
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if len(s) > 253 || slices.ContainsFunc(strings.Split(s, "."), func(label string) bool {
		return label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != ""
	}) {
		v.fault("%q is not a name in DNS; write one like app.example.com, and other letters than ASCII's in their ASCII form, like xn--bcher-kva.example", s)
	}
	return s
}

// resolver reads the address of a resolver, whose port is 53 unless it says
// another.
func (v value) resolver() string {
	s, ok := v.raw("like 9.9.9.9")
	if !ok {
		return ""
	}
	if ip, err := netip.ParseAddr(s); err == nil {
		return net.JoinHostPort(ip.String(), "53")
	}
	if address, err := netip.ParseAddrPort(s); err == nil && address.Port() != 0 {
		return address.String()
	}
	v.fault("%q is not the address of a resolver; write it like 9.9.9.9 or \"9.9.9.9:53\", and an IPv6 address with a port like \"[2620:fe::fe]:53\"", s)
	return ""
}

// hostPort reads a host and a port.
func (v value) hostPort() string {
	s, ok := v.raw("like mail.example.com:25")
	if !ok {
		return ""
	}
	host, port, err := net.SplitHostPort(s)
	switch {
	case strings.Contains(s, "://"):
		v.fault("is a URL where a host and a port belong; write them alone, like mail.example.com:25")
	case err != nil || host == "":
		v.fault("%q is not a host and a port; write them like mail.example.com:25, and an IPv6 address like \"[2001:db8::1]:25\"", s)
	case !validPort(port):
		v.fault("%s is not a port; write one from 1 to 65535", port)
	case strings.ContainsFunc(host, func(c rune) bool { return c > unicode.MaxASCII || c <= ' ' || strings.ContainsRune("/@?#", c) }):
		v.fault("%q is not the name or address of a host; write it like mail.example.com, and other letters than ASCII's in their ASCII form", host)
	case len(s) > TextBytesMax:
		v.fault("has %d bytes; at most %d are read", len(s), TextBytesMax)
	}
	return s
}
