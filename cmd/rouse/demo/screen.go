package demo

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"rouse/cmd/rouse/local"
	"rouse/shared/config"
	"rouse/shared/oncall/picture"
)

// Widths of the two columns.
const (
	leftWidth  = 36
	rightWidth = 58
)

// screen writes the night in two columns.
type screen struct {
	w      io.Writer
	colour bool
	shown  map[string]bool // kinds of SMS that have been shown as on a phone
}

func newScreen(w io.Writer, colour bool) *screen {
	return &screen{w: w, colour: colour, shown: map[string]bool{}}
}

func (s *screen) paint(code, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (s *screen) line(format string, args ...any) { fmt.Fprintf(s.w, format+"\n", args...) }

// opening shows the hole that nobody had looked for.
func (s *screen) opening(c *config.Config) {
	s.line("%s", s.paint(bold, "Rouse: the night of 3 November, told twice. All times are US Central."))
	s.line("")
	from := at("00:00").AddDate(0, 0, -2) // the Monday of Ana's journey
	to := from.AddDate(0, 0, 7)
	holes := c.Holes(from, to)
	if len(holes) > 0 {
		line, column := c.Position(c.Mend(holes[0]))
		s.line("%s", s.paint(red, fmt.Sprintf("`cdk synth` would have refused this rota (night.yaml:%d:%d):", line, column)))
		s.line("")
		fmt.Fprint(s.w, picture.Text(picture.Plan{
			Rota: c.Rota, Schedules: c.Coverage.Schedules, From: from, To: to, Holes: holes, Zone: central,
		}, picture.TextOptions{Columns: leftWidth + rightWidth + 13, Color: s.colour}))
		s.line("")
	}
	s.line("But nobody had looked. So:")
	s.line("")
	s.row("", s.paint(bold, pad("THAT NIGHT", leftWidth)), s.paint(bold, "WITH ROUSE"))
	s.row("", strings.Repeat("─", leftWidth), strings.Repeat("─", rightWidth))
}

// row writes one row; the columns may hold colours but fit their widths.
func (s *screen) row(time, left, right string) {
	fmt.Fprintln(s.w, strings.TrimRight(fmt.Sprintf("%-8s  %s │ %s", time, left, right), " "))
}

func (s *screen) thatNight(t time.Time, what string) {
	for i, l := range wrap(what, leftWidth) {
		clock := ""
		if i == 0 {
			clock = t.In(central).Format("15:04:05")
		}
		s.row(clock, s.paint(faint, pad(l, leftWidth)), "")
	}
}

// quiet are events that another row tells better.
var quiet = map[string]bool{"paged": true, "told": true, "report": true}

func (s *screen) withRouse(e entry) {
	if quiet[e.Kind] {
		return
	}
	colour := yellow
	switch e.Kind {
	case "acknowledged", "recovered", "resolved", "settled", "answered":
		colour = green
	case "opened", "reopened", "nobody", "promise", "page failed":
		colour = red
	}
	s.right(e.At, colour, describe(e))
}

func (s *screen) right(t time.Time, colour, text string) {
	for i, l := range wrap(text, rightWidth) {
		clock := ""
		if i == 0 {
			clock = t.In(central).Format("15:04:05")
		}
		s.row(clock, pad("", leftWidth), s.paint(colour, l))
	}
}

func describe(e entry) string {
	text := e.Kind
	if e.Who != "" {
		text += " " + e.Who
	}
	if e.Why != "" {
		text += ": " + e.Why
	}
	return text
}

// message shows what somebody got. The first SMS of each kind stands as it
// would on a phone, the others in a line.
func (s *screen) message(m local.Message, name string) {
	switch m.Channel {
	case "mail":
		s.right(m.At, cyan, fmt.Sprintf("mail to %s: %s", m.To, firstLine(m.Text)))
	case "email":
		return // the same page by e-mail
	case "sms":
		kind := varying.ReplaceAllString(m.Text, "")
		if s.shown[kind] {
			s.right(m.At, bold, "SMS to "+name)
			return
		}
		s.shown[kind] = true
		s.right(m.At, bold, "SMS to "+name)
		const width = rightWidth - 8
		s.row("", pad("", leftWidth), "  ╭"+strings.Repeat("─", width+2)+"╮")
		for _, l := range wrap(m.Text, width) {
			s.row("", pad("", leftWidth), "  │ "+s.paint(bold, pad(l, width))+" │")
		}
		s.row("", pad("", leftWidth), "  ╰"+strings.Repeat("─", width+2)+"╯")
	}
}

// varying is what differs between two SMS of one kind.
var varying = regexp.MustCompile(`https?://\S+|[0-9]+|[ap]m\b|customers?`)

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// closing tells the timeline and what the night comes to.
func (s *screen) closing(history []entry, f figures, without string) {
	s.line("")
	s.line("%s", s.paint(bold, "The timeline, as `rouse timeline` keeps it"))
	for _, e := range history {
		s.line("  %s  %s", e.At.In(central).Format("15:04:05"), describe(e))
	}
	s.line("")
	what := "The figures"
	if without != "" {
		what += ", without " + without
	}
	s.line("%s%sthat night      with Rouse", s.paint(bold, what), strings.Repeat(" ", 34-len(what)))
	s.figure("first page after", onDuty.Sub(trouble), since(f.paged, trouble))
	s.figure("a person has it after", onDuty.Sub(trouble), since(f.acked, trouble))
	for i, d := range f.told {
		s.figure(fmt.Sprintf("reporter %d hears back after", i+1), at("01:15").Sub(at(letters[i].at)), d.Round(time.Second).String())
	}
	if len(f.told) == 0 {
		s.figure("reporters hear back after", at("01:15").Sub(at(letters[0].at)), "never")
	}
	s.figure("a person answers them after", at("01:15").Sub(at(letters[0].at)), since(f.answered, at(letters[0].at)))
	s.figure("relapse paged after", 0, since(f.relapsePaged, relapse))
	s.line("  %-32s%-16s%d, %d pages", "incidents", "none", f.incidents, f.pages)
	s.line("")
	if f.acked.IsZero() {
		s.line("%s", s.paint(red, "Nobody woke up."))
	} else {
		s.line("%s", s.paint(green, "Somebody woke up."))
	}
}

func (s *screen) figure(what string, then time.Duration, now string) {
	that := "never"
	if then > 0 {
		that = strings.TrimSuffix(then.String(), "0s")
	}
	s.line("  %-32s%-16s%s", what, that, now)
}

func since(t, from time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Sub(from).Round(time.Second).String()
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// wrap breaks s into lines of at most width characters, words that are longer
// than that included.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		for utf8.RuneCountInString(word) > width {
			if line != "" {
				lines = append(lines, line)
				line = ""
			}
			r := []rune(word)
			lines = append(lines, string(r[:width]))
			word = string(r[width:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
