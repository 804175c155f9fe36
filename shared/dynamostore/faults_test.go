package dynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rouse/shared/dynamostore"
	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/record"
)

var night = time.Date(2024, 11, 5, 22, 0, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func noted(t *testing.T, s *dynamostore.Store, r loop.Record) {
	t.Helper()
	lost, err := s.Record(t.Context(), []loop.Record{r})
	if must(t, err); len(lost) > 0 {
		t.Fatal("the lease is lost")
	}
}

// packed commits a rest under key that takes Unpack several writes of every
// kind.
func packed(t *testing.T, s *dynamostore.Store, key incident.Key) loop.Rest {
	t.Helper()
	id := incident.ID("i-" + string(key))
	r := loop.Rest{Version: 1, Incident: id,
		Received: &loop.Broadcast{ID: string(id) + "/received/1", Incident: id, Key: key, Notice: incident.Notice{At: night}}}
	for i := range 120 {
		r.Pages = append(r.Pages, incident.Page{ID: fmt.Sprintf("p%03d", i), Incident: id, Turn: 1, Due: night.Add(time.Hour)})
	}
	for i := range 30 {
		sig := incident.Signal{ID: fmt.Sprint(key, "/", i), Key: key, At: night}
		_, err := s.PutSignal(t.Context(), sig)
		must(t, err)
		r.Signals = append(r.Signals, sig.ID)
		r.Reporters = append(r.Reporters, incident.Reporter{Address: fmt.Sprint(i, "@ksu.example"), At: night})
	}
	after := incident.Incident{ID: id, Key: key, Version: 1, Turn: 1, State: incident.Triggered, NextStep: night.Add(time.Hour)}
	must(t, s.Commit(t.Context(), loop.Commit{Before: incident.Incident{Key: key}, After: after, Rest: r, At: night}))
	return r
}

// Unpack is broken off before and after each of its writes, is taken up by
// somebody who loads what is there, sends some of what has come out, and is
// then done once more by the one that was broken off and still has it all in
// mind. It must end as if nothing had happened.
func TestUnpackSurvivesACrashAnywhere(t *testing.T) {
	api, name := table(t)
	sound := dynamostore.New(api, name)
	ctx := t.Context()
	crashes := 0
	for _, after := range []bool{false, true} {
		for at, broken := 1, true; broken; at++ {
			key := incident.Key(fmt.Sprintf("%t/%d", after, at))
			r := packed(t, sound, key)
			w := &wire{API: api, cut: func(n int) (bool, bool) { return n == at && !after, n == at && after }}
			err := dynamostore.New(w, name).Unpack(ctx, key, r)
			if broken = errors.Is(err, errCut); broken {
				crashes++
			} else {
				must(t, err)
			}

			due, err := sound.Due(ctx, shardOf(t, sound, key), night, 1000)
			must(t, err)
			live, err := sound.Load(ctx, key)
			must(t, err)
			if len(live.Rests) > 0 && !slices.Contains(due, key) {
				t.Errorf("%s: a rest is left, and nothing is due", key)
			}
			sent := 0
			for _, p := range live.Pages[:min(7, len(live.Pages))] {
				noted(t, sound, loop.Record{Key: key, Incident: r.Incident, Done: []incident.Page{p.Page}, At: night})
				sent++
			}
			for _, left := range live.Rests {
				must(t, sound.Unpack(ctx, key, left))
			}
			must(t, sound.Unpack(ctx, key, r))

			live, err = sound.Load(ctx, key)
			must(t, err)
			if len(live.Pages)+sent != len(r.Pages) || len(live.Signals)+len(live.Rests) != 0 {
				t.Errorf("%s: %d of %d pages were sent, %d are left; %d signals and %d rests are",
					key, sent, len(r.Pages), len(live.Pages), len(live.Signals), len(live.Rests))
			}
			reporters, err := sound.Reporters(ctx, r.Incident, "", 100)
			must(t, err)
			walks, err := sound.Walks(ctx, night, 100)
			must(t, err)
			if len(reporters) != 30 || len(walks) != 1 {
				t.Errorf("%s: %d reporters, %d walks, want 30 and 1", key, len(reporters), len(walks))
			}
			for _, walk := range walks {
				must(t, sound.Finish(ctx, walk))
			}
		}
	}
	if crashes < 10 {
		t.Errorf("only %d crashes: the rest no longer takes several writes", crashes)
	}
}

// shardOf finds the shard that lists the key: what is there is always due
// within an hour.
func shardOf(t *testing.T, s *dynamostore.Store, key incident.Key) int {
	t.Helper()
	for shard := range loop.Shards {
		keys, err := s.Due(t.Context(), shard, night.Add(time.Hour), 1000)
		must(t, err)
		if slices.Contains(keys, key) {
			return shard
		}
	}
	t.Fatalf("%s is due in no shard", key)
	return 0
}

// A fold of mails with long threads behind them must fit into the rest that
// names them.
func TestAFoldIsBoundedInBytes(t *testing.T) {
	store := dynamostore.New(table(t))
	ctx := t.Context()
	const n = 60
	for i := range n {
		_, err := store.PutSignal(ctx, incident.Signal{ID: fmt.Sprint("s", i), Key: "login", At: night, Report: &incident.ReportSignal{
			Reporter: incident.Reporter{Address: fmt.Sprint(i, "@ksu.example"), References: []string{strings.Repeat("x", 10_000)}, At: night}}})
		must(t, err)
	}
	folded := 0
	for version := int64(1); folded < n; version++ {
		live, err := store.Load(ctx, "login")
		must(t, err)
		if len(live.Signals) == 0 || live.More != (folded+len(live.Signals) < n) {
			t.Fatalf("%d signals after %d of %d, more: %t", len(live.Signals), folded, n, live.More)
		}
		r := loop.Rest{Version: version, Incident: "i1"}
		for _, s := range live.Signals {
			r.Signals = append(r.Signals, s.ID)
			r.Reporters = append(r.Reporters, s.Report.Reporter)
		}
		after := incident.Incident{ID: "i1", Key: "login", Version: version, State: incident.Triggered, NextStep: night}
		must(t, store.Commit(ctx, loop.Commit{Before: live.Incident, After: after, Rest: r, At: night}))
		must(t, store.Unpack(ctx, "login", r))
		folded += len(live.Signals)
	}
	// A single one is folded however large it is.
	_, err := store.PutSignal(ctx, incident.Signal{ID: "huge", Key: "login", At: night, Report: &incident.ReportSignal{Quote: strings.Repeat("x", 300_000)}})
	must(t, err)
	live, err := store.Load(ctx, "login")
	must(t, err)
	if len(live.Signals) != 1 {
		t.Errorf("%d signals, want the huge one", len(live.Signals))
	}
}

// A sender whose clock is ahead must not hide its signal from the sweeps.
func TestASignalFromTheFutureIsDueNow(t *testing.T) {
	store := dynamostore.New(table(t))
	_, err := store.PutSignal(t.Context(), incident.Signal{ID: "s", Key: "login", At: time.Now().Add(time.Hour)})
	must(t, err)
	var due []incident.Key
	for shard := range loop.Shards {
		keys, err := store.Due(t.Context(), shard, time.Now(), 10)
		must(t, err)
		due = append(due, keys...)
	}
	if !slices.Equal(due, []incident.Key{"login"}) {
		t.Errorf("due: %q", due)
	}
}

func TestWhatANewerRouseWroteIsLeftAlone(t *testing.T) {
	api, name := table(t)
	store := dynamostore.New(api, name)
	ctx := t.Context()
	in := incident.Incident{ID: "i1", Key: "login", Version: 1, State: incident.Triggered, NextStep: night}
	must(t, store.Commit(ctx, loop.Commit{Before: incident.Incident{Key: "login"}, After: in, At: night}))
	_, err := api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &name, Key: map[string]types.AttributeValue{
			env.PartitionKey: &types.AttributeValueMemberS{Value: "KEY#login"}, env.SortKey: &types.AttributeValueMemberS{Value: "incident"}},
		UpdateExpression: aws.String("SET v = :v"), ExpressionAttributeValues: map[string]types.AttributeValue{
			":v": &types.AttributeValueMemberN{Value: fmt.Sprint(loop.Format + 1)}},
	})
	must(t, err)
	var newer *loop.NewerError
	if _, err := store.Load(ctx, "login"); !errors.As(err, &newer) || newer.Key != "login" || newer.Format != loop.Format+1 {
		t.Errorf("Load: %v, want a NewerError", err)
	}
	after := in
	after.Version = 2
	if err := store.Commit(ctx, loop.Commit{Before: in, After: after, At: night}); !errors.As(err, &newer) {
		t.Errorf("Commit: %v, want a NewerError", err)
	}
	if _, err := store.PutSignal(ctx, incident.Signal{ID: "s", Key: "login", At: night}); err != nil {
		t.Errorf("PutSignal: %v; a signal must be durable whoever can read it", err)
	}
}

