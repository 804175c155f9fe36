package picture

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"rouse/shared/oncall"
)

// The measures of the SVG, in its own units: pixels until it is scaled.
const (
	svgDay     = 144 // 6 an hour
	svgLabel   = 132
	svgLane    = 30
	svgBar     = 24 // within a lane
	svgMargin  = 16
	svgHeader  = 34  // of a week
	svgGap     = 18  // between weeks
	svgGlyph   = 6.8 // the mean width of a letter in a bar
	svgLine    = 19  // of text below
	svgTellMax = 170 // letters in such a line
)

// nightFrom and nightTo are the hours, by the clock of the responder's own
// zone, in which people sleep.
const nightFrom, nightTo = 22, 7

// svgColors is every colour, for a light page and for a dark one. The bars'
// text is legible on its bar in both, also at night (WCAG 2 AA). The style
// sheet does without variables, since not every wiki's renderer knows them.
var svgColors = [...]struct{ selector, property, light, dark string }{
	{".paper", "fill", "#ffffff", "#0d1117"},
	{"text", "fill", "#1b1f24", "#f0f6fc"},
	{".head", "fill", "#57606a", "#9198a1"},
	{".rule,.noon", "stroke", "#d0d7de", "#3d444d"},
	{".lane", "fill", "#f6f8fa", "#151b23"},
	{".night", "fill", "#0b1f4d", "#000000"},
	{".night", "fill-opacity", "0.34", "0.52"},
	{".hole", "fill", "#cf222e", "#ff5c57"},
	{".holetext", "stroke", "#cf222e", "#ff5c57"},
	{".holetext", "fill", "#ffffff", "#0d1117"},
	{".hatch", "stroke", "#ffffff", "#0d1117"},
	{".bad", "fill", "#cf222e", "#ff5c57"},
	{".p0", "fill", "#b6dcfe", "#1f5a91"},
	{".p1", "fill", "#c6ecb8", "#2f6627"},
	{".p2", "fill", "#ffdf9e", "#7a5a10"},
	{".p3", "fill", "#f9c9e8", "#7d3868"},
	{".p4", "fill", "#d9ccff", "#574699"},
	{".p5", "fill", "#b5ece6", "#176860"},
	{".p6", "fill", "#ffd0bd", "#8a4426"},
	{".p7", "fill", "#dbe0a0", "#5d6222"},
}

const svgShapes = `text{font:12px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}
.title{font-size:16px;font-weight:600}.result,.bad,.holetext{font-weight:700}
.noon{stroke-dasharray:2 4}.hatch{stroke-opacity:.55;stroke-width:3}.holetext{font-size:10.5px;paint-order:stroke;stroke-width:4px}
`

func svgStyle() string {
	var light, dark strings.Builder
	for _, c := range svgColors {
		fmt.Fprintf(&light, "%s{%s:%s}", c.selector, c.property, c.light)
		fmt.Fprintf(&dark, "%s{%s:%s}", c.selector, c.property, c.dark)
	}
	return svgShapes + light.String() + "\n@media (prefers-color-scheme:dark){" + dark.String() + "}"
}

// SVG draws p as a picture for a page, light or dark as its reader prefers. It
// needs nothing from outside, and tells what it shows to those who cannot see
// it. In each bar the hours are shaded that are night where its responder
// lives.
func SVG(p Plan) string {
	s := &svg{plan: p, lanes: p.lanes()}
	s.color = p.palette(s.lanes)
	weeks := p.weeks()

	width := svgLabel + weekDays*svgDay + 2*svgMargin
	s.y = svgMargin + 14
	s.text(svgMargin, "title", p.title())
	s.y += 12
	for _, week := range weeks {
		s.week(week)
		s.y += svgGap
	}
	s.legend()
	for i, line := range s.told() {
		class := "head"
		if i == 0 && len(p.Holes) > 0 {
			class = "bad"
		}
		s.y += svgLine
		s.text(svgMargin, class, line)
	}
	height := s.y + svgMargin

	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="oncall-title oncall-desc">`+"\n", width, height, width, height)
	fmt.Fprintf(&out, "<title id=\"oncall-title\">%s</title>\n<desc id=\"oncall-desc\">%s</desc>\n", escape(p.title()), escape(strings.Join(p.words(), " ")))
	fmt.Fprintf(&out, "<style>%s</style>\n", svgStyle())
	out.WriteString(`<defs><pattern id="oncall-hatch" width="10" height="10" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V10"/></pattern></defs>` + "\n")
	fmt.Fprintf(&out, `<rect class="paper" width="%d" height="%d"/>`+"\n", width, height)
	out.WriteString(s.out.String())
	out.WriteString("</svg>\n")
	return out.String()
}

