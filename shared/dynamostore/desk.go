package dynamostore

import (
	"context"
	"errors"
	"time"

	"rouse/shared/desk"
	"rouse/shared/inbox"
	"rouse/shared/incident"
)

func noticeAt(n desk.Notice) place {
	return place{historyKey(n.Incident), "notice#" + n.Name + "#" + n.Reporter}
}

func (s *Store) Claim(ctx context.Context, n desk.Notice, now, until time.Time) (desk.Claim, error) {
	it, err := newItem(noticeAt(n), nil)
	if err != nil {
		return desk.Held, err
	}
	it[attrUntil] = stamp(until)
	err = s.put(ctx, it, condition{
		"attribute_not_exists(#pk) OR (attribute_not_exists(#done) AND #until <= :now)", item{":now": stamp(now)},
	})
	var failed *failedError
	switch {
	case err == nil:
		return desk.Yours, nil
	case !errors.As(err, &failed):
		return desk.Held, err
	case failed.old.num(attrDone) > 0:
		return desk.Done, nil
	}
	return desk.Held, nil
}

func (s *Store) Sent(ctx context.Context, n desk.Notice, messageIDs []string, key incident.Key, events []incident.Event) error {
	t := &transaction{}
	if it := t.item(noticeAt(n), nil); it != nil {
		it[attrDone] = num(1)
		t.add(putting(it, condition{}))
	}
	for _, m := range messageIDs {
		if it := t.item(threadAt(m), inbox.Thread{Key: key, Incident: n.Incident}); it != nil {
			t.add(putting(it, condition{}))
		}
	}
	t.note(n.Incident, events)
	return s.transact(ctx, t)
}

// Save does nothing to a walk that is finished.
func (s *Store) Save(ctx context.Context, w desk.Walk) error {
	it, err := newItem(walkAt(w.ID), w)
	if err != nil {
		return err
	}
	err = s.put(ctx, it.due(walksShard, w.Due), present)
	var failed *failedError
	if errors.As(err, &failed) {
		return nil
	}
	return err
}

func (s *Store) Finish(ctx context.Context, w desk.Walk) error {
	return s.remove(ctx, walkAt(w.ID), condition{})
}

// Thread prefers a message that belongs to an incident, and among those the
// one named first.
func (s *Store) Thread(ctx context.Context, messageIDs []string) (inbox.Thread, bool, error) {
	places := make([]place, len(messageIDs))
	for i, m := range messageIDs {
		places[i] = threadAt(m)
	}
	items, err := s.getAll(ctx, places)
	if err != nil {
		return inbox.Thread{}, false, err
	}
	known := map[place]inbox.Thread{}
	for _, it := range items {
		var t inbox.Thread
		if err := it.decode(&t); err != nil {
			return inbox.Thread{}, false, err
		}
		known[it.place()] = t
	}
	var first inbox.Thread
	found := false
	for _, m := range messageIDs {
		t, there := known[threadAt(m)]
		if there && t.Incident != "" {
			return t, true, nil
		}
		if there && !found {
			first, found = t, true
		}
	}
	return first, found, nil
}

func (s *Store) PutThread(ctx context.Context, messageID string, t inbox.Thread) error {
	it, err := newItem(threadAt(messageID), t)
	if err != nil {
		return err
	}
	return s.put(ctx, it, condition{})
}

func (s *Store) PutLetter(ctx context.Context, l inbox.Letter) error {
	it, err := newItem(letterAt(l.ID), l)
	if err != nil {
		return err
	}
	return s.put(ctx, it.expires(time.Now().Add(lettersFor)), condition{})
}
