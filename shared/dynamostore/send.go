package dynamostore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// outShard is the shard of the due index in which the pages of an outbox wait.
func outShard(p incident.Page) string { return "out#" + p.Who + "#" + p.Channel }

// waitingAt is a page's place in its outbox. Its sort key tells where the page
// itself lies.
func waitingAt(key incident.Key, p incident.Page) place {
	return place{outKey(loop.Outbox{Who: p.Who, Channel: p.Channel}), pagePrefix + url.QueryEscape(string(key)) + "#" + p.ID}
}

func parseWaiting(sort string) (key incident.Key, page string, err error) {
	escaped, page, _ := strings.Cut(strings.TrimPrefix(sort, pagePrefix), "#")
	text, err := url.QueryUnescape(escaped)
	return incident.Key(text), page, err
}

// gate shuts a gate.
func (t *transaction) gate(g loop.Gate) {
	t.add(updating(gateAt(g.Outbox), "SET #until = :opens, #v = :format", condition{
		"attribute_not_exists(#until) OR #until <= :by",
		item{":opens": stamp(g.Opens), ":by": stamp(g.By), ":format": num(loop.Format)},
	}))
}

// shut says which of the gates were shut; nil if none.
func (e *failedError) shut(gates ...loop.Gate) error {
	shut := &loop.ShutError{Opens: map[loop.Outbox]time.Time{}}
	for _, g := range gates {
		if it, failed := e.old[gateAt(g.Outbox)]; failed {
			shut.Opens[g.Outbox] = it.time(attrUntil)
		}
	}
	if len(shut.Opens) == 0 {
		return nil
	}
	return shut
}

// Waiting reads the index, and then the pages themselves and what they are
// about: an entry may lag.
func (s *Store) Waiting(ctx context.Context, o loop.Outbox, known []loop.Waiting, now time.Time, limit int) ([]loop.Waiting, error) {
	type found struct{ incident, page place }
	var order []found
	var places []place
	q := dueBy(outShard(incident.Page{Who: o.Who, Channel: o.Channel}), now)
	q.page = int32(limit + len(known))
	err := s.each(ctx, q, func(it item) (bool, error) {
		key, page, err := parseWaiting(it.str(env.SortKey))
		if err != nil {
			return false, fmt.Errorf("%s %s is not what Rouse writes: %w", it.str(env.PartitionKey), it.str(env.SortKey), err)
		}
		if slices.ContainsFunc(known, func(w loop.Waiting) bool { return w.ID == page }) {
			return true, nil
		}
		f := found{incidentAt(key), pageAt(key, page)}
		order = append(order, f)
		places = append(places, f.incident, f.page)
		return len(order) < limit, nil
	})
	if err != nil {
		return nil, err
	}
	items, err := s.getAll(ctx, places)
	if err != nil {
		return nil, err
	}
	at := map[place]item{}
	for _, it := range items {
		if it.num(attrFormat) <= loop.Format {
			at[it.place()] = it
		}
	}
	var list []loop.Waiting
	for _, f := range order {
		page, about := at[f.page], at[f.incident]
		if page == nil || about == nil || page.time(attrUntil).After(now) {
			continue
		}
		w := loop.Waiting{LivePage: loop.LivePage{Lease: loop.Lease{Token: page.str(attrLease), Until: page.time(attrUntil)}}}
		if err := errors.Join(page.decode(&w.Page), about.decode(&w.About)); err != nil {
			return nil, err
		}
		if !w.Due.After(now) {
			list = append(list, w)
		}
	}
	return list, nil
}

