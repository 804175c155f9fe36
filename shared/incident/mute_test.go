package incident_test

import (
	"testing"
	"time"

	"rouse/shared/incident"
)

// While it is held it is due again when the mute ends, and no sooner.
func TestHeldIsDueWhenTheMuteEnds(t *testing.T) {
	end := start.Add(5 * time.Hour)
	r := rules
	r.Muted = func(string) time.Time { return end }
	c := incident.Change{}
	c.Apply(incident.Signal{ID: "s", Key: "login", At: start, Check: &incident.CheckSignal{Check: "login", Evidence: incident.Evidence{Red: true}}}, r, start)
	c.Apply(incident.Signal{ID: "t", Key: "login", At: start, Tap: &incident.TapSignal{Action: incident.ActResolve, Who: "ana"}}, r, start)
	c.Pass(r, start.Add(35*time.Minute))
	if due := c.After.Due(); !due.Equal(end) || !c.After.SettlesAt().Equal(end) {
		t.Errorf("due %v, settles %v, want %v", due, c.After.SettlesAt(), end)
	}
	if last := c.Events[len(c.Events)-1]; last.Kind != "held" || last.Why != "still fails, and is muted for another 4h25m0s" {
		t.Errorf("the timeline says %+v", last)
	}
}
