package dynamostore

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

func (s *Store) Lease(ctx context.Context, key incident.Key, p incident.Page, lease loop.Lease, code loop.Code, now time.Time) error {
	t := &transaction{}
	t.add(updating(pageAt(key, p.ID), "SET #lease = :lease, #until = :until, #dueat = :until", condition{
		"attribute_exists(#pk) AND (attribute_not_exists(#lease) OR #until <= :now)",
		item{":lease": str(lease.Token), ":until": stamp(lease.Until), ":now": stamp(now)},
	}))
	t.add(checking(incidentAt(key), condition{
		"#id = :id AND #turn = :turn", item{":id": str(string(p.Incident)), ":turn": num(p.Turn)},
	}))
	t.code(code)
	return lostIfFailed(s.transact(ctx, t))
}

func (s *Store) Record(ctx context.Context, r loop.Record) error {
	held := condition{text: "attribute_exists(#pk) AND attribute_not_exists(#lease)"}
	if r.Lease.Token != "" {
		held = condition{"#lease = :lease", item{":lease": str(r.Lease.Token)}}
	}
	t := &transaction{}
	for _, p := range r.Done {
		t.add(deleting(pageAt(r.Key, p.ID), held))
	}
	for _, p := range r.Again {
		if it := t.page(r.Key, loop.LivePage{Page: p}); it != nil {
			t.add(putting(it, held))
		}
	}
	t.events(r.Incident, r.At, "r"+rand.Text(), r.Events)
	for _, sig := range r.Signals {
		t.signal(sig, "signal "+sig.ID) // one that has been seen must not stop the rest
	}
	return lostIfFailed(s.transact(ctx, t))
}

func lostIfFailed(err error) error {
	var failed *failedError
	if errors.As(err, &failed) {
		return loop.ErrLost
	}
	return err
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
