package oncall

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// slow is the second implementation: it looks at every minute of a window, in
// order, and asks only what the clock on the wall shows. It is written to be
// obviously what the package's documentation says, and nothing else.
type slow struct {
	rota  Rota
	begin time.Time   // of the window, which begins before any rotation starts
	size  int         // of the window in minutes
	clock clockOnWall // by zone
}

// clockOnWall tells what the clock of a zone shows at each minute: as the Unix
// time at which a clock in UTC shows the same, so that it can be compared.
type clockOnWall map[*time.Location][]int64

func newSlow(r Rota, begin time.Time, size int) *slow {
	return &slow{r, begin, size, clockOnWall{}}
}

func (s *slow) shows(zone *time.Location) []int64 {
	if s.clock[zone] == nil {
		s.clock[zone] = make([]int64, s.size)
		for i := range s.clock[zone] {
			t := s.begin.Add(time.Duration(i) * time.Minute).In(zone)
			year, month, day := t.Date()
			s.clock[zone][i] = time.Date(year, month, day, t.Hour(), t.Minute(), 0, 0, time.UTC).Unix()
		}
	}
	return s.clock[zone]
}

// onCall returns who is on call at each minute.
func (s *slow) onCall(schedule string) [][]string {
	spec := s.rota.Schedules[schedule]
	out := make([][]string, s.size)
	for _, l := range spec.Layers {
		for i, who := range s.layer(spec, l) {
			if len(who) > 0 {
				out[i] = who
			}
		}
	}
	for _, o := range spec.Overrides {
		for i := range out {
			t := s.begin.Add(time.Duration(i) * time.Minute)
			if t.Before(o.From) || !t.Before(o.To) {
				continue
			}
			if who := s.notAway(o.Who, t); len(who) > 0 {
				out[i] = who
			}
		}
	}
	return out
}

func (s *slow) layer(spec Schedule, l Layer) [][]string {
	shows := s.shows(spec.Zone)
	start := time.Date(l.Start.Year, l.Start.Month, l.Start.Day, l.Start.Hour, l.Start.Minute, 0, 0, time.UTC)
	admitted := map[string][]bool{}
	for _, m := range l.Rotation {
		for _, who := range m.Who {
			if admitted[who] == nil {
				admitted[who] = s.admitted(spec, l, who)
			}
		}
	}
	out := make([][]string, s.size)
	turn, place := 0, -1 // the next turn, and the place that the last one came to
	next := start        // the wall-clock time of the next turn
	for i := range out {
		now := s.begin.Add(time.Duration(i) * time.Minute)
		for shows[i] >= next.Unix() {
			if p, ok := s.nextIn(l, place, now); ok {
				place = p
			}
			turn++
			next = later(start, l.Every, turn)
		}
		if turn == 0 {
			continue
		}
		holder, ok := place, place >= 0 && isMember(l.Rotation[place], now)
		if !ok {
			holder, ok = s.nextIn(l, place, now)
		}
		if !ok {
			continue
		}
		for _, who := range s.notAway(l.Rotation[holder].Who, now) {
			if admitted[who][i] {
				out[i] = append(out[i], who)
			}
		}
	}
	return out
}

// later returns n periods after start on the calendar.
func later(start time.Time, p Period, n int) time.Time {
	switch p.Unit {
	case Hour:
		return start.Add(time.Duration(n*p.N) * time.Hour)
	case Day:
		return start.AddDate(0, 0, n*p.N)
	case Week:
		return start.AddDate(0, 0, 7*n*p.N)
	}
	t := start.AddDate(0, n*p.N, 0)
	if t.Day() != start.Day() { // it ran over into the next month
		t = t.AddDate(0, 0, -t.Day())
	}
	return t
}

func isMember(m Member, t time.Time) bool {
	return (m.From.IsZero() || !t.Before(m.From)) && (m.To.IsZero() || t.Before(m.To))
}

func (s *slow) nextIn(l Layer, place int, t time.Time) (int, bool) {
	for range l.Rotation {
		place = (place + 1) % len(l.Rotation)
		if isMember(l.Rotation[place], t) {
			return place, true
		}
	}
	return 0, false
}

