package ack

import (
	"cmp"
	"context"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/page"
)

// The link of a delivery about several incidents opens a list of them, each
// with its own state and buttons. Each has a screen of its own below the same
// code: CODE.INCIDENT.

// Limits of the list. Nobody can read, and hardly press, more than these.
const (
	rowsMax     = 30
	allAtOnce   = 16
	allDecideIn = 5 * time.Second // of tapTimeout; the router goes on with what is left
)

// narrow is the code as it concerns one of its incidents alone.
func narrow(code loop.Code, of incident.ID) (loop.Code, bool) {
	for _, g := range code.Grants() {
		if g.Incident == of {
			code.Grant, code.More = g, nil
			return code, true
		}
	}
	return code, false
}

// A list is the screen of several incidents, in words.
type list struct {
	Service, Reader, Now string
	Code                 string // of the link
	Seen                 int64  // the sum of the versions shown, which only grows
	All                  int    // of the incidents, those that nobody has
	Rows                 []row
	More                 int // that are not over, and not shown
	Over                 int
}

type row struct {
	ID           incident.ID
	Title, State string
	Status       page.Status
	Since        template.HTML
	Mood, Who    string
	Ack, Next    string
	Seen         int64
	Asked        bool
}

// granted lists the incidents of a code that are not over: those first that
// nobody has, then one's own, then the others'.
func (h *handler) granted(ctx context.Context, code loop.Code) (open []incident.Incident, over int, err error) {
	grants := code.Grants()
	keys := make([]incident.Key, len(grants))
	for i, g := range grants {
		keys[i] = g.Key
	}
	all, err := h.store.Incidents(ctx, keys)
	if err != nil {
		return nil, 0, err
	}
	for _, in := range all {
		mine := slices.ContainsFunc(grants, func(g loop.Grant) bool { return g.Incident == in.ID })
		if mine && in.Open() && in.State != incident.Resolved {
			open = append(open, in)
		}
	}
	slices.SortStableFunc(open, func(a, b incident.Incident) int {
		return cmp.Or(cmp.Compare(rank(a, code.Who), rank(b, code.Who)), a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID))
	})
	return open, len(grants) - len(open), nil
}

func rank(in incident.Incident, reader string) int {
	switch {
	case in.State == incident.Triggered:
		return 0
	case in.Owner == reader:
		return 1
	}
	return 2
}

func (h *handler) showList(w http.ResponseWriter, r *http.Request, code loop.Code, secret string) {
	open, over, err := h.granted(r.Context(), code)
	switch {
	case err != nil:
		h.fail(w, r, unread, "load", err)
		return
	case len(open) == 0:
		h.say(w, r, settled)
		return
	}
	now := h.clock.Now().In(h.people.Zone(code.Who))
	l := list{Service: h.service, Reader: h.people.Name(code.Who), Now: now.Format("3:04pm MST"), Code: secret, Over: over}
	for _, in := range open {
		l.Seen += in.Version
		if in.State == incident.Triggered {
			l.All++
		}
		if len(l.Rows) == rowsMax {
			l.More++
			continue
		}
		v := h.view(in, code.Who)
		l.Rows = append(l.Rows, row{
			ID: v.ID, Title: v.Title, State: v.State, Status: v.Status, Since: v.Since, Mood: v.Mood, Who: v.Standing.Who,
			Ack: v.Ack, Next: v.Next, Seen: v.Seen, Asked: v.Asked,
		})
	}
	h.render(w, r, http.StatusOK, "list", l)
}

// pressAll acknowledges all the incidents of a code that nobody has.
func (h *handler) pressAll(w http.ResponseWriter, r *http.Request, code loop.Code, t tap, secret string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), tapTimeout)
	defer cancel()
	open, _, err := h.granted(ctx, code)
	if err != nil {
		h.fail(w, r, unread, "load", err)
		return
	}
	open = slices.DeleteFunc(open, func(in incident.Incident) bool { return in.State != incident.Triggered })
	now := h.clock.Now()
	errs := h.each(len(open), func(i int) error {
		one, _ := narrow(code, open[i].ID)
		_, err := h.loop.Store.PutSignal(ctx, t.signal(one, now))
		return err
	})
	if err := errors.Join(errs...); err != nil {
		m := unsaved
		m.Again = &t
		h.fail(w, r, m, "put taps", err)
		return
	}
	errs = h.each(len(open), func(i int) error {
		hint := loop.Hint{Key: open[i].Key}
		if h.clock.Now().Sub(now) < allDecideIn {
			if _, err := h.loop.Run(ctx, hint); err == nil {
				return nil
			}
		}
		return errors.Join(errLeft, h.loop.Hints.Router(ctx, hint, time.Time{})) // otherwise the sweep will find it
	})
	if err := errors.Join(errs...); err != nil {
		h.fail(w, r, undecided, "decide on taps", err)
		return
	}
	w.Header().Set("Location", secret)
	w.WriteHeader(http.StatusSeeOther)
}

var errLeft = errors.New("left to the router")

// each calls f with 0 to n-1, some of them at a time, and returns their errors.
func (h *handler) each(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var next atomic.Int64
	group := h.clock.Group()
	for range min(n, allAtOnce) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				errs[i] = f(i)
			}
		})
	}
	group.Wait()
	return errs
}
