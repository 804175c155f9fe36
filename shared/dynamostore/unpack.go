package dynamostore

import (
	"context"
	"errors"
	"slices"

	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/record"
)

// Unpack may be broken off anywhere and done again, by anybody, also at the
// same time. Pages leave the rest in the transaction that puts them, so that
// none is put again after it was sent; the walk is put in the one that removes
// the rest. What lies between is the same however often it is done.
func (s *Store) Unpack(ctx context.Context, key incident.Key, r loop.Rest) error {
	at := place{liveKey(key), restSort(r.Version)}
	if gone, err := s.unpackPages(ctx, key, at, r.Pages); gone || err != nil {
		return err
	}
	if err := s.putReporters(ctx, r.Incident, r.Reporters); err != nil {
		return err
	}
	if err := s.moveAway(ctx, r.Incident, r.Gone); err != nil {
		return err
	}
	folded := make([]place, len(r.Signals))
	for i, id := range r.Signals {
		folded[i] = signalAt(key, id)
	}
	if err := s.removeAll(ctx, folded); err != nil {
		return err
	}
	t := &transaction{}
	t.add(deleting(at, present))
	if r.Received != nil {
		t.walk(record.Walk{Broadcast: *r.Received, Due: r.Received.At})
	}
	err := s.transact(ctx, t)
	var failed *failedError
	if errors.As(err, &failed) { // somebody else has just finished it
		return nil
	}
	return err
}

// unpackPages puts the pages that the rest at at still holds. gone says that it
// is not there: all of it is done.
func (s *Store) unpackPages(ctx context.Context, key incident.Key, at place, pages []incident.Page) (gone bool, err error) {
	for len(pages) > 0 {
		chunk := pages[:min(len(pages), (transactMax-1)/2)]
		left := len(pages) - len(chunk)
		t := &transaction{}
		t.add(updating(at, "SET #left = :left", condition{"#left = :have", item{":have": num(int64(len(pages))), ":left": num(int64(left))}}))
		for _, p := range chunk {
			// A page that a later commit has brought forward stands as that
			// has left it.
			t.page(key, loop.LivePage{Page: p}, absent, p.ID)
		}
		err := s.transact(ctx, t)
		var failed *failedError
		switch {
		case errors.As(err, &failed): // somebody else is unpacking it: go on from where they are
			it, err := s.get(ctx, at)
			if err != nil || it == nil {
				return it == nil, err
			}
			r, err := decodeRest(it)
			if err != nil {
				return false, err
			}
			pages = r.Pages
		case err != nil:
			return false, err
		default:
			pages = pages[len(chunk):]
		}
	}
	return false, nil
}

// putReporters keeps each one's latest mail.
func (s *Store) putReporters(ctx context.Context, id incident.ID, reporters []incident.Reporter) error {
	if id == "" {
		return nil
	}
	latest := map[string]incident.Reporter{}
	var ids []string
	for _, r := range reporters {
		old, known := latest[r.ID()]
		if !known {
			ids = append(ids, r.ID())
		}
		if !known || !r.At.Before(old.At) {
			latest[r.ID()] = r
		}
	}
	for chunk := range slices.Chunk(ids, transactMax) {
		t := &transaction{}
		for _, rid := range chunk {
			r := latest[rid]
			if it := t.item(reporterAt(id, rid), r); it != nil {
				it[attrAt] = stamp(r.At)
				t.add(putting(it, condition{"attribute_not_exists(#pk) OR #at <= :at", item{":at": stamp(r.At)}}).orElse(rid))
			}
		}
		if err := s.transact(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// moveAway marks reporters whose reports belong to another incident now. One
// who writes again is no longer marked: their item is put anew.
func (s *Store) moveAway(ctx context.Context, id incident.ID, gone []string) error {
	for chunk := range slices.Chunk(gone, transactMax) {
		t := &transaction{}
		for _, r := range chunk {
			t.add(updating(reporterAt(id, r), "SET #moved = :moved", condition{"attribute_exists(#pk)", item{":moved": num(1)}}).orElse(r))
		}
		if err := s.transact(ctx, t); err != nil {
			return err
		}
	}
	return nil
}
