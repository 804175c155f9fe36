package check

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Expect is what a response must be. Every expectation that is set is
// evaluated; one that cannot be evaluated does not hold.
type Expect struct {
	Status  []StatusRange  // any of these; none means 200–299
	Body    string         // text that the body contains; "" means any
	Matches *regexp.Regexp // finds something in the body; nil means any
	JSON    []JSONTest     // each holds; then the body is JSON
	Headers []HeaderTest   // each holds
	// DaysLeft is for how many days, at least, the certificates of the last
	// response must remain valid; 0 means that they are valid now, if there
	// are any.
	DaysLeft int
	Within   time.Duration // from the start to the last byte; 0 means the check's timeout
}

// A StatusRange is From to To, both included.
type StatusRange struct{ From, To int }

// Accepts reports whether the status is one of those expected.
func (e Expect) Accepts(status int) bool {
	if len(e.Status) == 0 {
		return status >= 200 && status <= 299
	}
	for _, r := range e.Status {
		if r.From <= status && status <= r.To {
			return true
		}
	}
	return false
}

// HeaderFault says in few words what is wrong with a response's header, whose
// names are in canonical form; "" if nothing is.
func (e Expect) HeaderFault(header map[string][]string) string {
	for _, t := range e.Headers {
		values := header[t.Name]
		switch {
		case len(values) == 0:
			return "no header " + t.Name
		case !slices.ContainsFunc(values, t.Matches.MatchString):
			return "header " + t.Name + " is not as expected"
		}
	}
	return ""
}

// BodyFault says in few words what is wrong with a response's whole body; ""
// if nothing is.
func (e Expect) BodyFault(body []byte) string {
	switch {
	case !bytes.Contains(body, []byte(e.Body)):
		return "body lacks the expected text"
	case e.Matches != nil && !e.Matches.Match(body):
		return "body does not match"
	case len(e.JSON) > 0 && !json.Valid(body):
		return "body is not JSON"
	}
	for _, t := range e.JSON {
		if why := t.fault(body); why != "" {
			return why
		}
	}
	return ""
}

// A HeaderTest asks something of a header: Matches finds something in one of
// its values.
type HeaderTest struct {
	Name    string // canonical
	Matches *regexp.Regexp
}

// A JSONTest asks something of the value at a path: that it is there and not
// null and, for each field that is set, that it is of that field's type and
// compares. Nothing is converted: "3" is not 3, and what is missing is not 0.
type JSONTest struct {
	Path    Path
	Is      any            // string, bool or json.Number; nil is not asked
	AtLeast json.Number    // "" is not asked
	AtMost  json.Number    // "" is not asked
	Matches *regexp.Regexp // finds something in a string; nil is not asked
}

// Void reports whether no number is both at least and at most what t asks for.
func (t JSONTest) Void() bool {
	return t.AtLeast != "" && t.AtMost != "" && compareNumbers(t.AtLeast, t.AtMost) > 0
}

// fault is what is wrong with a valid document.
func (t JSONTest) fault(document []byte) string {
	raw, ok := t.Path.Find(document)
	if !ok {
		return fmt.Sprintf("JSON lacks %s", t.Path)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return fmt.Sprintf("JSON lacks %s", t.Path)
	}
	number, isNumber := v.(json.Number)
	text, isText := v.(string)
	switch want, wantsNumber := t.Is.(json.Number); {
	case wantsNumber && (!isNumber || compareNumbers(number, want) != 0), t.Is != nil && !wantsNumber && !same(v, t.Is):
		return fmt.Sprintf("JSON %s is not as expected", t.Path)
	case t.Matches != nil && !isText:
		return fmt.Sprintf("JSON %s is no text", t.Path)
	case t.Matches != nil && !t.Matches.MatchString(text):
		return fmt.Sprintf("JSON %s does not match", t.Path)
	case (t.AtLeast != "" || t.AtMost != "") && !isNumber:
		return fmt.Sprintf("JSON %s is no number", t.Path)
	case t.AtLeast != "" && compareNumbers(number, t.AtLeast) < 0:
		return fmt.Sprintf("JSON %s is under %s", t.Path, t.AtLeast)
	case t.AtMost != "" && compareNumbers(number, t.AtMost) > 0:
		return fmt.Sprintf("JSON %s is over %s", t.Path, t.AtMost)
	}
	return ""
}

// same compares without panicking on values that cannot be compared with ==.
func same(v, want any) bool {
	switch v.(type) {
	case string, bool:
		return v == want
	}
	return false
}

// compareNumbers compares two JSON numbers: integers exactly, since a float64
// takes neighbouring ids beyond 2⁵³ for the same, and others as float64.
func compareNumbers(a, b json.Number) int {
	i, err := strconv.ParseInt(string(a), 10, 64)
	j, err2 := strconv.ParseInt(string(b), 10, 64)
	if err == nil && err2 == nil {
		return cmp.Compare(i, j)
	}
	// Out of range is ±Inf with an error, which compares as it should.
	x, _ := strconv.ParseFloat(string(a), 64)
	y, _ := strconv.ParseFloat(string(b), 64)
	return cmp.Compare(x, y)
}

// Number returns s as a JSON number, and whether it is one.
func Number(s string) (json.Number, bool) {
	ok := json.Valid([]byte(s)) && strings.Trim(s, "-+.eE0123456789") == ""
	return json.Number(s), ok
}
