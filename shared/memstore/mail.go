package memstore

import (
	"context"
	"slices"
	"time"

	"rouse/shared/incident"
	"rouse/shared/record"
)

func (s *Store) Around(_ context.Context, messageIDs, checks []string) (record.Around, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	states, err := s.statesOf(checks)
	return record.Around{Open: s.listOpen(), Checks: states, Threads: s.threadsOf(messageIDs)}, err
}

// meeting is where reports meet that have nothing else in common.
type meeting struct {
	org   string
	key   incident.Key
	until time.Time
}

func (s *Store) Meet(_ context.Context, org string, key incident.Key, now, until time.Time) (incident.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.met.until.After(now) && s.met.org != org {
		return s.met.key, nil
	}
	s.met = meeting{org, key, until}
	return key, nil
}

func (s *Store) Keep(_ context.Context, k record.Kept) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k.Signal != nil && !s.putSignal(*k.Signal) {
		return nil
	}
	if k.MessageID != "" {
		s.threads[k.MessageID] = k.Thread
	}
	k.Letter.Why = slices.Clone(k.Letter.Why)
	s.letters[k.Letter.ID] = k.Letter
	return nil
}
