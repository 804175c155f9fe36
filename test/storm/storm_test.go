// Package storm floods the inbox with mails about one outage, and has two of
// our own kind answer each other.
package storm

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/desk"
	"rouse/shared/dynamostore"
	"rouse/shared/inbox"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/mail"
	"rouse/shared/memstore"
	"rouse/test/dynamolocal"
)

const team = `
service: Newsroom
responders:
  ana: {zone: America/Los_Angeles, phone: "+13105550100"}
  bo: {zone: America/Chicago, phone: "+13125550101"}
policies: {default: {steps: [{page: [ana], wait: 5m}, {page: [bo], wait: 4m}], check_in: 30m}}
capabilities: {login: {words: [log in, sign in]}, publish: {words: [publish]}}
inbox: {address: alerts@in.%[1]s, via: mx, team: [%[1]s], reply_from: support@%[1]s, answer_within: 30m}
desk: {answers_per_hour: %[2]d}
`

var night = time.Date(2026, 11, 4, 4, 0, 0, 0, time.UTC)

// A store is all that the parts of a house ask of theirs.
type store interface {
	loop.Store
	loop.Holder
	desk.Store
	inbox.Store
	Recent(ctx context.Context, limit int) ([]incident.Incident, error)
}

// A house is Rouse at one domain, on a virtual clock.
type house struct {
	t      testing.TB
	domain string
	clock  *clock.Virtual
	store  store
	router *loop.Loop
	inbox  *inbox.Inbox
	desk   *desk.Desk

	mu     sync.Mutex
	mails  map[string]string // stored, by id
	pages  []string          // who was paged
	sent   map[string]int    // mails by reader
	waking map[string]bool   // hints under way, which a queue would hold back
	post   func(to string, raw []byte)
}

func newHouse(t testing.TB, c *clock.Virtual, domain string, answers int, s store) *house {
	cfg, err := config.Parse(fmt.Appendf(nil, team, domain, answers), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, domain: domain, clock: c, store: s, mails: map[string]string{}, sent: map[string]int{}, waking: map[string]bool{}}
	log := slog.New(slog.DiscardHandler)
	h.router = &loop.Loop{Store: s, Clock: c, Hints: h, Log: log, Sender: h, Team: func(context.Context) (loop.Team, error) { return cfg.Team(), nil }}
	h.inbox = inbox.New(cfg)
	h.inbox.Us.TrustUnverified = true
	h.inbox.Store, h.inbox.Mails, h.inbox.Hints, h.inbox.Clock, h.inbox.Log = s, h, h, c, log
	h.desk = desk.New(cfg)
	h.desk.Store, h.desk.Mailer, h.desk.Clock, h.desk.Log = s, h, c, log
	c.At(c.Now().Add(time.Minute), h.minute)
	return h
}

func (h *house) check(what string, err error) {
	if err != nil {
		h.t.Errorf("%s: %v", what, err)
	}
}

func (h *house) minute() {
	h.clock.At(h.clock.Now().Add(time.Minute), h.minute)
	h.check("router sweep", h.router.Sweep(h.t.Context(), h.store))
	h.check("desk sweep", h.desk.Run(h.t.Context()))
}

// once runs f at the instant unless it is to run then already: a queue brings
// ten hints to a function at a time.
func (h *house) once(name string, at time.Time, f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at.Before(h.clock.Now()) {
		at = h.clock.Now()
	}
	name += at.String()
	if h.waking[name] {
		return
	}
	h.waking[name] = true
	h.clock.At(at, func() {
		h.mu.Lock()
		delete(h.waking, name)
		h.mu.Unlock()
		f()
	})
}

func (h *house) Router(_ context.Context, hint loop.Hint, at time.Time) error {
	h.once("router "+string(hint.Key), at, func() {
		_, err := h.router.Run(h.t.Context(), hint)
		h.check("router", err)
	})
	return nil
}

func (h *house) Desk(context.Context) error {
	h.once("desk", time.Time{}, func() { h.check("desk", h.desk.Run(h.t.Context())) })
	return nil
}

func (h *house) Send(_ context.Context, d loop.Delivery) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages = append(h.pages, fmt.Sprintf("%s %s %s", d.Who, d.Pages[0].Kind, d.Incident.Key))
	return nil
}

