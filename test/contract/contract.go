// Package contract is what every store promises, as one suite of tests: the
// memory that the demo and the simulation run on must be no kinder than the
// table that the functions run on.
package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"rouse/shared/ack"
	"rouse/shared/amend"
	"rouse/shared/check"
	"rouse/shared/desk"
	"rouse/shared/history"
	"rouse/shared/inbox"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/probe"
	"rouse/shared/reach"
	"rouse/shared/record"
)

// A Store is all that Rouse's parts ask of one.
type Store interface {
	loop.Store
	loop.Holder
	desk.Store
	inbox.Store
	ack.Store
	probe.Store
	probe.Jobs
	amend.Store
	history.Store
	amend.Reader
	reach.Store
	Beat(ctx context.Context, name string, at time.Time) error
	Beats(ctx context.Context) (map[string]time.Time, error)
	LoadWatch(ctx context.Context) (record.Watch, error)
	SaveWatch(ctx context.Context, w record.Watch) error
	Deployment(ctx context.Context) (record.Deployment, error)
	PutDeployment(ctx context.Context, d record.Deployment) error
	Open(ctx context.Context) ([]incident.Incident, error)
	Checks(ctx context.Context, names []string) (map[string]check.State, error)
	PutThread(ctx context.Context, messageID string, t record.Thread) error
	Find(ctx context.Context, id incident.ID) (incident.Key, bool, error)
	Recent(ctx context.Context, limit int) ([]incident.Incident, error)
}

// Test runs the suite. open returns an empty store for one test.
func Test(t *testing.T, open func(t *testing.T) Store) {
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"signals", signalTests},
		{"commit", commitTests},
		{"unpack", unpackTests},
		{"send", sendTests},
		{"bundle", bundleTests},
		{"due", dueTests},
		{"people", peopleTests},
		{"desk", deskTests},
		{"checks", checkTests},
		{"look", lookTests},
		{"rota", rotaTests},
		{"reach", reachTests},
		{"circuits", circuitTests},
		{"watch", watchTests},
		{"race", raceTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.tests {
				t.Run(c.name, func(t *testing.T) { c.run(fixture{t, open(t)}) })
			}
		})
	}
}

type test struct {
	name string
	run  func(fixture)
}

// A fixture is an empty store and the test that it is for. Its methods fail
// the test on an error.
type fixture struct {
	*testing.T
	Store
}

// night is when the tests take place: long ago, as a store's own clock may be
// anything.
var night = time.Date(2024, 11, 5, 22, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return night.Add(d) }

const key incident.Key = "login"

// never is later than anything is due.
var never = night.AddDate(1, 0, 0)

func signal(id string) incident.Signal {
	return incident.Signal{ID: id, Key: key, Kind: incident.KindTap, At: night, Tap: &incident.TapSignal{Action: incident.ActNext, Who: "ana", Via: "link"}}
}

func page(id string, due time.Time) incident.Page {
	return incident.Page{ID: id, Incident: "i1", Turn: 1, Kind: incident.PageWake, Who: "ana", Channel: "sms", Due: due, Why: "round 1"}
}

// opened is incident i1 at version 1, which nothing will ever be due about
// before the next day.
func opened() incident.Incident {
	return incident.Incident{
		ID: "i1", Key: key, Version: 1, Turn: 1, State: incident.Triggered, Severity: incident.Confirmed, Title: "login",
		Opened: night, LastBad: night, NextStep: at(24 * time.Hour), Quiet: 35 * time.Minute,
	}
}

// next is in, one version later.
func next(in incident.Incident) incident.Incident {
	in.Version++
	return in
}

// settled is in, one version later and over.
func settled(in incident.Incident, when time.Time) incident.Incident {
	in.Version++
	in.Turn++
	in.State, in.SettledAt = incident.Resolved, when
	return in
}

func restOf(c loop.Commit) loop.Rest {
	return loop.Rest{Version: c.After.Version, Incident: c.After.ID}
}

func (f fixture) put(signals ...incident.Signal) {
	f.Helper()
	for _, s := range signals {
		if fresh, err := f.PutSignal(f.Context(), s); err != nil || !fresh {
			f.Fatalf("PutSignal(%s) = %t, %v, want a fresh one", s.ID, fresh, err)
		}
	}
}

func (f fixture) load(k incident.Key) loop.Live {
	f.Helper()
	live, err := f.Load(f.Context(), k)
	f.must(err)
	return live
}

func (f fixture) commit(c loop.Commit) {
	f.Helper()
	if c.At.IsZero() {
		c.At = night
	}
	f.must(f.Commit(f.Context(), c))
}

// open commits incident i1 with pages that wait.
func (f fixture) open(pages ...incident.Page) incident.Incident {
	f.Helper()
	c := loop.Commit{Before: incident.Incident{Key: key}, After: opened(), At: night}
	for _, p := range pages {
		c.Pages = append(c.Pages, loop.LivePage{Page: p})
	}
	f.commit(c)
	return c.After
}

func (f fixture) unpack(r loop.Rest) {
	f.Helper()
	f.must(f.Unpack(f.Context(), key, r))
}

// due lists what is due in all shards, and checks that no key is in two.
func (f fixture) due(now time.Time) []incident.Key {
	f.Helper()
	var all []incident.Key
	for shard := range loop.Shards {
		keys, err := f.Due(f.Context(), shard, now, 1000)
		f.must(err)
		all = append(all, keys...)
	}
	slices.Sort(all)
	if n := len(all); len(slices.Compact(slices.Clone(all))) != n {
		f.Fatalf("Due lists a key twice: %q", all)
	}
	return all
}

func (f fixture) timeline(id incident.ID) []incident.Event {
	f.Helper()
	events, err := f.Timeline(f.Context(), id)
	f.must(err)
	return events
}

func (f fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// same compares what two values say, not how they are laid out in memory.
func (f fixture) same(what string, got, want any) {
	f.Helper()
	if g, w := text(got), text(want); g != w {
		f.Errorf("%s\n got %s\nwant %s", what, g, w)
	}
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func ids[T any](all []T, id func(T) string) []string {
	names := []string{}
	for _, v := range all {
		names = append(names, id(v))
	}
	slices.Sort(names)
	return names
}

func signalIDs(all []incident.Signal) []string {
	return ids(all, func(s incident.Signal) string { return s.ID })
}

func pageIDs(all []loop.LivePage) []string {
	return ids(all, func(p loop.LivePage) string { return p.ID })
}

func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%03d", prefix, i)
	}
	return names
}