type svg struct {
	plan  Plan
	lanes []lane
	color map[string]int
	y     int // where to draw next
	out   strings.Builder
}

// shiftsMax bounds how many shifts the description of a picture tells.
const shiftsMax = 200

// words tells the picture: the verdict, each hole, and who is on call from
// when.
func (p Plan) words() []string {
	words := []string{p.verdict()}
	for _, h := range p.Holes {
		words = append(words, p.tell(h)+".")
	}
	for _, schedule := range p.Schedules {
		words = append(words, "On call on "+schedule+":")
		shifts := p.Rota.Shifts(schedule, p.From, p.To)
		for i, s := range shifts {
			who, end := strings.Join(s.Who, " and "), ";"
			if who == "" {
				who = "nobody"
			}
			switch i {
			case len(shifts) - 1:
				end = "."
			case shiftsMax:
				return append(words, "and so on.")
			}
			words = append(words, "from "+s.From.In(p.zone()).Format("Mon 2 Jan 15:04")+" "+who+end)
		}
	}
	return words
}

// told is the words in lines that fit under the drawing.
func (s *svg) told() []string {
	lines := []string{s.plan.verdict()}
	for i, h := range s.plan.Holes {
		line := fmt.Sprintf("%d. %s", i+1, s.plan.tell(h))
		for len(line) > svgTellMax {
			cut := strings.LastIndexByte(line[:svgTellMax], ' ')
			if cut <= 4 {
				break
			}
			lines = append(lines, line[:cut])
			line = "    " + line[cut+1:]
		}
		lines = append(lines, line)
	}
	return lines
}

func (s *svg) week(days []span) {
	top := s.y + svgHeader - 8
	bottom := s.y + svgHeader + len(s.lanes)*svgLane
	for i := range s.lanes {
		if i%2 == 0 {
			s.rect("lane", svgMargin, s.y+svgHeader+i*svgLane, svgLabel+len(days)*svgDay, svgLane)
		}
	}
	for i, d := range days {
		x := svgMargin + svgLabel + i*svgDay
		date := middle(d).In(s.plan.zone()) // midday: midnight may be missing
		fmt.Fprintf(&s.out, `<text class="head" x="%d" y="%d">%s</text>`, x+4, s.y+svgHeader-14, date.Format("Mon 2 Jan"))
		fmt.Fprintf(&s.out, `<path class="rule" d="M%d %dV%d"/><path class="noon" d="M%d %dV%d"/>`+"\n", x, top-12, bottom, x+svgDay/2, top, bottom)
	}
	s.y += svgHeader
	row := span{days[0].from, days[len(days)-1].to}
	for _, l := range s.lanes {
		class := "head"
		if l.result {
			class = "result"
		}
		s.y += svgLane/2 + 4
		s.text(svgMargin+4, class, short(l.name, svgLabel-8))
		s.y -= svgLane/2 + 4
		for _, shift := range l.shifts {
			if at := (span{shift.From, shift.To}); len(shift.Who) > 0 && at.overlaps(row) {
				s.bar(shift, at.clip(row), days)
			}
		}
		if l.holes {
			for i, h := range s.plan.Holes {
				if at := (span{h.From, h.To}); at.overlaps(row) {
					s.hole(i+1, h, at.clip(row), days)
				}
			}
		}
		s.y += svgLane
	}
}

// x returns where on the row of days t is: within a day by the part of it that
// is over, so that a day of 23 or 25 hours is as wide as the others.
func x(days []span, t time.Time) float64 {
	for i, d := range days {
		if t.Before(d.to) {
			return svgMargin + svgLabel + svgDay*(float64(i)+d.at(t))
		}
	}
	return float64(svgMargin + svgLabel + svgDay*len(days))
}

