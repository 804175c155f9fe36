package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"rouse/shared/config"
	"rouse/shared/incident"
)

// Limits of automatic answers. They hold an answer back and never drop one:
// whoever may be answered is, later.
const (
	// answersPerSender is how many acknowledgements one address gets in an
	// hour, of as many incidents. Two auto-responders that missed each other's
	// marks come to no more.
	answersPerSender = 3
	// restAfter is how long no acknowledgement leaves once there were too many.
	restAfter = 15 * time.Minute
)

// answerAgain is when an address may be answered again; zero if it may be now.
func answerAgain(s Sender, now time.Time) time.Time {
	var recent []time.Time
	for _, t := range s.Answered {
		if now.Sub(t) < time.Hour {
			recent = append(recent, t)
		}
	}
	if len(recent) < answersPerSender {
		return time.Time{}
	}
	return recent[len(recent)-answersPerSender].Add(time.Hour)
}

// answered adds an answer to the latest ones.
func answered(s Sender, now time.Time) []time.Time {
	all := append(s.Answered[:len(s.Answered):len(s.Answered)], now)
	return all[max(0, len(all)-answersPerSender):]
}

// chunk is how many reporters are dealt with at a time: what can be sent within
// some seconds, so that no claim runs out before its turn.
func (d *Desk) chunk(ctx context.Context) int {
	const within = 5 // seconds
	if d.Rate == nil {
		return reportersMax
	}
	return min(max(1, int(d.Rate(ctx)*within)), reportersMax)
}

// slots are the turns that a desk may send at.
type slots struct {
	first time.Time
	each  time.Duration
	held  int       // mails that must wait until …
	until time.Time // … then
	late  bool      // none was taken: the first is beyond this run
}

// The tally that all desks share: how many acknowledgements have left in this
// hour, and when the next mail of any kind may.
const (
	tallyName   = "mails"
	reserveMax  = 20 // tries to be the first
	windowMax   = time.Hour
	rateDefault = 1 // mails a second while the account's rate is not known
)

// reserve takes turns for n mails, after those that others have taken, so that
// all desks together keep to the account's rate. Of acknowledgements it may
// hold some back, and rings if they are the first.
func (d *Desk) reserve(ctx context.Context, kind incident.NoticeKind, n int) (slots, error) {
	if n == 0 {
		return slots{first: d.Clock.Now()}, nil
	}
	most := cmp.Or(d.AnswersPerHour, config.AnswersPerHourDefault)
	for range reserveMax {
		t, err := d.Store.Tally(ctx, tallyName)
		if err != nil {
			return slots{}, fmt.Errorf("how many mails were sent: %w", err)
		}
		now := d.Clock.Now()
		s, after, tripped := take(t, kind == incident.NoticeReceived, n, most, d.interval(ctx), now)
		if tooLate(ctx, s.first) {
			s.late = true // turns that nobody takes would keep others waiting
			return s, nil
		}
		err = d.Store.SaveTally(ctx, tallyName, after)
		if errors.Is(err, ErrStale) {
			continue
		}
		if err != nil {
			return slots{}, fmt.Errorf("how many mails were sent: %w", err)
		}
		if tripped {
			d.Log.ErrorContext(ctx, "automatic answers held back", "alarm", "answers-held-back", "within_hour", after.Count, "until", s.until)
		}
		return s, nil
	}
	return slots{}, errors.New("too many desks take turns at once; trying again")
}

// interval is the time between two mails.
func (d *Desk) interval(ctx context.Context) time.Duration {
	if d.Rate == nil {
		return 0
	}
	rate := d.Rate(ctx)
	if rate <= 0 {
		rate = rateDefault
	}
	return time.Duration(float64(time.Second) / rate)
}

// take is reserve, without its store.
func take(t Tally, counts bool, n, most int, each time.Duration, now time.Time) (s slots, after Tally, tripped bool) {
	after = t
	after.Rev++
	s.each = each
	allowed := n
	if counts {
		if now.Sub(after.Began) >= windowMax || !after.Closed.IsZero() && !after.Closed.After(now) {
			after.Began, after.Count, after.Closed = now, 0, time.Time{}
		}
		if !after.Closed.IsZero() {
			allowed = 0
		} else if allowed = min(n, max(0, most-after.Count)); allowed < n {
			tripped = true
			after.Closed = now.Add(restAfter)
		}
		after.Count += allowed
		s.held, s.until = n-allowed, after.Closed
	}
	s.first = now
	if after.Next.After(now) {
		s.first = after.Next
	}
	after.Next = s.first.Add(time.Duration(allowed) * each)
	return s, after, tripped
}

// wait waits for a turn. false: it comes too late for this run.
func (d *Desk) wait(ctx context.Context, until time.Time) bool {
	if late(ctx) || tooLate(ctx, until) {
		return false
	}
	if !until.After(d.Clock.Now()) {
		return true
	}
	return d.Clock.Sleep(ctx, until) == nil
}

// tooLate reports whether a mail begun then might be cut off.
func tooLate(ctx context.Context, at time.Time) bool {
	deadline, ok := ctx.Deadline()
	return ok && deadline.Sub(at) < spare
}
