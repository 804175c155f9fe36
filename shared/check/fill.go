package check

import (
	"errors"
	"regexp"
	"strings"
)

// A Ref stands in a request for a value that it gets when it is sent.
type Ref struct {
	Name   string
	Secret bool // {{secret:NAME}}; otherwise {{NAME}}, captured by an earlier step
}

// String is the reference as Refs reads it.
func (r Ref) String() string {
	if r.Secret {
		return "{{secret:" + r.Name + "}}"
	}
	return "{{" + r.Name + "}}"
}

var (
	refPattern = regexp.MustCompile(`\{\{(secret:)?([a-z][a-z0-9_-]*)\}\}`)
	errRef     = errors.New("write {{NAME}} for what an earlier step of a flow captured, {{secret:NAME}} for a secret, and { { for braces that are meant as they stand")
)

// Refs lists the references in a text. Its error says what would be right.
func Refs(text string) ([]Ref, error) {
	if !strings.Contains(text, "{{") {
		return nil, nil
	}
	var all []Ref
	for _, m := range refPattern.FindAllStringSubmatch(text, -1) {
		all = append(all, Ref{Name: m[2], Secret: m[1] != ""})
	}
	if strings.Contains(refPattern.ReplaceAllString(text, ""), "{{") {
		return nil, errRef
	}
	return all, nil
}

// Fill puts values in the place of the references in a text.
func Fill(text string, value func(Ref) string) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	return refPattern.ReplaceAllStringFunc(text, func(s string) string {
		m := refPattern.FindStringSubmatch(s)
		return value(Ref{Name: m[2], Secret: m[1] != ""})
	})
}
