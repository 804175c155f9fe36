package config

import (
	"slices"
	"time"

	"rouse/shared/escalation"
)

// firstTakenMax is how long a step may be behind the steps before it: nobody
// new is woken for longer than that.
const firstTakenMax = 4 * time.Hour

// A placed step is one of a policy, at its place in the file.
type placedStep struct {
	escalation.Step
	at    value         // of its page
	after time.Duration // the waits before it
}

// A placed delay is a contact rule that is not at once, at its place.
type placedDelay struct {
	who   string
	at    value
	after time.Duration
}

// silence refuses what would wake nobody, or not in time, though each part of it
// is sound.
func (b *builder) silence() {
	for _, s := range b.steps {
		if len(s.Targets) > 0 && !slices.ContainsFunc(s.Targets, func(t escalation.Target) bool { return !b.holdsNobody(t) }) {
			s.at.fault("%s has neither layers nor overrides, so this step never reaches anybody; give it a layer, or page somebody else", s.Targets[0])
		}
		if s.after > firstTakenMax {
			s.at.fault("this step is first taken after %s; shorten the waits before it to %s together, so that somebody new is woken before the night is over",
				durationText(s.after), durationText(firstTakenMax))
		}
	}
	for _, d := range b.delays {
		var longest time.Duration
		for _, s := range b.steps {
			if slices.ContainsFunc(s.Targets, func(t escalation.Target) bool { return b.mayPage(t, d.who) }) {
				longest = max(longest, s.Wait)
			}
		}
		if longest > 0 && d.after >= longest {
			d.at.fault("no step that pages %s waits longer than %s, so this page would come when others are being woken already; write less, or let a step wait longer",
				d.who, durationText(longest))
		}
	}
}

// holdsNobody reports whether t is a schedule in which nobody can ever be.
func (b *builder) holdsNobody(t escalation.Target) bool {
	s, known := b.c.Rota.Schedules[t.ID]
	return t.Kind == escalation.Schedule && known && len(s.Layers) == 0 && len(s.Overrides) == 0
}

// mayPage reports whether a target pages somebody, at any time.
func (b *builder) mayPage(t escalation.Target, who string) bool {
	switch t.Kind {
	case escalation.Everyone:
		return true
	case escalation.Responder:
		return t.ID == who
	}
	s := b.c.Rota.Schedules[t.ID]
	for _, l := range s.Layers {
		for _, m := range l.Rotation {
			if slices.Contains(m.Who, who) {
				return true
			}
		}
	}
	for _, o := range s.Overrides {
		if slices.Contains(o.Who, who) {
			return true
		}
	}
	return false
}
