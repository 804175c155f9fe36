package config

import (
	"net/http"
	"slices"

	"go.yaml.in/yaml/v3"

	"rouse/shared/check"
)

const (
	flowStepsMax    = 20
	capturesMax     = 20 // of a step
	flowNameMax     = 40 // it is told in the evidence
	flowStepExample = "{name: form, url: \"https://app.example.com/login\"}"
)

// flow reads requests that follow each other.
func flow(v value, c check.Check) (steps []check.FlowStep) {
	items := v.some(flowStepExample, flowStepsMax)
	// What is captured somewhere can be told from what is misspelt.
	var known captured
	for _, item := range items {
		if item.n.Kind != yaml.MappingNode {
			continue
		}
		for _, e := range item.pairs() {
			if e.id == "capture" && e.value.n.Kind == yaml.MappingNode {
				for _, capture := range e.value.pairs() {
					known.later = append(known.later, capture.id)
				}
			}
		}
	}
	for _, item := range items {
		f := item.fields("flow_step")
		if !f.valid() {
			continue
		}
		s := check.FlowStep{Name: f.get("name").textOf(flowNameMax), HTTP: message(f, c.Deadline(), known)}
		if s.Name != "" && slices.ContainsFunc(steps, func(other check.FlowStep) bool { return other.Name == s.Name }) {
			f.get("name").fault("%q is taken; give the step another name, by which to blame it", s.Name)
		}
		for _, e := range f.get("capture").captures() {
			s.Captures = append(s.Captures, e.value.capture(e.id, s.HTTP))
			known.earlier = append(known.earlier, e.id)
		}
		steps = append(steps, s)
	}
	return steps
}

// captures reads a set of captures, each under the name that refers to it.
func (v value) captures() []entry {
	if !v.present() {
		return nil
	}
	return v.entries("capture", capturesMax)
}

func (v value) capture(name string, h check.HTTP) check.Capture {
	c := check.Capture{Name: name}
	f := v.fields("capture")
	if !f.valid() {
		return c
	}
	if path := f.get("json"); path.present() {
		p := path.path()
		c.Path = &p
	}
	if field := f.get("field"); field.present() {
		c.Field = field.textOf(NameBytesMax)
	}
	if header := f.get("header"); header.present() {
		c.Header = http.CanonicalHeaderKey(header.textOf(NameBytesMax))
	}
	c.Matches = f.get("matches").pattern()
	if c.Matches != nil && c.Matches.NumSubexp() > 1 {
		f.get("matches").fault("has %d groups, of which the first alone is captured; write the others as (?:…)", c.Matches.NumSubexp())
	}
	var given []string
	for _, key := range []string{"json", "field", "header", "matches"} {
		if f.get(key).present() && (key != "matches" || !f.get("header").present()) {
			given = append(given, key)
		}
	}
	switch {
	case len(given) == 0:
		v.fault("does not say where the value is; add json: a path, field: the name of a form field, header: its name, or matches: a regular expression")
	case len(given) > 1:
		v.fault("says in %d ways where the value is; keep one of json, field, header and matches, or header with matches", len(given))
	case given[0] != "header":
		hasBody(f.get(given[0]), h.Method, h.Expect.Status)
	}
	return c
}
