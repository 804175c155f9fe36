package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// A reader walks the tree of the file and gathers faults as it goes, so that
// one reading finds them all.
type reader struct {
	root   *yaml.Node
	faults Faults
	more   int // faults beyond FaultsMax
	zones  map[string]*time.Location
}

// read returns the tree of the file's one document, nil (with a fault) if it
// is not YAML or more than plain YAML.
func (r *reader) read(data []byte) value {
	if len(data) > FileBytesMax {
		r.faultAt(1, 1, "the file has %d bytes; at most %d are read", len(data), FileBytesMax)
		return value{}
	}
	if line, column, ok := invalidUTF8(data); ok {
		r.faultAt(line, column, "this is not UTF-8; save the file as UTF-8")
		return value{}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		r.faultAt(1, 1, "the file is empty; `rouse init URL` writes a first one")
		return value{}
	case err != nil:
		r.syntaxFault(err)
		return value{}
	}
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		r.syntaxFault(err)
		return value{}
	default:
		r.faultAt(second.Line, max(1, second.Column), "a second document begins here; rouse.yaml is one document, so remove the line ---")
	}
	r.root = document.Content[0]
	root := value{r, r.root}
	switch {
	case r.root.Kind == yaml.ScalarNode && r.root.ShortTag() == "!!null":
		root.fault("the file is empty; `rouse init URL` writes a first one")
		return value{}
	case r.root.Kind != yaml.MappingNode:
		root.fault("the file is %s where a set of keys belongs; begin it with service: and the name of what is watched", kindName[r.root.Kind])
		return value{}
	}
	return root
}

// syntaxFault tells a YAML error, whose text carries its line.
func (r *reader) syntaxFault(err error) {
	line, message := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	numbered := false
	if rest, found := strings.CutPrefix(message, "line "); found {
		if number, what, found := strings.Cut(rest, ": "); found {
			if n, err := strconv.Atoi(number); err == nil {
				line, message, numbered = n, what, true
			}
		}
	}
	// The parser (not the scanner) counts lines from 0.
	if numbered && strings.HasPrefix(message, "did not find expected") {
		line++
	}
	for _, c := range syntaxCures {
		if strings.Contains(message, c.problem) {
			message += "; " + c.cure
			break
		}
	}
	r.faultAt(max(1, line), 1, "this is not YAML near here: %s", message)
}

// syntaxCures say what is most often behind what the YAML parser says.
var syntaxCures = []struct{ problem, cure string }{
	{"mapping values are not allowed", `put a value that has ": " in it into quotes, or mend the indentation`},
	{"cannot start any token", "indent with spaces, not tabs, and put a value that begins with @, ` or % into quotes"},
	{"unexpected end of stream", "close the quote that was opened before"},
	{"',' or '}'", "close the { with a }, and put a , between its parts"},
	{"',' or ']'", "close the [ with a ], and put a , between its parts"},
	{"did not find expected", "mend the indentation: what belongs together begins in the same column"},
	{"unknown anchor", "aliases (*) are not read; write the value out, or put it into quotes"},
}

func invalidUTF8(data []byte) (line, column int, found bool) {
	if utf8.Valid(data) {
		return 0, 0, false
	}
	line, column = 1, 1
	for {
		c, size := utf8.DecodeRune(data)
		switch {
		case c == utf8.RuneError && size <= 1:
			return line, column, true
		case c == '\n':
			line, column = line+1, 1
		default:
			column++
		}
		data = data[size:]
	}
}

func (r *reader) faultAt(line, column int, format string, args ...any) {
	if len(r.faults.List) < FaultsMax {
		r.faults.List = append(r.faults.List, Fault{line, column, fmt.Sprintf(format, args...)})
	} else {
		r.more++
	}
}

// pathOf returns the place of n in the tree, as schedules.primary.layers[1].
// Faults are rare, so no reading pays for keeping track of where it is.
func pathOf(in, n *yaml.Node) (string, bool) {
	if in == n {
		return "", true
	}
	for i, child := range in.Content {
		var name string
		switch {
		case in.Kind == yaml.SequenceNode:
			name = fmt.Sprintf("[%d]", i)
		case i%2 == 0:
			name = "." + child.Value
			if child != n {
				continue
			}
		default:
			name = "." + in.Content[i-1].Value
		}
		if rest, ok := pathOf(child, n); ok {
			return name + rest, true
		}
	}
	return "", false
}

// A value is a place in the file. The zero value is an absent one: reading it
// gives zero and no fault.
type value struct {
	r *reader
	n *yaml.Node
}

func (v value) present() bool { return v.n != nil }

func (v value) fault(format string, args ...any) {
	if len(v.r.faults.List) >= FaultsMax {
		v.r.more++ // without looking for its path, which takes time
		return
	}
	message := fmt.Sprintf(format, args...)
	if path, _ := pathOf(v.r.root, v.n); path != "" {
		message = strings.TrimPrefix(path, ".") + ": " + message
	}
	v.r.faultAt(v.n.Line, v.n.Column, "%s", message)
}

