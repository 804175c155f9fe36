package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rouse/shared/check"
	"rouse/shared/env"
	"rouse/shared/history"
	"rouse/shared/probe"
)

// LoadCheck costs one read, or two in the minute in which a day is put on file.
func (s *Store) LoadCheck(ctx context.Context, name string) (check.State, error) {
	state, err := s.state(ctx, checkAt(name))
	if err != nil || state.Ended == nil {
		return state, err
	}
	beside, err := s.state(ctx, dayAt(name, state.Ended.Date))
	if err != nil {
		return check.State{}, err
	}
	if beside.Rev == state.Rev+1 {
		return beside, nil
	}
	return state, nil
}

// state is the zero State if there is none.
func (s *Store) state(ctx context.Context, at place) (check.State, error) {
	var state check.State
	it, err := s.get(ctx, at)
	if err != nil || it == nil {
		return state, err
	}
	if err := it.decode(&state); err != nil {
		return check.State{}, err
	}
	return state, nil
}

// SaveCheck is one write, always.
func (s *Store) SaveCheck(ctx context.Context, name string, state check.State) error {
	place := state.Place()
	at, guard := checkAt(name), condition{"#rev = :before", item{":before": num(place.Before)}}
	switch {
	case place.Day != "":
		at, guard = dayAt(name, place.Day), condition{"attribute_not_exists(#pk) OR #rev <> :rev", item{":rev": num(state.Rev)}}
	case place.Before == 0:
		guard = absent
	}
	it, err := newItem(at, state.Saved())
	if err != nil {
		return err
	}
	it[attrRev] = num(state.Rev)
	if place.Day != "" {
		date, err := time.Parse(time.DateOnly, place.Day)
		if err != nil {
			return fmt.Errorf("check %s: %w", name, err)
		}
		it.expires(date.Add(history.KeptFor))
	}
	err = s.put(ctx, it, guard)
	var failed *failedError
	if errors.As(err, &failed) {
		return probe.ErrStale
	}
	return err
}

// History reads the check's state and the days on file, some 2 KB each.
func (s *Store) History(ctx context.Context, name string, from, to time.Time) (history.History, error) {
	// The state first: what it carries to the files is then found in one of the two.
	state, err := s.LoadCheck(ctx, name)
	if err != nil {
		return history.History{}, err
	}
	q := query{
		where:  "#" + env.PartitionKey + " = :pk AND #" + env.SortKey + " BETWEEN :from AND :to",
		values: item{":pk": str(checkAt(name).pk), ":from": str(dayAt(name, history.Date(from)).sk), ":to": str(dayAt(name, history.Date(to)).sk)},
	}
	var ended []check.Ended
	err = s.each(ctx, q, func(it item) (bool, error) {
		var beside check.State
		err := it.decode(&beside)
		if err == nil && beside.Ended != nil {
			ended = append(ended, *beside.Ended)
		}
		return true, err
	})
	if err != nil {
		return history.History{}, err
	}
	return history.Read(ended, state, from, to)
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
