package loop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"rouse/shared/incident"
)

// Times and bounds of bundling. The first page to somebody by a channel leaves
// at once and shuts the gate behind it; what comes until it opens again leaves
// together, whatever it is about. A storm wakes people, and does not keep them
// from reading what it is.
const (
	// BundleFor is how long a gate stays shut behind a delivery.
	BundleFor = 5 * time.Second
	// lingerFor is how long after a gate has opened something may still stand
	// behind it: longer than hints are late, which come in whole seconds, and
	// than clocks differ. Until then nobody goes through alone.
	lingerFor = 5 * time.Second
	// leasingMax bounds how long a bundle is gathered; what is left of it leaves
	// with the next one.
	leasingMax = 5 * time.Second
	// What has stood at a gate for longer than crowdedAfter stands in a crowd
	// that one delivery does not hold. One of them is enough to have the next
	// delivery leave: they come back spread over crowdFor.
	crowdedAfter = 2 * BundleFor
	crowdFor     = 30 * time.Second
)

// An Outbox is where the pages to one person by one channel wait.
type Outbox struct{ Who, Channel string }

func outboxOf(p incident.Page) Outbox { return Outbox{p.Who, p.Channel} }

// A lane is what leaves together: an outbox, or a reply, which answers somebody
// who is waiting for it and goes through no gate.
type lane struct {
	Outbox
	reply string // the page's ID
}

func laneOf(p incident.Page) lane {
	l := lane{Outbox: outboxOf(p)}
	if p.Kind == incident.PageReply {
		l.reply = p.ID
	}
	return l
}

// A Gate bounds how often deliveries leave an outbox. To go through it is to
// shut it.
type Gate struct {
	Outbox
	By    time.Time // it must have opened by then, or never been shut
	Opens time.Time // when it opens for the next
}

// A ShutError says that gates were shut, and nothing was written.
type ShutError struct {
	Opens map[Outbox]time.Time // when each of them opens, or has opened
}

func (e *ShutError) Error() string { return fmt.Sprintf("%d gates are shut", len(e.Opens)) }

// A Waiting is a page in an outbox, and the incident that it is about.
type Waiting struct {
	LivePage
	About incident.Incident
}

// A Claim is what is to be leased for one delivery.
type Claim struct {
	Outbox
	Lease Lease
	Pages []Waiting // at most LeaseMax
	// Gate is to be gone through; nil if that has been done.
	Gate *Gate
	// Code, if not nil, is of a link that grants exactly the incidents of Pages:
	// either all of them are leased, or none is.
	Code *Code
	Now  time.Time
}

// gates is what a process knows of gates: it saves it a try at those that are
// shut. A gate opens never earlier than anybody has known, so that one believed
// to be shut is.
type gates struct {
	mu    sync.Mutex
	opens map[Outbox]time.Time
}

func (g *gates) learn(o Outbox, opens time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opens == nil {
		g.opens = map[Outbox]time.Time{}
	}
	if opens.After(g.opens[o]) {
		g.opens[o] = opens
	}
}

// of is when the gate opens or has opened, as far as is known; zero if nothing
// is.
func (g *gates) of(o Outbox) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.opens[o]
}

// learned reports whether err says that gates are shut, and learns which.
func (l *Loop) learned(err error) bool {
	var shut *ShutError
	if !errors.As(err, &shut) {
		return false
	}
	for o, opens := range shut.Opens {
		l.gates.learn(o, opens)
	}
	return true
}

// alone is the gate through which a page may go at once: nothing else can be
// standing behind it.
func alone(o Outbox, now time.Time) Gate {
	return Gate{Outbox: o, By: now.Add(-lingerFor), Opens: now.Add(BundleFor)}
}

// send is a delivery whose pages are leased to us.
type send struct {
	Delivery
	pages []Waiting // those of Delivery.Pages
	lease Lease
}

func newLease(now time.Time) Lease {
	return Lease{Token: HashSecret(NewSecret())[:16], Until: now.Add(leaseFor)}
}

