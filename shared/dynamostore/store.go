// Package dynamostore keeps everything in one DynamoDB table.
//
// What lives under a key lies in one partition, so that one consistent query
// reads all that a decision needs, and one conditional transaction makes the
// decision true:
//
//	pk                  sk
//	KEY#<key>           incident                   the incident, or the last one
//	                    page#<id>                  a page that is not done
//	                    rest#<version>             what a commit left to be done
//	                    signal#<id>                a signal to fold
//	HISTORY#<incident>  incident                   the key it lives under
//	                    event#<time>#<writer>      entries of the timeline
//	                    reporter#<id>              a customer who wrote
//	                    notice#<name>#<reporter>   what they were told
//	OPEN                <incident>                 a pointer to each open one
//	SETTLED             <time>#<incident>          as it was when it settled
//	SEEN#<signal>       seen                       a signal's id, used up
//	OUT#<who>#<channel> gate                       when the next delivery may leave
//	                    page#<key>#<id>            a page that waits; it lies under its key
//	CODE#<hash>         code                       what a link lets its bearer do
//	WORD#<word>         word                       what an incident is called in an SMS
//	WALK#<broadcast>    walk                       a broadcast on its way
//	THREAD#<sha256>     thread                     where a Message-ID belongs
//	LETTER#<mail>       letter                     what was made of a mail
//	CHECK#<name>        check                      the state of a check, and until when it is suspected
//	                    day#<date>                 a day of its history, and the state saved with it
//	SENDER#<reporter>   answered                   the latest answers to an address
//	                    off                        why nothing is sent to it any more
//	TALLY#<name>        tally                      a count that is bounded
//	JOB#<check>         armed, good, bad           when a job first counted, and last called
//	HOLD#<name>         hold                       who does what only one may do
//	ROTA                amendment#<id>             an override, away time or mute made at once
//	                    reach#<who>#<channel>      whether a channel reaches somebody
//	                    circuit#<channel>          whether a channel is down for everybody
//	BEAT                <function>                 when it last did its minute's work
//	WATCH               state, deployment          what watch remembers, and has found out
//
// In a key's partition the few items that count sort before the signals, which
// may be thousands. A record is JSON in the attribute body; what conditions
// and the index need stands beside it. Every item carries the number of its
// format in v, and one from a newer Rouse is left alone.
//
// Items about which something must still be done carry the two attributes of
// the due index. Deleting them, or writing them without those, is what makes
// them done: there is no second place to keep true. Beside a page that waits lies
// an item in its outbox, in a shard of its own, by which one delivery finds the
// pages of many keys. No sweep looks there: a page that has no such item is found
// by its key, and one that is no longer there is passed over.
package dynamostore

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rouse/shared/amend"
	"rouse/shared/history"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/probe"
	"rouse/shared/reach"
)

// An API is what a Store asks of DynamoDB. *dynamodb.Client is one.
type API interface {
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
}

// Narrow returns the calls of c that an API has, and hides the others. A binary
// that finds methods by name while it runs, as html/template does, must
// otherwise keep every call that the SDK knows: a third of the ack function.
func Narrow(c *dynamodb.Client) API {
	return narrow{c.TransactWriteItems, c.Query, c.GetItem, c.PutItem, c.UpdateItem, c.DeleteItem, c.BatchGetItem, c.BatchWriteItem, c.Options}
}

type call[In, Out any] = func(context.Context, *In, ...func(*dynamodb.Options)) (*Out, error)

type narrow struct {
	transactWriteItems call[dynamodb.TransactWriteItemsInput, dynamodb.TransactWriteItemsOutput]
	query              call[dynamodb.QueryInput, dynamodb.QueryOutput]
	getItem            call[dynamodb.GetItemInput, dynamodb.GetItemOutput]
	putItem            call[dynamodb.PutItemInput, dynamodb.PutItemOutput]
	updateItem         call[dynamodb.UpdateItemInput, dynamodb.UpdateItemOutput]
	deleteItem         call[dynamodb.DeleteItemInput, dynamodb.DeleteItemOutput]
	batchGetItem       call[dynamodb.BatchGetItemInput, dynamodb.BatchGetItemOutput]
	batchWriteItem     call[dynamodb.BatchWriteItemInput, dynamodb.BatchWriteItemOutput]
	options            func() dynamodb.Options
}

func (n narrow) Options() dynamodb.Options { return n.options() }

func (n narrow) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return n.transactWriteItems(ctx, in, o...)
}

func (n narrow) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return n.query(ctx, in, o...)
}

func (n narrow) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return n.getItem(ctx, in, o...)
}

