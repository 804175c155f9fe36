package check_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"rouse/shared/check"
)

func path(t testing.TB, s string) check.Path {
	p, err := check.ParsePath(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return p
}

const document = ` {"a": {"b": [1, 2.50, "3", null, true, {"x.y": "z", "ü-1": 0}]}, "id": 9007199254740993,
	"huge": 1e400, "": 7, "é": "text", "a.b": "dotted"} `

func TestPathFinds(t *testing.T) {
	for s, want := range map[string]string{
		"a.b[0]":                   "1",
		"$.a.b[1]":                 "2.50",
		"a.b[-1][\"x.y\"]":         `"z"`,
		`a["b"][5]["ü-1"]`:         "0",
		`["a.b"]`:                  `"dotted"`,
		`$[""]`:                    "7",
		`["\u00e9"]`:               `"text"`,
		"$":                        strings.TrimSpace(document),
		"a.b[3]":                   "", // null
		"a.b[6]":                   "",
		"a.b[-7]":                  "",
		"a.b.c":                    "",
		"a[0]":                     "",
		"A.b":                      "",
		"id.x":                     "",
		"a.b[9223372036854775807]": "",
	} {
		got, ok := path(t, s).Find([]byte(document))
		if ok != (want != "") || ok && string(got) != want {
			t.Errorf("%s leads to %q, %v, want %q", s, got, ok, want)
		}
	}
}

func TestPathRefuses(t *testing.T) {
	for _, s := range []string{"", ".", "a.", "a..b", ".a", "a[", "a[]", "a[*]", "a[0", "a[01]", "a[+1]", "a[-0]", "a[1:2]", "a[?x]", "$$",
		"$a.*", "a b", "['a']", `["a]`, `["\x41"]`, "a]", "a[0]b", "ü", "a[99999999999999999999]"} {
		if p, err := check.ParsePath(s); err == nil {
			t.Errorf("%q is read as %s", s, p)
		}
	}
}

func TestJSONTests(t *testing.T) {
	re := regexp.MustCompile
	for _, tt := range []struct {
		path string
		ask  check.JSONTest
		why  string
	}{
		{"a", check.JSONTest{}, ""},
		{"a.b[3]", check.JSONTest{}, "JSON lacks a.b[3]"},
		{"a.b[0]", check.JSONTest{Is: json.Number("1")}, ""},
		{"a.b[0]", check.JSONTest{Is: json.Number("1.0")}, ""},
		{"a.b[1]", check.JSONTest{Is: json.Number("2.5")}, ""},
		{"a.b[0]", check.JSONTest{Is: "1"}, "JSON a.b[0] is not as expected"},
		{"a.b[2]", check.JSONTest{Is: "3"}, ""},
		{"a.b[2]", check.JSONTest{Is: json.Number("3")}, "JSON a.b[2] is not as expected"},
		{"a.b[4]", check.JSONTest{Is: true}, ""},
		{"a.b[4]", check.JSONTest{Is: false}, "JSON a.b[4] is not as expected"},
		{"a.b[4]", check.JSONTest{Is: "true"}, "JSON a.b[4] is not as expected"},
		{"a.b", check.JSONTest{Is: "1"}, "JSON a.b is not as expected"},
		{"a", check.JSONTest{Is: "1"}, "JSON a is not as expected"},
		{"id", check.JSONTest{Is: json.Number("9007199254740993")}, ""},
		{"id", check.JSONTest{Is: json.Number("9007199254740992")}, "JSON id is not as expected"},
		{"nothing", check.JSONTest{Is: json.Number("0")}, "JSON lacks nothing"},
		{"nothing", check.JSONTest{AtMost: "10"}, "JSON lacks nothing"},
		{"a.b[3]", check.JSONTest{AtMost: "10"}, "JSON lacks a.b[3]"},
		{"a.b[0]", check.JSONTest{AtLeast: "1", AtMost: "1"}, ""},
		{"a.b[0]", check.JSONTest{AtLeast: "1.5"}, "JSON a.b[0] is under 1.5"},
		{"a.b[1]", check.JSONTest{AtMost: "2.49"}, "JSON a.b[1] is over 2.49"},
		{"a.b[2]", check.JSONTest{AtMost: "10"}, "JSON a.b[2] is no number"},
		{"a.b[4]", check.JSONTest{AtLeast: "0"}, "JSON a.b[4] is no number"},
		{"huge", check.JSONTest{AtMost: "1e300"}, "JSON huge is over 1e300"},
		{`["é"]`, check.JSONTest{Matches: re("^te")}, ""},
	} {
		tt.ask.Path = path(t, tt.path)
		if got := (check.Expect{JSON: []check.JSONTest{tt.ask}}).BodyFault([]byte(document)); got != tt.why {
			t.Errorf("%s %+v: %q, want %q", tt.path, tt.ask, got, tt.why)
		}
	}
	for body, why := range map[string]string{
		"":                             "body is not JSON",
		"{} {}":                        "body is not JSON",
		`{"a": 1`:                      "body is not JSON",
		"null":                         "JSON lacks a",
		`{"a": "x"}`:                   "JSON a does not match",
		`{"a": 7}`:                     "JSON a is no text",
		`{"a": "ok"}`:                  "",
		strings.Repeat("[", 20_000):    "body is not JSON",
		`{"a": "ok", "a": "replaced"}`: "JSON a does not match",
	} {
		e := check.Expect{JSON: []check.JSONTest{{Path: path(t, "a"), Matches: re("^ok$")}}}
		if got := e.BodyFault([]byte(body)); got != why {
			t.Errorf("%.20s: %q, want %q", body, got, why)
		}
	}
}

func TestHeaderTests(t *testing.T) {
	e := check.Expect{Headers: []check.HeaderTest{{Name: "X-Cache", Matches: regexp.MustCompile("^HIT$")}}}
	for _, tt := range []struct {
		values []string
		why    string
	}{
		{nil, "no header X-Cache"},
		{[]string{"MISS"}, "header X-Cache is not as expected"},
		{[]string{"HIT"}, ""},
		{[]string{"MISS", "HIT"}, ""},
	} {
		if got := e.HeaderFault(map[string][]string{"X-Cache": tt.values}); got != tt.why {
			t.Errorf("%v: %q, want %q", tt.values, got, tt.why)
		}
	}
}

// Whatever path and body are, a path is read again as it is written, and a
// good answer is never one that lacks the value.
func FuzzExpect(f *testing.F) {
	f.Add("a.b[0]", []byte(document))
	f.Add(`a["x.y"][-1]`, []byte(`{"a": {"x.y": [1]}}`))
	f.Add("$", []byte("[[[]]]"))
	f.Fuzz(func(t *testing.T, written string, body []byte) {
		p, err := check.ParsePath(written)
		if err != nil {
			return
		}
		again, err := check.ParsePath(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%q is written %s, which is read as %s, %v", written, p, again, err)
		}
		for _, x := range []check.JSONTest{{Path: p}, {Path: p, Is: "ok"}, {Path: p, Is: json.Number("1")}, {Path: p, AtMost: "1"}, {Path: p, Matches: regexp.MustCompile("o")}} {
			why := check.Expect{JSON: []check.JSONTest{x}}.BodyFault(body)
			if !json.Valid(body) {
				if why != "body is not JSON" {
					t.Errorf("%q: %q", body, why)
				}
				continue
			}
			if _, ok := p.Find(body); !ok && why != "JSON lacks "+p.String() {
				t.Errorf("%s of %q: %q", p, body, why)
			}
		}
	})
}
