package sim

import (
	"fmt"
	"io"
	"slices"
)

// Shrink makes the history of a seed that breaks an invariant smaller: it
// leaves out steps, faults and deeds as long as the same invariant breaks. It
// tells what is left, as it happens, to out, and returns how it ends.
func Shrink(seed uint64, o Options, out io.Writer) Result {
	o.History, o.keep = nil, nil
	whole := Run(seed, o)
	if whole.Violation == nil {
		return whole
	}
	s := shrinking{seed: seed, o: o, invariant: whole.Violation.Invariant, tries: triesMax, best: whole}
	for {
		before := len(s.best.happened)
		s.pass()
		if len(s.best.happened) == before || s.tries == 0 {
			break
		}
	}
	o.keep = ids(s.best.happened)
	o.History = out
	fmt.Fprintf(out, "seed %d, team %s: %s\n", seed, s.best.Team, s.best.Violation)
	fmt.Fprintf(out, "left of %d steps and faults, %d:\n", len(whole.happened), len(s.best.happened))
	for _, h := range s.best.happened {
		fmt.Fprintf(out, "  %s  %s\n", h.at.Format("15:04:05.000"), h)
	}
	fmt.Fprintln(out, "and so it goes:")
	return Run(seed, o)
}

// triesMax bounds the histories that are lived through for one that is small.
const triesMax = 2000

type shrinking struct {
	seed      uint64
	o         Options
	invariant string
	tries     int
	best      Result
}

// pass leaves out ever smaller parts: half of all, then quarters, down to
// single ones (Zeller and Hildebrandt's ddmin, 2002).
func (s *shrinking) pass() {
	for size := (len(s.best.happened) + 1) / 2; size > 0; size /= 2 {
		for from := 0; from < len(s.best.happened) && s.tries > 0; {
			all := s.best.happened
			if !s.still(slices.Concat(all[:from], all[min(len(all), from+size):])) {
				from += size
			}
		}
	}
}

// still reports whether the invariant breaks with these alone, and keeps them
// if so. What cannot happen any more without the others is gone, too.
func (s *shrinking) still(these []Happening) bool {
	s.tries--
	o := s.o
	o.keep = ids(these)
	r := Run(s.seed, o)
	if r.Violation == nil || r.Violation.Invariant != s.invariant || len(r.happened) >= len(s.best.happened) {
		return false
	}
	s.best = r
	return true
}

func ids(all []Happening) map[uint64]bool {
	m := make(map[uint64]bool, len(all))
	for _, h := range all {
		m[h.id] = true
	}
	return m
}
