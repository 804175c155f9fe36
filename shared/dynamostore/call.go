package dynamostore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rouse/shared/env"
)

// Limits that DynamoDB sets.
const (
	transactMax   = 100
	batchWriteMax = 25
	batchGetMax   = 100
)

// patiently has the SDK try again while DynamoDB throttles or fails: more often
// than by its own default, and with pauses of seconds, not of a minute, as
// somebody may be waiting to be woken. An earlier deadline of the context ends
// it.
func patiently(o *dynamodb.Options) {
	o.Retryer = retry.AddWithMaxBackoffDelay(retry.AddWithMaxAttempts(o.Retryer, 6), 2*time.Second)
}

// A condition guards a write. Names of attributes stand in it as #name. The
// zero condition always holds.
type condition struct {
	text   string
	values item
}

var (
	absent  = condition{text: "attribute_not_exists(#pk)"}
	present = condition{text: "attribute_exists(#pk)"}
)

func (c condition) expression() *string {
	if c.text == "" {
		return nil
	}
	return &c.text
}

// names maps each #name in texts to itself, which spares us the list of
// DynamoDB's reserved words.
func names(texts ...string) map[string]string {
	m := map[string]string{}
	for _, t := range texts {
		for _, part := range strings.Split(t, "#")[1:] {
			name, _, _ := strings.Cut(strings.TrimRight(part, " "), " ")
			name = strings.TrimRight(name, "),")
			m["#"+name] = name
		}
	}
	if len(m) == 0 {
		return nil
	}
	return m
}

// A write is one part of a transaction.
type write struct {
	at   place
	item types.TransactWriteItem
	// unless, if not "", names a group of writes that are left out together if
	// a condition of theirs fails; the others are then tried without them.
	unless string
	// within, if not "", names a group without which this one is left out too.
	within string
}

func putting(it item, c condition) write {
	return write{at: it.place(), item: types.TransactWriteItem{Put: &types.Put{
		Item: it, ConditionExpression: c.expression(), ExpressionAttributeNames: names(c.text), ExpressionAttributeValues: c.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}}
}

func deleting(at place, c condition) write {
	return write{at: at, item: types.TransactWriteItem{Delete: &types.Delete{
		Key: at.key(), ConditionExpression: c.expression(), ExpressionAttributeNames: names(c.text), ExpressionAttributeValues: c.values,
	}}}
}

// updating sets attributes by an update expression; its values are c's too.
func updating(at place, update string, c condition) write {
	return write{at: at, item: types.TransactWriteItem{Update: &types.Update{
		Key: at.key(), UpdateExpression: &update,
		ConditionExpression: c.expression(), ExpressionAttributeNames: names(update, c.text), ExpressionAttributeValues: c.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}}
}

func checking(at place, c condition) write {
	return write{at: at, item: types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		Key: at.key(), ConditionExpression: c.expression(), ExpressionAttributeNames: names(c.text), ExpressionAttributeValues: c.values,
	}}}
}

func (w write) orElse(group string) write {
	w.unless = group
	return w
}

// A failedError tells which conditions of a transaction did not hold; nothing
// of it was written.
type failedError struct {
	old map[place]item // what lies there, where the write asked for it
}

func (e *failedError) Error() string {
	var at []string
	for p := range e.old {
		at = append(at, p.pk+" "+p.sk)
	}
	slices.Sort(at)
	return fmt.Sprintf("a condition does not hold on %s", strings.Join(at, ", "))
}

// errBusy: others were writing the same items at the same time, again and
// again. Nothing was written.
var errBusy = errors.New("others keep writing the same items; try again")

// conflictsMax is how often a transaction that met another one is tried.
const conflictsMax = 8

