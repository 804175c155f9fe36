package picture

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // so that every machine tests the same clocks
	"unicode/utf8"

	"pgregory.net/rapid"

	"rouse/shared/oncall"
)

func in(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func one(ids ...string) (rotation []oncall.Member) {
	for _, id := range ids {
		rotation = append(rotation, oncall.Member{Who: []string{id}})
	}
	return rotation
}

// story is the rota of the night of the story: business hours by turns,
// evenings by somebody who goes to London, and nothing after that.
func story(t testing.TB) Plan {
	chicago, la, london := in(t, "America/Chicago"), in(t, "America/Los_Angeles"), in(t, "Europe/London")
	dec := func(d, h int) time.Time { return time.Date(2026, 12, d, h, 0, 0, 0, chicago) }
	week := oncall.Period{N: 1, Unit: oncall.Week}
	r := oncall.Rota{
		People: map[string]oncall.Person{
			"ana": {Name: "Ana Ruiz", Zone: la, Away: []oncall.Away{{From: dec(20, 0), To: dec(23, 0), Why: "London"}}},
			"bo":  {Name: "Bo Lind", Zone: chicago}, "cy": {Name: "Cy Shah", Zone: london},
		},
		Schedules: map[string]oncall.Schedule{"primary": {Zone: chicago,
			Layers: []oncall.Layer{
				{Name: "nights", Rotation: one("cy"), Every: week, Start: oncall.Civil{Year: 2026, Month: 11, Day: 2}, During: []oncall.Restriction{{From: 0, To: 9 * 60}}},
				{Name: "days", Rotation: []oncall.Member{{Who: []string{"bo"}}, {Who: []string{"bo", "cy"}}}, Every: week, Start: oncall.Civil{Year: 2026, Month: 11, Day: 2, Hour: 9}, During: []oncall.Restriction{{From: 9 * 60, To: 17 * 60}}},
				{Name: "evenings", Rotation: one("ana"), Every: week, Start: oncall.Civil{Year: 2026, Month: 11, Day: 2, Hour: 17}, During: []oncall.Restriction{{From: 17 * 60, To: 60}}},
			},
			Overrides: []oncall.Override{{Who: []string{"cy"}, From: dec(21, 17), To: dec(22, 1)}}},
		},
	}
	p := Plan{Rota: r, Schedules: []string{"primary"}, From: dec(18, 9), To: dec(18, 9).AddDate(0, 0, 14), Zone: chicago}
	p.Holes = r.Holes(p.Schedules, p.From, p.To, nil)
	return p
}

const storyASCII = `On call: primary, Fri 18 Dec 2026 09:00 to Fri 1 Jan 2027 09:00, Central time

          18 Dec    Sat 19    Sun 20    Mon 21    Tue 22    Wed 23    Thu 24
nights              |cy-      |cy-      |cy-      |cy-      |cy-      |cy-
days         |bo-   .   |bo   .   |bo   .   |bo   .   |bo   .   |bo   .   |bo
evenings         |an.      |an.         .         .         .      |an.      |an
overrides           .         .         .      |cy.         .         .
on call      |bo-|an|cy-|bo|an|cy-|bo!!!|cy-|bo|cy----|bo!!!|cy-|bo|an|cy-|bo|an
                                     ^1                  ^2

          25 Dec    Sat 26    Sun 27    Mon 28    Tue 29    Wed 30    Thu 31
nights    |cy-      |cy-      |cy-      |cy-      |cy-      |cy-      |cy-
days      .   |bo   .   |bo   .   |bo   .   |bo   .   |bo   .   |bo   .   |bo
evenings  .      |an.      |an.      |an.      |an.      |an.      |an.      |an
overrides .         .         .         .         .         .         .
on call   |cy-|bo|an|cy-|bo|an|cy-|bo|an|cy-|bo|an|cy-|bo|an|cy-|bo|an|cy-|bo|an

          1 Jan
nights    |cy-
days      .
evenings  .
overrides .
on call   |cy-

2 HOLES in which nobody can be reached:
   1  Sun 20 Dec 17:00 to Mon 21 Dec 00:00 (7h): days ends 17:00 Central; ana is away (London); nights begins 00:00 Central
   2  Tue 22 Dec 17:00 to Wed 23 Dec 00:00 (7h): days ends 17:00 Central; ana is away (London); nights begins 00:00 Central
`

func TestText(t *testing.T) {
	p := story(t)
	if got := Text(p, TextOptions{ASCII: true}); got != storyASCII {
		t.Errorf("got\n%s\nwant\n%s", got, storyASCII)
	}
	plain := Text(p, TextOptions{})
	if got := strings.NewReplacer("├", "|", "─", "-", "·", ".", "█", "!").Replace(plain); got != storyASCII {
		t.Errorf("with Unicode it is another picture:\n%s", plain)
	}
	painted := Text(p, TextOptions{Color: true})
	if got := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(painted, ""); got != plain {
		t.Errorf("in colour it is another picture:\n%s", got)
	}
	if !strings.Contains(painted, "\x1b[1;97;41m███\x1b[0m") {
		t.Error("the hole is not red")
	}
}

func TestTextWithoutHolesAndWithoutSchedules(t *testing.T) {
	p := story(t)
	p.To = p.From.AddDate(0, 0, 1)
	p.Holes = p.Rota.Holes(p.Schedules, p.From, p.To, nil)
	if got := Text(p, TextOptions{}); !strings.Contains(got, "No holes") || strings.Contains(got, "█") {
		t.Errorf("a covered day is drawn as\n%s", got)
	}
	p = Plan{From: p.From, To: p.To, Holes: p.Rota.Holes(nil, p.From, p.To, nil)}
	if got := Text(p, TextOptions{}); !strings.Contains(got, "coverage") || !strings.Contains(got, "HOLE") || !strings.Contains(got, "no schedule is to be covered") {
		t.Errorf("no schedule is drawn as\n%s", got)
	}
	p.To = p.From
	p.Holes = nil
	if got := Text(p, TextOptions{}); strings.Count(got, "\n") != 3 {
		t.Errorf("an empty window is drawn as\n%s", got)
	}
}

// TestTwoSchedulesHaveTheirHolesInOneLane: where one of them has somebody the
// other's emptiness is no hole.
func TestTwoSchedulesHaveTheirHolesInOneLane(t *testing.T) {
	p := story(t)
	p.Rota.Schedules["backup"] = oncall.Schedule{Layers: []oncall.Layer{{Name: "b", Rotation: one("bo"), Every: oncall.Period{N: 1, Unit: oncall.Week}, Start: oncall.Civil{Year: 2026, Month: 12, Day: 22}}}}
	p.Schedules = []string{"primary", "backup"}
	p.Holes = p.Rota.Holes(p.Schedules, p.From, p.To, nil)
	got := Text(p, TextOptions{})
	for _, line := range strings.Split(got, "\n") {
		if strings.Contains(line, "█") && !strings.HasPrefix(line, "coverage") {
			t.Errorf("a hole outside the lane of coverage: %s", line)
		}
	}
	if len(p.Holes) != 1 || strings.Count(got, "███") != 1 {
		t.Errorf("%d holes, drawn as\n%s", len(p.Holes), got)
	}
}

// TestEveryHoleIsDrawn puts one hole anywhere, of any length, in any zone and
// on any terminal: it is seen in both pictures, and no line is too long.
func TestEveryHoleIsDrawn(t *testing.T) {
	zones := []*time.Location{in(t, "America/Chicago"), in(t, "Australia/Lord_Howe"), in(t, "Pacific/Apia"), in(t, "America/Santiago"), nil}
	rapid.Check(t, func(t *rapid.T) {
		p := Plan{Zone: zones[rapid.IntRange(0, len(zones)-1).Draw(t, "zone")], Schedules: []string{"s"}}
		p.From = time.Unix(rapid.Int64Range(1.3e9, 1.95e9).Draw(t, "from"), 0)
		if rapid.Bool().Draw(t, "samoa") {
			p.From = time.Date(2011, 12, 25, 0, 0, 0, 0, time.UTC) // before the day that Apia skipped
		}
		p.To = p.From.AddDate(0, 0, 14)
		from := p.From.Add(time.Duration(rapid.IntRange(0, 14*86400-1).Draw(t, "begins")) * time.Second)
		to := from.Add(time.Duration(rapid.IntRange(1, 86400).Draw(t, "seconds")) * time.Second)
		if to.After(p.To) {
			to = p.To
		}
		p.Rota = oncall.Rota{
			People: map[string]oncall.Person{"zoë": {Zone: zones[rapid.IntRange(0, len(zones)-1).Draw(t, "lives")], Away: []oncall.Away{{From: from, To: to, Why: "<&\x01 ☃"}}}},
			Schedules: map[string]oncall.Schedule{"s": {Layers: []oncall.Layer{{Name: "a layer with a long name <&", Rotation: one("zoë"),
				Every: oncall.Period{N: 1, Unit: oncall.Day}, Start: oncall.Civil{Year: 2000}}}}},
		}
		p.Holes = p.Rota.Holes(p.Schedules, p.From, p.To, nil)
		if len(p.Holes) != 1 {
			t.Fatalf("the holes are %v", p.Holes)
		}
		o := TextOptions{Columns: rapid.IntRange(50, 250).Draw(t, "columns"), ASCII: rapid.Bool().Draw(t, "ascii")}
		lines := strings.Split(Text(p, o), "\n")
		drawn := false
		for i, line := range lines {
			if n := utf8.RuneCountInString(line); n > o.Columns && i > 0 && i < len(lines)-3 {
				t.Fatalf("line %d has %d columns of %d: %s", i, n, o.Columns, line)
			}
			if strings.IndexFunc(line, func(r rune) bool { return o.ASCII && r > '~' }) >= 0 {
				t.Fatalf("not ASCII: %q", line)
			}
			drawn = drawn || i < len(lines)-3 && strings.HasPrefix(line, "on call") && strings.ContainsAny(line, "!█")
		}
		if !strings.Contains(strings.Join(lines[:len(lines)-3], "\n"), "^1") {
			t.Fatalf("the hole has no number:\n%s", strings.Join(lines, "\n"))
		}
		if !drawn {
			t.Fatalf("the hole %v is not drawn:\n%s", p.Holes[0], strings.Join(lines, "\n"))
		}
		wide := 0.0
		walk(t, SVG(p), func(e xml.StartElement) {
			if attr(e, "class") == "hole" {
				w, _ := strconv.ParseFloat(attr(e, "width"), 64)
				wide = max(wide, w)
			}
		})
		if wide < 5 {
			t.Fatalf("the hole %v is %.1f wide in the SVG", p.Holes[0], wide)
		}
	})
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// walk reads an SVG as XML and shows its elements.
func walk(t interface{ Fatalf(string, ...any) }, svg string, see func(xml.StartElement)) {
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("not XML: %v", err)
		}
		if e, ok := token.(xml.StartElement); ok {
			see(e)
		}
	}
}

