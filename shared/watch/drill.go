package watch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/oncall"
)

// hole pages for a hole in the coming hour, and takes that back when there is
// none any more.
func (r *run) hole(ctx context.Context) error {
	if len(r.Config.Coverage.Schedules) == 0 {
		return nil
	}
	near, last := r.near(), r.mind.Hole
	if len(near) == 0 {
		if last.To.IsZero() || len(r.errs) > 0 { // what cannot be read mends nothing
			return nil
		}
		if err := r.raise(ctx, incident.Signal{
			ID:  fmt.Sprintf("%s%s/%d/mended/%d", incident.HolePrefix, last.Schedule, last.From.Unix(), r.now.Unix()/60),
			Key: holeKey(last.Schedule), Kind: incident.KindHole, Hole: &incident.Hole{},
		}); err != nil {
			return err
		}
		r.mind.Hole = incident.Hole{}
		return nil
	}
	h := incident.Hole{Schedule: r.Config.Coverage.Schedules[0], Owner: r.Config.Coverage.Owner, From: near[0].From, To: near[0].To, Why: near[0].Why}
	if same := last.From.Before(h.To) && h.From.Before(last.To); same && h.To.Sub(last.To) < hour {
		return nil
	} else if same {
		h.From = earlier(h.From, last.From)
	}
	if err := r.raise(ctx, incident.Signal{
		ID:  fmt.Sprintf("%s%s/%d-%d", incident.HolePrefix, h.Schedule, h.From.Unix(), h.To.Unix()),
		Key: holeKey(h.Schedule), Kind: incident.KindHole, Hole: &h,
	}); err != nil {
		return err
	}
	r.mind.Hole = h
	return nil
}

func holeKey(schedule string) incident.Key { return incident.HolePrefix + incident.Key(schedule) }

// near lists the holes that begin within the hour.
func (r *run) near() []oncall.Hole {
	return slices.DeleteFunc(r.comingHoles(), func(h oncall.Hole) bool { return h.From.Sub(r.now) > hour })
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (r *run) raise(ctx context.Context, s incident.Signal) error {
	s.At = r.now
	if err := loop.Raise(ctx, r.Store, r.Hints, s); err != nil {
		return fmt.Errorf("raise %s: %w", s.Key, err)
	}
	r.Log.InfoContext(ctx, "raised", "key", s.Key)
	return nil
}

// drill begins the one that is appointed, and tells how those that are over
// have ended.
func (r *run) drill(ctx context.Context) error {
	for _, in := range r.open {
		if in.Rehearsed() && !slices.Contains(r.mind.Drills, in.Key) {
			r.mind.Drills = append(r.mind.Drills, in.Key)
		}
	}
	if err := r.beginDrill(ctx); err != nil {
		return err
	}
	for _, key := range slices.Clone(r.mind.Drills) {
		live, err := r.Store.Load(ctx, key)
		if err != nil {
			return fmt.Errorf("load %s: %w", key, err)
		}
		if live.Incident.ID == "" || live.Incident.Open() {
			continue // its signal is not folded yet, or it goes on
		}
		subject, text := r.drillWords(live.Incident)
		if err := r.Teller.Tell(ctx, subject, text); err != nil {
			return fmt.Errorf("how %s ended is not told, and tried again: %w", key, err)
		}
		r.mind.Drills = slices.DeleteFunc(r.mind.Drills, func(k incident.Key) bool { return k == key })
	}
	return nil
}

func (r *run) beginDrill(ctx context.Context) error {
	d := r.Config.Drill
	if d == nil {
		r.mind.LastDrill = time.Time{}
		return nil
	}
	at := d.Last(r.now)
	switch {
	case r.mind.LastDrill.IsZero(): // newly appointed: what is past is past
		r.mind.LastDrill = at
		return nil
	case !at.After(r.mind.LastDrill):
		return nil
	}
	if why := r.noDrill(at); why != "" {
		text := fmt.Sprintf("The drill of %s was left out: %s. `rouse drill` begins one at once.\n", r.clock(at), why)
		if err := r.Teller.Tell(ctx, r.Config.Service+": the drill was left out", text); err != nil {
			return fmt.Errorf("that the drill was left out is not told: %w", err)
		}
		r.mind.LastDrill = at
		return nil
	}
	key := incident.Key(incident.DrillPrefix + at.UTC().Format("20060102T1504"))
	drill := incident.Drill{Schedule: d.Schedule, Until: r.now.Add(d.Within)}
	if err := r.raise(ctx, incident.Signal{ID: string(key), Key: key, Kind: incident.KindDrill, Drill: &drill}); err != nil {
		return err
	}
	r.mind.LastDrill = at
	r.mind.Drills = append(r.mind.Drills, key)
	return nil
}

// noDrill says why the drill appointed for an instant must not begin; "" if it
// may.
func (r *run) noDrill(at time.Time) string {
	if r.now.Sub(at) > drillLate {
		return "nobody was there to begin it"
	}
	for _, in := range r.open {
		if in.State == incident.Triggered && !in.Rehearsed() {
			return fmt.Sprintf("people were being paged for incident %s", in.ID)
		}
	}
	return ""
}

// drillWords tells how a drill ended.
func (r *run) drillWords(in incident.Incident) (subject, text string) {
	var b strings.Builder
	fmt.Fprintf(&b, "Drill of %s:\n\n", r.clock(in.Opened))
	silent := in.Unanswered()
	seen := map[string]bool{}
	for _, p := range in.Paged {
		if seen[p.Who] {
			continue
		}
		seen[p.Who] = true
		name := p.Who
		if known, ok := r.Config.Responders[p.Who]; ok {
			name = known.Name
		}
		if p.Answered.IsZero() {
			fmt.Fprintf(&b, "%s did not answer.\n", name)
		} else {
			fmt.Fprintf(&b, "%s answered after %s.\n", name, p.Answered.Sub(in.Opened).Round(time.Second))
		}
	}
	what := "everybody answered"
	switch {
	case len(in.Paged) == 0:
		what = "nobody was reached"
		fmt.Fprintf(&b, "Nobody could be paged. `rouse timeline %s` says why.\n", in.ID)
	case len(silent) > 0:
		what = strings.Join(silent, ", ") + " did not answer"
		fmt.Fprintf(&b, "\nWould the page have woken them? `rouse doctor` looks at their channels; `rouse contact-card` lets the number through Do Not Disturb.\n")
	}
	return fmt.Sprintf("%s drill: %s", r.Config.Service, what), b.String()
}
