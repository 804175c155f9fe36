package incident

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Rules are the team's figures that incidents go by.
type Rules struct {
	Quiet        time.Duration // how long without trouble until it is over
	AnswerWithin time.Duration // the promise to reporters; zero: none
	CheckIn      time.Duration // after acknowledging; zero: the owner is not asked
	OwnerWait    time.Duration // how long an owner who is paged has to answer
	Config       string        // which configuration these are of; "": it is not known
	// Watches reports whether a check still exists; nil: all do. One that was
	// removed while it failed will never say that it is well.
	Watches func(check string) bool
	// Muted is until when a check wakes nobody; zero: it does. Nil: all do.
	Muted func(check string) time.Time
}

// looksAt reports whether we look at it ourselves, so that it will say when it
// is well.
func (r Rules) looksAt(check string) bool {
	return !isAlert(check) && (r.Watches == nil || r.Watches(check))
}

// recoveredTell is how long all checks must look well before reporters are
// told so: an outage that comes and goes would otherwise write to them at
// every turn.
const recoveredTell = 10 * time.Minute

// A Change is what a decision comes to: the incident after it, the timeline's
// entries, the people to be paged outside the escalation's steps and what
// reporters are to be told. Begin with Change{After: incident} and apply
// signals and time to it.
type Change struct {
	After   Incident
	Events  []Event
	Calls   []Call
	Notices []Notice
	// Outcomes tells what became of promises to reporters.
	Outcomes []Outcome
}

// Apply folds s into the incident, opening or reopening it where s is reason
// to. now is the time of the decision, s.At that of what happened. A signal
// that concerns another incident, or none, changes nothing.
func (c *Change) Apply(s Signal, r Rules, now time.Time) {
	if s.Incident != "" && s.Incident != c.After.ID {
		return
	}
	switch {
	case s.Check != nil:
		c.check(s, *s.Check, r, now)
	case s.Report != nil && s.Report.Moved != nil:
		c.movedHere(s, *s.Report, r, now)
	case s.Report != nil:
		c.report(s, *s.Report, r, now)
	case s.Drill != nil:
		c.drill(s, *s.Drill, r, now)
	case s.Hole != nil:
		c.hole(s, *s.Hole, r, now)
	case s.Tap != nil:
		switch {
		case !c.After.Open():
		case c.After.Rehearsed():
			c.rehearse(*s.Tap, now)
		default:
			c.tap(*s.Tap, r, now)
		}
		if s.Tap.Via == ViaSMS && c.After.ID != "" {
			c.Calls = append(c.Calls, Call{Kind: PageReply, Who: []string{s.Tap.Who}, Why: s.Tap.Say})
		}
	case !c.After.Open():
	case s.Delivery != nil:
		c.delivery(*s.Delivery)
	case s.Move != nil:
		c.movedAway(s, *s.Move, now)
	case s.Answer != nil:
		c.answered(s.At, "", "answered by the team", s.Answer.Reporters)
	}
}

func (c *Change) check(s Signal, k CheckSignal, r Rules, now time.Time) {
	in := &c.After
	severity := cmp.Or(k.Severity, Confirmed)
	if k.Evidence.Status == "unknown" {
		severity = Suspected // nobody looks: that is no proof of an outage
	}
	if in.Open() && k.Source != "" {
		old, known := in.Checks[k.Check]
		switch {
		case known && k.Evidence.Since.Before(old.Since):
			return // another monitor's words may overtake each other on their way
		case !known && len(in.Checks) >= alertsMax:
			c.event(s.At, "check", k.Check, k.Evidence.Words)
			if k.Evidence.Red {
				c.bad(severity, false, "failing: "+k.Evidence.Words, r, now)
			}
			return
		}
	}
	if !in.Open() {
		if !k.Evidence.Red {
			return
		}
		c.open(s, k.Capability, cmp.Or(k.Title, k.Check), severity, now, r)
	}
	recovered := !in.RecoveredAt.IsZero()
	in.Checks = maps.Clone(in.Checks)
	if in.Checks == nil {
		in.Checks = map[string]Evidence{}
	}
	in.Checks[k.Check] = k.Evidence
	in.LastBad = later(in.LastBad, k.LastBad)
	c.event(s.At, "check", k.Check, k.Evidence.Words)
	in.RecoveredAt = recoveredAt(in.Checks)
	if !in.Red() {
		in.HeldUntil = time.Time{}
	}
	switch {
	case in.RecoveredAt.IsZero():
		in.TellRecovered = time.Time{}
		if recovered && in.State == Triggered { // pages have been holding back
			in.NextStep = earlier(in.NextStep, now)
		}
		c.bad(severity, recovered, "failing again: "+k.Evidence.Words, r, now)
	case !recovered && in.State != Resolved:
		in.TellRecovered = later(now, in.RecoveredAt.Add(recoveredTell))
	}
}

