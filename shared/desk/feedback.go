package desk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rouse/shared/incident"
)

// A Feedback is what became of a mail after it was handed over: it came back,
// was complained about, or was rejected. It is noted, and never answered.
type Feedback struct {
	ID        string   // the carrier's own; the same Feedback may come twice
	Kind      string   // "bounced", "complained about", "rejected"
	MessageID string   // under which the mail was sent
	To        []string // addresses
	// Passing says that a later mail may well arrive: a mailbox that is full.
	Passing bool
	Why     string // in the other server's words
	At      time.Time
}

// offFor is how long nothing is sent to an address that bounces: it may be
// mended. Who has complained is never written to again.
const offFor = 90 * 24 * time.Hour

// Feedback has nothing sent any more to an address that refuses our mails, and
// tells the timeline of the incident that the mail was about.
func (d *Desk) Feedback(ctx context.Context, f Feedback) error {
	threads, err := d.Store.Threads(ctx, []string{f.MessageID})
	if err != nil {
		return fmt.Errorf("the mail's incident: %w", err)
	}
	thread := threads[f.MessageID]
	now := d.Clock.Now()
	for _, to := range f.To {
		id := incident.Reporter{Address: to}.ID()
		why := f.Kind + " on " + f.At.In(d.Zone).Format("2 January 15:04 MST")
		if !f.Passing {
			until := now.Add(offFor)
			if f.Kind == Complained {
				until = time.Time{}
			}
			if err := d.Store.TurnOff(ctx, id, Off{At: now, Why: why}, until); err != nil {
				return fmt.Errorf("an address that refuses mail: %w", err)
			}
		}
		d.Log.WarnContext(ctx, "a mail did not arrive", "incident", thread.Incident, "reporter", id, "what", f.Kind, "passing", f.Passing)
		if thread.Incident == "" {
			continue
		}
		n := Notice{Incident: thread.Incident, Name: "feedback/" + f.ID, Reporter: id}
		claims, err := d.Store.Claim(ctx, []Notice{n}, now, now.Add(claimFor))
		if err != nil {
			return err
		}
		if claims[n] == Done {
			continue
		}
		what := f.Kind
		if f.Why != "" {
			what += ": " + shown(f.Why, f.To)
		}
		if f.Passing {
			what += "; a later one may arrive"
		} else {
			what += "; nothing is sent to this address any more"
		}
		event := incident.Event{At: now, Kind: "undelivered", Who: thread.Org, Why: what}
		if err := d.Store.Sent(ctx, Told{Notice: n, Events: []incident.Event{event}}); err != nil {
			return err
		}
	}
	return nil
}

// The kinds of Feedback.
const (
	Bounced    = "bounced"
	Complained = "complained about"
	Rejected   = "rejected"
)

const whyMax = 200 // bytes of another server's words

// shown is what another server says, on one line, short, and without the
// addresses that servers like to repeat.
func shown(why string, addresses []string) string {
	why = strings.Join(strings.Fields(strings.ToValidUTF8(why, "?")), " ")
	words := strings.Split(why, " ")
	for i, w := range words {
		if strings.Contains(w, "@") {
			words[i] = "(the address)"
		}
	}
	why = strings.Join(words, " ")
	for _, a := range addresses {
		why = strings.ReplaceAll(why, a, "(the address)")
	}
	if len(why) > whyMax {
		why = strings.ToValidUTF8(why[:whyMax], "") + "…"
	}
	return why
}
