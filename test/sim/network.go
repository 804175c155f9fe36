package sim

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rouse/shared/escalation"
	"rouse/shared/inbox"
	"rouse/shared/loop"
	"rouse/shared/page"
)

// post brings a message to somebody at an instant, or later, or twice, or
// never; so messages overtake each other.
func (w *world) post(id uint64, to, what string, at time.Time, deliver func()) {
	if w.fails(mix(id, 21), w.rates.lost, to, "is never brought", what) {
		return
	}
	if w.fails(mix(id, 22), w.rates.late, to, "is late brought", what) {
		at = at.Add(spread(mix(id, 23), 2*time.Minute))
	}
	w.clock.At(at, deliver)
	if w.fails(mix(id, 24), w.rates.doubled, to, "is twice brought", what) {
		w.clock.At(at.Add(spread(mix(id, 25), time.Minute)), deliver)
	}
}

// hints are the queues as one invocation reaches them.
type hints struct{ f *fn }

var _ loop.Hints = hints{}

// delayMax is as long as SQS keeps a message back; it counts whole seconds.
const delayMax = 15 * time.Minute

func (h hints) Router(_ context.Context, hint loop.Hint, at time.Time) error {
	return h.f.do(hinting, "hint to the router", func() error {
		w := h.f.w
		var delay time.Duration
		if !at.IsZero() {
			delay = max(0, min(at.Sub(h.f.Now()), delayMax))
			delay = (delay + time.Second - 1).Truncate(time.Second)
		}
		w.post(h.f.callID(), "router", "a hint", w.clock.Now().Add(delay), func() { w.hinted(hint, 1) })
		return nil
	})
}

func (h hints) Desk(context.Context) error {
	return h.f.do(hinting, "hint to the desk", func() error {
		w := h.f.w
		w.post(h.f.callID(), "desk", "a hint", w.clock.Now(), func() { w.deskHinted(1) })
		return nil
	})
}

// A sender sends pages as the router does, under the eyes of the watch.
type sender struct{ f *fn }

func (s sender) Send(ctx context.Context, d loop.Delivery) error {
	s.f.live()
	s.f.w.watch.tried(d)
	to := carrier{s.f, d}
	// To write a page costs as much as all else together, and what it says is
	// not the point here: one in sixteen.
	if mix(s.f.id, word(d.Pages[0].ID))%16 > 0 {
		return to.Publish(ctx, d.Who, d.Channel, page.Message{})
	}
	pager := page.Pager{Composer: s.f.w.team.composer, Carrier: to}
	return pager.Send(ctx, d)
}

// A carrier is SNS as one invocation reaches it, for one delivery.
type carrier struct {
	f *fn
	d loop.Delivery
}

func (c carrier) Publish(_ context.Context, who, channel string, m page.Message) error {
	w := c.f.w
	return c.f.do(handing, "hand over by "+channel, func() error {
		switch {
		case w.during(channelDies, who, channel):
			return &loop.SendError{Permanent: true, Why: "the number has opted out (simulated)"}
		case w.during(channelLoad, who, channel):
			return &loop.SendError{Why: "too many requests (simulated)"}
		}
		w.watch.paged(c.f, c.d)
		w.receives(who, c.d)
		return nil
	})
}

// reachable tells why a channel of somebody reaches nobody, as watch would.
func (w *world) unreachable(who string, c escalation.Channel) string {
	if w.during(unreachable, who, string(c)) {
		return "its subscription is not confirmed (simulated)"
	}
	return ""
}

// A mailer is SES as one invocation reaches it.
type mailer struct{ f *fn }

func (m mailer) SendRaw(_ context.Context, to string, _ []byte) (id string, err error) {
	w := m.f.w
	err = m.f.do(handing, "hand over mail", func() error {
		w.mailed++
		id = fmt.Sprintf("<ses-%d@email.amazonses.com>", w.mailed)
		w.lastTold[to] = id
		w.watch.answered(m.f, to)
		return nil
	})
	return id, err
}

// A letter is a mail as the bucket holds it.
type letter struct {
	id, raw string
	at      time.Time
	read    bool
}

// bucket is where mail is stored, as one invocation reaches it.
type bucket struct{ f *fn }

var _ inbox.Mails = bucket{}

func (b bucket) Open(_ context.Context, id string) (body io.ReadCloser, err error) {
	err = b.f.do(reading, "open mail", func() error {
		l := b.f.w.letter(id)
		if l == nil || l.read {
			return inbox.ErrNotFound
		}
		body = io.NopCloser(strings.NewReader(l.raw))
		return nil
	})
	return body, err
}

func (b bucket) New(_ context.Context, limit int) (list []inbox.Stored, err error) {
	err = b.f.do(reading, "list mail", func() error {
		for _, l := range b.f.w.letters {
			if !l.read && len(list) < limit {
				list = append(list, inbox.Stored{ID: l.id, At: l.at})
			}
		}
		return nil
	})
	return list, err
}

func (b bucket) Read(_ context.Context, id string, _ time.Time) error {
	return b.f.do(writing, "mark mail as read", func() error {
		b.f.w.letter(id).read = true
		return nil
	})
}

func (w *world) letter(id string) *letter {
	i := slices.IndexFunc(w.letters, func(l *letter) bool { return l.id == id })
	if i < 0 {
		return nil
	}
	return w.letters[i]
}
