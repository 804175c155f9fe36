// Package triage says how urgent a customer's report is, and why, and which
// incident it belongs to. It is pure and knows no mail: subject and text in,
// an assessment with the words that made it out.
//
// Words belong to groups that mean the same in every language: it fails, it
// waits, everyone, since, our own router. What groups and words weigh, alone
// and next to each other, is learned from labelled mails (see weights.go) and
// added up, so that every outcome can be explained to the person it wakes by
// the words that weighed most. When in doubt a report is unclear, never
// benign: a missed outage costs a night, a false page costs a minute.
package triage

import (
	"math"
	"slices"
	"sort"
	"strings"
	"unicode"
)

// Urgency is what a report asks for.
type Urgency string

const (
	Urgent  Urgency = "urgent"  // page now
	Unclear Urgency = "unclear" // acknowledge, and page when nobody answers in time
	Benign  Urgency = "benign"  // nobody needs to wake up
)

// A Capability is something customers do with the service, and the words by
// which they call it. Inflections and spellings in one word are understood.
type Capability struct {
	Name  string
	Words []string
}

// An Assessment says how urgent a report is.
type Assessment struct {
	Urgency    Urgency
	Capability string   // "" when none is named
	Why        []string // slot and words, such as `failure "unable to log in"`
	Found      []Found  // all that Why speaks of, and more, as they stand in the report
}

// Found is a slot that words of the report fill.
type Found struct {
	Slot, Words string
	At          int // where Words begin in subject + "\n" + text, in bytes
}

// Assess reads a report in English or Spanish. A caller that reads many, or
// has words of its own, keeps a Classifier: making one costs more than using it.
func Assess(subject, text string, caps []Capability) Assessment {
	return New(caps, Languages()...).Assess(subject, text)
}

// A Classifier holds the words of a team, ready to be looked for.
type Classifier struct {
	caps      []capability
	languages []language
	weights   weights
}

// New returns a classifier for a team's capabilities and its languages.
func New(caps []Capability, languages ...Words) *Classifier {
	c := &Classifier{weights: trained()}
	for _, one := range caps {
		c.caps = append(c.caps, newCapability(one))
	}
	for _, w := range languages {
		c.languages = append(c.languages, newLanguage(w))
	}
	return c
}

// Assess reads a report.
func (c *Classifier) Assess(subject, text string) Assessment {
	r := c.read(subject, text)
	a := Assessment{Capability: r.capability()}
	why := ""
	a.Urgency, why = r.judge(c.weights)
	if why != "" {
		a.Why = append(a.Why, why)
	}
	found := r.found()
	for _, f := range found {
		a.Found = append(a.Found, f.Found)
	}
	a.Why = append(a.Why, r.why(a.Urgency, found, c.weights)...)
	return a
}

// A reading is a report, with what was found in it.
type reading struct {
	report  string
	all     passage
	names   []naming
	letters int
	known   int // words that are common ones, in a group or in the weights
	words   int
}

func (c *Classifier) read(subject, text string) reading {
	r := reading{report: subject + "\n" + text}
	for _, ch := range r.report {
		if unicode.IsLetter(ch) || unicode.IsDigit(ch) {
			r.letters++
		}
	}
	clauses := clausesOf(r.report)
	in := c.readIn(clauses)
	r.all = passage{clauses: clauses, subject: subject != ""}
	for _, l := range in {
		r.all.words = r.all.words || l.words.known
	}
	for _, cl := range clauses {
		signs := signsIn(cl, in)
		r.all.signs = append(r.all.signs, signs)
		covered := make([]bool, len(cl.tokens))
		for _, s := range signs {
			for k := s.begin; k < s.end; k++ {
				covered[k] = true
			}
		}
		for k, t := range cl.tokens {
			_, weighed := c.weights.page["word "+t.word]
			common := false
			for _, l := range in {
				l.common.each(cl.tokens[k:k+1], func(int, int) { common = true })
			}
			if covered[k] || common || weighed && r.all.words {
				r.known++
			}
		}
		r.words += len(cl.tokens)
	}
	r.names = c.capabilities(clauses)
	return r
}

const (
	lettersMin = 3
	// knownShare is the least part of the words that must be known for a report
	// to be in a language we read: one in so many.
	knownShare = 3
)

// judge weighs a report. It returns a sentence when words alone do not explain
// the outcome.
func (r reading) judge(w weights) (Urgency, string) {
	if r.letters < lettersMin {
		return Unclear, "it has no text to read"
	}
	switch u := w.decide(r.weigh(w)); {
	case u == Unclear:
		return Unclear, "it may be about trouble"
	case u == Benign && r.onlyTrouble():
		return Unclear, "it speaks of trouble and of nothing else"
	case u == Benign && r.known*knownShare < r.words:
		return Unclear, "too many of its words are not known"
	default:
		return u, ""
	}
}

// onlyTrouble tells whether a report has a sign of trouble and none of what else
// it may be about: then that it weighs little is no reason to let it lie.
func (r reading) onlyTrouble() bool {
	signs := 0
	for _, clause := range r.all.signs {
		for _, s := range clause {
			switch groups[s.group].slot {
			case "failure", "trouble":
				signs++
			case "over", "past", "supposed", "later", "theirs", "no hurry", "question", "billing", "wish", "praise", "office", "papers", "looks", "personal", "spam", "automatic":
				return false
			}
		}
	}
	return signs > 0
}

