package memstore_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
	"rouse/test/contract"
)

func TestContract(t *testing.T) {
	contract.Test(t, func(*testing.T) contract.Store { return memstore.New() })
}

var night = time.Date(2024, 11, 5, 22, 0, 0, 0, time.UTC)

// many opens n incidents, each by a signal and with a page that waits.
func many(t testing.TB, n int) *memstore.Store {
	s := memstore.New()
	ctx := t.Context()
	for i := range n {
		key := incident.Key(fmt.Sprint("check/", i))
		signal := incident.Signal{ID: fmt.Sprint("s", i), Key: key, At: night, Check: &incident.CheckSignal{
			Evidence: incident.Evidence{Red: true, Words: "11 of 40 samples failed between 22:02 and 22:31"}}}
		if _, err := s.PutSignal(ctx, signal); err != nil {
			t.Fatal(err)
		}
		in := incident.Incident{ID: incident.ID(fmt.Sprint("20241105-", i)), Key: key, Version: 1, Turn: 1, State: incident.Triggered,
			Checks: map[string]incident.Evidence{"login": signal.Check.Evidence}, NextStep: night.Add(time.Duration(i) * time.Second)}
		c := loop.Commit{Before: incident.Incident{Key: key}, After: in, At: night, Rest: loop.Rest{Version: 1, Signals: []string{signal.ID}}}
		for j := range 2 {
			id := fmt.Sprintf("%s/1/1.0/ana/%d", in.ID, j)
			c.Events = append(c.Events, incident.Event{At: night, Kind: "paged", Who: "ana", Why: "by sms: accepted"})
			c.Pages = append(c.Pages, loop.LivePage{Page: incident.Page{ID: id, Incident: in.ID, Turn: 1, Who: "ana", Channel: "sms", Due: in.NextStep}})
			c.Codes = append(c.Codes, loop.Code{Hash: loop.HashSecret(id), Who: "ana", Grant: loop.Grant{Key: key, Incident: in.ID}})
		}
		if err := s.Commit(ctx, c); err != nil {
			t.Fatal(err)
		}
		if err := s.Unpack(ctx, key, c.Rest); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Ten thousand open incidents leave a process of 100 MB most of its room.
func TestTenThousandIncidentsAreSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := many(t, 10_000)
	runtime.GC()
	runtime.ReadMemStats(&after)
	const most = 50 << 20
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > most {
		t.Errorf("10,000 incidents take %d MB, want at most %d", grown>>20, most>>20)
	} else {
		t.Logf("10,000 incidents take %d MB", grown>>20)
	}
	runtime.KeepAlive(s)
}

// What is due is found without looking at what is not.
func BenchmarkDue(b *testing.B) {
	s := many(b, 10_000)
	for b.Loop() {
		for shard := range loop.Shards {
			if keys, err := s.Due(b.Context(), shard, night.Add(time.Hour), 50); err != nil || len(keys) != 50 {
				b.Fatalf("%d keys, %v", len(keys), err)
			}
		}
	}
}

// A signal is put, folded and unpacked under a key of its own.
func BenchmarkIncident(b *testing.B) {
	b.ReportAllocs()
	many(b, b.N)
}