func (h *house) SendRaw(_ context.Context, to string, raw []byte) (string, error) {
	h.mu.Lock()
	h.sent[to]++
	post := h.post
	h.mu.Unlock()
	if post != nil {
		post(to, raw)
	}
	return "<" + rand.Text() + "@email.amazonses.com>", nil
}

func (h *house) Open(_ context.Context, id string) (io.ReadCloser, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	raw, ok := h.mails[id]
	if !ok {
		return nil, inbox.ErrNotFound
	}
	return io.NopCloser(strings.NewReader(raw)), nil
}

func (h *house) New(context.Context, int) ([]inbox.Stored, error) { return nil, nil }

func (h *house) Read(_ context.Context, id string, _ time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.mails, id)
	return nil
}

// receives stores a mail and has it read at the present instant.
func (h *house) receives(from, raw string) {
	id := rand.Text()
	h.mu.Lock()
	h.mails[id] = raw
	h.mu.Unlock()
	h.clock.At(h.clock.Now(), func() {
		h.check("inbox", h.inbox.Receive(h.t.Context(), mail.Envelope{ID: id, From: from, Received: h.clock.Now()}))
	})
}

// cries are how customers write about one outage; every fourth of them names
// nothing that it could be known by.
var cries = []string{
	"Our staff have been unable to log in for ten minutes.",
	"Nobody here can sign in. We go to print at eleven!",
	"Log in is broken for everybody since 9:50pm.",
	"The whole site is down for everyone here, is anybody there?",
}

func cry(i int) (from, raw string) {
	from = fmt.Sprintf("desk%d@news%d.example", i, i%997)
	return from, fmt.Sprintf("From: Desk %d <%s>\r\nTo: alerts@in.newsroom.example\r\nSubject: Newsroom\r\nMessage-ID: <%d@news%d.example>\r\n\r\n%s\r\n", i, from, i, i%997, cries[i%len(cries)])
}

// floods has so many customers write within some seconds, and checks that each
// was answered once and that the people were paged as for one incident.
func floods(t testing.TB, s store, customers int) *house {
	c := clock.NewVirtual(night)
	h := newHouse(t, c, "newsroom.example", 2*customers, s)
	h.desk.Rate = func(context.Context) float64 { return 1000 }
	const seconds = 20
	for i := range customers {
		from, raw := cry(i)
		c.At(night.Add(time.Duration(i%seconds)*time.Second), func() { h.receives(from, raw) })
	}
	c.Run(night.Add(4 * time.Minute))
	for i := range customers {
		from, _ := cry(i)
		if h.sent[from] != 1 {
			t.Errorf("%s was answered %d times", from, h.sent[from])
		}
	}
	if len(h.sent) != customers {
		t.Errorf("%d addresses were written to", len(h.sent))
	}
	if len(h.pages) != 1 || h.pages[0] != "ana wake login" {
		t.Errorf("paged %d times: %.10q", len(h.pages), h.pages)
	}
	all, err := s.Recent(t.Context(), 10)
	if err != nil || len(all) != 1 || all[0].Reports != customers || all[0].Severity != incident.Confirmed {
		t.Errorf("%d incidents, %v", len(all), err)
	}
	return h
}

// Ten thousand customers who write about one outage are all answered, once,
// and wake the person on call as one incident does.
func TestTenThousandMails(t *testing.T) {
	began := time.Now()
	floods(t, memstore.New(), 10_000)
	t.Logf("10,000 mails in %s", time.Since(began).Round(time.Millisecond))
}

// On DynamoDB a mail of a storm costs at most five round trips besides what the
// router's folding does: three to read it and to keep what was made of it, two
// to answer it.
func TestAStormsRoundTrips(t *testing.T) {
	const customers, most = 500, 5.0
	count := &counter{}
	floods(t, counted{dynamostore.New(count.around(t), count.table), count}, customers)
	each := float64(count.trips.Load()) / customers
	t.Logf("%.2f round trips a mail outside folding (%d mails, %d trips)", each, customers, count.trips.Load())
	if each > most {
		t.Errorf("%.2f round trips a mail, more than %.0f", each, most)
	}
}

// counter counts the calls to DynamoDB that are made outside of folding.
type counter struct {
	dynamostore.API
	table string
	trips atomic.Int64
}

