// Package record holds what stores keep for the inbox, for the desk and for
// watch. It is apart from those, who know how to read and write mail: a store
// that imported them would put a MIME library into every function.
package record

import (
	"errors"
	"time"

	"rouse/shared/check"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// A Walk is a broadcast on its way from reporter to reporter.
type Walk struct {
	loop.Broadcast
	Cursor string    // id of the last reporter who was told, or is skipped
	Due    time.Time // when it goes on
	// Limited says that the timeline has been told of some who must wait.
	Limited bool `json:",omitempty"`
}

// A Notice is one message to one reporter. There is never a second one of the
// same incident, name and reporter.
type Notice struct {
	Incident incident.ID
	Name     string // "received", or the broadcast's kind and number
	Reporter string // incident.Reporter.ID
}

// ErrStale: somebody else has saved it since it was read.
var ErrStale = errors.New("it has changed since it was read")

// A Claim is the answer to a claim: a bool would lose the notice whose sender
// has died.
type Claim int

const (
	Yours Claim = iota // send it
	Held               // somebody else is sending it; come back later
	Done               // it has been sent
)

// A Told is a notice that has been dealt with for good: it was sent, or never
// will be.
type Told struct {
	Notice
	MessageIDs []string // under which it was sent; answers to them belong to Thread
	Thread     Thread
	Events     []incident.Event
	// Answered are the latest automatic answers to the address, this one
	// included; nil leaves what is known of it alone.
	Answered []time.Time
}

// A Sender is what is known of an address that writes to us, under the
// incident.Reporter.ID of it. The zero Sender is one of whom nothing is.
type Sender struct {
	Answered []time.Time // the latest automatic answers to it, oldest first
	Off      Off
}

// An Off says why nothing is sent to an address any more: what was, came back.
// The zero Off is none.
type Off struct {
	At  time.Time
	Why string
}

// A Tally counts what happens within a while. Its Rev is one more with each
// time that it is saved, from 1 on.
type Tally struct {
	Rev    int64
	Began  time.Time
	Count  int
	Closed time.Time // until when nothing more may happen; zero if it may
	Next   time.Time // when the next may
}

// A Thread is where a message belongs. Incident is "" for a customer's mail
// that has not been folded yet.
type Thread struct {
	Key      incident.Key
	Incident incident.ID
	// Reporter, by incident.Reporter.ID, and Org are whose thread it is: one
	// who answers without belonging to either has merely learnt an id. What an
	// older Rouse has stored lacks them, and lets anybody in.
	Reporter string `json:",omitempty"`
	Org      string `json:",omitempty"`
}

// MovedID stands for a Message-ID in the place where it is noted which thread
// the reports of a reporter were moved to.
func MovedID(from incident.ID, reporter string) string {
	return "moved:" + string(from) + "/" + reporter
}

// Around is what surrounds a mail that is being read.
type Around struct {
	Open    []incident.Incident    // not settled
	Checks  map[string]check.State // by name, those that were ever sampled
	Threads map[string]Thread      // by Message-ID, those that are known
}

// A Kept is all that is to stay of a mail that was read. A mail whose signal
// has been seen was read before, and nothing of it is kept again.
type Kept struct {
	Letter Letter
	Signal *incident.Signal // nil: it is none
	// MessageID leads answers to Thread; "" for none.
	MessageID string
	Thread    Thread
}

// A Letter tells what was made of a mail, the harmless ones included.
type Letter struct {
	ID      string // of the stored object
	At      time.Time
	Org     string
	Urgency string
	Key     incident.Key // that it became a signal for; "" for none
	Why     []string
}
