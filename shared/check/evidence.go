package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Tally counts samples from a first failure on.
type Tally struct {
	First   time.Time `json:"first,omitzero"` // failure
	Last    time.Time `json:"last,omitzero"`  // failure
	Samples int       `json:"samples,omitzero"`
	Failed  int       `json:"failed,omitzero"`
	// After counts the good samples since Last: they join Samples when another
	// failure shows that the trouble was not over.
	After int      `json:"after,omitzero"`
	Whys  []Reason `json:"whys,omitempty"`
}

// A Reason is why samples failed, and how many did.
type Reason struct {
	Why   string `json:"why"`
	Count int    `json:"count"`
}

const (
	whysMax     = 6 // the rest are counted as "other"
	whyBytesMax = 120
)

func (t Tally) add(x Sample) Tally {
	if x.OK {
		switch {
		case t.Failed == 0 || !x.At.After(t.First):
		case x.At.After(t.Last):
			t.After++
		default:
			t.Samples++
		}
		return t
	}
	if t.Failed == 0 || x.At.Before(t.First) {
		t.First = x.At
	}
	t.Failed++
	t.Samples++
	if t.Failed == 1 || x.At.After(t.Last) {
		t.Last = x.At
		t.Samples += t.After
		t.After = 0
	}
	t.Whys = counted(t.Whys, x.Why)
	return t
}

func counted(whys []Reason, why string) []Reason {
	if why == "" {
		return whys
	}
	whys = slices.Clone(whys)
	if len(why) > whyBytesMax {
		why = strings.ToValidUTF8(why[:whyBytesMax], "")
	}
	i := slices.IndexFunc(whys, func(r Reason) bool { return r.Why == why })
	if i < 0 && len(whys) >= whysMax {
		why = "other"
		i = slices.IndexFunc(whys, func(r Reason) bool { return r.Why == why })
	}
	if i < 0 {
		return append(whys, Reason{why, 1})
	}
	whys[i].Count++
	return whys
}

// Words says the tally in a sentence without its full stop: "11 of 40 samples
// failed between 22:02 and 22:31: status 502 (8), connect refused (3)". Times
// are loc's; nil means UTC. An empty tally has no words.
func (t Tally) Words(loc *time.Location) string {
	if t.Failed == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d samples failed ", t.Failed, t.Samples)
	if t.Samples == 1 {
		b.Reset()
		b.WriteString("1 of 1 sample failed ")
	}
	first, last := clock(t.First, loc), clock(t.Last, loc)
	if first == last {
		b.WriteString("at " + first)
	} else {
		b.WriteString("between " + first + " and " + last)
	}
	whys := slices.SortedFunc(slices.Values(t.Whys), func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Why, b.Why))
	})
	for i, r := range whys {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		fmt.Fprintf(&b, "%s%s (%d)", sep, r.Why, r.Count)
	}
	return b.String()
}

// Short is the tally for an SMS: "11/40".
func (t Tally) Short() string { return fmt.Sprintf("%d/%d", t.Failed, t.Samples) }

// Evidence says in words why the status is what it is. Times are loc's; nil
// means UTC.
func (s State) Evidence(loc *time.Location) string {
	switch {
	case s.Latest.At.IsZero():
		return "never sampled"
	case !s.Lost.IsZero():
		return "no sample since " + clock(s.Latest.At, loc)
	case s.Red() && !s.Recovered.IsZero():
		return s.Episode.Words(loc) + "; none since " + clock(s.Recovered, loc)
	case s.Red():
		return s.Episode.Words(loc)
	case s.Burst.Failed > 0:
		return s.Burst.Words(loc)
	}
	return "good at " + clock(s.Latest.At, loc)
}

func clock(t time.Time, loc *time.Location) string {
	if loc == nil {
		loc = time.UTC
	}
	return t.In(loc).Format("15:04")
}
