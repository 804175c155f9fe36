package main

import (
	"fmt"
	"strings"
	"time"

	"rouse/shared/config"
)

// gate refuses to deploy a rota that leaves a minute uncovered within
// coverage.gate of now: the hole is to be found today, by whoever deploys, and
// not at night by a customer.
func gate(team *config.Config, now time.Time) error {
	holes := team.Holes(now, now.Add(team.Coverage.Gate))
	if len(holes) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "nobody would be woken: the rota has %d hole(s) in the next %s\n", len(holes), team.Coverage.Gate)
	for _, h := range holes {
		line, _ := team.Position(team.Mend(h))
		fmt.Fprintf(&b, "\n  %s to %s: %s (rouse.yaml, line %d)", h.From.Format("Mon 2 Jan 15:04 MST"), h.To.Format("Mon 2 Jan 15:04 MST"), h.Why, line)
	}
	b.WriteString("\n\nCover these hours, or accept them under coverage.accept with a reason. `rouse coverage` shows more.")
	return fmt.Errorf("%s", b.String())
}
