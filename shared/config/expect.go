package config

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"rouse/shared/check"
)

const (
	jsonTestsMax = 20
	pathBytesMax = 80 // a path is told in the evidence
	daysLeftMax  = 365
)

// expect reads what must come back from h, within a sample's timeout.
func expect(v value, timeout time.Duration, h *check.HTTP) check.Expect {
	f := v.fields("expect")
	if !f.valid() {
		return check.Expect{}
	}
	e := check.Expect{
		Status:  statuses(f.get("status")),
		Body:    f.get("body").lines(BodyBytesMax),
		Matches: f.get("matches").pattern(),
		JSON:    jsonTests(f.get("json")),
		Headers: headerTests(f.get("headers")),
	}
	for _, key := range []string{"body", "matches", "json"} {
		if f.get(key).present() {
			hasBody(f.get(key), h.Method, e.Status)
		}
	}
	if days := f.get("days_left"); days.present() {
		e.DaysLeft = days.number(1, daysLeftMax)
		if strings.HasPrefix(h.URL, "http://") {
			days.fault("http:// has no certificate, so this can never hold; write https:// in the url")
		}
	}
	if within := f.get("within"); within.present() {
		e.Within = within.duration(time.Millisecond, TimeoutMax)
		if e.Within > timeout {
			within.fault("can never be judged, as the sample ends after its timeout of %s; write at most that, or a longer timeout", durationText(timeout))
		}
	}
	return e
}

// hasBody finds fault with an expectation of a body where there is none.
func hasBody(v value, method string, statuses []check.StatusRange) {
	if method == http.MethodHead {
		v.fault("the answer to HEAD has no body, so this can never hold; write method: GET")
		return
	}
	for _, r := range statuses {
		if r.From != r.To || r.From != http.StatusNoContent && r.From != http.StatusNotModified {
			return
		}
	}
	if len(statuses) > 0 {
		v.fault("an answer of status %d has no body, so this can never hold; expect another status, or remove this", statuses[0].From)
	}
}

// statuses reads 200, "200-299" or 2xx, or a list of such.
func statuses(v value) []check.StatusRange {
	if !v.present() {
		return nil
	}
	items := []value{v}
	if v.n.Kind == yaml.SequenceNode {
		items = v.some("200", 20)
	}
	var all []check.StatusRange
	for _, item := range items {
		s, ok := item.raw(`like 200, 2xx or "200-204"`)
		if !ok {
			continue
		}
		from, to, isRange := strings.Cut(s, "-")
		if !isRange {
			to = from
		}
		if len(s) == 3 && strings.HasSuffix(s, "xx") {
			from, to = s[:1]+"00", s[:1]+"99"
		}
		low, err := strconv.Atoi(from)
		high, err2 := strconv.Atoi(to)
		if err != nil || err2 != nil || low < 100 || high > 599 || low > high {
			item.fault(`%q is no HTTP status; write 200, 2xx or "200-204", from 100 to 599`, s)
			continue
		}
		all = append(all, check.StatusRange{From: low, To: high})
	}
	return all
}

// pattern reads a regular expression in the syntax of RE2, which takes time in
// proportion to what it reads, whatever that is.
func (v value) pattern() *regexp.Regexp {
	if !v.present() {
		return nil
	}
	s := v.lines(BodyBytesMax)
	if s == "" {
		return nil
	}
	re, err := regexp.Compile(s)
	if err != nil {
		what := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		v.fault("is not a regular expression in RE2's syntax: %s; put a \\ before a sign that is meant as it stands, and write it without lookahead and back-references", what)
		return nil
	}
	return re
}

// jsonTests reads a list like [{path: status, is: ok}].
func jsonTests(v value) []check.JSONTest {
	if !v.present() {
		return nil
	}
	var all []check.JSONTest
	seen := map[string]bool{}
	for _, item := range v.some("{path: status, is: ok}", jsonTestsMax) {
		f := item.fields("json_test")
		if !f.valid() || !f.get("path").present() {
			continue
		}
		x := check.JSONTest{
			Path:    f.get("path").path(),
			AtLeast: f.get("at_least").jsonNumber(),
			AtMost:  f.get("at_most").jsonNumber(),
			Matches: f.get("matches").pattern(),
		}
		if seen[x.Path.String()] {
			f.get("path").fault("is tested twice; write what is asked of it in one place")
		}
		seen[x.Path.String()] = true
		if is := f.get("is"); is.present() {
			x.Is = is.scalar()
		}
		asks := 0
		for _, keys := range [][]string{{"is"}, {"matches"}, {"at_least", "at_most"}} {
			if f.get(keys[0]).present() || f.get(keys[len(keys)-1]).present() {
				asks++
			}
		}
		if asks > 1 {
			item.fault("asks for several kinds of value at once; keep one of is, matches, or at_least with at_most")
		}
		if x.Void() {
			f.get("at_most").fault("is less than at_least, so this can never hold; exchange the two")
		}
		all = append(all, x)
	}
	return all
}

func (v value) path() check.Path {
	s, ok := v.raw("like data.items[0].name")
	if !ok {
		return check.Path{}
	}
	p, err := check.ParsePath(s)
	switch {
	case err != nil:
		v.fault("%q is not a path; %v", s, err)
	case len(s) > pathBytesMax:
		v.fault("has %d bytes; at most %d are read", len(s), pathBytesMax)
	}
	return p
}

// jsonNumber reads a number as JSON writes it; "" if v is absent.
func (v value) jsonNumber() (n json.Number) {
	s, ok := v.raw("like 100")
	if !ok {
		return ""
	}
	if n, ok = check.Number(s); !ok || v.n.ShortTag() == "!!str" {
		v.fault("%q is not a number; write one like 100 or 0.5, without quotes", s)
		return ""
	}
	return n
}

// scalar reads text, a number or a truth value, told apart as YAML does.
func (v value) scalar() any {
	s, ok := v.raw("like ok, 3 or true")
	if !ok {
		return nil
	}
	switch v.n.ShortTag() {
	case "!!bool":
		return v.truth()
	case "!!int", "!!float":
		return v.jsonNumber()
	}
	if len(s) > BodyBytesMax {
		v.fault("has %d bytes; at most %d are read", len(s), BodyBytesMax)
	}
	return s
}

// headerTests reads names of headers with a regular expression each.
func headerTests(v value) (all []check.HeaderTest) {
	for _, e := range headerPairs(v, "like {Content-Type: text/html}") {
		if re := e.value.pattern(); re != nil {
			all = append(all, check.HeaderTest{Name: http.CanonicalHeaderKey(e.id), Matches: re})
		}
	}
	return all
}
