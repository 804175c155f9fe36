package loop

import (
	"sync"
	"time"
)

// words remembers which try for a word has succeeded: in a storm all the short
// ones are taken, and to try them again for each incident would double what it
// costs.
type words struct {
	mu  sync.Mutex
	try int
	at  time.Time
}

// wordsRest is after how long without a new incident a shorter word is tried
// again.
const wordsRest = time.Minute

// begin is the first try for a new incident.
func (w *words) begin(now time.Time) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Sub(w.at) < wordsRest {
		return w.try
	}
	return max(0, w.try-1)
}

func (w *words) found(try int, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.try, w.at = try, now
}