func (s *Store) Lease(ctx context.Context, c loop.Claim) ([]loop.Waiting, error) {
	t := &transaction{}
	for _, p := range c.Pages {
		key, group := p.About.Key, ""
		if c.Code == nil {
			group = incidentGroup(p.Incident)
		}
		t.add(updating(pageAt(key, p.ID), "SET #lease = :lease, #until = :until, #dueat = :until", condition{
			"attribute_exists(#pk) AND (attribute_not_exists(#lease) OR #until <= :now)",
			item{":lease": str(c.Lease.Token), ":until": stamp(c.Lease.Until), ":now": stamp(c.Now)},
		}).orElse(group))
		t.add(checking(incidentAt(key), condition{
			"#id = :id AND #turn = :turn", item{":id": str(string(p.Incident)), ":turn": num(p.Turn)},
		}).orElse(group))
		if out := t.item(waitingAt(key, p.Page), nil); out != nil {
			t.add(putting(out.due(outShard(p.Page), c.Lease.Until), condition{}).orElse(group))
		}
	}
	t.grouped = c.Code == nil
	var gates []loop.Gate
	if c.Gate != nil {
		gates = []loop.Gate{*c.Gate}
		t.gate(*c.Gate)
	}
	if c.Code != nil {
		t.code(*c.Code)
	}
	taken := func() []loop.Waiting {
		return slices.DeleteFunc(slices.Clone(c.Pages), func(p loop.Waiting) bool { return t.leftOut(incidentGroup(p.Incident)) })
	}
	err := s.transact(ctx, t)
	var failed *failedError
	switch {
	case errors.As(err, &failed):
		if shut := failed.shut(gates...); shut != nil && len(failed.old) == 1 && len(taken()) > 0 {
			return nil, shut
		}
		return nil, loop.ErrLost
	case err != nil:
		return nil, err
	}
	got := taken()
	for i := range got {
		got[i].Lease = c.Lease
	}
	return got, nil
}
func (s *Store) PutCode(ctx context.Context, c loop.Code) error {
	t := &transaction{}
	t.code(c)
	return s.transact(ctx, t)
}

// Record writes as many records in one transaction as it holds.
func (s *Store) Record(ctx context.Context, rs []loop.Record) (lost []loop.Record, err error) {
	t, from := &transaction{}, 0
	write := func(to int) error {
		if err := s.transact(ctx, t); err != nil {
			return err
		}
		for i, r := range rs[from:to] {
			if t.leftOut(recordGroup(from + i)) {
				lost = append(lost, r)
			}
		}
		t, from = &transaction{}, to
		return nil
	}
	for i, r := range rs {
		before := len(t.writes)
		t.record(r, recordGroup(i))
		if len(t.writes) > transactMax && i > from {
			t.writes = t.writes[:before]
			if err := write(i); err != nil {
				return lost, err
			}
			t.record(r, recordGroup(i))
		}
	}
	return lost, write(len(rs))
}

func incidentGroup(id incident.ID) string { return "incident " + string(id) }

func recordGroup(i int) string { return fmt.Sprint("record ", i) }

func (t *transaction) record(r loop.Record, group string) {
	held := condition{text: "attribute_exists(#pk) AND attribute_not_exists(#lease)"}
	if r.Lease.Token != "" {
		held = condition{"#lease = :lease", item{":lease": str(r.Lease.Token)}}
	}
	within := len(t.writes)
	for _, p := range r.Done {
		t.add(deleting(pageAt(r.Key, p.ID), held).orElse(group))
		t.add(deleting(waitingAt(r.Key, p), condition{}).orElse(group))
	}
	for _, p := range r.Again {
		t.page(r.Key, loop.LivePage{Page: p}, held, group)
	}
	for _, sig := range r.Signals {
		t.signal(sig, "signal "+sig.ID) // one that has been seen must not stop the rest
	}
	t.events(r.Incident, r.At, "r"+rand.Text(), r.Events)
	for i := range t.writes[within:] {
		t.writes[within+i].within = group
	}
}

func (s *Store) Note(ctx context.Context, id incident.ID, events []incident.Event) error {
	t := &transaction{}
	t.note(id, events)
	return s.transact(ctx, t)
}

// note writes entries that belong to no commit.
func (t *transaction) note(id incident.ID, events []incident.Event) {
	if len(events) > 0 {
		t.events(id, events[len(events)-1].At, "n"+rand.Text(), events)
	}
}
