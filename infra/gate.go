package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"rouse/shared/config"
	"rouse/shared/oncall"
	"rouse/shared/oncall/picture"
)

// A holeError says that nobody would be woken, when, and where to mend it.
type holeError struct{ text string }

func (e *holeError) Error() string { return e.text }

// gate refuses to deploy a rota that leaves an instant uncovered within
// coverage.gate of now: the hole is to be found today, by whoever deploys, and
// not at night by a customer. The error, a *holeError, shows the picture, by
// the owner's clock; path is the file's.
//
// What passes all the same is told on out: holes that come later within
// coverage.horizon, holes that were accepted, and that there is no rota to
// judge. Nothing that is overruled is overruled in silence.
func gate(team *config.Config, path string, now time.Time, out io.Writer) error {
	horizon := now.Add(team.Coverage.Horizon)
	if len(team.Coverage.Schedules) == 0 {
		fmt.Fprintln(out, "No policy pages a schedule first, so no rota was searched for holes.")
		return nil
	}
	g := gatekeeper{team: team, path: path, zone: zoneOf(team)}
	for _, a := range team.Coverage.Accept {
		if a.From.Before(horizon) && now.Before(a.To) {
			fmt.Fprintf(out, "Accepted: nobody need be woken from %s to %s (%s)\n", g.local(a.From), g.local(a.To), a.Why)
		}
	}
	var near, later []oncall.Hole
	for _, h := range team.Holes(now, horizon) {
		if h.From.Before(now.Add(team.Coverage.Gate)) {
			near = append(near, h)
		} else {
			later = append(later, h)
		}
	}
	if len(later) > 0 {
		fmt.Fprintf(out, "Later, but until %s: hours in which nobody would be woken. They will close the gate when they are %s near.\n",
			g.local(horizon), days(team.Coverage.Gate))
		for _, h := range later {
			fmt.Fprintf(out, "  from %s to %s: %s\n    %s\n", g.local(h.From), g.local(h.To), h.Why, g.mend(h))
		}
	}
	if len(near) == 0 {
		return nil
	}
	return &holeError{g.refusal(near, now)}
}

// A gatekeeper words what is wrong with a team's rota.
type gatekeeper struct {
	team *config.Config
	path string
	zone *time.Location
}

func (g gatekeeper) refusal(holes []oncall.Hole, now time.Time) string {
	end := now.Add(g.team.Coverage.Gate)
	if last := holes[len(holes)-1].To; last.After(end) {
		end = last // the whole hole is drawn
	}
	var b strings.Builder
	b.WriteString("Not deployed: this rota leaves hours in which nobody would be woken.\n\n")
	b.WriteString(picture.Text(picture.Plan{
		Rota: g.team.Rota, Schedules: g.team.Coverage.Schedules, From: now, To: end, Holes: holes, Zone: g.zone,
	}, picture.TextOptions{}))
	b.WriteString("\nPut somebody there, or write down under coverage.accept why it is to stay:\n")
	for _, h := range holes {
		fmt.Fprintf(&b, "%s, for the hole of %s\n", g.mend(h), g.local(h.From))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// mend names the line that most likely opened a hole.
func (g gatekeeper) mend(h oncall.Hole) string {
	at := g.team.Mend(h)
	line, column := g.team.Position(at)
	return fmt.Sprintf("%s:%d:%d: %s", g.path, line, column, at)
}

func (g gatekeeper) local(t time.Time) string { return t.In(g.zone).Format("Mon 2 Jan 2006 15:04 MST") }

// zoneOf is by whose clock holes are told: the owner's or, without one, the
// first schedule's.
func zoneOf(team *config.Config) *time.Location {
	if owner, ok := team.Responders[team.Coverage.Owner]; ok {
		return owner.Zone
	}
	if zone := team.Rota.Schedules[team.Coverage.Schedules[0]].Zone; zone != nil {
		return zone
	}
	return time.UTC
}

// days writes a length of days and hours.
func days(d time.Duration) string {
	if n := d / (24 * time.Hour); d%(24*time.Hour) == 0 && n != 1 {
		return fmt.Sprintf("%d days", n)
	}
	return fmt.Sprintf("%g hours", d.Hours())
}
