package loop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rouse/shared/incident"
)

// Errors of a Store.
var (
	// ErrConflict: the incident is no longer at the version the decision was
	// made on. Load and decide again.
	ErrConflict = errors.New("the incident has changed meanwhile")
	// ErrWordTaken: another incident is called what the new one would be.
	ErrWordTaken = errors.New("another incident has the word")
	// ErrLost: the lease is somebody else's by now, or the page is done.
	ErrLost = errors.New("the lease is lost")
)

// A NewerError says that a record was written by a newer Rouse than this one,
// which therefore leaves it alone.
type NewerError struct {
	Key    incident.Key
	Format int
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("incident %s is stored in format %d, newer than this Rouse knows (%d): deploy the newer version again", e.Key, e.Format, Format)
}

// Format is the version of the records that this Rouse writes.
const Format = 1

// Limits of one round of the loop. DynamoDB takes a hundred items in a
// transaction: three for each page, its code and its gate, and a handful besides.
const (
	FoldMax   = 300 // signals in one Change
	PagesMax  = 28  // pages in one Commit; the rest follow in a Rest
	LeaseMax  = 30  // pages in one Claim
	BundleMax = 500 // pages in one delivery, and incidents that its code grants
)

// WordFor is how long no other incident is called what an incident is, from
// its opening on: a late reply to an old page must not speak of a new one.
const WordFor = 30 * 24 * time.Hour

// A Store keeps incidents and all that waits to be done about them. Reads see
// every write that was acknowledged before they began, except Due, which may
// lag.
type Store interface {
	SignalStore
	// Load reads what lives under key: its incident if one is open (or was
	// the last), up to FoldMax signals to fold, its pages and rests.
	Load(ctx context.Context, key incident.Key) (Live, error)
	// Commit makes a decision true, all of it or nothing. ErrConflict if the
	// incident is not at c.Before's version; ErrWordTaken if c.After is a new
	// one and another incident has had its Word for less than WordFor; otherwise
	// a *ShutError if gates of c were shut.
	Commit(ctx context.Context, c Commit) error
	// Unpack finishes what a commit was too small for and removes r. Doing it
	// twice is doing it once.
	Unpack(ctx context.Context, key incident.Key, r Rest) error
	// Waiting lists up to limit pages of an outbox that are due and that nobody
	// is sending, besides those that are known, longest due first. It may lag.
	Waiting(ctx context.Context, o Outbox, known []Waiting, now time.Time, limit int) ([]Waiting, error)
	// Lease takes the pages of c for sending and returns those it got. The pages
	// of an incident are left out if one of them is leased until after c.Now or
	// done, or if the incident has turned. ErrLost if that leaves none, or if
	// any is left out of a claim with a code; a *ShutError if its gate is shut.
	// Then nothing is written.
	Lease(ctx context.Context, c Claim) (taken []Waiting, err error)
	// PutCircuit keeps what is known of a channel in the place of what was.
	PutCircuit(ctx context.Context, c Circuit) error
	// PutCode keeps the code of a delivery whose pages are leased.
	PutCode(ctx context.Context, c Code) error
	// Record notes how sending went and lets go of the pages: each of rs whole,
	// or nothing of those whose lease was lost, which it returns.
	Record(ctx context.Context, rs []Record) (lost []Record, err error)
	// Note adds to the timeline without touching anything else.
	Note(ctx context.Context, id incident.ID, events []incident.Event) error
	// Due lists up to limit keys of the shard with something to be done by now,
	// longest overdue first.
	Due(ctx context.Context, shard int, now time.Time, limit int) ([]incident.Key, error)
}

// A SignalStore makes signals durable.
type SignalStore interface {
	// PutSignal reports whether the signal is new; one whose ID has been seen
	// changes nothing, whatever its key.
	PutSignal(ctx context.Context, s incident.Signal) (fresh bool, err error)
}

// Shards is how many partitions the due index is spread over.
const Shards = 4