// kind checks that v is there, is plain YAML and is of the kind want.
func (v value) kind(want yaml.Kind, example string) bool {
	switch {
	case v.n == nil:
		return false
	case v.n.Kind == yaml.AliasNode || v.n.Anchor != "":
		v.fault("anchors and aliases (& and *) are not read; write the value out")
		return false
	case v.n.Style&yaml.TaggedStyle != 0:
		v.fault("the tag %s is not read; write a plain value", v.n.Tag)
		return false
	case v.n.Kind == yaml.ScalarNode && v.n.ShortTag() == "!!null":
		v.fault("has no value; give it one, %s, or remove the line", example)
		return false
	case v.n.Kind != want:
		v.fault("is %s where %s belongs, %s", kindName[v.n.Kind], kindName[want], example)
		return false
	}
	return true
}

var kindName = map[yaml.Kind]string{
	yaml.ScalarNode:   "a single value",
	yaml.SequenceNode: "a list",
	yaml.MappingNode:  "a set of keys",
}

// A fields is a set of keys that all have a meaning.
type fields struct {
	value
	section string
	by      map[string]value
}

// fields reads v as a set of the keys that sections names for it, and finds
// fault with unknown, repeated and missing ones.
func (v value) fields(section string) fields {
	f := fields{value: v, section: section}
	s := sections[section]
	if !v.kind(yaml.MappingNode, "like {"+s.keys[0]+": …}") {
		return f
	}
	f.by = make(map[string]value, len(v.n.Content)/2)
	for _, e := range v.pairs() {
		switch _, twice := f.by[e.id]; {
		case !slices.Contains(s.keys, e.id):
			e.key.fault("is not a key here; %s", Suggest(e.id, s.keys))
		case twice:
			e.key.fault("is given twice; keep one")
		default:
			f.by[e.id] = e.value
		}
	}
	for _, key := range s.required {
		if _, ok := f.by[key]; !ok {
			v.fault("%s is missing; add %s", key, s.examples[key])
		}
	}
	return f
}

// get returns the value of a key; the zero value if it is absent.
func (f fields) get(key string) value {
	if !slices.Contains(sections[f.section].keys, key) {
		panic("config: section " + f.section + " knows no key " + key)
	}
	return f.by[key]
}

// valid reports whether f is a set of keys at all.
func (f fields) valid() bool { return f.by != nil }

type entry struct {
	id    string
	key   value // where the id stands
	value value
}

// pairs returns the keys of a mapping with their values, as written.
func (v value) pairs() []entry {
	pairs := make([]entry, 0, len(v.n.Content)/2)
	for i := 0; i+1 < len(v.n.Content); i += 2 {
		k := value{v.r, v.n.Content[i]}
		pairs = append(pairs, entry{k.n.Value, k, value{v.r, v.n.Content[i+1]}})
	}
	return pairs
}

// entries reads v as a set of things, each under an id of the team's own
// choice, at most max.
func (v value) entries(what string, max int) []entry {
	if !v.kind(yaml.MappingNode, "each "+what+" under an id of its own") {
		return nil
	}
	var entries []entry
	seen := make(map[string]bool, len(v.n.Content)/2)
	for _, e := range v.pairs() {
		switch {
		case e.key.n.Kind != yaml.ScalarNode || !idPattern(e.id):
			e.key.fault("is not an id; write up to %d small letters, digits, - and _, beginning with a letter", IDBytesMax)
		case seen[e.id]:
			e.key.fault("is given twice; keep one, or give the other %s an id of its own", what)
		default:
			entries = append(entries, e)
		}
		seen[e.id] = true
	}
	if len(entries) > max {
		entries[max].key.fault("is one %s too many; at most %d are read", what, max)
		entries = entries[:max]
	}
	return entries
}

