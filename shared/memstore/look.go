package memstore

import (
	"context"

	"rouse/shared/check"
	"rouse/shared/incident"
)

func (s *Store) Look(_ context.Context, key incident.Key, checks []string) (incident.Incident, map[string]check.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := incident.Incident{Key: key}
	if l := s.lives[key]; l != nil {
		in = copyIncident(l.incident)
		in.Key = key
	}
	states, err := s.statesOf(checks)
	return in, states, err
}
