// Package loop is the one way in which an incident changes:
//
//	load → decide → commit → act → record
//
// Decide composes the pure packages. Loop.Run does the five beats for one key,
// so that whoever runs it, and however often, finishes what was begun: it
// folds the signals that wait, lets time pass, commits what follows from that
// in one transaction, sends the pages that are due and records how that went.
package loop

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/mute"
)

// A Team is everything about the people and their rules that a decision rests
// on: rouse.yaml and the facts stored since it was deployed.
type Team struct {
	escalation.Team // its Policy is chosen anew for each incident
	// PolicyFor returns the policy for incidents of a capability, "" included.
	PolicyFor    func(capability string) escalation.Policy
	Quiet        time.Duration // how long without trouble until it is over
	AnswerWithin time.Duration // the promise to reporters; zero: none
	// Circuits are those of channels that are down, or were.
	Circuits []Circuit
	// Watches reports whether there is a check of that name; nil: any.
	Watches func(check string) bool
	Mutes   mute.Windows // when which checks wake nobody
	// Config tells the configuration from others; "": nobody knows which it is.
	Config string
}

// rules are the figures that an incident of the capability goes by at the time
// now.
func (t Team) rules(capability string, now time.Time) incident.Rules {
	p := t.PolicyFor(capability)
	return incident.Rules{
		Quiet: t.Quiet, AnswerWithin: t.AnswerWithin, CheckIn: p.CheckIn, OwnerWait: p.Steps[0].Wait, Watches: t.Watches, Config: t.Config,
		Muted: func(check string) time.Time { until, _ := t.Mutes.Until(check, now); return until },
	}
}

// A Change is what a decision comes to. Pages that are due already are to be
// sent at once; the others wait in the store for their time.
type Change struct {
	After   incident.Incident
	Events  []incident.Event
	Pages   []incident.Page
	Notices []incident.Notice
	// Outcomes tells what became of promises to reporters.
	Outcomes []incident.Outcome
	// Alarm, if not "", must be heard outside of the paging path: a whole
	// round has reached nobody.
	Alarm string
}

// smsRecency is how recently somebody must have been paged by SMS to be told
// by SMS, too, that they can go back to sleep.
const smsRecency = 15 * time.Minute

