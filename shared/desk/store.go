package desk

import (
	"context"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

// A Store keeps what the desk still has to tell, and whom it has told what.
type Store interface {
	// Walks lists up to limit broadcasts that are due, longest overdue first.
	Walks(ctx context.Context, now time.Time, limit int) ([]Walk, error)
	// Reporters lists up to limit reporters of the incident in the order of
	// their ids, beginning after the id after ("" is the beginning).
	Reporters(ctx context.Context, id incident.ID, after string, limit int) ([]incident.Reporter, error)
	// ReportersOf returns those reporters of the incident that ids name.
	ReportersOf(ctx context.Context, id incident.ID, ids []string) ([]incident.Reporter, error)
	// Claim takes a notice for sending until the given instant.
	Claim(ctx context.Context, n Notice, now, until time.Time) (Claim, error)
	// Sent ends a claim for good, writes events to the incident's timeline and
	// makes messageIDs lead answers to the incident.
	Sent(ctx context.Context, n Notice, messageIDs []string, key incident.Key, events []incident.Event) error
	// Save keeps how far a walk has come, and when it goes on.
	Save(ctx context.Context, w Walk) error
	// Finish removes a walk that is through.
	Finish(ctx context.Context, w Walk) error
}

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
