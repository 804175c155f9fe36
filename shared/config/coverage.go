package config

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"rouse/shared/oncall"
)

// WithRota returns c with another rota, such as one that was amended since the
// deployment.
func (c *Config) WithRota(r oncall.Rota) *Config {
	amended := *c
	amended.Rota = r
	return &amended
}

// Holes returns the times in the window that the team has not accepted and in
// which nobody in Coverage.Schedules who can be reached is on call. A team
// whose policies page no schedule first has no rota to be held to, and so no
// holes.
func (c *Config) Holes(from, to time.Time) []oncall.Hole { return c.HolesBy(from, to, c.configured) }

// HolesBy is Holes for whoever knows better than the file who can be reached.
func (c *Config) HolesBy(from, to time.Time, reachable oncall.Reachable) []oncall.Hole {
	var left []oncall.Hole
	for _, h := range c.allHoles(from, to, reachable) {
		left = append(left, c.unaccepted(h)...)
	}
	return left
}

// AllHoles is Holes with those that the team has accepted.
func (c *Config) AllHoles(from, to time.Time) []oncall.Hole {
	return c.allHoles(from, to, c.configured)
}

func (c *Config) allHoles(from, to time.Time, reachable oncall.Reachable) []oncall.Hole {
	if len(c.Coverage.Schedules) == 0 {
		return nil
	}
	return c.Rota.Holes(c.Coverage.Schedules, from, to, reachable)
}

// configured reports whether somebody has any way to be paged at all; whether
// it works is not for the file to know.
func (c *Config) configured(who string) (bool, string) {
	if len(c.Responders[who].Contact) == 0 {
		return false, "no phone and no address"
	}
	return true, ""
}

// unaccepted returns what remains of a hole outside of what is accepted.
func (c *Config) unaccepted(h oncall.Hole) []oncall.Hole {
	accepted := slices.Clone(c.Coverage.Accept)
	slices.SortFunc(accepted, func(a, b Acceptance) int { return a.From.Compare(b.From) })
	var left []oncall.Hole
	from := h.From
	for _, a := range accepted {
		if a.From.Before(h.To) && from.Before(a.From) {
			left = append(left, oncall.Hole{From: from, To: a.From.In(from.Location()), Why: h.Why})
		}
		if a.From.Before(h.To) && from.Before(a.To) {
			from = a.To.In(from.Location())
		}
	}
	if from.Before(h.To) {
		left = append(left, oncall.Hole{From: from, To: h.To, Why: h.Why})
	}
	return left
}

// Mend returns the path in the file, for Position, of what most likely opened
// a hole: the away time of somebody who would have held it, or the layer that
// ended when it began. It is "" if that is an away time which is not in the
// file, but was made since the deployment.
func (c *Config) Mend(h oncall.Hole) string {
	for _, who := range slices.Sorted(maps.Keys(c.Rota.People)) {
		for i, away := range c.Rota.People[who].Away {
			if h.From.Before(away.From) || !away.To.IsZero() && !h.From.Before(away.To) || !c.heldIfPresent(who, h.From) {
				continue
			}
			if items := c.awayItems[who]; i < len(items) {
				return fmt.Sprintf("responders.%s.away[%d]", who, items[i])
			}
			return ""
		}
	}
	for _, schedule := range c.Coverage.Schedules {
		for i, lane := range c.Rota.Lanes(schedule, h.From.Add(-time.Second), h.From.Add(time.Second)) {
			ends := len(lane.Shifts) == 2 && len(lane.Shifts[0].Who) > 0 && len(lane.Shifts[1].Who) == 0
			if layers := c.Rota.Schedules[schedule].Layers; ends && i < len(layers) {
				return fmt.Sprintf("schedules.%s.layers[%d]", schedule, i)
			}
		}
	}
	return "schedules." + c.Coverage.Schedules[0]
}

// heldIfPresent reports whether somebody would be on call at t if who were not
// away.
func (c *Config) heldIfPresent(who string, t time.Time) bool {
	rota := c.Rota
	rota.People = maps.Clone(rota.People)
	p := rota.People[who]
	p.Away = nil
	rota.People[who] = p
	return slices.ContainsFunc(c.Coverage.Schedules, func(schedule string) bool { return len(rota.At(schedule, t)) > 0 })
}
