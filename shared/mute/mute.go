// Package mute says when a check wakes nobody: in maintenance windows, which
// rouse.yaml tells ahead of time, and while somebody has muted it.
//
// A muted check is sampled as ever. Only nothing opens because of it, and its
// failures do not count against its uptime.
//
// A weekly window is judged as a schedule's hours are: it begins at the first
// and ends at the last occurrence of its times where clocks are changed.
package mute

import (
	"slices"
	"time"

	"rouse/shared/oncall"
)

// Max is how long a check may be muted, and how long a window that happens once
// may last: what is muted for good is not watched.
const Max = 7 * 24 * time.Hour

// A Window is a time in which nobody is to be woken by some checks.
type Window struct {
	Checks []string // none means every check
	// From and To bound a window that happens once; To is exclusive.
	From, To time.Time
	// Weekly, if not nil, is one that comes again, by the clock of Zone (nil
	// means UTC); then From and To mean nothing.
	Weekly *oncall.Restriction
	Zone   *time.Location
	Why    string
}

// at reports whether t lies in the window, and if so until when it lasts.
func (w Window) at(t time.Time) (until time.Time, in bool) {
	if w.Weekly != nil {
		return w.Weekly.At(w.Zone, t)
	}
	return w.To, !t.Before(w.From) && t.Before(w.To)
}

// Windows are all that mute any check, in any order.
type Windows []Window

// Until is when the check wakes somebody again, and why it does not before. The
// zero time: it does at t. Windows that follow each other without a gap are one.
func (ws Windows) Until(check string, t time.Time) (until time.Time, why string) {
	for range chainMax {
		i := slices.IndexFunc(ws, func(w Window) bool {
			_, in := w.at(t)
			return in && (len(w.Checks) == 0 || slices.Contains(w.Checks, check))
		})
		if i < 0 {
			return until, why
		}
		t, _ = ws[i].at(t)
		if until = t; why == "" {
			why = ws[i].Why
		}
	}
	return until, why
}

// chainMax is how many windows in a row are looked along. Beyond, it is muted
// until it is asked again.
const chainMax = 100
