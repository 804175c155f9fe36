package loop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"rouse/shared/clock"
	"rouse/shared/incident"
)

// A Loop runs the five beats. Its fields are set once, before use.
type Loop struct {
	Store Store
	Clock clock.Clock
	// Team is read anew for each run: overrides and reachability may change
	// at any time.
	Team func(ctx context.Context) (Team, error)
	// Sender sends pages. Nil: this function only decides, and leaves the
	// pages to the router.
	Sender Sender
	Hints  Hints
	Log    *slog.Logger
	// Chance returns a number from 0 to 1 by which retries keep apart. Nil: a
	// random one.
	Chance func() float64

	gates   gates
	words   words
	breaker breaker
}

// A Sender hands deliveries to carriers. An error that is no *SendError counts
// as passing.
type Sender interface {
	Send(ctx context.Context, d Delivery) error
}

// A Delivery is one message to one person by one channel, about one or more
// pages.
type Delivery struct {
	Who, Channel string
	Pages        []incident.Page
	Incident     incident.Incident   // that the first page is about
	Others       []incident.Incident // that the other pages are about besides, each once
	Secret       string              // of the link
	At           time.Time
}

// A SendError says whether trying again can help.
type SendError struct {
	Permanent bool
	Why       string // in words: "number opted out"
}

func (e *SendError) Error() string { return e.Why }

// Times of sending. A send ends long before its lease, even if the clocks of
// two functions differ by skewMax in each direction.
const (
	leaseFor = 30 * time.Second
	skewMax  = 2 * time.Second
	sendMax  = 10 * time.Second // < leaseFor - 2*skewMax
	triesMax = 5

	retryFirst = 10 * time.Second
	retryMax   = time.Minute
)

// retryAfter is how long to wait after the nth failure that may pass: longer each
// time up to a bound, and between half of it and all of it by chance, so that
// those who failed together do not come back together.
func retryAfter(tries int, chance float64) time.Duration {
	most := min(retryFirst<<min(tries-1, triesMax), retryMax)
	return most/2 + time.Duration(chance*float64(most/2))
}

// chance is a number from 0 to 1.
func (l *Loop) chance() float64 {
	if l.Chance != nil {
		return l.Chance()
	}
	return rand.Float64()
}

// conflictsMax is how often a decision that lost its race is made anew within
// one run; the next hint or sweep goes on after that.
const conflictsMax = 20

