package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Fault is one thing wrong with rouse.yaml.
type Fault struct {
	Line    int    `json:"line"`    // from 1
	Column  int    `json:"column"`  // from 1, in characters
	Message string `json:"message"` // what is wrong, and what would be right
}

// Faults is the error of a configuration that cannot be used: everything that
// is wrong with it, in the order of the file.
type Faults struct {
	File string
	List []Fault
}

// Error lists one fault a line, as file:line:column: message.
func (f *Faults) Error() string {
	var b strings.Builder
	for i, fault := range f.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s", f.File, fault.Line, fault.Column, fault.Message)
	}
	return b.String()
}

func (f *Faults) sort() {
	slices.SortStableFunc(f.List, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	f.List = slices.Compact(f.List)
}

// nearest returns the word of known that word was most likely meant to be, ""
// if none is near.
func nearest(word string, known []string) string {
	best, bestDistance := "", max(1, len(word)/3)
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d <= bestDistance && (best == "" || d < bestDistance) {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance counts the letters to insert, remove, replace or swap with their
// neighbour that turn a into b (optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// namesMax is how many known names are listed.
const namesMax = 24

// Suggest words the cure for an unknown name: the nearest known one, or what
// there is.
func Suggest(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	switch sorted := slices.Sorted(slices.Values(known)); {
	case len(sorted) == 0:
		return "there are none"
	case len(sorted) > namesMax:
		return fmt.Sprintf("known are %s and %d more", strings.Join(sorted[:namesMax], ", "), len(sorted)-namesMax)
	case len(sorted) == 1:
		return "the only one known is " + sorted[0]
	default:
		return "known are " + strings.Join(sorted, ", ")
	}
}
