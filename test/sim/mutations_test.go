package sim

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/record"
)

// A mutation is Rouse with one thing broken, and the invariant that says so.
type mutation struct {
	name    string
	breaks  string
	options Options
}

var mutations = []mutation{
	{"a policy whose step waits for half a day", nextPageIsComing, Options{Team: func(t loop.Team) loop.Team {
		policy := t.PolicyFor
		t.PolicyFor = func(capability string) escalation.Policy {
			p := policy(capability)
			p.Steps = slices.Clone(p.Steps)
			p.Steps[0].Wait = 12 * time.Hour
			return p
		}
		return t
	}}},
	{"a decision that forgets when it goes on", nextPageIsComing, above(commits(func(c *loop.Commit) {
		if c.After.Round == 2 {
			c.After.NextStep = time.Time{}
		}
	}))},
	{"a sender that wakes nobody and tells nobody", nextPageComes, Options{
		Sender: func(loop.Sender) loop.Sender { return deaf{} },
		Above:  func(s Store) Store { return silentRecord{s} },
	}},
	{"a store that keeps no page for later", pageGoesOut, below(commits(func(c *loop.Commit) {
		c.Pages = slices.DeleteFunc(slices.Clone(c.Pages), func(p loop.LivePage) bool { return p.Lease.Token == "" })
	}))},
	{"an index that forgets those with signals", nextPageComes, below(func(s Store) Store { return blindIndex{s} })},
	{"an index that never shows a page", nothingIsLeft, above(func(s Store) Store { return idleSweep{s} })},
	{"a lease that does not look whether somebody has it", noWakeAfterAck, below(func(s Store) Store { return looseLease{s} })},
	{"a signal that opens an incident of its own", oneOpenPerKey, above(commits(func(c *loop.Commit) {
		if len(c.Rest.Signals) > 0 && c.Before.Open() {
			c.After.ID, c.After.Word = incident.ID(c.Rest.Signals[0]), "" // its word is taken
		}
	}))},
	{"signals that are forgotten with the first of their fold", foldedOnce, below(func(s Store) Store { return cursor{s} })},
	{"signals that stay after they are folded", foldedOnce, below(commits(func(c *loop.Commit) { c.Rest.Signals = nil }))},
	{"a mail that cannot be listed", mailIsRead, above(func(s Store) Store { return strictLetters{s} })},
	{"a notice that only the hint's own reporters get", reporterIsAnswered, above(commits(func(c *loop.Commit) { c.Rest.Received = nil }))},
	{"a claim that nobody keeps", answeredOnce, below(func(s Store) Store { return freeClaims{s} })},
	{"a record without its events", timelineTells, above(func(s Store) Store { return silentRecord{s} })},
	{"an answer that the timeline hears nothing of", timelineTells, above(func(s Store) Store { return silentDesk{s} })},
	{"an incident that settles with its resolution", redNeverSettles, above(commits(func(c *loop.Commit) {
		if c.After.State == incident.Resolved && c.After.SettledAt.IsZero() {
			c.After.SettledAt = c.At
		}
	}))},
	{"an incident that stays resolved", troubleReopens, above(commits(func(c *loop.Commit) {
		if c.Before.Open() && c.Before.State == incident.Resolved {
			version := c.After.Version
			c.After, c.Pages = c.Before, nil
			c.After.Version = version
		}
	}))},
	{"a screen that thanks before anything is decided", pressCounts, above(func(s Store) Store { return lazyTaps{s} })},
	{"a store that forgets which pages are done", sentOnce, below(func(s Store) Store { return undone{s} })},
	{"gates that nobody shuts", keepsDistance, below(func(s Store) Store { return openGates{s} })},
	{"a router that never lets go of a page, and sends all that it has sent before", nobodyIsFlooded, above(func(s Store) Store { return backlog{s} })},
	{"a drill that is taken for an outage", drillStaysNarrow, above(commits(func(c *loop.Commit) { c.After.Drill = incident.Drill{} }))},
	{"a load that always says that there is more", nothingSpins, above(func(s Store) Store { return endless{s} })},
}

func above(f func(Store) Store) Options { return Options{Above: f} }
func below(f func(Store) Store) Options { return Options{Below: f} }

// Each invariant is caught breaking by a mutation, within a few seeds; and what
// is left of the history after shrinking still tells it.
func TestEachInvariantCanBreak(t *testing.T) {
	caught := map[string]bool{}
	for _, m := range mutations {
		caught[m.breaks] = true
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			const seeds = 300
			broken := map[string]int{}
			for seed := range uint64(seeds) {
				r := Run(seed, m.options)
				if r.Violation == nil {
					continue
				}
				if broken[r.Violation.Invariant]++; r.Violation.Invariant == m.breaks {
					t.Logf("seed %d: %v", seed, r.Violation)
					return
				}
			}
			t.Errorf("none of %d seeds breaks %q; broken are %v", seeds, m.breaks, broken)
		})
	}
	for _, i := range Invariants {
		if !caught[i] {
			t.Errorf("no mutation breaks %q: who says that it can be broken?", i)
		}
	}
}

// commits changes what the loop commits.
func commits(change func(*loop.Commit)) func(Store) Store {
	return func(s Store) Store { return changed{s, change} }
}

type changed struct {
	Store
	change func(*loop.Commit)
}

func (s changed) Commit(ctx context.Context, c loop.Commit) error {
	s.change(&c)
	return s.Store.Commit(ctx, c)
}