func (n narrow) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return n.putItem(ctx, in, o...)
}

func (n narrow) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return n.updateItem(ctx, in, o...)
}

func (n narrow) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return n.deleteItem(ctx, in, o...)
}

func (n narrow) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return n.batchGetItem(ctx, in, o...)
}

func (n narrow) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	return n.batchWriteItem(ctx, in, o...)
}

// A Store is all that Rouse knows, in a table. It holds no state of its own
// and may be used by any number of goroutines and processes.
type Store struct {
	api   API
	table string
}

var (
	_ loop.Store    = (*Store)(nil)
	_ loop.Holder   = (*Store)(nil)
	_ probe.Store   = (*Store)(nil)
	_ history.Store = (*Store)(nil)
	_ amend.Store   = (*Store)(nil)
	_ reach.Store   = (*Store)(nil)
)

// New returns a Store on a table of the shape that CreateTable makes. Nothing
// is asked of DynamoDB yet.
func New(client API, table string) *Store { return &Store{api: client, table: table} }

// How long closed records are kept.
const (
	day = 24 * time.Hour
	// seenFor outlasts every way in which a signal can come twice: S3 and SQS
	// deliver again within days.
	seenFor = 30 * day
	// codesFor outlasts any incident that is still paged about: each page
	// brings a new code. An older link then looks like an unknown one.
	codesFor   = 30 * day
	lettersFor = 90 * day
	// answeredFor outlasts the hour in which answers to an address are counted.
	answeredFor = day
)

// Where things lie.

func liveKey(key incident.Key) string           { return keyPrefix + string(key) }
func outKey(o loop.Outbox) string               { return "OUT#" + o.Who + "#" + o.Channel }
func historyKey(id incident.ID) string          { return "HISTORY#" + string(id) }
func restSort(version int64) string             { return fmt.Sprintf("rest#%020d", version) }
func walkAt(broadcast string) place             { return place{"WALK#" + broadcast, "walk"} }
func codeAt(hash string) place                  { return place{"CODE#" + hash, "code"} }
func wordAt(word string) place                  { return place{"WORD#" + word, "word"} }
func seenAt(signal string) place                { return place{"SEEN#" + signal, "seen"} }
func checkAt(name string) place                 { return place{checkPrefix + name, "check"} }
func dayAt(check, date string) place            { return place{checkAt(check).pk, "day#" + date} }
func jobAt(name, which string) place            { return place{"JOB#" + name, which} }
func holdAt(name string) place                  { return place{"HOLD#" + name, "hold"} }
func answeredAt(reporter string) place          { return place{"SENDER#" + reporter, "answered"} }
func offAt(reporter string) place               { return place{"SENDER#" + reporter, "off"} }
func tallyAt(name string) place                 { return place{"TALLY#" + name, "tally"} }
func letterAt(id string) place                  { return place{"LETTER#" + id, "letter"} }
func amendmentAt(id string) place               { return place{rotaKey, amendmentPrefix + id} }
func threadAt(messageID string) place           { return place{"THREAD#" + sha(messageID), "thread"} }
func incidentAt(key incident.Key) place         { return place{liveKey(key), incidentSort} }
func pageAt(key incident.Key, p string) place   { return place{liveKey(key), pagePrefix + p} }
func gateAt(o loop.Outbox) place                { return place{outKey(o), "gate"} }
func signalAt(key incident.Key, s string) place { return place{liveKey(key), signalPrefix + s} }
func reporterAt(id incident.ID, r string) place { return place{historyKey(id), reporterPrefix + r} }

const (
	keyPrefix       = "KEY#"
	checkPrefix     = "CHECK#"
	incidentSort    = "incident"
	pagePrefix      = "page#"
	restPrefix      = "rest#"
	signalPrefix    = "signal#"
	eventPrefix     = "event#"
	reporterPrefix  = "reporter#"
	openKey         = "OPEN"
	settledKey      = "SETTLED"
	walksShard      = "walks"
	rotaKey         = "ROTA"
	amendmentPrefix = "amendment#"
	reachPrefix     = "reach#"
	circuitPrefix   = "circuit#"
	beatKey         = "BEAT"
	watchKey        = "WATCH"
)

// shardOf spreads the keys over the due index's partitions; it must never
// change, or what an older Rouse wrote would be listed in the wrong shard.
func shardOf(key incident.Key) string {
	h := fnv.New32a()
	h.Write([]byte(key))
	return shardName(int(h.Sum32() % loop.Shards))
}

func shardName(shard int) string { return strconv.Itoa(shard) }
