package loop

import (
	"sync/atomic"

	"rouse/shared/clock"
)

// each calls f with 0 to n-1, at most atOnce of them at a time, and waits for
// all. It waits on the clock alone: anything else would stop a virtual one.
func each(c clock.Clock, n, atOnce int, f func(i int)) {
	if n == 1 {
		f(0)
		return
	}
	var next atomic.Int64
	group := c.Group()
	for range min(n, atOnce) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	group.Wait()
}
