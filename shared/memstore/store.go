// Package memstore keeps everything in memory: for the demo, for rouse local
// and for the simulation. It passes the same contract tests as dynamostore.
package memstore

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"rouse/shared/amend"
	"rouse/shared/check"
	"rouse/shared/history"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/probe"
	"rouse/shared/reach"
	"rouse/shared/record"
)

// A Store is all that Rouse knows. It may be used by any number of goroutines;
// what goes in and what comes out is copied, so that no caller shares memory
// with it or with another.
type Store struct {
	mu         sync.Mutex
	seen       map[string]bool // signals, by id
	lives      map[incident.Key]*live
	due        [loop.Shards]queue[incident.Key]
	outboxes   map[loop.Outbox]*queue[string] // pageRefs
	circuits   map[string]loop.Circuit        // by channel
	gates      map[loop.Outbox]time.Time      // when each opens
	codes      map[string]loop.Code
	words      map[string]time.Time // of incidents, and until when they are taken
	open       map[incident.ID]incident.Key
	settled    []incident.Incident
	histories  map[incident.ID]*past
	walks      map[string]record.Walk
	walksDue   queue[string]
	threads    map[string]record.Thread
	letters    map[string]record.Letter
	senders    map[string]record.Sender // by Reporter.ID
	tallies    map[string]record.Tally
	met        meeting
	checks     map[string][]byte            // check.State as JSON
	days       map[string]map[string][]byte // likewise, beside a check's days on file
	suspected  map[string]time.Time         // checks, until when
	jobs       map[string]check.Job
	holds      map[string]hold
	amendments map[string]amend.Amendment
	beats      map[string]time.Time
	watch      map[string][]byte     // records of watch as JSON
	reach      map[string]reach.Fact // by person and channel
}

var (
	_ loop.Store    = (*Store)(nil)
	_ loop.Holder   = (*Store)(nil)
	_ probe.Store   = (*Store)(nil)
	_ history.Store = (*Store)(nil)
	_ amend.Store   = (*Store)(nil)
	_ reach.Store   = (*Store)(nil)
)

// live is what lives under a key.
type live struct {
	incident   incident.Incident
	signals    []incident.Signal // in the order of their arrival
	signalsDue time.Time         // the earliest of them
	pages      []loop.LivePage
	rests      []rest
}

type rest struct {
	loop.Rest
	at time.Time
}

// past is what stays of an incident.
type past struct {
	key       incident.Key
	events    []incident.Event // in the order in which they were written
	reporters map[string]incident.Reporter
	gone      map[string]bool // of those, whose reports were moved away
	notices   map[record.Notice]notice
}

// New returns an empty Store.
func New() *Store {
	return &Store{
		seen:       map[string]bool{},
		lives:      map[incident.Key]*live{},
		outboxes:   map[loop.Outbox]*queue[string]{},
		gates:      map[loop.Outbox]time.Time{},
		circuits:   map[string]loop.Circuit{},
		codes:      map[string]loop.Code{},
		words:      map[string]time.Time{},
		open:       map[incident.ID]incident.Key{},
		histories:  map[incident.ID]*past{},
		walks:      map[string]record.Walk{},
		threads:    map[string]record.Thread{},
		letters:    map[string]record.Letter{},
		senders:    map[string]record.Sender{},
		tallies:    map[string]record.Tally{},
		checks:     map[string][]byte{},
		days:       map[string]map[string][]byte{},
		suspected:  map[string]time.Time{},
		jobs:       map[string]check.Job{},
		holds:      map[string]hold{},
		amendments: map[string]amend.Amendment{},
		beats:      map[string]time.Time{},
		watch:      map[string][]byte{},
		reach:      map[string]reach.Fact{},
	}
}

func (s *Store) PutSignal(_ context.Context, sig incident.Signal) (fresh bool, err error) {
	if sig.ID == "" || sig.Key == "" {
		return false, fmt.Errorf("a signal needs an ID and a key, not %q and %q", sig.ID, sig.Key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.putSignal(sig), nil
}

func (s *Store) putSignal(sig incident.Signal) (fresh bool) {
	if s.seen[sig.ID] {
		return false
	}
	s.seen[sig.ID] = true
	l := s.live(sig.Key)
	l.signals = append(l.signals, copySignal(sig))
	if len(l.signals) == 1 || sig.At.Before(l.signalsDue) {
		l.signalsDue = sig.At
	}
	s.touch(sig.Key)
	return true
}

func (s *Store) Load(_ context.Context, key incident.Key) (loop.Live, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := loop.Live{Incident: incident.Incident{Key: key}}
	l := s.lives[key]
	if l == nil {
		return out, nil
	}
	out.Incident = copyIncident(l.incident)
	out.Incident.Key = key
	folded := map[string]bool{}
	for _, r := range l.rests {
		out.Rests = append(out.Rests, copyRest(r.Rest))
		for _, id := range r.Signals {
			folded[id] = true
		}
	}
	for _, sig := range l.signals {
		if folded[sig.ID] {
			continue
		}
		if len(out.Signals) == loop.FoldMax {
			out.More = true
			break
		}
		out.Signals = append(out.Signals, copySignal(sig))
	}
	out.Pages = append(out.Pages, l.pages...)
	return out, nil
}

// Due lists the keys under which something is to be done. A signal is due from
// its At on.
func (s *Store) Due(_ context.Context, shard int, now time.Time, limit int) ([]incident.Key, error) {
	if shard < 0 || shard >= loop.Shards {
		return nil, fmt.Errorf("there is no shard %d, only 0 to %d", shard, loop.Shards-1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.due[shard].until(now, limit), nil
}

func (s *Store) live(key incident.Key) *live {
	l := s.lives[key]
	if l == nil {
		l = &live{}
		s.lives[key] = l
	}
	return l
}

func (s *Store) history(id incident.ID) *past {
	h := s.histories[id]
	if h == nil {
		h = &past{reporters: map[string]incident.Reporter{}, gone: map[string]bool{}, notices: map[record.Notice]notice{}}
		s.histories[id] = h
	}
	return h
}

// touch brings the due index up to date with what lives under key.
func (s *Store) touch(key incident.Key) {
	l := s.lives[key]
	due, any := l.incident.Due(), !l.incident.Due().IsZero()
	sooner := func(t time.Time) {
		if !any || t.Before(due) {
			due, any = t, true
		}
	}
	if len(l.signals) > 0 {
		sooner(l.signalsDue)
	}
	for _, r := range l.rests {
		sooner(r.at)
	}
	for _, p := range l.pages {
		if p.Lease.Token != "" {
			sooner(p.Lease.Until)
		} else {
			sooner(p.Due)
		}
	}
	q := &s.due[shardOf(key)]
	if any {
		q.set(key, due)
	} else {
		q.remove(key)
	}
}

func shardOf(key incident.Key) int {
	h := fnv.New32a()
	h.Write([]byte(key))
	return int(h.Sum32() % loop.Shards)
}
