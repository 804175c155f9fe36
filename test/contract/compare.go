package contract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rouse/shared/check"
	"rouse/shared/desk"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
	"rouse/shared/probe"
	"rouse/shared/record"
)

// Compare does the same random things to the store and to a memstore, and
// fails if anything of what they answer differs. The store must be empty.
func Compare(t *testing.T, store Store) {
	m := &machine{ctx: t.Context(), stores: [2]Store{memstore.New(), store}, now: night}
	rapid.Check(t, func(r *rapid.T) {
		m.begin(r)
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			m.now = m.now.Add(time.Duration(rapid.IntRange(1, 60).Draw(r, "seconds")) * time.Second)
			m.step()
		}
		m.agree()
	})
}

// A machine does everything to both stores. They live through all runs; each
// run has names of its own.
type machine struct {
	*rapid.T
	ctx    context.Context
	stores [2]Store // the memstore, and the one that is compared with it
	now    time.Time

	run   int
	keys  []incident.Key
	ids   []incident.ID // of this run's incidents
	rests []packing     // ever committed
	walks []desk.Walk
}

type packing struct {
	key  incident.Key
	rest loop.Rest
}

func (m *machine) begin(r *rapid.T) {
	m.T = r
	m.run++
	m.keys = []incident.Key{incident.Key(fmt.Sprint("k", m.run)), incident.Key(fmt.Sprint("mail/o", m.run))}
	m.ids, m.rests, m.walks = nil, nil, nil
}

// both does the same to both stores and compares the answers.
func (m *machine) both(what string, do func(Store) (any, error)) {
	var answers [2]string
	for i, s := range m.stores {
		v, err := do(s)
		var shut *loop.ShutError
		switch {
		case errors.Is(err, loop.ErrConflict):
			v = "conflict"
		case errors.Is(err, loop.ErrLost):
			v = "lost"
		case errors.Is(err, probe.ErrStale):
			v = "stale"
		case errors.As(err, &shut):
			v = fmt.Sprint("shut ", shut.Opens)
		case err != nil:
			m.Fatalf("%s: %v", what, err)
		}
		answers[i] = text(v)
	}
	m.Logf("%s: %s", what, answers[0])
	if answers[0] != answers[1] {
		m.Fatalf("%s\nmemstore %s\nthe other %s", what, answers[0], answers[1])
	}
}

func (m *machine) do(what string, do func(Store) error) {
	m.both(what, func(s Store) (any, error) { return "done", do(s) })
}

func pick[T any](m *machine, name string, of ...T) T {
	return rapid.SampledFrom(of).Draw(m.T, name)
}

func (m *machine) key() incident.Key { return pick(m, "key", m.keys...) }

func (m *machine) signal(key incident.Key) incident.Signal {
	return incident.Signal{
		ID: fmt.Sprint(m.run, "/", pick(m, "signal", 1, 2, 3, 4, 5, 6)), Key: key, Kind: incident.KindAnswer,
		At: m.now.Add(-time.Duration(pick(m, "ago", 0, 1, 100)) * time.Second),
	}
}

func (m *machine) page(in incident.Incident) incident.Page {
	return incident.Page{
		ID: fmt.Sprint("p", pick(m, "page", 1, 2, 3, 4)), Incident: in.ID, Turn: in.Turn, Who: m.outbox().Who, Channel: m.outbox().Channel,
		Due: m.now.Add(time.Duration(pick(m, "in", 0, 30, 300)) * time.Second),
	}
}

func (m *machine) outbox() loop.Outbox {
	return loop.Outbox{Who: fmt.Sprint("ana", m.run), Channel: "sms"}
}

// gate is the outbox's, or none.
func (m *machine) gate() *loop.Gate {
	if rapid.Bool().Draw(m.T, "no gate") {
		return nil
	}
	by := m.now.Add(-time.Duration(pick(m, "open for", 0, 5)) * time.Second)
	return &loop.Gate{Outbox: m.outbox(), By: by, Opens: m.now.Add(5 * time.Second)}
}

func (m *machine) token() loop.Lease {
	return loop.Lease{Token: pick(m, "token", "a", "b"), Until: m.now.Add(30 * time.Second)}
}

func (m *machine) incident(key incident.Key) incident.Incident {
	live, err := m.stores[0].Load(m.ctx, key)
	if err != nil {
		m.Fatal(err)
	}
	return live.Incident
}

func (m *machine) events() []incident.Event {
	return []incident.Event{{At: m.now, Kind: "event", Why: m.now.String()}}
}

