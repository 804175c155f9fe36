package local

import (
	"context"
	"slices"
	"sync"
	"time"

	"rouse/shared/incident"
)

// An Entry is one line of /events: a message that somebody got, or an event of
// an incident's timeline.
type Entry struct {
	Seq      int         `json:"seq"` // from 1
	At       time.Time   `json:"at"`
	Kind     string      `json:"kind"` // "message" or "event"
	Message  *Message    `json:"message,omitempty"`
	Incident incident.ID `json:"incident,omitempty"`
	Event    string      `json:"event,omitempty"`
	Who      string      `json:"who,omitempty"`
	Why      string      `json:"why,omitempty"`
}

// entriesMax is how many entries are remembered.
const entriesMax = 20_000

// feed is everything that has happened, for those who watch.
type feed struct {
	mu      sync.Mutex
	entries []Entry
	seq     int
	changed chan struct{} // closed and replaced when entries come
	seen    map[incident.ID]int
}

func newFeed() *feed {
	return &feed{changed: make(chan struct{}), seen: map[incident.ID]int{}}
}

func (f *feed) add(entries ...Entry) {
	if len(entries) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range entries {
		f.seq++
		e.Seq = f.seq
		f.entries = append(f.entries, e)
	}
	if n := len(f.entries) - entriesMax; n > 0 {
		f.entries = slices.Clone(f.entries[n:])
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

// since returns the entries after seq, and a channel that is closed when there
// are more.
func (f *feed) since(seq int) ([]Entry, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, _ := slices.BinarySearchFunc(f.entries, seq+1, func(e Entry, seq int) int { return e.Seq - seq })
	return slices.Clone(f.entries[i:]), f.changed
}

// recentMax is how many incidents are looked at and shown.
const recentMax = 50

// A Teller tells what has become of incidents.
type Teller interface {
	// Recent lists incidents, the latest first.
	Recent(ctx context.Context, limit int) ([]incident.Incident, error)
	Timeline(ctx context.Context, id incident.ID) ([]incident.Event, error)
}

// read adds what is new in the timelines.
func (f *feed) read(ctx context.Context, store Teller) error {
	recent, err := store.Recent(ctx, recentMax)
	if err != nil {
		return err
	}
	var fresh []Entry
	for _, in := range recent {
		events, err := store.Timeline(ctx, in.ID)
		if err != nil {
			return err
		}
		f.mu.Lock()
		n := min(f.seen[in.ID], len(events))
		f.seen[in.ID] = len(events)
		f.mu.Unlock()
		for _, e := range events[n:] {
			fresh = append(fresh, Entry{At: e.At, Kind: "event", Incident: in.ID, Event: e.Kind, Who: e.Who, Why: e.Why})
		}
	}
	slices.SortStableFunc(fresh, func(a, b Entry) int { return a.At.Compare(b.At) })
	f.add(fresh...)
	return nil
}