// Run does all that is due for one key. It returns the incident as it then
// stands, which may be none or settled.
func (l *Loop) Run(ctx context.Context, h Hint) (incident.Incident, error) {
	team, err := l.Team(ctx)
	if err != nil {
		return incident.Incident{}, fmt.Errorf("team: %w", err)
	}
	l.breaker.learn(team.Circuits)
	var conflicts int
	acted := false
	for {
		live, err := l.Store.Load(ctx, h.Key)
		if err != nil {
			return incident.Incident{}, fmt.Errorf("load %s: %w", h.Key, err)
		}
		if len(live.Rests) > 0 { // somebody has died before the end: first finish what they began
			if err := l.unpack(ctx, h.Key, live.Rests); err != nil {
				return live.Incident, err
			}
			continue
		}
		live.Incident.Key = h.Key
		now := l.Clock.Now()
		team.Down = down(team.Circuits, now)
		change := Decide(team, live.Incident, live.Signals, now)
		opened := change.After.ID != live.Incident.ID
		word := 0
		if opened {
			word = l.words.begin(now)
			change.After.Word = incident.WordOf(change.After.ID, word)
		}
		commit, sends := l.prepare(live, change, now)
		committed := len(live.Signals) > 0 || len(change.Events) > 0 || len(change.Pages) > 0
		if committed {
			err := l.Store.Commit(ctx, commit)
			for taken := errors.Is(err, ErrWordTaken); l.learned(err) || taken; taken = errors.Is(err, ErrWordTaken) {
				// Each time there are fewer gates to go through and words to try.
				if taken {
					word++
					change.After.Word = incident.WordOf(change.After.ID, word)
				}
				commit, sends = l.prepare(live, change, now)
				err = l.Store.Commit(ctx, commit)
			}
			if opened && err == nil {
				l.words.found(word, now)
			}
			if errors.Is(err, ErrConflict) && conflicts < conflictsMax {
				conflicts++
				continue
			}
			if err != nil {
				return live.Incident, fmt.Errorf("commit %s: %w", h.Key, err)
			}
			for _, g := range commit.Gates {
				l.gates.learn(g.Outbox, g.Opens)
			}
			l.Log.InfoContext(ctx, "committed", "incident", commit.After.ID, "key", h.Key,
				"state", commit.After.State, "signals", len(live.Signals), "pages", len(change.Pages))
			if len(change.Outcomes) > 0 {
				l.Log.InfoContext(ctx, "promises", promiseMetrics(change.Outcomes, now)...)
			}
			if change.Alarm != "" {
				l.Log.ErrorContext(ctx, "nobody reached", "alarm", "nobody-reached", "incident", commit.After.ID, "why", change.Alarm)
			}
			live = live.after(commit)
		}
		waiting, opens := l.waiting(ctx, live, sends, now)
		sends = append(sends, waiting...)
		failed := l.act(ctx, h.Key, sends)
		if err := l.unpack(ctx, h.Key, live.Rests); err != nil {
			return live.Incident, err
		}
		acted = acted || committed || len(sends) > 0 || !opens.IsZero()
		if len(change.Notices) > 0 {
			l.hint(ctx, "desk", l.Hints.Desk(ctx))
		}
		late := slices.ContainsFunc(live.Rests, func(r Rest) bool { return len(r.Pages) > 0 })
		if failed || live.More || late {
			continue
		}
		if acted || h.Version == live.Incident.Version {
			l.arm(ctx, h.Key, live, opens)
		}
		return live.Incident, nil
	}
}

// after is what lives after a commit.
func (live Live) after(c Commit) Live {
	live.Incident = c.After
	if !c.Rest.Empty() {
		live.Rests = []Rest{c.Rest}
	}
	again := func(p LivePage) bool {
		return slices.ContainsFunc(c.Pages, func(q LivePage) bool { return q.ID == p.ID })
	}
	live.Pages = append(slices.DeleteFunc(slices.Clone(live.Pages), again), c.Pages...)
	return live
}

// unpack finishes what commits have left to be done.
func (l *Loop) unpack(ctx context.Context, key incident.Key, rests []Rest) error {
	for _, r := range rests {
		if err := l.Store.Unpack(ctx, key, r); err != nil {
			return fmt.Errorf("unpack %s: %w", key, err)
		}
		if r.Received != nil {
			l.hint(ctx, "desk", l.Hints.Desk(ctx))
		}
	}
	return nil
}

