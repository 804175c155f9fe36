package loop_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
)

// A storm is a router whose hints come as SQS brings them, and a carrier that
// keeps what it is handed.
type storm struct {
	testing.TB
	clock *clock.Virtual
	store *counting
	loop  *loop.Loop

	mu   sync.Mutex
	sent []loop.Delivery // without their incidents: they would be kept in memory
}

// counting counts what a DynamoDB would be asked, but for folding.
type counting struct {
	*memstore.Store
	mu    sync.Mutex
	calls int
}

func (c *counting) count(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls += n
}

// batch is how many pages or incidents one call holds, at the least.
func batch(n, holds int) int { return (n + holds - 1) / holds }

func (c *counting) Load(ctx context.Context, key incident.Key) (loop.Live, error) {
	c.count(1)
	return c.Store.Load(ctx, key)
}

func (c *counting) Commit(ctx context.Context, commit loop.Commit) error {
	c.count(1)
	return c.Store.Commit(ctx, commit)
}

func (c *counting) Waiting(ctx context.Context, o loop.Outbox, known []loop.Waiting, now time.Time, limit int) ([]loop.Waiting, error) {
	list, err := c.Store.Waiting(ctx, o, known, now, limit)
	c.count(1 + batch(2*len(list), 100))
	return list, err
}

func (c *counting) Lease(ctx context.Context, claim loop.Claim) ([]loop.Waiting, error) {
	c.count(1)
	return c.Store.Lease(ctx, claim)
}

func (c *counting) PutCode(ctx context.Context, code loop.Code) error {
	c.count(1)
	return c.Store.PutCode(ctx, code)
}

func (c *counting) Record(ctx context.Context, rs []loop.Record) ([]loop.Record, error) {
	c.count(batch(5*len(rs), 100))
	return c.Store.Record(ctx, rs)
}

func newStorm(t testing.TB, policy escalation.Policy) *storm {
	s := &storm{TB: t, clock: clock.NewVirtual(start), store: &counting{Store: memstore.New()}}
	both := []escalation.Contact{{Channel: escalation.SMS}, {Channel: escalation.Email}}
	tm := loop.Team{
		Team:      escalation.Team{People: map[string]escalation.Person{"ana": {Contact: both}, "bo": {Contact: both}}},
		PolicyFor: func(string) escalation.Policy { return policy },
		Quiet:     35 * time.Minute, AnswerWithin: 10 * time.Minute,
	}
	s.loop = &loop.Loop{
		Store: s.store, Clock: s.clock, Sender: s, Hints: s, Log: slog.New(slog.DiscardHandler), Chance: func() float64 { return 0.5 },
		Team: func(context.Context) (loop.Team, error) { return tm, nil },
	}
	return s
}

func (s *storm) Router(_ context.Context, h loop.Hint, at time.Time) error {
	now := s.clock.Now()
	if at.Before(now) {
		at = now
	}
	at = at.Add(time.Second - 1).Truncate(time.Second) // SQS counts whole seconds
	s.clock.At(at, func() {
		if _, err := s.loop.Run(context.Background(), h); err != nil {
			s.Error(err)
		}
	})
	return nil
}

func (s *storm) Desk(context.Context) error { return nil }

func (s *storm) Send(_ context.Context, d loop.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.Incident, d.Others = incident.Incident{}, nil
	for i := range d.Pages {
		d.Pages[i].Why = ""
	}
	s.sent = append(s.sent, d)
	return nil
}

func (s *storm) raise(id string, key incident.Key, at time.Time) {
	s.clock.At(at, func() {
		signal := incident.Signal{ID: id, Key: key, Kind: incident.KindCheck, At: at, Check: &incident.CheckSignal{
			Check: string(key), LastBad: at, Evidence: incident.Evidence{Status: "down", Red: true, Words: "8 of 8 samples failed", Since: at}}}
		if err := loop.Raise(context.Background(), s.store, s, signal); err != nil {
			s.Error(err)
		}
	})
}

var everybody = escalation.Policy{Steps: []escalation.Step{{Targets: []escalation.Target{{Kind: escalation.Everyone}}, Wait: 5 * time.Minute}}}

