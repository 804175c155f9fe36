package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"rouse/shared/oncall"
)

func (b *builder) schedules(v value) {
	b.c.Rota.Schedules = map[string]oncall.Schedule{}
	for _, e := range v.entries("schedule", SchedulesMax) {
		b.scheduleIDs = append(b.scheduleIDs, e.id)
		f := e.value.fields("schedule")
		if !f.valid() {
			continue
		}
		s := oncall.Schedule{Zone: f.get("zone").zone()}
		if s.Zone == nil {
			s.Zone = time.UTC // its fault is told; the rest can still be read
		}
		for i, l := range f.get("layers").list("{rotation: [ana], every: 1w, start: 2026-11-02T09:00}", LayersMax) {
			s.Layers = append(s.Layers, b.layer(l.fields("layer"), i, s.Zone))
		}
		s.Overrides = b.overrides(f.get("overrides"), s.Zone)
		b.c.Rota.Schedules[e.id] = s
	}
}

func (b *builder) layer(f fields, i int, zone *time.Location) oncall.Layer {
	l := oncall.Layer{Name: fmt.Sprintf("layer %d", i+1)}
	if !f.valid() {
		return l
	}
	if name := f.get("name").textOf(NameBytesMax); name != "" {
		l.Name = name
	}
	for _, v := range f.get("rotation").some("ana", RotationMax) {
		l.Rotation = append(l.Rotation, b.member(v, zone))
	}
	l.Every = f.get("every").period()
	l.Start, _ = f.get("start").civil(zone)
	for _, v := range f.get("during").list(`{days: mon-fri, from: "09:00", to: "17:00"}`, DuringMax) {
		l.During = append(l.During, restriction(v.fields("during")))
	}
	return l
}

// member reads one place in a rotation: an id, a list of ids who are on call
// together, or either with the dates of joining and leaving.
func (b *builder) member(v value, zone *time.Location) oncall.Member {
	if v.n.Kind != yaml.MappingNode {
		return oncall.Member{Who: b.who(v)}
	}
	f := v.fields("member")
	m := oncall.Member{Who: b.who(f.get("who"))}
	m.From, m.To = f.interval(zone)
	return m
}

// who reads one responder or a list of them.
func (b *builder) who(v value) []string {
	if !v.present() || v.n.Kind != yaml.SequenceNode {
		return []string{v.reference("responder", b.people)}
	}
	var ids []string
	for _, item := range v.some("ana", RotationMax) {
		id := item.reference("responder", b.people)
		if id != "" && slices.Contains(ids, id) {
			item.fault("%s is named twice; once is enough", id)
		}
		ids = append(ids, id)
	}
	return ids
}

func restriction(f fields) oncall.Restriction {
	r := oncall.Restriction{To: 24 * 60}
	if !f.valid() {
		return r
	}
	if v := f.get("days"); v.present() {
		r.Days = v.days()
	}
	if v := f.get("from"); v.present() {
		if r.From = v.timeOfDay(); r.From == 24*60 {
			v.fault("24:00 is the end of a day; write 00:00 and the next day")
		}
	}
	if v := f.get("to"); v.present() {
		r.To = v.timeOfDay()
	}
	if v := f.get("zone"); v.present() {
		r.Own = v.oneOf("schedule", "own") == "own"
	}
	if !f.get("days").present() && !f.get("from").present() && !f.get("to").present() {
		f.fault("restricts nothing; write days, from or to, or remove during")
	}
	return r
}