func (m *machine) step() {
	key := m.key()
	switch pick(m, "step", "signal", "signal", "fold", "fold", "fold", "unpack", "unpack", "lease", "lease", "record", "record", "desk", "hold", "check") {
	case "signal":
		s := m.signal(key)
		m.both("put "+s.ID, func(to Store) (any, error) { return to.PutSignal(m.ctx, s) })
	case "fold":
		c := m.decision(key)
		m.do(fmt.Sprintf("commit %s %d", key, c.After.Version), func(to Store) error { return to.Commit(m.ctx, c) })
	case "unpack":
		if len(m.rests) > 0 {
			r := pick(m, "rest", m.rests...)
			m.do(fmt.Sprintf("unpack %s %d", r.key, r.rest.Version), func(to Store) error { return to.Unpack(m.ctx, r.key, r.rest) })
		}
	case "lease":
		p, l := m.page(m.incident(key)), m.token()
		code := loop.Code{Hash: fmt.Sprint(m.run, l.Token), Grant: loop.Grant{Key: key}, Minted: m.now}
		c := loop.Claim{Outbox: m.outbox(), Lease: l, Pages: []loop.Waiting{about(key, p)}, Now: m.now, Gate: m.gate()}
		if other := m.keys[1]; key != other && rapid.Bool().Draw(m.T, "bundle") {
			c.Pages = append(c.Pages, about(other, m.page(m.incident(other))))
		}
		if rapid.Bool().Draw(m.T, "with a code") {
			c.Code = &code
		}
		m.both("lease "+p.ID, func(to Store) (any, error) { return to.Lease(m.ctx, c) })
		m.both("code", func(to Store) (any, error) { c, _, err := to.Code(m.ctx, code.Hash); return c, err })
	case "record":
		in := m.incident(key)
		r := loop.Record{Key: key, Incident: in.ID, Done: []incident.Page{m.page(in)}, Events: m.events(), At: m.now}
		if p := m.page(in); p.ID != r.Done[0].ID && rapid.Bool().Draw(m.T, "again") {
			r.Again = []incident.Page{p}
		}
		if rapid.Bool().Draw(m.T, "leased") {
			r.Lease = m.token()
		}
		if s := m.signal(key); rapid.Bool().Draw(m.T, "signals") {
			r.Signals = []incident.Signal{s}
		}
		m.both("record", func(to Store) (any, error) { return to.Record(m.ctx, []loop.Record{r}) })
	case "desk":
		m.desk(key)
	case "hold":
		name, token := fmt.Sprint(m.run), pick(m, "token", "a", "b", "c")
		if pick(m, "hold", true, true, false) {
			m.both("hold "+token, func(to Store) (any, error) { return to.Hold(m.ctx, name, token, m.now, m.now.Add(time.Minute)) })
		} else {
			m.do("let "+token, func(to Store) error { return to.Let(m.ctx, name, token) })
		}
	case "check":
		name, s := string(key), check.State{Rev: int64(pick(m, "rev", 0, 1, 2, 3, 4)), Latest: check.Sample{At: m.now}}
		m.do("save check", func(to Store) error { return to.SaveCheck(m.ctx, name, s) })
		m.both("check", func(to Store) (any, error) { return to.LoadCheck(m.ctx, name) })
		m.both("checks", func(to Store) (any, error) { return to.Checks(m.ctx, []string{name, "none"}) })
	}
}

// decision folds what is there, and does with the incident what may be done.
func (m *machine) decision(key incident.Key) loop.Commit {
	live, err := m.stores[0].Load(m.ctx, key)
	if err != nil {
		m.Fatal(err)
	}
	c := loop.Commit{Before: live.Incident, After: live.Incident, At: m.now, Events: m.events()}
	c.After.Version++
	in := &c.After
	switch change := pick(m, "change", "nothing", "turn", "turn", "settle"); {
	case !in.Open() && change == "nothing":
	case !in.Open():
		*in = incident.Incident{ID: incident.ID(fmt.Sprint("i", key, len(m.ids))), Key: key, Version: in.Version, Turn: in.Turn + 1,
			State: incident.Triggered, Opened: m.now, NextStep: m.now.Add(3 * time.Minute)}
		m.ids = append(m.ids, in.ID)
	case change == "turn":
		in.Turn++
		in.NextStep = m.now.Add(time.Minute)
	case change == "settle":
		in.Turn++
		in.State, in.SettledAt = incident.Resolved, m.now
	}
	if in.ID == "" {
		c.Events = nil
	}
	c.Rest = loop.Rest{Version: in.Version, Incident: in.ID}
	for _, s := range live.Signals {
		c.Rest.Signals = append(c.Rest.Signals, s.ID)
		if in.ID != "" {
			c.Rest.Reporters = append(c.Rest.Reporters, incident.Reporter{Address: s.ID[len(s.ID)-1:] + "@x", At: s.At})
		}
	}
	if in.ID != "" {
		for range pick(m, "pages", 0, 1, 3) {
			p := loop.LivePage{Page: m.page(*in)}
			if rapid.Bool().Draw(m.T, "born leased") {
				p.Lease = m.token()
			}
			c.Pages = append(c.Pages, p)
		}
		if g := m.gate(); g != nil && len(c.Pages) > 0 {
			c.Gates = []loop.Gate{*g}
		}
		for range pick(m, "late pages", 0, 0, 2) {
			c.Rest.Pages = append(c.Rest.Pages, m.page(*in))
		}
		b := loop.Broadcast{ID: fmt.Sprintf("%s/%d", in.ID, in.Version), Incident: in.ID, Key: key, Notice: incident.Notice{At: m.now}}
		switch pick(m, "broadcast", "none", "now", "received") {
		case "now":
			c.Broadcasts = []loop.Broadcast{b}
			m.walks = append(m.walks, desk.Walk{Broadcast: b})
		case "received":
			c.Rest.Received = &b
			m.walks = append(m.walks, desk.Walk{Broadcast: b})
		}
	}
	if pick(m, "race", false, false, false, true) { // somebody else was faster
		c.Before.Version--
	} else if !c.Rest.Empty() {
		m.rests = append(m.rests, packing{key, c.Rest})
	}
	return c
}