// recoveredAt is the instant since when every red check shows no failure;
// zero while one does.
func recoveredAt(checks map[string]Evidence) time.Time {
	var at time.Time
	for _, e := range checks {
		switch {
		case !e.Red:
			at = later(at, e.Since)
		case e.WellSince.IsZero():
			return time.Time{}
		default:
			at = later(at, e.WellSince)
		}
	}
	return at
}

func (c *Change) report(s Signal, p ReportSignal, r Rules, now time.Time) {
	in := &c.After
	severity := Suspected
	if p.Known && p.Urgency == "urgent" {
		severity = Confirmed
	}
	known := in.Open()
	if !known {
		if p.Urgency == "benign" {
			return
		}
		c.open(s, p.Capability, p.Reporter.Org, severity, now, r)
		if p.Urgency == "unclear" {
			in.NextStep = later(now, s.At.Add(r.AnswerWithin))
		}
	}
	// Beyond OrgsMax nobody is known any more, and nobody is news.
	newOrg := len(in.Orgs) < OrgsMax && !slices.Contains(in.Orgs, p.Reporter.Org)
	in.Reports++
	if in.Capability == "" && p.Urgency != "benign" {
		in.Capability = p.Capability // so that the next report of another one stays out
	}
	if newOrg {
		in.Orgs = append(slices.Clone(in.Orgs), p.Reporter.Org)
	}
	if in.FirstReport.IsZero() {
		in.FirstReport = s.At
		in.Quote = p.Quote
	}
	why := fmt.Sprintf("%s: %q", p.Urgency, p.Quote)
	if p.Joined != "" {
		why += "; " + p.Joined
	}
	c.event(s.At, "report", p.Reporter.Org, why)
	thanks := p.Urgency == "benign" && in.State == Resolved
	if r.AnswerWithin > 0 && !thanks && (newOrg || p.Urgency != "benign") {
		c.promise(p.Reporter, s.At, r.AnswerWithin)
	}
	c.notice(NoticeReceived, now, time.Time{})
	if p.Urgency == "benign" {
		return
	}
	in.LastBad = later(in.LastBad, s.At)
	if newOrg && len(in.Orgs) > 1 && p.Proven {
		severity = Confirmed
	}
	if known && !newOrg && in.State == Acknowledged {
		in.Again = fmt.Sprintf("%s wrote again: %q", p.Reporter.Org, p.Quote)
		if in.TellOwner.IsZero() {
			in.TellOwner = later(now, in.OwnerTold.Add(ownerQuiet))
		}
	}
	if p.Urgency == "urgent" || known && (newOrg || in.State == Resolved) {
		c.bad(severity, known && newOrg, p.Reporter.Org+" wrote: "+p.Quote, r, now)
	}
}

// ownerQuiet is how long the owner, who has heard that customers wrote again,
// hears of no further mails: they are in the timeline.
const ownerQuiet = 5 * time.Minute

