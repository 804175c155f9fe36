package dynamostore

import (
	"context"
	"errors"
	"time"

	"rouse/shared/incident"
	"rouse/shared/record"
)

func noticeAt(n record.Notice) place {
	return place{historyKey(n.Incident), "notice#" + n.Name + "#" + n.Reporter}
}

func (s *Store) Claim(ctx context.Context, n record.Notice, now, until time.Time) (record.Claim, error) {
	it, err := newItem(noticeAt(n), nil)
	if err != nil {
		return record.Held, err
	}
	it[attrUntil] = stamp(until)
	// One that was sent has no end, and so never comes to it.
	err = s.put(ctx, it, condition{"attribute_not_exists(#pk) OR #until <= :now", item{":now": stamp(now)}})
	var failed *failedError
	switch {
	case err == nil:
		return record.Yours, nil
	case !errors.As(err, &failed):
		return record.Held, err
	case failed.old.num(attrDone) > 0:
		return record.Done, nil
	}
	return record.Held, nil
}

func (s *Store) Sent(ctx context.Context, n record.Notice, messageIDs []string, key incident.Key, events []incident.Event) error {
	t := &transaction{}
	if it := t.item(noticeAt(n), nil); it != nil {
		it[attrDone] = num(1)
		t.add(putting(it, condition{}))
	}
	for _, m := range messageIDs {
		if it := t.item(threadAt(m), record.Thread{Key: key, Incident: n.Incident}); it != nil {
			t.add(putting(it, condition{}))
		}
	}
	t.note(n.Incident, events)
	return s.transact(ctx, t)
}

// Save does nothing to a walk that is finished.
func (s *Store) Save(ctx context.Context, w record.Walk) error {
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

func (s *Store) Finish(ctx context.Context, w record.Walk) error {
	return s.remove(ctx, walkAt(w.ID), condition{})
}

// Thread prefers a message that belongs to an incident, and among those the
// one named first.
func (s *Store) Thread(ctx context.Context, messageIDs []string) (record.Thread, bool, error) {
	places := make([]place, len(messageIDs))
	for i, m := range messageIDs {
		places[i] = threadAt(m)
	}
	items, err := s.getAll(ctx, places)
	if err != nil {
		return record.Thread{}, false, err
	}
	known := map[place]record.Thread{}
	for _, it := range items {
		var t record.Thread
		if err := it.decode(&t); err != nil {
			return record.Thread{}, false, err
		}
		known[it.place()] = t
	}
	var first record.Thread
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

func (s *Store) PutThread(ctx context.Context, messageID string, t record.Thread) error {
	it, err := newItem(threadAt(messageID), t)
	if err != nil {
		return err
	}
	return s.put(ctx, it, condition{})
}

func (s *Store) PutLetter(ctx context.Context, l record.Letter) error {
	it, err := newItem(letterAt(l.ID), l)
	if err != nil {
		return err
	}
	return s.put(ctx, it.expires(time.Now().Add(lettersFor)), condition{})
}
