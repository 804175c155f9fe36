package config

import (
	"net"
	"regexp"
	"strings"
	"unicode"

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
