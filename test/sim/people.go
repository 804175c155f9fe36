package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rouse/shared/ack"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// A press is somebody's button.
type press struct {
	id     uint64
	who    string
	secret string
	in     incident.Incident // that the page was about
	action incident.Action
	seen   int64 // version that the screen showed
	tries  int
}

// receives has somebody read a page and perhaps act on it: at once, in their
// own time, or just when something else is decided.
func (w *world) receives(who string, d loop.Delivery) {
	ins := map[incident.ID]incident.Incident{d.Incident.ID: d.Incident}
	for _, in := range d.Others {
		ins[in.ID] = in
	}
	for _, p := range d.Pages {
		secret := d.Secret
		if len(d.Others) > 0 && mix(w.seed, word(p.ID+"all"))%4 > 0 { // otherwise it is a button for all of them
			secret += "." + string(p.Incident)
		}
		w.reads(who, p, ins[p.Incident], secret)
	}
}

// reads has somebody read of one incident.
func (w *world) reads(who string, p incident.Page, in incident.Incident, secret string) {
	if p.Kind == incident.PageTaken || p.Kind == incident.PageOver {
		return
	}
	id := mix(mix(w.seed, word(p.ID)), uint64(p.Tries))
	awake := w.awake
	if p.Kind != incident.PageWake {
		awake = max(awake, 0.5)
	}
	if unit(mix(id, 41)) >= awake {
		return
	}
	a := press{id: id, who: who, secret: secret, in: in, action: w.chooses(id, p.Kind)}
	now := w.clock.Now()
	at := now.Add(spread(mix(id, 43), 3*time.Minute))
	switch u := unit(mix(id, 42)); {
	case u < 0.25:
		at = now.Add(spread(mix(id, 43), 5*time.Millisecond))
	case u < 0.5: // the instant at which the next page goes out
		if next := in.Due(); next.After(now) {
			at = next.Add(spread(mix(id, 43), 2*time.Second) - time.Second)
		}
	}
	w.clock.At(at, func() { w.acts(a) })
	if a.action == incident.ActAcknowledge {
		after := a
		after.id, after.action = mix(id, 44), incident.ActAnswered
		if unit(after.id) < 0.3 {
			w.clock.At(at.Add(spread(mix(id, 45), 10*time.Minute)), func() { w.acts(after) })
		}
		over := a
		over.id, over.action = mix(id, 46), incident.ActResolve
		if unit(over.id) < 0.5 {
			w.clock.At(at.Add(spread(mix(id, 47), 40*time.Minute)), func() { w.acts(over) })
		}
	}
}

func (w *world) chooses(id uint64, kind incident.PageKind) incident.Action {
	u := unit(mix(id, 48))
	if kind != incident.PageWake && u < 0.5 {
		return incident.ActAcknowledge
	}
	all := []incident.Action{incident.ActAcknowledge, incident.ActAcknowledge, incident.ActAcknowledge, incident.ActAcknowledge,
		incident.ActNext, incident.ActNext, incident.ActSnooze, incident.ActPass, incident.ActResolve, incident.ActAnswered}
	return all[int(u*float64(len(all)))]
}

// acts opens the screen and presses a button, perhaps of a screen that has
// been open for a while, perhaps twice.
func (w *world) acts(a press) {
	if w.calm || !w.happens(a.id, a.who, "presses", string(a.action)) {
		return
	}
	live, err := w.memory.Load(context.Background(), a.in.Key)
	must(err)
	a.seen = live.Incident.Version
	now := w.clock.Now()
	at := now.Add(spread(mix(a.id, 49), 2*time.Second))
	w.clock.At(at, func() { w.presses(a) })
	if w.fails(mix(a.id, 50), 0.1, a.who, "presses twice", string(a.action)) {
		w.clock.At(at.Add(spread(mix(a.id, 51), time.Second)), func() { w.presses(a) })
	}
}

func (w *world) presses(a press) {
	form := url.Values{"action": {string(a.action)}, "seen": {strconv.FormatInt(a.seen, 10)}}
	switch a.action {
	case incident.ActSnooze:
		form.Set("minutes", []string{"10", "30"}[mix(a.id, 52)%2])
	case incident.ActPass:
		people := slices.Sorted(maps.Keys(w.config.Responders))
		if len(people) == 0 {
			return
		}
		form.Set("to", people[mix(a.id, 53)%uint64(len(people))])
	}
	w.invoke("ack", a.who+" "+string(a.action), ackLimit, func(ctx context.Context, f *fn) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/a/"+a.secret, strings.NewReader(form.Encode()))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		s := &screen{header: http.Header{}}
		ack.New(w.config, w.store(f), w.loop(f, nil)).ServeHTTP(s, r)
		switch s.status {
		case http.StatusSeeOther:
			w.watch.thanked(f)
			return nil
		case http.StatusOK, http.StatusNotFound: // it is over, or they have left
			return nil
		}
		return fmt.Errorf("%w: the screen answers %d", errAgain, s.status)
	}, func(err error) {
		if a.tries++; err != nil && a.tries < 4 {
			w.clock.At(w.clock.Now().Add(2*time.Second+spread(mix(a.id, uint64(a.tries)), 6*time.Second)), func() { w.presses(a) })
		}
	})
}

var errAgain = errors.New("they press again")

// A screen is a browser that looks at the status alone.
type screen struct {
	header http.Header
	status int
}

func (s *screen) Header() http.Header         { return s.header }
func (s *screen) WriteHeader(status int)      { s.status = status }
func (s *screen) Write(p []byte) (int, error) { return io.Discard.Write(p) }