// prepare turns a decision into a commit. Pages that are due are born leased
// to us if we can send and they may go alone; the sends are what is then to be
// done.
func (l *Loop) prepare(live Live, change Change, now time.Time) (Commit, []send) {
	c := Commit{Before: live.Incident, After: change.After, Events: change.Events, At: now}
	c.After.Version = live.Incident.Version + 1
	c.Rest = Rest{Version: c.After.Version, Incident: c.After.ID}
	wrote := map[string]time.Time{} // when each reporter last did
	var fresh []string              // those whose mails are to be acknowledged
	for _, s := range live.Signals {
		c.Rest.Signals = append(c.Rest.Signals, s.ID)
		if s.Report != nil && c.After.ID != "" {
			r := s.Report.Reporter
			r.By = c.After.AnswerTo(r.ID())
			c.Rest.Reporters = append(c.Rest.Reporters, r)
			if s.At.After(wrote[r.ID()]) {
				wrote[r.ID()] = s.At
			}
			if s.Report.Moved == nil { // who was moved here is acknowledged where they wrote first
				fresh = append(fresh, r.ID())
			}
		}
	}
	for _, s := range live.Signals {
		if s.Move != nil && s.Incident == c.After.ID && !wrote[s.Move.Reporter].After(s.At) {
			c.Rest.Gone = append(c.Rest.Gone, s.Move.Reporter)
		}
	}
	count := map[incident.NoticeKind]int{}
	for _, n := range change.Notices {
		b := Broadcast{
			ID: fmt.Sprintf("%s/%s/%d", c.After.ID, n.Kind, c.After.Version), Incident: c.After.ID, Key: c.After.Key,
			Capability: c.After.Capability, Notice: n,
		}
		if count[n.Kind]++; count[n.Kind] > 1 { // of two in one commit, reporters are told both
			b.ID += fmt.Sprintf(".%d", count[n.Kind])
		}
		if n.Kind != incident.NoticeReceived {
			c.Broadcasts = append(c.Broadcasts, b)
			continue
		}
		b.Only = fresh
		c.Rest.Received = &b // the last one tells what is promised now
	}
	var order []lane
	ready := map[lane][]Waiting{}
	for i, p := range change.Pages {
		of := laneOf(p)
		opened := l.gates.of(of.Outbox)
		switch {
		case i >= PagesMax:
			c.Rest.Pages = append(c.Rest.Pages, p)
			continue
		case l.Sender == nil || p.Due.After(now):
		case of.reply == "" && opened.After(now):
			p.Due = opened
		case of.reply != "" || !opened.After(now.Add(-lingerFor)):
			if ready[of] == nil {
				order = append(order, of)
			}
			ready[of] = append(ready[of], Waiting{LivePage{Page: p}, c.After})
			continue
		}
		c.Pages = append(c.Pages, LivePage{Page: p})
	}
	var sends []send
	for _, of := range order {
		s, code := newSend(of.Outbox, ready[of], newLease(now), now)
		for _, p := range s.Pages {
			c.Pages = append(c.Pages, LivePage{Page: p, Lease: s.lease})
		}
		if c.Codes = append(c.Codes, code); of.reply == "" {
			c.Gates = append(c.Gates, alone(of.Outbox, now))
		}
		sends = append(sends, s)
	}
	return c, sends
}

// sendsAtOnce bounds the deliveries under way at the same time.
const sendsAtOnce = 8

// act sends what is leased to us. Each delivery is recorded before the next is
// begun, so that a router that dies half way has at most those sent twice that
// were under way. It reports whether any of key's pages failed, so that the
// decision on that follows at once.
func (l *Loop) act(ctx context.Context, key incident.Key, sends []send) (failed bool) {
	fails := make([][]incident.Key, len(sends))
	each(l.Clock, len(sends), sendsAtOnce, func(i int) { fails[i] = l.deliver(ctx, sends[i]) })
	keys := slices.Compact(slices.Sorted(slices.Values(slices.Concat(fails...))))
	others := slices.DeleteFunc(slices.Clone(keys), func(k incident.Key) bool { return k == key })
	if len(others) > 0 {
		each(l.Clock, len(others), sendsAtOnce, func(i int) {
			l.hint(ctx, "router", l.Hints.Router(ctx, Hint{Key: others[i]}, time.Time{}))
		})
	}
	return len(others) < len(keys)
}

// deliver sends one delivery and records how that went. It leaves one alone
// whose lease may run out meanwhile. It returns under which keys pages failed.
func (l *Loop) deliver(ctx context.Context, s send) (failed []incident.Key) {
	left := s.lease.Until.Sub(l.Clock.Now()) - 2*skewMax
	if left < sendMax {
		l.Log.WarnContext(ctx, "too late to send; whoever leases it next will", "page", s.Pages[0].ID)
		return nil
	}
	records := l.send(ctx, s)
	lost, err := l.Store.Record(ctx, records)
	for _, r := range lost { // it was sent all the same: the timeline must tell
		err = errors.Join(err, l.Store.Note(ctx, r.Incident, r.Events))
	}
	if err != nil { // the lease runs out and the sweep sends it again: twice rather than never
		l.Log.ErrorContext(ctx, "record", "incident", s.Incident.ID, "pages", len(s.Pages), "error", err)
	}
	for _, r := range records {
		if len(r.Signals) > 0 {
			failed = append(failed, r.Key)
		}
	}
	return failed
}

