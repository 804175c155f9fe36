package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Drill walks the way of a page up to a real tap, while nothing is wrong. It
// pages the first step alone, once, and never anybody else, whatever happens;
// each person answers for themselves, by any button; and it ends by itself.
type Drill struct {
	// Who, if not "", is the one person it tests: each of their channels is
	// paged at once, whatever is believed of it. Nobody is drilled then.
	Who string `json:",omitempty"`
	// Schedule is whose present shift is paged; "": the first step of the
	// default policy.
	Schedule string    `json:",omitempty"`
	Until    time.Time // the end, by when they have answered
	By       string    `json:",omitempty"` // who asked for it; "": the clock
}

// DrillPrefix begins the keys of drills.
const DrillPrefix = "drill/"

// Rehearsed reports whether this is a drill.
func (in Incident) Rehearsed() bool { return !in.Drill.Until.IsZero() }

// Unanswered lists who was paged by a drill and has not answered it.
func (in Incident) Unanswered() []string {
	var silent []string
	for _, p := range in.Paged {
		if p.Answered.IsZero() && !slices.Contains(silent, p.Who) {
			silent = append(silent, p.Who)
		}
	}
	return silent
}

// Answered reports whether somebody whom a drill paged has answered it, so that
// their other pages have lost their point.
func (in Incident) Answered(who string) bool {
	return slices.ContainsFunc(in.Paged, func(p Paged) bool { return p.Who == who && !p.Answered.IsZero() })
}

// drill begins one. One that is under way already goes on.
func (c *Change) drill(s Signal, d Drill, r Rules, now time.Time) {
	if c.After.Open() {
		return
	}
	if d.Who == "" {
		c.open(s, "", "drill", Suspected, now, r)
	} else {
		c.open(s, "", "test", Suspected, now, r)
		c.event(now, "test", d.Who, "a test page to "+d.Who+", asked for by "+cmp.Or(d.By, "somebody at a terminal"))
	}
	c.After.Drill, c.After.Quiet = d, 0
}

// rehearse is a tap during a drill: somebody has heard it.
func (c *Change) rehearse(t TapSignal, now time.Time) {
	in := &c.After
	if in.State == Resolved || in.Answered(t.Who) {
		return
	}
	in.Paged = slices.Clone(in.Paged)
	paged := false
	for i := range in.Paged {
		if in.Paged[i].Who == t.Who {
			in.Paged[i].Answered = now
			paged = true
		}
	}
	if !paged {
		c.event(now, "answered", t.Who, "was not asked, by "+t.Via)
		return
	}
	c.event(now, "answered", t.Who, fmt.Sprintf("after %s, by %s", now.Sub(in.Opened).Round(time.Second), t.Via))
	if len(in.Unanswered()) == 0 {
		c.endDrill("everybody has answered", now)
	}
}

// endDrill lets nobody be paged any more. It settles when its time is over, so
// that whoever tells of it finds it.
func (c *Change) endDrill(why string, now time.Time) {
	if silent := c.After.Unanswered(); len(silent) > 0 {
		c.event(now, "silent", "", strings.Join(silent, ", ")+" did not answer")
	}
	c.resolve("", why, now)
}
