package incident_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"rouse/shared/incident"
)

func TestAlertSignal(t *testing.T) {
	long := strings.Repeat("ä", 100)
	for _, c := range []struct {
		name        string
		alert       incident.Alert
		key         incident.Key
		check, says string
	}{
		{"of a capability", incident.Alert{Source: "alarms", Name: "Orders 5xx", Capability: "orders", Why: "9 of 10 failed"}, "orders", "alarms/Orders 5xx", "9 of 10 failed"},
		{"of its own", incident.Alert{Source: "alarms", Name: "Orders 5xx"}, "alert/alarms/Orders 5xx", "alarms/Orders 5xx", "alarms says that it is failing"},
		{"of a group", incident.Alert{Source: "prometheus", Name: "HighLatency#1", Group: "HighLatency"}, "alert/prometheus/HighLatency", "prometheus/HighLatency#1", "prometheus says that it is failing"},
		{"well", incident.Alert{Source: "hand", Name: "x", State: incident.AlertWell}, "alert/hand/x", "hand/x", "hand says that it is well"},
		{"of many lines", incident.Alert{Source: "hand", Name: "a\r\nb\x1b[31m", Why: "one\n\n two\u202e"}, "alert/hand/a b [31m", "hand/a b [31m", "one two"},
		{"with a long name", incident.Alert{Source: "hand", Name: long}, "alert/hand/" + incident.Key(strings.Repeat("ä", 31)) + "~8c8b9015d474565b", "hand/" + strings.Repeat("ä", 31) + "~8c8b9015d474565b", "hand says that it is failing"},
	} {
		c.alert.At = start
		s := c.alert.Signal()
		if s.Key != c.key || s.Check.Check != c.check || s.Check.Evidence.Words != c.says || !s.Check.Evidence.Since.Equal(start) {
			t.Errorf("%s: %q, check %q, %+v", c.name, s.Key, s.Check.Check, s.Check.Evidence)
		}
	}
}

func FuzzAlert(f *testing.F) {
	f.Add("Orders 5xx", "a1", "9 of 10 failed")
	f.Add(strings.Repeat("x", 500), strings.Repeat("é", 500), strings.Repeat("\xff\n", 500))
	f.Fuzz(func(t *testing.T, name, id, why string) {
		s := incident.Alert{Source: "hand", Name: name, ID: id, Why: why, At: start}.Signal()
		for what, text := range map[string]string{"id": s.ID, "key": string(s.Key), "check": s.Check.Check, "words": s.Check.Evidence.Words} {
			if len(text) > 200 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%s %q", what, text)
			}
		}
		if s.Check.Evidence.Words == "" {
			t.Error("it says nothing")
		}
	})
}

// An incident is kept in one record, however many alerts there are about it.
func TestAlertsWithoutEnd(t *testing.T) {
	n := &night{now: start}
	for i := range 1000 {
		n.apply(incident.Alert{Source: "prometheus", Name: strings.Repeat("x", i), Capability: "login", At: start}.Signal())
	}
	if got := len(n.After.Checks); got != 100 || len(n.Events) < 1000 {
		t.Errorf("it remembers %d checks and tells %d events", got, len(n.Events))
	}
	n.now = n.now.Add(time.Hour)
	n.apply(incident.Alert{Source: "prometheus", Name: strings.Repeat("x", 50), State: incident.AlertWell, Capability: "login", At: n.now}.Signal())
	if !n.After.Red() || n.After.Checks["prometheus/"+strings.Repeat("x", 50)].Red {
		t.Errorf("one that is well again: %+v", n.After.Checks["prometheus/"+strings.Repeat("x", 50)])
	}
}
