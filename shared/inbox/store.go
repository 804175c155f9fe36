package inbox

import (
	"context"
	"io"
	"time"

	"rouse/shared/check"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/record"
)

// A Store is what reading a mail needs to know and to keep.
type Store interface {
	loop.SignalStore
	// Open lists the incidents that have not settled.
	Open(ctx context.Context) ([]incident.Incident, error)
	// Checks returns the states of the checks of these names; one that was
	// never sampled is absent.
	Checks(ctx context.Context, names []string) (map[string]check.State, error)
	// Thread finds the incident that any of these Message-IDs belongs to.
	Thread(ctx context.Context, messageIDs []string) (Thread, bool, error)
	// PutThread makes answers to a message lead to a key.
	PutThread(ctx context.Context, messageID string, t Thread) error
	// PutLetter keeps what was made of a mail; a second one of the same ID
	// replaces the first.
	PutLetter(ctx context.Context, l Letter) error
}

// What a Store keeps.
type (
	Thread = record.Thread
	Letter = record.Letter
)

// Mails is where inbound mail is stored until it has been read.
type Mails interface {
	// Open returns a stored mail. ErrNotFound if it has been read already.
	Open(ctx context.Context, id string) (io.ReadCloser, error)
	// New lists up to limit mails that have not been read.
	New(ctx context.Context, limit int) ([]Stored, error)
	// Read marks a mail as read, at the given time.
	Read(ctx context.Context, id string, at time.Time) error
}

// A Stored mail is one that waits to be read.
type Stored struct {
	ID string
	At time.Time // when it was stored
}