// Decide folds signals into the incident in, the zero Incident if there is
// none, and lets time pass until now. It is pure: the same arguments give the
// same Change, with the reasons for everything in its Events.
func Decide(team Team, in incident.Incident, signals []incident.Signal, now time.Time) Change {
	c := incident.Change{After: in}
	signals = slices.Clone(signals)
	slices.SortStableFunc(signals, func(a, b incident.Signal) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
	for _, s := range signals {
		c.Apply(s, team.rules(cmp.Or(c.After.Capability, s.Capability()), now), now)
	}
	c.Pass(team.rules(c.After.Capability, now), now)

	team.Policy = ownerFirst(team.PolicyFor(c.After.Capability), c.After.Hole)
	d := decision{team: team, now: now}
	for _, call := range c.Calls {
		if !c.After.Holds(call) {
			continue
		}
		if why := d.call(&c, call); why != "" {
			c.Release(call.Who[0]+" cannot be reached: "+why, now)
		}
	}
	if c.After.Unreached() {
		c.Release(c.After.Owner+" cannot be reached: every way has failed", now)
	}
	if c.After.State == incident.Acknowledged && c.After.Open() {
		d.missed(&c.After)
	}
	if c.After.State == incident.Triggered && c.After.Open() {
		d.missed(&c.After)
		switch {
		case c.After.Rehearsed():
			if c.After.Round == 0 {
				d.rehearse(&c)
			}
		case c.After.Stranded() || !c.After.NextStep.After(now):
			d.advance(&c)
		}
	}
	for i := range d.pages {
		if d.pages[i].Kind == incident.PageReply { // it says how things stand when it is sent
			d.pages[i].Turn = c.After.Turn
		}
	}
	// What was to be said before the last turn of events no longer holds.
	d.pages = slices.DeleteFunc(d.pages, func(p incident.Page) bool { return p.Turn != c.After.Turn })
	// Two calls of a kind to one person in one instant are one page.
	slices.SortStableFunc(d.pages, func(a, b incident.Page) int { return cmp.Compare(a.ID, b.ID) })
	d.pages = slices.CompactFunc(d.pages, func(a, b incident.Page) bool { return a.ID == b.ID })
	return Change{After: c.After, Events: c.Events, Pages: d.pages, Notices: c.Notices, Outcomes: c.Outcomes, Alarm: d.alarm}
}

type decision struct {
	team  Team
	now   time.Time
	pages []incident.Page
	alarm string
	asked bool // the owner, in this decision
}

// call makes the pages of a call outside the escalation's steps. It says why
// the owner, who alone was called, cannot be reached; "" if they can.
func (d *decision) call(c *incident.Change, call incident.Call) string {
	in := &c.After
	for _, who := range call.Who {
		contacts, lost := d.team.Contacts(who, d.now)
		owner := false
		switch call.Kind {
		case incident.PageReply: // by the way they asked
			contacts = []escalation.Call{{Who: who, Channel: escalation.SMS, Due: d.now}}
		case incident.PageTaken, incident.PageOver:
			contacts = d.quietly(*in, who, contacts)
		case incident.PageMail:
			if quiet := d.quietly(*in, who, contacts); len(quiet) > 0 {
				contacts = quiet
			}
			contacts = contacts[:min(1, len(contacts))]
		default:
			if len(contacts) == 0 {
				return lost
			}
			if lost != "" {
				c.Events = append(c.Events, incident.Event{At: d.now, Kind: "passed over", Who: who, Why: lost})
			}
			note(in, contacts, d.now)
			if owner = true; !d.asked {
				d.asked, in.Attempts = true, nil // of what was asked before, no answer is waited for
			}
		}
		for _, k := range contacts {
			p := incident.Page{
				ID:       fmt.Sprintf("%s/%d/%s-%d/%s/%d", in.ID, in.Turn, call.Kind, in.Version+1, who, k.N),
				Incident: in.ID, Turn: in.Turn, Kind: call.Kind, Round: in.Round, Step: in.Step,
				Who: who, Channel: string(k.Channel), Due: k.Due, Why: call.Why,
			}
			d.pages = append(d.pages, p)
			if owner {
				in.Attempts = append(in.Attempts, incident.Attempt{Page: p.ID, Who: who, Channel: p.Channel, N: k.N, Due: p.Due, Kind: p.Kind, Why: p.Why})
			}
		}
	}
	return ""
}

// quietly picks the one way to tell somebody what lets them go back to sleep:
// by SMS if an SMS has just woken them, else by e-mail.
func (d *decision) quietly(in incident.Incident, who string, contacts []escalation.Call) []escalation.Call {
	channel := escalation.Email
	recent := func(t time.Time) bool { return !t.After(d.now) && d.now.Sub(t) <= smsRecency }
	for _, p := range in.Paged {
		if p.Who == who && p.Channel == string(escalation.SMS) && (recent(p.At) || recent(p.Before)) {
			channel = escalation.SMS
		}
	}
	by := func(c escalation.Channel) int {
		return slices.IndexFunc(contacts, func(k escalation.Call) bool { return k.Channel == c })
	}
	i := by(channel)
	if i < 0 { // an SMS has woken them, and none reaches them now
		i = by(escalation.Email)
	}
	if i < 0 {
		return nil
	}
	k := contacts[i]
	k.Due = d.now
	return []escalation.Call{k}
}

// missed brings forward the next page of everybody whose last one failed.
func (d *decision) missed(in *incident.Incident) {
	for _, a := range in.Missed(d.now) {
		in.Attempts = slices.Clone(in.Attempts)
		for i := range in.Attempts {
			if in.Attempts[i].Page == a.Page {
				in.Attempts[i].Due = d.now
			}
		}
		if in.Answered(a.Who) {
			continue
		}
		kind := cmp.Or(a.Kind, incident.PageWake)
		if in.Rehearsed() {
			kind = incident.PageDrill
		}
		d.pages = append(d.pages, incident.Page{
			ID: a.Page, Incident: in.ID, Turn: in.Turn, Kind: kind, Round: in.Round, Step: in.Step,
			Who: a.Who, Channel: a.Channel, Due: d.now, Why: cmp.Or(a.Why, "the way before this one failed"),
		})
	}
}

// advance takes the escalation's next step.
func (d *decision) advance(c *incident.Change) {
	in := &c.After
	rested := !d.now.Before(in.EveryoneAt.Add(escalation.EveryoneWait(in.EveryoneTimes)))
	width := escalation.Width{Narrow: in.Severity == incident.Suspected || !rested, Reach: -1}
	if !in.RecoveredAt.IsZero() && !in.Waited() {
		width.Reach = in.Reached
	}
	stranded := in.Stranded()
	if len(in.Attempts) > 0 && !stranded {
		in.RoundHeard, in.EmptyRounds = true, 0
	}
	at := escalation.Position{Round: in.Round, Step: in.Step}
	failed := in.EmptyRounds > 0 && len(in.Paged) > 0
	if nobody := failed || d.team.Advance(at, escalation.Wide, d.now).Nobody; nobody && d.team.Names(d.now) {
		// The policy means somebody who has left, or whose channels are dead:
		// rather everyone than nobody, though it does not say so. When it means
		// nobody, as in a hole that was accepted, the alarm alone goes out.
		d.team.Policy = d.team.Policy.WithEveryone()
	}
	move := d.team.Advance(at, width, d.now)
	if move.Nobody && width.Narrow && !stranded && in.EmptyRounds == 0 {
		wide := d.team.Advance(at, escalation.Width{Reach: width.Reach}, d.now)
		switch {
		case wide.Nobody:
		case rested: // on a suspicion, too, rather everyone than nobody
			move = wide
		default: // it is everyone's rest that leaves nobody: they have been reached
			in.Attempts = nil
			in.NextStep = in.EveryoneAt.Add(escalation.EveryoneWait(in.EveryoneTimes))
			c.Events = append(c.Events, incident.Event{At: d.now, Kind: "resting",
				Why: fmt.Sprintf("nobody but everyone is left to page, again in %s", in.NextStep.Sub(d.now))})
			return
		}
	}
	for _, p := range move.Passed {
		c.Events = append(c.Events, incident.Event{At: d.now, Kind: "passed over", Why: p.Step + ": " + p.Why})
	}
	in.Attempts = nil
	if through := move.Taken.Round > in.Round && in.Round > 0; move.Nobody || stranded && through && !in.RoundHeard {
		wait := escalation.EmptyRoundWait(in.EmptyRounds)
		in.EmptyRounds++
		if move.Nobody {
			in.Round, in.Step = move.Taken.Round, move.Taken.Step
		}
		in.NextStep = d.now.Add(wait)
		d.alarm = fmt.Sprintf("round %d reached nobody", in.Round)
		c.Events = append(c.Events, incident.Event{At: d.now, Kind: "nobody",
			Why: fmt.Sprintf("%s; trying again in %s", d.alarm, wait)})
		return
	}
	if move.Taken.Round > in.Round {
		in.RoundHeard = false
	}
	in.Round, in.Step, in.NextStep = move.Taken.Round, move.Taken.Step, move.NextAt
	in.Reached = max(in.Reached, in.Step)
	note(in, move.Calls, d.now)
	if d.team.Policy.Steps[in.Step].PagesEveryone() {
		in.EveryoneTimes++
		in.EveryoneAt = d.now
	}
	title := d.team.Policy.Title(in.Step)
	if move.Lost != "" {
		c.Events = append(c.Events, incident.Event{At: d.now, Kind: "passed over", Why: title + ": " + move.Lost})
	}
	for _, k := range move.Calls {
		id := fmt.Sprintf("%s/%d/%d.%d/%s/%d", in.ID, in.Turn, in.Round, in.Step, k.Who, k.N)
		in.Attempts = append(in.Attempts, incident.Attempt{Page: id, Who: k.Who, Channel: string(k.Channel), N: k.N, Due: k.Due})
		d.pages = append(d.pages, incident.Page{
			ID: id, Incident: in.ID, Turn: in.Turn, Kind: incident.PageWake, Round: in.Round, Step: in.Step,
			Who: k.Who, Channel: string(k.Channel), Due: k.Due, Why: fmt.Sprintf("round %d, %s", in.Round, title),
		})
	}
}

// ownerFirst puts whoever answers for a hole in the rota before the policy's
// steps: one person can mend it.
func ownerFirst(p escalation.Policy, h incident.Hole) escalation.Policy {
	if h.Owner == "" {
		return p
	}
	owner := escalation.Step{Name: "owner of the rota", Targets: []escalation.Target{{ID: h.Owner}}, Wait: p.Steps[0].Wait}
	p.Steps = append([]escalation.Step{owner}, p.Steps...)
	p.RepeatFrom++
	return p
}

// rehearse pages whom a drill is for: one step, once. Whatever becomes of it,
// nobody else is paged.
func (d *decision) rehearse(c *incident.Change) {
	in := &c.After
	step := d.team.Policy.Steps[0]
	title := d.team.Policy.Title(0)
	if s := in.Drill.Schedule; s != "" {
		step = escalation.Step{Targets: []escalation.Target{{Kind: escalation.Schedule, ID: s}}}
		title = "schedule/" + s
	}
	step.Wait = in.Drill.Until.Sub(d.now)
	alone := d.team.Team
	alone.Policy = escalation.Policy{Steps: []escalation.Step{step}}
	move := alone.Advance(escalation.Position{}, escalation.Wide, d.now)
	if who := in.Drill.Who; who != "" {
		title = "asked for by " + cmp.Or(in.Drill.By, "somebody at a terminal")
		move = d.team.EachWay(who, d.now)
	}
	in.Round, in.Step, in.NextStep = 1, 0, in.Drill.Until
	for _, p := range move.Passed {
		c.Events = append(c.Events, incident.Event{At: d.now, Kind: "nobody", Why: "the " + in.Title + " reaches nobody: " + p.Why})
	}
	note(in, move.Calls, d.now)
	for _, k := range move.Calls {
		id := fmt.Sprintf("%s/%d/drill/%s/%d", in.ID, in.Turn, k.Who, k.N)
		in.Attempts = append(in.Attempts, incident.Attempt{Page: id, Who: k.Who, Channel: string(k.Channel), N: k.N, Due: k.Due})
		d.pages = append(d.pages, incident.Page{
			ID: id, Incident: in.ID, Turn: in.Turn, Kind: incident.PageDrill, Round: 1,
			Who: k.Who, Channel: string(k.Channel), Due: k.Due, Why: in.Title + ", " + title,
		})
	}
}

// note remembers who is paged, by what, and when last.
func note(in *incident.Incident, calls []escalation.Call, now time.Time) {
	in.Paged = slices.Clone(in.Paged)
	for _, k := range calls {
		i := slices.IndexFunc(in.Paged, func(p incident.Paged) bool { return p.Who == k.Who && p.Channel == string(k.Channel) })
		if i < 0 {
			i = len(in.Paged)
			in.Paged = append(in.Paged, incident.Paged{Who: k.Who, Channel: string(k.Channel)})
		}
		if !in.Paged[i].At.After(now) {
			in.Paged[i].Before = in.Paged[i].At
		}
		in.Paged[i].At = k.Due
		in.Paged[i].Times++
	}
}
