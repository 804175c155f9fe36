package config

import (
	"slices"
	"time"

	"rouse/shared/mute"
	"rouse/shared/oncall"
)

// maintenance reads the windows in which checks wake nobody: with days they
// come each week, without they happen once.
func (b *builder) maintenance(v value) {
	var names []string
	for _, c := range b.c.Checks {
		names = append(names, c.Name)
	}
	for _, item := range v.some(`{days: sun, from: "03:00", to: "05:00", zone: America/Chicago, why: backups}`, WindowsMax) {
		f := item.fields("window")
		if !f.valid() {
			continue
		}
		w := mute.Window{Why: f.get("why").text(), Zone: f.get("zone").zone()}
		for _, c := range f.get("checks").some("login", ChecksMax) {
			name := c.reference("check", names)
			if name != "" && slices.Contains(w.Checks, name) {
				c.fault("%s is listed twice; once is enough", name)
			}
			w.Checks = append(w.Checks, name)
		}
		if w.Zone == nil {
			w.Zone = time.UTC // its fault is told; the rest can still be read
		}
		if f.get("days").present() {
			w.Weekly = weekly(f)
		} else {
			w.From, w.To = once(f, w.Zone)
		}
		b.c.Maintenance = append(b.c.Maintenance, w)
	}
}

// weekly reads a window that comes each week.
func weekly(f fields) *oncall.Restriction {
	r := &oncall.Restriction{Days: f.get("days").days()}
	from, to := f.get("from"), f.get("to")
	r.From, r.To = from.timeOfDay(), to.timeOfDay()
	if r.From == 24*60 {
		from.fault("24:00 is the end of a day; write 00:00 and the next day")
	}
	length := r.To - r.From
	if r.To <= r.From {
		length += 24 * 60
	}
	if d := time.Duration(length) * time.Minute; d > WeeklyMax && from.present() && to.present() {
		to.fault("mutes for %s at a time; at most %s, so that nothing is switched off for good", durationText(d), durationText(WeeklyMax))
	}
	return r
}

// once reads a window that happens once.
func once(f fields, zone *time.Location) (from, to time.Time) {
	for _, key := range []string{"from", "to"} {
		v := f.get(key)
		if !v.present() {
			continue
		}
		if _, err := oncall.ParseTimeOfDay(v.n.Value); err == nil {
			v.fault("%q is a time of day, which needs days, like days: mon-sun; or write a date, like 2026-12-05T22:00", v.n.Value)
			return from, to
		}
	}
	from, to = f.interval(zone)
	if !from.IsZero() && to.Sub(from) > mute.Max {
		f.get("to").fault("mutes for %s; at most %s, so that nothing is switched off for good", durationText(to.Sub(from)), durationText(mute.Max))
	}
	return from, to
}
