package memstore

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"rouse/shared/amend"
	"rouse/shared/loop"
	"rouse/shared/reach"
)

func (s *Store) Standing(context.Context) (amend.Standing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return amend.Standing{Amendments: s.listAmendments(), Reach: s.listReach(), Circuits: s.listCircuits()}, nil
}

func (s *Store) Amendments(context.Context) ([]amend.Amendment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listAmendments(), nil
}

func (s *Store) listAmendments() []amend.Amendment {
	list := slices.Collect(maps.Values(s.amendments))
	for i := range list {
		list[i].Who = slices.Clone(list[i].Who)
	}
	amend.Sort(list)
	return list
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

func (s *Store) Reach(context.Context) ([]reach.Fact, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listReach(), nil
}

func (s *Store) listReach() []reach.Fact {
	facts := slices.Collect(maps.Values(s.reach))
	reach.Sort(facts)
	return facts
}

func (s *Store) PutReach(_ context.Context, f reach.Fact) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := f.Who + "#" + string(f.Channel)
	if known, there := s.reach[id]; !there || !known.Found.After(f.Found) {
		s.reach[id] = f
	}
	return nil
}

func (s *Store) PutCircuit(_ context.Context, c loop.Circuit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.circuits[c.Channel] = c
	return nil
}

func (s *Store) listCircuits() []loop.Circuit {
	return slices.SortedFunc(maps.Values(s.circuits), func(a, b loop.Circuit) int { return cmp.Compare(a.Channel, b.Channel) })
}
