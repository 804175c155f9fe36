package dynamostore

import (
	"context"
	"errors"
	"slices"
	"time"

	"rouse/shared/record"
)

func noticeAt(n record.Notice) place {
	return place{historyKey(n.Incident), "notice#" + n.Name + "#" + n.Reporter}
}

// Claim is one transaction for up to a hundred notices, and one more where some
// of them are not to be had.
func (s *Store) Claim(ctx context.Context, notices []record.Notice, now, until time.Time) (map[record.Notice]record.Claim, error) {
	claims := map[record.Notice]record.Claim{}
	for chunk := range slices.Chunk(slices.Clone(notices), transactMax) {
		t := &transaction{}
		for _, n := range chunk {
			if it := t.item(noticeAt(n), nil); it != nil {
				it[attrUntil] = stamp(until)
				// One that was sent has no end, and so never comes to it.
				t.add(putting(it, condition{"attribute_not_exists(#pk) OR #until <= :now", item{":now": stamp(now)}}).orElse(noticeAt(n).pk + noticeAt(n).sk))
			}
		}
		if err := s.transact(ctx, t); err != nil {
			return nil, err
		}
		for _, n := range chunk {
			old, left := t.left[noticeAt(n).pk+noticeAt(n).sk]
			switch {
			case !left:
				claims[n] = record.Yours
			case old.num(attrDone) > 0:
				claims[n] = record.Done
			default:
				claims[n] = record.Held
			}
		}
	}
	return claims, nil
}

// Done reads three items for each notice: itself, what its address was
// answered, and whether that was turned off.
func (s *Store) Done(ctx context.Context, notices []record.Notice) (map[record.Notice]bool, map[string]record.Sender, error) {
	at := map[place]record.Notice{}
	var places []place
	for _, n := range notices {
		for _, p := range []place{noticeAt(n), answeredAt(n.Reporter), offAt(n.Reporter)} {
			at[p] = n
			places = append(places, p)
		}
	}
	items, err := s.getAll(ctx, places)
	if err != nil {
		return nil, nil, err
	}
	done, senders := map[record.Notice]bool{}, map[string]record.Sender{}
	for _, it := range items {
		n := at[it.place()]
		sender := senders[n.Reporter]
		switch it.place() {
		case noticeAt(n):
			done[n] = it.num(attrDone) > 0
			continue
		case answeredAt(n.Reporter):
			err = it.decode(&sender.Answered)
		default:
			err = it.decode(&sender.Off)
		}
		if err != nil {
			return nil, nil, err
		}
		senders[n.Reporter] = sender
	}
	return done, senders, nil
}

func (s *Store) Sent(ctx context.Context, told record.Told) error {
	t := &transaction{}
	if it := t.item(noticeAt(told.Notice), nil); it != nil {
		it[attrDone] = num(1)
		t.add(putting(it, condition{}))
	}
	for _, m := range told.MessageIDs {
		t.thread(m, told.Thread)
	}
	if told.Answered != nil {
		if it := t.item(answeredAt(told.Reporter), told.Answered); it != nil {
			t.add(putting(it.expires(time.Now().Add(answeredFor)), condition{}))
		}
	}
	t.note(told.Incident, told.Events)
	return s.transact(ctx, t)
}

// TurnOff lasts at least until the instant: DynamoDB removes it some time
// after that.
func (s *Store) TurnOff(ctx context.Context, reporter string, off record.Off, until time.Time) error {
	it, err := newItem(offAt(reporter), off)
	if err != nil {
		return err
	}
	if !until.IsZero() {
		it.expires(until)
	}
	return s.put(ctx, it, condition{})
}

func (s *Store) Tally(ctx context.Context, name string) (record.Tally, error) {
	var t record.Tally
	it, err := s.get(ctx, tallyAt(name))
	if err != nil || it == nil {
		return record.Tally{}, err
	}
	return t, it.decode(&t)
}

func (s *Store) SaveTally(ctx context.Context, name string, t record.Tally) error {
	it, err := newItem(tallyAt(name), t)
	if err != nil {
		return err
	}
	it[attrRev] = num(t.Rev)
	before := absent
	if t.Rev != 1 {
		before = condition{"#rev = :before", item{":before": num(t.Rev - 1)}}
	}
	err = s.put(ctx, it, before)
	var failed *failedError
	if errors.As(err, &failed) {
		return record.ErrStale
	}
	return err
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
