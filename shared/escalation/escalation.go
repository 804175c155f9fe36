// Package escalation decides whom to page next, when, and why: a policy's
// steps, one after the other, round after round, without a last round.
package escalation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rouse/shared/oncall"
)

// A Policy is the order in which people are woken.
type Policy struct {
	Name  string
	Steps []Step
	// RepeatFrom is the index of the step with which every round after the
	// first begins.
	RepeatFrom int
	// CheckIn is how long after acknowledging its owner is asked whether they
	// still have it; zero means never.
	CheckIn time.Duration
}

// Default is the policy of a team that has written none: everyone, every five
// minutes.
func Default() Policy {
	return Policy{
		Name:    "default",
		Steps:   []Step{{Targets: []Target{{Kind: Everyone}}, Wait: 5 * time.Minute}},
		CheckIn: 30 * time.Minute,
	}
}

// A Step is a set of people paged together, and how long they have to answer.
type Step struct {
	Name    string // as rouse.yaml names it; "" for none
	Targets []Target
	Wait    time.Duration
}

// A Target names whom a step pages.
type Target struct {
	Kind TargetKind
	ID   string // of the responder or schedule; "" for Everyone
}

type TargetKind int

const (
	Responder TargetKind = iota
	Schedule             // whoever is on call in it
	Everyone             // all responders, on duty or not
)

func (t Target) String() string {
	switch t.Kind {
	case Schedule:
		return "schedule/" + t.ID
	case Everyone:
		return "everyone"
	}
	return t.ID
}

// A Channel is a way to reach somebody.
type Channel string

const (
	SMS   Channel = "sms"
	Email Channel = "email"
)

// A Contact is one rule of how somebody wants to be paged.
type Contact struct {
	Channel Channel
	After   time.Duration // counted from the step's beginning
}

// A Person is a responder as escalation sees one.
type Person struct {
	Name    string
	Zone    *time.Location
	Contact []Contact // in the order of After; empty: cannot be reached
}

// A Team is everything the choice of whom to page rests on.
type Team struct {
	Rota   oncall.Rota
	People map[string]Person
	Policy Policy
	// Unreachable tells why a channel of a person reaches nobody at present,
	// "" if it does. Nil: every configured channel is believed in.
	Unreachable func(who string, c Channel) string
	// Down tells why a channel takes nothing from anybody at present, "" if it
	// does. Nil: every channel does. Who has no other way is called by one that
	// is down all the same: it may take a page again at any time.
	Down func(c Channel) string
}

// A Position is a place in a policy.
type Position struct {
	Round int // from 1; 0: nothing has been tried
	Step  int // index into Steps
}

// Bounds of how wide a page may go.
type Width struct {
	// Narrow leaves out the steps that page everyone, as long as there are
	// others: the evidence is suspicion only, or everyone has just been paged.
	Narrow bool
	// Reach, if not negative, is the last step that may be taken: nobody new is
	// woken while things look recovered.
	Reach int
}

// Wide is as wide as the policy says.
var Wide = Width{Reach: -1}

// A Call is one page that a move asks for.
type Call struct {
	Who     string
	Channel Channel
	N       int // index into the person's Contact: with the position, its identity
	Due     time.Time
}

// A Pass is a step that was not waited for, and why.
type Pass struct {
	Position Position
	Step     string // Title of the step
	Why      string
}

// A Move is what happens when an escalation advances.
type Move struct {
	Taken  Position // the step whose Calls these are, or the last one passed
	Calls  []Call
	Passed []Pass
	// Lost says of the step taken which of its people and channels reach nobody
	// at present; "" if all do.
	Lost   string
	NextAt time.Time // when to advance again
	// Nobody says that a whole round reached no one; NextAt is then zero.
	Nobody bool
}

var emptyRoundWaits = [...]time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute}

// everyoneWaits is how long everyone is left in peace after the first, second,
// third and every later time that everyone was paged.
var everyoneWaits = [...]time.Duration{5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute}

// EveryoneWait is how long to leave everyone in peace who have been paged that
// many times. Those on call are not: their steps come in every round.
func EveryoneWait(times int) time.Duration {
	if times <= 0 {
		return 0
	}
	return everyoneWaits[min(times, len(everyoneWaits))-1]
}

// EmptyRoundWait is how long to wait after a round that reached nobody, if
// that many rounds in a row had done so before it.
func EmptyRoundWait(before int) time.Duration {
	return emptyRoundWaits[min(before, len(emptyRoundWaits)-1)]
}

// Advance takes the next step after at that reaches somebody. Steps that reach
// nobody are passed at once; if a whole round does, the Move says so and asks
// to be called again after EmptyRoundWait.
func (t Team) Advance(at Position, w Width, now time.Time) Move {
	m := Move{Taken: at}
	steps := t.allowed(w)
	for range steps {
		at = t.next(at, steps)
		step := t.Policy.Steps[at.Step]
		calls, why := t.calls(step, now)
		if len(calls) > 0 {
			m.Taken, m.Calls, m.Lost, m.NextAt = at, calls, why, now.Add(step.Wait)
			return m
		}
		m.Passed = append(m.Passed, Pass{Position: at, Step: t.Policy.Title(at.Step), Why: why})
	}
	m.Taken, m.Nobody = at, true
	return m
}