// TestLongPlansAreBounded: what does not fit is not drawn, but its holes are
// told.
func TestLongPlansAreBounded(t *testing.T) {
	p := story(t)
	p.To = p.From.AddDate(5, 0, 0)
	p.Holes = []oncall.Hole{{From: p.To.AddDate(0, 0, -1), To: p.To, Why: "far away"}}
	text, svg := Text(p, TextOptions{}), SVG(p)
	if n := strings.Count(text, "\non call "); n != weeksMax || !strings.Contains(text, "far away") {
		t.Errorf("%d weeks are drawn, want %d, and below the hole is told:\n%s", n, weeksMax, text[len(text)-200:])
	}
	if !strings.Contains(svg, "and so on.</desc>") || !strings.Contains(svg, "far away") {
		t.Error("the description is not bounded, or does not tell the hole")
	}
	if len(svg) > 4<<20 {
		t.Errorf("the picture of five years has %d bytes", len(svg))
	}
}

func TestSVG(t *testing.T) {
	p := story(t)
	got := SVG(p)
	for _, want := range []string{
		`<title id="oncall-title">On call: primary, Fri 18 Dec 2026 09:00 to Fri 1 Jan 2027 09:00, Central time</title>`,
		`2 HOLES in which nobody can be reached: Sun 20 Dec 17:00 to Mon 21 Dec 00:00 (7h): days ends 17:00 Central; ana is away (London)`,
		`from Sun 20 Dec 17:00 nobody; from Mon 21 Dec 00:00 cy;`,
		`aria-labelledby="oncall-title oncall-desc"`,
		`prefers-color-scheme:dark`,
		`<title>cy: Mon 21 Dec 17:00 to Tue 22 Dec 09:00 Central; for cy Mon 21 Dec 23:00 to Tue 22 Dec 15:00 London</title>`,
		`>HOLE 1</text>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in it", want)
		}
	}
	if rest := strings.Replace(got, `xmlns="http://www.w3.org/2000/svg"`, "", 1); strings.Contains(rest, "http") || strings.Contains(rest, "@import") {
		t.Error("it needs something from outside")
	}
	if again := SVG(p); again != got {
		t.Error("the same plan gives two pictures")
	}
	p.Holes = append(p.Holes, oncall.Hole{From: p.From, To: p.To, Why: strings.Repeat("a long reason; ", 40)})
	walk(t, SVG(p), func(xml.StartElement) {})
}

// TestNightsAreShaded holds that a shift at 3 a.m. where its responder lives
// is drawn as one, and one in their day is not.
func TestNightsAreShaded(t *testing.T) {
	london := in(t, "Europe/London")
	shaded := func(from, to int) (total float64) {
		p := Plan{Schedules: []string{"s"}, From: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 12, 3, 0, 0, 0, 0, time.UTC)}
		p.Rota = oncall.Rota{
			People:    map[string]oncall.Person{"cy": {Zone: london}},
			Schedules: map[string]oncall.Schedule{"s": {Overrides: []oncall.Override{{Who: []string{"cy"}, From: p.From.Add(time.Duration(from) * time.Hour), To: p.From.Add(time.Duration(to) * time.Hour)}}}},
		}
		first := true
		walk(t, SVG(p), func(e xml.StartElement) {
			if attr(e, "class") == "night" && attr(e, "height") == "24.0" && first {
				w, _ := strconv.ParseFloat(attr(e, "width"), 64)
				total, first = w, false
			}
		})
		return total / (svgDay / 24)
	}
	for _, tt := range []struct {
		from, to int
		want     float64
	}{{3, 4, 1}, {9, 18, 0}, {20, 24, 2}, {22, 31, 9}, {6, 12, 1}} {
		if got := shaded(tt.from, tt.to); got != tt.want {
			t.Errorf("of a shift from %d to %d %v hours are shaded, want %v", tt.from, tt.to, got, tt.want)
		}
	}
}

// TestContrast holds every text of the SVG to WCAG 2 AA, 4.5 to 1, on all that
// it is drawn on.
func TestContrast(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		value := func(selector, property string) string {
			for _, c := range svgColors {
				if c.selector == selector && c.property == property {
					return map[string]string{"light": c.light, "dark": c.dark}[scheme]
				}
			}
			t.Fatalf("no %s of %s", property, selector)
			return ""
		}
		color := func(selector, property string) (rgb [3]float64) {
			n, err := strconv.ParseUint(value(selector, property)[1:], 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			return [3]float64{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}
		}
		legible := func(what string, ink, paper [3]float64) {
			a, b := luminance(ink), luminance(paper)
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("%s, %s: the contrast is %.2f", scheme, what, ratio)
			}
		}
		text, paper, lane := color("text", "fill"), color(".paper", "fill"), color(".lane", "fill")
		legible("text", text, paper)
		legible("text on a lane", text, lane)
		legible("labels", color(".head", "fill"), paper)
		legible("labels on a lane", color(".head", "fill"), lane)
		legible("the verdict", color(".bad", "fill"), paper)
		legible("a hole", color(".holetext", "fill"), color(".hole", "fill"))
		opacity, err := strconv.ParseFloat(value(".night", "fill-opacity"), 64)
		if err != nil {
			t.Fatal(err)
		}
		for i := range colors {
			bar, night := color(fmt.Sprintf(".p%d", i), "fill"), color(".night", "fill")
			legible(fmt.Sprintf("bar %d", i), text, bar)
			for j := range bar {
				bar[j] = bar[j]*(1-opacity) + night[j]*opacity
			}
			legible(fmt.Sprintf("bar %d at night", i), text, bar)
		}
	}
}

// luminance is the relative luminance of WCAG 2.
func luminance(rgb [3]float64) float64 {
	var linear [3]float64
	for i, c := range rgb {
		c /= 255
		if linear[i] = c / 12.92; c > 0.04045 {
			linear[i] = math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*linear[0] + 0.7152*linear[1] + 0.0722*linear[2]
}
