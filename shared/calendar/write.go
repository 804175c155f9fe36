package calendar

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	ics "github.com/arran4/golang-ical"

	"rouse/shared/oncall"
)

// around is how far beyond the window shifts are looked at, so that one which
// reaches over its edge is written whole, and with the same UID tomorrow.
const around = 62 * 24 * time.Hour

// A Duty is what Write writes down.
type Duty struct {
	Service string // what is watched
	Who     string // responder id
	Name    string // of the responder
	Rota    oncall.Rota
	// Shifts that meet [From, To) are written.
	From, To time.Time
	Now      time.Time // when this was true
}

// Write writes an iCalendar of somebody's shifts, in UTC. The same shift has
// the same UID whenever it is written. Shifts are shown as free time: somebody
// on call can still be asked to a meeting.
func Write(w io.Writer, d Duty) error {
	c := ics.NewCalendarFor("Rouse")
	c.SetMethod(ics.MethodPublish)
	c.SetXWRCalName(fmt.Sprintf("%s on call for %s", d.Name, d.Service))
	c.SetRefreshInterval("PT1H")
	c.SetXPublishedTTL("PT1H")
	for _, schedule := range slices.Sorted(maps.Keys(d.Rota.Schedules)) {
		for _, s := range d.shifts(schedule) {
			e := c.AddEvent(s.uid)
			e.SetDtStampTime(d.Now)
			e.SetStartAt(s.From)
			e.SetEndAt(s.To)
			e.SetSummary(fmt.Sprintf("On call: %s (%s)", schedule, d.Service))
			e.SetTimeTransparency(ics.TransparencyTransparent)
		}
	}
	return c.SerializeTo(w, ics.WithNewLineWindows)
}

type shift struct {
	From, To time.Time
	uid      string
}

// shifts returns when d.Who is on call, alone or with others, in d's window.
func (d Duty) shifts(schedule string) []shift {
	begin := d.From.Add(-around)
	var all []shift
	for _, s := range d.Rota.Shifts(schedule, begin, d.To.Add(around)) {
		if !slices.Contains(s.Who, d.Who) {
			continue
		}
		if n := len(all); n > 0 && all[n-1].To.Equal(s.From) {
			all[n-1].To = s.To
			continue
		}
		// Whose shift has been going on since before we look has one such.
		start := "before"
		if s.From.After(begin) {
			start = s.From.UTC().Format(time.RFC3339)
		}
		sum := sha256.Sum256([]byte(d.Service + "\x00" + schedule + "\x00" + d.Who + "\x00" + start))
		all = append(all, shift{s.From, s.To, hex.EncodeToString(sum[:16]) + "@rouse"})
	}
	return slices.DeleteFunc(all, func(s shift) bool { return !s.From.Before(d.To) || !d.From.Before(s.To) })
}