// send hands one delivery to its carrier and says for each incident how it went.
func (l *Loop) send(ctx context.Context, s send) []Record {
	sendCtx, cancel := context.WithTimeout(ctx, sendMax)
	defer cancel()
	err := l.Sender.Send(sendCtx, s.Delivery)
	now := l.Clock.Now()
	with := ""
	if n := len(s.Others); n > 0 {
		with = fmt.Sprintf(", with %d more", n)
	}
	if err == nil {
		l.Log.InfoContext(ctx, "paged", "incident", s.Incident.ID, "page", s.Pages[0].ID, "pages", len(s.Pages), "who", s.Who, "channel", s.Channel)
	}
	var known *SendError
	permanent := errors.As(err, &known) && known.Permanent
	chance := l.chance() // one for all, so that what failed together is tried again together
	said, spared := l.fares(ctx, s.Channel, err, permanent, chance, now)
	var records []Record
	of := map[incident.ID]int{} // index into records
	for _, w := range s.pages {
		i, begun := of[w.Incident]
		if !begun {
			i = len(records)
			of[w.Incident] = i
			records = append(records, Record{Key: w.About.Key, Incident: w.Incident, Lease: s.lease, At: now})
		}
		r, p := &records[i], w.Page
		if err == nil {
			r.Done = append(r.Done, p)
			kind, what := "paged", p.Why
			if p.Kind == incident.PageReply {
				kind, what = "replied", cmp.Or(p.Why, "how it stands")
			}
			r.Events = append(r.Events, incident.Event{At: now, Kind: kind, Who: p.Who, Why: fmt.Sprintf("by %s (%s)%s: accepted", p.Channel, what, with)})
			continue
		}
		why := err.Error()
		l.Log.WarnContext(ctx, "page failed", "incident", p.Incident, "page", p.ID, "who", p.Who, "channel", p.Channel, "permanent", permanent, "error", why)
		p.Tries++
		lost := permanent || p.Tries >= triesMax
		if lost {
			r.Done = append(r.Done, p)
		} else {
			wait := max(retryAfter(p.Tries, chance), spared.Sub(now))
			p.Due = now.Add(wait)
			why += fmt.Sprintf("; trying again in %s", wait.Round(time.Second))
			r.Again = append(r.Again, p)
		}
		r.Events = append(r.Events, incident.Event{At: now, Kind: "page failed", Who: p.Who, Why: fmt.Sprintf("by %s (%s)%s: %s", p.Channel, p.Why, with, why)})
		r.Signals = append(r.Signals, incident.Signal{
			ID: fmt.Sprintf("%s#%d", p.ID, p.Tries), Key: w.About.Key, Kind: incident.KindDelivery, At: now, Incident: p.Incident,
			Delivery: &incident.DeliverySignal{Page: p.ID, Who: p.Who, Channel: p.Channel, Permanent: lost, Why: why},
		})
	}
	records[0].Events = append(records[0].Events, said...)
	return records
}

// arm asks to be woken for the next thing that time alone makes due, or for the
// gate that opens, unless that is zero. Without a Sender the router is woken for
// what is due already.
func (l *Loop) arm(ctx context.Context, key incident.Key, live Live, opens time.Time) {
	next := live.Incident.Due()
	sooner := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if !opens.IsZero() {
		sooner(opens)
	}
	now := l.Clock.Now()
	for _, p := range live.Pages {
		if p.Due.After(now) || l.Sender == nil && !p.Lease.Until.After(now) {
			sooner(p.Due)
		}
	}
	if !next.IsZero() {
		l.hint(ctx, "router", l.Hints.Router(ctx, Hint{Key: key, Version: live.Incident.Version}, next))
	}
}

// hint logs a hint that was not taken; the sweep does its work later.
func (l *Loop) hint(ctx context.Context, to string, err error) {
	if err != nil {
		l.Log.WarnContext(ctx, "hint not taken; the sweep will find it", "to", to, "error", err)
	}
}
