// Package story tells afterwards what became of an incident: its figures, and
// in which stretches of time nobody had it, who should have been awake then,
// who was paged and silent, and why.
//
// It reads nothing but the timeline and the rota. Who should have been awake is
// what the rota says today: a rouse.yaml that was changed since tells another
// story, which is why an incident remembers its configuration.
package story

import (
	"slices"
	"strings"
	"time"

	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/oncall"
)

// A Night is everything that a story rests on.
type Night struct {
	// Incident may be as little as a Key: what it does not know the timeline tells.
	Incident incident.Incident
	Events   []incident.Event  // the timeline, in any order
	Rota     oncall.Rota       // with what was amended
	Policy   escalation.Policy // of the incident; without steps nobody should have been awake
	Now      time.Time         // how far to tell what is not over
}

// A Story is what became of an incident.
type Story struct {
	Incident incident.Incident
	Events   []incident.Event // oldest first
	Figures  Figures
	Gaps     []Gap // when nobody had it, in order; none of a drill
}

// Figures are when things first happened; zero if they have not.
type Figures struct {
	Began        time.Time // the first evidence
	Opened       time.Time // detected
	Paged        time.Time // a page was accepted for somebody
	Acknowledged time.Time
	Wrote        time.Time // a customer did
	Answered     time.Time // a person answered them
	Resolved     time.Time // the last time
	Settled      time.Time
	Uncovered    time.Duration // in which nobody had it, in all
}

// A Gap is a time in which nobody had the incident.
type Gap struct {
	From, To  time.Time      // To is exclusive; Night.Now if it lasts
	Began     incident.Event // what began it
	Ended     incident.Event // what ended it; the zero Event if it lasts
	Stretches []Stretch      // together exactly the gap
}

// A Stretch is a part of a gap in which it was the same people's business.
type Stretch struct {
	From, To time.Time
	Unseen   bool     // Rouse had not detected it yet
	Expected []string // whom the policy's first step wakes: sorted responder ids
	Hole     string   // why the rota has nobody there; "" if it has
	Silent   []string // were paged by then, and had not answered
	Declined []string // had said that they cannot
	Missed   []string // each page to them had failed
}

// Tell tells the night, in whole seconds.
func Tell(n Night) Story {
	s := Story{Incident: n.Incident, Events: slices.Clone(n.Events)}
	slices.SortStableFunc(s.Events, func(a, b incident.Event) int { return a.At.Compare(b.At) })
	for i := range s.Events {
		s.Events[i].At = second(s.Events[i].At)
	}
	n.Now = second(n.Now)
	s.Figures = figures(n.Incident, s.Events)
	if strings.HasPrefix(string(n.Incident.Key), incident.DrillPrefix) {
		return s
	}
	for _, g := range gaps(s.Events, s.Figures, n.Now) {
		g.Stretches = n.stretches(g, s.Events, s.Figures)
		s.Figures.Uncovered += g.To.Sub(g.From)
		s.Gaps = append(s.Gaps, g)
	}
	return s
}

// second is the whole second that t lies in, as the rota counts time: nobody
// should have been awake for a fraction of one.
func second(t time.Time) time.Time { return t.Truncate(time.Second) }

func figures(in incident.Incident, events []incident.Event) Figures {
	f := Figures{Began: second(in.Began), Opened: second(in.Opened)}
	first := func(t *time.Time, at time.Time) {
		if t.IsZero() {
			*t = at
		}
	}
	if len(events) > 0 {
		first(&f.Began, events[0].At)
	}
	for _, e := range events {
		switch e.Kind {
		case "opened":
			first(&f.Opened, e.At)
		case "paged":
			first(&f.Paged, e.At)
		case "acknowledged":
			first(&f.Acknowledged, e.At)
		case "report":
			first(&f.Wrote, e.At)
		case "answered", "words":
			if !f.Wrote.IsZero() {
				first(&f.Answered, e.At)
			}
		case "resolved":
			f.Resolved = e.At
		case "reopened":
			f.Resolved = time.Time{}
		case "settled":
			f.Settled = e.At
		}
	}
	return f
}

// gaps are the times in which nobody had it, without their stretches. The first
// begins with the first evidence: nobody had it either while nobody knew.
func gaps(events []incident.Event, f Figures, now time.Time) []Gap {
	var all []Gap
	open, owner := false, ""
	begin := func(e incident.Event, from time.Time) {
		if owner = ""; !open {
			all, open = append(all, Gap{From: from, Began: e}), true
		}
	}
	end := func(e incident.Event) {
		if open {
			g := &all[len(all)-1]
			g.To, g.Ended, open = e.At, e, false
		}
	}
	for _, e := range events {
		switch {
		case e.Kind == "opened":
			from := e.At
			if f.Began.Before(from) {
				from = f.Began
			}
			begin(e, from)
		case e.Kind == "reopened":
			begin(e, e.At)
		case (e.Kind == "silent" || e.Kind == "next") && e.Who != "" && e.Who == owner:
			begin(e, e.At)
		case e.Kind == "acknowledged":
			owner = e.Who
			end(e)
		case e.Kind == "passed":
			owner = strings.TrimPrefix(e.Why, "to ")
			end(e)
		case e.Kind == "resolved" || e.Kind == "settled":
			owner = ""
			end(e)
		}
	}
	if open {
		g := &all[len(all)-1]
		if g.To = now; g.To.Before(g.From) {
			g.To = g.From
		}
	}
	return slices.DeleteFunc(all, func(g Gap) bool { return !g.From.Before(g.To) })
}

