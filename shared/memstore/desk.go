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
		if r > after && len(out) < limit && !h.gone[r] {
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

func (s *Store) Claim(_ context.Context, notices []record.Notice, now, until time.Time) (map[record.Notice]record.Claim, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	claims := map[record.Notice]record.Claim{}
	for _, n := range notices {
		h := s.history(n.Incident)
		switch have := h.notices[n]; {
		case have.done:
			claims[n] = record.Done
		case have.until.After(now):
			claims[n] = record.Held
		default:
			h.notices[n] = notice{until: until}
			claims[n] = record.Yours
		}
	}
	return claims, nil
}

func (s *Store) Done(_ context.Context, notices []record.Notice) (map[record.Notice]bool, map[string]record.Sender, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done, senders := map[record.Notice]bool{}, map[string]record.Sender{}
	for _, n := range notices {
		if h := s.histories[n.Incident]; h != nil && h.notices[n].done {
			done[n] = true
		}
		if known, ok := s.senders[n.Reporter]; ok {
			known.Answered = slices.Clone(known.Answered)
			senders[n.Reporter] = known
		}
	}
	return done, senders, nil
}

func (s *Store) Sent(_ context.Context, t record.Told) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history(t.Incident).notices[t.Notice] = notice{done: true}
	for _, m := range t.MessageIDs {
		s.threads[m] = t.Thread
	}
	if t.Answered != nil {
		known := s.senders[t.Reporter]
		known.Answered = slices.Clone(t.Answered)
		s.senders[t.Reporter] = known
	}
	s.note(t.Incident, t.Events)
	return nil
}

// TurnOff is for as long as the store lives, whatever the end.
func (s *Store) TurnOff(_ context.Context, reporter string, off record.Off, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.senders[reporter]
	known.Off = off
	s.senders[reporter] = known
	return nil
}

func (s *Store) Tally(_ context.Context, name string) (record.Tally, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tallies[name], nil
}

func (s *Store) SaveTally(_ context.Context, name string, t record.Tally) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tallies[name].Rev != t.Rev-1 {
		return record.ErrStale
	}
	s.tallies[name] = t
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

func (s *Store) Threads(_ context.Context, messageIDs []string) (map[string]record.Thread, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.threadsOf(messageIDs), nil
}

func (s *Store) threadsOf(messageIDs []string) map[string]record.Thread {
	known := map[string]record.Thread{}
	for _, m := range messageIDs {
		if t, ok := s.threads[m]; ok {
			known[m] = t
		}
	}
	return known
}

func (s *Store) PutThread(_ context.Context, messageID string, t record.Thread) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.threads[messageID] = t
	return nil
}
