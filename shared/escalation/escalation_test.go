package escalation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rouse/shared/escalation"
	"rouse/shared/oncall"
)

var now = time.Date(2026, 11, 4, 3, 51, 0, 0, time.UTC)

// team has ana on call in primary, nobody in night, and cy without any contact.
func team(steps ...string) escalation.Team {
	both := []escalation.Contact{{Channel: escalation.SMS}, {Channel: escalation.Email, After: time.Minute}}
	start := oncall.CivilOf(now.AddDate(0, 0, -1))
	t := escalation.Team{
		People: map[string]escalation.Person{"ana": {Contact: both}, "bo": {Contact: both}, "cy": {}},
		Rota: oncall.Rota{
			People: map[string]oncall.Person{"ana": {}, "bo": {}, "cy": {}},
			Schedules: map[string]oncall.Schedule{
				"primary": {Zone: time.UTC, Layers: []oncall.Layer{{
					Rotation: []oncall.Member{{Who: []string{"ana"}}}, Every: oncall.Period{N: 1, Unit: oncall.Week}, Start: start,
				}}},
				"night": {Zone: time.UTC},
			},
		},
	}
	for _, s := range steps {
		step := escalation.Step{Wait: 3 * time.Minute}
		for _, name := range strings.Fields(s) {
			target := escalation.Target{ID: name}
			if id, ok := strings.CutPrefix(name, "schedule/"); ok {
				target = escalation.Target{Kind: escalation.Schedule, ID: id}
			} else if name == "everyone" {
				target = escalation.Target{Kind: escalation.Everyone}
			}
			step.Targets = append(step.Targets, target)
		}
		t.Policy.Steps = append(t.Policy.Steps, step)
	}
	return t
}

func words(m escalation.Move) string {
	var s []string
	for _, c := range m.Calls {
		s = append(s, fmt.Sprintf("%s:%s+%s", c.Who, c.Channel, c.Due.Sub(now)))
	}
	return strings.Join(s, " ")
}

func TestAdvance(t *testing.T) {
	const anaNow, boNow = "ana:sms+0s ana:email+1m0s", "bo:sms+0s bo:email+1m0s"
	for _, c := range []struct {
		name   string
		steps  []string
		from   escalation.Position
		width  escalation.Width
		calls  string
		taken  escalation.Position
		passed string
	}{
		{"the first step", []string{"schedule/primary", "bo"}, escalation.Position{}, escalation.Wide,
			anaNow, escalation.Position{Round: 1}, ""},
		{"an empty step is passed at once", []string{"schedule/night", "bo"}, escalation.Position{}, escalation.Wide,
			boNow, escalation.Position{Round: 1, Step: 1}, "step 1 (schedule/night): nobody is on call in night"},
		{"so is one whose people cannot be reached", []string{"cy", "gone", "bo"}, escalation.Position{}, escalation.Wide,
			boNow, escalation.Position{Round: 1, Step: 2},
			"step 1 (cy): cy has no phone and no address|step 2 (gone): gone is no longer in the team"},
		{"after the last step the next round begins", []string{"ana", "bo"}, escalation.Position{Round: 4, Step: 1}, escalation.Wide,
			anaNow, escalation.Position{Round: 5}, ""},
		{"everyone, each once", []string{"bo everyone schedule/primary"}, escalation.Position{}, escalation.Wide,
			boNow + " " + anaNow, escalation.Position{Round: 1}, ""},
		{"suspicion leaves everyone out", []string{"ana", "everyone"}, escalation.Position{Round: 1}, escalation.Width{Narrow: true, Reach: -1},
			anaNow, escalation.Position{Round: 2}, ""},
		{"unless there is nothing else", []string{"everyone"}, escalation.Position{}, escalation.Width{Narrow: true, Reach: -1},
			anaNow + " " + boNow, escalation.Position{Round: 1}, ""},
		{"nobody new while it looks recovered", []string{"ana", "bo"}, escalation.Position{Round: 1}, escalation.Width{Reach: 0},
			anaNow, escalation.Position{Round: 2}, ""},
		{"a step that is no longer in the policy", []string{"ana"}, escalation.Position{Round: 1, Step: 7}, escalation.Wide,
			anaNow, escalation.Position{Round: 2}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := team(c.steps...).Advance(c.from, c.width, now)
			var passed []string
			for _, p := range m.Passed {
				passed = append(passed, p.Step+": "+p.Why)
			}
			if got := words(m); got != c.calls || m.Taken != c.taken || strings.Join(passed, "|") != c.passed || m.Nobody {
				t.Errorf("got %q at %+v, passed %q, nobody %v\nwant %q at %+v, passed %q", got, m.Taken, passed, m.Nobody, c.calls, c.taken, c.passed)
			}
			if !m.NextAt.Equal(now.Add(3 * time.Minute)) {
				t.Errorf("goes on at %s", m.NextAt)
			}
		})
	}
}

