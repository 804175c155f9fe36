package sim

import (
	"runtime"
	"testing"
	"time"

	"rouse/shared/loop"
)

// A history that breaks off leaves nobody asleep behind: a thousand of them are
// lived through to make one smaller.
func TestNothingSleepsOn(t *testing.T) {
	before := runtime.NumGoroutine()
	unheard := above(commits(func(c *loop.Commit) { c.Rest.Received = nil }))
	broken := 0
	for seed := range uint64(100) {
		if Run(seed, unheard).Violation != nil {
			broken++
		}
	}
	for range 100 { // the last ones are on their way out
		if runtime.NumGoroutine() <= before {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if after := runtime.NumGoroutine(); broken == 0 || after > before {
		t.Errorf("%d goroutines before and %d after %d broken histories", before, after, broken)
	}
}