// newSend is the delivery of pages, and the code of its link.
func newSend(o Outbox, pages []Waiting, lease Lease, now time.Time) (send, Code) {
	s := send{pages: pages, lease: lease}
	s.Delivery = Delivery{Who: o.Who, Channel: o.Channel, Incident: pages[0].About, Secret: NewSecret(), At: now}
	code := Code{Hash: HashSecret(s.Secret), Who: o.Who, Minted: now}
	known := map[incident.ID]bool{}
	for _, p := range pages {
		s.Pages = append(s.Pages, p.Page)
		if in := p.About; !known[in.ID] {
			known[in.ID] = true
			g := Grant{Key: in.Key, Incident: in.ID}
			if len(known) == 1 {
				code.Grant = g
				continue
			}
			code.More = append(code.More, g)
			s.Others = append(s.Others, in)
		}
	}
	return s, code
}

// timely is w as it is to be sent. No turn of events makes a reply pointless: it
// says how things stand.
func timely(w Waiting) Waiting {
	if w.Kind == incident.PageReply && w.Incident == w.About.ID {
		w.Turn = w.About.Turn
	}
	return w
}

// pointless reports whether a page has lost its point.
func pointless(p incident.Page, in incident.Incident) bool {
	return p.Turn != in.Turn || p.Incident != in.ID || in.Declined(p) || p.Kind == incident.PageDrill && in.Answered(p.Who)
}

// superseded reports whether q is a later page of the same kind to the same
// person by the same channel. Whoever is sent that one does not get p as well: a
// router that came back would otherwise send somebody all the rounds that it
// has missed.
func superseded(p, q incident.Page) bool {
	return p.Incident == q.Incident && p.Kind == q.Kind && outboxOf(p) == outboxOf(q)
}

// A sorting tells the pages that are to be sent from those whose time is over.
type sorting struct {
	now   time.Time
	send  []Waiting
	drops []Record
}

// sort takes pages, the latest first.
func (s *sorting) sort(pages []Waiting, begun []send) {
	pages = slices.Clone(pages)
	slices.SortStableFunc(pages, func(a, b Waiting) int { return b.Due.Compare(a.Due) })
	for _, p := range pages {
		later := func(q incident.Page) bool { return superseded(p.Page, q) }
		switch {
		case pointless(p.Page, p.About):
			s.drop(p)
		case slices.ContainsFunc(s.send, func(q Waiting) bool { return later(q.Page) }),
			slices.ContainsFunc(begun, func(b send) bool { return slices.ContainsFunc(b.Pages, later) }):
			s.drop(p, incident.Event{At: s.now, Kind: "not sent", Who: p.Who, Why: fmt.Sprintf("by %s (%s): a later page goes out", p.Channel, p.Why)})
		default:
			s.send = append(s.send, p)
		}
	}
}

func (s *sorting) drop(p Waiting, events ...incident.Event) {
	s.drops = append(s.drops, Record{Key: p.About.Key, Incident: p.Incident, Lease: p.Lease, Done: []incident.Page{p.Page}, Events: events, At: s.now})
}

// waiting leases the pages of live that are due and that nobody is sending,
// together with all else that waits in their outboxes. It drops those whose
// time is over, and tells when the first gate opens that others must wait for;
// zero if none must.
func (l *Loop) waiting(ctx context.Context, live Live, begun []send, now time.Time) (sends []send, opens time.Time) {
	s := sorting{now: now}
	var due []Waiting
	for _, p := range live.Pages {
		w := timely(Waiting{p, live.Incident})
		switch {
		case p.Lease.Until.After(now):
		case pointless(p.Page, live.Incident):
			s.drop(w)
		case !p.Due.After(now) && l.Sender != nil:
			due = append(due, w)
		}
	}
	s.sort(due, begun)
	l.drop(ctx, s.drops)
	var order []lane
	ours := map[lane][]Waiting{}
	for _, p := range s.send {
		o := laneOf(p.Page)
		if ours[o] == nil {
			order = append(order, o)
		}
		ours[o] = append(ours[o], p)
	}
	for _, o := range order { // one after the other: leases of one incident would conflict
		got, shut := l.take(ctx, o, ours[o])
		if got != nil {
			sends = append(sends, *got)
		}
		if shut.IsZero() {
			continue
		}
		if now.Sub(ours[o][0].Due) > crowdedAfter {
			shut = shut.Add(time.Duration(l.chance() * float64(crowdFor)))
		}
		if opens.IsZero() || shut.Before(opens) {
			opens = shut
		}
	}
	return sends, opens
}

