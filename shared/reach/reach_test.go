package reach_test

import (
	"testing"
	"time"

	"rouse/shared/escalation"
	"rouse/shared/reach"
)

var night = time.Date(2026, 11, 5, 22, 0, 0, 0, time.UTC)

func TestUnreachable(t *testing.T) {
	facts := []reach.Fact{
		{Who: "ana", Channel: escalation.SMS, Why: "the number has opted out", Found: night},
		{Who: "ana", Channel: escalation.Email, Found: night},
		{Who: "bo", Channel: escalation.SMS, Why: "its subscription is not confirmed", Found: night.Add(-time.Hour)},
	}
	for _, test := range []struct {
		after   time.Duration
		who     string
		channel escalation.Channel
		want    string
	}{
		{0, "ana", escalation.SMS, "the number has opted out"},
		{0, "ana", escalation.Email, ""},
		{0, "cy", escalation.SMS, ""},
		{-time.Second, "ana", escalation.SMS, "the number has opted out"}, // whose clock is ahead has looked, too
		{2*time.Hour - 1, "bo", escalation.SMS, "its subscription is not confirmed"},
		{2 * time.Hour, "bo", escalation.SMS, ""},
		{reach.BelievedFor - 1, "ana", escalation.SMS, "the number has opted out"},
		{reach.BelievedFor, "ana", escalation.SMS, ""},
	} {
		if got := reach.Unreachable(facts, night.Add(test.after))(test.who, test.channel); got != test.want {
			t.Errorf("after %s %s by %s: %q, want %q", test.after, test.who, test.channel, got, test.want)
		}
	}
}

func TestNext(t *testing.T) {
	before := reach.Fact{Who: "ana", Channel: escalation.SMS, Why: "opted out", Since: night, Found: night.Add(time.Hour)}
	now := night.Add(2 * time.Hour)
	same, other, elsewhere := before, before, before
	same.Found, other.Found, elsewhere.Found = now, now, now
	other.Why = ""
	elsewhere.Channel = escalation.Email
	for name, test := range map[string]struct {
		found reach.Fact
		since time.Time
	}{
		"as before":       {same, night},
		"another reason":  {other, now},
		"another channel": {elsewhere, now},
	} {
		if got := reach.Next([]reach.Fact{before}, test.found); !got.Since.Equal(test.since) || !got.Found.Equal(now) {
			t.Errorf("%s: %+v, want since %s", name, got, test.since)
		}
	}
}