// open makes the incident anew.
func (c *Change) open(s Signal, capability, what string, severity Severity, now time.Time, r Rules) {
	title := cmp.Or(capability, strings.TrimPrefix(what, SourceHand+"/"))
	id := NewID(s.Key, s.ID, s.At)
	c.After = Incident{
		ID: id, Key: s.Key, Version: c.After.Version, Turn: c.After.Turn + 1, Word: WordOf(id, 0),
		State: Triggered, Severity: severity, Capability: capability, Title: title,
		Began: s.At, Opened: now, LastBad: s.At, NextStep: now, Quiet: r.Quiet, Config: r.Config,
	}
	if k := s.Check; k != nil && !k.Evidence.Since.IsZero() {
		c.After.Began = earlier(s.At, k.Evidence.Since)
	}
	c.event(now, "opened", "", string(severity)+": "+title)
}

// bad is what evidence of trouble does to an incident that is open. news says
// that it is more than what is already known: a relapse or a new organisation.
func (c *Change) bad(severity Severity, news bool, why string, r Rules, now time.Time) {
	in := &c.After
	if severity == Confirmed && in.Severity != Confirmed {
		in.Severity = Confirmed
		news = true
		c.event(now, "confirmed", "", why)
	}
	if in.ToldRecovered && in.RecoveredAt.IsZero() { // one customer's word is not certain enough to tell all the others
		in.ToldRecovered = false
		c.notice(NoticeRelapsed, now, time.Time{})
	}
	switch in.State {
	case Triggered:
		if in.Round == 0 || news && !in.RecoveredAt.IsZero() {
			in.NextStep = earlier(in.NextStep, now)
		}
	case Acknowledged:
		if news {
			c.askOwner(PageRelapse, why, r, now)
		}
	case Resolved:
		c.event(now, "reopened", "", why)
		c.trigger(0, 0, now)
		in.ResolvedAt, in.ResolvedBy, in.AckedAt = time.Time{}, "", time.Time{}
	}
}

// trigger sends the pages out again, beginning after the given step.
func (c *Change) trigger(round, step int, now time.Time) {
	in := &c.After
	in.State, in.Owner = Triggered, ""
	in.Turn++
	in.Round, in.Step, in.NextStep, in.EmptyRounds, in.RoundHeard = round, step, now, 0, false
	in.Attempts = nil
	in.EveryoneTimes, in.EveryoneAt = 0, time.Time{}
	in.CheckIn, in.OwnerBy, in.TellOwner, in.HeldUntil = time.Time{}, time.Time{}, time.Time{}, time.Time{}
}

// Holds reports whether a call still makes sense now that all has been folded:
// the owner may have resolved the incident in the same instant.
func (in Incident) Holds(k Call) bool {
	switch k.Kind {
	case PageReply:
		return true
	case PageTaken:
		return in.State == Acknowledged
	case PageOver:
		return in.State == Resolved
	}
	return in.State == Acknowledged && slices.Equal(k.Who, []string{in.Owner})
}

// Release takes the incident from an owner who cannot answer: the pages go out
// again where they stood.
func (c *Change) Release(why string, now time.Time) {
	c.event(now, "silent", c.After.Owner, why)
	c.trigger(c.After.Round, c.After.Step, now)
}

// askOwner pages the owner, who must answer in time or lose the incident.
func (c *Change) askOwner(kind PageKind, why string, r Rules, now time.Time) {
	in := &c.After
	same := slices.IndexFunc(c.Calls, func(k Call) bool { return k.Kind == kind && slices.Equal(k.Who, []string{in.Owner}) })
	if same >= 0 { // two reasons, one page
		c.Calls[same].Why += "; " + why
	} else {
		c.Calls = append(c.Calls, Call{Kind: kind, Who: []string{in.Owner}, Why: why})
	}
	if by := now.Add(r.OwnerWait); in.OwnerBy.IsZero() || by.Before(in.OwnerBy) { // a snooze does not outlast it
		in.OwnerBy = by
	}
}

