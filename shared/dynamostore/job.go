package dynamostore

import (
	"context"
	"errors"
	"time"

	"rouse/shared/check"
	"rouse/shared/env"
)

// The times of a job lie apart, so that none overwrites another.
const (
	jobArmed = "armed"
	jobGood  = "good"
	jobBad   = "bad"
)

func (s *Store) LoadJob(ctx context.Context, name string) (check.Job, error) {
	var b check.Job
	items, err := s.getAll(ctx, []place{jobAt(name, jobArmed), jobAt(name, jobGood), jobAt(name, jobBad)})
	if err != nil {
		return b, err
	}
	times := map[string]*time.Time{jobArmed: &b.Armed, jobGood: &b.Good, jobBad: &b.Bad}
	for _, it := range items {
		if err := it.decode(times[it.str(env.SortKey)]); err != nil {
			return check.Job{}, err
		}
	}
	return b, nil
}

func (s *Store) SaveJob(ctx context.Context, name string, b check.Job) error {
	save := func(which string, at time.Time, c condition) error {
		if at.IsZero() {
			return nil
		}
		it, err := newItem(jobAt(name, which), at)
		if err != nil {
			return err
		}
		return s.put(ctx, it, c)
	}
	err := save(jobArmed, b.Armed, absent)
	if failed := (*failedError)(nil); errors.As(err, &failed) {
		err = nil // it is armed already
	}
	return errors.Join(err, save(jobGood, b.Good, condition{}), save(jobBad, b.Bad, condition{}))
}
