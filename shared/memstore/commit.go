package memstore

import (
	"context"
	"errors"
	"slices"

	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/record"
)

func (s *Store) Commit(_ context.Context, c loop.Commit) error {
	key := c.After.Key
	if key == "" {
		return errors.New("a commit needs a key: set After.Key")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.live(key)
	if l.incident.Version != c.Before.Version {
		return loop.ErrConflict
	}
	word := c.After.Word
	if c.After.ID == c.Before.ID {
		word = ""
	}
	if word != "" && s.words[word].After(c.At) {
		return loop.ErrWordTaken
	}
	if shut := s.goThrough(c.Gates...); shut != nil {
		return shut
	}
	if word != "" {
		s.words[word] = c.At.Add(loop.WordFor)
	}
	l.incident = copyIncident(c.After)
	s.list(c.Before, c.After)
	s.note(c.After.ID, c.Events)
	for _, p := range c.Pages {
		s.putPage(key, p)
	}
	for _, code := range c.Codes {
		s.codes[code.Hash] = copyCode(code)
	}
	for _, b := range c.Broadcasts {
		s.putWalk(record.Walk{Broadcast: b, Due: c.At})
	}
	if !c.Rest.Empty() {
		l.rests = append(l.rests, rest{copyRest(c.Rest), c.At})
	}
	s.touch(key)
	return nil
}

// list keeps the lists of open and of settled incidents.
func (s *Store) list(before, after incident.Incident) {
	opened := after.ID != "" && after.ID != before.ID
	if opened {
		s.history(after.ID).key = after.Key
	}
	if before.Open() && (opened || !after.Open()) {
		delete(s.open, before.ID)
	}
	if after.Open() {
		s.open[after.ID] = after.Key
	} else if opened || before.Open() {
		s.settled = append(s.settled, copyIncident(after))
	}
}

// Unpack is one step here, so that a rest is either whole or gone.
func (s *Store) Unpack(_ context.Context, key incident.Key, r loop.Rest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.live(key)
	i := slices.IndexFunc(l.rests, func(have rest) bool { return have.Version == r.Version })
	if i < 0 {
		return nil
	}
	have := l.rests[i]
	// A page that a later commit has brought forward stands as that has left it.
	late := slices.DeleteFunc(slices.Clone(have.Pages), func(p incident.Page) bool { return l.page(p.ID) >= 0 })
	for _, p := range late {
		s.putPage(key, loop.LivePage{Page: p})
	}
	for _, p := range have.Reporters {
		h := s.history(have.Incident)
		if old, known := h.reporters[p.ID()]; !known || !p.At.Before(old.At) {
			h.reporters[p.ID()] = p
			delete(h.gone, p.ID())
		}
	}
	for _, id := range have.Gone {
		s.history(have.Incident).gone[id] = true
	}
	if have.Received != nil {
		s.putWalk(record.Walk{Broadcast: *have.Received, Due: have.Received.At})
	}
	l.rests = slices.Delete(l.rests, i, i+1)
	l.forget(have.Signals)
	s.touch(key)
	return nil
}

// forget removes signals that have been folded.
func (l *live) forget(ids []string) {
	folded := make(map[string]bool, len(ids))
	for _, id := range ids {
		folded[id] = true
	}
	l.signals = slices.DeleteFunc(l.signals, func(sig incident.Signal) bool { return folded[sig.ID] })
	for i, sig := range l.signals {
		if i == 0 || sig.At.Before(l.signalsDue) {
			l.signalsDue = sig.At
		}
	}
	if len(l.signals) == 0 {
		l.signals = nil // give a storm's memory back
	}
}

// page is the index of a page, -1 if there is none.
func (l *live) page(id string) int {
	return slices.IndexFunc(l.pages, func(p loop.LivePage) bool { return p.ID == id })
}

// putPage puts a page, and into its outbox unless it is leased: then nobody else
// is to find it there.
func (s *Store) putPage(key incident.Key, p loop.LivePage) {
	l := s.live(key)
	if i := l.page(p.ID); i >= 0 {
		l.pages[i] = p
	} else {
		l.pages = append(l.pages, p)
	}
	if p.Lease.Token == "" {
		s.outbox(p.Page).set(pageRef(key, p.ID), p.Due)
	}
}

func (s *Store) removePage(key incident.Key, p incident.Page) {
	l := s.live(key)
	i := l.page(p.ID)
	s.outbox(l.pages[i].Page).remove(pageRef(key, p.ID))
	l.pages = slices.Delete(l.pages, i, i+1)
}

func (s *Store) putWalk(w record.Walk) {
	w.Only = slices.Clone(w.Only)
	s.walks[w.ID] = w
	s.walksDue.set(w.ID, w.Due)
}