func (c *Change) tap(t TapSignal, r Rules, now time.Time) {
	in := &c.After
	switch t.Action {
	case ActAcknowledge:
		switch {
		case in.State == Triggered:
			c.acknowledge(t, r, now)
		case in.State == Acknowledged && in.Owner == t.Who:
			in.OwnerBy, in.Attempts = time.Time{}, nil
			in.CheckIn = after(now, r.CheckIn)
			c.event(now, "acknowledged", t.Who, "still has it, by "+t.Via)
		}
	case ActSnooze:
		if in.State == Triggered || in.State == Acknowledged && in.Owner == t.Who {
			if in.State == Triggered {
				c.acknowledge(t, r, now)
			}
			in.CheckIn, in.OwnerBy = time.Time{}, now.Add(t.For)
			c.event(now, "snoozed", t.Who, fmt.Sprintf("for %s, by %s", t.For, t.Via))
		}
	case ActNext:
		switch {
		case in.State == Triggered:
			in.Severity = Confirmed
			in.NextStep = now
			in.Reached = max(in.Reached, in.Step+1)
			c.declined(t.Who, now)
			c.event(now, "next", t.Who, "cannot take it, by "+t.Via)
		case in.State == Acknowledged && in.Owner == t.Who:
			in.Severity = Confirmed
			c.declined(t.Who, now)
			c.event(now, "next", t.Who, "cannot keep it, by "+t.Via)
			c.trigger(in.Round, in.Step, now)
			in.Reached = max(in.Reached, in.Step+1)
		}
	case ActPass:
		if in.State == Resolved || t.To == "" || t.To == in.Owner {
			return
		}
		if t.To == t.Who { // takes it over, and is awake
			c.acknowledge(t, r, now)
			return
		}
		if in.State == Triggered {
			c.acknowledge(t, r, now)
			// Who is asked to take it is not to hear that they can sleep.
			c.Calls = slices.DeleteFunc(c.Calls, func(k Call) bool { return k.Kind == PageTaken })
			c.callPaged(PageTaken, t.Who+" has passed it to "+t.To, t.Who, t.To)
		}
		in.Turn++
		in.Owner, in.OwnedSince = t.To, now
		in.OwnerBy = time.Time{}
		c.event(now, "passed", t.Who, "to "+t.To)
		c.askOwner(PagePassed, t.Who+" passes it to you", r, now)
	case ActResolve:
		if in.State == Resolved {
			return
		}
		if in.State == Triggered { // nobody has told those who were paged that they can sleep
			c.callPaged(PageOver, t.Who+" says that it is over", t.Who)
		}
		c.resolve(t.Who, "it's over, by "+t.Via, now)
	case ActMute:
		in.HeldUntil = time.Time{} // by the mutes as they are now
		if t.For > 0 {
			c.event(now, "muted", t.Who, fmt.Sprintf("check %s for %s, by %s", t.Check, t.For.Round(time.Minute), t.Via))
		} else {
			c.event(now, "unmuted", t.Who, fmt.Sprintf("check %s, by %s", t.Check, t.Via))
		}
	case ActAnswered:
		c.answered(now, t.Who, "the customers have been answered", nil)
	case ActTell:
		c.tell(t, now)
	}
}

// tellsMax bounds the messages of one decision: each is an item of its commit.
const tellsMax = 5

// tell passes a responder's own words on to every reporter, which is an answer
// to all of them.
func (c *Change) tell(t TapSignal, now time.Time) {
	text := strings.TrimSpace(t.Text)
	if text == "" || len(text) > WordsMax || c.After.Reports == 0 {
		return
	}
	told := 0
	for _, n := range c.Notices {
		if n.Kind == NoticeWords {
			told++
		}
	}
	if told == tellsMax {
		c.event(now, "not told", t.Who, fmt.Sprintf("%d messages at once are enough: say it again in a moment", told))
		return
	}
	c.event(now, "words", t.Who, text)
	c.tellAll(Notice{Kind: NoticeWords, At: now, Who: t.Who, Text: text})
	c.answered(now, t.Who, "told all who wrote", nil)
}

// declined remembers that somebody has answered, so that nobody calls them
// silent.
func (c *Change) declined(who string, now time.Time) {
	in := &c.After
	in.Paged = slices.Clone(in.Paged)
	for i := range in.Paged {
		if in.Paged[i].Who == who {
			in.Paged[i].Declined = now
		}
	}
}

