package integration_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rouse/shared/clock"
	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/sqstimer"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// crowd is a team of so many pairs: an incident of capability cN pages aN and,
// one wait later, bN. No two of their pages go to one person, who would get
// them bundled.
func crowd(pairs int) string {
	var people, policies, capabilities strings.Builder
	for i := range pairs {
		fmt.Fprintf(&people, "  a%d: {phone: \"+1310555%04d\"}\n  b%d: {phone: \"+1312555%04d\"}\n", i, i, i, i)
		fmt.Fprintf(&policies, "  p%d: {steps: [{page: [a%d], wait: 30s}, {page: [b%d], wait: 1h}]}\n", i, i, i)
		fmt.Fprintf(&capabilities, "  c%d: {words: [c%d], policy: p%d}\n", i, i, i)
	}
	return "service: Newsroom\nresponders:\n" + people.String() +
		"policies:\n  default: {steps: [{page: [everyone], wait: 1h}]}\n" + policies.String() + "capabilities:\n" + capabilities.String()
}

// A wave is one incident of each pair, all of them opened now by a function
// that only decides, with a first wait that is shorter than rouse.yaml allows.
type wave struct {
	rig   *rig
	loop  *loop.Loop
	pairs int
	begun int
}

func newWave(r *rig, pairs int, wait time.Duration, hints loop.Hints) *wave {
	team := r.Team.Team()
	policy := team.PolicyFor
	team.PolicyFor = func(capability string) escalation.Policy {
		p := policy(capability)
		p.Steps = slices.Clone(p.Steps)
		p.Steps[0].Wait = wait
		return p
	}
	return &wave{rig: r, pairs: pairs, loop: &loop.Loop{
		Store: r.Store, Clock: clock.Wall{}, Hints: hints, Log: slog.New(slog.DiscardHandler),
		Team: func(context.Context) (loop.Team, error) { return team, nil },
	}}
}

