package sim

import (
	"context"
	"slices"
	"time"

	"rouse/shared/ack"
	"rouse/shared/check"
	"rouse/shared/desk"
	"rouse/shared/inbox"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/probe"
	"rouse/shared/record"
)

// A Store is all that the parts ask of theirs.
type Store interface {
	loop.Store
	loop.Holder
	desk.Store
	inbox.Store
	probe.Store
	ack.Store
}

// A table is the store as one invocation reaches it: over a network that fails,
// and under the eyes of the watch, which sees what has really happened.
type table struct {
	Store
	f *fn
}

func (t table) PutSignal(ctx context.Context, s incident.Signal) (fresh bool, err error) {
	err = t.f.do(writing, "put signal", func() error {
		fresh, err = t.Store.PutSignal(ctx, s)
		if err == nil {
			t.f.w.watch.put(t.f, s, fresh)
		}
		return err
	})
	return fresh, err
}

func (t table) Load(ctx context.Context, key incident.Key) (live loop.Live, err error) {
	err = t.f.do(reading, "load", func() error {
		live, err = t.Store.Load(ctx, key)
		t.f.w.watch.loaded(t.f, key)
		return err
	})
	return live, err
}

func (t table) Commit(ctx context.Context, c loop.Commit) error {
	return t.f.do(committing, "commit", func() error {
		err := t.Store.Commit(ctx, c)
		if err == nil {
			t.f.w.watch.committed(t.f, c)
		}
		return err
	})
}

func (t table) Unpack(ctx context.Context, key incident.Key, r loop.Rest) error {
	return t.f.do(writing, "unpack", func() error {
		t.f.w.watch.wrote(key)
		return t.Store.Unpack(ctx, key, r)
	})
}

func (t table) Waiting(ctx context.Context, o loop.Outbox, known []loop.Waiting, now time.Time, limit int) (list []loop.Waiting, err error) {
	err = t.f.do(reading, "read outbox", func() error {
		list, err = t.Store.Waiting(ctx, o, known, now, limit)
		return err
	})
	w := t.f.w
	if id := mix(t.f.callID(), 12); len(list) > 0 && w.fails(id, w.rates.lag, "due index", "lags for", t.f.name) {
		t.f.faults++
		seen := w.clock.Now().Add(-spread(id, lagMax))
		list = slices.DeleteFunc(list, func(p loop.Waiting) bool { return w.watch.written[p.About.Key].After(seen) })
	}
	return list, err
}

func (t table) Lease(ctx context.Context, c loop.Claim) (taken []loop.Waiting, err error) {
	err = t.f.do(writing, "lease", func() error {
		taken, err = t.Store.Lease(ctx, c)
		for _, p := range taken {
			t.f.w.watch.claimed(t.f, p.About.Key, p.Page, c.Lease)
		}
		if err == nil && c.Gate != nil {
			t.f.w.watch.went(*c.Gate)
		}
		return err
	})
	return taken, err
}

func (t table) PutCircuit(ctx context.Context, c loop.Circuit) error {
	return t.f.do(writing, "put circuit", func() error { return t.Store.PutCircuit(ctx, c) })
}

func (t table) PutCode(ctx context.Context, c loop.Code) error {
	return t.f.do(writing, "put code", func() error { return t.Store.PutCode(ctx, c) })
}

func (t table) Record(ctx context.Context, rs []loop.Record) (lost []loop.Record, err error) {
	err = t.f.do(writing, "record", func() error {
		lost, err = t.Store.Record(ctx, rs)
		for _, r := range rs {
			of := func(r loop.Record) string { return slices.Concat(r.Done, r.Again)[0].ID }
			if !slices.ContainsFunc(lost, func(l loop.Record) bool { return of(l) == of(r) }) {
				t.f.w.watch.recorded(t.f, r)
			}
		}
		return err
	})
	return lost, err
}

func (t table) Note(ctx context.Context, id incident.ID, events []incident.Event) error {
	return t.f.do(writing, "note", func() error {
		err := t.Store.Note(ctx, id, events)
		if err == nil {
			t.f.w.watch.told(t.f, events)
		}
		return err
	})
}

// lagMax is how far an index may be behind.
const lagMax = 5 * time.Second

func (t table) Due(ctx context.Context, shard int, now time.Time, limit int) (keys []incident.Key, err error) {
	err = t.f.do(reading, "read the due index", func() error {
		keys, err = t.Store.Due(ctx, shard, now, limit)
		return err
	})
	w := t.f.w
	if id := mix(t.f.callID(), 12); len(keys) > 0 && w.fails(id, w.rates.lag, "due index", "lags for", t.f.name) {
		t.f.faults++
		seen := w.clock.Now().Add(-spread(id, lagMax))
		keys = slices.DeleteFunc(keys, func(k incident.Key) bool { return w.watch.written[k].After(seen) })
	}
	return keys, err
}

func (t table) Walks(ctx context.Context, now time.Time, limit int) (walks []record.Walk, err error) {
	err = t.f.do(reading, "read the broadcasts", func() error {
		walks, err = t.Store.Walks(ctx, now, limit)
		return err
	})
	w := t.f.w
	if id := mix(t.f.callID(), 12); len(walks) > 0 && w.fails(id, w.rates.lag, "due index", "lags for", t.f.name) {
		t.f.faults++
		seen := w.clock.Now().Add(-spread(id, lagMax))
		walks = slices.DeleteFunc(walks, func(k record.Walk) bool { return k.At.After(seen) })
	}
	return walks, err
}

