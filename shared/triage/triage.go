// Package triage says how urgent a customer's report is, and why, and which
// incident it belongs to. It is pure and knows no mail: subject and text in,
// an assessment with the words that made it out.
//
// Nothing is learned. A report's words fill slots (what fails, for whom, since
// when, or what the report is about instead), and a few rules read the slots,
// so that every outcome can be explained to the person it wakes. When in doubt
// a report is unclear, never benign: a missed outage costs a night, a false
// page costs a minute.
package triage

import (
	"sort"
	"strings"
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
	return New(caps, English(), Spanish()).Assess(subject, text)
}

// A Classifier holds the words of a team, ready to be looked for.
type Classifier struct {
	caps      []capability
	languages []language
}

// New returns a classifier for a team's capabilities and its languages.
func New(caps []Capability, languages ...Words) *Classifier {
	c := &Classifier{}
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
	u, why := r.judge()
	a := Assessment{Urgency: u, Capability: r.capability(), Found: r.found}
	if why != "" {
		a.Why = append(a.Why, why)
	}
	a.Why = append(a.Why, r.why(u)...)
	return a
}

// judge reads the slots. It returns a sentence when they alone do not explain
// the outcome.
func (r reading) judge() (Urgency, string) {
	var (
		weight = r.live[scope] + r.live[onset] + r.live[plea]
		other  = r.live[how] + r.live[money] + r.live[wish] + r.live[praise] + r.live[admin] + r.live[spam] + r.live[ask]
	)
	switch {
	case r.letters < 3:
		return Unclear, "it has no text to read"
	case r.live[personal] > 0 && r.live[scope]+r.live[plea] == 0:
		return Benign, "one person's password is no outage"
	case r.live[failure] > 0 && r.live[narrow] > 0 && r.live[scope]+r.live[plea] == 0:
		return Unclear, "it seems to be about one thing or person"
	case r.live[failure] > 0:
		return Urgent, ""
	case r.live[trouble] > 0 && r.live[narrow] == 0 && (other == 0 && weight > 0 || r.live[scope] > 0 && r.live[onset] > 0 && r.live[spam] == 0):
		return Urgent, ""
	case r.live[trouble] > 0:
		return Unclear, "it may be about trouble"
	case r.over && r.live[but] > 0:
		return Unclear, "it says that it works again, but not for all"
	case r.over:
		return Benign, "it says that it works again"
	case other > 0 && r.live[scope] > 0 && r.live[onset] > 0:
		return Unclear, "it speaks of something else, and of something since a time"
	case other > 0:
		return Benign, ""
	case r.live[plea] > 1:
		return Urgent, "it does not say what fails, but that it is pressing"
	case r.live[hint]+r.live[negation]+weight > 0 || r.hushed:
		return Unclear, "it may be about trouble"
	case r.words >= plainWordsMin && r.common*commonShare >= r.words:
		return Benign, "nothing in it speaks of trouble"
	}
	return Unclear, "it says too little"
}

const (
	// plainWordsMin is how long a report must be before the absence of any word
	// of trouble decides: in a shorter one what is missing may be the point.
	plainWordsMin = 6
	// commonShare is the least part of the words that must be common ones for
	// the text to be in a language we read: one in so many.
	commonShare = 5
)

// why lists the words behind an outcome, the most telling slots first.
func (r reading) why(u Urgency) []string {
	order := []slot{failure, trouble, scope, onset, plea, narrow, hint, negation}
	if u == Benign {
		order = []slot{over, money, how, wish, praise, admin, spam, ask, everyday}
	}
	rank := map[string]int{slotNames[capabilitySlot]: 1}
	for i, s := range order {
		rank[slotNames[s]] = i + 2
	}
	list := append([]Found(nil), r.found...)
	sort.SliceStable(list, func(i, j int) bool { return rank[list[i].Slot] < rank[list[j].Slot] })
	var why []string
	said := map[string]bool{}
	for _, f := range list {
		sentence := f.Slot + ` "` + strings.Join(strings.Fields(f.Words), " ") + `"`
		if rank[f.Slot] == 0 || said[sentence] || len(why) == whyMax {
			continue
		}
		said[sentence] = true
		why = append(why, sentence)
	}
	return why
}

const whyMax = 8
