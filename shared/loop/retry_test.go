package loop

import (
	"testing"
	"time"
)

// Each retry comes later than the one before, up to a bound, and two that failed
// together come apart.
func TestRetryAfter(t *testing.T) {
	for tries, most := range map[int]time.Duration{1: 10 * time.Second, 2: 20 * time.Second, 3: 40 * time.Second, 4: time.Minute, 60: time.Minute} {
		if got := retryAfter(tries, 1); got != most {
			t.Errorf("after %d failures %s at most, want %s", tries, got, most)
		}
		if got := retryAfter(tries, 0); got != most/2 {
			t.Errorf("after %d failures %s at least, want %s", tries, got, most/2)
		}
		if low, high := retryAfter(tries, 0.3), retryAfter(tries, 0.6); high-low < time.Second {
			t.Errorf("after %d failures by chance %s or %s", tries, low, high)
		}
	}
	l := &Loop{}
	for range 100 {
		if c := l.chance(); c < 0 || c > 1 {
			t.Errorf("a chance of %f", c)
		}
	}
	l.Chance = func() float64 { return 0.25 }
	if c := l.chance(); c != 0.25 {
		t.Errorf("a chance of %f is not the one that was asked for", c)
	}
}
