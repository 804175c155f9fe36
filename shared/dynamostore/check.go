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
	"rouse/shared/loop"
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
		beside.Suspected = state.Suspected
		return beside, nil
	}
	return state, nil
}

// Suspect is one write, beside the state and not in it: whoever saves that may
// not know of it yet.
func (s *Store) Suspect(ctx context.Context, name string, until time.Time) error {
	err := s.update(ctx, checkAt(name), "SET #suspect = :until, #v = if_not_exists(#v, :v)", condition{
		"attribute_not_exists(#suspect) OR #suspect < :until", item{":until": stamp(until), ":v": num(loop.Format)},
	})
	var failed *failedError
	if errors.As(err, &failed) {
		return nil // it is suspected for longer already
	}
	return err
}

// state is the zero State if there is none.
func (s *Store) state(ctx context.Context, at place) (check.State, error) {
	it, err := s.get(ctx, at)
	if err != nil || it == nil {
		return check.State{}, err
	}
	return decodeState(it)
}

// decodeState is the zero State, but for a suspicion, if nothing was saved yet.
func decodeState(it item) (state check.State, err error) {
	if it.str(attrBody) != "" {
		if err := it.decode(&state); err != nil {
			return check.State{}, err
		}
	}
	state.Suspected = it.time(attrSuspect)
	return state, nil
}

// SaveCheck is one write, always.
func (s *Store) SaveCheck(ctx context.Context, name string, state check.State) error {
	place := state.Place()
	if place.Day != "" {
		return stale(s.file(ctx, name, place.Day, state))
	}
	it, err := newItem(checkAt(name), state.Saved())
	if err != nil {
		return err
	}
	guard := condition{"#rev = :before", item{":before": num(place.Before)}}
	if place.Before == 0 {
		guard = condition{"attribute_not_exists(#rev)", item{}}
	}
	// Not put, which would take a suspicion away.
	guard.values[":body"], guard.values[":rev"], guard.values[":v"] = it[attrBody], num(state.Rev), it[attrFormat]
	return stale(s.update(ctx, it.place(), "SET #body = :body, #rev = :rev, #v = :v", guard))
}

// file saves a state beside the day that has ended.
func (s *Store) file(ctx context.Context, name, date string, state check.State) error {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return fmt.Errorf("check %s: %w", name, err)
	}
	it, err := newItem(dayAt(name, date), state.Saved())
	if err != nil {
		return err
	}
	it[attrRev] = num(state.Rev)
	return s.put(ctx, it.expires(day.Add(history.KeptFor)), condition{
		"attribute_not_exists(#pk) OR #rev <> :rev", item{":rev": num(state.Rev)},
	})
}

// stale says of a save whose condition does not hold that it came too late.
func stale(err error) error {
	var failed *failedError
	if errors.As(err, &failed) {
		return probe.ErrStale
	}
	return err
}

// History reads the check's state and the days on file, some 2 KB each.
func (s *Store) History(ctx context.Context, name string, from, to time.Time) (history.History, error) {
	// The state first: what it sends to the files meanwhile is then found in one of
	// the two, or in both.
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
		state, err := decodeState(it)
		if err != nil {
			return nil, err
		}
		states[strings.TrimPrefix(it.place().pk, checkPrefix)] = state
	}
	return states, nil
}