// idPattern reports whether s can be an id: such ids go into keys of the
// table, names of topics and links, so they are plain.
func idPattern(s string) bool {
	if s == "" || len(s) > IDBytesMax || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// some is list for a list that would be a mistake without any values.
func (v value) some(what string, max int) []value {
	if v.present() && v.n.Kind == yaml.SequenceNode && len(v.n.Content) == 0 {
		v.fault("is an empty list; write at least one entry, like [%s]", what)
	}
	return v.list(what, max)
}

// list reads v as a list of at most max values.
func (v value) list(what string, max int) []value {
	if !v.kind(yaml.SequenceNode, "like ["+what+", …]") {
		return nil
	}
	if len(v.n.Content) > max {
		value{v.r, v.n.Content[max]}.fault("is one %s too many; at most %d are read", what, max)
	}
	items := make([]value, 0, len(v.n.Content))
	for _, n := range v.n.Content[:min(max, len(v.n.Content))] {
		items = append(items, value{v.r, n})
	}
	return items
}

// raw returns a scalar as written, whatever YAML takes it for: times and phone
// numbers look like other things to it.
func (v value) raw(example string) (string, bool) {
	if !v.kind(yaml.ScalarNode, example) {
		return "", false
	}
	return v.n.Value, true
}

// text reads one line of text, neither empty nor longer than TextBytesMax.
func (v value) text() string { return v.textOf(TextBytesMax) }

func (v value) textOf(bytesMax int) string {
	s, ok := v.raw("some text")
	switch {
	case !ok:
		return ""
	case v.n.ShortTag() == "!!int" || v.n.ShortTag() == "!!float" || v.n.ShortTag() == "!!bool":
		v.fault("is read as a number or a truth value where text belongs; write %q, in quotes", s)
		return ""
	case strings.TrimSpace(s) == "":
		v.fault("is empty; write something or remove the line")
		return ""
	case len(s) > bytesMax:
		v.fault("has %d bytes; at most %d are read", len(s), bytesMax)
		return ""
	case strings.ContainsFunc(s, unicode.IsControl):
		v.fault("has a line break or another control character in it; write one line of plain text")
		return ""
	}
	return s
}

// oneOf reads one of the given words.
func (v value) oneOf(words ...string) string {
	s, ok := v.raw("one of " + strings.Join(words, ", "))
	if ok && !slices.Contains(words, s) {
		v.fault("%q is not known here; %s", s, Suggest(s, words))
		return ""
	}
	return s
}

// reference reads the id of something defined elsewhere in the file.
func (v value) reference(what string, known []string) string {
	s, ok := v.raw("the id of a " + what)
	if ok && !slices.Contains(known, s) {
		v.fault("there is no %s %q; %s", what, s, Suggest(s, known))
		return ""
	}
	return s
}

func (v value) number(least, most int) int {
	s, ok := v.raw(fmt.Sprintf("like %d", least))
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		v.fault("%q is not a whole number; write one from %d to %d", s, least, most)
		return 0
	case n < least || n > most:
		v.fault("%d is out of bounds; write a number from %d to %d", n, least, most)
		return 0
	}
	return n
}

func (v value) decimal(least, most float64) float64 {
	s, ok := v.raw(fmt.Sprintf("like %g", least))
	if !ok {
		return 0
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n >= least && n <= most) {
		v.fault("%q is not a number from %g to %g", s, least, most)
		return 0
	}
	return n
}

func (v value) truth() bool {
	s, ok := v.raw("true or false")
	if ok && s != "true" && s != "false" {
		v.fault("%q is neither true nor false; write one of them", s)
	}
	return s == "true"
}

// duration reads a length of time from least to most; a day is 24 hours.
func (v value) duration(least, most time.Duration) time.Duration {
	s, ok := v.raw("like " + durationText(least))
	if !ok {
		return 0
	}
	d, ok := parseDuration(s)
	switch {
	case !ok:
		v.fault("%q is not a length of time; write a number and a unit, like 20s, 3m, 1h, 7d or 1w", s)
		return 0
	case d < least || d > most:
		v.fault("%s is out of bounds; write a time from %s to %s", s, durationText(least), durationText(most))
		return 0
	}
	return d
}

// parseDuration reads 20s, 3m, 1h, 7d, 1w, and sums like 1h30m.
func parseDuration(s string) (time.Duration, bool) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': day, 'w': week}
	if s == "0" {
		return 0, true
	}
	var sum time.Duration
	for first := true; first || s != ""; first = false {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
		if digits == 0 || digits > 6 || digits == len(s) {
			return 0, false
		}
		n, _ := strconv.Atoi(s[:digits])
		unit, ok := units[s[digits]]
		if !ok || n > int(durationMax/unit) {
			return 0, false
		}
		sum += time.Duration(n) * unit
		if sum > durationMax {
			return 0, false
		}
		s = s[digits+1:]
	}
	return sum, true
}

const (
	day         = 24 * time.Hour
	week        = 7 * day
	durationMax = 100 * 366 * day
)

// durationText writes a duration as rouse.yaml does.
func durationText(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	if d%week == 0 {
		return fmt.Sprintf("%dw", d/week)
	}
	var b strings.Builder
	for _, u := range []struct {
		of   time.Duration
		name byte
	}{{day, 'd'}, {time.Hour, 'h'}, {time.Minute, 'm'}, {time.Second, 's'}} {
		if n := d / u.of; n > 0 {
			fmt.Fprintf(&b, "%d%c", n, u.name)
			d -= n * u.of
		}
	}
	if d > 0 {
		fmt.Fprintf(&b, "%dms", d.Milliseconds())
	}
	return b.String()
}

// zone reads the name of a time zone.
func (v value) zone() *time.Location {
	s, ok := v.raw("like America/Chicago")
	if !ok {
		return nil
	}
	if l, ok := v.r.zones[s]; ok {
		return l
	}
	l, err := time.LoadLocation(s)
	if err != nil || s == "" || s == "Local" {
		v.fault("%q is not a zone of the IANA time zone database; write one like America/Chicago or Europe/London", s)
		return nil
	}
	v.r.zones[s] = l
	return l
}
