package sim

import (
	"strings"
	"time"
)

// mix makes a number of two, each bit of it depending on each of theirs
// (splitmix64, Steele et al. 2014).
func mix(a, b uint64) uint64 {
	x := a + 0x9e3779b97f4a7c15*(b+1)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// word makes a number of a word (FNV-1a).
func word(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// unit is id as a number from 0 to 1.
func unit(id uint64) float64 { return float64(id>>11) / (1 << 53) }

// spread picks a length of time below d by id.
func spread(id uint64, d time.Duration) time.Duration {
	return time.Duration(unit(mix(id, 77)) * float64(d))
}

// A Happening is a step, a fault or a deed of a person: what a history is made
// of, and what it can be made smaller by.
type Happening struct {
	id             uint64
	at             time.Time
	who, did, what string // "router" "dies before" "commit"
}

func (h Happening) String() string { return strings.TrimSpace(h.who + " " + h.did + " " + h.what) }

// happens notes something and reports whether it may happen at all.
func (w *world) happens(id uint64, who, did, what string) bool {
	if w.keep != nil && !w.keep[id] {
		return false
	}
	h := Happening{id, w.clock.Now(), who, did, what}
	w.happened = append(w.happened, h)
	if w.out != nil {
		w.tell("  !", "%s", h)
	}
	return true
}

// fails is happens for what goes wrong by itself, at a rate and until it is
// calm.
func (w *world) fails(id uint64, rate float64, who, did, what string) bool {
	if w.calm || unit(id) >= rate || !w.happens(id, who, did, what) {
		return false
	}
	w.faults++
	return true
}
