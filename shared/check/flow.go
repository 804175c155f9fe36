package check

import (
	"encoding/json"
	"regexp"
)

// A FlowStep is one request of a flow: several that follow each other as in a
// browser, with the cookies that came back, and with values that earlier
// answers held.
type FlowStep struct {
	Name string // blamed when it fails
	HTTP        // its Addresses are not looked at
	// Captures are taken from an answer that is as expected.
	Captures []Capture
}

// A Capture takes a value from an answer, under a name by which later steps
// refer to it. Path, Field, Header and Matches say where it is; of them one is
// set, or Header and Matches.
type Capture struct {
	Name    string
	Path    *Path          // to a value in a JSON body
	Field   string         // name of a form field in an HTML body
	Header  string         // canonical
	Matches *regexp.Regexp // its first group, or all that it finds: in the header, or else in the body
}

// Find returns what c.Matches finds in a text; without it, the text itself.
func (c Capture) Find(text string) (string, bool) {
	if c.Matches == nil {
		return text, true
	}
	m := c.Matches.FindStringSubmatch(text)
	switch {
	case m == nil:
		return "", false
	case len(m) > 1:
		return m[1], true
	}
	return m[0], true
}

// At returns the value at c.Path in a body: text without its quotes, and all
// else as JSON writes it.
func (c Capture) At(body []byte) (string, bool) {
	if !json.Valid(body) {
		return "", false
	}
	raw, ok := c.Path.Find(body)
	if !ok {
		return "", false
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, true
	}
	return string(raw), true
}
