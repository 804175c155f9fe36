package memstore

import (
	"context"
	"encoding/json"
	"fmt"

	"rouse/shared/check"
	"rouse/shared/probe"
)

func (s *Store) LoadCheck(_ context.Context, name string) (check.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.check(name)
}

// check is the zero State for a check that was never saved.
func (s *Store) check(name string) (check.State, error) {
	var state check.State
	body, known := s.checks[name]
	if !known {
		return state, nil
	}
	if err := json.Unmarshal(body, &state); err != nil {
		return check.State{}, fmt.Errorf("check %s: %w", name, err)
	}
	return state, nil
}

func (s *Store) SaveCheck(_ context.Context, name string, state check.State) error {
	body, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("check %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	have, err := s.check(name)
	if err != nil {
		return err
	}
	if have.Rev != state.Rev-1 {
		return probe.ErrStale
	}
	s.checks[name] = body
	return nil
}

func (s *Store) Checks(_ context.Context, names []string) (map[string]check.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.statesOf(names)
}

func (s *Store) statesOf(names []string) (map[string]check.State, error) {
	states := map[string]check.State{}
	for _, name := range names {
		if _, known := s.checks[name]; !known {
			continue
		}
		state, err := s.check(name)
		if err != nil {
			return nil, err
		}
		states[name] = state
	}
	return states, nil
}