// Live is what lives under a key. An incident that has settled may still be
// there: it is not open.
type Live struct {
	Incident incident.Incident
	Signals  []incident.Signal // not folded yet, at most FoldMax
	More     bool              // there are more signals than that
	Pages    []LivePage
	Rests    []Rest
}

// A LivePage is a page that is not done, and who is sending it.
type LivePage struct {
	incident.Page
	Lease Lease // zero: nobody
}

// A Lease is the right to send a page until an instant.
type Lease struct {
	Token string
	Until time.Time
}

// A Code is what the link of one delivery lets its bearer do: Who may act on
// the incidents that it was about. Only Hash is stored.
type Code struct {
	Hash   string
	Who    string
	Minted time.Time
	Grant          // of the first incident, which most codes leave it at
	More   []Grant `json:",omitempty"`
}

// A Grant lets somebody act on the incident that lives under Key, while it is
// this one.
type Grant struct {
	Key      incident.Key
	Incident incident.ID
}

// Grants lists all that the code grants, at most BundleMax.
func (c Code) Grants() []Grant { return append([]Grant{c.Grant}, c.More...) }

// A Commit is one transaction.
type Commit struct {
	Before, After incident.Incident // After.Version is Before.Version + 1
	Events        []incident.Event
	Pages         []LivePage // at most PagesMax
	Codes         []Code     // of the deliveries that are leased with it
	Gates         []Gate     // that those go through
	Broadcasts    []Broadcast
	// Rest is what follows the commit; its zero value is nothing.
	Rest Rest
	At   time.Time
}

// A Rest is what a commit leaves to be done after it. Until Unpack has removed
// it, the signals it names count as folded.
type Rest struct {
	Version  int64 // of the commit
	Incident incident.ID
	Signals  []string // folded: their ids
	Pages    []incident.Page
	// Reporters wrote with these signals; Received, if not nil, tells them so.
	Reporters []incident.Reporter
	// Gone are the reporters, by Reporter.ID, whose reports were moved to another
	// incident: they are told nothing more about this one.
	Gone     []string `json:",omitempty"`
	Received *Broadcast
}

// A Broadcast is something to tell the reporters of an incident. The desk walks
// over them and tells each one once.
type Broadcast struct {
	ID       string // incident/kind/version of the commit
	Incident incident.ID
	Key      incident.Key
	// Capability is what is failing; "" if nobody named it. An incident's title
	// may name a customer and is not for the others' eyes.
	Capability string
	incident.Notice
	// Only are the reporters it is for, by incident.Reporter.ID; nil is all.
	Only []string
}

// Empty reports whether there is nothing left to do.
func (r Rest) Empty() bool { return len(r.Signals) == 0 && len(r.Pages) == 0 }

// A Record tells how a delivery went for the pages of one incident.
type Record struct {
	Key      incident.Key
	Incident incident.ID
	Lease    Lease
	Done     []incident.Page // sent, failed or cancelled for good; few
	Again    []incident.Page // to be tried at their new Due
	Events   []incident.Event
	Signals  []incident.Signal // what the next fold must know
	At       time.Time
}

// Raise makes a signal durable and wakes the router for it. A repeated signal
// wakes it again, in case the first hint was lost.
func Raise(ctx context.Context, store SignalStore, hints Hints, s incident.Signal) error {
	if _, err := store.PutSignal(ctx, s); err != nil {
		return fmt.Errorf("signal %s: %w", s.ID, err)
	}
	return hints.Router(ctx, Hint{Key: s.Key}, time.Time{})
}

// Hints wake functions. They may be lost, late, doubled or stale: the table
// knows what is due, and sweeps find what no hint brought. Errors are for the
// log.
type Hints interface {
	// Router wakes the router at an instant; zero is now.
	Router(ctx context.Context, h Hint, at time.Time) error
	// Desk wakes the desk now.
	Desk(ctx context.Context) error
}

// A Hint names a key that may have something due. Version is the incident's
// when the hint was given: whoever changed it since has given another.
type Hint struct {
	Key     incident.Key `json:"key"`
	Version int64        `json:"version,omitempty"`
}