// drop notes that pages are not sent. Whoever has just begun to send one of
// them, or has done so, knows better.
func (l *Loop) drop(ctx context.Context, drops []Record) {
	if len(drops) == 0 {
		return
	}
	if _, err := l.Store.Record(ctx, drops); err != nil {
		l.Log.ErrorContext(ctx, "drop pages", "pages", len(drops), "error", err)
	}
}

// take leases what is due in a lane, ours among it. If its gate is shut it tells
// when that opens.
func (l *Loop) take(ctx context.Context, of lane, ours []Waiting) (*send, time.Time) {
	o := of.Outbox
	for range 2 { // what a first try learns of the gate, the second goes by
		now := l.Clock.Now()
		opened := l.gates.of(o)
		var s *send
		var err error
		switch {
		case of.reply != "":
			s, err = l.single(ctx, o, nil, ours, now)
		case opened.After(now):
			return nil, opened
		case opened.After(now.Add(-lingerFor)), slices.ContainsFunc(ours, func(p Waiting) bool { return leftOver(p.LivePage, now) }):
			s, err = l.bundle(ctx, o, l.collect(ctx, o, ours, now), now)
		default:
			gate := alone(o, now)
			s, err = l.single(ctx, o, &gate, ours, now)
		}
		if l.learned(err) {
			continue
		}
		if err == nil && of.reply == "" {
			l.gates.learn(o, now.Add(BundleFor))
		} else if err != nil && !errors.Is(err, ErrLost) { // which is the ordinary end of a race
			l.Log.ErrorContext(ctx, "lease", "who", o.Who, "channel", o.Channel, "pages", len(ours), "error", err)
		}
		return s, time.Time{}
	}
	return nil, l.gates.of(o)
}

// leftOver reports whether a page should have gone long ago: whoever had it has
// died or failed, and may have had others with it.
func leftOver(p LivePage, now time.Time) bool {
	return p.Lease.Token != "" || p.Tries > 0 || now.Sub(p.Due) > lingerFor
}

// single leases pages all together, or none.
func (l *Loop) single(ctx context.Context, o Outbox, gate *Gate, pages []Waiting, now time.Time) (*send, error) {
	s, code := newSend(o, pages, newLease(now), now)
	_, err := l.Store.Lease(ctx, Claim{Outbox: o, Lease: s.lease, Pages: pages, Gate: gate, Code: &code, Now: now})
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// collect adds to ours what else waits in the outbox, up to BundleMax, and drops
// what has lost its point.
func (l *Loop) collect(ctx context.Context, o Outbox, ours []Waiting, now time.Time) []Waiting {
	others, err := l.Store.Waiting(ctx, o, ours, now, BundleMax)
	if err != nil { // ours need not wait for that
		l.Log.ErrorContext(ctx, "read outbox", "who", o.Who, "channel", o.Channel, "error", err)
	}
	others = slices.DeleteFunc(others, func(w Waiting) bool { return laneOf(w.Page).reply != "" })
	s := sorting{now: now, send: slices.Clone(ours)}
	s.sort(others, nil)
	l.drop(ctx, s.drops)
	return s.send[:min(len(s.send), BundleMax)]
}

// bundle leases pages of any number of incidents. Those that it does not get
// are somebody else's by now, or stay for the next.
func (l *Loop) bundle(ctx context.Context, o Outbox, pages []Waiting, now time.Time) (*send, error) {
	gate := Gate{Outbox: o, By: now, Opens: now.Add(BundleFor)}
	if len(pages) == 1 { // most are
		return l.single(ctx, o, &gate, pages, now)
	}
	lease := newLease(now)
	var taken []Waiting
	for chunk := range slices.Chunk(pages, LeaseMax) {
		claim := Claim{Outbox: o, Lease: lease, Pages: chunk, Now: now}
		if len(taken) == 0 {
			claim.Gate = &gate
		}
		got, err := l.Store.Lease(ctx, claim)
		taken = append(taken, got...)
		switch {
		case err == nil, errors.Is(err, ErrLost):
		case len(taken) == 0:
			return nil, err
		default:
			l.Log.ErrorContext(ctx, "lease", "who", o.Who, "channel", o.Channel, "pages", len(chunk), "error", err)
		}
		if l.Clock.Now().Sub(now) > leasingMax {
			break
		}
	}
	if len(taken) == 0 {
		return nil, ErrLost
	}
	s, code := newSend(o, taken, lease, now)
	if err := l.Store.PutCode(ctx, code); err != nil {
		return nil, err
	}
	return &s, nil
}
