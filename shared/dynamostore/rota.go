package dynamostore

import (
	"context"
	"errors"
	"fmt"

	"rouse/shared/amend"
	"rouse/shared/env"
	"rouse/shared/loop"
)

func (s *Store) Amendments(ctx context.Context) ([]amend.Amendment, error) {
	var list []amend.Amendment
	var unread []error
	err := s.each(ctx, partition(rotaKey, amendmentPrefix), func(it item) (bool, error) {
		var a amend.Amendment
		if v := it.num(attrFormat); v > loop.Format {
			unread = append(unread, fmt.Errorf("%s is stored in format %d, newer than this Rouse knows (%d): deploy the newer version again", it.str(env.SortKey), v, loop.Format))
		} else if err := it.decode(&a); err != nil {
			unread = append(unread, err)
		} else {
			list = append(list, a)
		}
		return true, nil
	})
	amend.Sort(list)
	return list, errors.Join(append(unread, err)...)
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