func (s *slow) notAway(who []string, t time.Time) []string {
	var out []string
	for _, id := range who {
		away := false
		for _, a := range s.rota.People[id].Away {
			away = away || (a.From.IsZero() || !t.Before(a.From)) && (a.To.IsZero() || t.Before(a.To))
		}
		if !away {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// admitted tells for each minute whether the layer's restrictions admit who.
func (s *slow) admitted(spec Schedule, l Layer, who string) []bool {
	out := make([]bool, s.size)
	for i := range out {
		out[i] = len(l.During) == 0
	}
	for _, r := range l.During {
		zone := spec.Zone
		if own := s.rota.People[who].Zone; r.Own && own != nil {
			zone = own
		}
		shows := s.shows(zone)
		day := time.Unix(shows[0], 0).UTC().Truncate(24*time.Hour).AddDate(0, 0, -3)
		for range s.size/1440 + 7 {
			day = day.AddDate(0, 0, 1)
			if !r.Days.Has(day.Weekday()) {
				continue
			}
			begins, ends := day.Unix()+int64(r.From)*60, day.Unix()+int64(r.To)*60
			if r.To <= r.From {
				ends = day.AddDate(0, 0, 1).Unix() + int64(r.To)*60
			}
			// From the first minute that shows the beginning or later, to the
			// last one that shows the end or earlier.
			from := slices.IndexFunc(shows, func(c int64) bool { return c >= begins })
			to := s.size
			for to > 0 && shows[to-1] > ends {
				to--
			}
			if to > 0 && shows[to-1] == ends {
				to-- // that minute itself is not in any more
			}
			for i := from; i >= 0 && i < to; i++ {
				out[i] = true
			}
		}
	}
	return out
}

// A draw makes random rotas, mostly about the hours in which clocks change.
type draw struct {
	*rand.Rand
	change Civil // what the clock shows when it has changed
}

func (d *draw) chance(p float64) bool { return d.Float64() < p }

func (d *draw) zone() *time.Location {
	if d.chance(0.7) {
		return restless()[d.IntN(len(restless()))]
	}
	return everyZone()[d.IntN(len(everyZone()))]
}

// restless is the zones that changed their clocks in 2025.
var restless = sync.OnceValue(func() []*time.Location {
	return slices.DeleteFunc(slices.Clone(everyZone()), func(loc *time.Location) bool {
		return len(changes(loc, year2025, year2025.AddDate(1, 0, 0))) == 0
	})
})

var ids = []string{"ana", "bo", "cy", "di", "ed"}

func (d *draw) who() []string {
	who := []string{ids[d.IntN(len(ids))]}
	if d.chance(0.25) {
		who = append(who, ids[d.IntN(len(ids))])
	}
	return who
}

// within returns a whole minute in the window; often a whole hour, so that
// instants meet.
func (d *draw) within(begin time.Time, size int) time.Time {
	t := begin.Add(time.Duration(d.IntN(size)) * time.Minute)
	if d.chance(0.5) {
		t = t.Truncate(time.Hour)
	}
	return t
}

func (d *draw) timeOfDay() TimeOfDay {
	switch {
	case d.chance(0.4): // up to an hour before or after the change
		m := d.change.Hour*60 + d.change.Minute + (d.IntN(9)-4)*15
		return TimeOfDay((m + 1440) % 1440)
	case d.chance(0.6):
		return TimeOfDay(d.IntN(25) * 60)
	}
	return TimeOfDay(d.IntN(24*60 + 1))
}

// rota draws a rota with the schedule "s", and a window that begins before
// every rotation in it starts.
func (d *draw) rota() (r Rota, begin time.Time, size int) {
	zone := d.zone()
	size = (2 + d.IntN(4)) * 24 * 60
	if d.chance(0.02) {
		size = 70 * 24 * 60 // room for months
	}
	begin = year2025.Add(time.Duration(d.Int64N(int64(year2031.Sub(year2025)))))
	if at := changes(zone, begin, begin.AddDate(0, 8, 0)); len(at) > 0 && d.chance(0.8) {
		begin = at[0].Add(-time.Duration(d.IntN(size)) * time.Minute)
		d.change = CivilOf(at[0].In(zone))
	}
	if d.chance(0.02) {
		zone = everyZone()[slices.IndexFunc(everyZone(), func(l *time.Location) bool { return l.String() == "Pacific/Apia" })]
		begin = time.Date(2011, 12, 28, d.IntN(24), 0, 0, 0, time.UTC) // the year without a 30 December
	}
	begin = begin.Truncate(time.Minute)
	r = Rota{People: map[string]Person{}, Schedules: map[string]Schedule{}}
	for _, id := range ids {
		p := Person{Zone: d.zone()}
		if d.chance(0.2) {
			p.Zone = nil
		}
		for d.chance(0.3) {
			a := Away{From: d.within(begin, size)}
			if d.chance(0.9) {
				a.To = a.From.Add(time.Duration(d.IntN(size/2)) * time.Minute)
			}
			p.Away = append(p.Away, a)
		}
		r.People[id] = p
	}
	s := Schedule{Zone: zone}
	for range 1 + d.IntN(3) {
		l := Layer{
			Every: Period{1 + d.IntN(9), Unit(d.IntN(4))},
			Start: CivilOf(d.within(begin.Add(24*time.Hour), size/2).In(zone)),
		}
		if d.chance(0.4) {
			m := int(d.timeOfDay())
			l.Start.Hour, l.Start.Minute = m/60, m%60
		}
		if l.Every.Unit == Week || l.Every.Unit == Month {
			l.Every.N = 1 + l.Every.N%2
		}
		for range 1 + d.IntN(4) {
			m := Member{Who: d.who()}
			if d.chance(0.2) {
				m.From = d.within(begin, size)
			}
			if d.chance(0.2) {
				m.To = d.within(begin, size)
			}
			l.Rotation = append(l.Rotation, m)
		}
		for d.chance(0.35) {
			l.During = append(l.During, Restriction{Days: Days(d.IntN(128)), From: d.timeOfDay(), To: d.timeOfDay(), Own: d.chance(0.4)})
		}
		s.Layers = append(s.Layers, l)
	}
	for d.chance(0.4) {
		from := d.within(begin, size)
		s.Overrides = append(s.Overrides, Override{Who: d.who(), From: from, To: from.Add(time.Duration(d.IntN(size/2)) * time.Minute)})
	}
	r.Schedules["s"] = s
	return r, begin, size
}

// TestSlowAgrees holds the package against the slow implementation, and At
// against Shifts, in thousands of random rotas.
func TestSlowAgrees(t *testing.T) {
	seeds := uint64(2000)
	if testing.Short() {
		seeds = 200
	}
	const parts = 4
	for part := range uint64(parts) {
		t.Run(fmt.Sprint("part ", part), func(t *testing.T) {
			t.Parallel()
			for seed := part; seed < seeds; seed += parts {
				slowAgrees(t, seed)
			}
		})
	}
}

func slowAgrees(t *testing.T, seed uint64) {
	d := &draw{Rand: rand.New(rand.NewPCG(seed, 1))}
	r, begin, size := d.rota()
	want := newSlow(r, begin, size).onCall("s")
	end := begin.Add(time.Duration(size) * time.Minute)
	shifts := r.Shifts("s", begin, end)
	if fault := misshapen(shifts, begin, end); fault != "" {
		t.Fatalf("seed %d: %s", seed, fault)
	}
	got := shifts
	for i := range size {
		now := begin.Add(time.Duration(i) * time.Minute)
		for !now.Before(got[0].To) {
			got = got[1:]
		}
		if !slices.Equal(got[0].Who, want[i]) {
			t.Fatalf("seed %d: at %v in %v %v is on call, want %v\n%+v", seed, now, r.Schedules["s"].Zone, got[0].Who, want[i], r)
		}
	}
	check := func(now time.Time) {
		if now.Before(begin) || !now.Before(end) {
			return
		}
		i := slices.IndexFunc(shifts, func(s Shift) bool { return now.Before(s.To) })
		if at := r.At("s", now); !slices.Equal(at, shifts[i].Who) {
			t.Fatalf("seed %d: At(%v) is %v, the shift has %v\n%+v", seed, now, at, shifts[i].Who, r)
		}
	}
	for _, s := range shifts {
		check(s.From.Add(-time.Second))
		check(s.From)
		check(s.From.Add(time.Second))
	}
	for range 10 {
		check(begin.Add(time.Duration(d.Int64N(int64(end.Sub(begin))))))
	}
}

// misshapen tells what about shifts is not as Shifts promises.
func misshapen(shifts []Shift, from, to time.Time) string {
	at := from
	for i, s := range shifts {
		switch {
		case !s.From.Equal(at):
			return fmt.Sprintf("shift %d begins at %v, the one before ends at %v", i, s.From, at)
		case !s.From.Before(s.To):
			return fmt.Sprintf("shift %d ends at %v, not after its beginning at %v", i, s.To, s.From)
		case i > 0 && slices.Equal(shifts[i-1].Who, s.Who):
			return fmt.Sprintf("shifts %d and %d have the same people", i-1, i)
		case !slices.IsSorted(s.Who):
			return fmt.Sprintf("the people %v of shift %d are not sorted", s.Who, i)
		}
		at = s.To
	}
	if !at.Equal(to) {
		return fmt.Sprintf("the last shift ends at %v, not %v", at, to)
	}
	return ""
}
