package probe

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"rouse/shared/check"
	"rouse/test/target"
)

func TestDNSSaysWhatIsWrong(t *testing.T) {
	many := make([]string, 200)
	for i := range many {
		many[i] = fmt.Sprintf("192.0.2.%d", i)
	}
	honest := target.StartDNS(t, map[string][]string{
		"app.test A":                 {"192.0.2.1", "192.0.2.2"},
		"app.test AAAA":              {"2001:db8::1"},
		"app.test MX":                {"10 mx1.app.test.", "20 mx2.app.test."},
		"app.test NS":                {"ns.app.test."},
		"app.test TXT":               {"v=spf1 -all", "one|two"},
		"_sip.app.test SRV":          {"0 5 5060 sip.app.test."},
		"1.2.0.192.in-addr.arpa PTR": {"app.test."},
		"www.test CNAME":             {"Edge.test."},
		"edge.test CNAME":            {"app.test."},
		"loop.test CNAME":            {"pool.test."},
		"pool.test CNAME":            {"loop.test."},
		"many.test A":                many,
		"lies.test A":                {"192.0.2.1"},
	}).Address
	liar := target.StartDNS(t, map[string][]string{"lies.test A": {"192.0.2.1", "203.0.113.66"}}).Address
	_, port, _ := net.SplitHostPort(target.Refusing(t)[len("http://"):])
	tests := []struct {
		name string
		dns  check.DNS
		why  string
	}{
		{"an answer", check.DNS{Name: "app.test", Record: "A"}, ""},
		{"all of them, in any order", check.DNS{Name: "app.test", Record: "A", Exactly: []string{"192.0.2.2", "192.0.2.1"}}, ""},
		{"one too many", check.DNS{Name: "app.test", Record: "A", Exactly: []string{"192.0.2.1"}}, "an unexpected A record"},
		{"one too few", check.DNS{Name: "app.test", Record: "A", Exactly: []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}}, "an expected A record is missing"},
		{"of a pool", check.DNS{Name: "app.test", Record: "A", Among: []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}}, ""},
		{"of another pool", check.DNS{Name: "app.test", Record: "A", Among: []string{"192.0.2.1", "192.0.2.3"}}, "an unexpected A record"},
		{"among others", check.DNS{Name: "app.test", Record: "TXT", Includes: []string{"onetwo"}}, ""},
		{"not among them", check.DNS{Name: "app.test", Record: "TXT", Includes: []string{"three"}}, "an expected TXT record is missing"},
		{"AAAA", check.DNS{Name: "app.test", Record: "AAAA", Exactly: []string{"2001:db8::1"}}, ""},
		{"MX", check.DNS{Name: "app.test", Record: "MX", Exactly: []string{"10 mx1.app.test", "20 mx2.app.test"}}, ""},
		{"NS", check.DNS{Name: "app.test", Record: "NS", Exactly: []string{"ns.app.test"}}, ""},
		{"SRV", check.DNS{Name: "_sip.app.test", Record: "SRV", Exactly: []string{"0 5 5060 sip.app.test"}}, ""},
		{"PTR", check.DNS{Name: "1.2.0.192.in-addr.arpa", Record: "PTR", Exactly: []string{"app.test"}}, ""},
		{"CNAME", check.DNS{Name: "www.test", Record: "CNAME", Exactly: []string{"edge.test"}}, ""},
		{"by aliases", check.DNS{Name: "WWW.test", Record: "A", Exactly: []string{"192.0.2.1", "192.0.2.2"}}, ""},
		{"aliases in a circle", check.DNS{Name: "loop.test", Record: "A"}, "no A record"},
		{"no such type", check.DNS{Name: "app.test", Record: "CNAME"}, "no CNAME record"},
		{"no such name", check.DNS{Name: "nobody.test", Record: "A"}, "no such name"},
		{"a great many", check.DNS{Name: "many.test", Record: "A", Among: many}, ""},
		{"never", check.DNS{Name: "never.test", Record: "A"}, "timeout waiting for the answer"},
		{"SERVFAIL", check.DNS{Name: "servfail.test", Record: "A"}, "SERVFAIL"},
		{"REFUSED", check.DNS{Name: "refused.test", Record: "A"}, "REFUSED"},
		{"garbage", check.DNS{Name: "garbage.test", Record: "A"}, "broken answer"},
		{"a packet is lost", check.DNS{Name: "drops-first.test", Record: "A"}, ""},
		{"cut short, whole by TCP", check.DNS{Name: "truncated.test", Record: "A", Exactly: []string{"192.0.2.1"}}, ""},
		{"cut short, and none by TCP", check.DNS{Name: "cut.test", Record: "A"}, "connection closed waiting for the answer"},
		{"an answer nobody asked for", check.DNS{Name: "other-id.test", Record: "A"}, "answer to another question"},
		{"an answer for another name", check.DNS{Name: "other-name.test", Record: "A"}, "answer for another name"},
		{"nobody listens", check.DNS{Name: "app.test", Record: "A", Resolvers: []string{"127.0.0.1:" + port}}, "connect refused"},
		{"a resolver that lies", check.DNS{Name: "lies.test", Record: "A", Resolvers: []string{honest, liar}, Exactly: []string{"192.0.2.1"}}, liar + ": an unexpected A record"},
		{"resolvers that agree", check.DNS{Name: "lies.test", Record: "A", Resolvers: []string{honest, honest}, Exactly: []string{"192.0.2.1"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.dns.Resolvers == nil {
				tt.dns.Resolvers = []string{honest}
			}
			c := check.Check{DNS: &tt.dns, Timeout: 5 * time.Second}
			if strings.Contains(tt.why, "timeout") || strings.Contains(tt.why, "broken") || strings.Contains(tt.why, "question") {
				c.Timeout = 300 * time.Millisecond
			}
			if x := new(Prober).Sample(t.Context(), c, time.Time{}); x.OK != (tt.why == "") || x.Why != tt.why {
				t.Errorf("ok=%v %q, want %q", x.OK, x.Why, tt.why)
			}
		})
	}
}

func TestNameserver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	for text, want := range map[string]string{
		"# a comment\nsearch x\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n": "192.0.2.53:53",
		"nameserver 2001:db8::53\n": "[2001:db8::53]:53",
		"search x\n":                "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := nameserver(path); got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if _, err := nameserver(path + "?"); err == nil {
		t.Error("a file that is not there names a nameserver")
	}
}

// Whatever a resolver answers is judged, and in good time.
func FuzzAnswers(f *testing.F) {
	question, err := newQuestion("app.test", "A")
	if err != nil {
		f.Fatal(err)
	}
	packed, err := question.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Fuzz(func(t *testing.T, packet []byte) {
		var m dnsmessage.Message
		if m.Unpack(packet) != nil {
			return
		}
		if answers, why := answersOf(m.Answers, question.Questions[0]); why != "" && len(answers) > 0 {
			t.Errorf("%q and yet %q", answers, why)
		}
	})
}
