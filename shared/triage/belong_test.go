package triage

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var now = time.Date(2026, 12, 1, 22, 10, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

func TestBelong(t *testing.T) {
	login, publish := Assessment{Urgency: Urgent, Capability: "login"}, Assessment{Urgency: Urgent, Capability: "publish"}
	nothing := Assessment{Urgency: Unclear}
	at := func(key, capability string, bad time.Duration) Open {
		return Open{Key: key, Capability: capability, Opened: ago(time.Hour), LastBad: ago(bad)}
	}
	red := func(name, capability string, since time.Duration) CheckStatus {
		return CheckStatus{Name: name, Capability: capability, Red: true, RedSince: ago(since)}
	}
	green := func(name, capability string, since time.Duration) CheckStatus {
		return CheckStatus{Name: name, Capability: capability, RedSince: ago(time.Hour), RecoveredAt: ago(since)}
	}
	for _, c := range []struct {
		name   string
		thread string
		a      Assessment
		open   []Open
		checks []CheckStatus
		want   string
	}{
		{name: "nothing is open: its own capability", a: login, want: "login"},
		{name: "nothing is open and nothing named: its organisation", a: nothing, want: "mail/kstate.example"},
		{name: "its thread before all else", thread: "login", a: nothing, open: []Open{at("publish", "publish", 0)}, want: "login"},
		{name: "its thread, although closed", thread: "check/home", a: nothing, want: "check/home"},
		{name: "its thread, also when it names the same", thread: "mail/bruin.example", a: login, open: []Open{at("mail/bruin.example", "login", 0)}, want: "mail/bruin.example"},
		{name: "another capability fails now: not its thread", thread: "login", a: publish, open: []Open{at("login", "login", 0)}, want: "publish"},
		{name: "it only mentions another capability: its thread", thread: "login", a: Assessment{Urgency: Benign, Capability: "publish"}, want: "login"},
		{name: "same capability", a: login, open: []Open{at("publish", "publish", 0), at("login", "login", 0)}, want: "login"},
		{name: "same capability under another key", a: login, open: []Open{at("check/home", "login", 0)}, want: "check/home"},
		{name: "named capabilities that differ", a: login, open: []Open{at("publish", "publish", 0)}, want: "login"},
		{name: "named, and something unnamed is open", a: login, open: []Open{at("mail/bruin.example", "", 0)}, want: "login"},
		{name: "named, and the check of everything is red", a: login, open: []Open{at("check/home", "", 0)}, checks: []CheckStatus{red("home", "", time.Minute)}, want: "check/home"},
		{name: "named, and that incident has been named otherwise", a: login, open: []Open{at("check/home", "publish", 0)}, checks: []CheckStatus{red("home", "", time.Minute)}, want: "login"},
		{name: "named, and its own check is red too", a: login, open: []Open{at("check/home", "", 0)}, checks: []CheckStatus{red("home", "", time.Minute), red("sign-in", "login", time.Minute)}, want: "login"},
		{name: "the only open incident", a: nothing, open: []Open{at("publish", "publish", 0)}, want: "publish"},
		{name: "several open: the check that turned red last", a: nothing, open: []Open{at("publish", "publish", 0), at("login", "login", 0)},
			checks: []CheckStatus{red("p", "publish", 9*time.Minute), red("l", "login", 2*time.Minute)}, want: "login"},
		{name: "red before recovered", a: nothing, checks: []CheckStatus{green("l", "login", time.Minute), red("home", "", time.Hour)}, want: "check/home"},
		{name: "just recovered", a: nothing, checks: []CheckStatus{green("l", "login", 15*time.Minute)}, want: "login"},
		{name: "recovered too long ago", a: nothing, checks: []CheckStatus{green("l", "login", 16*time.Minute)}, want: "mail/kstate.example"},
		{name: "never red", a: nothing, checks: []CheckStatus{{Name: "l", Capability: "login"}}, want: "mail/kstate.example"},
		{name: "another organisation within ten minutes", a: nothing, open: []Open{at("mail/bruin.example", "", 10*time.Minute), at("login", "login", 0)}, want: "mail/bruin.example"},
		{name: "another organisation longer ago", a: nothing, open: []Open{at("mail/bruin.example", "", 11*time.Minute), at("login", "login", 0)}, want: "mail/kstate.example"},
		{name: "its own earlier report", a: nothing, open: []Open{at("mail/kstate.example", "", 50*time.Minute), at("login", "login", 0)}, want: "mail/kstate.example"},
		{name: "no rota, no drill", a: nothing, open: []Open{at("coverage/primary", "", 0)}, want: "mail/kstate.example"},
		{name: "a drill does not count", a: nothing, open: []Open{at("drill/1", "", 0), at("login", "login", 0)}, want: "login"},
	} {
		t.Run(c.name, func(t *testing.T) {
			key, why := Belong(Report{Org: "kstate.example", Thread: c.thread, At: now}, c.a, c.open, c.checks, now)
			if key != c.want || why == "" {
				t.Errorf("Belong = %q, because %q; want %q", key, why, c.want)
			}
		})
	}
}

// Whatever is open: a report that names a capability never joins an incident
// for which another one has been named, and joins nothing that is no outage.
func TestNamedCapabilitiesAreNeverMerged(t *testing.T) {
	names := []string{"", "login", "publish", "search"}
	rapid.Check(t, func(t *rapid.T) {
		var open []Open
		for _, key := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"login", "publish", "check/home", "check/login", "mail/a.example", "mail/b.example", "coverage/primary", "drill/1"}), rapid.ID[string]).Draw(t, "open") {
			o := Open{Key: key, LastBad: ago(time.Duration(rapid.IntRange(0, 60).Draw(t, "minutes")) * time.Minute)}
			if o.Capability = key; threadCapability(key, nil) == "" {
				o.Capability = rapid.SampledFrom(names).Draw(t, "capability")
			}
			open = append(open, o)
		}
		var checks []CheckStatus
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"home", "login", "p"}), rapid.ID[string]).Draw(t, "checks") {
			checks = append(checks, CheckStatus{Name: name, Capability: rapid.SampledFrom(names).Draw(t, "watches"), Red: rapid.Bool().Draw(t, "red"),
				RedSince: ago(time.Hour), RecoveredAt: ago(time.Duration(rapid.IntRange(0, 30).Draw(t, "recovered")) * time.Minute)})
		}
		a := Assessment{Urgency: Urgent, Capability: rapid.SampledFrom(names).Draw(t, "named")}
		key, why := Belong(Report{Org: "kstate.example", At: now}, a, open, checks, now)
		if key == "" || why == "" {
			t.Fatalf("Belong = %q, %q", key, why)
		}
		for _, o := range open {
			if o.Key != key {
				continue
			}
			if a.Capability != "" && o.Capability != "" && a.Capability != o.Capability {
				t.Errorf("%s joins %q about %s, because %s", a.Capability, key, o.Capability, why)
			}
			if key == "coverage/primary" || key == "drill/1" {
				t.Errorf("a report joins %q", key)
			}
		}
	})
}
