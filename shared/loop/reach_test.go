package loop_test

import (
	"slices"
	"testing"

	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// A channel that reaches nobody is passed over, for the steps and for the
// owner, and the timeline says so.
func TestUnreachableChannelsAreToldOf(t *testing.T) {
	tm := team()
	tm.Unreachable = func(who string, c escalation.Channel) string {
		if who == "ana" && c == escalation.SMS {
			return "the number has opted out"
		}
		return ""
	}
	told := func(c loop.Change, why string) {
		t.Helper()
		if !slices.ContainsFunc(c.Events, func(e incident.Event) bool { return e.Kind == "passed over" && e.Why == why }) {
			t.Errorf("the timeline does not say %q: %v", why, c.Events)
		}
		for _, p := range c.Pages {
			if p.Who == "ana" && (p.Channel != "email" || !p.Due.Equal(start)) {
				t.Errorf("page by %s at %s, want one by e-mail at once", p.Channel, p.Due)
			}
		}
		if len(c.Pages) == 0 {
			t.Error("nobody is paged")
		}
	}
	e := incident.Evidence{Status: "down", Red: true, Words: "words", Since: start}
	red := incident.Signal{ID: "red", Key: "login", At: start, Check: &incident.CheckSignal{Check: "login", Capability: "login", Evidence: e, LastBad: start}}
	opened := loop.Decide(tm, incident.Incident{Key: "login"}, []incident.Signal{red}, start)
	told(opened, "step 1 (ana): ana's sms: the number has opted out")

	pass := incident.Signal{ID: "pass", Key: "login", At: start, Incident: opened.After.ID, Tap: &incident.TapSignal{Action: incident.ActPass, Who: "bo", To: "ana", Via: "link"}}
	told(loop.Decide(tm, opened.After, []incident.Signal{pass}, start), "ana's sms: the number has opted out")
}
