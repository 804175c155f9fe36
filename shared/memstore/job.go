package memstore

import (
	"context"

	"rouse/shared/check"
)

func (s *Store) LoadJob(_ context.Context, name string) (check.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.jobs[name], nil
}

func (s *Store) SaveJob(_ context.Context, name string, b check.Job) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	have := s.jobs[name]
	if have.Armed.IsZero() {
		have.Armed = b.Armed
	}
	if !b.Good.IsZero() {
		have.Good = b.Good
	}
	if !b.Bad.IsZero() {
		have.Bad = b.Bad
	}
	s.jobs[name] = have
	return nil
}