// A weight is how much a report speaks for paging, and for doing so at once;
// worst is what its heaviest part does, because an outage may be a line at the
// end of a letter about something else.
type weight struct{ page, urgent, worst float64 }

// plain is what a sentence weighs that says so plainly that something is down
// that nothing around it can make it harmless.
const plain = 2

func (w weights) decide(of weight) Urgency {
	switch {
	case of.urgent > w.urgentAbove:
		return Urgent
	case of.page > w.pageAbove || of.worst > plain:
		return Unclear
	}
	return Benign
}

func (r reading) weigh(w weights) weight {
	features, _ := r.all.features()
	of := weight{urgent: weigh(w.urgent, features)}
	of.worst = of.urgent
	if len(r.all.clauses) > 1 {
		of.worst = r.worst(w)
	}
	of.page = (weigh(w.page, features) + of.worst) / 2
	return of
}

// worst returns the most that one sentence, or two that follow each other,
// weigh by themselves.
func (r reading) worst(w weights) float64 {
	worst := math.Inf(-1)
	for i := range r.all.clauses {
		for n := 1; n <= 2 && i+n <= len(r.all.clauses); n++ {
			features, _ := passage{clauses: r.all.clauses[i : i+n], signs: r.all.signs[i : i+n], words: r.all.words}.features()
			worst = max(worst, weigh(w.urgent, features))
		}
	}
	return worst
}

// capability returns the one that is named with a sign of failure, else the
// first.
func (r reading) capability() string {
	best, bestWeight := "", -1
	for _, n := range r.names {
		weight := 0
		for _, s := range r.all.signs[n.clause] {
			if groups[s.group].slot == "failure" || groups[s.group].name == "not" {
				weight = 1
			}
		}
		if weight > bestWeight {
			best, bestWeight = n.name, weight
		}
	}
	return best
}

// A finding is Found, and the groups that made it.
type finding struct {
	Found
	of []int
}

// reach is how many words may stand between not and what is not done.
const reach = 4

// found returns the slots that words fill, in the order of the report.
func (r reading) found() []finding {
	var all []finding
	add := func(cl clause, slot string, begin, end int, of ...int) {
		if slot != "" {
			from, to := cl.tokens[begin].start, cl.tokens[end-1].end
			all = append(all, finding{Found{slot, r.report[from:to], from}, of})
		}
	}
	for i, cl := range r.all.clauses {
		for _, s := range r.all.signs[i] {
			slot, end, of := groups[s.group].slot, s.end, []int{s.group}
			if groups[s.group].name == "not" {
				for _, t := range r.all.signs[i] {
					if groups[t.group].name == "act" && t.begin >= s.end && t.begin < s.end+reach {
						slot, end, of = "failure", max(end, t.end), append(of, t.group)
						break
					}
				}
			}
			add(cl, slot, s.begin, end, of...)
		}
		for _, n := range r.names {
			if n.clause == i {
				add(cl, "capability", n.begin, n.end)
			}
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].At < all[j].At })
	return all
}

// why lists the words behind an outcome: those of the groups that weighed most
// for it, and the capability.
func (r reading) why(u Urgency, found []finding, w weights) []string {
	features, of := r.all.features()
	weight := make([]float64, len(groups)+1)
	for f, gs := range of {
		for _, g := range gs {
			weight[g] += (w.page[f] + w.urgent[f]) * features[f] / float64(len(gs))
		}
	}
	side := 1.0
	if u == Benign {
		side = -1
	}
	says := make([]float64, len(found))
	for i, f := range found {
		if f.Slot == "capability" {
			says[i] = side * capabilitySays
		}
		for _, g := range f.of {
			says[i] += weight[g] / float64(len(f.of))
		}
		says[i] *= side
	}
	order := make([]int, len(found))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return says[order[i]] > says[order[j]] })
	var why []string
	var told []finding
	for _, i := range order {
		f := found[i]
		if len(why) == whyMax || says[i] <= 0 && len(why) > 0 {
			break
		}
		if slices.ContainsFunc(told, f.saysNoMoreThan) {
			continue
		}
		told = append(told, f)
		why = append(why, f.Slot+` "`+strings.Join(strings.Fields(f.Words), " ")+`"`)
	}
	if len(why) == 0 {
		why = append(why, "nothing in it speaks of trouble")
	}
	return why
}

// saysNoMoreThan tells whether f says again what another finding says, or
// stands within it. A capability is always worth its own line.
func (f finding) saysNoMoreThan(other finding) bool {
	if f.Slot == other.Slot && strings.EqualFold(f.Words, other.Words) {
		return true
	}
	return f.Slot != "capability" && f.At >= other.At && f.At+len(f.Words) <= other.At+len(other.Words)
}

const (
	whyMax = 8
	// capabilitySays places the capability after the words that weigh much and
	// before those that hardly do.
	capabilitySays = .05
)