// blindIndex lists nothing that is due.
type blindIndex struct{ Store }

func (s blindIndex) Due(context.Context, int, time.Time, int) ([]incident.Key, error) {
	return nil, nil
}

// idleSweep leaves the first key that is due to the next sweep.
type idleSweep struct{ Store }

func (s idleSweep) Due(ctx context.Context, shard int, now time.Time, limit int) ([]incident.Key, error) {
	keys, err := s.Store.Due(ctx, shard, now, limit)
	if len(keys) > 0 {
		keys = keys[1:]
	}
	return keys, err
}

// looseLease leases a page whatever has become of its incident, and never
// says that one has lost its point.
type looseLease struct{ Store }

func (s looseLease) Load(ctx context.Context, key incident.Key) (loop.Live, error) {
	live, err := s.Store.Load(ctx, key)
	for i := range live.Pages {
		live.Pages[i].Turn = live.Incident.Turn
	}
	return live, err
}

// cursor forgets every signal that it has seen when one of them is folded.
type cursor struct{ Store }

func (s cursor) Unpack(ctx context.Context, key incident.Key, r loop.Rest) error {
	live, err := s.Store.Load(ctx, key)
	if err != nil {
		return err
	}
	if err := s.Store.Unpack(ctx, key, r); err != nil || len(live.Signals) == 0 {
		return err
	}
	in := live.Incident
	again := loop.Commit{Before: in, After: in, At: live.Signals[0].At}
	again.After.Version++
	again.Rest = loop.Rest{Version: again.After.Version, Incident: in.ID}
	for _, sig := range live.Signals {
		again.Rest.Signals = append(again.Rest.Signals, sig.ID)
	}
	return errors.Join(s.Store.Commit(ctx, again), s.Store.Unpack(ctx, key, again.Rest))
}

// deaf takes every page and gives it to nobody.
type deaf struct{}

func (deaf) Send(context.Context, loop.Delivery) error { return nil }

// freeClaims gives a notice to everybody who asks.
type freeClaims struct{ Store }

func (s freeClaims) Done(context.Context, []record.Notice) (map[record.Notice]bool, map[string]record.Sender, error) {
	return nil, nil, nil
}

func (s freeClaims) Claim(_ context.Context, notices []record.Notice, _, _ time.Time) (map[record.Notice]record.Claim, error) {
	claims := map[record.Notice]record.Claim{}
	for _, n := range notices {
		claims[n] = record.Yours
	}
	return claims, nil
}

// strictLetters keeps no letter without a key.
type strictLetters struct{ Store }

func (s strictLetters) Keep(ctx context.Context, k record.Kept) error {
	if k.Letter.Key == "" {
		return errors.New("no key")
	}
	return s.Store.Keep(ctx, k)
}

// silentRecord and silentDesk write nothing into the timeline.
type silentRecord struct{ Store }

func (s silentRecord) Record(ctx context.Context, rs []loop.Record) ([]loop.Record, error) {
	return s.Store.Record(ctx, records(rs, func(r *loop.Record) { r.Events = nil }))
}

// records are rs with something changed.
func records(rs []loop.Record, change func(*loop.Record)) []loop.Record {
	rs = slices.Clone(rs)
	for i := range rs {
		change(&rs[i])
	}
	return rs
}

type silentDesk struct{ Store }

func (s silentDesk) Sent(ctx context.Context, t record.Told) error {
	t.Events = nil
	return s.Store.Sent(ctx, t)
}

// lazyTaps shows no tap to those who fold, until something else comes.
type lazyTaps struct{ Store }

func (s lazyTaps) Load(ctx context.Context, key incident.Key) (loop.Live, error) {
	live, err := s.Store.Load(ctx, key)
	if !slices.ContainsFunc(live.Signals, func(sig incident.Signal) bool { return sig.Tap == nil }) {
		live.Signals = nil
	}
	return live, err
}

// undone keeps the pages that are done.
type undone struct{ Store }

func (s undone) Record(ctx context.Context, rs []loop.Record) ([]loop.Record, error) {
	return s.Store.Record(ctx, records(rs, func(r *loop.Record) { r.Again, r.Done = append(slices.Clone(r.Again), r.Done...), nil }))
}

// openGates lets everybody through, at any time.
type openGates struct{ Store }

func (s openGates) Commit(ctx context.Context, c loop.Commit) error {
	c.Gates = nil
	return s.Store.Commit(ctx, c)
}

func (s openGates) Lease(ctx context.Context, c loop.Claim) ([]loop.Waiting, error) {
	c.Gate = nil
	return s.Store.Lease(ctx, c)
}

// backlog never lets a later page take the place of an earlier one, and keeps
// both.
type backlog struct{ Store }

func (s backlog) Record(ctx context.Context, rs []loop.Record) (lost []loop.Record, err error) {
	for _, r := range rs {
		err = errors.Join(err, s.Store.Note(ctx, r.Incident, r.Events))
	}
	return nil, err
}

func (s backlog) Load(ctx context.Context, key incident.Key) (loop.Live, error) {
	live, err := s.Store.Load(ctx, key)
	for i := range live.Pages {
		live.Pages[i].Kind = incident.PageKind(live.Pages[i].ID)
	}
	return live, err
}

// endless has always more signals than it shows.
type endless struct{ Store }

func (s endless) Load(ctx context.Context, key incident.Key) (loop.Live, error) {
	live, err := s.Store.Load(ctx, key)
	live.More = true
	return live, err
}
