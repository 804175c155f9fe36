package dynamostore

import (
	"context"
	"time"

	"rouse/shared/env"
	"rouse/shared/record"
)

// Beat notes that the named function has done its minute's work.
func (s *Store) Beat(ctx context.Context, name string, at time.Time) error {
	it, err := newItem(place{beatKey, name}, nil)
	if err != nil {
		return err
	}
	it[attrAt] = stamp(at)
	return s.put(ctx, it, condition{})
}

// Beats returns when each function last did.
func (s *Store) Beats(ctx context.Context) (map[string]time.Time, error) {
	beats := map[string]time.Time{}
	err := s.each(ctx, partition(beatKey, ""), func(it item) (bool, error) {
		beats[it.str(env.SortKey)] = it.time(attrAt)
		return true, nil
	})
	return beats, err
}

func (s *Store) LoadWatch(ctx context.Context) (record.Watch, error) {
	var w record.Watch
	return w, s.kept(ctx, "state", &w)
}

func (s *Store) SaveWatch(ctx context.Context, w record.Watch) error {
	return s.keep(ctx, "state", w)
}

func (s *Store) Deployment(ctx context.Context) (record.Deployment, error) {
	var d record.Deployment
	return d, s.kept(ctx, "deployment", &d)
}

func (s *Store) PutDeployment(ctx context.Context, d record.Deployment) error {
	return s.keep(ctx, "deployment", d)
}

func (s *Store) keep(ctx context.Context, name string, v any) error {
	it, err := newItem(place{watchKey, name}, v)
	if err != nil {
		return err
	}
	return s.put(ctx, it, condition{})
}

// kept leaves into as it is if nothing is kept. What a newer Rouse wrote is
// read as far as it is known: it is a memory, which the next run writes anew.
func (s *Store) kept(ctx context.Context, name string, into any) error {
	it, err := s.get(ctx, place{watchKey, name})
	if err != nil || it == nil {
		return err
	}
	return it.decode(into)
}