// transact writes all of it or nothing. The last of several writes to one
// place is the one that counts: DynamoDB would refuse them together. A
// *failedError names the conditions that do not hold, but those of groups: t.left
// names these, and without them the others are written.
func (s *Store) transact(ctx context.Context, t *transaction) error {
	if t.err != nil {
		return t.err
	}
	writes := lastOfEach(t.writes)
	for try := 0; len(writes) > 0; {
		items := make([]types.TransactWriteItem, len(writes))
		for i, w := range writes {
			items[i] = w.named(s.table)
		}
		_, err := s.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items}, patiently)
		var cancelled *types.TransactionCanceledException
		if !errors.As(err, &cancelled) || len(cancelled.CancellationReasons) != len(writes) {
			return s.explain(err)
		}
		left := map[string]item{} // groups
		failed := map[place]item{}
		busy := false
		for i, reason := range cancelled.CancellationReasons {
			switch aws.ToString(reason.Code) {
			case "ConditionalCheckFailed":
				if writes[i].unless == "" {
					failed[writes[i].at] = reason.Item
				} else {
					left[writes[i].unless] = reason.Item
				}
			case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
				busy = true
			}
		}
		t.leave(left)
		switch {
		case len(failed) > 0:
			return &failedError{failed}
		case busy:
			if try++; try == conflictsMax {
				return errBusy
			}
			if err := pause(ctx, try); err != nil {
				return err
			}
		case len(left) == 0: // an item too large: trying again cannot help
			return s.explain(err)
		}
		writes = slices.DeleteFunc(writes, func(w write) bool {
			_, out := left[w.unless]
			_, within := left[w.within]
			return out || within
		})
		if t.grouped && !slices.ContainsFunc(writes, func(w write) bool { return w.unless != "" }) {
			return &failedError{}
		}
	}
	return nil
}

func lastOfEach(writes []write) []write {
	seen := map[place]bool{}
	var last []write
	for _, w := range slices.Backward(writes) {
		if !seen[w.at] {
			seen[w.at] = true
			last = append(last, w)
		}
	}
	slices.Reverse(last)
	return last
}

func (w write) named(table string) types.TransactWriteItem {
	switch it := w.item; {
	case it.Put != nil:
		it.Put.TableName = &table
	case it.Delete != nil:
		it.Delete.TableName = &table
	case it.Update != nil:
		it.Update.TableName = &table
	default:
		it.ConditionCheck.TableName = &table
	}
	return w.item
}

// pause waits a random part of a time that doubles with each try, at most half
// a second.
func pause(ctx context.Context, try int) error {
	most := min(5*time.Millisecond<<try, 500*time.Millisecond)
	t := time.NewTimer(rand.N(most))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// put writes one item. A *failedError says that the condition does not hold,
// and what lies there instead.
func (s *Store) put(ctx context.Context, it item, c condition) error {
	_, err := s.api.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.table, Item: it,
		ConditionExpression: c.expression(), ExpressionAttributeNames: names(c.text), ExpressionAttributeValues: c.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}, patiently)
	return s.conditional(it.place(), err)
}

// update sets attributes of one item by an update expression, whose values are
// c's too. It makes the item if there is none.
func (s *Store) update(ctx context.Context, at place, set string, c condition) error {
	_, err := s.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: at.key(), UpdateExpression: &set,
		ConditionExpression: c.expression(), ExpressionAttributeNames: names(set, c.text), ExpressionAttributeValues: c.values,
	}, patiently)
	return s.conditional(at, err)
}

// remove deletes one item; one that is not there is deleted already.
func (s *Store) remove(ctx context.Context, at place, c condition) error {
	_, err := s.api.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &s.table, Key: at.key(),
		ConditionExpression: c.expression(), ExpressionAttributeNames: names(c.text), ExpressionAttributeValues: c.values,
	}, patiently)
	return s.conditional(at, err)
}

func (s *Store) conditional(at place, err error) error {
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		return &failedError{map[place]item{at: failed.Item}}
	}
	return s.explain(err)
}

