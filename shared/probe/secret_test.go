package probe_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/probe"
	"rouse/test/target"
)

// held are secrets by their names.
type held map[string]string

func (h held) Secret(_ context.Context, name string) (string, error) {
	if value, ok := h[name]; ok {
		return value, nil
	}
	return "", errors.New("there is none: and its value would be hush")
}

func TestSecrets(t *testing.T) {
	echo := target.Start(t).URL + "/echo"
	secrets := held{"password": "hush", "awkward": `a"b&c=d/e?f`, "empty": ""}
	says := func(text string) check.Expect { return check.Expect{Matches: regexp.MustCompile(text)} }
	tests := []struct {
		name string
		http check.HTTP
		why  string
	}{
		{"basic", check.HTTP{URL: echo, Basic: &check.Basic{User: "probe", Secret: "password"}, Expect: says("(?m)^Authorization: Basic cHJvYmU6aHVzaA==$")}, ""},
		{"bearer", check.HTTP{URL: echo, Bearer: "password", Expect: says("(?m)^Authorization: Bearer hush$")}, ""},
		{"header", check.HTTP{URL: echo, Headers: map[string]string{"X-Key": "k={{secret:password}};"}, Expect: says("(?m)^X-Key: k=hush;$")}, ""},
		{"body", check.HTTP{URL: echo, Method: "POST", Body: "{{secret:password}}&{{secret:awkward}}", Expect: says(`(?m)^POST hush&a"b&c=d/e\?f$`)}, ""},
		{"JSON is escaped", check.HTTP{URL: echo, Method: "POST", Body: ` {"p": "{{secret:awkward}}"}`, Expect: says(`\{"p": "a\\"b\\u0026c=d/e\?f"\}`)}, ""},
		{"form", check.HTTP{URL: echo, Method: "POST", Form: map[string]string{"user": "probe", "p": "{{secret:awkward}}"}, Expect: says(`(?ms)^POST p=a%22b%26c%3Dd%2Fe%3Ff&user=probe$.*^Content-Type: application/x-www-form-urlencoded$`)}, ""},
		{"URL", check.HTTP{URL: echo + "?a={{secret:awkward}}&b={{secret:password}}", Expect: says(`(?m)^URL: /echo\?a=a%22b%26c%3Dd%2Fe%3Ff&b=hush$`)}, ""},
		{"path", check.HTTP{URL: echo + "/{{secret:awkward}}?", Expect: says(`(?m)^URL: /echo/a%22b&c=d%2Fe%3Ff\?$`)}, ""},
		{"none of that name", check.HTTP{URL: echo, Bearer: "token"}, "secret token cannot be read"},
		{"a header that cannot be", check.HTTP{URL: echo, Headers: map[string]string{"X-Key": "{{secret:lines}}"}}, "invalid request"},
	}
	secrets["lines"] = "a\r\nHost: elsewhere"
	for _, tt := range tests {
		x := (&probe.Prober{Secrets: secrets}).Sample(t.Context(), check.Check{HTTP: &tt.http}, time.Time{})
		if x.Why != tt.why || x.OK != (tt.why == "") {
			t.Errorf("%s: ok=%v %q, want %q", tt.name, x.OK, x.Why, tt.why)
		}
	}
	if x := new(probe.Prober).Sample(t.Context(), check.Check{HTTP: &check.HTTP{URL: echo, Bearer: "password"}}, time.Time{}); x.Why != "secret password cannot be read" {
		t.Errorf("without secrets: ok=%v %q", x.OK, x.Why)
	}
	tcp := check.Check{Timeout: 300 * time.Millisecond, TCP: &check.TCP{Address: target.StartTCP(t), Send: "{{secret:ping}}\r\n", Expect: regexp.MustCompile("PONG")}}
	if x := (&probe.Prober{Secrets: held{"ping": "PING"}}).Sample(t.Context(), tcp, time.Time{}); !x.OK {
		t.Errorf("tcp: %q", x.Why)
	}
}

// A check's secrets go to the host that it names and to no other, whatever the
// service answers.
func TestSecretsGoNowhereElse(t *testing.T) {
	heard := make(chan string, 10)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var all strings.Builder
		all.WriteString(r.RequestURI)
		r.Header.Write(&all)
		heard <- all.String()
	}))
	defer other.Close()
	away := target.Start(t).URL + "/redirect-to?url=" + url.QueryEscape(other.URL)
	p := &probe.Prober{Secrets: held{"password": "hush"}}
	for _, h := range []check.HTTP{
		{URL: away, Basic: &check.Basic{User: "probe", Secret: "password"}},
		{URL: away, Bearer: "password"},
		{URL: away, Headers: map[string]string{"X-Key": "{{secret:password}}", "Cookie": "{{secret:password}}"}},
		{URL: away + "&key={{secret:password}}"},
	} {
		if x := p.Sample(t.Context(), check.Check{HTTP: &h}, time.Time{}); !x.OK {
			t.Fatalf("the redirect was not followed: %s", x.Why)
		}
		if got := <-heard; strings.Contains(got, "hush") || strings.Contains(got, "Authorization") {
			t.Errorf("another host was sent %s", got)
		}
	}
}
