package check

import (
	"slices"
	"time"
)

// Hush takes back what nobody is to hear of a check that is muted until the
// given instant. Good news of what was told before still goes out, so that
// nothing stays open because of a mute.
func (s State) Hush(until time.Time) State {
	untold := s.Untold
	s.Untold, s.HushedUntil = nil, until
	for _, t := range untold {
		switch t.Kind {
		case Opened, Relapsed, Lost:
			s = s.unhush(t.Kind)
			s.Hushed = append(s.Hushed, t.Kind)
		case Worse:
		default:
			s = s.tellGood(t)
		}
	}
	return s.settled()
}

// Speak lets a check be heard again that is not muted any more at the time now.
// What was kept back is told if it still holds: trouble with the first failure
// after the mute, since those in it were to be expected.
func (s State) Speak(now time.Time) State {
	if s.HushedUntil.After(now) { // the mute was taken back
		s.HushedUntil = now
	}
	untold := s.Untold
	s.Untold = nil
	for _, t := range untold {
		switch t.Kind {
		case Opened, Relapsed, Worse:
			if s.hushed(Opened) {
				t.Kind, t.Evidence = Opened, s.Episode
			}
			s = s.unhush(Opened, Relapsed)
			s.Untold = append(s.Untold, t)
		case Lost:
			s.Untold = append(s.Untold, t)
		default:
			s = s.tellGood(t)
		}
	}
	failing := s.Red() && s.Recovered.IsZero() && !s.Bad.Before(s.HushedUntil)
	switch {
	case failing && s.hushed(Opened):
		s = s.unhush(Opened, Relapsed).turn(Opened, s.Bad)
	case failing && s.hushed(Relapsed):
		s = s.unhush(Relapsed).turn(Relapsed, s.Bad)
	}
	if s.hushed(Lost) {
		s = s.unhush(Lost).turn(Lost, s.Lost)
	}
	return s.settled()
}

// settled forgets the mute that has kept nothing back.
func (s State) settled() State {
	if len(s.Hushed) == 0 {
		s.HushedUntil = time.Time{}
	}
	return s
}

// tellGood tells good news, unless nobody has heard of the bad before it.
func (s State) tellGood(t Turn) State {
	bad, over := Opened, []Kind{Relapsed}
	switch t.Kind {
	case Found:
		bad, over = Lost, []Kind{Lost}
	case Well:
		over = []Kind{Opened, Relapsed}
	}
	if !s.hushed(bad) {
		s.Untold = append(s.Untold, t)
	}
	return s.unhush(over...)
}

func (s State) hushed(k Kind) bool { return slices.Contains(s.Hushed, k) }

func (s State) unhush(kinds ...Kind) State {
	var left []Kind
	for _, k := range s.Hushed {
		if !slices.Contains(kinds, k) {
			left = append(left, k)
		}
	}
	s.Hushed = left
	return s
}
