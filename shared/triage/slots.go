package triage

import (
	"strings"
	"unicode"
)

// A slot is one kind of thing a report may say.
type slot int

const (
	failure slot = iota
	trouble
	hint
	negation
	scope
	onset
	plea
	narrow
	over
	but
	how
	money
	wish
	praise
	admin
	spam
	everyday
	ask
	personal
	common
	capabilitySlot
	// The slots below only change what the others mean.
	unable
	action
	not
	works
	supposed
	past
	present
	aside
	idiom
	slots
)

var slotNames = [slots]string{
	failure: "failure", trouble: "trouble", hint: "hint", negation: "negation", scope: "scope", onset: "onset", plea: "plea",
	narrow: "narrow", over: "over", but: "but", how: "how-to", money: "billing", wish: "wish",
	praise: "praise", admin: "administration", spam: "spam", everyday: "everyday", ask: "question or request", personal: "personal", capabilitySlot: "capability",
}

// A language is its Words, compiled.
type language [slots]list

func newLanguage(w Words) language {
	return language{
		failure: compile(w.Failure), trouble: compile(w.Trouble), hint: compile(w.Hint), negation: compile(w.Negation), ask: compile(w.Ask),
		scope: compile(w.Scope), onset: compile(w.Onset), plea: compile(w.Plea), narrow: compile(w.Narrow),
		over: compile(w.Over), but: compile(w.But), how: compile(w.How), money: compile(w.Money),
		wish: compile(w.Wish), praise: compile(w.Praise), admin: compile(w.Admin), spam: compile(w.Spam),
		everyday: compile(w.Everyday), personal: compile(w.Personal), common: compile(w.Common), unable: compile(w.Unable), action: compile(w.Action),
		not: compile(w.Not), works: compile(w.Works), supposed: compile(w.If), past: compile(w.Past),
		present: compile(w.Present), aside: compile(w.Aside), idiom: compile(w.Idiom),
	}
}

// A capability matches its words in any inflection.
type capability struct {
	name    string
	phrases [][]string // stems
}

func newCapability(c Capability) capability {
	one := capability{name: c.Name}
	for _, w := range c.Words {
		var stems []string
		for _, clause := range clausesOf(w) {
			for _, t := range clause.tokens {
				stems = append(stems, stem(t.word))
			}
		}
		if len(stems) == 0 {
			continue
		}
		one.phrases = append(one.phrases, stems)
		if len(stems) == 2 { // log in, login
			one.phrases = append(one.phrases, []string{stem(stems[0] + stems[1])})
		}
	}
	return one
}