// get reads one item, consistently; nil if there is none.
func (s *Store) get(ctx context.Context, at place) (item, error) {
	out, err := s.api.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.table, Key: at.key(), ConsistentRead: aws.Bool(true)}, patiently)
	if err != nil {
		return nil, s.explain(err)
	}
	return out.Item, nil
}

// getAll reads many items, consistently, in no order; those that are not there
// are left out.
func (s *Store) getAll(ctx context.Context, places []place) ([]item, error) {
	var all []item
	places = slices.SortedFunc(slices.Values(places), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.pk, b.pk), cmp.Compare(a.sk, b.sk))
	})
	for chunk := range slices.Chunk(slices.Compact(places), batchGetMax) { // twice the same would be refused
		keys := make([]map[string]types.AttributeValue, len(chunk))
		for i, p := range chunk {
			keys[i] = p.key()
		}
		for try := 0; len(keys) > 0; try++ {
			if try > 0 {
				if err := pause(ctx, try); err != nil {
					return nil, err
				}
			}
			out, err := s.api.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
				s.table: {Keys: keys, ConsistentRead: aws.Bool(true)},
			}}, patiently)
			if err != nil {
				return nil, s.explain(err)
			}
			for _, it := range out.Responses[s.table] {
				all = append(all, it)
			}
			keys = out.UnprocessedKeys[s.table].Keys // throttled, or more than 16 MB
		}
	}
	return all, nil
}

// removeAll deletes many items without a condition.
func (s *Store) removeAll(ctx context.Context, places []place) error {
	for chunk := range slices.Chunk(places, batchWriteMax) {
		requests := make([]types.WriteRequest, len(chunk))
		for i, p := range chunk {
			requests[i] = types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: p.key()}}
		}
		for try := 0; len(requests) > 0; try++ {
			if try > 0 {
				if err := pause(ctx, try); err != nil {
					return err
				}
			}
			out, err := s.api.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{s.table: requests}}, patiently)
			if err != nil {
				return s.explain(err)
			}
			requests = out.UnprocessedItems[s.table]
		}
	}
	return nil
}

// A query reads a range of a partition, or of a shard of the due index.
type query struct {
	index      string // "": the table itself, consistently
	where      string
	values     item
	descending bool
	page       int32 // items read at once; 0: as many as 1 MB hold
}

// each calls f for every item of the query, in order, until f returns false.
func (s *Store) each(ctx context.Context, q query, f func(item) (more bool, err error)) error {
	in := &dynamodb.QueryInput{
		TableName: &s.table, ScanIndexForward: aws.Bool(!q.descending),
		KeyConditionExpression: &q.where, ExpressionAttributeNames: names(q.where), ExpressionAttributeValues: q.values,
	}
	if q.index != "" {
		in.IndexName = &q.index
	} else {
		in.ConsistentRead = aws.Bool(true)
	}
	if q.page > 0 {
		in.Limit = &q.page
	}
	for {
		out, err := s.api.Query(ctx, in, patiently)
		if err != nil {
			return s.explain(err)
		}
		for _, it := range out.Items {
			if more, err := f(it); err != nil || !more {
				return err
			}
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; len(in.ExclusiveStartKey) == 0 {
			return nil
		}
	}
}

// partition is a query of the items of pk whose sort keys begin with prefix.
func partition(pk, prefix string) query {
	q := query{where: "#" + env.PartitionKey + " = :pk", values: item{":pk": str(pk)}}
	if prefix != "" {
		q.where += " AND begins_with(#" + env.SortKey + ", :prefix)"
		q.values[":prefix"] = str(prefix)
	}
	return q
}

// explain says what to do about a table that is not there.
func (s *Store) explain(err error) error {
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) {
		return err
	}
	region := ""
	if c, ok := s.api.(interface{ Options() dynamodb.Options }); ok {
		region = " in Region " + c.Options().Region
	}
	return fmt.Errorf("table %s does not exist%s: deploy the stack, or set %s to the name of its table: %w", s.table, region, env.Table, err)
}
