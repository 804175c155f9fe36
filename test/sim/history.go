package sim

import (
	"cmp"
	"fmt"
	"time"

	"rouse/shared/loop"
)

// tell adds a line to the history. It is called only if there is one.
func (w *world) tell(who, format string, args ...any) {
	now := w.clock.Now()
	fmt.Fprintf(w.out, "%s  +%-13s %-28s %s\n", now.Format("15:04:05.000"), now.Sub(w.begin).Round(time.Millisecond), who, fmt.Sprintf(format, args...))
}

func (w *world) tellCommit(f *fn, c loop.Commit) {
	in := c.After
	w.tell(f.String(), "commits %s v%d %s %s round %d step %d next %s due %s", cmp.Or(string(in.ID), string(in.Key)), in.Version, in.State, in.Owner,
		in.Round, in.Step+1, clockOf(in.NextStep), clockOf(in.Due()))
	for _, e := range c.Events {
		w.tell("", "  %s %s: %s", e.Kind, e.Who, e.Why)
	}
	for _, p := range c.Pages {
		w.tell("", "  page %s %s at %s leased=%t", p.ID, p.Channel, clockOf(p.Due), p.Lease.Token != "")
	}
	for _, b := range c.Broadcasts {
		w.tell("", "  to tell: %s", b.Kind)
	}
}

func clockOf(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format("15:04:05")
}
