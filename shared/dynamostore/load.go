package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// PutSignal writes the signal and the mark that its ID is used up in one
// transaction, so that neither is ever without the other.
func (s *Store) PutSignal(ctx context.Context, sig incident.Signal) (fresh bool, err error) {
	if sig.ID == "" || sig.Key == "" {
		return false, fmt.Errorf("a signal needs an ID and a key, not %q and %q", sig.ID, sig.Key)
	}
	t := &transaction{}
	t.signal(sig, "")
	err = s.transact(ctx, t)
	var failed *failedError
	if errors.As(err, &failed) {
		return false, nil
	}
	return err == nil, err
}

// signal writes the mark, which fails if there is one, and the signal. It is
// due from its At on, or from now if its sender's clock is ahead of ours.
func (t *transaction) signal(sig incident.Signal, unless string) {
	mark, it := t.item(seenAt(sig.ID), nil), t.item(signalAt(sig.Key, sig.ID), sig)
	if t.err != nil {
		return
	}
	now := time.Now()
	due := sig.At
	if due.After(now) {
		due = now
	}
	t.add(putting(mark.expires(now.Add(seenFor)), absent).orElse(unless))
	t.add(putting(it.due(shardOf(sig.Key), due), condition{}).orElse(unless))
}

// Limits of one read of a key.
const (
	// foldBytes bounds the signals of one fold: the rest that names them and
	// their reporters must fit into an item of 400 KB, with room for pages.
	foldBytes = 200 << 10
	// loadPage is enough for most folds in one round trip, without reading
	// through a storm's backlog.
	loadPage = loop.FoldMax + 100
)

// Load costs one query, or more where a storm has left many signals. The
// incident, the pages and the rests come before any signal.
func (s *Store) Load(ctx context.Context, key incident.Key) (loop.Live, error) {
	live := loop.Live{Incident: incident.Incident{Key: key}}
	folded := map[string]bool{}
	bytes := 0
	q := partition(liveKey(key), "")
	q.page = loadPage
	err := s.each(ctx, q, func(it item) (bool, error) {
		if v := it.num(attrFormat); v > loop.Format {
			return false, &loop.NewerError{Key: key, Format: int(v)}
		}
		sort := it.str(env.SortKey)
		switch {
		case sort == incidentSort:
			if err := it.decode(&live.Incident); err != nil {
				return false, err
			}
			live.Incident.Key = key
		case strings.HasPrefix(sort, pagePrefix):
			p := loop.LivePage{Lease: loop.Lease{Token: it.str(attrLease), Until: it.time(attrUntil)}}
			if err := it.decode(&p.Page); err != nil {
				return false, err
			}
			live.Pages = append(live.Pages, p)
		case strings.HasPrefix(sort, restPrefix):
			r, err := decodeRest(it)
			if err != nil {
				return false, err
			}
			live.Rests = append(live.Rests, r)
			for _, id := range r.Signals {
				folded[id] = true
			}
		case strings.HasPrefix(sort, signalPrefix):
			if folded[sort[len(signalPrefix):]] {
				return true, nil
			}
			bytes += len(it.str(attrBody))
			if n := len(live.Signals); n == loop.FoldMax || n > 0 && bytes > foldBytes {
				live.More = true
				return false, nil
			}
			var sig incident.Signal
			if err := it.decode(&sig); err != nil {
				return false, err
			}
			live.Signals = append(live.Signals, sig)
		}
		return true, nil
	})
	if err != nil {
		return loop.Live{}, err
	}
	return live, nil
}

// decodeRest leaves out the pages that have been put already.
func decodeRest(it item) (loop.Rest, error) {
	var r loop.Rest
	if err := it.decode(&r); err != nil {
		return loop.Rest{}, err
	}
	r.Pages = r.Pages[max(0, len(r.Pages)-int(it.num(attrLeft))):]
	return r, nil
}
