package loop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rouse/shared/incident"
)

// A Holder keeps things apart that must not run twice at a time.
type Holder interface {
	// Hold takes the named lease until the given instant. false: somebody else
	// has it.
	Hold(ctx context.Context, name, token string, now, until time.Time) (bool, error)
	// Let gives it back.
	Let(ctx context.Context, name, token string) error
}

// Limits of a sweep.
const (
	sweepLease  = 55 * time.Second // sweeps come each minute
	sweepBatch  = 200              // keys read from the index at once
	sweepAtOnce = 8
)

// Sweep runs every key that has something due: what hints brought late, or
// never. A key that fails keeps no other waiting; it is due again in the next
// sweep.
func (l *Loop) Sweep(ctx context.Context, holder Holder) error {
	now := l.Clock.Now()
	token := NewSecret()
	const name = "router-sweep"
	mine, err := holder.Hold(ctx, name, token, now, now.Add(sweepLease))
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if !mine {
		l.Log.InfoContext(ctx, "another sweep is under way")
		return nil
	}
	var errs []error
	for i := range Shards {
		// Each sweep begins with another shard: one that hangs until the
		// function's time is over must not starve the same others for ever.
		shard := (int(now.Unix()/60) + i) % Shards
		errs = append(errs, l.sweepShard(ctx, shard)...)
	}
	errs = append(errs, holder.Let(ctx, name, token))
	return errors.Join(errs...)
}

func (l *Loop) sweepShard(ctx context.Context, shard int) (errs []error) {
	tried := map[incident.Key]bool{}
	for {
		// Keys that keep failing stay at the head of the index: look past them.
		limit := sweepBatch + len(tried)
		keys, err := l.Store.Due(ctx, shard, l.Clock.Now(), limit)
		if err != nil {
			return append(errs, fmt.Errorf("due index, shard %d: %w", shard, err))
		}
		var fresh []incident.Key
		for _, k := range keys {
			if !tried[k] {
				tried[k] = true
				fresh = append(fresh, k)
			}
		}
		failures := make([]error, len(fresh))
		each(l.Clock, len(fresh), sweepAtOnce, func(i int) { _, failures[i] = l.Run(ctx, Hint{Key: fresh[i]}) })
		errs = append(errs, failures...)
		if len(keys) < limit || len(fresh) == 0 {
			return errs
		}
	}
}
