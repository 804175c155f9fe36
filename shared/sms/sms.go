// Package sms takes what responders answer by SMS: "ACK 7K".
//
// A message counts only if it comes from a responder's own number, is a command
// and nothing else, and says which incident it means, by the word that stands in
// every page about it or because only one can be meant. Rouse never guesses:
// what could mean two things changes nothing and is answered with the choice.
// What is no command gets no answer at all, lest two machines write to each
// other all night.
//
// A command becomes a signal like any other tap, and its answer a page, which
// the router sends: nothing here speaks to SNS. Carriers take STOP, CANCEL, END,
// QUIT and their like for themselves, and those never arrive here.
package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/page"
)

// An Inbound is an SMS as AWS End User Messaging publishes it to an SNS topic
// (User Guide, Two-way SMS messaging payload).
type Inbound struct {
	From string `json:"originationNumber"` // E.164
	To   string `json:"destinationNumber"` // our number
	Body string `json:"messageBody"`
	ID   string `json:"inboundMessageId"` // the same message may come twice
}

// idBytesMax bounds a message's ID, which becomes part of a key.
const idBytesMax = 100

// Check says what is wrong with a message that is not one.
func (m Inbound) Check() error {
	switch {
	case m.From == "" || m.To == "":
		return errors.New("it has no originationNumber or no destinationNumber")
	case m.ID == "" || len(m.ID) > idBytesMax:
		return fmt.Errorf("its inboundMessageId has %d bytes; one has 1 to %d", len(m.ID), idBytesMax)
	}
	return nil
}

// A Store is what answers are held against.
type Store interface {
	// Recent lists up to limit incidents: the open ones, the one opened last
	// first, then the settled ones, the one settled last first.
	Recent(ctx context.Context, limit int) ([]incident.Incident, error)
}

// recentMax bounds the incidents that an answer can be about.
const recentMax = 100

// A Receiver takes messages. Make one with New.
type Receiver struct {
	number string
	owners map[string]string // responder ids by number
	store  Store
	loop   *loop.Loop
}

// New returns a Receiver for the team's number. l decides on what is asked for,
// and has no Sender: the router sends.
func New(c *config.Config, store Store, l *loop.Loop) *Receiver {
	r := &Receiver{number: c.SMS.Number, owners: map[string]string{}, store: store, loop: l}
	for id, p := range c.Responders {
		if p.Phone != "" {
			r.owners[p.Phone] = id
		}
	}
	return r
}

// Receive does what a message asks for. An error says that it should be tried
// again; doing it twice is doing it once.
func (r *Receiver) Receive(ctx context.Context, m Inbound) error {
	if err := m.Check(); err != nil {
		return err
	}
	log := r.loop.Log.With("from", masked(m.From), "message", m.ID)
	who, known := r.owners[m.From]
	command, reading := Parse(m.Body)
	switch {
	case m.To != r.number:
		log.WarnContext(ctx, "an SMS to a number that is not sms.number")
		return nil
	case !known:
		log.WarnContext(ctx, "an SMS from a number that is no responder's")
		return nil
	case reading == chatter:
		log.InfoContext(ctx, "an SMS that is no command", "bytes", len(m.Body))
		return nil
	}
	recent, err := r.store.Recent(ctx, recentMax)
	if err != nil {
		return fmt.Errorf("incidents: %w", err)
	}
	mine := slices.DeleteFunc(recent, func(in incident.Incident) bool { return !concerns(in, who) })
	meant, say := choose(command, reading, who, mine, r.loop.Clock.Now())
	if len(meant) == 0 {
		log.InfoContext(ctx, "an SMS about nothing that this person was paged for", "who", who)
		return nil
	}
	var errs []error
	for _, in := range meant {
		log.InfoContext(ctx, "answered by SMS", "who", who, "incident", in.ID, "action", command.Action, "unclear", say != "")
		errs = append(errs, r.tap(ctx, in, m.ID, tapOf(command, who, say)))
	}
	return errors.Join(errs...)
}

func tapOf(c Command, who, say string) incident.TapSignal {
	t := incident.TapSignal{Action: c.Action, Who: who, Via: incident.ViaSMS, Say: say}
	if say != "" {
		t.Action = incident.ActAsk
	}
	return t
}

