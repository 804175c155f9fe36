package memstore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"rouse/shared/check"
	"rouse/shared/history"
	"rouse/shared/probe"
)

func (s *Store) LoadCheck(_ context.Context, name string) (check.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.check(name)
}

// check is the zero State for a check that was never saved, nor suspected.
func (s *Store) check(name string) (check.State, error) {
	state, err := decodeState(name, s.checks[name])
	if err != nil {
		return state, err
	}
	if state.Ended != nil {
		beside, err := decodeState(name, s.days[name][state.Ended.Date])
		if err != nil {
			return state, err
		}
		if beside.Rev == state.Rev+1 {
			state = beside
		}
	}
	state.Suspected = s.suspected[name]
	return state, nil
}

func (s *Store) Suspect(_ context.Context, name string, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until.After(s.suspected[name]) {
		s.suspected[name] = until.UTC()
	}
	return nil
}

// decodeState reads a state; nothing is the zero State.
func decodeState(name string, body []byte) (state check.State, err error) {
	if body == nil {
		return state, nil
	}
	if err := json.Unmarshal(body, &state); err != nil {
		return check.State{}, fmt.Errorf("check %s: %w", name, err)
	}
	return state, nil
}

func (s *Store) SaveCheck(_ context.Context, name string, state check.State) error {
	body, err := json.Marshal(state.Saved())
	if err != nil {
		return fmt.Errorf("check %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	place := state.Place()
	if place.Day != "" {
		beside, err := decodeState(name, s.days[name][place.Day])
		if err == nil && beside.Rev == state.Rev {
			err = probe.ErrStale
		}
		if err == nil {
			if s.days[name] == nil {
				s.days[name] = map[string][]byte{}
			}
			s.days[name][place.Day] = body
		}
		return err
	}
	have, err := decodeState(name, s.checks[name])
	if err == nil && have.Rev != place.Before {
		err = probe.ErrStale
	}
	if err == nil {
		s.checks[name] = body
	}
	return err
}

func (s *Store) History(_ context.Context, name string, from, to time.Time) (history.History, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ended []check.Ended
	for _, date := range slices.Sorted(maps.Keys(s.days[name])) {
		if date < history.Date(from) || date > history.Date(to) {
			continue
		}
		beside, err := decodeState(name, s.days[name][date])
		if err != nil {
			return history.History{}, err
		}
		ended = append(ended, *beside.Ended)
	}
	state, err := s.check(name)
	if err != nil {
		return history.History{}, err
	}
	return history.Read(ended, state, from, to)
}

func (s *Store) Checks(_ context.Context, names []string) (map[string]check.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.statesOf(names)
}

func (s *Store) statesOf(names []string) (map[string]check.State, error) {
	states := map[string]check.State{}
	for _, name := range names {
		if s.checks[name] == nil && s.suspected[name].IsZero() {
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
