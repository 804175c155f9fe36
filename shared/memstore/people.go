package memstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

func (s *Store) Code(_ context.Context, hash string) (loop.Code, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	code, found := s.codes[hash]
	return copyCode(code), found, nil
}

func (s *Store) Timeline(_ context.Context, id incident.ID) ([]incident.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.histories[id]
	if h == nil {
		return nil, nil
	}
	events := slices.Clone(h.events)
	slices.SortStableFunc(events, func(a, b incident.Event) int { return a.At.Compare(b.At) })
	return events, nil
}

// Open lists the incidents that have not settled, the one opened first first.
func (s *Store) Open(context.Context) ([]incident.Incident, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listOpen(), nil
}

func (s *Store) listOpen() []incident.Incident {
	var all []incident.Incident
	for _, key := range s.open {
		all = append(all, copyIncident(s.lives[key].incident))
	}
	slices.SortFunc(all, func(a, b incident.Incident) int {
		return cmp.Or(a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID))
	})
	return all
}

func (s *Store) Incidents(_ context.Context, keys []incident.Key) ([]incident.Incident, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []incident.Incident
	for _, key := range slices.Compact(slices.Sorted(slices.Values(keys))) {
		if l := s.lives[key]; l != nil && l.incident.ID != "" {
			in := copyIncident(l.incident)
			in.Key = key
			all = append(all, in)
		}
	}
	return all, nil
}

// Find tells under which key the incident lives, or has lived.
func (s *Store) Find(_ context.Context, id incident.ID) (incident.Key, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.histories[id]
	if h == nil || h.key == "" {
		return "", false, nil
	}
	return h.key, true, nil
}

// Recent lists up to limit incidents: the open ones, then the settled ones,
// each with the one opened last first.
func (s *Store) Recent(_ context.Context, limit int) ([]incident.Incident, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.listOpen()
	slices.Reverse(all)
	for i := len(s.settled) - 1; i >= 0 && len(all) < limit; i-- {
		all = append(all, copyIncident(s.settled[i]))
	}
	return all[:min(limit, len(all))], nil
}

type hold struct {
	token string
	until time.Time
}

// Hold takes the right to do what name says until an instant, so that no two
// do it at once. It reports whether the right is token's now; a token that
// holds it already prolongs it.
func (s *Store) Hold(_ context.Context, name, token string, now, until time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h, held := s.holds[name]; held && h.token != token && h.until.After(now) {
		return false, nil
	}
	s.holds[name] = hold{token, until}
	return true, nil
}

// Let gives back what Hold took. It does nothing if token no longer holds it.
func (s *Store) Let(_ context.Context, name, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holds[name].token == token {
		delete(s.holds, name)
	}
	return nil
}
