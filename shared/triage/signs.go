package triage

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A language is its Words, compiled.
type language struct {
	words  Words
	groups list // every phrase, with its group
	common list
}

func newLanguage(w Words) language {
	l := language{words: w, groups: newList(), common: newList()}
	for i, g := range groups {
		l.groups.add(i, w.Groups[g.name]...)
	}
	l.common.add(0, w.Common...)
	return l
}

// A sign is a phrase of a group as it stands in a clause.
type sign struct{ group, begin, end int } // tokens

// A passage is a stretch of a report with the signs in it.
type passage struct {
	clauses []clause
	signs   [][]sign // of each clause
	subject bool     // its first clause is the subject
	words   bool     // its single words are known to the weights
}

// signsIn finds the signs of a clause: of every group the longest phrase that
// begins at a word.
func signsIn(cl clause, languages []language) []sign {
	var found []sign
	for i := range cl.tokens {
		first := len(found)
		for _, l := range languages {
			l.groups.each(cl.tokens[i:], func(group, n int) {
				for k := first; k < len(found); k++ {
					if found[k].group == group {
						found[k].end = max(found[k].end, i+n)
						return
					}
				}
				found = append(found, sign{group, i, i + n})
			})
		}
		slices.SortFunc(found[first:], func(a, b sign) int { return a.group - b.group })
	}
	return found
}

// readIn returns the languages a report may be in: those whose common words it
// has most of. Where there are none to tell, all.
func (c *Classifier) readIn(clauses []clause) []language {
	hits := make([]int, len(c.languages))
	best := 0
	for i, l := range c.languages {
		for _, cl := range clauses {
			for k := range cl.tokens {
				l.common.each(cl.tokens[k:k+1], func(int, int) { hits[i]++ })
			}
		}
		best = max(best, hits[i])
	}
	var in []language
	for i, l := range c.languages {
		if hits[i]*3 >= best {
			in = append(in, l)
		}
	}
	return in
}

// trouble are the groups that a report of trouble has at least one of.
var trouble = func() map[int]bool {
	m := map[int]bool{}
	for i, g := range groups {
		switch g.name {
		case "fails", "errors", "waits", "blank", "slow", "lost", "thrown_out", "on_and_off", "not", "not_over", "plea", "odd":
			m[i] = true
		}
	}
	return m
}()

// near is how many words on a group is still near another.
const near = 3

// features returns what the passage has that may weigh, and how much of it: its
// groups, alone and together, and its words. Each counts once, and less the
// more there are. of tells which groups a feature is made of.
func (p passage) features() (all map[string]float64, of map[string][]int) {
	single, grouped := map[string]bool{}, map[string]float64{}
	of = map[string][]int{}
	counts := make([]int, len(groups)+1) // the last is of questions
	length := 0
	note := func(name string, gs ...int) {
		if _, ok := grouped[name]; !ok {
			of[name] = gs
		}
		grouped[name] = 1
	}
	for ci, cl := range p.clauses {
		if !(p.subject && ci == 0) {
			length += len(cl.tokens)
		}
		if p.words {
			cl.wordFeatures(single)
		}
		here := make([]bool, len(groups)+1)
		for _, s := range p.signs[ci] {
			here[s.group] = true
		}
		here[len(groups)] = cl.question
		var present []int
		for g, is := range here {
			if is {
				present = append(present, g)
			}
		}
		for i, a := range present {
			counts[a]++
			if p.subject && ci == 0 {
				note("subject "+groupName(a), a)
			}
			for _, b := range present[i+1:] {
				note(groupName(a)+" with "+groupName(b), a, b)
			}
		}
		for _, a := range p.signs[ci] {
			for _, b := range p.signs[ci] {
				if b.begin > a.begin && b.begin <= a.begin+near {
					note(groupName(a.group)+" then "+groupName(b.group), a.group, b.group)
				}
			}
		}
	}
	kinds := 0
	for g, n := range counts {
		if n > 0 {
			note("any "+groupName(g), g)
			if trouble[g] {
				kinds++
			}
		}
		if n > 1 {
			note("more "+groupName(g), g)
		}
	}
	note(fmt.Sprint("kinds of trouble ", min(kinds, 4)))
	if kinds == 0 {
		note("no trouble")
		grouped["no trouble"] = 2
	}
	note("length " + lengthName(length))

	all = map[string]float64{}
	w, g := 1/math.Sqrt(float64(len(single)+1)), .5/math.Sqrt(float64(len(grouped)+1))
	for f := range single {
		all[f] = w
	}
	for f, n := range grouped {
		all[f] = n * g
	}
	return all, of
}

func groupName(g int) string {
	if g == len(groups) {
		return "?"
	}
	return groups[g].name
}

func lengthName(words int) string {
	switch {
	case words <= 4:
		return "4"
	case words <= 12:
		return "12"
	case words <= 30:
		return "30"
	}
	return "more"
}

// wordFeatures notes the words of a clause, their beginnings and their pairs.
func (cl clause) wordFeatures(all map[string]bool) {
	before := "^"
	for _, t := range cl.tokens {
		s := beginning(t.word)
		all["word "+t.word] = true
		if s != t.word {
			all["word "+s+"-"] = true
		}
		all["pair "+before+" "+s] = true
		before = s
	}
	if cl.question {
		all["word ?"] = true
		all["pair "+before+" ?"] = true
	}
}

// beginningLetters is how much of a long word stands for all its forms.
const beginningLetters = 5

func beginning(w string) string {
	n := 0
	for i := range w {
		if n++; n > beginningLetters {
			return w[:i]
		}
	}
	return stem(w)
}

// stem takes off what English and Spanish most often put behind a verb or a
// noun. It only has to be the same for the forms of one word.
func stem(w string) string {
	for _, end := range []string{"ing", "ed", "es", "s"} {
		if cut, ok := strings.CutSuffix(w, end); ok && len(cut) >= 3 {
			if n := len(cut); end == "ing" && cut[n-1] == cut[n-2] && cut[n-1] != 's' && cut[n-1] != 'l' {
				cut = cut[:n-1]
			}
			w = cut
			break
		}
	}
	if len(w) > 3 {
		w = strings.TrimSuffix(w, "e")
	}
	return w
}
