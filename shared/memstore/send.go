package memstore

import (
	"context"
	"slices"
	"strings"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

// outbox is what waits where p does.
func (s *Store) outbox(p incident.Page) *queue[string] {
	o := loop.Outbox{Who: p.Who, Channel: p.Channel}
	q := s.outboxes[o]
	if q == nil {
		q = &queue[string]{}
		s.outboxes[o] = q
	}
	return q
}

// pageRef names a page in an outbox.
func pageRef(key incident.Key, page string) string { return string(key) + "\x00" + page }

// goThrough shuts gates, or none if one of them is shut.
func (s *Store) goThrough(gates ...loop.Gate) error {
	shut := &loop.ShutError{Opens: map[loop.Outbox]time.Time{}}
	for _, g := range gates {
		if opens, known := s.gates[g.Outbox]; known && opens.After(g.By) {
			shut.Opens[g.Outbox] = opens
		}
	}
	if len(shut.Opens) > 0 {
		return shut
	}
	for _, g := range gates {
		s.gates[g.Outbox] = g.Opens
	}
	return nil
}

func (s *Store) Waiting(_ context.Context, o loop.Outbox, known []loop.Waiting, now time.Time, limit int) ([]loop.Waiting, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.outboxes[o]
	if q == nil {
		return nil, nil
	}
	var list []loop.Waiting
	for _, ref := range q.until(now, limit+len(known)) {
		key, id, _ := strings.Cut(ref, "\x00")
		if slices.ContainsFunc(known, func(w loop.Waiting) bool { return w.ID == id }) || len(list) == limit {
			continue
		}
		l := s.live(incident.Key(key))
		page, about := l.pages[l.page(id)], copyIncident(l.incident)
		if page.Lease.Until.After(now) || page.Due.After(now) {
			continue
		}
		about.Key = incident.Key(key)
		list = append(list, loop.Waiting{LivePage: page, About: about})
	}
	return list, nil
}

func (s *Store) Lease(_ context.Context, c loop.Claim) ([]loop.Waiting, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := map[incident.ID]bool{}
	for _, p := range c.Pages {
		l := s.live(p.About.Key)
		i := l.page(p.ID)
		if i < 0 || l.pages[i].Lease.Token != "" && l.pages[i].Lease.Until.After(c.Now) || l.incident.ID != p.Incident || l.incident.Turn != p.Turn {
			left[p.Incident] = true
		}
	}
	taken := slices.DeleteFunc(slices.Clone(c.Pages), func(p loop.Waiting) bool { return left[p.Incident] })
	if len(taken) == 0 || c.Code != nil && len(left) > 0 {
		return nil, loop.ErrLost
	}
	if c.Gate != nil {
		if err := s.goThrough(*c.Gate); err != nil {
			return nil, err
		}
	}
	for i := range taken {
		key := taken[i].About.Key
		l := s.live(key)
		page := l.pages[l.page(taken[i].ID)]
		page.Lease = c.Lease
		s.putPage(key, page)
		s.outbox(page.Page).set(pageRef(key, page.ID), c.Lease.Until)
		s.touch(key)
		taken[i].Lease = c.Lease
	}
	if c.Code != nil {
		s.codes[c.Code.Hash] = copyCode(*c.Code)
	}
	return taken, nil
}

func (s *Store) PutCode(_ context.Context, c loop.Code) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[c.Hash] = copyCode(c)
	return nil
}

func (s *Store) Record(_ context.Context, rs []loop.Record) (lost []loop.Record, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rs {
		if !s.record(r) {
			lost = append(lost, r)
		}
	}
	return lost, nil
}

// record reports false if the lease is lost.
func (s *Store) record(r loop.Record) bool {
	l := s.live(r.Key)
	for _, p := range slices.Concat(r.Done, r.Again) {
		if i := l.page(p.ID); i < 0 || l.pages[i].Lease.Token != r.Lease.Token {
			return false
		}
	}
	for _, p := range r.Done {
		s.removePage(r.Key, p)
	}
	for _, p := range r.Again {
		s.putPage(r.Key, loop.LivePage{Page: p})
	}
	s.note(r.Incident, r.Events)
	for _, sig := range r.Signals {
		s.putSignal(sig)
	}
	s.touch(r.Key)
	return true
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