// together is how close pages are that went out at once: they begin one stretch.
const together = 10 * time.Second

// stretches cuts a gap where another's business begins: at a change of shifts,
// at detection, and when people are paged or decline.
func (n Night) stretches(g Gap, events []incident.Event, f Figures) []Stretch {
	within := slices.DeleteFunc(slices.Clone(events), func(e incident.Event) bool {
		return e.At.Before(g.From) || !e.At.Before(g.To)
	})
	hard := n.handoffs(g)
	if f.Opened.After(g.From) && f.Opened.Before(g.To) {
		hard = append(hard, f.Opened)
	}
	slices.SortFunc(hard, time.Time.Compare)
	var soft []time.Time
	for _, e := range within {
		if e.Kind == "paged" || e.Kind == "page failed" || e.Kind == "next" {
			soft = append(soft, e.At)
		}
	}
	cuts := slices.Concat([]time.Time{g.From}, hard)
	for _, t := range soft {
		near := func(c time.Time) bool { return !t.Before(c) && t.Sub(c) < together }
		if !slices.ContainsFunc(cuts, near) {
			cuts = append(cuts, t)
		}
	}
	slices.SortFunc(cuts, time.Time.Compare)
	cuts = slices.CompactFunc(cuts, time.Time.Equal)

	var all []Stretch
	for i, from := range cuts {
		to := g.To
		if i+1 < len(cuts) {
			to = cuts[i+1]
		}
		s := Stretch{From: from, To: to, Unseen: from.Before(f.Opened)}
		s.Expected = n.expected(from)
		if len(s.Expected) == 0 {
			s.Hole = n.hole(from, to)
		}
		s.people(g, within)
		if last := len(all) - 1; last >= 0 && all[last].same(s) {
			all[last].To = s.To
			continue
		}
		all = append(all, s)
	}
	return all
}

// people fills in what those who were paged had done at the stretch's beginning.
func (s *Stretch) people(g Gap, within []incident.Event) {
	add := func(list *[]string, who string) {
		if who != "" && !slices.Contains(*list, who) {
			*list = append(*list, who)
		}
	}
	switch g.Began.Kind {
	case "silent":
		add(&s.Silent, g.Began.Who)
	case "next":
		add(&s.Declined, g.Began.Who)
	}
	for _, e := range within {
		// Whom the page that began the stretch woke is told of in it.
		if !e.At.Before(s.To) || e.At.Sub(s.From) >= together {
			break
		}
		switch e.Kind {
		case "paged":
			add(&s.Silent, e.Who)
		case "page failed":
			add(&s.Missed, e.Who)
		case "next":
			add(&s.Declined, e.Who)
		}
	}
	s.Silent = slices.DeleteFunc(s.Silent, func(who string) bool { return slices.Contains(s.Declined, who) })
	s.Missed = slices.DeleteFunc(s.Missed, func(who string) bool {
		return slices.Contains(s.Silent, who) || slices.Contains(s.Declined, who)
	})
	slices.Sort(s.Silent)
	slices.Sort(s.Declined)
	slices.Sort(s.Missed)
}

// same reports whether nothing but the time differs.
func (s Stretch) same(t Stretch) bool {
	return s.Unseen == t.Unseen && s.Hole == t.Hole && slices.Equal(s.Expected, t.Expected) &&
		slices.Equal(s.Silent, t.Silent) && slices.Equal(s.Declined, t.Declined) && slices.Equal(s.Missed, t.Missed)
}

// first are the targets of the policy's first step, or who alone answers for a
// hole in the rota.
func (n Night) first() []escalation.Target {
	if owner := n.Incident.Hole.Owner; owner != "" {
		return []escalation.Target{{ID: owner}}
	}
	if len(n.Policy.Steps) == 0 {
		return nil
	}
	return n.Policy.Steps[0].Targets
}

// schedules are those that the first step pages.
func (n Night) schedules() []string {
	var ids []string
	for _, t := range n.first() {
		if t.Kind == escalation.Schedule {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// expected are those whom the first step wakes at t, sorted.
func (n Night) expected(t time.Time) []string {
	var who []string
	for _, target := range n.first() {
		switch target.Kind {
		case escalation.Schedule:
			who = append(who, n.Rota.At(target.ID, t)...)
		case escalation.Everyone:
			for id := range n.Rota.People {
				who = append(who, id)
			}
		default:
			who = append(who, target.ID)
		}
	}
	slices.Sort(who)
	return slices.Compact(who)
}

// handoffs are the instants within the gap at which others are expected.
func (n Night) handoffs(g Gap) []time.Time {
	var all []time.Time
	for _, id := range n.schedules() {
		for _, shift := range n.Rota.Shifts(id, g.From, g.To) {
			if shift.From.After(g.From) {
				all = append(all, shift.From)
			}
		}
	}
	return all
}

// holeSince is how far back a hole's reasons are looked for: what opened it is
// often hours old.
const holeSince = 24 * time.Hour

// hole says why nobody is on call in a stretch.
func (n Night) hole(from, to time.Time) string {
	if len(n.schedules()) == 0 {
		return "the policy wakes nobody first"
	}
	for _, h := range n.Rota.Holes(n.schedules(), from.Add(-holeSince), to, nil) {
		if !h.From.After(from) && from.Before(h.To) {
			return h.Why
		}
	}
	return "the rota has nobody"
}
