// Package triage says how urgent a customer's report is, and why, and which
// incident it belongs to. It is pure and knows no mail: subject and text in,
// an assessment with the words that made it out.
//
// Nothing is learned. A report's words fill slots (what fails, for whom, since
// when, or what it is instead), and a few rules read the slots, so that every
// outcome can be explained to the person it wakes. When in doubt a report is
// unclear, never benign: a missed outage costs a night.
package triage

import "strings"

// Urgency is what a report asks for.
type Urgency string

const (
	Urgent  Urgency = "urgent"  // page now
	Unclear Urgency = "unclear" // acknowledge, and page when nobody answers in time
	Benign  Urgency = "benign"  // nobody needs to wake up
)

// A Capability is something customers do with the service, and the words by
// which they call it.
type Capability struct {
	Name  string
	Words []string
}

// An Assessment says how urgent a report is.
type Assessment struct {
	Urgency    Urgency
	Capability string   // "" when none is named
	Why        []string // slot and words, such as `failure "unable to log in"`
}

// Assess reads a report.
func Assess(subject, text string, caps []Capability) Assessment {
	all := strings.ToLower(subject + "\n" + text)
	a := Assessment{Urgency: Unclear}
	for _, c := range caps {
		for _, w := range c.Words {
			if a.Capability == "" && strings.Contains(all, strings.ToLower(w)) {
				a.Capability = c.Name
				a.Why = append(a.Why, `capability "`+w+`"`)
			}
		}
	}
	for _, w := range []string{"unable", "cannot", "can't", "not working", "not responding", "inaccessible", "is down", "outage"} {
		if strings.Contains(all, w) {
			a.Urgency = Urgent
			a.Why = append(a.Why, `failure "`+w+`"`)
		}
	}
	return a
}
