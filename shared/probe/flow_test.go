package probe_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/probe"
	"rouse/test/target"
)

// logIn walks the site's log-in as a browser does.
func logIn(t testing.TB, site string) []check.FlowStep {
	path := func(s string) *check.Path { p := at(t, s); return &p }
	return []check.FlowStep{
		{Name: "form", HTTP: check.HTTP{URL: site + "/login", Expect: check.Expect{Body: "Sign in"}}, Captures: []check.Capture{
			{Name: "csrf", Field: "csrf_token"},
			{Name: "note", Field: "note"},
		}},
		{Name: "sign in", HTTP: check.HTTP{
			URL: site + "/session", Method: "POST", Redirects: -1, Expect: check.Expect{Status: []check.StatusRange{{From: 303, To: 303}}},
			Form: map[string]string{"user": "probe", "password": "{{secret:password}}", "csrf_token": "{{csrf}}", "note": "{{note}}"},
		}, Captures: []check.Capture{
			{Name: "id", Header: "Location", Matches: regexp.MustCompile(`^/users/([0-9]+)$`)},
			{Name: "home", Header: "Location"},
		}},
		{Name: "home", HTTP: check.HTTP{URL: site + "/users/{{id}}", Expect: check.Expect{Body: "Welcome, probe"}}, Captures: []check.Capture{
			{Name: "token", Header: "X-Token", Matches: regexp.MustCompile(`^v1 (.*)`)},
			{Name: "bye", Matches: regexp.MustCompile(`href="(.*?)"`)},
		}},
		{Name: "who am I", HTTP: check.HTTP{
			URL: site + "/api/me", Headers: map[string]string{"Authorization": "Token {{token}}"},
			Expect: check.Expect{JSON: []check.JSONTest{{Path: at(t, "user.name"), Is: "probe"}}},
		}, Captures: []check.Capture{{Name: "number", Path: path("user.id")}, {Name: "next", Path: path("next")}}},
		{Name: "home again", HTTP: check.HTTP{URL: "{{home}}"}},
		{Name: "bye", HTTP: check.HTTP{URL: "{{next}}", Expect: check.Expect{Body: "Bye"}}},
	}
}

func TestFlow(t *testing.T) {
	site := target.StartSite(t, "hush")
	path := func(s string) *check.Path { p := at(t, s); return &p }
	secrets := held{"password": "hush", "wrong": "wrong"}
	slow := target.Start(t).URL
	tests := []struct {
		name   string
		change func(steps []check.FlowStep) []check.FlowStep
		why    string
	}{
		{"a log-in", func(s []check.FlowStep) []check.FlowStep { return s }, ""},
		{"the redirect followed", func(s []check.FlowStep) []check.FlowStep {
			s[1].Redirects, s[1].Expect, s[1].Captures = 0, check.Expect{Body: "Welcome, probe"}, nil
			return s[:2]
		}, ""},
		{"another password", func(s []check.FlowStep) []check.FlowStep {
			s[1].Form["password"] = "{{secret:wrong}}"
			return s
		}, "sign in: status 401"},
		{"no password", func(s []check.FlowStep) []check.FlowStep {
			s[1].Form["password"] = "{{secret:none}}"
			return s
		}, "secret none cannot be read"},
		{"another token", func(s []check.FlowStep) []check.FlowStep {
			s[1].Form["csrf_token"] = "{{note}}"
			return s
		}, "sign in: status 403"},
		{"no session", func(s []check.FlowStep) []check.FlowStep {
			s[2].URL = site + "/users/7"
			return s[2:3]
		}, "home: status 401"},
		{"no form", func(s []check.FlowStep) []check.FlowStep {
			s[0].URL, s[0].Expect = site+"/lost", check.Expect{}
			return s
		}, "form: no form field csrf_token"},
		{"no header", func(s []check.FlowStep) []check.FlowStep {
			s[0].Captures = []check.Capture{{Name: "x", Header: "X-None"}}
			return s
		}, "form: no header X-None"},
		{"a header that does not match", func(s []check.FlowStep) []check.FlowStep {
			s[1].Captures[0].Matches = regexp.MustCompile("^/teams/")
			return s
		}, "sign in: header Location does not match"},
		{"a body that does not match", func(s []check.FlowStep) []check.FlowStep {
			s[2].Captures[1].Matches = regexp.MustCompile("none")
			return s
		}, "home: body does not match"},
		{"nothing at a path", func(s []check.FlowStep) []check.FlowStep {
			s[3].Captures[0].Path = path("user.none")
			return s
		}, "who am I: JSON lacks user.none"},
		{"null at a path", func(s []check.FlowStep) []check.FlowStep {
			s[3].Captures[0].Path = path("none")
			return s
		}, "who am I: JSON lacks none"},
		{"no JSON", func(s []check.FlowStep) []check.FlowStep {
			s[2].Captures = append(s[2].Captures, check.Capture{Name: "x", Path: path("a")})
			return s
		}, "home: JSON lacks a"},
		{"nothing but space for a value", func(s []check.FlowStep) []check.FlowStep {
			s[3].Captures[0].Path = path("blank")
			return s
		}, "who am I: number is empty"},
		{"an address on another host", func(s []check.FlowStep) []check.FlowStep {
			s[0].URL, s[0].Expect = site+"/lost", check.Expect{}
			s[0].Captures = []check.Capture{{Name: "next", Matches: regexp.MustCompile(`href="(.*?)"`)}}
			s[5].Bearer = "password"
			return append(s[:1], s[5])
		}, "bye: captured address leads elsewhere"},
		{"a step that hangs", func(s []check.FlowStep) []check.FlowStep {
			return append(s[:3], check.FlowStep{Name: "archive", HTTP: check.HTTP{URL: slow + "/body-never"}}, s[3])
		}, "archive: timeout after headers"},
		{"too much for a value", func([]check.FlowStep) []check.FlowStep {
			return []check.FlowStep{{Name: "huge", HTTP: check.HTTP{URL: slow + "/echo?" + strings.Repeat("x", 9000)}, Captures: []check.Capture{{Name: "all", Matches: regexp.MustCompile(`URL: (.*)`)}}}}
		}, "huge: all is over 8 KB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := check.Check{Timeout: 5 * time.Second, Flow: tt.change(logIn(t, site))}
			if strings.Contains(tt.why, "timeout") {
				c.Timeout = 400 * time.Millisecond
			}
			if x := (&probe.Prober{Secrets: secrets}).Sample(t.Context(), c, time.Time{}); x.OK != (tt.why == "") || x.Why != tt.why {
				t.Errorf("ok=%v %q, want %q", x.OK, x.Why, tt.why)
			}
		})
	}
}

