package dynamostore

import (
	"context"
	"errors"
	"strings"
	"time"

	"rouse/shared/check"
	"rouse/shared/incident"
	"rouse/shared/record"
)

// Around costs two round trips: the pointers to the open incidents, and then
// everything at once.
func (s *Store) Around(ctx context.Context, messageIDs, checks []string) (record.Around, error) {
	around := record.Around{Checks: map[string]check.State{}, Threads: map[string]record.Thread{}}
	places, err := s.openPlaces(ctx)
	if err != nil {
		return around, err
	}
	for _, name := range checks {
		places = append(places, checkAt(name))
	}
	thread := map[place]string{}
	for _, m := range messageIDs {
		thread[threadAt(m)] = m
		places = append(places, threadAt(m))
	}
	items, err := s.getAll(ctx, places)
	if err != nil {
		return around, err
	}
	for _, it := range items {
		at := it.place()
		if m, ok := thread[at]; ok {
			var t record.Thread
			err = it.decode(&t)
			around.Threads[m] = t
		} else if name, ok := strings.CutPrefix(at.pk, checkPrefix); ok {
			var state check.State
			state, err = decodeState(it)
			around.Checks[name] = state
		} else {
			around.Open, err = stillOpen(around.Open, it)
		}
		if err != nil {
			return record.Around{}, err
		}
	}
	sortOpen(around.Open)
	return around, nil
}

func (s *Store) Threads(ctx context.Context, messageIDs []string) (map[string]record.Thread, error) {
	at := map[place]string{}
	var places []place
	for _, m := range messageIDs {
		at[threadAt(m)] = m
		places = append(places, threadAt(m))
	}
	items, err := s.getAll(ctx, places)
	if err != nil {
		return nil, err
	}
	known := map[string]record.Thread{}
	for _, it := range items {
		var t record.Thread
		if err := it.decode(&t); err != nil {
			return nil, err
		}
		known[at[it.place()]] = t
	}
	return known, nil
}

func (s *Store) PutThread(ctx context.Context, messageID string, t record.Thread) error {
	it, err := newItem(threadAt(messageID), t)
	if err != nil {
		return err
	}
	return s.put(ctx, it, condition{})
}

// Meet keeps who was first in an item that the others find there.
func (s *Store) Meet(ctx context.Context, org string, key incident.Key, now, until time.Time) (incident.Key, error) {
	it, err := newItem(holdAt("meeting"), nil)
	if err != nil {
		return "", err
	}
	it[attrToken], it[attrKey], it[attrUntil] = str(sha(org)), str(string(key)), stamp(until)
	err = s.put(ctx, it, condition{
		"attribute_not_exists(#pk) OR #until <= :now OR #token = :org", item{":now": stamp(now), ":org": str(sha(org))},
	})
	var failed *failedError
	if errors.As(err, &failed) && failed.old[holdAt("meeting")] != nil {
		return incident.Key(failed.old[holdAt("meeting")].str(attrKey)), nil
	}
	return key, err
}

// Keep leaves everything as it is if the signal has been seen.
func (s *Store) Keep(ctx context.Context, k record.Kept) error {
	t := &transaction{}
	group := ""
	if k.Signal != nil {
		group = "mail"
		t.signal(*k.Signal, group)
	}
	if it := t.item(letterAt(k.Letter.ID), k.Letter); it != nil {
		t.add(putting(it.expires(time.Now().Add(lettersFor)), condition{}).orElse(group))
	}
	if k.MessageID != "" {
		if it := t.item(threadAt(k.MessageID), k.Thread); it != nil {
			t.add(putting(it, condition{}).orElse(group))
		}
	}
	return s.transact(ctx, t)
}

func (t *transaction) thread(messageID string, thread record.Thread) {
	if it := t.item(threadAt(messageID), thread); it != nil {
		t.add(putting(it, condition{}))
	}
}
