// Package desk keeps the customers who wrote told: what they are told, and
// when. It says only what is certain.
package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/mail"
)

// A Desk walks broadcasts and writes to each reporter once.
type Desk struct {
	Store  Store
	Mailer Mailer
	Clock  clock.Clock
	Log    *slog.Logger

	Service string
	From    mail.Address
	Us      mail.Us
	// Zone is by whose clock reporters are told times.
	Zone *time.Location
	// Names are the responders' names, as reporters may hear them.
	Names map[string]string
	// ShareEvidence permits telling reporters what the checks show.
	ShareEvidence bool
}

// New returns a Desk for what the team has written down; Store, Mailer, Clock
// and Log are the caller's to set.
func New(c *config.Config) *Desk {
	names := map[string]string{}
	for id, r := range c.Responders {
		names[id] = r.Name
	}
	d := &Desk{
		Service: c.Service, Names: names, ShareEvidence: c.Desk.ShareEvidence,
		From: mail.Address{Name: c.Service + " support", Address: c.Inbox.ReplyFrom},
		Us:   mail.UsOf(c.Inbox.Address, c.Inbox.ReplyFrom, c.Inbox.Team, mail.Via(c.Inbox.Via)),
		Zone: c.Zone(),
	}
	return d
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
	for _, w := range walks {
		if err := d.walk(ctx, w); err != nil {
			errs = append(errs, fmt.Errorf("broadcast %s: %w", w.ID, err))
		}
	}
	return errors.Join(errs...)
}

// walk tells the reporters that follow the cursor. If one could not be told,
// it is walked again: those who were told are done and are not told twice.
func (d *Desk) walk(ctx context.Context, w Walk) error {
	again := false
	for {
		reporters, last, err := d.next(ctx, w)
		if err != nil {
			return err
		}
		for _, r := range reporters {
			if late(ctx) {
				if again {
					w.Cursor = ""
				}
				w.Due = d.Clock.Now()
				return d.Store.Save(ctx, w)
			}
			done, err := d.tell(ctx, w, r)
			if err != nil {
				d.Log.WarnContext(ctx, "reporter not told; trying again", "incident", w.Incident, "broadcast", w.ID, "reporter", r.ID(), "error", err)
			}
			again = again || !done
			w.Cursor = r.ID()
		}
		if last {
			break
		}
		if again { // the cursor stays before whom it has passed over: we may die before the end
			continue
		}
		w.Due = d.Clock.Now()
		if err := d.Store.Save(ctx, w); err != nil {
			return err
		}
	}
	if again {
		now := d.Clock.Now()
		w.Cursor, w.Due = "", now.Add(retryIn(now.Sub(w.At)))
		return d.Store.Save(ctx, w)
	}
	return d.Store.Finish(ctx, w)
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

// tell writes to one reporter. done is false if it must be tried again.
func (d *Desk) tell(ctx context.Context, w Walk, r incident.Reporter) (done bool, err error) {
	n := Notice{Incident: w.Incident, Name: string(w.Kind), Reporter: r.ID()}
	if w.Kind != incident.NoticeReceived {
		n.Name = strings.TrimPrefix(w.ID, string(w.Incident)+"/")
	}
	now := d.Clock.Now()
	claim, err := d.Store.Claim(ctx, n, now, now.Add(claimFor))
	switch {
	case err != nil:
		return false, err
	case claim == Held:
		return false, nil
	case claim == Done:
		return true, nil
	}
	if d.From.Address == "" {
		r.Silent = "rouse.yaml has no inbox.reply_from"
	}
	if r.Silent != "" {
		return true, d.Store.Sent(ctx, n, nil, w.Key, []incident.Event{{At: now, Kind: "not told", Who: r.Org, Why: string(w.Kind) + ": " + r.Silent}})
	}
	ours := mail.NewID(fmt.Sprintf("%s/%s/%s", n.Incident, n.Name, n.Reporter), d.Us)
	raw, err := mail.Compose(mail.Reply{
		From: d.From, To: mail.Address{Name: r.Name, Address: r.Address},
		Subject: r.Subject, Text: d.Text(w, r), ID: ours,
		InReplyTo: r.MessageID, References: r.References, Date: now,
	})
	if err != nil { // no retry will make this address writable
		why := fmt.Sprintf("%s: cannot be written to: %v", w.Kind, err)
		return true, d.Store.Sent(ctx, n, nil, w.Key, []incident.Event{{At: now, Kind: "not told", Who: r.Org, Why: why}})
	}
	id, err := d.Mailer.SendRaw(ctx, r.Address, raw)
	if err != nil && now.Sub(w.At) >= tellFor {
		why := fmt.Sprintf("%s: given up after %s: %v", w.Kind, tellFor, err)
		return true, d.Store.Sent(ctx, n, nil, w.Key, []incident.Event{{At: now, Kind: "not told", Who: r.Org, Why: why}})
	}
	if err != nil {
		return false, err
	}
	d.Log.InfoContext(ctx, "told", "incident", w.Incident, "kind", w.Kind, "reporter", n.Reporter)
	ids := slices.DeleteFunc([]string{id, ours}, func(s string) bool { return s == "" })
	event := incident.Event{At: d.Clock.Now(), Kind: "told", Who: r.Org, Why: string(w.Kind)}
	return true, d.Store.Sent(ctx, n, ids, w.Key, []incident.Event{event})
}

// Text is what a reporter is told.
func (d *Desk) Text(w Walk, r incident.Reporter) string {
	at := func(t time.Time) string { return t.In(d.Zone).Format("15:04 MST") }
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	who := d.Names[w.Who]
	if who == "" {
		who = "One of our engineers"
	}
	switch w.Kind {
	case incident.NoticeReceived:
		switch {
		case w.By.After(d.Clock.Now()):
			add("We have your message; a person will read it by %s.", at(w.By))
		case w.Who == "":
			add("We have your message, and a person is being called to it.")
		default:
			add("We have your message.")
		}
		if w.Who != "" {
			add("%s is already looking into a problem with %s.", who, cmp.Or(w.Capability, "the service"))
		}
	case incident.NoticeTaken:
		add("%s is working on this now (since %s).", who, at(w.At))
	case incident.NoticeRecovered:
		add("It looks recovered to us for now. We are still watching and have not closed it.")
		if d.ShareEvidence && !w.By.IsZero() {
			add("Our checks have been well since %s.", at(w.By))
		}
		add("If it still fails for you, please reply: that reaches the engineer.")
	case incident.NoticeRelapsed:
		add("It is failing again, and we are on it. What we wrote before no longer holds.")
	case incident.NoticeWords:
		add("%s", w.Text)
		lines = append(lines, "", who+", "+d.Service, "")
		return strings.Join(lines, "\n")
	case incident.NoticeClosing:
		if d.ShareEvidence && !w.By.IsZero() {
			add("Our checks have been well since %s, and we consider this over.", at(w.By))
		} else {
			add("It has stayed well, and we consider this over.")
		}
		add("If it still fails for you, reply: it reopens this and reaches the engineer.")
	}
	lines = append(lines, "", d.Service+" (automatic message "+string(w.Incident)+")", "")
	return strings.Join(lines, "\n")
}
