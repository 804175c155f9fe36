package sim

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Many lives through n seeds from first on, on so many workers, and returns
// their results in the order of the seeds. When ctx is done it begins no
// further seed.
func Many(ctx context.Context, first uint64, n, workers int, o Options) []Result {
	results := make([]Result, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
				results[i] = Run(first+uint64(i), o)
				results[i].happened = nil // a million of them would not fit
			}
		})
	}
	group.Wait()
	return slices.DeleteFunc(results, func(r Result) bool { return r.Team == "" })
}
