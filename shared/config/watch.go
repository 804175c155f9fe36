package config

import (
	"strings"
	"time"

	"rouse/shared/oncall"
)

// A Drill is when the team walks the way of a page to a real tap.
type Drill struct {
	Days     oncall.Days
	At       oncall.TimeOfDay
	Zone     *time.Location // of At
	Schedule string         // whose shift is paged; "": the default policy's first step
	Within   time.Duration  // how long there is to answer
}

// Last is the last time at or before now at which the drill is appointed, by
// its own clock. A time that does not exist on that day is the first instant
// after the gap.
func (d Drill) Last(now time.Time) time.Time {
	today := oncall.CivilOf(now.In(d.Zone))
	for back := range 9 { // a week, and the days that a zone has skipped
		c := oncall.Civil{Year: today.Year, Month: today.Month, Day: today.Day - back, Hour: int(d.At) / 60, Minute: int(d.At) % 60}
		weekday := time.Date(c.Year, c.Month, c.Day, 0, 0, 0, 0, time.UTC).Weekday()
		if at := c.First(d.Zone); d.Days.Has(weekday) && !at.After(now) {
			return at
		}
	}
	return time.Time{}
}

// Watch is what watches Rouse itself.
type Watch struct {
	Off bool // nobody does
	// Ping is fetched each minute in which all is well, and not otherwise: what
	// it belongs to calls out when it stays away. "" for none.
	Ping string
}

// Bounds of a drill.
const (
	DrillMin     = 5 * time.Minute
	DrillMax     = time.Hour
	DrillDefault = 15 * time.Minute
)

func (b *builder) drill(v, watch value) {
	f := v.fields("drill")
	if !f.valid() {
		return
	}
	d := &Drill{Zone: time.UTC, Within: DrillDefault}
	if owner, ok := b.c.Responders[b.c.Coverage.Owner]; ok {
		d.Zone = owner.Zone
	}
	if s := f.get("schedule"); s.present() {
		d.Schedule = s.reference("schedule", b.scheduleIDs)
		if zone := b.c.Rota.Schedules[d.Schedule].Zone; zone != nil {
			d.Zone = zone
		}
	}
	if zone := f.get("zone"); zone.present() {
		d.Zone = zone.zone()
	}
	if days := f.get("days"); days.present() {
		d.Days = days.days()
	}
	if at := f.get("at"); at.present() {
		if d.At = at.timeOfDay(); d.At == 24*60 {
			at.fault(`a day ends at "24:00"; write "00:00", of the next day`)
		}
	}
	if within := f.get("within"); within.present() {
		d.Within = within.duration(DrillMin, DrillMax)
	}
	if b.c.Watch.Off {
		v.fault("nobody begins a drill while watch is off (line %d); remove one of the two", watch.n.Line)
	}
	b.c.Drill = d
}

func (b *builder) watch(v value) {
	f := v.fields("watch")
	if !f.valid() {
		return
	}
	if off := f.get("off"); off.present() {
		b.c.Watch.Off = off.truth()
	}
	ping := f.get("ping")
	if !ping.present() {
		return
	}
	b.c.Watch.Ping = ping.url(captured{})
	switch {
	case strings.Contains(b.c.Watch.Ping, "{{"):
		ping.fault("has a {{reference}} in it, and none is read here; write the address out")
	case strings.HasPrefix(b.c.Watch.Ping, "http://"):
		ping.fault("is fetched over the open network; write the https:// address")
	case b.c.Watch.Off:
		ping.fault("nobody fetches it while watch is off; remove one of the two")
	}
}
