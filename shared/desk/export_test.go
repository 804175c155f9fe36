package desk

import "time"

// Slots are what Take gives.
type Slots struct {
	First time.Time
	Held  int
}

// Take is take, for its table of cases.
func Take(t Tally, counts bool, n, most int, each time.Duration, now time.Time) (Slots, Tally, bool) {
	s, after, tripped := take(t, counts, n, most, each, now)
	return Slots{s.first, s.held}, after, tripped
}
