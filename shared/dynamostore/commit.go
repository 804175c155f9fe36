package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/record"
)

func (s *Store) Commit(ctx context.Context, c loop.Commit) error {
	key := c.After.Key
	if key == "" {
		return errors.New("a commit needs a key: set After.Key")
	}
	t := &transaction{}
	t.incident(c)
	t.word(c)
	t.list(c.Before, c.After)
	t.events(c.After.ID, c.At, fmt.Sprintf("c%020d", c.After.Version), c.Events)
	for _, p := range c.Pages {
		t.page(key, p, condition{}, "")
	}
	for _, code := range c.Codes {
		t.code(code)
	}
	for _, g := range c.Gates {
		t.gate(g)
	}
	for _, b := range c.Broadcasts {
		t.walk(record.Walk{Broadcast: b, Due: c.At})
	}
	if !c.Rest.Empty() {
		if it := t.item(place{liveKey(key), restSort(c.Rest.Version)}, c.Rest); it != nil {
			it[attrLeft] = num(int64(len(c.Rest.Pages)))
			t.add(putting(it.due(shardOf(key), c.At), condition{}))
		}
	}
	err := s.transact(ctx, t)
	var failed *failedError
	switch {
	case errors.As(err, &failed):
		it, conflict := failed.old[incidentAt(key)]
		if v := it.num(attrFormat); v > loop.Format {
			return &loop.NewerError{Key: key, Format: int(v)}
		}
		if _, taken := failed.old[wordAt(c.After.Word)]; taken && !conflict {
			return loop.ErrWordTaken
		}
		if shut := failed.shut(c.Gates...); shut != nil && !conflict {
			return shut
		}
		return loop.ErrConflict
	case errors.Is(err, errBusy):
		return loop.ErrConflict
	}
	return err
}

// A transaction gathers writes, and the first error in making them.
type transaction struct {
	writes  []write
	err     error
	grouped bool // without any group nothing of it is worth writing
	// left are the groups that were left out, and what lay in their way.
	left map[string]item
}

func (t *transaction) leave(groups map[string]item) {
	if t.left == nil {
		t.left = map[string]item{}
	}
	maps.Copy(t.left, groups)
}

func (t *transaction) leftOut(group string) bool {
	_, out := t.left[group]
	return out
}

func (t *transaction) add(w write) { t.writes = append(t.writes, w) }

// item is nil after an error.
func (t *transaction) item(at place, v any) item {
	it, err := newItem(at, v)
	if err != nil && t.err == nil {
		t.err = err
	}
	return it
}

// incident writes c.After where c.Before is.
func (t *transaction) incident(c loop.Commit) {
	it := t.item(incidentAt(c.After.Key), c.After)
	if it == nil {
		return
	}
	it[attrVersion], it[attrTurn] = num(c.After.Version), num(c.After.Turn)
	it[attrID] = str(string(c.After.ID))
	if due := c.After.Due(); !due.IsZero() {
		it.due(shardOf(c.After.Key), due)
	}
	before := absent
	if c.Before.Version != 0 {
		before = condition{"#version = :before AND #v <= :format", item{":before": num(c.Before.Version), ":format": num(loop.Format)}}
	}
	t.add(putting(it, before))
}

// word takes the word of a new incident for a while.
func (t *transaction) word(c loop.Commit) {
	if c.After.Word == "" || c.After.ID == c.Before.ID {
		return
	}
	if it := t.item(wordAt(c.After.Word), nil); it != nil {
		t.add(putting(it.expires(c.At.Add(loop.WordFor)), condition{
			"attribute_not_exists(#pk) OR #expires <= :now", item{":now": num(c.At.Unix())},
		}))
	}
}

// list keeps the lists of open and of settled incidents.
func (t *transaction) list(before, after incident.Incident) {
	opened := after.ID != "" && after.ID != before.ID
	pointer := func(at place) {
		if it := t.item(at, nil); it != nil {
			it[attrKey] = str(string(after.Key))
			t.add(putting(it, condition{}))
		}
	}
	if opened {
		pointer(place{historyKey(after.ID), incidentSort})
	}
	if before.Open() && (opened || !after.Open()) {
		t.add(deleting(place{openKey, string(before.ID)}, condition{}))
	}
	switch {
	case after.Open() && (opened || !before.Open()):
		pointer(place{openKey, string(after.ID)})
	case after.ID != "" && !after.Open() && (opened || before.Open()):
		at := place{settledKey, stampText(after.SettledAt) + "#" + string(after.ID)}
		if it := t.item(at, after); it != nil {
			t.add(putting(it, condition{}))
		}
	}
}

// events writes entries of the timeline as one item. Items written at the same
// instant sort by their writer.
func (t *transaction) events(id incident.ID, at time.Time, writer string, events []incident.Event) {
	if id == "" || len(events) == 0 {
		return
	}
	if it := t.item(place{historyKey(id), eventPrefix + stampText(at) + "#" + writer}, events); it != nil {
		t.add(putting(it, condition{}))
	}
}

// page writes a page, due when its time has come or its lease is over, and its
// place in its outbox; unless group is left out. One that is leased needs no
// place: nobody else is to find it.
func (t *transaction) page(key incident.Key, p loop.LivePage, c condition, group string) {
	it := t.item(pageAt(key, p.ID), p.Page)
	if it == nil {
		return
	}
	due := p.Due
	if p.Lease.Token != "" {
		it[attrLease], it[attrUntil] = str(p.Lease.Token), stamp(p.Lease.Until)
		due = p.Lease.Until
	} else if out := t.item(waitingAt(key, p.Page), nil); out != nil {
		t.add(putting(out.due(outShard(p.Page), due), condition{}).orElse(group))
	}
	t.add(putting(it.due(shardOf(key), due), c).orElse(group))
}

func (t *transaction) code(c loop.Code) {
	if it := t.item(codeAt(c.Hash), c); it != nil {
		t.add(putting(it.expires(c.Minted.Add(codesFor)), condition{}))
	}
}

func (t *transaction) walk(w record.Walk) {
	if it := t.item(walkAt(w.ID), w); it != nil {
		t.add(putting(it.due(walksShard, w.Due), condition{}))
	}
}