// open returns when the second step of each pair is due.
func (w *wave) open() map[string]time.Time {
	w.rig.t.Helper()
	w.begun++
	due := map[string]time.Time{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := worker; i < w.pairs; i += 8 {
				in, err := w.one(fmt.Sprintf("c%d", i))
				if err != nil {
					w.rig.t.Error(err)
					return
				}
				mu.Lock()
				due[fmt.Sprintf("b%d", i)] = in.NextStep
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return due
}

func (w *wave) one(capability string) (incident.Incident, error) {
	ctx := w.rig.t.Context()
	s := red(capability, w.begun)
	// Each wave is about another check, so that it opens incidents of its own.
	s.Key = incident.Key(fmt.Sprintf("check/%s-%d", capability, w.begun))
	if _, err := w.rig.Store.PutSignal(ctx, s); err != nil {
		return incident.Incident{}, err
	}
	return w.loop.Run(ctx, loop.Hint{Key: s.Key})
}

// red is the signal of a check that has turned red.
func red(capability string, n int) incident.Signal {
	now := time.Now()
	return incident.Signal{
		ID: fmt.Sprintf("%s/%d", capability, n), Key: incident.Key(capability), Kind: incident.KindCheck, At: now,
		Check: &incident.CheckSignal{Check: capability, Capability: capability, LastBad: now,
			Evidence: incident.Evidence{Status: "down", Red: true, Since: now, Words: "8 of 8 samples failed", Short: "8/8"}},
	}
}

// lateness waits for the pages of the second steps and says how late each was
// at SNS.
func (w *wave) lateness(due map[string]time.Time, seen int) []time.Duration {
	w.rig.t.Helper()
	var late []time.Duration
	for _, p := range w.rig.pages(seen + 2*w.pairs)[seen:] {
		if at, second := due[p.Topic()]; second {
			late = append(late, p.At.Sub(at))
		}
	}
	slices.Sort(late)
	return late
}

func (r *rig) hints() *sqstimer.Hints {
	return &sqstimer.Hints{Clock: clock.Wall{}, RouterURL: r.AWS.QueueURL("router"), Send: sqs.New(sqs.Options{
		BaseEndpoint: &r.AWS.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}).SendMessage}
}

// TestStepsComeByTheirHints: with no sweep at all, no step comes early, and each
// comes. How late they are, BenchmarkStepLateness measures.
func TestStepsComeByTheirHints(t *testing.T) {
	const pairs = 20
	r := start(t, crowd(pairs), options{direct: true})
	w := newWave(r, pairs, 2*time.Second, r.hints())
	late := w.lateness(w.open(), 0)
	if len(late) != pairs {
		t.Fatalf("%d of %d steps were taken", len(late), pairs)
	}
	if late[0] < 0 {
		t.Errorf("a step came %s early", -late[0])
	}
	t.Logf("%d steps, late by %s in the middle and %s at most", pairs, late[pairs/2].Round(time.Millisecond), late[pairs-1].Round(time.Millisecond))
}

// TestKilledRouterPagesAllTen: the router dies with ten accepted signals in its
// hands, and nobody tells it of them again.
func TestKilledRouterPagesAllTen(t *testing.T) {
	const pairs = 10
	r := start(t, crowd(pairs), options{direct: true, idle: true})
	hints := r.hints()
	for i := range pairs {
		s := red(fmt.Sprintf("c%d", i), 1)
		if err := loop.Raise(t.Context(), r.Store, hints, s); err != nil {
			t.Fatal(err)
		}
	}
	broken := make(chan error, 100)
	r.mapped("router", func(err error) { broken <- err })
	// The first batch is under way; SQS brings it again when its visibility
	// ends, in five minutes.
	r.until("the router has begun", func() bool { return len(r.functions["router"].Processes()) > 0 })
	r.functions["router"].Kill()
	select {
	case <-broken:
	case <-time.After(within):
		t.Fatal("the router was killed, and no batch of it failed")
	}
	sent := len(r.AWS.Published())
	began := time.Now()
	paged := func() bool {
		who := map[string]bool{}
		for _, p := range r.AWS.Published() {
			if strings.HasPrefix(p.Topic(), "a") { // on a slow machine second steps are due, too
				who[p.Topic()] = true
			}
		}
		return len(who) == pairs
	}
	// What it had leased already is anybody's after half a minute.
	for ; !paged(); time.Sleep(100 * time.Millisecond) {
		if time.Since(began) > 45*time.Second {
			t.Fatalf("of %d signals these were paged: %v", pairs, ways(r.AWS.Published()))
		}
		r.sweep("router")
	}
	t.Logf("%d pages before it died; all ten %s after", sent, time.Since(began).Round(time.Millisecond))
}

// BenchmarkStepLateness is from the instant at which a step is due to its page
// in SNS's hands: by hints alone, and by a sweep each minute alone.
func BenchmarkStepLateness(b *testing.B) {
	const pairs, waves = 40, 5 // of the fifty policies that a team may have
	report := func(b *testing.B, late []time.Duration) {
		slices.Sort(late)
		b.ReportMetric(float64(len(late)), "steps")
		b.ReportMetric(late[len(late)/2].Seconds(), "s/late(median)")
		b.ReportMetric(late[len(late)*99/100-1].Seconds(), "s/late(p99)")
		b.ReportMetric(late[len(late)-1].Seconds(), "s/late(worst)")
		b.ReportMetric(0, "ns/op")
	}
	b.Run("hints", func(b *testing.B) {
		r := start(b, crowd(pairs), options{direct: true})
		w := newWave(r, pairs, 4*time.Second, r.hints())
		var late []time.Duration
		for range waves {
			late = append(late, w.lateness(w.open(), len(late)*2)...)
			time.Sleep(6 * time.Second) // so that nobody's next page is bundled with their last
		}
		report(b, late)
	})
	b.Run("sweeps", func(b *testing.B) {
		r := start(b, crowd(pairs), options{direct: true, idle: true})
		w := newWave(r, pairs, 40*time.Second, unheard{})
		stop, swept := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(swept)
			for {
				r.sweep("router")
				select {
				case <-time.After(time.Minute):
				case <-stop:
					return
				}
			}
		}()
		var late []time.Duration
		for range waves {
			due := w.open()
			for len(r.AWS.Published()) < (len(late)+pairs)*2 { // longer than rig.pages waits
				time.Sleep(time.Second)
			}
			late = append(late, w.lateness(due, len(late)*2)...)
		}
		close(stop)
		<-swept
		report(b, late)
	})
}

// unheard gives no hints.
type unheard struct{}

func (unheard) Router(context.Context, loop.Hint, time.Time) error { return nil }
func (unheard) Desk(context.Context) error                         { return nil }
