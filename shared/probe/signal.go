package probe

import (
	"time"

	"rouse/shared/check"
	"rouse/shared/incident"
	"rouse/shared/oncall"
)

// Signal is the transition as the loop hears of it, with times in words by the
// clock of zone. It belongs to the check's capability, or to the check alone if
// it has none.
func (t Transition) Signal(zone *time.Location) incident.Signal {
	key := incident.Key(t.Capability)
	if key == "" {
		key = incident.Key("check/" + t.Check)
	}
	e := incident.Evidence{
		Status: string(t.Status), Words: t.Words(zone), Zone: oncall.ZoneName(zone), Short: t.Evidence.Short(), Since: t.At,
		Red: t.State.Red() || t.Kind == check.Lost,
	}
	switch t.Kind {
	case check.Opened, check.Worse, check.Relapsed:
		e.Red, e.Since = true, t.Evidence.First
	case check.Recovered:
		e.Red, e.Since, e.WellSince = true, t.Evidence.First, t.Since
	case check.Well:
		e.Red, e.Since = false, t.Since
	}
	return incident.Signal{
		ID: t.ID, Key: key, Kind: incident.KindCheck, At: t.At,
		Check: &incident.CheckSignal{Check: t.Check, Capability: t.Capability, Evidence: e, LastBad: t.State.Bad},
	}
}