// Ten thousand signals about one outage make one incident, and the pages of one.
func TestTenThousandSignalsAreOneIncident(t *testing.T) {
	s := newStorm(t, everybody)
	const n = 10_000
	for i := range n {
		at := start.Add(time.Duration(i) * 3 * time.Millisecond)
		s.clock.At(at, func() {
			signal := incident.Signal{ID: fmt.Sprint("mail", i), Key: "login", Kind: incident.KindReport, At: at, Report: &incident.ReportSignal{
				Reporter: incident.Reporter{Address: fmt.Sprintf("desk@%d.example", i), Org: fmt.Sprintf("%d.example", i), At: at}, Capability: "login", Urgency: "urgent", Known: true}}
			if err := loop.Raise(context.Background(), s.store, s, signal); err != nil {
				t.Error(err)
			}
		})
	}
	s.clock.Run(start.Add(4 * time.Minute))
	live, err := s.store.Store.Load(t.Context(), "login")
	if err != nil {
		t.Fatal(err)
	}
	if live.Incident.Reports != n || len(live.Signals)+len(live.Rests)+len(live.Pages) > 0 {
		t.Errorf("%d reports; %d signals, %d rests and %d pages are left", live.Incident.Reports, len(live.Signals), len(live.Rests), len(live.Pages))
	}
	if all, err := s.store.Recent(t.Context(), 10); err != nil || len(all) != 1 {
		t.Errorf("%d incidents (%v)", len(all), err)
	}
	if len(s.sent) != 4 { // two people by two ways
		t.Errorf("%d messages, want those of one incident, 4", len(s.sent))
	}
}

// A thousand incidents at once leave in a handful of messages to each person by
// each channel: the first at once, the others within seconds, none forgotten.
func TestAThousandIncidentsAreAHandfulOfMessages(t *testing.T) {
	s := newStorm(t, everybody)
	const n = 1000
	for i := range n {
		s.raise(fmt.Sprint("red", i), incident.Key(fmt.Sprint("check/", i)), start.Add(time.Duration(i)*time.Millisecond))
	}
	s.clock.Run(start.Add(30 * time.Second))
	times := map[loop.Outbox][]time.Time{}
	paged := map[loop.Outbox]map[incident.ID]time.Time{}
	for _, d := range s.sent {
		o := loop.Outbox{Who: d.Who, Channel: d.Channel}
		times[o] = append(times[o], d.At)
		if paged[o] == nil {
			paged[o] = map[incident.ID]time.Time{}
		}
		for _, p := range d.Pages {
			if at, twice := paged[o][p.Incident]; twice {
				t.Errorf("%v is paged about %s at %s and at %s", o, p.Incident, at, d.At)
			}
			paged[o][p.Incident] = d.At
		}
		code, found, err := s.store.Code(t.Context(), loop.HashSecret(d.Secret))
		if err != nil || !found || len(code.Grants()) != len(d.Pages) {
			t.Errorf("the code of a message about %d incidents grants %d (%v)", len(d.Pages), len(code.Grants()), err)
		}
	}
	if len(times) != 4 {
		t.Fatalf("sent to %d outboxes", len(times))
	}
	for o, at := range times {
		if len(paged[o]) != n || len(at) > 4 {
			t.Errorf("%v: %d incidents in %d messages", o, len(paged[o]), len(at))
		}
		slices.SortFunc(at, time.Time.Compare)
		if at[0].Sub(start) > time.Second+time.Millisecond || at[len(at)-1].Sub(start) > 15*time.Second {
			t.Errorf("%v: the first after %s, the last after %s", o, at[0].Sub(start), at[len(at)-1].Sub(start))
		}
		for i := range at[1:] {
			if apart := at[i+1].Sub(at[i]); apart < loop.BundleFor {
				t.Errorf("%v: two messages within %s", o, apart)
			}
		}
	}
}

// Through ten thousand incidents the router stays small, and asks little for
// each page.
func TestTenThousandIncidents(t *testing.T) {
	s := newStorm(t, everybody)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s.tenThousand()
	runtime.GC()
	runtime.ReadMemStats(&after)
	pages := 0
	for _, d := range s.sent {
		pages += len(d.Pages)
	}
	if pages < 4*10_000 {
		t.Errorf("%d pages of 10,000 incidents, to two people by two ways", pages)
	}
	each := float64(s.store.calls) / float64(pages)
	grown := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20
	t.Logf("%d pages in %d messages, %.2f calls each, %d MB", pages, len(s.sent), each, grown)
	if each > 4 {
		t.Errorf("%.2f calls of the store for each page, want at most 4", each)
	}
	if grown > 90 {
		t.Errorf("grown by %d MB, want at most 90", grown)
	}
	runtime.KeepAlive(s)
}

// tenThousand opens one incident after the other, a hundred a second.
func (s *storm) tenThousand() {
	for i := range 10_000 {
		s.raise(fmt.Sprint("red", i), incident.Key(fmt.Sprint("check/", i)), start.Add(time.Duration(i)*10*time.Millisecond))
	}
	s.clock.Run(start.Add(4 * time.Minute))
}

// BenchmarkTenThousandIncidents tells what a page costs the router's process, and
// how large that has been.
func BenchmarkTenThousandIncidents(b *testing.B) {
	var pages int
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s := newStorm(b, everybody)
		s.tenThousand()
		for _, d := range s.sent {
			pages += len(d.Pages)
		}
	}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		b.Fatal(err)
	}
	cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	b.ReportMetric(float64(cpu)/1e6/float64(pages), "cpu-ms/page")
	b.ReportMetric(float64(after.Maxrss)/1024, "MB-most")
}
