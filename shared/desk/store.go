package desk

import (
	"context"
	"time"

	"rouse/shared/incident"
	"rouse/shared/record"
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

// What a Store keeps.
type (
	Walk   = record.Walk
	Notice = record.Notice
	Claim  = record.Claim
)

const (
	Yours = record.Yours
	Held  = record.Held
	Done  = record.Done
)
