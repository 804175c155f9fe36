// Package record holds what stores keep for the inbox, for the desk and for
// watch. It is apart from those, who know how to read and write mail: a store
// that imported them would put a MIME library into every function.
package record

import (
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

// A Walk is a broadcast on its way from reporter to reporter.
type Walk struct {
	loop.Broadcast
	Cursor string    // id of the last reporter who was told, or is skipped
	Due    time.Time // when it goes on
}

// A Notice is one message to one reporter. There is never a second one of the
// same incident, name and reporter.
type Notice struct {
	Incident incident.ID
	Name     string // "received", or the broadcast's kind and number
	Reporter string // incident.Reporter.ID
}

// A Claim is the answer to a claim: a bool would lose the notice whose sender
// has died.
type Claim int

const (
	Yours Claim = iota // send it
	Held               // somebody else is sending it; come back later
	Done               // it has been sent
)

// A Thread is where a message belongs. Incident is "" for a customer's mail
// that has not been folded yet.
type Thread struct {
	Key      incident.Key
	Incident incident.ID
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