func TestATableThatIsNotThere(t *testing.T) {
	store := dynamostore.New(client(t), "rouse-nowhere")
	for name, call := range map[string]func(context.Context) error{
		"PutSignal": func(ctx context.Context) error {
			_, err := store.PutSignal(ctx, incident.Signal{ID: "s", Key: "login"})
			return err
		},
		"Load":   func(ctx context.Context) error { _, err := store.Load(ctx, "login"); return err },
		"Due":    func(ctx context.Context) error { _, err := store.Due(ctx, 0, night, 1); return err },
		"Code":   func(ctx context.Context) error { _, _, err := store.Code(ctx, "h"); return err },
		"Checks": func(ctx context.Context) error { _, err := store.Checks(ctx, []string{"login"}); return err },
		"Hold":   func(ctx context.Context) error { _, err := store.Hold(ctx, "sweep", "t", night, night); return err },
		"Finish": func(ctx context.Context) error { return store.Finish(ctx, record.Walk{}) },
		"Unpack": func(ctx context.Context) error {
			return store.Unpack(ctx, "login", loop.Rest{Version: 1, Signals: []string{"s"}})
		},
	} {
		err := call(t.Context())
		const want = "table rouse-nowhere does not exist in Region us-east-1: deploy the stack, or set ROUSE_TABLE"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// throttled refuses a number of requests and passes on the others.
type throttled struct{ refusals int }

func (c *throttled) Do(r *http.Request) (*http.Response, error) {
	if c.refusals == 0 {
		return http.DefaultClient.Do(r)
	}
	c.refusals--
	const body = `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}`
	return &http.Response{
		StatusCode: http.StatusBadRequest, Request: r, ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:   io.NopCloser(strings.NewReader(body)),
	}, nil
}

func TestThrottlingIsSatOutWithinTheDeadline(t *testing.T) {
	api, name := table(t)
	o := api.Options()
	slow := &throttled{refusals: 1}
	o.HTTPClient = slow
	store := dynamostore.New(dynamodb.New(o), name)
	fresh, err := store.PutSignal(t.Context(), incident.Signal{ID: "s", Key: "login", At: night})
	if !fresh || err != nil {
		t.Errorf("PutSignal = %t, %v after one refusal", fresh, err)
	}
	slow.refusals = 1000
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := store.Load(ctx, "login"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Load: %v, want the deadline to end it", err)
	}
	if tries := 1000 - slow.refusals; tries > 5 {
		t.Errorf("%d tries in 50 ms", tries)
	}
}

// A script answers transactions and batches as DynamoDB does when it is busy,
// a number of times, and then passes them on.
type script struct {
	dynamostore.API
	codes []string // of a cancelled transaction's first reason, one per call
	half  int      // batches of which only the first half is processed
	tries int
}

func (s *script) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	s.tries++
	if len(s.codes) == 0 {
		return s.API.TransactWriteItems(ctx, in, o...)
	}
	reasons := make([]types.CancellationReason, len(in.TransactItems))
	for i := range reasons {
		reasons[i].Code = aws.String("None")
	}
	reasons[0].Code = &s.codes[0]
	s.codes = s.codes[1:]
	return nil, &types.TransactionCanceledException{Message: aws.String("cancelled"), CancellationReasons: reasons}
}

func (s *script) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	s.tries++
	if s.half == 0 {
		return s.API.BatchWriteItem(ctx, in, o...)
	}
	s.half--
	left := map[string][]types.WriteRequest{}
	for table, requests := range in.RequestItems {
		n := len(requests) / 2
		left[table] = requests[n:]
		in.RequestItems[table] = requests[:n]
	}
	_, err := s.API.BatchWriteItem(ctx, in, o...)
	return &dynamodb.BatchWriteItemOutput{UnprocessedItems: left}, err
}