// overrides reads a schedule's overrides; no two may claim the same time, or
// the order of the lines would decide who is woken.
func (b *builder) overrides(v value, zone *time.Location) []oncall.Override {
	type placed struct {
		oncall.Override
		at value
	}
	var all []placed
	for _, item := range v.list("{who: ana, from: 2026-12-01T17:00, to: 2026-12-02T01:00}", OverridesMax) {
		f := item.fields("override")
		if !f.valid() {
			continue
		}
		o := oncall.Override{Who: b.who(f.get("who")), Why: f.get("why").text()}
		o.From, o.To = f.interval(zone)
		all = append(all, placed{o, item})
	}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b placed) int { return cmp.Compare(a.From.Unix(), b.From.Unix()) })
	var last placed // the one that ends last so far
	for _, o := range sorted {
		if o.From.IsZero() || o.To.IsZero() {
			continue // a fault is told already
		}
		if last.at.present() && o.From.Before(last.To) {
			earlier, later := last, o
			if earlier.at.n.Line > later.at.n.Line {
				earlier, later = later, earlier
			}
			later.at.fault("overlaps the override of line %d, from %s to %s; let one end where the other begins", earlier.at.n.Line,
				o.From.In(zone).Format("2006-01-02T15:04"), minTime(o.To, last.To).In(zone).Format("2006-01-02T15:04"))
		}
		if o.To.After(last.To) {
			last = o
		}
	}
	var overrides []oncall.Override
	for _, o := range all {
		overrides = append(overrides, o.Override)
	}
	return overrides
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// interval reads from and to by the clock of zone, or in UTC. What is absent is
// zero; a to without a time of day includes its day.
func (f fields) interval(zone *time.Location) (from, to time.Time) {
	if !f.valid() {
		return from, to
	}
	from = f.get("from").moment(zone, 0)
	days := 0
	if end := f.get("to"); end.present() && end.dateOnly() {
		days = 1
	}
	to = f.get("to").moment(zone, days)
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		f.get("to").fault("is not after from (%s); write a later time", from.In(zone).Format("2006-01-02T15:04"))
		return time.Time{}, time.Time{}
	}
	return from, to
}

// moment reads a wall-clock time, so many days later, or a time in UTC, which
// ends in Z. It is zero if there is none.
func (v value) moment(zone *time.Location, days int) time.Time {
	s, ok := v.raw("like 2026-11-02T09:00")
	if !ok {
		return time.Time{}
	}
	for _, layout := range []string{utcLayout, "2006-01-02T15:04Z"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= yearMin && t.Year() <= yearMax {
			return t.In(zone)
		}
	}
	c, ok := v.civil(zone)
	if !ok {
		return time.Time{}
	}
	c.Day += days
	return c.First(zone)
}

func (v value) dateOnly() bool { return len(v.n.Value) == len("2006-01-02") }

// civil reads a wall-clock time that exists in zone; a date alone is its
// midnight, whether or not that exists.
func (v value) civil(zone *time.Location) (oncall.Civil, bool) {
	s, ok := v.raw("like 2026-11-02T09:00")
	if !ok {
		return oncall.Civil{}, false
	}
	c, err := oncall.ParseCivil(s)
	switch {
	case err != nil:
		v.fault("%q is not a date or a wall-clock time; write 2026-11-02 or 2026-11-02T09:00, without an offset", s)
		return c, false
	case c.Year < yearMin || c.Year > yearMax:
		v.fault("the year %d is out of bounds; write one from %d to %d", c.Year, yearMin, yearMax)
		return c, false
	case !v.dateOnly() && !c.Exists(zone):
		v.fault("%s does not exist in %s, where clocks are put forward then; write %s", s, zone,
			c.First(zone).In(zone).Format("2006-01-02T15:04"))
		return c, false
	}
	return c, true
}

const yearMin, yearMax = 2000, 2199

func (v value) period() oncall.Period {
	s, ok := v.raw("like 1w")
	if !ok {
		return oncall.Period{}
	}
	p, err := oncall.ParsePeriod(s)
	if err != nil {
		v.fault("%q is not a length for a turn; write at least one hour, day, week or month, like 12h, 1d, 2w or 1mo", s)
	}
	return p
}

func (v value) timeOfDay() oncall.TimeOfDay {
	s, ok := v.raw(`like "17:00"`)
	if !ok {
		return 0
	}
	t, err := oncall.ParseTimeOfDay(s)
	if err != nil {
		v.fault(`%q is not a time of day; write it like "17:00", from "00:00" to "24:00"`, s)
	}
	return t
}

// days reads weekdays: mon-fri, or a list of such.
func (v value) days() oncall.Days {
	words := []string{}
	if v.n.Kind == yaml.SequenceNode {
		for _, item := range v.some("mon", 7) {
			word, _ := item.raw("like mon")
			words = append(words, word)
		}
	} else if word, ok := v.raw("like mon-fri"); ok {
		words = append(words, word)
	}
	if len(words) == 0 {
		return 0
	}
	d, err := oncall.ParseDays(strings.Join(words, ","))
	if err != nil {
		v.fault("%q are not weekdays; write them like mon-fri, or sat,sun", strings.Join(words, ","))
	}
	return d
}
