package memstore

import (
	"context"
	"slices"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

func (s *Store) Lease(_ context.Context, key incident.Key, p incident.Page, lease loop.Lease, code loop.Code, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.live(key)
	i := l.page(p.ID)
	switch {
	case i < 0,
		l.pages[i].Lease.Token != "" && l.pages[i].Lease.Until.After(now),
		l.incident.ID != p.Incident,
		l.incident.Turn != p.Turn:
		return loop.ErrLost
	}
	l.pages[i].Lease = lease
	s.codes[code.Hash] = copyCode(code)
	s.touch(key)
	return nil
}

func (s *Store) Record(_ context.Context, r loop.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.live(r.Key)
	for _, p := range slices.Concat(r.Done, r.Again) {
		if i := l.page(p.ID); i < 0 || l.pages[i].Lease.Token != r.Lease.Token {
			return loop.ErrLost
		}
	}
	for _, p := range r.Done {
		i := l.page(p.ID)
		l.pages = slices.Delete(l.pages, i, i+1)
	}
	for _, p := range r.Again {
		l.putPage(loop.LivePage{Page: p})
	}
	s.note(r.Incident, r.Events)
	for _, sig := range r.Signals {
		s.putSignal(sig)
	}
	s.touch(r.Key)
	return nil
}

func (s *Store) Note(_ context.Context, id incident.ID, events []incident.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(id, events)
	return nil
}

func (s *Store) note(id incident.ID, events []incident.Event) {
	if id == "" || len(events) == 0 {
		return
	}
	h := s.history(id)
	h.events = append(h.events, events...)
}
