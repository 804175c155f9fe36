package history

import (
	"slices"
	"time"

	"rouse/shared/check"
)

// A log is what is kept of a check while the day runs.
type log struct {
	last    time.Time // start of the last sample counted
	closed  time.Time // end of the last day put on file; zero: none
	minutes []Bucket  // at most minutesKept
	hours   []Bucket  // of the days not on file
}

// Add returns the state with samples counted in its History. An interval is the
// check's. If a day has ended, and the one before it is on file, the state has
// an Ended to be put there.
//
// A History that cannot be read, such as one of a newer Rouse, is begun anew.
func Add(s check.State, interval time.Duration, samples []check.Sample) check.State {
	l, err := decode(s.History)
	if err != nil {
		l = log{}
	}
	samples = slices.Clone(samples)
	slices.SortStableFunc(samples, func(a, b check.Sample) int { return a.At.Compare(b.At) })
	for _, x := range samples {
		l.add(x, interval)
	}
	if s.Ended == nil {
		s.Ended = l.close()
	}
	s.History = l.encode()
	return s
}

func (l *log) add(x check.Sample, interval time.Duration) {
	gap := interval // the first sample speaks for as much as any other
	if !l.last.IsZero() {
		gap = min(max(0, x.At.Sub(l.last)), interval)
	}
	if x.At.After(l.last) {
		l.last = x.At
	}
	at := x.At.UTC()
	bucket(&l.minutes, at, time.Minute).count(x, gap)
	if len(l.minutes) > minutesKept {
		l.minutes = l.minutes[len(l.minutes)-minutesKept:]
	}
	if at.Before(l.closed) { // it comes late, and its day is on file
		at = l.closed
	}
	bucket(&l.hours, at, time.Hour).count(x, gap)
}

// bucket finds the bucket of an instant, or puts one into its place.
func bucket(all *[]Bucket, at time.Time, length time.Duration) *Bucket {
	from := at.Truncate(length)
	i := len(*all)
	for i > 0 && (*all)[i-1].From.After(from) {
		i--
	}
	if i > 0 && (*all)[i-1].From.Equal(from) {
		return &(*all)[i-1]
	}
	*all = slices.Insert(*all, i, Bucket{From: from, Length: length})
	return &(*all)[i]
}

func (b *Bucket) count(x check.Sample, gap time.Duration) {
	switch {
	case x.Excused:
		b.Excused++
		return
	case x.OK:
		b.Good++
		b.latency = b.latency.with(x.Took)
	default:
		b.Failed++
		b.Lost += gap
	}
	b.Seen += gap
}

// close takes the oldest day off the log, if it has ended.
func (l *log) close() *check.Ended {
	if len(l.hours) == 0 {
		return nil
	}
	date := l.hours[0].From.Truncate(day)
	n := 1
	for n < len(l.hours) && l.hours[n].From.Truncate(day).Equal(date) {
		n++
	}
	if n == len(l.hours) {
		return nil
	}
	ended := log{hours: l.hours[:n]}
	l.hours, l.closed = l.hours[n:], date.Add(day)
	return &check.Ended{Date: Date(date), Body: ended.encode()}
}
