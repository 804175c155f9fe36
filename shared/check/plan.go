package check

import "time"

const (
	// Step is the fine grid: how often a check under suspicion is sampled.
	Step = 5 * time.Second
	// Hold is how long suspicion lasts after a failure.
	Hold = 40 * time.Second
)

// A Plan says when a check is sampled: on the grid of Every, and on the grid
// of Step until Hold has passed without a failure. Grids are absolute, so that
// runs that follow each other keep to the same one. A sample starts on its
// grid whether or not the one before it has come back.
type Plan struct{ Every time.Duration }

// Next is when the next sample is due, given when the last one started, when
// the last failed one started (zero: none), and now.
func (p Plan) Next(last, bad, now time.Time) time.Time {
	if last.IsZero() {
		return now
	}
	next := last.Truncate(p.Every).Add(p.Every)
	if !bad.IsZero() {
		from := last
		if now.After(from) {
			from = now.Add(-1) // the tick that is now still counts
		}
		if fine := from.Truncate(Step).Add(Step); !fine.After(bad.Add(Hold)) && fine.Before(next) {
			return fine
		}
	}
	return next
}
