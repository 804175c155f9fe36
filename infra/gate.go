package main

import (
	"fmt"
	"strings"
	"time"

	"rouse/shared/config"
	"rouse/shared/oncall/picture"
)

// A holeError says that nobody would be woken, when, and where to mend it.
type holeError struct{ text string }

func (e *holeError) Error() string { return e.text }

// gate refuses to deploy a rota that leaves an instant uncovered within
// coverage.gate of now: the hole is to be found today, by whoever deploys, and
// not at night by a customer. The error, a *holeError, shows the picture; path
// is the file's.
func gate(team *config.Config, path string, now time.Time) error {
	end := now.Add(team.Coverage.Gate)
	holes := team.Holes(now, end)
	if len(holes) == 0 {
		return nil
	}
	zone := team.Rota.Schedules[team.Coverage.Schedules[0]].Zone
	if owner, ok := team.Responders[team.Coverage.Owner]; ok {
		zone = owner.Zone
	}
	if zone == nil {
		zone = time.UTC
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Not deployed: this rota leaves hours in which nobody would be woken.\n\n")
	b.WriteString(picture.Text(picture.Plan{
		Rota: team.Rota, Schedules: team.Coverage.Schedules, From: now, To: end, Holes: holes, Zone: zone,
	}, picture.TextOptions{}))
	b.WriteString("\nPut somebody there, or write down under coverage.accept why it is to stay:\n")
	for _, h := range holes {
		at := team.Mend(h)
		line, column := team.Position(at)
		fmt.Fprintf(&b, "%s:%d:%d: %s, for the hole of %s\n", path, line, column, at, h.From.In(zone).Format("Mon 2 Jan 15:04"))
	}
	return &holeError{strings.TrimSuffix(b.String(), "\n")}
}
