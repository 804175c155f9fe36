// Package wording is what reporters are told, in their language: templates and
// the rules that keep them honest.
//
// A template is lines of text with placeholders such as {by}. A line whose
// placeholder has no value is left out, or the next of its alternatives, which
// stand behind ||, is taken. So a message says what is known and nothing else.
package wording

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Kind is the name of a template in rouse.yaml.
type Kind string

const (
	Received  Kind = "received"  // we have your message
	Called    Kind = "called"    // the same while nobody has it and no time is promised
	Taken     Kind = "taken"     // a person is working on it
	Recovered Kind = "recovered" // it looks recovered
	Relapsed  Kind = "relapsed"  // it did not last
	Closing   Kind = "closing"   // it has stayed well
	Words     Kind = "words"     // what an engineer writes to all
	Signature Kind = "signature" // below each of them but Words
	Somebody  Kind = "somebody"  // who has it, where the name is not known
)

// Kinds lists all of them, in the order in which they are explained.
func Kinds() []Kind {
	return []Kind{Received, Called, Taken, Recovered, Relapsed, Closing, Words, Signature, Somebody}
}

// A rule is what a template may and must say.
type rule struct {
	may  []string // placeholders, besides {service}, {incident} and {capability}
	must []string
	sure []string // placeholders that always have a value, like {service}
	// early says that nobody knows yet whether it is over.
	early bool
}

var rules = map[Kind]rule{
	Received:  {may: []string{"by", "who"}, must: []string{"by"}, early: true},
	Called:    {early: true},
	Taken:     {may: []string{"who", "at"}, must: []string{"who"}, sure: []string{"who", "at"}, early: true},
	Recovered: {may: []string{"who", "since"}, early: true},
	Relapsed:  {may: []string{"who"}, early: true},
	Closing:   {may: []string{"since"}},
	Words:     {may: []string{"who", "words"}, must: []string{"words"}, sure: []string{"who", "words"}},
	Signature: {},
	Somebody:  {},
}

// everywhere are the placeholders that always have a value.
var everywhere = []string{"service", "incident", "capability"}

// TextBytesMax bounds a template.
const TextBytesMax = 2000

// Values are what placeholders stand for, by name; "" is not known.
type Values map[string]string

// A Template is what a message of a kind says. The zero Template says nothing.
type Template struct{ lines [][]string } // each line's alternatives

var (
	placeholder = regexp.MustCompile(`\{([^{}\n]*)\}`)
	// aTime is a time that a text promises by itself.
	aTime = regexp.MustCompile(`(?i)\b(\d+[ \t-]*|(an?|one|two|five|ten|un[ao]?|dos|cinco|diez|media)[ \t-]+)(seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|segundos?|minutos?|horas?|días?)\b`)
	// itIsOver claims what is not known while something merely looks well.
	itIsOver = regexp.MustCompile(`(?i)\b(fixed|resolved|solved|repaired|solucionad[oa]s?|resuelt[oa]s?|arreglad[oa]s?)\b`)
)

// Parse reads a template. Its error says what is wrong and what would be right.
func Parse(kind Kind, text string) (Template, error) {
	r, known := rules[kind]
	if !known {
		return Template{}, fmt.Errorf("there is no message %q; known are %s", kind, list(Kinds()))
	}
	if len(text) > TextBytesMax {
		return Template{}, fmt.Errorf("has %d bytes; at most %d are sent", len(text), TextBytesMax)
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return Template{}, fmt.Errorf("is empty; write what they are to be told")
	}
	used := map[string]bool{}
	may := slices.Concat(r.may, everywhere)
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(may, m[1]) {
			return Template{}, fmt.Errorf("{%s} stands for nothing here; known are {%s}", m[1], strings.Join(may, "}, {"))
		}
		used[m[1]] = true
	}
	if rest := placeholder.ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}") {
		return Template{}, fmt.Errorf("has a brace that is left open; a placeholder is written like {service}")
	}
	for _, name := range r.must {
		if !used[name] {
			return Template{}, fmt.Errorf("does not say {%s}, which is the point of it", name)
		}
	}
	if promise := aTime.FindString(text); promise != "" {
		return Template{}, fmt.Errorf("%q is a time that nobody keeps for you; {by} in received is what is promised, from inbox.answer_within", promise)
	}
	if claim := itIsOver.FindString(text); r.early && claim != "" {
		return Template{}, fmt.Errorf("%q is more than is known when it is sent; only closing may say so", claim)
	}
	t := split(text)
	if t.Fill(sparse(r)) == "" {
		return Template{}, fmt.Errorf("says nothing where %s is not known; add a line without it", "{"+strings.Join(optional(r), "}, {")+"}")
	}
	return t, nil
}

func split(text string) Template {
	var t Template
	for _, line := range strings.Split(text, "\n") {
		var alternatives []string
		for _, a := range strings.Split(line, "||") {
			alternatives = append(alternatives, strings.TrimSpace(a))
		}
		t.lines = append(t.lines, alternatives)
	}
	return t
}

// sparse are the values of which a message can be sure.
func sparse(r rule) Values {
	v := Values{}
	for _, name := range slices.Concat(everywhere, r.sure) {
		v[name] = "x"
	}
	return v
}

func optional(r rule) []string {
	return slices.DeleteFunc(slices.Clone(r.may), func(name string) bool { return slices.Contains(r.sure, name) })
}

// Fill writes the message. Whatever the values hold, they are text and no
// placeholders.
func (t Template) Fill(v Values) string {
	var out []string
	for _, alternatives := range t.lines {
		for _, a := range alternatives {
			if filled, ok := fill(a, v); ok {
				out = append(out, filled)
				break
			}
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// fill reports false if a placeholder has no value.
func fill(line string, v Values) (string, bool) {
	ok := true
	filled := placeholder.ReplaceAllStringFunc(line, func(p string) string {
		value := v[p[1:len(p)-1]]
		ok = ok && value != ""
		return value
	})
	return filled, ok
}

func list(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}