func (m *machine) desk(key incident.Key) {
	n := desk.Notice{Incident: incident.ID(key), Name: "received", Reporter: pick(m, "reporter", "r", "s")}
	switch pick(m, "desk", "claim", "claim", "sent", "save", "finish") {
	case "claim":
		m.both("claim", func(to Store) (any, error) {
			claims, err := to.Claim(m.ctx, []desk.Notice{n}, m.now, m.now.Add(30*time.Second))
			return claims[n], err
		})
	case "sent":
		message := fmt.Sprint(m.run, n.Reporter)
		m.do("sent", func(to Store) error {
			return to.Sent(m.ctx, desk.Told{Notice: n, MessageIDs: []string{message}, Thread: record.Thread{Key: key, Incident: n.Incident, Reporter: n.Reporter}, Events: m.events(), Answered: []time.Time{m.now}})
		})
		m.both("threads", func(to Store) (any, error) { return to.Threads(m.ctx, []string{"none", message}) })
		m.both("senders", func(to Store) (any, error) { _, senders, err := to.Done(m.ctx, []desk.Notice{n}); return senders, err })
	case "save":
		if len(m.walks) > 0 {
			w := pick(m, "walk", m.walks...)
			w.Cursor, w.Due = "c", m.now.Add(time.Minute)
			m.do("save "+w.ID, func(to Store) error { return to.Save(m.ctx, w) })
		}
	case "finish":
		if len(m.walks) > 0 {
			w := pick(m, "walk", m.walks...)
			m.do("finish "+w.ID, func(to Store) error { return to.Finish(m.ctx, w) })
		}
	}
}

// agree compares all that can be read, in an order that both must share only
// where the contract has one.
func (m *machine) agree() {
	for _, key := range m.keys {
		m.both("load "+string(key), func(s Store) (any, error) {
			live, err := s.Load(m.ctx, key)
			slices.SortFunc(live.Signals, func(a, b incident.Signal) int { return cmp.Compare(a.ID, b.ID) })
			slices.SortFunc(live.Pages, func(a, b loop.LivePage) int { return cmp.Compare(a.ID, b.ID) })
			slices.SortFunc(live.Rests, func(a, b loop.Rest) int { return cmp.Compare(a.Version, b.Version) })
			return live, err
		})
	}
	for _, now := range []time.Time{m.now, never} {
		m.both("waiting", func(s Store) (any, error) {
			list, err := s.Waiting(m.ctx, m.outbox(), nil, now, 100)
			return ids(list, func(w loop.Waiting) string { return text(w) }), err
		})
	}
	for _, id := range append(m.ids, incident.ID(m.keys[0]), incident.ID(m.keys[1])) {
		m.both("timeline "+string(id), func(s Store) (any, error) {
			events, err := s.Timeline(m.ctx, id)
			return ids(events, func(e incident.Event) string { return text(e) }), err
		})
		m.both("reporters "+string(id), func(s Store) (any, error) { return s.Reporters(m.ctx, id, "", 100) })
		m.both("find "+string(id), func(s Store) (any, error) { key, _, err := s.Find(m.ctx, id); return key, err })
	}
	if !pick(m, "compare the lists", true, false, false, false) { // they grow with every run
		return
	}
	m.both("open", func(s Store) (any, error) { return s.Open(m.ctx) })
	m.both("recent", func(s Store) (any, error) { return s.Recent(m.ctx, 20) })
	for _, now := range []time.Time{m.now, never} {
		m.both("due", func(s Store) (any, error) {
			var due []string
			for shard := range loop.Shards {
				keys, err := s.Due(m.ctx, shard, now, 10_000)
				if err != nil {
					return nil, err
				}
				due = append(due, ids(keys, func(k incident.Key) string { return string(k) })...)
			}
			slices.Sort(due)
			return due, nil
		})
		m.both("walks", func(s Store) (any, error) {
			walks, err := s.Walks(m.ctx, now, 10_000)
			return ids(walks, func(w desk.Walk) string { return text(w) }), err
		})
	}
}
