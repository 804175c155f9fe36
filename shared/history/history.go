// Package history keeps what became of a check's samples: the last sixty minutes
// in which there were any, and the hours of more than a year, each with its
// failures and with a sketch of how long the good ones took. Days are the sums
// of their hours.
//
// Nothing of it costs a write of its own: a Log goes with the check's state,
// and a day that has ended is put on file in the place of one save, see
// check.Ended.
package history

import (
	"context"
	"slices"
	"time"

	"rouse/shared/check"
)

// Lengths of what is kept.
const (
	minutesKept = 60
	day         = 24 * time.Hour
	// KeptFor is how long a day stays on file.
	KeptFor = 400 * day
)

// A Bucket counts the samples that started in a stretch of time.
type Bucket struct {
	From   time.Time // by UTC
	Length time.Duration

	Good, Failed int
	Excused      int // failed while the check was muted, and not in Failed

	// A sample speaks for the time since the one before it, at most the check's
	// interval, so that looking more often after a failure makes nothing worse
	// than it was. Seen is the sum of that, Lost the part of those that failed;
	// what was excused is in neither.
	Seen, Lost time.Duration

	latency sketch // of the good ones
}

// Up is the share of the time seen in which the check was good, from 0 to 1.
// Not known: nobody looked.
func (b Bucket) Up() (share float64, known bool) {
	if b.Seen <= 0 {
		return 0, false
	}
	return 1 - float64(b.Lost)/float64(b.Seen), true
}

// Quantile is how long at most the share q of the good samples took, too long
// by a sixteenth at most; 0 if none was good.
func (b Bucket) Quantile(q float64) time.Duration { return b.latency.quantile(q) }

// End is the first instant after the bucket.
func (b Bucket) End() time.Time { return b.From.Add(b.Length) }

// Sum is all of the buckets as one, from the first to the last, which may be in
// any order.
func Sum(buckets []Bucket) Bucket {
	var sum Bucket
	var latencies []sketch
	for i, b := range buckets {
		end := sum.End()
		if i == 0 || b.From.Before(sum.From) {
			sum.From = b.From
		}
		if i == 0 || b.End().After(end) {
			end = b.End()
		}
		sum.Length = end.Sub(sum.From)
		sum.Good, sum.Failed, sum.Excused = sum.Good+b.Good, sum.Failed+b.Failed, sum.Excused+b.Excused
		sum.Seen, sum.Lost = sum.Seen+b.Seen, sum.Lost+b.Lost
		latencies = append(latencies, b.latency)
	}
	sum.latency = merged(latencies)
	return sum
}

// A History is what is kept of a check, oldest first. Times in which nobody
// looked have no bucket.
type History struct {
	Minutes []Bucket // the last sixty in which there was a sample
	Hours   []Bucket
}

// Days are the sums of the hours of each day, by UTC.
func (h History) Days() []Bucket {
	var days []Bucket
	for hours := h.Hours; len(hours) > 0; {
		from := hours[0].From.Truncate(day)
		n := 1
		for n < len(hours) && hours[n].From.Truncate(day).Equal(from) {
			n++
		}
		d := Sum(hours[:n])
		d.From, d.Length = from, day
		days, hours = append(days, d), hours[n:]
	}
	return days
}

// Read puts a History together: ended are days on file, oldest first, s is the
// check's state, which may have been read before them. Of both, what has no part
// in [from, to) is left out.
func Read(ended []check.Ended, s check.State, from, to time.Time) (History, error) {
	var h History
	now, err := decode(s.History)
	if err != nil {
		return h, err
	}
	filed := func(date string) bool {
		return slices.ContainsFunc(ended, func(e check.Ended) bool { return e.Date == date })
	}
	if s.Ended != nil && !filed(s.Ended.Date) {
		ended = append(slices.Clip(ended), *s.Ended) // on its way to the files
	}
	part := func(b Bucket) bool { return b.From.Before(to) && b.End().After(from) }
	for _, e := range ended {
		l, err := decode(e.Body)
		if err != nil {
			return h, err
		}
		for _, b := range l.hours {
			if part(b) {
				h.Hours = append(h.Hours, b)
			}
		}
	}
	for _, b := range now.hours {
		if part(b) && !filed(Date(b.From)) {
			h.Hours = append(h.Hours, b)
		}
	}
	for _, b := range now.minutes {
		if part(b) {
			h.Minutes = append(h.Minutes, b)
		}
	}
	return h, nil
}

// Date is the day of an instant as check.Ended writes it.
func Date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// A Store tells histories.
type Store interface {
	// History reads what is kept of the check of that name, as far as it has a
	// part in [from, to): nothing if there is no such check.
	History(ctx context.Context, check string, from, to time.Time) (History, error)
}
