package dynamostore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/record"
)

// duePage is how many entries of the index are read at once: a storm leaves
// many of one key.
const duePage = 1000

func (s *Store) Due(ctx context.Context, shard int, now time.Time, limit int) ([]incident.Key, error) {
	if shard < 0 || shard >= loop.Shards {
		return nil, fmt.Errorf("there is no shard %d, only 0 to %d", shard, loop.Shards-1)
	}
	var keys []incident.Key
	seen := map[string]bool{}
	q := dueBy(shardName(shard), now)
	q.page = duePage
	err := s.each(ctx, q, func(it item) (bool, error) {
		pk := it.str(env.PartitionKey)
		if !seen[pk] {
			seen[pk] = true
			keys = append(keys, incident.Key(strings.TrimPrefix(pk, keyPrefix)))
		}
		return len(keys) < limit, nil
	})
	return keys, err
}

// dueBy is a query of the due index, the longest overdue first.
func dueBy(shard string, now time.Time) query {
	return query{
		index:  env.DueIndex,
		where:  "#" + env.DueShard + " = :shard AND #" + env.DueAt + " <= :now",
		values: item{":shard": str(shard), ":now": stamp(now)},
	}
}

// Walks reads the index and then the walks themselves: an entry may lag.
func (s *Store) Walks(ctx context.Context, now time.Time, limit int) ([]record.Walk, error) {
	q := dueBy(walksShard, now)
	q.page = int32(limit)
	var order []place
	err := s.each(ctx, q, func(it item) (bool, error) {
		order = append(order, it.place())
		return len(order) < limit, nil
	})
	if err != nil {
		return nil, err
	}
	items, err := s.getAll(ctx, order)
	if err != nil {
		return nil, err
	}
	at := map[place]record.Walk{}
	for _, it := range items {
		var w record.Walk
		if err := it.decode(&w); err != nil {
			return nil, err
		}
		at[it.place()] = w
	}
	var walks []record.Walk
	for _, p := range order {
		if w, there := at[p]; there && !w.Due.After(now) {
			walks = append(walks, w)
		}
	}
	return walks, nil
}
