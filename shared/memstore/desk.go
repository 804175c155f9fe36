package memstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"rouse/shared/incident"
	"rouse/shared/record"
)

// notice is how far a notice to a reporter has come.
type notice struct {
	until time.Time
	done  bool
}

func (s *Store) Walks(_ context.Context, now time.Time, limit int) ([]record.Walk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var walks []record.Walk
	for _, id := range s.walksDue.until(now, limit) {
		w := s.walks[id]
		w.Only = slices.Clone(w.Only)
		walks = append(walks, w)
	}
	return walks, nil
}

func (s *Store) Reporters(_ context.Context, id incident.ID, after string, limit int) ([]incident.Reporter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.histories[id]
	if h == nil {
		return nil, nil
	}
	var out []incident.Reporter
	for _, r := range slices.Sorted(maps.Keys(h.reporters)) {
		if r > after && len(out) < limit {
			out = append(out, copyReporter(h.reporters[r]))
		}
	}
	return out, nil
}

func (s *Store) ReportersOf(_ context.Context, id incident.ID, ids []string) ([]incident.Reporter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.histories[id]
	if h == nil {
		return nil, nil
	}
	var out []incident.Reporter
	for _, r := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if reporter, known := h.reporters[r]; known {
			out = append(out, copyReporter(reporter))
		}
	}
	return out, nil
}

func (s *Store) Claim(_ context.Context, n record.Notice, now, until time.Time) (record.Claim, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.history(n.Incident)
	switch have := h.notices[n]; {
	case have.done:
		return record.Done, nil
	case have.until.After(now):
		return record.Held, nil
	}
	h.notices[n] = notice{until: until}
	return record.Yours, nil
}

func (s *Store) Sent(_ context.Context, n record.Notice, messageIDs []string, key incident.Key, events []incident.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history(n.Incident).notices[n] = notice{done: true}
	for _, m := range messageIDs {
		s.threads[m] = record.Thread{Key: key, Incident: n.Incident}
	}
	s.note(n.Incident, events)
	return nil
}

// Save does nothing to a walk that is finished.
func (s *Store) Save(_ context.Context, w record.Walk) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, walking := s.walks[w.ID]; walking {
		s.putWalk(w)
	}
	return nil
}

func (s *Store) Finish(_ context.Context, w record.Walk) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.walks, w.ID)
	s.walksDue.remove(w.ID)
	return nil
}

// Thread prefers a message that belongs to an incident, and among those the
// one named first.
func (s *Store) Thread(_ context.Context, messageIDs []string) (record.Thread, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first record.Thread
	found := false
	for _, m := range messageIDs {
		t, known := s.threads[m]
		if known && t.Incident != "" {
			return t, true, nil
		}
		if known && !found {
			first, found = t, true
		}
	}
	return first, found, nil
}

func (s *Store) PutThread(_ context.Context, messageID string, t record.Thread) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.threads[messageID] = t
	return nil
}

func (s *Store) PutLetter(_ context.Context, l record.Letter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.Why = slices.Clone(l.Why)
	s.letters[l.ID] = l
	return nil
}
