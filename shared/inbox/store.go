package inbox

import (
	"context"
	"io"
	"time"

	"rouse/shared/incident"
	"rouse/shared/record"
)

// A Store is what reading a mail needs to know and to keep.
type Store interface {
	// Around reads in one look what the reading of a mail depends on: the
	// incidents that have not settled, the states of the checks of these names,
	// and where the messages of these Message-IDs belong.
	Around(ctx context.Context, messageIDs, checks []string) (Around, error)
	// Threads says where messages belong; unknown ones are absent.
	Threads(ctx context.Context, messageIDs []string) (map[string]Thread, error)
	// Meet is for reports that say nothing which others could be found by: from
	// the first on, and until the given instant, it returns the key of the
	// first to whoever comes. Who is known to be of one org meets only others.
	Meet(ctx context.Context, org string, key incident.Key, now, until time.Time) (incident.Key, error)
	// Keep makes durable what was made of a mail, all of it or nothing.
	Keep(ctx context.Context, k Kept) error
	// Suspect has a check sampled often until the given instant, whatever its
	// verdict is, from the next run of the probe on. It never shortens that.
	Suspect(ctx context.Context, check string, until time.Time) error
}

// What a Store keeps.
type (
	Around = record.Around
	Kept   = record.Kept
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