func (t table) Hold(ctx context.Context, name, token string, now, until time.Time) (mine bool, err error) {
	err = t.f.do(writing, "hold", func() error {
		mine, err = t.Store.Hold(ctx, name, token, now, until)
		t.f.held = mine
		return err
	})
	return mine, err
}

func (t table) Let(ctx context.Context, name, token string) error {
	return t.f.do(writing, "let go", func() error { return t.Store.Let(ctx, name, token) })
}

func (t table) Reporters(ctx context.Context, id incident.ID, after string, limit int) (all []incident.Reporter, err error) {
	err = t.f.do(reading, "read reporters", func() error {
		all, err = t.Store.Reporters(ctx, id, after, limit)
		return err
	})
	return all, err
}

func (t table) ReportersOf(ctx context.Context, id incident.ID, ids []string) (all []incident.Reporter, err error) {
	err = t.f.do(reading, "read reporters", func() error {
		all, err = t.Store.ReportersOf(ctx, id, ids)
		return err
	})
	return all, err
}

func (t table) Done(ctx context.Context, notices []record.Notice) (done map[record.Notice]bool, senders map[string]record.Sender, err error) {
	err = t.f.do(reading, "read what was told", func() error {
		done, senders, err = t.Store.Done(ctx, notices)
		return err
	})
	return done, senders, err
}

func (t table) Claim(ctx context.Context, notices []record.Notice, now, until time.Time) (claims map[record.Notice]record.Claim, err error) {
	err = t.f.do(writing, "claim", func() error {
		claims, err = t.Store.Claim(ctx, notices, now, until)
		for _, n := range notices {
			if c, ok := claims[n]; ok && c == record.Yours {
				t.f.w.watch.answering(t.f, n)
			}
		}
		return err
	})
	return claims, err
}

func (t table) Sent(ctx context.Context, told record.Told) error {
	return t.f.do(writing, "record what was sent", func() error {
		err := t.Store.Sent(ctx, told)
		if err == nil {
			t.f.w.watch.answerTold(t.f, told.Notice, told.Events)
		}
		return err
	})
}

func (t table) Tally(ctx context.Context, name string) (tally record.Tally, err error) {
	err = t.f.do(reading, "read a tally", func() error {
		tally, err = t.Store.Tally(ctx, name)
		return err
	})
	return tally, err
}

func (t table) SaveTally(ctx context.Context, name string, tally record.Tally) error {
	return t.f.do(writing, "save a tally", func() error { return t.Store.SaveTally(ctx, name, tally) })
}

func (t table) Save(ctx context.Context, walk record.Walk) error {
	return t.f.do(writing, "save broadcast", func() error { return t.Store.Save(ctx, walk) })
}

func (t table) Finish(ctx context.Context, walk record.Walk) error {
	return t.f.do(writing, "finish broadcast", func() error { return t.Store.Finish(ctx, walk) })
}

func (t table) Around(ctx context.Context, ids, checks []string) (around record.Around, err error) {
	err = t.f.do(reading, "look around", func() error {
		around, err = t.Store.Around(ctx, ids, checks)
		return err
	})
	return around, err
}

func (t table) Threads(ctx context.Context, ids []string) (threads map[string]record.Thread, err error) {
	err = t.f.do(reading, "find threads", func() error {
		threads, err = t.Store.Threads(ctx, ids)
		return err
	})
	return threads, err
}

func (t table) Meet(ctx context.Context, org string, key incident.Key, now, until time.Time) (met incident.Key, err error) {
	err = t.f.do(writing, "meet", func() error {
		met, err = t.Store.Meet(ctx, org, key, now, until)
		return err
	})
	return met, err
}

func (t table) Keep(ctx context.Context, k record.Kept) error {
	return t.f.do(writing, "keep a mail", func() error {
		err := t.Store.Keep(ctx, k)
		if err == nil && k.Signal != nil {
			_, seen := t.f.w.watch.signals[k.Signal.ID]
			t.f.w.watch.put(t.f, *k.Signal, !seen)
		}
		return err
	})
}

func (t table) SaveCheck(ctx context.Context, name string, s check.State) error {
	return t.f.do(writing, "save check", func() error { return t.Store.SaveCheck(ctx, name, s) })
}

func (t table) Suspect(ctx context.Context, name string, until time.Time) error {
	return t.f.do(writing, "suspect a check", func() error { return t.Store.Suspect(ctx, name, until) })
}

func (t table) Incidents(ctx context.Context, keys []incident.Key) (all []incident.Incident, err error) {
	err = t.f.do(reading, "read incidents", func() error {
		all, err = t.Store.Incidents(ctx, keys)
		return err
	})
	return all, err
}

func (t table) Code(ctx context.Context, hash string) (code loop.Code, found bool, err error) {
	err = t.f.do(reading, "find code", func() error {
		code, found, err = t.Store.Code(ctx, hash)
		return err
	})
	return code, found, err
}