func (c *Change) acknowledge(t TapSignal, r Rules, now time.Time) {
	in := &c.After
	in.State, in.Owner, in.OwnedSince = Acknowledged, t.Who, now
	if in.AckedAt.IsZero() {
		in.AckedAt = now
	}
	in.Turn++
	in.Attempts = nil
	in.OwnerBy = time.Time{}
	in.CheckIn = after(now, r.CheckIn)
	c.event(now, "acknowledged", t.Who, "by "+t.Via)
	c.callPaged(PageTaken, t.Who+" has it", t.Who)
	c.notice(NoticeTaken, now, time.Time{})
}

// callPaged tells everybody who was paged, except those who know.
func (c *Change) callPaged(kind PageKind, why string, except ...string) {
	var who []string
	for _, p := range c.After.Paged {
		if !slices.Contains(except, p.Who) && !slices.Contains(who, p.Who) {
			who = append(who, p.Who)
		}
	}
	if len(who) > 0 {
		c.Calls = append(c.Calls, Call{Kind: kind, Who: who, Why: why})
	}
}

func (c *Change) resolve(who, why string, now time.Time) {
	in := &c.After
	in.State, in.ResolvedAt, in.ResolvedBy = Resolved, now, who
	in.Turn++
	in.Attempts = nil
	in.CheckIn, in.OwnerBy, in.TellOwner, in.TellRecovered = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	in.wait(nil)
	c.event(now, "resolved", who, why)
}

// delivery notes a page that failed. What the escalation does about it, Missed
// and Stranded tell.
func (c *Change) delivery(d DeliverySignal) {
	in := &c.After
	in.Attempts = slices.Clone(in.Attempts)
	for i := range in.Attempts {
		if in.Attempts[i].Page == d.Page {
			in.Attempts[i].Outcome = "failed"
			in.Attempts[i].Lost = in.Attempts[i].Lost || d.Permanent
		}
	}
}

// soon is when a page is left to go out by itself. It is longer than two clocks
// differ: one that has gone out by a clock ahead of ours must not go out again.
const soon = 5 * time.Second

// Missed lists those of the present step whose page has failed and who have
// another one that is not due for a while: it should go out now.
func (in Incident) Missed(now time.Time) []Attempt {
	var missed []Attempt
	for _, a := range in.Attempts {
		failed := slices.ContainsFunc(in.Attempts, func(b Attempt) bool { return b.Who == a.Who && b.Outcome == "failed" })
		earlier := slices.ContainsFunc(in.Attempts, func(b Attempt) bool { return b.Who == a.Who && b.N < a.N && b.Outcome == "" })
		if failed && !earlier && a.Outcome == "" && a.Due.After(now.Add(soon)) {
			missed = append(missed, a)
		}
	}
	return missed
}

// Stranded reports whether every page of the present step has failed, so that
// waiting for it is waiting for nobody.
func (in Incident) Stranded() bool {
	return len(in.Attempts) > 0 && !slices.ContainsFunc(in.Attempts, func(a Attempt) bool { return a.Outcome != "failed" })
}

// Unreached reports whether every page to the owner has failed for good, so that
// waiting for their answer is waiting for nobody.
func (in Incident) Unreached() bool {
	return in.State == Acknowledged && !in.OwnerBy.IsZero() && len(in.Attempts) > 0 &&
		!slices.ContainsFunc(in.Attempts, func(a Attempt) bool { return !a.Lost })
}

// Pass lets time pass: it does what has become due by now, except taking the
// escalation's next step, which needs to know the team. It changes nothing
// without an Event.
func (c *Change) Pass(r Rules, now time.Time) {
	for range passesMax { // one thing that is due may make another one due
		before := len(c.Events)
		if c.After.Open() {
			c.pass(r, now)
		}
		if len(c.Events) == before {
			return
		}
	}
}

const passesMax = 8

