package incident

import "time"

// A Hole is a time soon to come in which the rota wakes nobody. As a signal
// without a To it says that there is none any more.
type Hole struct {
	Schedule string    `json:",omitempty"`
	Owner    string    `json:",omitempty"` // is paged first, alone; "": nobody is
	From     time.Time `json:",omitzero"`
	To       time.Time `json:",omitzero"` // exclusive
	Why      string    `json:",omitempty"`
}

// HolePrefix begins the keys of incidents about the rota.
const HolePrefix = "coverage/"

// hole opens an incident about the rota, or ends it. It is no outage and pages
// no wider than a suspicion.
func (c *Change) hole(s Signal, h Hole, r Rules, now time.Time) {
	in := &c.After
	if h.To.IsZero() {
		if in.Open() && in.State != Resolved {
			if in.State == Triggered {
				c.callPaged(PageOver, "the rota wakes somebody again")
			}
			c.resolve("", "the rota wakes somebody again", now)
		}
		return
	}
	if !in.Open() {
		c.open(s, "", h.Schedule, Suspected, now, r)
	}
	in.Hole, in.LastBad = h, later(in.LastBad, s.At)
	c.event(s.At, "hole", h.Schedule, h.Why)
	c.bad(Suspected, true, h.Why, r, now)
}