func TestRepeatFrom(t *testing.T) {
	tm := team("ana", "bo", "everyone")
	tm.Policy.RepeatFrom = 1
	if m := tm.Advance(escalation.Position{Round: 1, Step: 2}, escalation.Wide, now); m.Taken != (escalation.Position{Round: 2, Step: 1}) {
		t.Errorf("the second round begins at %+v", m.Taken)
	}
}

func TestRoundThatReachesNobody(t *testing.T) {
	m := team("schedule/night", "cy").Advance(escalation.Position{}, escalation.Wide, now)
	if !m.Nobody || len(m.Calls) > 0 || len(m.Passed) != 2 || m.Taken != (escalation.Position{Round: 1, Step: 1}) {
		t.Errorf("got %+v", m)
	}
	for i, want := range []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
		if got := escalation.EmptyRoundWait(i); got != want {
			t.Errorf("after %d empty rounds it waits %s, want %s", i, got, want)
		}
	}
}

// A channel that reaches nobody is left out, and the next one moves up: the
// first is always at once.
func TestUnreachableChannel(t *testing.T) {
	tm := team("ana")
	tm.People["ana"] = escalation.Person{Contact: []escalation.Contact{
		{Channel: escalation.SMS}, {Channel: escalation.Email, After: time.Minute}, {Channel: escalation.SMS, After: 2 * time.Minute},
	}}
	tm.Unreachable = func(_ string, c escalation.Channel) string {
		if c == escalation.SMS {
			return "opted out"
		}
		return ""
	}
	m := tm.Advance(escalation.Position{}, escalation.Wide, now)
	if got := words(m); got != "ana:email+0s" {
		t.Errorf("got %q", got)
	}
	if m.Lost != "ana's sms: opted out" { // once, though she has two rules for it
		t.Errorf("it says %q", m.Lost)
	}
}

// A channel that is down is left out as long as there is another one.
func TestChannelThatIsDown(t *testing.T) {
	tm := team("ana", "bo")
	tm.People["bo"] = escalation.Person{Contact: []escalation.Contact{{Channel: escalation.SMS}}}
	tm.Down = func(c escalation.Channel) string {
		if c == escalation.SMS {
			return "throttled"
		}
		return ""
	}
	m := tm.Advance(escalation.Position{}, escalation.Wide, now)
	if got := words(m); got != "ana:email+0s" || m.Lost != "ana's sms: throttled" {
		t.Errorf("got %q, and it says %q", got, m.Lost)
	}
	m = tm.Advance(m.Taken, escalation.Wide, now)
	if got := words(m); got != "bo:sms+0s" || m.Lost != "" {
		t.Errorf("of who has no other way: %q, and it says %q", got, m.Lost)
	}
}

// Rounds never end, and no round leaves out a step that may be taken and
// reaches somebody.
func TestNoLastRound(t *testing.T) {
	targets := []string{"ana", "bo", "cy", "gone", "schedule/primary", "schedule/night", "schedule/unknown", "everyone"}
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.SliceOfN(rapid.SampledFrom(targets), 1, 6).Draw(t, "steps")
		tm := team(steps...)
		tm.Policy.RepeatFrom = rapid.IntRange(0, len(steps)-1).Draw(t, "repeat from")
		width := escalation.Width{Narrow: rapid.Bool().Draw(t, "narrow"), Reach: rapid.IntRange(-1, len(steps)-1).Draw(t, "reach")}
		var at escalation.Position
		seen := map[int]bool{}
		for range 4 * len(steps) {
			m := tm.Advance(at, width, now)
			if m.Nobody != (len(m.Calls) == 0) {
				t.Fatalf("nobody is %v with %d calls", m.Nobody, len(m.Calls))
			}
			if !m.Nobody && !m.NextAt.After(now) {
				t.Fatalf("no time to answer: %+v", m)
			}
			if before, after := at.Round*100+at.Step, m.Taken.Round*100+m.Taken.Step; after <= before {
				t.Fatalf("from %+v to %+v", at, m.Taken)
			}
			at = m.Taken
			seen[at.Step] = true
		}
		if at.Round < 3 {
			t.Fatalf("stuck in round %d", at.Round)
		}
		first := tm.Policy.RepeatFrom
		for i, s := range steps {
			reaches := slices.Contains([]string{"ana", "bo", "schedule/primary", "everyone"}, s)
			may := (width.Reach < 0 || i <= width.Reach) && (!width.Narrow || s != "everyone")
			if reaches && may && i >= first && !seen[i] {
				t.Fatalf("step %d (%s) of %v was never taken", i, s, steps)
			}
		}
	})
}
