package main

import "testing"

// All that can be wrong with a rota is told at once, with its line and the
// cure, and by every command that would go by it.
func TestABadRotaIsRefusedWhole(t *testing.T) {
	const bad = `service: Newsroom
responders:
  ana: {phone: "+13105550100", zone: America/Chicago, away: [{ics: none.ics}, {from: 2026-05-02, to: 2026-05-01}]}
  bo: {phone: "+13105550101"}
schedules:
  primary:
    zone: America/Chicago
    layers:
      - {name: typo, rotation: [anna], every: 1w, start: 2026-01-05T09:00}
      - {name: nobody, rotation: [], every: 1w, start: 2026-01-05T09:00}
      - {name: zero, rotation: [bo], every: 0h, start: 2026-01-05T09:00}
      - {name: gap, rotation: [bo], every: 1w, start: 2026-03-08T02:30}
    overrides:
      - {who: ana, from: 2026-12-02T01:00, to: 2026-12-01T17:00}
      - {who: ana, from: 2026-12-10T17:00, to: 2026-12-11T01:00}
      - {who: bo, from: 2026-12-11T00:00, to: 2026-12-11T03:00}
policies: {default: {steps: [{page: [schedule/prime]}]}}
`
	inFolder(t, map[string]string{"rouse.yaml": bad})
	const want = `rouse.yaml:3:68: responders.ana.away[0].ics: there is no none.ics; write the path of the calendar relative to rouse.yaml
rouse.yaml:3:102: responders.ana.away[1].to: is not after from (2026-05-02T00:00); write a later time
rouse.yaml:9:33: schedules.primary.layers[0].rotation[0]: there is no responder "anna"; did you mean "ana"?
rouse.yaml:10:34: schedules.primary.layers[1].rotation: is an empty list; write at least one entry, like [ana]
rouse.yaml:11:45: schedules.primary.layers[2].every: "0h" is not a length for a turn; write at least one hour, day, week or month, like 12h, 1d, 2w or 1mo
rouse.yaml:12:55: schedules.primary.layers[3].start: 2026-03-08T02:30 does not exist in America/Chicago, where clocks are put forward then; write 2026-03-08T03:00
rouse.yaml:14:48: schedules.primary.overrides[0].to: is not after from (2026-12-02T01:00); write a later time
rouse.yaml:16:9: schedules.primary.overrides[2]: overlaps the override of line 15, from 2026-12-11T00:00 to 2026-12-11T01:00; let one end where the other begins
rouse.yaml:17:38: policies.default.steps[0].page[0]: there is no schedule "prime"; the only one known is primary
`
	for _, command := range []string{"config", "who", "shifts", "coverage", "calendar", "override", "away"} {
		if got := rouse(t, "", command); got != (result{1, "", want}) {
			t.Errorf("rouse %s: status %d, stdout %s, stderr\n%s\nwant\n%s", command, got.status, got.stdout, got.stderr, want)
		}
	}
}
