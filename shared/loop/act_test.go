package loop_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
)

// frail is a store whose connection can break.
type frail struct {
	*memstore.Store
	dead, forgets bool
}

var errDead = errors.New("dead")

func (s *frail) Lease(ctx context.Context, c loop.Claim) ([]loop.Waiting, error) {
	if s.dead {
		return nil, errDead
	}
	return s.Store.Lease(ctx, c)
}

func (s *frail) Record(ctx context.Context, rs []loop.Record) ([]loop.Record, error) {
	if s.dead || s.forgets {
		return nil, errDead
	}
	return s.Store.Record(ctx, rs)
}

// router runs the loop for login with so many people, and keeps what it sent.
type router struct {
	t     *testing.T
	clock *clock.Virtual
	store *frail
	loop  *loop.Loop
	sent  []string
	// dies, if not zero, is with how many pages sent the router's end comes.
	dies int
}

type noHints struct{}

func (noHints) Router(context.Context, loop.Hint, time.Time) error { return nil }
func (noHints) Desk(context.Context) error                         { return nil }

func newRouter(t *testing.T, people int) *router {
	r := &router{t: t, clock: clock.NewVirtual(start), store: &frail{Store: memstore.New()}}
	tm := team()
	tm.People = map[string]escalation.Person{}
	for i := range people {
		tm.People[fmt.Sprintf("p%02d", i)] = escalation.Person{Contact: []escalation.Contact{{Channel: escalation.SMS}}}
	}
	policy := escalation.Policy{Steps: []escalation.Step{{Targets: []escalation.Target{{Kind: escalation.Everyone}}, Wait: 3 * time.Minute}}}
	tm.PolicyFor = func(string) escalation.Policy { return policy }
	r.loop = &loop.Loop{
		Store: r.store, Clock: r.clock, Sender: r, Hints: noHints{}, Log: slog.New(slog.DiscardHandler),
		Team: func(context.Context) (loop.Team, error) { return tm, nil },
	}
	e := incident.Evidence{Status: "down", Red: true, Words: "words", Since: start}
	s := incident.Signal{ID: "red", Key: "login", At: start, Check: &incident.CheckSignal{Check: "login", Capability: "login", Evidence: e, LastBad: start}}
	if _, err := r.store.PutSignal(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *router) Send(_ context.Context, d loop.Delivery) error {
	if r.store.dead {
		return errDead
	}
	r.sent = append(r.sent, d.Who)
	r.store.dead = len(r.sent) == r.dies
	return nil
}

// runs lets a wait pass, runs the loop and returns to whom it has sent.
func (r *router) runs(wait time.Duration) []string {
	r.sent = nil
	at := r.clock.Now().Add(wait)
	r.clock.At(at, func() { r.loop.Run(context.Background(), loop.Hint{Key: "login"}) })
	r.clock.Run(at)
	return r.sent
}

// Each page is on record before the next one goes out: a router that dies half
// way has only those sent twice that were under way.
func TestDyingHalfWayRepeatsLittle(t *testing.T) {
	r := newRouter(t, 10)
	r.dies = 4
	first := r.runs(0)
	if len(first) != 4 {
		t.Fatalf("before it died it sent to %v", first)
	}
	r.dies, r.store.dead = 0, false
	second := r.runs(time.Minute)
	if len(second) != 7 || !slices.Contains(second, first[3]) {
		t.Errorf("after it came back it sent to %v; only %s was under way", second, first[3])
	}
}

// Pages that nobody has put on record are sent again, and a later one takes the
// place of all the earlier ones.
func TestLaterPageTakesTheEarlierOnesPlace(t *testing.T) {
	r := newRouter(t, 2)
	r.store.forgets = true
	r.runs(0)
	for range 5 {
		if sent := r.runs(3 * time.Minute); len(sent) != 2 {
			t.Fatalf("one round sends to %v", sent)
		}
	}
	r.store.forgets = false
	if sent := r.runs(3 * time.Minute); len(sent) != 2 {
		t.Errorf("after it could record again it sends to %v", sent)
	}
	if sent := r.runs(time.Minute); len(sent) > 2 {
		t.Errorf("a minute later it sends to %v", sent)
	}
	live, err := r.store.Load(context.Background(), "login")
	if err != nil || len(live.Pages) > 0 {
		t.Errorf("pages are left: %v %v", live.Pages, err)
	}
	events, err := r.store.Timeline(context.Background(), live.Incident.ID)
	if err != nil || !slices.ContainsFunc(events, func(e incident.Event) bool { return e.Kind == "not sent" }) {
		t.Errorf("the timeline does not say which were not sent: %v %v", events, err)
	}
}
