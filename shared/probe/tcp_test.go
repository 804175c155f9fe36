package probe_test

import (
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/probe"
	"rouse/test/target"
)

func TestTCPSaysWhatIsWrong(t *testing.T) {
	lines := target.StartTCP(t)
	ca := target.NewAuthority(t)
	later := time.Now().Add(time.Hour)
	secure := address(target.StartTLS(t, ca, "127.0.0.1", later).URL)
	misnamed := address(target.StartTLS(t, ca, "elsewhere.example", later).URL)
	_, port, _ := net.SplitHostPort(lines)
	re := regexp.MustCompile
	tests := []struct {
		name string
		tcp  check.TCP
		why  string
	}{
		{"connects", check.TCP{Address: lines}, ""},
		{"greets", check.TCP{Address: lines, Expect: re("^220 ")}, ""},
		{"answers in pieces", check.TCP{Address: lines, Send: "PING\r\n", Expect: re(`(?m)^\+PONG`)}, ""},
		{"answers otherwise", check.TCP{Address: lines, Send: "PANG\r\n", Expect: re(`PONG`)}, "timeout waiting for the expected answer"},
		{"never answers", check.TCP{Address: lines, Send: "NEVER\r\n", Expect: re(`PONG`)}, "timeout waiting for the expected answer"},
		{"drips", check.TCP{Address: lines, Send: "DRIP\r\n", Expect: re(`PONG`)}, "timeout waiting for the expected answer"},
		{"closes", check.TCP{Address: lines, Send: "CLOSE\r\n", Expect: re(`PONG`)}, "connection closed waiting for the expected answer"},
		{"resets", check.TCP{Address: lines, Send: "RESET\r\n", Expect: re(`PONG`)}, "connection reset waiting for the expected answer"},
		{"floods", check.TCP{Address: lines, Send: "FLOOD\r\n", Expect: re(`PONG`)}, "64 KB without the expected answer"},
		{"silent is no greeting", check.TCP{Address: target.Silent(t), Expect: re(`.*`)}, "timeout waiting for the expected answer"},
		{"refused", check.TCP{Address: address(target.Refusing(t))}, "connect refused"},
		{"no such host", check.TCP{Address: "nobody.invalid:25"}, "no such host"},
		{"no DNS", check.TCP{Address: "never.test:25"}, "timeout in DNS"},
		{"no port", check.TCP{Address: "127.0.0.1"}, "invalid address"},
		{"TLS", check.TCP{Address: secure, TLS: true, Send: "GET /ok HTTP/1.1\r\nHost: x\r\n\r\n", Expect: re(`^HTTP/1.1 200 OK\r\n`)}, ""},
		{"TLS for another name", check.TCP{Address: misnamed, TLS: true}, "certificate is for another name"},
		{"TLS of a stranger", check.TCP{Address: address(target.StartTLS(t, target.NewAuthority(t), "127.0.0.1", later).URL), TLS: true}, "certificate of an unknown authority"},
		{"TLS expected", check.TCP{Address: lines, TLS: true}, "no TLS on that port"},
		{"TLS never answered", check.TCP{Address: target.Silent(t), TLS: true}, "timeout in TLS handshake"},
		{"every address", check.TCP{Address: "two.test:" + port, Addresses: check.AllAddresses}, "127.0.0.9: connect refused"},
	}
	dns := target.StartDNS(t, map[string][]string{"two.test A": {"127.0.0.1", "127.0.0.9"}})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &probe.Prober{Roots: ca.Roots}
			if strings.Contains(tt.tcp.Address, ".test:") {
				p.Resolver = dns.Resolver()
			}
			sampled(t, p, check.Check{TCP: &tt.tcp}, tt.why)
		})
	}
}

func TestTLSSaysWhatIsWrong(t *testing.T) {
	ca := target.NewAuthorityUntil(t, time.Now().Add(300*24*time.Hour))
	month := time.Now().Add(30*24*time.Hour + time.Minute)
	good := address(target.StartTLS(t, ca, "127.0.0.1", month).URL)
	named := address(target.StartTLS(t, ca, "mail.example", month).URL)
	tests := []struct {
		name string
		tls  check.TLS
		why  string
	}{
		{"good", check.TLS{Address: good}, ""},
		{"good for a month", check.TLS{Address: good, DaysLeft: 30}, ""},
		{"not for longer", check.TLS{Address: good, DaysLeft: 31}, "certificate ends in under 31 days"},
		{"by its name", check.TLS{Address: named, Name: "mail.example"}, ""},
		{"by another name", check.TLS{Address: named, Name: "web.example"}, "certificate is for another name"},
		{"by its address", check.TLS{Address: named}, "certificate is for another name"},
		{"expired", check.TLS{Address: address(target.StartTLS(t, ca, "127.0.0.1", time.Now().Add(-time.Hour)).URL)}, "certificate expired or not yet valid"},
		{"of a stranger", check.TLS{Address: address(target.StartTLS(t, target.NewAuthority(t), "127.0.0.1", month).URL)}, "certificate of an unknown authority"},
		{"without its intermediate", check.TLS{Address: address(target.StartTLS(t, ca.Intermediate(t), "127.0.0.1", month).URL)}, "certificate of an unknown authority"},
		{"plain", check.TLS{Address: target.StartTCP(t)}, "no TLS on that port"},
		{"silent", check.TLS{Address: target.Silent(t)}, "timeout in TLS handshake"},
		{"refused", check.TLS{Address: address(target.Refusing(t))}, "connect refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sampled(t, &probe.Prober{Roots: ca.Roots}, check.Check{TLS: &tt.tls}, tt.why)
		})
	}
}

// address is the host and port of a URL.
func address(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	return rest
}

// sampled takes a sample and wants the reason, and an end soon after the
// timeout.
func sampled(t *testing.T, p *probe.Prober, c check.Check, why string) {
	t.Helper()
	c.Timeout = 5 * time.Second
	if strings.Contains(why, "timeout") {
		c.Timeout = 300 * time.Millisecond
	}
	began := time.Now()
	x := p.Sample(t.Context(), c, began)
	if x.OK != (why == "") || x.Why != why {
		t.Errorf("got ok=%v %q, want %q", x.OK, x.Why, why)
	}
	if took := time.Since(began); took > c.Timeout+2*time.Second {
		t.Errorf("took %v", took)
	}
}
