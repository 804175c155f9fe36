package ack

import (
	"context"

	"rouse/shared/amend"
	"rouse/shared/check"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// A Store is what the ack screen shows, and where it leaves what is no signal.
type Store interface {
	// Code finds what the code with this hash lets its bearer do.
	Code(ctx context.Context, hash string) (code loop.Code, found bool, err error)
	// Look reads the incident that lives under a key, and the states of some
	// checks, those that have one, all at once.
	Look(ctx context.Context, key incident.Key, checks []string) (incident.Incident, map[string]check.State, error)
	// Incidents reads the incidents that live under some keys; keys under which
	// none does are left out.
	Incidents(ctx context.Context, keys []incident.Key) ([]incident.Incident, error)
	// Timeline lists the events of an incident, oldest first.
	Timeline(ctx context.Context, id incident.ID) ([]incident.Event, error)
	// Amend keeps a mute, or puts it in the place of the one with its ID.
	Amend(ctx context.Context, a amend.Amendment) error
	// Standing tells what is muted.
	Standing(ctx context.Context) (amend.Standing, error)
}