// bar draws the part at of a shift: a strip for each responder, their nights
// shaded.
func (s *svg) bar(shift oncall.Shift, at span, days []span) {
	from, to := x(days, at.from), x(days, at.to)
	top := float64(s.y) + (svgLane-svgBar)/2
	strip := svgBar / float64(len(shift.Who))
	fmt.Fprintf(&s.out, "<g><title>%s</title>", escape(s.describe(shift)))
	for i, who := range shift.Who {
		y := top + float64(i)*strip
		fmt.Fprintf(&s.out, `<rect class="p%d" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, s.color[who], from, y, to-from, strip)
		for _, night := range s.nights(who, at) {
			a, b := x(days, night.from), x(days, night.to)
			fmt.Fprintf(&s.out, `<rect class="night" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, a, y, b-a, strip)
		}
	}
	fmt.Fprintf(&s.out, `<path class="rule" d="M%.1f %.1fv%d"/>`, from, top, svgBar)
	if room := to - from - 8; room > svgGlyph*2 {
		fmt.Fprintf(&s.out, `<text x="%.1f" y="%.1f">%s</text>`, from+5, top+svgBar/2+4, escape(short(strings.Join(shift.Who, "+"), room)))
	}
	s.out.WriteString("</g>\n")
}

// describe tells a shift in full, and what time it is then where they live.
func (s *svg) describe(shift oncall.Shift) string {
	const layout = "Mon 2 Jan 15:04"
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s to %s %s", strings.Join(shift.Who, " and "),
		shift.From.In(s.plan.zone()).Format(layout), shift.To.In(s.plan.zone()).Format(layout), oncall.ZoneName(s.plan.zone()))
	for _, who := range shift.Who {
		if zone := s.plan.Rota.People[who].Zone; zone != nil && zone.String() != s.plan.zone().String() {
			fmt.Fprintf(&b, "; for %s %s to %s %s", who, shift.From.In(zone).Format(layout), shift.To.In(zone).Format(layout), oncall.ZoneName(zone))
		}
	}
	return b.String()
}

// nights returns the times within at that are night where who lives; none if
// that is not known.
func (s *svg) nights(who string, at span) []span {
	zone := s.plan.Rota.People[who].Zone
	if zone == nil {
		return nil
	}
	var nights []span
	first := oncall.CivilOf(at.from.In(zone))
	for n := -1; ; n++ {
		night := span{
			oncall.Civil{Year: first.Year, Month: first.Month, Day: first.Day + n, Hour: nightFrom}.First(zone),
			oncall.Civil{Year: first.Year, Month: first.Month, Day: first.Day + n + 1, Hour: nightTo}.Last(zone),
		}
		if !night.from.Before(at.to) {
			return nights
		}
		if night.overlaps(at) {
			nights = append(nights, night.clip(at))
		}
	}
}

// hole draws the part at of hole n, at least so wide that it is seen.
func (s *svg) hole(n int, h oncall.Hole, at span, days []span) {
	from, to := x(days, at.from), x(days, at.to)
	width := max(to-from, 5)
	fmt.Fprintf(&s.out, "<g><title>%s</title>", escape("HOLE: "+s.plan.tell(h)))
	for _, fill := range []string{`class="hole"`, `fill="url(#oncall-hatch)"`} {
		fmt.Fprintf(&s.out, `<rect %s x="%.1f" y="%d" width="%.1f" height="%d"/>`, fill, from, s.y, width, svgLane)
	}
	text := fmt.Sprintf("HOLE %d", n)
	if float64(len(text))*svgGlyph > width {
		text = fmt.Sprint(n) // its red outline makes a narrow hole wider
	}
	fmt.Fprintf(&s.out, `<text class="holetext" x="%.1f" y="%d" text-anchor="middle">%s</text>`, from+width/2, s.y+svgLane/2+4, text)
	s.out.WriteString("</g>\n")
}

func (s *svg) legend() {
	s.y += 4
	s.rect("p0", svgMargin, s.y-9, 26, 12)
	s.rect("night", svgMargin, s.y-9, 26, 12)
	s.text(svgMargin+34, "head", fmt.Sprintf("night where the responder lives, %d:00 to %02d:00 by their own clock", nightFrom, nightTo))
	s.y += 4
}

func (s *svg) rect(class string, x, y, width, height int) {
	fmt.Fprintf(&s.out, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"/>`, class, x, y, width, height)
}

func (s *svg) text(x int, class, text string) {
	fmt.Fprintf(&s.out, `<text class="%s" x="%d" y="%d" xml:space="preserve">%s</text>`+"\n", class, x, s.y, escape(text))
}

// short cuts s so that it is drawn within room.
func short(s string, room float64) string {
	r := []rune(s)
	if n := int(room / svgGlyph); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	return b.String()
}
