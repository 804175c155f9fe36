package incident

import (
	"fmt"
	"slices"
	"time"
)

// movedHere takes a report that a person has brought from another incident.
// They have looked: it pages nobody who knows of this one, resets no
// escalation, and widens it as any organisation's report does. What its
// reporter was promised goes with it. It opens an incident of its own if there
// is none, which pages at once: it was found to be another trouble.
func (c *Change) movedHere(s Signal, p ReportSignal, r Rules, now time.Time) {
	in := &c.After
	if !in.Open() {
		c.open(s, p.Capability, p.Reporter.Org, Suspected, now, r)
	}
	newOrg := len(in.Orgs) < OrgsMax && !slices.Contains(in.Orgs, p.Reporter.Org)
	in.Reports++
	if newOrg {
		in.Orgs = append(slices.Clone(in.Orgs), p.Reporter.Org)
	}
	if in.FirstReport.IsZero() || s.At.Before(in.FirstReport) {
		in.FirstReport, in.Quote = s.At, p.Quote
	}
	c.event(now, "report", p.Reporter.Org, fmt.Sprintf("moved here from %s by %s, by %s: %q", p.Moved.From, p.Moved.Who, p.Moved.Via, p.Quote))
	if w := p.Moved.Waiting; w != nil {
		c.waits(slices.Clone(in.waiting()), *w)
	}
	in.LastBad = later(in.LastBad, s.At)
	if newOrg && len(in.Orgs) > 1 && p.Proven && in.Severity != Confirmed {
		in.Severity = Confirmed
		c.event(now, "confirmed", "", p.Reporter.Org+" wrote: "+p.Quote)
	}
}

// movedAway lets go of a reporter. An incident that is known from nothing else
// is resolved by it: there is nothing left that it could be about.
func (c *Change) movedAway(s Signal, m MoveSignal, now time.Time) {
	in := &c.After
	in.Reports = max(1, in.Reports-1)
	if m.Last {
		in.Reports, in.FirstReport, in.Quote = 0, time.Time{}, ""
	}
	if m.LastOf || m.Last {
		in.Orgs = slices.DeleteFunc(slices.Clone(in.Orgs), func(org string) bool { return org == m.Org })
	}
	in.wait(slices.DeleteFunc(slices.Clone(in.waiting()), func(w Waiting) bool { return w.Reporter == m.Reporter }))
	c.event(now, "moved", m.Who, fmt.Sprintf("what %s wrote, to %s, by %s", m.Org, m.To, m.Via))
	if m.Last && len(in.Checks) == 0 && in.State != Resolved {
		if in.State == Triggered {
			c.callPaged(PageOver, m.Who+" has moved its only report to another incident", m.Who)
		}
		c.resolve(m.Who, "its only report belongs to "+m.To, now)
	}
}

// WaitingFor is what a reporter, by Reporter.ID, waits for; nil if they wait
// for no answer.
func (in Incident) WaitingFor(reporter string) *Waiting {
	for _, w := range in.waiting() {
		if w.Reporter == reporter {
			return &w
		}
	}
	return nil
}
