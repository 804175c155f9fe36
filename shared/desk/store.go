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
	// Claim takes notices for sending until the given instant, each for itself.
	Claim(ctx context.Context, notices []Notice, now, until time.Time) (map[Notice]Claim, error)
	// Done tells which of the notices have been dealt with for good, and what is
	// known of the addresses of their reporters.
	Done(ctx context.Context, notices []Notice) (done map[Notice]bool, senders map[string]Sender, err error)
	// Sent ends a claim for good, writes events to the incident's timeline and
	// makes messages lead answers to their thread.
	Sent(ctx context.Context, t Told) error
	// TurnOff has nothing sent any more to the address of a reporter, by
	// incident.Reporter.ID, until the given instant; zero is for good.
	TurnOff(ctx context.Context, reporter string, off Off, until time.Time) error
	// Threads says where messages belong; unknown ones are absent.
	Threads(ctx context.Context, messageIDs []string) (map[string]record.Thread, error)
	// Note adds to an incident's timeline.
	Note(ctx context.Context, id incident.ID, events []incident.Event) error
	// Tally returns a count, SaveTally keeps it: ErrStale if somebody else has
	// done so since it was read.
	Tally(ctx context.Context, name string) (Tally, error)
	SaveTally(ctx context.Context, name string, t Tally) error
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
	Told   = record.Told
	Sender = record.Sender
	Off    = record.Off
	Tally  = record.Tally
)

// ErrStale is what SaveTally returns to who was not the first.
var ErrStale = record.ErrStale

const (
	Yours = record.Yours
	Held  = record.Held
	Done  = record.Done
)
