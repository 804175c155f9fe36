package dynamostore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rouse/shared/check"
	"rouse/shared/dynamostore"
	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/record"
)

// A life from the first signal until it has settled leaves items behind. All
// carry their format; those that may expire are closed for good; nothing is
// due any more.
func TestItemsThatStay(t *testing.T) {
	api, name := table(t)
	store := dynamostore.New(api, name)
	ctx := t.Context()
	r := packed(t, store, "login")
	must(t, store.Unpack(ctx, "login", r))
	live, err := store.Load(ctx, "login")
	must(t, err)
	lease := loop.Lease{Token: "t", Until: night.Add(time.Minute)}
	for i, p := range live.Pages {
		if i == 0 {
			claim := loop.Claim{Outbox: loop.Outbox{Who: p.Who, Channel: p.Channel}, Lease: lease, Now: night,
				Pages: []loop.Waiting{{LivePage: p, About: live.Incident}}, Code: &loop.Code{Hash: "h", Minted: night}}
			_, err := store.Lease(ctx, claim)
			must(t, err)
			p.Lease = lease
		}
		noted(t, store, loop.Record{Key: "login", Incident: r.Incident, Lease: p.Lease, Done: []incident.Page{p.Page}, At: night,
			Events: []incident.Event{{At: night, Kind: "paged"}}})
	}
	over := live.Incident
	over.Version++
	over.State, over.SettledAt = incident.Resolved, night
	must(t, store.Commit(ctx, loop.Commit{Before: live.Incident, After: over, At: night}))
	must(t, store.Finish(ctx, record.Walk{Broadcast: *r.Received}))
	must(t, store.Sent(ctx, record.Told{Notice: record.Notice{Incident: r.Incident, Name: "received", Reporter: "r"},
		MessageIDs: []string{"<1@x>"}, Thread: record.Thread{Key: "login", Incident: r.Incident}, Answered: []time.Time{night}}))
	must(t, store.Keep(ctx, record.Kept{Letter: record.Letter{ID: "m", At: night}}))
	must(t, store.SaveCheck(ctx, "login", check.State{Rev: 1}))

	closed := map[string]bool{"SEEN": true, "CODE": true, "LETTER": true, "SENDER": true}
	found := map[string]int{}
	pages := dynamodb.NewScanPaginator(api, &dynamodb.ScanInput{TableName: &name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		must(t, err)
		for _, it := range out.Items {
			pk := it[env.PartitionKey].(*types.AttributeValueMemberS).Value
			kind, _, _ := strings.Cut(pk, "#")
			found[kind]++
			if v, ok := it["v"].(*types.AttributeValueMemberN); !ok || v.Value != "1" {
				t.Errorf("%s has no format: %v", pk, it)
			}
			if _, expires := it[env.Expires]; expires != closed[kind] {
				t.Errorf("%s expires: %t, want %t", pk, expires, closed[kind])
			}
			if it[env.DueShard] != nil || it[env.DueAt] != nil {
				t.Errorf("%s is still due: %v", pk, it)
			}
		}
	}
	for kind, want := range map[string]int{"KEY": 1, "SETTLED": 1, "OPEN": 0, "WALK": 0, "SEEN": 30, "CODE": 1, "THREAD": 1, "CHECK": 1} {
		if found[kind] != want {
			t.Errorf("%d items under %s, want %d", found[kind], kind, want)
		}
	}
}

// An incident that takes the place of an open one leaves no pointer to that.
func TestOnePointerForEachKey(t *testing.T) {
	api, name := table(t)
	store := dynamostore.New(api, name)
	before := incident.Incident{Key: "login"}
	for _, id := range []incident.ID{"i1", "i2"} {
		after := incident.Incident{ID: id, Key: "login", Version: before.Version + 1, State: incident.Triggered, NextStep: night}
		must(t, store.Commit(t.Context(), loop.Commit{Before: before, After: after, At: night}))
		before = after
	}
	out, err := api.Query(t.Context(), &dynamodb.QueryInput{TableName: &name, KeyConditionExpression: aws.String("pk = :open"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":open": &types.AttributeValueMemberS{Value: "OPEN"}}})
	must(t, err)
	if len(out.Items) != 1 || out.Items[0][env.SortKey].(*types.AttributeValueMemberS).Value != "i2" {
		t.Errorf("pointers: %v, want one to i2", out.Items)
	}
}

// A code that an older Rouse has put grants what it granted.
func TestAnOlderCode(t *testing.T) {
	api, name := table(t)
	store := dynamostore.New(api, name)
	_, err := api.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: map[string]types.AttributeValue{
		env.PartitionKey: &types.AttributeValueMemberS{Value: "CODE#h"}, env.SortKey: &types.AttributeValueMemberS{Value: "code"},
		"v":    &types.AttributeValueMemberN{Value: "1"},
		"body": &types.AttributeValueMemberS{Value: `{"Hash":"h","Who":"ana","Key":"login","Incident":"i1","Minted":"2024-11-05T22:00:00Z"}`},
	}})
	must(t, err)
	code, found, err := store.Code(t.Context(), "h")
	must(t, err)
	if want := []loop.Grant{{Key: "login", Incident: "i1"}}; !found || code.Who != "ana" || !code.Minted.Equal(night) || !slices.Equal(code.Grants(), want) {
		t.Errorf("found %t: %+v", found, code)
	}
}
