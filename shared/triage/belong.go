package triage

import (
	"fmt"
	"strings"
	"time"
)

// A Report is what a customer wrote, as far as belonging goes.
type Report struct {
	Org string // who stands behind it, "unknown" when nobody is named
	// Thread is the key of the incident whose mail this one answers, found by
	// an id of ours and a participant we know; "" when there is none.
	Thread string
	At     time.Time
}

// An Open incident. Capability is what any of its signals has named so far:
// whoever adds a report to an incident without a capability gives it the
// report's, so that the next report of another capability stays out.
type Open struct {
	Key             string
	Capability      string
	Opened, LastBad time.Time
}

// A CheckStatus is what a check says now. RecoveredAt is zero unless it was
// red before.
type CheckStatus struct {
	Name        string
	Capability  string // "" when it watches no capability
	Red         bool
	RedSince    time.Time
	RecoveredAt time.Time
}

const (
	justRecovered = 15 * time.Minute // a check's red that a report may still speak about
	// SameTime is how close two reports are that have nothing else in common.
	SameTime = 10 * time.Minute
	// SameTimeWhy says so.
	SameTimeWhy = "somebody else reported trouble within ten minutes"
)

// OwnKey is the key of a report of an organisation that belongs to nothing
// else.
func OwnKey(org string) string { return "mail/" + org }

// Belong returns the key of the incident that a report belongs to, open or
// new, and why. A wrong merge hides an outage and a wrong split only doubles
// it: two capabilities that are named and differ are never merged. Naming none
// contradicts none.
func Belong(r Report, a Assessment, open []Open, checks []CheckStatus, now time.Time) (key, why string) {
	open = outages(open)
	c := a.Capability
	if r.Thread != "" {
		if t := threadCapability(r.Thread, open); c == "" || t == "" || t == c || a.Urgency == Benign {
			return r.Thread, "it answers a mail about this incident"
		}
	}
	if c != "" {
		return named(c, open, checks, now)
	}
	own := OwnKey(r.Org)
	if key, why := unnamed(own, open, checks, now); key != "" {
		return key, why
	}
	return own, "it names no capability and nothing else is known to fail"
}

// named finds the incident of a report that names capability c.
func named(c string, open []Open, checks []CheckStatus, now time.Time) (key, why string) {
	if o, ok := latest(open, func(o Open) bool { return o.Capability == c }); ok {
		return o.Key, fmt.Sprintf("an incident about %s is open", c)
	}
	if k, ok := latestRed(checks, now, func(k CheckStatus) bool { return k.Capability == c }); ok {
		return c, k.sentence()
	}
	if k, ok := latestRed(checks, now, func(k CheckStatus) bool { return k.Capability == "" && k.Red }); ok {
		for _, o := range open {
			if o.Key == k.key() && o.Capability == "" {
				return o.Key, k.sentence() + " and names no capability"
			}
		}
	}
	return c, "it names " + c
}

// unnamed finds the incident of a report that names no capability, or "".
func unnamed(own string, open []Open, checks []CheckStatus, now time.Time) (key, why string) {
	if len(open) == 1 {
		return open[0].Key, "it is the only open incident"
	}
	if k, ok := latestRed(checks, now, func(CheckStatus) bool { return true }); ok {
		return k.key(), k.sentence()
	}
	if _, ok := latest(open, func(o Open) bool { return o.Key == own }); ok {
		return own, "they have reported before"
	}
	mails := func(o Open) bool {
		return o.Capability == "" && strings.HasPrefix(o.Key, "mail/") && within(o.LastBad, now, SameTime)
	}
	if o, ok := latest(open, mails); ok {
		return o.Key, SameTimeWhy
	}
	return "", ""
}

// outages leaves out the incidents about ourselves, of which no customer
// speaks.
func outages(open []Open) []Open {
	var list []Open
	for _, o := range open {
		if !strings.HasPrefix(o.Key, "coverage/") && !strings.HasPrefix(o.Key, "drill/") {
			list = append(list, o)
		}
	}
	return list
}

func (k CheckStatus) key() string {
	if k.Capability != "" {
		return k.Capability
	}
	return "check/" + k.Name
}

func (k CheckStatus) sentence() string {
	if k.Red {
		return "check " + k.Name + " is red"
	}
	return "check " + k.Name + " has just recovered"
}

func threadCapability(key string, open []Open) string {
	for _, o := range open {
		if o.Key == key {
			return o.Capability
		}
	}
	if strings.Contains(key, "/") {
		return ""
	}
	return key
}

func within(t, now time.Time, d time.Duration) bool {
	return !t.IsZero() && now.Sub(t) <= d
}

func latest(open []Open, fits func(Open) bool) (best Open, found bool) {
	for _, o := range open {
		if fits(o) && (!found || o.LastBad.After(best.LastBad)) {
			best, found = o, true
		}
	}
	return best, found
}

// latestRed prefers a check that is red to one that has recovered, and then
// the one that turned so last.
func latestRed(checks []CheckStatus, now time.Time, fits func(CheckStatus) bool) (best CheckStatus, found bool) {
	turned := func(k CheckStatus) time.Time {
		if k.Red {
			return k.RedSince
		}
		return k.RecoveredAt
	}
	for _, k := range checks {
		if !fits(k) || !k.Red && !within(k.RecoveredAt, now, justRecovered) {
			continue
		}
		if !found || k.Red && !best.Red || k.Red == best.Red && turned(k).After(turned(best)) {
			best, found = k, true
		}
	}
	return best, found
}