// allowed lists the indexes of the steps that w permits; never none.
func (t Team) allowed(w Width) []int {
	var wide, narrow []int
	for i, s := range t.Policy.Steps {
		if w.Reach >= 0 && i > w.Reach {
			break
		}
		wide = append(wide, i)
		if !s.PagesEveryone() {
			narrow = append(narrow, i)
		}
	}
	if w.Narrow && len(narrow) > 0 {
		return narrow
	}
	return wide
}

// PagesEveryone reports whether everyone is among the step's targets.
func (s Step) PagesEveryone() bool {
	return slices.ContainsFunc(s.Targets, func(t Target) bool { return t.Kind == Everyone })
}

// WithEveryone is the policy with a last step for everyone, unless it has one.
func (p Policy) WithEveryone() Policy {
	if slices.ContainsFunc(p.Steps, Step.PagesEveryone) {
		return p
	}
	everyone := Step{Name: "everyone, as a last resort", Targets: []Target{{Kind: Everyone}}, Wait: p.Steps[len(p.Steps)-1].Wait}
	p.Steps = append(slices.Clip(p.Steps), everyone)
	return p
}

// next is the position after at among the allowed steps, in the next round if
// this one is through.
func (t Team) next(at Position, steps []int) Position {
	if at.Round == 0 {
		return Position{Round: 1, Step: steps[0]}
	}
	for _, i := range steps {
		if i > at.Step {
			return Position{Round: at.Round, Step: i}
		}
	}
	for _, i := range steps {
		if i >= t.Policy.RepeatFrom {
			return Position{Round: at.Round + 1, Step: i}
		}
	}
	return Position{Round: at.Round + 1, Step: steps[0]}
}

// calls lists the pages of a step, and says why somebody or some channel of
// theirs is not among them.
func (t Team) calls(s Step, now time.Time) (calls []Call, why string) {
	var whys, seen []string
	for _, target := range s.Targets {
		who := t.resolve(target, now)
		if len(who) == 0 {
			whys = append(whys, "nobody is on call in "+target.ID)
		}
		for _, w := range who {
			if slices.Contains(seen, w) {
				continue
			}
			seen = append(seen, w)
			reached, why := t.Contacts(w, now)
			calls = append(calls, reached...)
			if why != "" {
				whys = append(whys, why)
			}
		}
	}
	return calls, strings.Join(whys, "; ")
}

// Names reports whether any step of the policy is for somebody at present,
// whether they can be reached or not.
func (t Team) Names(now time.Time) bool {
	return slices.ContainsFunc(t.Policy.Steps, func(s Step) bool {
		return slices.ContainsFunc(s.Targets, func(target Target) bool { return len(t.resolve(target, now)) > 0 })
	})
}

func (t Team) resolve(target Target, now time.Time) []string {
	switch target.Kind {
	case Schedule:
		return t.Rota.At(target.ID, now)
	case Everyone:
		all := make([]string, 0, len(t.People))
		for id := range t.People {
			all = append(all, id)
		}
		slices.Sort(all)
		return all
	}
	return []string{target.ID}
}

// Contacts lists the calls to one person from now on, and says why some channel
// of theirs, or every one, is not among them; "" if all are. If their first way
// is unreachable the others move up, so that the first is always at once.
func (t Team) Contacts(who string, now time.Time) (calls []Call, why string) {
	p, known := t.People[who]
	if !known {
		return nil, who + " is no longer in the team"
	}
	if len(p.Contact) == 0 {
		return nil, who + " has no phone and no address"
	}
	calls, why = t.ways(who, p, now, t.Down)
	if len(calls) == 0 && t.Down != nil {
		calls, why = t.ways(who, p, now, nil)
	}
	return calls, why
}

// ways lists the calls by those of somebody's channels that are not down.
func (t Team) ways(who string, p Person, now time.Time, down func(Channel) string) (calls []Call, why string) {
	var whys []string
	var lead time.Duration
	for n, c := range p.Contact {
		why := ""
		if t.Unreachable != nil {
			why = t.Unreachable(who, c.Channel)
		}
		if why == "" && down != nil {
			why = down(c.Channel)
		}
		if why != "" {
			if why = fmt.Sprintf("%s's %s: %s", who, c.Channel, why); !slices.Contains(whys, why) {
				whys = append(whys, why)
			}
			continue
		}
		if len(calls) == 0 {
			lead = c.After
		}
		calls = append(calls, Call{Who: who, Channel: c.Channel, N: n, Due: now.Add(c.After - lead)})
	}
	return calls, strings.Join(whys, "; ")
}

// EachWay calls one person once by each of their channels, whatever is believed
// of it: that is how it is found out.
func (t Team) EachWay(who string, now time.Time) Move {
	var m Move
	t.Unreachable, t.Down = nil, nil
	calls, why := t.Contacts(who, now)
	for _, c := range calls {
		if !slices.ContainsFunc(m.Calls, func(d Call) bool { return d.Channel == c.Channel }) {
			c.Due = now
			m.Calls = append(m.Calls, c)
		}
	}
	if len(calls) == 0 {
		m.Passed = []Pass{{Why: why}}
	}
	return m
}

// Title names step i for people.
func (p Policy) Title(i int) string {
	if i < 0 || i >= len(p.Steps) {
		return fmt.Sprintf("step %d", i+1)
	}
	s := p.Steps[i]
	if s.Name != "" {
		return fmt.Sprintf("step %d (%s)", i+1, s.Name)
	}
	names := make([]string, len(s.Targets))
	for j, t := range s.Targets {
		names[j] = t.String()
	}
	return fmt.Sprintf("step %d (%s)", i+1, strings.Join(names, ", "))
}
