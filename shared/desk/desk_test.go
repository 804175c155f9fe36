package desk_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/desk"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/mail"
	"rouse/shared/memstore"
)

var night = time.Date(2026, 11, 4, 3, 50, 0, 0, time.UTC)

// carrier is SES: it keeps whom it took mails for, and can refuse some.
type carrier struct {
	took    []string
	refuses int
}

func (c *carrier) SendRaw(_ context.Context, to string, _ []byte) (string, error) {
	if c.refuses > 0 {
		c.refuses--
		return "", errors.New("throttled")
	}
	c.took = append(c.took, to)
	return fmt.Sprintf("<%d@ses.example>", len(c.took)), nil
}

// house is a desk with an incident that customers can write about.
type house struct {
	*desk.Desk
	t     *testing.T
	clock *clock.Virtual
	store *memstore.Store
	ses   *carrier
	n     int
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, clock: clock.NewVirtual(night), store: memstore.New(), ses: &carrier{}}
	h.Desk = &desk.Desk{
		Store: h.store, Mailer: h.ses, Clock: h.clock, Log: slog.New(slog.DiscardHandler), Service: "Newsroom",
		From: mail.Address{Address: "support@newsroom.example"}, Us: mail.Us{IDDomain: "in.newsroom.example"}, Zone: time.UTC,
	}
	return h
}

// writes has a report folded, as the loop would.
func (h *house) writes(r incident.Reporter) {
	h.t.Helper()
	ctx := context.Background()
	live, err := h.store.Load(ctx, "login")
	if err != nil {
		h.t.Fatal(err)
	}
	before := live.Incident
	after := before
	after.Key, after.ID, after.State = "login", "20261104-aaaaaa", incident.Triggered
	after.Version++
	h.n++
	s := incident.Signal{ID: fmt.Sprintf("mail-%d", h.n), Key: "login", At: h.clock.Now(), Report: &incident.ReportSignal{Reporter: r}}
	if _, err := h.store.PutSignal(ctx, s); err != nil {
		h.t.Fatal(err)
	}
	rest := loop.Rest{
		Version: after.Version, Incident: after.ID, Signals: []string{s.ID}, Reporters: []incident.Reporter{r},
		Received: &loop.Broadcast{
			ID: fmt.Sprintf("%s/received/%d", after.ID, after.Version), Incident: after.ID, Key: "login",
			Notice: incident.Notice{Kind: incident.NoticeReceived, At: h.clock.Now()}, Only: []string{r.ID()},
		},
	}
	if err := h.store.Commit(ctx, loop.Commit{Before: before, After: after, Rest: rest, At: h.clock.Now()}); err != nil {
		h.t.Fatal(err)
	}
	if err := h.store.Unpack(ctx, "login", rest); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) runs() {
	h.t.Helper()
	if err := h.Run(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

// An out-of-office note gets no answer, and the person behind it, who writes
// afterwards, does.
func TestMachineDoesNotSilenceAPerson(t *testing.T) {
	h := newHouse(t)
	h.writes(incident.Reporter{Address: "news@kstate.example", Silent: "it is an automatic mail"})
	h.runs()
	if len(h.ses.took) > 0 {
		t.Fatalf("answered a machine: %v", h.ses.took)
	}
	person := incident.Reporter{Address: "News@kstate.example"}
	h.writes(person)
	h.runs()
	h.writes(person) // is told once that we have their message
	h.runs()
	if want := []string{"News@kstate.example"}; !slices.Equal(h.ses.took, want) {
		t.Errorf("answered %v, want %v", h.ses.took, want)
	}
}

// Who is turned away by a carrier is answered by the next sweep.
func TestTurnedAwayIsTriedAgainSoon(t *testing.T) {
	h := newHouse(t)
	h.ses.refuses = 1
	h.writes(incident.Reporter{Address: "news@kstate.example"})
	h.runs()
	var waited time.Duration
	for len(h.ses.took) == 0 && waited < time.Hour {
		waited += time.Minute
		h.clock.Run(night.Add(waited))
		h.runs()
	}
	if waited > time.Minute {
		t.Errorf("answered after %s", waited)
	}
}

// mortal is a store that the desk loses in the middle of a walk.
type mortal struct {
	desk.Store
	dead bool
}

func (m *mortal) Reporters(ctx context.Context, id incident.ID, after string, limit int) ([]incident.Reporter, error) {
	if m.dead && after != "" {
		return nil, errors.New("died")
	}
	return m.Store.Reporters(ctx, id, after, limit)
}

// A desk that dies after it could not tell somebody leaves them to the next,
// however far it had come.
func TestDeathForgetsNobody(t *testing.T) {
	h := newHouse(t)
	const reporters = 150 // more than one page of a walk
	for i := range reporters {
		h.writes(incident.Reporter{Address: fmt.Sprintf("r%d@kstate.example", i)})
	}
	for range reporters {
		h.runs()
	}
	ctx := context.Background()
	live, err := h.store.Load(ctx, "login")
	if err != nil {
		t.Fatal(err)
	}
	after := live.Incident
	after.Version++
	closing := loop.Broadcast{
		ID: fmt.Sprintf("%s/closing/%d", after.ID, after.Version), Incident: after.ID, Key: "login",
		Notice: incident.Notice{Kind: incident.NoticeClosing, At: h.clock.Now()},
	}
	commit := loop.Commit{Before: live.Incident, After: after, Broadcasts: []loop.Broadcast{closing}, At: h.clock.Now()}
	if err := h.store.Commit(ctx, commit); err != nil {
		t.Fatal(err)
	}
	h.ses.took, h.ses.refuses = nil, 1
	h.Store = &mortal{h.store, true}
	if err := h.Run(ctx); err == nil {
		t.Fatal("it did not die")
	}
	h.Store = h.store
	h.clock.Run(night.Add(time.Minute))
	h.runs()
	if len(h.ses.took) != reporters {
		t.Errorf("told %d of %d", len(h.ses.took), reporters)
	}
}

// An address that is refused again and again is tried less and less often, and
// in the end given up, which the timeline tells.
func TestAnAddressThatIsRefusedIsGivenUp(t *testing.T) {
	h := newHouse(t)
	const refuses = 10_000
	h.ses.refuses = refuses
	h.writes(incident.Reporter{Address: "news@kstate.example", Org: "kstate.example"})
	for minute := range 30 * 60 {
		h.clock.Run(night.Add(time.Duration(minute) * time.Minute))
		h.runs()
	}
	if tries := refuses - h.ses.refuses; tries < 20 || tries > 100 {
		t.Errorf("tried %d times", tries)
	}
	events, err := h.store.Timeline(context.Background(), "20261104-aaaaaa")
	if err != nil || len(events) != 1 || events[0].Kind != "not told" {
		t.Errorf("the timeline tells %v, %v", events, err)
	}
	if walks, err := h.store.Walks(context.Background(), h.clock.Now().Add(24*time.Hour), 10); err != nil || len(walks) > 0 {
		t.Errorf("still to be walked: %v, %v", walks, err)
	}
}
