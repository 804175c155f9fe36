package incident

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode"
)

// An Alert is what somebody else says of a thing that they watch: another
// monitor, or a person at a terminal. It is believed as a check is, with two
// differences: Rouse cannot look again by itself, so that a person who says
// that it is over is believed in turn; and it says how sure it is.
type Alert struct {
	Source string // who says so: "alarms", "prometheus", SourceHand; no slash in it
	// Name is what is watched, in the source's own words: the same name when it
	// fails and when it is well again.
	Name string
	// Title is what the incident is called in pages; "" means Name.
	Title string
	// Group is what belongs to one incident where there is no capability; ""
	// means Name: each is its own.
	Group string
	// ID is the source's own for this one statement: said twice is said once.
	ID         string
	State      AlertState
	Severity   Severity  // "" means Confirmed
	Capability string    // what customers cannot do; "" when nobody said
	Why        string    // in words
	Since      time.Time // when it began to fail, or became well; zero means At
	At         time.Time // when it was said
}

// SourceHand is a person at a terminal. What they call it is its title.
const SourceHand = "hand"

// AlertState is how something is that somebody else watches.
type AlertState string

const (
	AlertFailing AlertState = "failing"
	AlertUnknown AlertState = "unknown" // the source cannot tell: no proof of an outage
	AlertWell    AlertState = "well"
)

// StatusRaised is the Evidence.Status of an alert that fails: what its words
// say is all that is known.
const StatusRaised = "raised"

// Limits of what an alert leaves in an incident. What is longer is cut, since
// an alert with long words is an alert.
const (
	alertNameMax = 80
	alertWhyMax  = 200
	// alertsMax is how many alerts one incident keeps the state of. It is open
	// for all of them, but those beyond are not waited for.
	alertsMax = 100
)

// isAlert tells the names of alerts from those of checks, which have no slash.
func isAlert(check string) bool { return strings.Contains(check, "/") }

// Signal is the alert as the loop hears of it. It belongs to its capability,
// or to what it watches alone if it has none.
func (a Alert) Signal() Signal {
	name := a.Source + "/" + bounded(oneLine(a.Name), alertNameMax)
	key := Key(a.Capability)
	if key == "" {
		key = Key("alert/" + a.Source + "/" + bounded(oneLine(cmp.Or(a.Group, a.Name)), alertNameMax))
	}
	e := Evidence{Status: StatusRaised, Red: true, Words: cut(oneLine(a.Why), alertWhyMax), Since: a.Since}
	switch a.State {
	case AlertWell:
		e.Status, e.Red = "up", false
	case AlertUnknown:
		e.Status = "unknown"
	}
	if e.Words == "" {
		e.Words = a.Source + " says that it is " + cmp.Or(string(a.State), string(AlertFailing))
	}
	if e.Since.IsZero() {
		e.Since = a.At
	}
	// Until it was said to be well, nobody had seen it well.
	return Signal{
		ID: "alert/" + a.Source + "/" + bounded(oneLine(a.ID), alertNameMax), Key: key, Kind: KindCheck, At: a.At,
		Check: &CheckSignal{Check: name, Capability: a.Capability, Source: a.Source, Severity: a.Severity,
			Title: cut(oneLine(cmp.Or(a.Title, a.Name)), alertNameMax), Evidence: e, LastBad: a.At},
	}
}

// oneLine is s without what could forge a line of a log or a page.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
}

// bounded cuts s to at most n bytes, and keeps different ones different.
func bounded(s string, n int) string {
	if len(s) <= n {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	tail := "~" + hex.EncodeToString(sum[:8])
	return cut(s, n-len(tail)) + tail
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.TrimSpace(strings.ToValidUTF8(s[:n], ""))
}
