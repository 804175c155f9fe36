package dynamostore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

func (s *Store) Code(ctx context.Context, hash string) (loop.Code, bool, error) {
	var c loop.Code
	it, err := s.get(ctx, codeAt(hash))
	if err != nil || it == nil {
		return loop.Code{}, false, err
	}
	if err := it.decode(&c); err != nil {
		return loop.Code{}, false, err
	}
	return c, true, nil
}

// Timeline sorts by time; what happened at the same instant stands in the order
// of the commits that tell it.
func (s *Store) Timeline(ctx context.Context, id incident.ID) ([]incident.Event, error) {
	var all []incident.Event
	err := s.each(ctx, partition(historyKey(id), eventPrefix), func(it item) (bool, error) {
		var events []incident.Event
		err := it.decode(&events)
		all = append(all, events...)
		return true, err
	})
	slices.SortStableFunc(all, func(a, b incident.Event) int { return a.At.Compare(b.At) })
	return all, err
}

// Open lists the incidents that have not settled, the one opened first first.
func (s *Store) Open(ctx context.Context) ([]incident.Incident, error) {
	places, err := s.openPlaces(ctx)
	if err != nil {
		return nil, err
	}
	items, err := s.getAll(ctx, places)
	if err != nil {
		return nil, err
	}
	var open []incident.Incident
	for _, it := range items {
		if open, err = stillOpen(open, it); err != nil {
			return nil, err
		}
	}
	sortOpen(open)
	return open, nil
}

// openPlaces is where the incidents lie that the pointers say are open.
func (s *Store) openPlaces(ctx context.Context) (places []place, err error) {
	err = s.each(ctx, partition(openKey, ""), func(it item) (bool, error) {
		places = append(places, incidentAt(incident.Key(it.str(attrKey))))
		return true, nil
	})
	return places, err
}

// stillOpen adds the incident in it, unless it has settled since its pointer
// was read.
func stillOpen(open []incident.Incident, it item) ([]incident.Incident, error) {
	var in incident.Incident
	if err := it.decode(&in); err != nil || !in.Open() {
		return open, err
	}
	return append(open, in), nil
}

func sortOpen(open []incident.Incident) {
	slices.SortFunc(open, func(a, b incident.Incident) int {
		return cmp.Or(a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID))
	})
}

func (s *Store) Incidents(ctx context.Context, keys []incident.Key) ([]incident.Incident, error) {
	places := make([]place, len(keys))
	for i, key := range keys {
		places[i] = incidentAt(key)
	}
	items, err := s.getAll(ctx, places)
	if err != nil {
		return nil, err
	}
	var all []incident.Incident
	for _, it := range items {
		var in incident.Incident
		if err := it.decode(&in); err != nil {
			return nil, err
		}
		if in.ID != "" {
			all = append(all, in)
		}
	}
	return all, nil
}

// Find tells under which key the incident lives, or has lived.
func (s *Store) Find(ctx context.Context, id incident.ID) (incident.Key, bool, error) {
	it, err := s.get(ctx, place{historyKey(id), incidentSort})
	return incident.Key(it.str(attrKey)), it != nil, err
}

// Recent lists up to limit incidents: the open ones, the one opened last first,
// then the settled ones, the one settled last first.
func (s *Store) Recent(ctx context.Context, limit int) ([]incident.Incident, error) {
	all, err := s.Open(ctx)
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	if len(all) >= limit {
		return all[:limit], nil
	}
	q := partition(settledKey, "")
	q.descending, q.page = true, int32(limit-len(all))
	err = s.each(ctx, q, func(it item) (bool, error) {
		var in incident.Incident
		err := it.decode(&in)
		all = append(all, in)
		return len(all) < limit, err
	})
	return all, err
}

// Hold takes the right to do what name says until an instant, so that no two
// do it at once. It reports whether the right is token's now; a token that
// holds it already prolongs it.
func (s *Store) Hold(ctx context.Context, name, token string, now, until time.Time) (bool, error) {
	it, err := newItem(holdAt(name), nil)
	if err != nil {
		return false, err
	}
	it[attrToken], it[attrUntil] = str(token), stamp(until)
	err = s.put(ctx, it, condition{
		"attribute_not_exists(#pk) OR #until <= :now OR #token = :token", item{":now": stamp(now), ":token": str(token)},
	})
	var failed *failedError
	if errors.As(err, &failed) {
		return false, nil
	}
	return err == nil, err
}

// Let gives back what Hold took. It does nothing if token no longer holds it.
func (s *Store) Let(ctx context.Context, name, token string) error {
	err := s.remove(ctx, holdAt(name), condition{"#token = :token", item{":token": str(token)}})
	var failed *failedError
	if errors.As(err, &failed) {
		return nil
	}
	return err
}

// Reporters lists those of an incident in the order of their ids, which are
// all of one length.
func (s *Store) Reporters(ctx context.Context, id incident.ID, after string, limit int) ([]incident.Reporter, error) {
	if limit <= 0 {
		return nil, nil
	}
	q := query{
		where: "#" + env.PartitionKey + " = :pk AND #" + env.SortKey + " BETWEEN :from AND :to",
		values: item{
			":pk":   str(historyKey(id)),
			":from": str(reporterPrefix + after + " "), // sorts after the id itself and before the next
			":to":   str(reporterPrefix + "~"),
		},
		page: int32(limit),
	}
	var all []incident.Reporter
	err := s.each(ctx, q, func(it item) (bool, error) {
		if it.num(attrMoved) > 0 {
			return true, nil
		}
		var r incident.Reporter
		err := it.decode(&r)
		all = append(all, r)
		return len(all) < limit, err
	})
	return all, err
}

func (s *Store) ReportersOf(ctx context.Context, id incident.ID, ids []string) ([]incident.Reporter, error) {
	places := make([]place, len(ids))
	for i, r := range ids {
		places[i] = reporterAt(id, r)
	}
	items, err := s.getAll(ctx, places)
	if err != nil {
		return nil, err
	}
	var all []incident.Reporter
	for _, it := range items {
		var r incident.Reporter
		if err := it.decode(&r); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b incident.Reporter) int { return cmp.Compare(a.ID(), b.ID()) })
	return all, nil
}
