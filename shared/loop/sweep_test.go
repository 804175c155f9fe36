package loop_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
)

// hanging is a store with a key in each shard; the one in shard 0 is answered
// only when the caller's time is over.
type hanging struct {
	*memstore.Store
	reached map[incident.Key]bool
}

func (h *hanging) Due(_ context.Context, shard int, _ time.Time, _ int) ([]incident.Key, error) {
	return []incident.Key{[]incident.Key{"hangs", "one", "two", "three"}[shard]}, nil
}

func (h *hanging) Load(ctx context.Context, key incident.Key) (loop.Live, error) {
	if key == "hangs" {
		<-ctx.Done()
	}
	if ctx.Err() == nil {
		h.reached[key] = true
	}
	return loop.Live{}, ctx.Err()
}

// A shard that takes all of a sweep's time leaves time to the others in another
// minute.
func TestAShardThatHangsStarvesNoOther(t *testing.T) {
	store := &hanging{memstore.New(), map[incident.Key]bool{}}
	now := clock.NewVirtual(start)
	l := &loop.Loop{
		Store: store, Clock: now, Log: slog.New(slog.DiscardHandler),
		Team: func(context.Context) (loop.Team, error) { return team(), nil },
	}
	for minute := range loop.Shards {
		now.Run(start.Add(time.Duration(minute) * time.Minute))
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := l.Sweep(ctx, store); err == nil {
			t.Fatal("no shard hung")
		}
		cancel()
	}
	if len(store.reached) != loop.Shards-1 {
		t.Errorf("reached only %v", store.reached)
	}
}
