package loop_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// Whatever is pressed and whatever fails: a drill pages those of the first step
// and nobody else, each rule of theirs once, and is over when its time is.
func TestDrillNeverWidens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tm := team()
		if rapid.Bool().Draw(t, "unreachable") {
			tm.Unreachable = func(string, escalation.Channel) string { return "opted out" }
		}
		until := start.Add(15 * time.Minute)
		drill := incident.Signal{ID: "drill", Key: "drill/1", At: start, Drill: &incident.Drill{Until: until}}
		signals := []incident.Signal{drill}
		var in incident.Incident
		paged := map[string]bool{}
		now := start
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			c := loop.Decide(tm, in, signals, now)
			in = c.After
			for _, p := range c.Pages {
				if p.Who != "ana" || p.Kind != incident.PageDrill {
					t.Fatalf("pages %s (%s) by %s", p.Who, p.Kind, p.ID)
				}
				due := fmt.Sprint(p.ID, p.Due)
				if paged[due] || !now.Before(until) {
					t.Fatalf("pages %s at %s, which was paged or is over", p.ID, now)
				}
				paged[due] = true
			}
			if c.Alarm != "" || in.Owner != "" || in.Round > 1 || in.Severity != incident.Suspected {
				t.Fatalf("alarm %q, owner %q, round %d, %s", c.Alarm, in.Owner, in.Round, in.Severity)
			}
			if in.Open() != now.Before(until) {
				t.Fatalf("at %s it is open: %t", now, in.Open())
			}
			if in.Open() && !in.Due().After(now) {
				t.Fatalf("at %s it is due at %s", now, in.Due())
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 120).Draw(t, "pass seconds")) * time.Second)
			signals = nil
			for j := range rapid.IntRange(0, 2).Draw(t, "signals") {
				s := anySignal(t, fmt.Sprintf("s-%d-%d", i, j), now, in)
				if s.Tap != nil || s.Delivery != nil {
					signals = append(signals, s)
				}
			}
		}
	})
}

// Each answers for themselves, and whoever has is paged no more.
func TestDrillWaitsForEach(t *testing.T) {
	tm := team()
	policy := tm.PolicyFor("")
	policy.Steps = slices.Clone(policy.Steps[:1])
	policy.Steps[0].Targets = []escalation.Target{{Kind: escalation.Everyone}}
	tm.PolicyFor = func(string) escalation.Policy { return policy }
	drill := incident.Signal{ID: "drill", Key: "drill/1", At: start, Drill: &incident.Drill{Until: start.Add(15 * time.Minute)}}
	in := loop.Decide(tm, incident.Incident{}, []incident.Signal{drill}, start).After
	if got := in.Unanswered(); !slices.Equal(got, []string{"ana", "bo"}) {
		t.Fatalf("asks %v", got)
	}
	press := func(who string, action incident.Action, after time.Duration) loop.Change {
		now := start.Add(after)
		c := loop.Decide(tm, in, []incident.Signal{{ID: who, Key: "drill/1", At: now, Incident: in.ID, Tap: &incident.TapSignal{Action: action, Who: who, Via: "link"}}}, now)
		in = c.After
		return c
	}
	c := press("bo", incident.ActNext, 40*time.Second)
	if in.State != incident.Triggered || len(c.Pages) > 0 || !in.Answered("bo") || in.Answered("ana") {
		t.Errorf("after one answer: %s, pages %v", in.State, c.Pages)
	}
	c = press("ana", incident.ActAcknowledge, time.Minute)
	if in.State != incident.Resolved || len(c.Pages) > 0 || !in.Open() || in.Due() != start.Add(15*time.Minute) {
		t.Errorf("after both: %s, due %s, pages %v", in.State, in.Due(), c.Pages)
	}
	if c = loop.Decide(tm, in, nil, in.Due()); c.After.Open() || len(c.Pages) > 0 {
		t.Errorf("at the end: %+v", c)
	}
}

// A hole in the rota pages its owner alone, then the policy without everyone,
// and whoever was paged hears when it is mended.
func TestHolePagesItsOwnerFirst(t *testing.T) {
	tm := team()
	tm.People["cy"] = tm.People["bo"]
	policy := tm.PolicyFor("")
	policy.Steps = append([]escalation.Step{{Targets: []escalation.Target{{Kind: escalation.Schedule, ID: "empty"}}, Wait: 3 * time.Minute}}, policy.Steps...)
	tm.PolicyFor = func(string) escalation.Policy { return policy }
	hole := incident.Hole{Schedule: "empty", Owner: "cy", From: start.Add(time.Hour), To: start.Add(2 * time.Hour), Why: "empty has no layers"}
	c := loop.Decide(tm, incident.Incident{}, []incident.Signal{{ID: "hole", Key: "coverage/empty", At: start, Hole: &hole}}, start)
	var order []string
	now := start
	for len(order) < 4 {
		who := map[string]bool{}
		for _, p := range c.Pages {
			if !who[p.Who] {
				who[p.Who] = true
				order = append(order, p.Who)
			}
		}
		now = c.After.Due()
		c = loop.Decide(tm, c.After, nil, now)
	}
	if want := []string{"cy", "ana", "ana", "ana"}; !slices.Equal(order, want) {
		t.Errorf("paged %v, want %v", order, want)
	}
	c = loop.Decide(tm, c.After, []incident.Signal{{ID: "mended", Key: "coverage/empty", At: now, Hole: &incident.Hole{}}}, now)
	if c.After.State != incident.Resolved || len(c.Pages) == 0 || c.Pages[0].Kind != incident.PageOver {
		t.Errorf("mended: %s, pages %v", c.After.State, c.Pages)
	}
}
