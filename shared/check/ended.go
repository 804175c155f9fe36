package check

// Ended is a day of a check's history that is over and must be put on file.
// That takes the place of one save, so that a check never costs two writes: the
// state is saved as ever with the day in it, the next one is saved beside the
// day, in the day's own place, and the one after that where states are again.
// Where a state belongs follows from the states before it alone, so that two
// who save at once still find out that they are two.
type Ended struct {
	Date string `json:"date"`         // like 2026-11-25, by UTC
	Body []byte `json:"body"`         // as package history writes it
	Rev  int64  `json:"rev,omitzero"` // of the first state that had it
}

// A Place is where a state is stored, and on what condition.
type Place struct {
	// Day, if not "", is the date of the day beside which it lies. Then a state
	// of the same Rev must not lie there.
	Day string
	// Before is otherwise the Rev of the state that it must take the place of;
	// 0 is none.
	Before int64
}

// Place is where a store puts s, once Rev counts this save.
func (s State) Place() Place {
	if s.Ended == nil || s.Rev == s.Ended.Rev {
		return Place{Before: s.Rev - 1}
	}
	if s.Rev == s.Ended.Rev+1 {
		return Place{Day: s.Ended.Date}
	}
	return Place{Before: s.Ended.Rev}
}

// Saving is s as it is saved next.
func (s State) Saving() State {
	s.Rev++
	if s.Ended != nil && s.Ended.Rev == 0 {
		ended := *s.Ended
		ended.Rev = s.Rev
		s.Ended = &ended
	}
	return s
}

// Saved is s once that has been done. The day that it carried may be on file by
// now.
func (s State) Saved() State {
	if s.Ended != nil && s.Rev > s.Ended.Rev+1 {
		s.Ended = nil
	}
	return s
}