func (s *script) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	s.tries++
	if s.half == 0 {
		return s.API.BatchGetItem(ctx, in, o...)
	}
	s.half--
	left := map[string]types.KeysAndAttributes{}
	for table, keys := range in.RequestItems {
		n := len(keys.Keys) / 2
		left[table] = types.KeysAndAttributes{Keys: keys.Keys[n:], ConsistentRead: keys.ConsistentRead}
		keys.Keys = keys.Keys[:n]
		in.RequestItems[table] = keys
	}
	out, err := s.API.BatchGetItem(ctx, in, o...)
	if out != nil {
		out.UnprocessedKeys = left
	}
	return out, err
}

func TestABusyTableIsTriedAgain(t *testing.T) {
	api, name := table(t)
	busy := &script{API: api}
	store := dynamostore.New(busy, name)
	ctx := t.Context()

	busy.codes = []string{"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
	if fresh, err := store.PutSignal(ctx, incident.Signal{ID: "s", Key: "login", At: night}); !fresh || err != nil || busy.tries != 4 {
		t.Errorf("PutSignal = %t, %v after %d tries, want 4", fresh, err, busy.tries)
	}

	after := incident.Incident{ID: "i1", Key: "login", Version: 1, State: incident.Triggered, NextStep: night}
	busy.codes = slices.Repeat([]string{"TransactionConflict"}, 100)
	if err := store.Commit(ctx, loop.Commit{After: after, At: night}); !errors.Is(err, loop.ErrConflict) {
		t.Errorf("Commit: %v, want ErrConflict", err)
	}
	if err := store.Note(ctx, "i1", []incident.Event{{At: night}}); err == nil || errors.Is(err, loop.ErrConflict) || errors.Is(err, loop.ErrLost) {
		t.Errorf("Note: %v, want an error of its own", err)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	busy.codes = slices.Repeat([]string{"TransactionConflict"}, 100)
	if err := store.Note(short, "i1", []incident.Event{{At: night}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Note: %v, want the deadline to end it", err)
	}

	busy.codes, busy.tries = []string{"ValidationError"}, 0
	if err := store.Note(ctx, "i1", []incident.Event{{At: night}}); err == nil || busy.tries != 1 {
		t.Errorf("Note: %v after %d tries; trying a wrong request again cannot help", err, busy.tries)
	}

	busy.codes = nil
	r := packed(t, store, "mail/ksu")
	busy.half = 3
	must(t, store.Unpack(ctx, "mail/ksu", r))
	if live, err := store.Load(ctx, "mail/ksu"); err != nil || len(live.Signals)+len(live.Rests) != 0 {
		t.Errorf("%d signals are left (%v)", len(live.Signals), err)
	}
	busy.half = 3
	var ids []string
	for _, reporter := range r.Reporters {
		ids = append(ids, reporter.ID())
	}
	if got, err := store.ReportersOf(ctx, r.Incident, ids); err != nil || len(got) != len(ids) {
		t.Errorf("%d of %d reporters (%v)", len(got), len(ids), err)
	}
}
