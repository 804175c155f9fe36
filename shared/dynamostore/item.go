package dynamostore

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rouse/shared/env"
	"rouse/shared/loop"
)

// An item is one item of the table, a place where one lies.
type (
	item  map[string]types.AttributeValue
	place struct{ pk, sk string }
)

// The attributes of items besides those that package env names.
const (
	attrBody    = "body"    // the record, as JSON
	attrFormat  = "v"       // its format, see loop.Format
	attrVersion = "version" // of an incident
	attrID      = "id"      // of an incident
	attrTurn    = "turn"    // of an incident
	attrKey     = "key"     // to which an item points
	attrLease   = "lease"   // token of who sends a page; absent: nobody
	attrUntil   = "until"   // end of a lease, claim or hold
	attrLeft    = "left"    // pages of a rest that are still to be put
	attrAt      = "at"      // of a reporter's mail; when a fact was found
	attrRev     = "rev"     // of a check's state
	attrSuspect = "suspect" // until when a report has the check sampled often
	attrDone    = "done"    // a notice was sent
	attrMoved   = "moved"   // a reporter's reports were moved to another incident
	attrToken   = "token"   // of a hold
)

// newItem is an item at p with v as its body; nil is none.
func newItem(p place, v any) (item, error) {
	it := item{env.PartitionKey: str(p.pk), env.SortKey: str(p.sk), attrFormat: num(loop.Format)}
	if v == nil {
		return it, nil
	}
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", p.pk, p.sk, err)
	}
	it[attrBody] = str(string(body))
	return it, nil
}

// due puts the item into a shard of the due index.
func (it item) due(shard string, at time.Time) item {
	it[env.DueShard], it[env.DueAt] = str(shard), stamp(at)
	return it
}

// expires lets DynamoDB delete the item, not before the given instant.
func (it item) expires(at time.Time) item {
	it[env.Expires] = num(at.Unix())
	return it
}

func (it item) place() place { return place{it.str(env.PartitionKey), it.str(env.SortKey)} }

func (p place) key() item {
	return item{env.PartitionKey: str(p.pk), env.SortKey: str(p.sk)}
}

func (it item) decode(into any) error {
	if err := json.Unmarshal([]byte(it.str(attrBody)), into); err != nil {
		p := it.place()
		return fmt.Errorf("%s %s is not what Rouse writes: %w", p.pk, p.sk, err)
	}
	return nil
}

// str is "" for an attribute that is absent.
func (it item) str(name string) string {
	v, _ := it[name].(*types.AttributeValueMemberS)
	if v == nil {
		return ""
	}
	return v.Value
}

// num is 0 for an attribute that is absent.
func (it item) num(name string) int64 {
	v, _ := it[name].(*types.AttributeValueMemberN)
	if v == nil {
		return 0
	}
	n, _ := strconv.ParseInt(v.Value, 10, 64)
	return n
}

// time is zero for an attribute that is absent.
func (it item) time(name string) time.Time {
	t, _ := time.Parse(stampLayout, it.str(name))
	return t
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// stampLayout has a fixed width, so that the order of its strings is the order
// of time.
const stampLayout = "2006-01-02T15:04:05.000000000Z"

func stamp(t time.Time) types.AttributeValue { return str(stampText(t)) }

func stampText(t time.Time) string { return t.UTC().Format(stampLayout) }

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
