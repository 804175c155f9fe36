package check

import "time"

const (
	// Step is the fine grid: how often a check under suspicion is sampled.
	Step = 2500 * time.Millisecond
	// Hold is how long suspicion lasts after a failure.
	Hold = 40 * time.Second
	// ReportedFor is how long it lasts after a customer has reported trouble.
	ReportedFor = 5 * time.Minute
)

// A Plan says when a check is sampled: on the grid of Every, and under suspicion
// on the grid of Step. Grids are absolute, so that
// runs that follow each other keep to the same one. A sample starts on its
// grid whether or not the one before it has come back.
type Plan struct {
	Every time.Duration
	// Timeout is how long a sample may take, at most a minute: one that could
	// outlast the minute it starts in is left out, so that the runs of
	// successive minutes never overlap.
	Timeout time.Duration
}

// Next is when the next sample is due, given when the last one started (zero:
// never) and until when the check is under suspicion (zero: it is not). A time
// that has passed means at once; slots that were missed are not made up for.
func (p Plan) Next(last, suspect time.Time) time.Time {
	if last.IsZero() {
		return last
	}
	next := last.Truncate(p.Every).Add(p.Every)
	for !p.fits(next) {
		next = next.Add(p.Every)
	}
	for fine := last.Truncate(Step).Add(Step); fine.Before(next) && !fine.After(suspect); fine = fine.Add(Step) {
		if p.fits(fine) {
			return fine
		}
	}
	return next
}

func (p Plan) fits(t time.Time) bool {
	return t.Sub(t.Truncate(time.Minute))+min(p.Timeout, time.Minute) <= time.Minute
}
