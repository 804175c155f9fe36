package dynamostore

import (
	"context"
	"errors"
	"strings"

	"rouse/shared/check"
	"rouse/shared/probe"
)

func (s *Store) LoadCheck(ctx context.Context, name string) (check.State, error) {
	var state check.State
	it, err := s.get(ctx, checkAt(name))
	if err != nil || it == nil {
		return check.State{}, err
	}
	if err := it.decode(&state); err != nil {
		return check.State{}, err
	}
	return state, nil
}

func (s *Store) SaveCheck(ctx context.Context, name string, state check.State) error {
	it, err := newItem(checkAt(name), state)
	if err != nil {
		return err
	}
	it[attrRev] = num(state.Rev)
	before := absent
	if state.Rev != 1 {
		before = condition{"#rev = :before", item{":before": num(state.Rev - 1)}}
	}
	err = s.put(ctx, it, before)
	var failed *failedError
	if errors.As(err, &failed) {
		return probe.ErrStale
	}
	return err
}

func (s *Store) Checks(ctx context.Context, names []string) (map[string]check.State, error) {
	places := make([]place, len(names))
	for i, name := range names {
		places[i] = checkAt(name)
	}
	items, err := s.getAll(ctx, places)
	if err != nil {
		return nil, err
	}
	states := map[string]check.State{}
	for _, it := range items {
		var state check.State
		if err := it.decode(&state); err != nil {
			return nil, err
		}
		states[strings.TrimPrefix(it.place().pk, checkPrefix)] = state
	}
	return states, nil
}