// tap makes what is asked for durable, and decides on it. What is stored takes
// effect even if deciding fails.
func (r *Receiver) tap(ctx context.Context, in incident.Incident, message string, t incident.TapSignal) error {
	_, err := r.loop.Store.PutSignal(ctx, incident.Signal{
		ID: "sms/" + message + "/" + string(in.ID), Key: in.Key, Kind: incident.KindTap, At: r.loop.Clock.Now(), Incident: in.ID, Tap: &t,
	})
	if err != nil {
		return fmt.Errorf("store the answer: %w", err)
	}
	hint := loop.Hint{Key: in.Key}
	if _, err := r.loop.Run(ctx, hint); err != nil {
		return fmt.Errorf("decide on the answer: %w", errors.Join(err, r.loop.Hints.Router(ctx, hint, time.Time{})))
	}
	return nil
}

// concerns reports whether somebody was paged about the incident, or has it.
func concerns(in incident.Incident, who string) bool {
	return in.Owner == who || slices.ContainsFunc(in.Paged, func(p incident.Paged) bool { return p.Who == who })
}

// fresh is how lately somebody must have been paged for a bare ACK to possibly
// mean that page, though it waits for nobody any more.
const fresh = 15 * time.Minute

// choose returns the incidents that a command means. If say is not "", it means
// none of them: say is to be answered instead.
func choose(c Command, how reading, who string, mine []incident.Incident, now time.Time) (meant []incident.Incident, say string) {
	var open []incident.Incident
	for _, in := range mine {
		if in.Open() && !(in.Rehearsed() && in.Answered(who)) {
			open = append(open, in)
		}
	}
	switch {
	case len(mine) == 0:
		return nil, ""
	case len(open) == 0: // the newest page that they had: its answer says that it is over
		return mine[:1], ""
	case how == unclear:
		return open[:1], choice("Nothing done.", c.Verb, open)
	}
	for _, word := range c.Words {
		i := slices.IndexFunc(mine, func(in incident.Incident) bool { return in.Word == word })
		switch {
		case i < 0:
			return open[:1], choice("Nothing done: "+word+" is none of yours.", c.Verb, open)
		case !mine[i].Open():
			return open[:1], choice("Nothing done: "+word+" is over.", c.Verb, open)
		}
		meant = append(meant, mine[i])
	}
	switch {
	case len(c.Words) > 0:
		return meant, ""
	case len(open) == 1:
		return open, ""
	}
	for _, in := range open {
		if waits(in, who) || pagedSince(in, who, now.Add(-fresh)) {
			meant = append(meant, in)
		}
	}
	if len(meant) == 1 {
		return meant, ""
	}
	return open[:1], choice("Nothing done, several are open.", c.Verb, open)
}

// waits reports whether the incident waits for an answer of this person.
func waits(in incident.Incident, who string) bool {
	return in.State == incident.Triggered || in.State == incident.Acknowledged && in.Owner == who && !in.OwnerBy.IsZero()
}

func pagedSince(in incident.Incident, who string, since time.Time) bool {
	return slices.ContainsFunc(in.Paged, func(p incident.Paged) bool {
		return p.Who == who && (p.At.After(since) || p.Before.After(since))
	})
}

// choicesMax is how many incidents fit into an answer.
const choicesMax = 4

// choice says what can be said instead: "Nothing done. Say ACK 7K (LOGIN) or
// ACK 4W (PUBLISH)".
func choice(why, verb string, open []incident.Incident) string {
	var ways []string
	for _, in := range open {
		if in.Word != "" && len(ways) < choicesMax {
			ways = append(ways, verb+" "+in.Word+" ("+shortTitle(in)+")")
		}
	}
	if len(ways) == 0 {
		return why + " Use the link of its page."
	}
	return why + " Say " + strings.Join(ways, " or ")
}

// titleMax keeps a choice of several within one SMS.
const titleMax = 14

func shortTitle(in incident.Incident) string {
	title := []rune(strings.ToUpper(page.GSM(page.Mask(in.Title))))
	if len(title) > titleMax {
		title = append(title[:titleMax-1:titleMax-1], '.')
	}
	return string(title)
}

// masked is all of a number that may stand in a log.
func masked(number string) string {
	if len(number) <= 4 {
		return "…"
	}
	return "…" + number[len(number)-2:]
}

var _ slog.LogValuer = Inbound{}

// LogValue keeps what somebody wrote, and their number, out of every log.
func (m Inbound) LogValue() slog.Value {
	return slog.GroupValue(slog.String("from", masked(m.From)), slog.String("message", m.ID), slog.Int("bytes", len(m.Body)))
}
