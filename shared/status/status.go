// Package status is the public face: how the service is, for whoever asks.
//
// It says by itself no more than what the checks and the incidents' states do:
// that there is trouble, that it looks recovered, that none is seen, or that
// nobody looks. What broke, for whom and until when only people say, in their
// own words, and those are shown as they were sent to the customers who wrote.
// An incident that is only suspected is not shown, so that a stranger's mail
// changes nothing here; nor are people, customers, checks or causes.
package status

import (
	"context"
	"slices"
	"time"

	"rouse/shared/config"
	"rouse/shared/history"
	"rouse/shared/incident"
)

// A Store tells what the page shows.
type Store interface {
	history.Store
	// Open lists the incidents that have not settled.
	Open(ctx context.Context) ([]incident.Incident, error)
	// Timeline lists the events of an incident, oldest first.
	Timeline(ctx context.Context, id incident.ID) ([]incident.Event, error)
}

// A State is how a component is, as far as the page says it.
type State string

const (
	Trouble   State = "trouble"
	Recovered State = "recovered" // looks recovered; not "fixed"
	Unsure    State = "unsure"    // some of the last tries failed, which is no verdict yet
	Well      State = "well"      // no trouble is seen
	Unknown   State = "unknown"   // nobody looks
)

// Words are the state for people.
func (s State) Words() string {
	return map[State]string{Trouble: "Trouble", Recovered: "Looks recovered", Unsure: "Some tries failed", Well: "No trouble seen", Unknown: "Not checked"}[s]
}

// A Page is the status at one instant.
type Page struct {
	Title      string
	At         time.Time
	Zone       *time.Location // by whose clock people read it
	Components []Component    // in the order of rouse.yaml
	Incidents  []Incident     // that are open and shown, the latest first
}

// A Component is a capability.
type Component struct {
	Name  string
	State State
	Days  []Day   // DaysShown of them by UTC, the oldest first
	Up    float64 // share of the time seen in those days, from 0 to 1
	Known bool    // false: nobody looked in all that time, and Up means nothing
}

// A Day is what the worst of a capability's checks saw of a day.
type Day struct {
	From  time.Time
	Up    float64
	Known bool
}

// An Incident is an open incident as the public may know it.
type Incident struct {
	ID    incident.ID
	Title string // the capability; "" if it is about none
	State State
	Since time.Time
	Words []Words // the latest first
}

// Words are an engineer's own.
type Words struct {
	At   time.Time
	Text string
}

// DaysShown is how far back the page looks.
const DaysShown = 90

const day = 24 * time.Hour

// fresh is how recently somebody must have looked for "no trouble seen", and
// for how long no try may have failed.
const fresh = 10 * time.Minute

// Look gathers the page. c has a StatusPage.
func Look(ctx context.Context, c *config.Config, store Store, now time.Time) (Page, error) {
	p := Page{Title: c.StatusPage.Title, At: now, Zone: c.Zone()}
	open, err := store.Open(ctx)
	if err != nil {
		return p, err
	}
	for _, in := range open {
		shown, ok, err := public(ctx, store, in)
		if err != nil {
			return p, err
		}
		if ok {
			p.Incidents = append(p.Incidents, shown)
		}
	}
	slices.SortStableFunc(p.Incidents, func(a, b Incident) int { return b.Since.Compare(a.Since) })
	for _, capability := range c.Capabilities {
		k, err := component(ctx, c, store, capability.Name, now)
		if err != nil {
			return p, err
		}
		for _, in := range p.Incidents {
			if in.Title == k.Name && k.State != Trouble {
				k.State = in.State
			}
		}
		p.Components = append(p.Components, k)
	}
	return p, nil
}

// public is what may be known of an incident; false: nothing.
func public(ctx context.Context, store Store, in incident.Incident) (shown Incident, ok bool, err error) {
	if in.Rehearsed() || !in.Hole.To.IsZero() {
		return shown, false, nil
	}
	events, err := store.Timeline(ctx, in.ID)
	if err != nil {
		return shown, false, err
	}
	// Who it is about may be its title; only a capability is the public's.
	shown = Incident{ID: in.ID, Title: in.Capability, State: Trouble, Since: in.Opened}
	if !in.RecoveredAt.IsZero() || in.State == incident.Resolved {
		shown.State = Recovered
	}
	for _, e := range slices.Backward(events) {
		if e.Kind == "words" {
			shown.Words = append(shown.Words, Words{e.At, e.Why})
		}
	}
	automatic := in.Severity == incident.Confirmed && in.Capability != ""
	return shown, automatic || len(shown.Words) > 0, nil
}

// component is a capability as its checks see it.
func component(ctx context.Context, c *config.Config, store Store, name string, now time.Time) (Component, error) {
	k := Component{Name: name, State: Unknown}
	today := now.UTC().Truncate(day)
	first := today.Add(-(DaysShown - 1) * day)
	for i := range DaysShown {
		k.Days = append(k.Days, Day{From: first.Add(time.Duration(i) * day)})
	}
	for _, check := range c.Checks {
		if check.Capability != name {
			continue
		}
		h, err := store.History(ctx, check.Name, first, now.Add(time.Minute))
		if err != nil {
			return k, err
		}
		for _, m := range h.Minutes {
			switch {
			case now.Sub(m.End()) >= fresh:
			case m.Failed > 0:
				k.State = Unsure
			case k.State == Unknown:
				k.State = Well
			}
		}
		for _, b := range h.Days() {
			i := int(b.From.Sub(first) / day)
			up, known := b.Up()
			if i < 0 || i >= DaysShown || !known {
				continue
			}
			if d := &k.Days[i]; !d.Known || up < d.Up {
				d.Up, d.Known = up, true
			}
		}
		if up, known := history.Sum(h.Hours).Up(); known && (!k.Known || up < k.Up) {
			k.Up, k.Known = up, true
		}
	}
	return k, nil
}
