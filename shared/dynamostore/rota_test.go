package dynamostore_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rouse/shared/amend"
	"rouse/shared/clock"
	"rouse/shared/dynamostore"
	"rouse/shared/env"
	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// From a durable signal to the page there are three round trips where the
// rota's amendments and the facts of who can be reached are read, and two within
// a second of that.
func TestRoundTripsWithAmendments(t *testing.T) {
	api, name := table(t)
	w := &wire{API: api}
	store := dynamostore.New(w, name)
	clk := clock.NewVirtual(night)
	carrier := &carrier{wire: w}
	contact := []escalation.Contact{{Channel: escalation.SMS}}
	source := &amend.Source{Store: store, Clock: clk, Log: slog.New(slog.DiscardHandler), Deployed: loop.Team{
		Team: escalation.Team{People: map[string]escalation.Person{"first": {Contact: contact}, "second": {Contact: contact}}},
		PolicyFor: func(capability string) escalation.Policy { // each pages another one: a second page would wait
			return escalation.Policy{Steps: []escalation.Step{{Targets: []escalation.Target{{ID: capability}}, Wait: 3 * time.Minute}}}
		},
		Quiet: 35 * time.Minute,
	}}
	l := &loop.Loop{Store: store, Clock: clk, Sender: carrier, Hints: noHints{}, Log: source.Log, Team: source.Team}
	page := func(key incident.Key, want ...string) {
		t.Helper()
		_, err := store.PutSignal(t.Context(), incident.Signal{ID: string(key), Key: key, Kind: incident.KindCheck, At: clk.Now(),
			Check: &incident.CheckSignal{Check: "login", Capability: string(key), LastBad: clk.Now(), Evidence: incident.Evidence{Status: "down", Red: true}}})
		must(t, err)
		w.take()
		_, err = l.Run(t.Context(), loop.Hint{Key: key})
		must(t, err)
		if got := carrier.before[len(carrier.before)-1]; !slices.Equal(got, want) {
			t.Errorf("%q before the page for %s was sent, want %q", got, key, want)
		}
	}
	clk.At(clk.Now(), func() {
		page("first", "Query", "Query", "TransactWriteItems")
		page("second", "Query", "TransactWriteItems")
	})
	clk.Run(clk.Now().Add(time.Second / 2))
}

// One amendment that cannot be read hides no other.
func TestUnreadableAmendments(t *testing.T) {
	api, name := table(t)
	store := dynamostore.New(api, name)
	good := amend.Amendment{ID: "m", Schedule: "primary", Who: []string{"bo"}, From: night, To: night.Add(time.Hour), At: night}
	must(t, store.Amend(t.Context(), good))
	for id, attributes := range map[string]map[string]types.AttributeValue{
		"a": {"v": &types.AttributeValueMemberN{Value: "2"}, "body": &types.AttributeValueMemberS{Value: "{}"}},
		"z": {"v": &types.AttributeValueMemberN{Value: "1"}, "body": &types.AttributeValueMemberS{Value: "what?"}},
	} {
		attributes[env.PartitionKey] = &types.AttributeValueMemberS{Value: "ROTA"}
		attributes[env.SortKey] = &types.AttributeValueMemberS{Value: "amendment#" + id}
		_, err := api.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: attributes})
		must(t, err)
	}
	list, err := store.Amendments(t.Context())
	if len(list) != 1 || list[0].ID != "m" {
		t.Errorf("read %v", list)
	}
	for _, want := range []string{"amendment#a is stored in format 2, newer than this Rouse knows (1)", "amendment#z is not what Rouse writes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	out, err := api.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: &name, Key: map[string]types.AttributeValue{
		env.PartitionKey: &types.AttributeValueMemberS{Value: "ROTA"}, env.SortKey: &types.AttributeValueMemberS{Value: "amendment#m"},
	}})
	must(t, err)
	want := fmt.Sprint(good.To.Add(amend.KeptFor).Unix())
	if n, _ := out.Item[env.Expires].(*types.AttributeValueMemberN); n == nil || n.Value != want {
		t.Errorf("it expires at %v, want %s", out.Item[env.Expires], want)
	}
}
