package probe_test

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/probe"
	"rouse/test/target"
)

func at(t testing.TB, path string) check.Path {
	p, err := check.ParsePath(path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return p
}

func TestHTTPExpectations(t *testing.T) {
	good := target.Start(t).URL
	ca := target.NewAuthority(t) // ends in an hour, and so do its certificates
	secure := target.StartTLS(t, ca, "127.0.0.1", time.Now().Add(30*24*time.Hour)).URL
	re := regexp.MustCompile
	isJSON := func(x check.JSONTest) check.Expect { return check.Expect{JSON: []check.JSONTest{x}} }
	header := func(name, re string) check.Expect {
		return check.Expect{Headers: []check.HeaderTest{{Name: name, Matches: regexp.MustCompile(re)}}}
	}
	tests := []struct {
		url    string
		expect check.Expect
		why    string
	}{
		{good + "/ok", check.Expect{Matches: re(`^Welcome\..*here\.$`)}, ""},
		{good + "/ok", check.Expect{Matches: re(`(?i)goodbye`)}, "body does not match"},
		{good + "/ok", check.Expect{Body: "Welcome", Matches: re(`nobody`)}, "body does not match"},
		{good + "/ok", isJSON(check.JSONTest{Path: at(t, "status")}), "body is not JSON"},
		{good + "/json", isJSON(check.JSONTest{Path: at(t, "status"), Is: "ok"}), ""},
		{good + "/json", isJSON(check.JSONTest{Path: at(t, "nodes[-1].name"), Is: "b"}), ""},
		{good + "/json", isJSON(check.JSONTest{Path: at(t, "state"), Is: "ok"}), "JSON lacks state"},
		{good + "/body-never", isJSON(check.JSONTest{Path: at(t, "status"), Is: "ok"}), "timeout after headers"},
		{good + "/json", header("Content-Type", `^application/json\b`), ""},
		{good + "/json", header("Content-Type", "html"), "header Content-Type is not as expected"},
		{good + "/json", header("X-Cache", ""), "no header X-Cache"},
		{secure + "/proto", check.Expect{Body: "HTTP/2.0"}, ""},
		{secure + "/ok", check.Expect{DaysLeft: 1}, "certificate ends in under a day"},
		{good + "/ok", check.Expect{DaysLeft: 1}, "no certificate"},
		{secure + "/redirect-to?url=" + url.QueryEscape(good+"/ok"), check.Expect{DaysLeft: 1}, "no certificate"},
	}
	p := &probe.Prober{Roots: ca.Roots}
	for _, tt := range tests {
		c := check.Check{HTTP: &check.HTTP{URL: tt.url, Expect: tt.expect}, Timeout: 2 * time.Second}
		if tt.why == "timeout after headers" {
			c.Timeout = 200 * time.Millisecond
		}
		if x := p.Sample(t.Context(), c, time.Time{}); x.OK != (tt.why == "") || x.Why != tt.why {
			t.Errorf("%s %+v: ok=%v %q, want %q", tt.url, tt.expect, x.OK, x.Why, tt.why)
		}
	}
}

// Certificates that last long enough are good, and a chain lasts as long as
// the certificate in it that ends first.
func TestDaysLeft(t *testing.T) {
	days := func(n int) time.Time { return time.Now().Add(time.Duration(n)*24*time.Hour + time.Minute) }
	for _, tt := range []struct {
		authority, certificate, want int
		why                          string
	}{
		{400, 30, 30, ""},
		{400, 30, 31, "certificate ends in under 31 days"},
		{10, 30, 10, ""},
		{10, 30, 11, "certificate ends in under 11 days"},
	} {
		ca := target.NewAuthorityUntil(t, days(tt.authority))
		u := target.StartTLS(t, ca, "127.0.0.1", days(tt.certificate)).URL
		c := check.Check{HTTP: &check.HTTP{URL: u + "/ok", Expect: check.Expect{DaysLeft: tt.want}}}
		p := &probe.Prober{Roots: ca.Roots}
		if x := p.Sample(t.Context(), c, time.Time{}); x.Why != tt.why {
			t.Errorf("%+v: %q", tt, x.Why)
		}
	}
}

// listen listens on loopback addresses that end in the given numbers, all on
// one port.
func listen(t *testing.T, last ...int) []net.Listener {
	for range 10 {
		port, all := "0", []net.Listener(nil)
		for _, n := range last {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:%s", n, port))
			if err != nil {
				break
			}
			_, port, _ = net.SplitHostPort(l.Addr().String())
			all = append(all, l)
		}
		if len(all) == len(last) {
			return all
		}
		for _, l := range all {
			l.Close()
		}
	}
	t.Fatal("found no port that is free on every loopback address; this test needs 127.0.0.2 and more of them")
	return nil
}

func TestAllAddresses(t *testing.T) {
	good := listen(t, 2, 3)
	_, port, _ := net.SplitHostPort(good[0].Addr().String())
	for _, l := range good {
		target.StartOn(t, l)
	}
	var many []string
	for i := range 17 {
		many = append(many, fmt.Sprintf("127.0.1.%d", i))
	}
	p := &probe.Prober{Resolver: target.StartDNS(t, map[string][]string{
		"well.test A":    {"127.0.0.3", "127.0.0.2", "127.0.0.3"},
		"one-bad.test A": {"127.0.0.2", "127.0.0.9", "127.0.0.3"}, // nobody is at .9
		"two-bad.test A": {"127.0.0.2", "127.0.0.9", "127.0.0.8"},
		"all-bad.test A": {"127.0.0.9", "127.0.0.8"},
		"dual.test A":    {"127.0.0.2"}, "dual.test AAAA": {"::1"},
		"six.test AAAA": {"::1"},
		"many.test A":   many,
	}).Resolver()}
	tests := []struct {
		host      string
		path      string
		addresses check.Addresses
		why       string
	}{
		{"well.test", "/ok", check.AllAddresses, ""},
		{"WELL.test", "/ok", check.AllAddresses, ""},
		{"well.test", "/redirect/2", check.AllAddresses, ""},
		{"well.test", "/status/502", check.AllAddresses, "status 502"},
		{"one-bad.test", "/ok", check.AnyAddress, ""},
		{"one-bad.test", "/ok", check.AllAddresses, "127.0.0.9: connect refused"},
		{"two-bad.test", "/ok", check.AllAddresses, "127.0.0.8: connect refused, and 1 more of 3 addresses"},
		{"all-bad.test", "/ok", check.AllAddresses, "connect refused"},
		{"dual.test", "/ok", check.AllIPv4, ""},
		{"dual.test", "/ok", check.AllAddresses, "::1: connect refused"},
		{"six.test", "/ok", check.AllIPv4, "no such host"},
		{"many.test", "/ok", check.AllAddresses, "more than 16 addresses"},
		{"nobody.test", "/ok", check.AllAddresses, "no such host"},
		{"servfail.test", "/ok", check.AllAddresses, "DNS failure"},
		{"never.test", "/ok", check.AllAddresses, "timeout in DNS"},
		{"127.0.0.2", "/ok", check.AllAddresses, ""},
	}
	for _, tt := range tests {
		c := check.Check{Timeout: 2 * time.Second, HTTP: &check.HTTP{
			URL: "http://" + net.JoinHostPort(tt.host, port) + tt.path, Addresses: tt.addresses, Expect: check.Expect{Status: []check.StatusRange{{From: 200, To: 299}}}}}
		if strings.HasPrefix(tt.why, "timeout") {
			c.Timeout = 200 * time.Millisecond
		}
		if x := p.Sample(t.Context(), c, time.Time{}); x.OK != (tt.why == "") || x.Why != tt.why {
			t.Errorf("%s%s of %q: ok=%v %q, want %q", tt.host, tt.path, tt.addresses, x.OK, x.Why, tt.why)
		}
	}
}
