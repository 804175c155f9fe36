package picture

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// TextOptions is what the terminal can do.
type TextOptions struct {
	Columns int  // of the terminal; 0 means 80
	Color   bool // ANSI colours
	ASCII   bool // nothing beyond ASCII
}

// labelMax is the most columns that the name of a lane takes.
const labelMax = 16

// Text draws p for a terminal. No line of the drawing is longer than the
// terminal, if that has 50 columns at least.
func Text(p Plan, o TextOptions) string {
	if o.Columns == 0 {
		o.Columns = 80
	}
	t := &text{plan: p, TextOptions: o, lanes: p.lanes()}
	t.color = p.palette(t.lanes)
	for _, l := range t.lanes {
		t.label = max(t.label, min(utf8.RuneCountInString(l.name), labelMax))
	}
	t.day = min(max((o.Columns-t.label-1)/weekDays, 4), 24)
	t.line(p.title())
	for _, week := range p.weeks() {
		t.week(week)
	}
	t.line("")
	t.line(t.paint(p.verdict(), len(p.Holes) > 0))
	for i, h := range p.Holes {
		t.line(fmt.Sprintf("%4d  %s", i+1, p.tell(h)))
	}
	return t.out.String()
}

type text struct {
	TextOptions
	plan       Plan
	lanes      []lane
	color      map[string]int
	label, day int // columns of a label and of a day
	out        strings.Builder
}

func (t *text) line(s string) {
	if t.ASCII {
		s = strings.Map(func(r rune) rune {
			if r > '~' {
				return '?'
			}
			return r
		}, s)
	}
	t.out.WriteString(strings.TrimRight(s, " ") + "\n")
}

func (t *text) week(days []span) {
	head := ""
	for i, d := range days {
		date := d.from.Add(d.to.Sub(d.from) / 2).In(t.plan.zone()) // midday: midnight may be missing
		layout := "Mon 2"
		if i == 0 || date.Day() == 1 {
			layout = "2 Jan"
		}
		switch {
		case t.day >= 11:
			layout = "Mon 2 Jan"
		case t.day < 7 && layout == "Mon 2":
			layout = "2"
		}
		head += fit(date.Format(layout), t.day)
	}
	t.line("")
	t.line(strings.Repeat(" ", t.label+1) + head)
	for _, l := range t.lanes {
		t.lane(l, days)
	}
}

// A mark is what a cell of a lane shows.
type mark struct {
	kind kind
	n    int // which hole or which shift
}

type kind int

const (
	outside kind = iota // of the window
	hole
	shift
	covered // in the lane that has nothing but holes
)

// lane draws one lane, and under it, where its holes begin, their numbers.
func (t *text) lane(l lane, days []span) {
	var marks []mark
	for _, c := range t.cells(days) {
		marks = append(marks, t.mark(l, c))
	}
	drawn := ""
	for i := 0; i < len(marks); {
		n := i + 1
		for n < len(marks) && marks[n] == marks[i] {
			n++
		}
		switch m := marks[i]; {
		case m.kind == outside:
			drawn += strings.Repeat(" ", n-i)
		case m.kind == hole:
			drawn += t.hole(n - i)
		case m.kind == covered:
			drawn += strings.Repeat(t.either("─", "-"), n-i)
		case len(l.shifts[m.n].Who) == 0:
			drawn += t.nobody(i, n)
		default:
			drawn += t.bar(l.shifts[m.n].Who, n-i)
		}
		i = n
	}
	name := fit(l.name, t.label)
	if l.result && t.Color {
		name = "\x1b[1m" + name + "\x1b[0m"
	}
	t.line(name + " " + drawn)
	t.numbers(marks)
}

// mark decides what a cell shows: any hole in it, or else the shift in its
// middle.
func (t *text) mark(l lane, cell span) mark {
	if !cell.overlaps(t.plan.window()) {
		return mark{}
	}
	for n, h := range t.plan.Holes {
		if l.holes && cell.overlaps(span{h.From, h.To}) {
			return mark{hole, n + 1}
		}
	}
	now := middle(cell.clip(t.plan.window()))
	for n, s := range l.shifts {
		if now.Before(s.To) {
			return mark{shift, n}
		}
	}
	return mark{kind: covered}
}

// cells divides the days into the times that one column stands for.
func (t *text) cells(days []span) []span {
	var cells []span
	for _, d := range days {
		step := d.to.Sub(d.from) / time.Duration(t.day)
		for i := range t.day {
			from := d.from.Add(time.Duration(i) * step)
			cells = append(cells, span{from, from.Add(step)})
		}
	}
	return cells
}

func middle(s span) time.Time { return s.from.Add(s.to.Sub(s.from) / 2) }

// bar draws a shift n columns wide: where it begins, and who has it.
func (t *text) bar(who []string, n int) string {
	name := strings.Join(who, "+")
	if utf8.RuneCountInString(name) > n-1 {
		name = string([]rune(name)[:n-1])
	}
	bar := t.either("├", "|") + name + strings.Repeat(t.either("─", "-"), n-1-utf8.RuneCountInString(name))
	if t.Color {
		return fmt.Sprintf("\x1b[%dm%s\x1b[0m", [colors]int{36, 32, 33, 35, 34, 96, 92, 95}[t.color[who[0]]], bar)
	}
	return bar
}

// hole draws a hole n columns wide.
func (t *text) hole(n int) string {
	fill := t.either("█", "!")
	word := "HOLE"
	if n < len(word)+2 {
		return t.paint(strings.Repeat(fill, n), true)
	}
	left := (n - len(word)) / 2
	return t.paint(strings.Repeat(fill, left)+word+strings.Repeat(fill, n-len(word)-left), true)
}

// nobody draws columns i to n of a lane that holds nobody: the midnights.
func (t *text) nobody(i, n int) string {
	var b strings.Builder
	for ; i < n; i++ {
		if i%t.day == 0 {
			b.WriteString(t.either("·", "."))
		} else {
			b.WriteString(" ")
		}
	}
	return b.String()
}

// numbers writes the number of each hole under its beginning in this row.
func (t *text) numbers(marks []mark) {
	under := []byte(strings.Repeat(" ", len(marks)))
	free, any := 0, false
	for i, m := range marks {
		if m.kind != hole || i > 0 && marks[i-1] == m {
			continue
		}
		any = true
		number := fmt.Sprintf("^%d", m.n)
		if i = min(i, len(under)-len(number)); i >= free {
			free = i + copy(under[i:], number) + 1
		}
	}
	if any {
		t.line(strings.Repeat(" ", t.label+1) + string(under))
	}
}

// either returns the sign to draw with, or what stands for it in ASCII.
func (t *text) either(sign, ascii string) string {
	if t.ASCII {
		return ascii
	}
	return sign
}

// paint makes a bad thing red.
func (t *text) paint(s string, bad bool) string {
	if !t.Color || !bad {
		return s
	}
	return "\x1b[1;97;41m" + s + "\x1b[0m"
}

// fit pads or cuts s to n columns.
func fit(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s + strings.Repeat(" ", n-utf8.RuneCountInString(s))
}