func (c *Change) pass(r Rules, now time.Time) {
	in := &c.After
	due := func(t time.Time) bool { return !t.IsZero() && !t.After(now) }
	if in.State != Resolved && due(in.Drill.Until) {
		c.endDrill("its time is over", now)
	}
	if in.State != Resolved && due(in.TellRecovered) {
		c.event(now, "recovered", "", fmt.Sprintf("has looked well for %s", now.Sub(in.RecoveredAt).Round(time.Second)))
		c.notice(NoticeRecovered, now, in.RecoveredAt)
		in.TellRecovered, in.ToldRecovered = time.Time{}, true
	}
	if in.State != Resolved && due(in.AnswerBy) {
		c.broken(r, now)
	}
	if in.State == Acknowledged {
		if due(in.TellOwner) {
			in.TellOwner, in.OwnerTold = time.Time{}, now
			asked := slices.ContainsFunc(c.Calls, func(k Call) bool { return slices.Equal(k.Who, []string{in.Owner}) })
			if !asked { // who is being asked something sees it there
				c.Calls = append(c.Calls, Call{Kind: PageMail, Who: []string{in.Owner}, Why: in.Again})
			}
			c.event(now, "owner told", in.Owner, in.Again)
		}
		if due(in.OwnerBy) {
			c.Release("no answer from "+in.Owner, now)
		} else if due(in.CheckIn) {
			in.CheckIn = time.Time{}
			c.event(now, "checkin", in.Owner, "asked whether they still have it")
			c.askOwner(PageCheckIn, "do you still have it?", r, now)
		}
	}
	if in.State != Resolved && due(in.quietAt()) {
		why := fmt.Sprintf("quiet for %s", r.Quiet)
		if in.AckedAt.IsZero() {
			why += "; never acknowledged"
			c.callPaged(PageOver, "it is over; nobody acknowledged it")
		}
		c.resolve("", why, now)
	}
	if due(in.SettlesAt()) {
		if name, until := in.muted(r); !until.IsZero() && in.redOf(r.looksAt) {
			in.HeldUntil = until
			c.event(now, "held", name, fmt.Sprintf("still fails, and is muted for another %s", until.Sub(now).Round(time.Second)))
			return
		}
		if in.redOf(r.looksAt) {
			c.event(now, "reopened", "", "its check still fails")
			c.trigger(0, 0, now)
			in.ResolvedAt, in.ResolvedBy, in.AckedAt = time.Time{}, "", time.Time{}
			return
		}
		in.SettledAt = now
		in.Turn++
		c.event(now, "settled", "", "")
		c.notice(NoticeClosing, now, in.RecoveredAt)
	}
}

// muted is the check whose mute ends first, if every check that fails is muted,
// and when it does; zero if one is not.
func (in Incident) muted(r Rules) (check string, until time.Time) {
	if r.Muted == nil {
		return "", time.Time{}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Checks)) {
		if !in.Checks[name].Red || !r.looksAt(name) {
			continue
		}
		t := r.Muted(name)
		if t.IsZero() {
			return "", t
		}
		if until.IsZero() || t.Before(until) {
			check, until = name, t
		}
	}
	return check, until
}

func (c *Change) event(at time.Time, kind, who, why string) {
	c.Events = append(c.Events, Event{At: at, Kind: kind, Who: who, Why: why})
}

// notice tells reporters, if there are any.
func (c *Change) notice(kind NoticeKind, at, by time.Time) {
	if c.After.Reports > 0 {
		c.tellAll(Notice{Kind: kind, At: at, By: by, Who: c.After.Owner})
	}
}

// tellAll tells reporters, and remembers what.
func (c *Change) tellAll(n Notice) {
	c.Notices = append(c.Notices, n)
	told := slices.Clone(c.After.Told)
	if last := len(told) - 1; last >= 0 && n.Kind == NoticeReceived && told[last].Kind == n.Kind {
		told = told[:last] // each of many reporters is told so
	}
	n.Text = strings.ToValidUTF8(n.Text[:min(len(n.Text), QuoteMax)], "")
	told = append(told, n)
	c.After.Told = told[max(0, len(told)-ToldMax):]
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// after is t+d, or never if d is zero.
func after(t time.Time, d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return t.Add(d)
}
