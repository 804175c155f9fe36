package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rouse/shared/amend"
	"rouse/shared/env"
	"rouse/shared/loop"
	"rouse/shared/reach"
)

// Standing is one query: what stands beside the amendments lies beside them.
func (s *Store) Standing(ctx context.Context) (amend.Standing, error) { return s.standing(ctx, "") }

func (s *Store) Amendments(ctx context.Context) ([]amend.Amendment, error) {
	found, err := s.standing(ctx, amendmentPrefix)
	return found.Amendments, err
}

func (s *Store) Reach(ctx context.Context) ([]reach.Fact, error) {
	found, err := s.standing(ctx, reachPrefix)
	return found.Reach, err
}

func (s *Store) standing(ctx context.Context, prefix string) (amend.Standing, error) {
	var found amend.Standing
	var unread []error
	err := s.each(ctx, partition(rotaKey, prefix), func(it item) (bool, error) {
		var err error
		switch sort := it.str(env.SortKey); {
		case it.num(attrFormat) > loop.Format:
			err = fmt.Errorf("%s is stored in format %d, newer than this Rouse knows (%d): deploy the newer version again", sort, it.num(attrFormat), loop.Format)
		case strings.HasPrefix(sort, amendmentPrefix):
			found.Amendments, err = decoded(found.Amendments, it)
		case strings.HasPrefix(sort, circuitPrefix):
			found.Circuits, err = decoded(found.Circuits, it)
		case strings.HasPrefix(sort, reachPrefix):
			found.Reach, err = decoded(found.Reach, it)
		}
		if err != nil {
			unread = append(unread, err)
		}
		return true, nil
	})
	amend.Sort(found.Amendments)
	reach.Sort(found.Reach)
	return found, errors.Join(append(unread, err)...)
}

// decoded is list and what it holds.
func decoded[T any](list []T, it item) ([]T, error) {
	var v T
	if err := it.decode(&v); err != nil {
		return list, err
	}
	return append(list, v), nil
}

func (s *Store) Amend(ctx context.Context, a amend.Amendment) error {
	it, err := newItem(amendmentAt(a.ID), a)
	if err != nil {
		return err
	}
	return s.put(ctx, it.expires(a.To.Add(amend.KeptFor)), condition{})
}

func (s *Store) Withdraw(ctx context.Context, id string) (bool, error) {
	err := s.remove(ctx, amendmentAt(id), present)
	var failed *failedError
	if errors.As(err, &failed) {
		return false, nil
	}
	return err == nil, err
}

func (s *Store) PutReach(ctx context.Context, f reach.Fact) error {
	it, err := newItem(place{rotaKey, reachPrefix + f.Who + "#" + string(f.Channel)}, f)
	if err != nil {
		return err
	}
	it[attrAt] = stamp(f.Found)
	err = s.put(ctx, it.expires(f.Found.Add(reach.KeptFor)), condition{"attribute_not_exists(#pk) OR #at <= :at", item{":at": stamp(f.Found)}})
	var failed *failedError
	if errors.As(err, &failed) { // something newer is known
		return nil
	}
	return err
}

func (s *Store) PutCircuit(ctx context.Context, c loop.Circuit) error {
	it, err := newItem(place{rotaKey, circuitPrefix + c.Channel}, c)
	if err != nil {
		return err
	}
	return s.put(ctx, it, condition{})
}