func (c *counter) around(t testing.TB) dynamostore.API {
	url := dynamolocal.Endpoint(t)
	client := dynamodb.New(dynamodb.Options{BaseEndpoint: &url, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
	c.table = "rouse-storm-" + rand.Text()
	if err := dynamostore.CreateTable(t.Context(), client, c.table); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &c.table})
	})
	c.API = client
	return c
}

// outside counts a call, unless the context says that it is a fold's.
func (c *counter) outside(ctx context.Context) {
	if ctx.Value(foldKey{}) == nil {
		c.trips.Add(1)
	}
}

type foldKey struct{}

func (c *counter) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	c.outside(ctx)
	return c.API.TransactWriteItems(ctx, in, o...)
}

func (c *counter) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	c.outside(ctx)
	return c.API.Query(ctx, in, o...)
}

func (c *counter) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	c.outside(ctx)
	return c.API.GetItem(ctx, in, o...)
}

func (c *counter) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	c.outside(ctx)
	return c.API.PutItem(ctx, in, o...)
}

func (c *counter) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	c.outside(ctx)
	return c.API.DeleteItem(ctx, in, o...)
}

func (c *counter) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	c.outside(ctx)
	return c.API.BatchGetItem(ctx, in, o...)
}

func (c *counter) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	c.outside(ctx)
	return c.API.BatchWriteItem(ctx, in, o...)
}

// counted marks what the router asks of a store as folding.
type counted struct {
	*dynamostore.Store
	count *counter
}

func fold(ctx context.Context) context.Context { return context.WithValue(ctx, foldKey{}, true) }

func (c counted) Load(ctx context.Context, key incident.Key) (loop.Live, error) {
	return c.Store.Load(fold(ctx), key)
}

func (c counted) Commit(ctx context.Context, commit loop.Commit) error {
	return c.Store.Commit(fold(ctx), commit)
}

func (c counted) Unpack(ctx context.Context, key incident.Key, r loop.Rest) error {
	return c.Store.Unpack(fold(ctx), key, r)
}

func (c counted) Record(ctx context.Context, r []loop.Record) ([]loop.Record, error) {
	return c.Store.Record(fold(ctx), r)
}

func (c counted) Due(ctx context.Context, shard int, now time.Time, limit int) ([]incident.Key, error) {
	return c.Store.Due(fold(ctx), shard, now, limit)
}

// Two Rouses that read each other's acknowledgements as customers' mails stop
// after one exchange: each marks its own, and heeds the other's mark.
func TestTwins(t *testing.T) {
	for _, c := range []struct {
		name   string
		strip  []string // headers that a server on the way takes off
		atMost int      // mails, all in all
	}{
		{"as they are", nil, 2},
		{"their marks stripped on the way", []string{"Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "References", "In-Reply-To"}, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			clk := clock.NewVirtual(night)
			one, two := newHouse(t, clk, "one.example", 1000, memstore.New()), newHouse(t, clk, "two.example", 1000, memstore.New())
			mails := 0
			deliver := func(from, to *house) func(string, []byte) {
				return func(_ string, raw []byte) {
					mails++
					to.receives("support@"+from.domain, stripped(string(raw), c.strip))
				}
			}
			one.post, two.post = deliver(one, two), deliver(two, one)
			two.receives("support@one.example", "From: support@one.example\r\nTo: alerts@in.two.example\r\nSubject: down\r\nMessage-ID: <1@one.example>\r\n\r\nOur staff have been unable to log in for ten minutes.\r\n")
			for hour := range 6 {
				clk.Run(night.Add(time.Duration(hour) * time.Hour))
			}
			if mails == 0 || mails > c.atMost {
				t.Errorf("%d mails went to and fro, want 1 to %d", mails, c.atMost)
			}
			before := mails
			clk.Run(night.Add(24 * time.Hour))
			if mails != before {
				t.Errorf("it has not died out: %d more", mails-before)
			}
		})
	}
}

// stripped takes headers off a mail.
func stripped(raw string, names []string) string {
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	var kept []string
	off := false
	for _, line := range strings.Split(head, "\r\n") {
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			off = false
			for _, n := range names {
				off = off || strings.HasPrefix(strings.ToLower(line), strings.ToLower(n)+":")
			}
		}
		if !off {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\r\n") + "\r\n\r\n" + body
}
