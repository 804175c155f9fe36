package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Path leads to one value in a JSON document. The zero Path is the document
// itself.
//
// Written, it is a dotted path like data.items[0].name: a singular query of
// RFC 9535 (JSONPath) without wildcards, filters and slices, so that it leads
// to one value or to none. The leading $ may be left out. Names that hold
// anything but letters, digits, _ and - stand in brackets and double quotes,
// like ["a.b"]. A negative index counts from the end.
type Path struct{ steps []pathStep }

type pathStep struct {
	name  string
	index int
	array bool // by index, not by name
}

var errPath = errors.New("write a dotted path with indexes in brackets, like data.items[0].name")

// ParsePath reads a written path. Its error says what would be right.
func ParsePath(s string) (Path, error) {
	var p Path
	rest := s
	if s == "$" || strings.HasPrefix(s, "$.") || strings.HasPrefix(s, "$[") {
		rest = s[1:]
	} else if s != "" && s[0] != '[' {
		rest = "." + s
	}
	if s == "" {
		return p, errPath
	}
	for rest != "" {
		if rest[0] == '.' {
			end := strings.IndexAny(rest[1:], ".[")
			name := rest[1:]
			if end >= 0 {
				name = rest[1 : 1+end]
			}
			if !plainName(name) {
				return Path{}, errPath
			}
			p.steps = append(p.steps, pathStep{name: name})
			rest = rest[1+len(name):]
			continue
		}
		if !strings.HasPrefix(rest, "[") {
			return Path{}, errPath
		}
		rest = rest[1:]
		if quoted, err := strconv.QuotedPrefix(rest); err == nil && quoted[0] == '"' {
			var name string
			if err := json.Unmarshal([]byte(quoted), &name); err != nil {
				return Path{}, errPath
			}
			p.steps = append(p.steps, pathStep{name: name})
			rest = rest[len(quoted):]
		} else {
			digits, _, _ := strings.Cut(rest, "]")
			index, err := strconv.Atoi(digits)
			if err != nil || strconv.Itoa(index) != digits {
				return Path{}, errPath
			}
			p.steps = append(p.steps, pathStep{index: index, array: true})
			rest = rest[len(digits):]
		}
		if !strings.HasPrefix(rest, "]") {
			return Path{}, errPath
		}
		rest = rest[1:]
	}
	return p, nil
}

func plainName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// String is the path as ParsePath reads it.
func (p Path) String() string {
	var b strings.Builder
	for i, s := range p.steps {
		switch {
		case s.array:
			fmt.Fprintf(&b, "[%d]", s.index)
		case !plainName(s.name):
			quoted, _ := json.Marshal(s.name) // a string always has its JSON
			fmt.Fprintf(&b, "[%s]", quoted)
		case i == 0:
			b.WriteString(s.name)
		default:
			b.WriteString("." + s.name)
		}
	}
	if b.Len() == 0 {
		return "$"
	}
	return b.String()
}

// Find returns the value to which the path leads in a valid document, and
// whether there is one other than null.
func (p Path) Find(document []byte) (json.RawMessage, bool) {
	at := json.RawMessage(document)
	for _, s := range p.steps {
		if s.array {
			var items []json.RawMessage
			if json.Unmarshal(at, &items) != nil {
				return nil, false
			}
			i := s.index
			if i < 0 {
				i += len(items)
			}
			if i < 0 || i >= len(items) {
				return nil, false
			}
			at = items[i]
			continue
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(at, &members) != nil {
			return nil, false
		}
		var ok bool
		if at, ok = members[s.name]; !ok {
			return nil, false
		}
	}
	at = json.RawMessage(strings.TrimSpace(string(at)))
	return at, string(at) != "null"
}