// at returns the number of tokens that name the capability at the first of
// tokens, or 0.
func (c capability) at(tokens []token) int {
	best := 0
	for _, p := range c.phrases {
		if len(p) <= best || len(p) > len(tokens) {
			continue
		}
		fits := true
		for i, s := range p {
			fits = fits && (stem(tokens[i].word) == s || i > 0 && s == "in" && tokens[i].word == "into")
		}
		if fits {
			best = len(p)
		}
	}
	return best
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

// A reading is what a report says, slot by slot.
type reading struct {
	found   []Found
	live    [slots]int // how often each slot is filled, what is only supposed, past or over left out
	over    bool       // it says last that it works again
	hushed  bool       // it speaks of failures, but not of one that is there now
	letters int
	words   int
	common  int      // words that are common ones of the language that has most of them
	caps    []naming // in the order of their weight
}

// naming is a capability as it stands in a report.
type naming struct {
	name    string
	failing bool // named in one clause with a failure
}

// A finding is one filled slot of one clause.
type finding struct {
	slot       slot
	begin, end int // tokens
}

// reach is how many words may stand between the two halves of a failure.
const reach = 4

func (c *Classifier) read(subject, text string) reading {
	report, subjectEnd := subject+"\n"+text, len(subject)
	r := reading{}
	for _, ch := range report {
		if unicode.IsLetter(ch) {
			r.letters++
		}
	}
	clauses := clausesOf(report)
	all := make([][]finding, len(clauses))
	bodyFails := false
	lastOver := -1
	for i, cl := range clauses {
		r.words += len(cl.tokens)
		all[i] = c.findings(cl)
		for _, f := range all[i] {
			if slotNames[f.slot] == "" {
				continue
			}
			r.found = append(r.found, Found{slotNames[f.slot], report[cl.tokens[f.begin].start:cl.tokens[f.end-1].end], cl.tokens[f.begin].start})
			if f.slot == over {
				lastOver = i
			}
			bodyFails = bodyFails || f.slot == failure && cl.tokens[0].start > subjectEnd
		}
	}
	for _, l := range c.languages {
		n := 0
		for _, cl := range clauses {
			for k := range cl.tokens {
				n += l[common].at(cl.tokens[k : k+1])
			}
		}
		r.common = max(r.common, n)
	}
	spammy := 0
	for _, fs := range all {
		spammy += count(fs, spam)
	}
	for i, cl := range clauses {
		fs := all[i]
		elsewhere := c.elsewhere(cl, fs) || i < lastOver || i == lastOver && endsWith(fs, over) || spammy >= 2
		for _, f := range fs {
			switch f.slot {
			case ask:
				if count(fs, failure)+count(fs, trouble)+count(fs, hint)+count(fs, plea) > 0 {
					continue // it asks about the trouble
				}
			case failure, trouble:
				if elsewhere {
					r.hushed = true
					continue
				}
				if f.slot == failure && !bodyFails && others(all) > 0 {
					r.live[trouble]++ // a title for what the text then speaks of
					continue
				}
				if f.slot == trouble && others([][]finding{fs}) > 0 {
					r.hushed = true
					continue
				}
			case over:
				r.over = true
			case but:
				if i < lastOver || i == lastOver && follows(fs, over, f.begin) {
					continue // it turns from trouble to health, not back
				}
			}
			r.live[f.slot]++
		}
		for _, one := range c.caps {
			for k := range cl.tokens {
				if n := one.at(cl.tokens[k:]); n > 0 {
					r.caps = append(r.caps, naming{one.name, !elsewhere && count(fs, failure)+count(fs, trouble) > 0})
					r.found = append(r.found, Found{slotNames[capabilitySlot], report[cl.tokens[k].start:cl.tokens[k+n-1].end], cl.tokens[k].start})
					break
				}
			}
		}
	}
	if lastOver >= 0 {
		for i := lastOver + 1; i < len(clauses); i++ {
			if count(all[i], failure) > 0 && !c.elsewhere(clauses[i], all[i]) {
				r.over = false
			}
		}
	}
	return r
}

// capability returns the one that the failure is about, else the first named.
func (r reading) capability() string {
	for _, n := range r.caps {
		if n.failing {
			return n.name
		}
	}
	if len(r.caps) > 0 {
		return r.caps[0].name
	}
	return ""
}

// elsewhere tells whether a clause speaks of a failure that is not there now:
// one that might be, has been, is wished away or is about money.
func (c *Classifier) elsewhere(cl clause, fs []finding) bool {
	bound := count(fs, scope)+count(fs, onset) > 0
	has := func(s slot) bool {
		for _, l := range c.languages {
			if l[s].has(cl) {
				return true
			}
		}
		return false
	}
	now := has(present)
	return has(supposed) && !now && !bound ||
		has(past) && !now ||
		count(fs, money)+count(fs, spam) > 0 && !bound ||
		count(fs, wish) > 0 && !now
}

// findings fills the slots of one clause.
func (c *Classifier) findings(cl clause) []finding {
	var fs []finding
	for _, l := range c.languages {
		if l[aside].has(cl) {
			return nil
		}
	}
	for _, l := range c.languages {
		taken := make([]bool, len(cl.tokens))
		for i := 0; i < len(cl.tokens); i++ {
			if n := l[idiom].at(cl.tokens[i:]); n > 0 {
				for k := i; k < i+n; k++ {
					taken[k] = true
				}
			}
		}
		var until [slots]int // the end of what each slot found last
		for i := range cl.tokens {
			if taken[i] {
				continue
			}
			for _, halves := range [][2]slot{{unable, action}, {not, works}} {
				if end := l.pair(cl, i, halves[0], halves[1], taken); end > until[failure] {
					fs = append(fs, finding{failure, i, end})
					until[failure] = end
				}
			}
			if end := c.unableCapability(l, cl, i); end > until[failure] {
				fs = append(fs, finding{failure, i, end})
				until[failure] = end
			}
			for s := failure; s < common; s++ {
				if i < until[s] {
					continue
				}
				n := l[s].at(cl.tokens[i:])
				if s == ask && i > askBegins {
					continue
				}
				if n == 0 || anyOf(taken[i:i+n]) || s == over && (cl.question || l.denied(cl, i)) {
					continue
				}
				fs = append(fs, finding{s, i, i + n})
				until[s] = i + n
			}
		}
	}
	return fs
}

// askBegins is the last word of a clause with which a question or a request
// may begin, after "Hi" or "and".
const askBegins = 3

// pair returns the end of a failure made of two halves, the first of which
// begins at i, or 0.
func (l language) pair(cl clause, i int, a, b slot, taken []bool) int {
	n := l[a].at(cl.tokens[i:])
	if n == 0 {
		return 0
	}
	for k := i + n; k < len(cl.tokens) && k <= i+n+reach-1; k++ {
		if m := l[b].at(cl.tokens[k:]); m > 0 && !taken[k] {
			return k + m
		}
	}
	return 0
}

// unableCapability finds a capability on either side of what is impossible:
// "sign-in has been impossible", "no luck with search".
func (c *Classifier) unableCapability(l language, cl clause, i int) int {
	n := l[unable].at(cl.tokens[i:])
	if n == 0 {
		return 0
	}
	for k := max(0, i-reach); k < len(cl.tokens) && k < i+n+reach; k++ {
		for _, one := range c.caps {
			if m := one.at(cl.tokens[k:]); m > 0 {
				return max(i+n, min(len(cl.tokens), k+m))
			}
		}
	}
	return 0
}

// denied tells whether the words before i take back what begins there: "not
// fixed", "until it is back".
func (l language) denied(cl clause, i int) bool {
	for k := max(0, i-3); k < i; k++ {
		if l[not].at(cl.tokens[k:]) > 0 {
			return true
		}
	}
	return l[supposed].has(cl)
}

func anyOf(some []bool) bool {
	for _, b := range some {
		if b {
			return true
		}
	}
	return false
}

func count(fs []finding, s slot) int {
	n := 0
	for _, f := range fs {
		if f.slot == s {
			n++
		}
	}
	return n
}

// others counts what a report may be about instead of an outage.
func others(all [][]finding) int {
	n := 0
	for _, fs := range all {
		for _, f := range fs {
			switch f.slot {
			case how, money, wish, praise, admin, spam:
				n++
			}
		}
	}
	return n
}

// follows tells whether an s comes after token begin.
func follows(fs []finding, s slot, begin int) bool {
	for _, f := range fs {
		if f.slot == s && f.begin > begin {
			return true
		}
	}
	return false
}

// endsWith tells whether the last s in fs comes after the last failure.
func endsWith(fs []finding, s slot) bool {
	lastS, lastFailure := -1, -1
	for _, f := range fs {
		switch f.slot {
		case s:
			lastS = f.begin
		case failure:
			lastFailure = f.begin
		}
	}
	return lastS > lastFailure
}
