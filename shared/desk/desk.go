// Package desk keeps the customers who wrote told: what they are told, and
// when. It says only what is certain.
package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/mail"
	"rouse/shared/wording"
)

// A Desk walks broadcasts and writes to each reporter once.
type Desk struct {
	Store  Store
	Mailer Mailer
	Clock  clock.Clock
	Log    *slog.Logger
	// Rate is how many mails a second the account may send, all desks together.
	// Nil: as many as there are.
	Rate func(ctx context.Context) float64
	// Again wakes a desk for what this one has left due when its time was over.
	// Nil: the sweep goes on.
	Again func(ctx context.Context) error

	Service string
	From    mail.Address
	Us      mail.Us
	// Zone is by whose clock reporters are told times who do not reveal their
	// own.
	Zone *time.Location
	// Names are the responders' names, as reporters may hear them.
	Names map[string]string
	// Languages are what reporters are told in. Empty: English.
	Languages wording.Languages
	// ShareEvidence permits telling reporters what the checks show.
	ShareEvidence bool
	// AnswersPerHour is beyond how many all acknowledgements are held back for
	// a while, and somebody is alarmed. Zero: config.AnswersPerHourDefault.
	AnswersPerHour int
}

// New returns a Desk for what the team has written down; Store, Mailer, Clock,
// Log and Rate are the caller's to set.
func New(c *config.Config) *Desk {
	names := map[string]string{}
	for id, r := range c.Responders {
		names[id] = r.Name
	}
	return &Desk{
		Service: c.Service, Names: names, ShareEvidence: c.Desk.ShareEvidence,
		From:      mail.Address{Name: c.Service + " support", Address: c.Inbox.ReplyFrom},
		Us:        mail.UsOf(c.Inbox.Address, c.Inbox.ReplyFrom, c.Inbox.Team, mail.Via(c.Inbox.Via)),
		Zone:      c.Zone(),
		Languages: c.Desk.Languages, AnswersPerHour: c.Desk.AnswersPerHour,
	}
}

// A Mailer sends a raw mail and returns the Message-ID that it left with.
type Mailer interface {
	SendRaw(ctx context.Context, to string, raw []byte) (messageID string, err error)
}

// Limits of one run; what they leave over is due at once for the next.
const (
	walksMax     = 20
	reportersMax = 100              // per page of a walk
	claimFor     = 45 * time.Second // longer than the function lives, and no longer: who was turned away waits for it
	retryAfter   = 30 * time.Second
	spare        = 5 * time.Second // of a function's time, in which no mail is begun
	// tellFor is how long a reporter is tried whom no mail reaches: an address
	// that SES refuses would otherwise be tried, and all of its walk be walked
	// again, for ever.
	tellFor = 24 * time.Hour
)

// retryIn is how long to wait with a walk of that age: at first not long, then
// longer each time.
func retryIn(age time.Duration) time.Duration { return max(retryAfter, age/10) }

// Run does what is due. It returns the first error after trying everything.
func (d *Desk) Run(ctx context.Context) error {
	walks, err := d.Store.Walks(ctx, d.Clock.Now(), walksMax)
	if err != nil {
		return fmt.Errorf("broadcasts that are due: %w", err)
	}
	var errs []error
	left := len(walks) == walksMax
	for _, w := range walks {
		rest, err := d.walk(ctx, w)
		if err != nil {
			errs = append(errs, fmt.Errorf("broadcast %s: %w", w.ID, err))
		}
		left = left || rest
	}
	if left && d.Again != nil {
		errs = append(errs, d.Again(context.WithoutCancel(ctx)))
	}
	return errors.Join(errs...)
}

// walk tells the reporters that follow the cursor. If some could not be told,
// it is walked again: those who were told are done and are not told twice. left
// says that it goes on at once: the function's time was over.
func (d *Desk) walk(ctx context.Context, w Walk) (left bool, err error) {
	var again time.Time // when those are to be tried who could not be told; zero: all were
	for {
		reporters, last, err := d.next(ctx, w)
		if err != nil {
			return false, err
		}
		for chunk := range slices.Chunk(reporters, d.chunk(ctx)) {
			due, late, err := d.tellAll(ctx, &w, chunk)
			switch {
			case err != nil:
				return false, err
			case late:
				if !again.IsZero() {
					w.Cursor = ""
				}
				w.Due = d.Clock.Now()
				return true, d.Store.Save(ctx, w)
			}
			if again = sooner(again, due); again.IsZero() {
				w.Cursor = chunk[len(chunk)-1].ID()
			}
		}
		if last {
			break
		}
		if !again.IsZero() { // the stored cursor stays before whom it has passed over: we may die before the end
			w.Cursor = reporters[len(reporters)-1].ID()
			continue
		}
		w.Due = d.Clock.Now()
		if err := d.Store.Save(ctx, w); err != nil {
			return false, err
		}
	}
	if !again.IsZero() {
		w.Cursor, w.Due = "", again
		return false, d.Store.Save(ctx, w)
	}
	return false, d.Store.Finish(ctx, w)
}

// sooner is the earlier of two instants, of which zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// late reports whether so little is left of the time that the function has that
// a mail begun now might be cut off after it was sent, and so be sent again.
func late(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < spare
}

// next returns the reporters to tell and whether they are the last.
func (d *Desk) next(ctx context.Context, w Walk) (reporters []incident.Reporter, last bool, err error) {
	if w.Only != nil {
		reporters, err = d.Store.ReportersOf(ctx, w.Incident, w.Only)
		return reporters, true, err
	}
	reporters, err = d.Store.Reporters(ctx, w.Incident, w.Cursor, reportersMax)
	return reporters, len(reporters) < reportersMax, err
}
