package incident

import (
	"fmt"
	"slices"
	"time"
)

// WaitingMax bounds the reporters whom an incident remembers one by one as
// waiting for an answer. Those beyond it wait together, until all of them have
// been answered.
const WaitingMax = 50

// A Waiting reporter has been promised an answer.
type Waiting struct {
	// Reporter is their Reporter.ID; "" stands for all those beyond WaitingMax.
	Reporter string
	Org      string    `json:",omitempty"`
	More     int       `json:",omitempty"` // besides one, for whom "" stands
	Since    time.Time // when they wrote
	By       time.Time // what they were promised
	Broken   bool      `json:",omitempty"`
}

// Promises counts an incident's promises to its reporters.
type Promises struct {
	Made, Kept, Broken int
	// Answered counts those who were answered, late or not, Took what they
	// waited in all, and First when a person first answered one of them.
	Answered int
	Took     time.Duration
	First    time.Time
}

// An Outcome is what became of a promise to one reporter. A promise that is
// broken first and answered later comes to two of them.
type Outcome struct {
	Kept, Broken bool
	Answered     bool
	Took         time.Duration // from their mail to the answer
}

// waiting is the list of those who wait. An older Rouse knew only that
// somebody did.
func (in Incident) waiting() []Waiting {
	if len(in.Waiting) == 0 && in.Waited() {
		return []Waiting{{Since: in.FirstReport, By: in.AnswerBy, Broken: in.AnswerBy.IsZero()}}
	}
	return in.Waiting
}

// wait sets who waits, and what follows from that.
func (in *Incident) wait(list []Waiting) {
	in.Waiting, in.AnswerBy, in.Broken = list, time.Time{}, false
	for _, w := range list {
		switch {
		case w.Broken:
			in.Broken = true
		case in.AnswerBy.IsZero() || w.By.Before(in.AnswerBy):
			in.AnswerBy = w.By
		}
	}
}

// promise starts the clock of a reporter, unless theirs is running already.
func (c *Change) promise(r Reporter, at time.Time, within time.Duration) {
	list := slices.Clone(c.After.waiting())
	w := Waiting{Reporter: r.ID(), Org: r.Org, Since: at, By: at.Add(within)}
	if slices.ContainsFunc(list, func(have Waiting) bool { return have.Reporter == w.Reporter }) {
		return
	}
	c.After.Promises.Made++
	c.waits(list, w)
}

// waits adds one more to those who wait.
func (c *Change) waits(list []Waiting, w Waiting) {
	c.After.AnsweredAt = time.Time{} // what was answered was somebody else, or before
	if len(list) >= WaitingMax {
		i := slices.IndexFunc(list, func(have Waiting) bool { return have.Reporter == "" })
		if i >= 0 {
			list[i].More++
			c.After.wait(list)
			return
		}
		w.Reporter, w.Org = "", ""
	}
	c.After.wait(append(list, w))
}

// answered ends the waiting of the reporters, by Reporter.ID; nil: of all who
// have written by then.
func (c *Change) answered(at time.Time, who, why string, reporters []string) {
	in := &c.After
	var left []Waiting
	var org string
	before := in.waiting()
	for _, w := range before {
		if w.Since.After(at) || reporters != nil && !slices.Contains(reporters, w.Reporter) {
			left = append(left, w)
			continue
		}
		c.keep(w, at)
		org = w.Org
	}
	if who == "" && len(before)-len(left) == 1 {
		who = org
	}
	in.wait(left)
	if len(left) == 0 {
		in.AnsweredAt = at
	} else if n := waitCount(left); len(left) < len(before) {
		why += fmt.Sprintf("; %d still wait", n)
	}
	if in.Promises.First.IsZero() && in.Reports > 0 {
		in.Promises.First = at
	}
	c.event(at, "answered", who, why)
}

// keep counts a promise as kept or, if the answer came too late, as answered
// all the same.
func (c *Change) keep(w Waiting, at time.Time) {
	n := 1 + w.More
	p := &c.After.Promises
	kept := !at.After(w.By)
	switch {
	case !kept && !w.Broken: // found out together with the answer
		p.Broken += n
	case kept:
		p.Kept += n
		if w.Broken { // the answer was on its way to us
			p.Broken -= n
		}
	}
	took := max(0, at.Sub(w.Since))
	p.Answered += n
	p.Took += took * time.Duration(n)
	for range n {
		c.Outcomes = append(c.Outcomes, Outcome{Kept: kept, Broken: !kept && !w.Broken, Answered: true, Took: took})
	}
}

// broken notes the promises whose time is over. The first of them escalates as
// a step of its own; while somebody waits for an answer that is overdue, others
// do so no more: no crowd of customers pages anybody without end.
func (c *Change) broken(r Rules, now time.Time) {
	in := &c.After
	already := in.Broken
	list := slices.Clone(in.waiting())
	who, n := "", 0
	for i := range list {
		w := &list[i]
		if w.Broken || w.By.After(now) {
			continue
		}
		w.Broken = true
		n += 1 + w.More
		who = w.Org
	}
	in.wait(list)
	in.Promises.Broken += n
	for range n {
		c.Outcomes = append(c.Outcomes, Outcome{Broken: true})
	}
	what := "the customer"
	if n > 1 {
		what, who = fmt.Sprintf("%d customers", n), ""
	}
	why := fmt.Sprintf("nobody answered %s within %s", what, r.AnswerWithin)
	c.event(now, "promise", who, why)
	switch {
	case already:
	case in.State == Acknowledged:
		c.askOwner(PagePromise, why, r, now)
	default:
		in.NextStep = earlier(in.NextStep, now)
	}
}

// AnswerTo is by when a reporter, by Reporter.ID, was promised an answer; zero
// if they were not, or have it.
func (in Incident) AnswerTo(reporter string) time.Time {
	others := time.Time{}
	for _, w := range in.waiting() {
		if w.Reporter == reporter {
			return w.By
		}
		if w.Reporter == "" {
			others = w.By
		}
	}
	return others
}

func waitCount(list []Waiting) (n int) {
	for _, w := range list {
		n += 1 + w.More
	}
	return n
}
