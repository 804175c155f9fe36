package memstore

import (
	"context"
	"maps"
	"slices"

	"rouse/shared/amend"
)

func (s *Store) Amendments(context.Context) ([]amend.Amendment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Collect(maps.Values(s.amendments))
	for i := range list {
		list[i].Who = slices.Clone(list[i].Who)
	}
	amend.Sort(list)
	return list, nil
}

func (s *Store) Amend(_ context.Context, a amend.Amendment) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.Who = slices.Clone(a.Who)
	s.amendments[a.ID] = a
	return nil
}

func (s *Store) Withdraw(_ context.Context, id string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, found := s.amendments[id]
	delete(s.amendments, id)
	return found, nil
}