func TestFlowHasOneDeadline(t *testing.T) {
	late := check.FlowStep{Name: "late", HTTP: check.HTTP{URL: target.Start(t).URL + "/body-late"}} // 150 ms
	c := check.Check{Timeout: 400 * time.Millisecond, Flow: []check.FlowStep{late, late, late, late, late, late}}
	if x := new(probe.Prober).Sample(t.Context(), c, time.Time{}); !strings.HasPrefix(x.Why, "late: timeout") {
		t.Errorf("ok=%v %q after %v", x.OK, x.Why, x.Took)
	}
}

// Each sample of a flow begins as a stranger.
func TestFlowForgetsItsCookies(t *testing.T) {
	var cookies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookies = append(cookies, r.Header.Get("Cookie"))
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
	}))
	defer server.Close()
	c := check.Check{Flow: []check.FlowStep{{Name: "one", HTTP: check.HTTP{URL: server.URL}}, {Name: "two", HTTP: check.HTTP{URL: server.URL}}}}
	for range 2 {
		if x := new(probe.Prober).Sample(t.Context(), c, time.Time{}); !x.OK {
			t.Fatal(x.Why)
		}
	}
	if want := []string{"", "a=b", "", "a=b"}; !slices.Equal(cookies, want) {
		t.Errorf("cookies %q, want %q", cookies, want)
	}
}

// Whatever a page holds, a value is found whole or not at all.
func FuzzCapture(f *testing.F) {
	f.Add(`<input name=a value="b">`, "a", "b+", "a.b")
	f.Add(`{"a": {"b": [1, null, "x"]}}`, "a", `"(x)"`, "a.b[2]")
	f.Add(`<textarea name="a">`, "a", "(", "$")
	f.Fuzz(func(t *testing.T, page, field, pattern, path string) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(page)) }))
		defer server.Close()
		captures := []check.Capture{{Name: "v", Field: field + "x"}, {Name: "v", Header: "Content-Type"}}
		if re, err := regexp.Compile(pattern); err == nil {
			captures = append(captures, check.Capture{Name: "v", Matches: re})
		}
		if p, err := check.ParsePath(path); err == nil {
			captures = append(captures, check.Capture{Name: "v", Path: &p})
		}
		for _, c := range captures {
			steps := []check.FlowStep{
				{Name: "one", HTTP: check.HTTP{URL: server.URL}, Captures: []check.Capture{c}},
				{Name: "two", HTTP: check.HTTP{URL: server.URL + "/{{v}}?v={{v}}", Method: "POST", Body: `{"v": "{{v}}"}`}},
			}
			x := new(probe.Prober).Sample(t.Context(), check.Check{Timeout: 20 * time.Second, Flow: steps}, time.Time{})
			if x.OK == (x.Why != "") || !x.OK && !strings.HasPrefix(x.Why, "one: ") && !strings.HasPrefix(x.Why, "two: ") {
				t.Errorf("%+v: ok=%v %q", c, x.OK, x.Why)
			}
			if len(page) > 20 && strings.Contains(x.Why, page) {
				t.Errorf("the reason tells of the page: %q", x.Why)
			}
		}
	})
}
