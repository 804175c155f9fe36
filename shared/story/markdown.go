package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"rouse/shared/incident"
)

// A Reader is for whom a story is written down.
type Reader struct {
	Service string
	Name    func(id string) string // what people are called
	Zone    *time.Location         // by whose clock
	// Config is the Digest of the rouse.yaml by whose rota the story is told.
	Config string
	// Mask hides what is nobody's business in what customers wrote; nil: nothing.
	Mask func(string) string
}

// Times in the document, by the reader's clock.
const (
	clock   = "Mon 2 Jan 15:04:05"
	dateOf  = "2 January 2006"
	zoneOf  = "MST"
	atClock = "15:04:05"
)

// Markdown is the beginning of a postmortem: everything that Rouse knows, and
// headings under which a person writes what it cannot know.
func (s Story) Markdown(r Reader) string {
	d := document{Reader: r}
	in, f := s.Incident, s.Figures
	d.line("# %s: %s, %s", d.text(r.Service), d.text(cmp.Or(in.Title, string(in.ID))), f.Began.In(r.Zone).Format(dateOf))
	d.line("")
	d.line("Incident `%s`. Times are in %s (%s).", in.ID, f.Began.In(r.Zone).Format(zoneOf), r.Zone)
	if said := s.Told(r.Config); said != "" {
		d.line("%s", said)
	}
	if f.Settled.IsZero() {
		d.line("\n**It has not settled yet: this is how far it has come.**")
	}

	d.head("Figures")
	d.line("| | When | How long |\n| --- | --- | --- |")
	for _, line := range f.Lines() {
		d.line("| %s | %s | %s |", line.What, d.at(line.At), line.After)
	}
	d.line("| Nobody had it | | %s |", Span(f.Uncovered))

	d.head("When nobody had it")
	d.line("%s", s.Total())
	if len(s.Gaps) > 0 {
		d.line("\n| From | To | How long | Should have been awake | Why nobody had it |\n| --- | --- | --- | --- | --- |")
	}
	for _, g := range s.Gaps {
		for _, t := range g.Stretches {
			d.line("| %s | %s | %s | %s | %s |", d.at(t.From), t.To.In(r.Zone).Format(atClock), Span(t.To.Sub(t.From)), d.text(t.Awake(r.Name)), d.text(t.Why(r.Name)))
		}
	}

	d.head("What the customers were told")
	d.told(s.Events)

	d.section("Impact", "What could customers not do, how many of them, and for how long?")
	d.section("Cause", "What broke, what set it off, and why was it not found before?")
	d.section("What went well", "What should stay as it is?")
	d.section("What to change", "Each with somebody who does it, and by when.")

	d.head("Timeline")
	for _, e := range s.Events {
		line := d.text(e.Kind)
		if e.Who != "" {
			line += " " + d.text(r.Name(e.Who))
		}
		if e.Why != "" {
			line += ": " + d.text(e.Why)
		}
		d.line("- %s %s", d.at(e.At), line)
	}
	return d.String()
}

// Told says by which configuration it was opened, and whether that is the one
// the story is told by; "" if nobody knows.
func (s Story) Told(by string) string {
	switch s.Incident.Config {
	case "":
		return ""
	case by:
		return fmt.Sprintf("It was opened by configuration %s, and who should have been awake is told by the same.", by)
	}
	return fmt.Sprintf("It was opened by configuration %s. The rouse.yaml at hand is another one (%s): who should have been awake is told by that.", s.Incident.Config, by)
}

// A document is Markdown under way.
type document struct {
	Reader
	strings.Builder
}

func (d *document) line(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

func (d *document) head(title string) { d.line("\n## %s\n", title) }

// section is one that a person writes.
func (d *document) section(title, ask string) {
	d.head(title)
	d.line("_%s_", ask)
}

func (d *document) at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(d.Zone).Format(clock)
}

// special are the signs that mean something in Markdown, HTML among them.
const special = "\\`*_[]<>|#&~"

// text writes what others said so that it is nothing but text, in one line.
func (d *document) text(s string) string {
	if d.Mask != nil {
		s = d.Mask(s)
	}
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ") {
		if !unicode.IsPrint(r) {
			continue
		}
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// notices are what reporters are told by themselves, as a postmortem says it.
var notices = map[string]string{
	string(incident.NoticeReceived):  "we have your message",
	string(incident.NoticeTaken):     "a person is working on it",
	string(incident.NoticeRecovered): "it looks recovered",
	string(incident.NoticeRelapsed):  "it is failing again",
	string(incident.NoticeClosing):   "it is over",
}

// oneTelling is within which one thing that many are told is one line.
const oneTelling = time.Minute

// A telling is something that customers heard.
type telling struct {
	at    time.Time
	what  string
	to    []string // organisations; none: all who had written
	words bool     // a person's own
}

// spoken reports whether the last telling was somebody's words at t, which are
// an answer by themselves.
func spoken(all []telling, t time.Time) bool {
	return len(all) > 0 && all[len(all)-1].words && all[len(all)-1].at.Equal(t)
}

// told lists what customers heard, from Rouse and from people.
func (d *document) told(events []incident.Event) {
	var all []telling
	for _, e := range events {
		switch what := notices[e.Why]; {
		case e.Kind == "told" && what != "":
			i := slices.IndexFunc(all, func(t telling) bool { return t.what == what && e.At.Sub(t.at) < oneTelling })
			if i < 0 {
				i, all = len(all), append(all, telling{at: e.At, what: what})
			}
			if !slices.Contains(all[i].to, e.Who) {
				all[i].to = append(all[i].to, e.Who)
			}
		case e.Kind == "words":
			all = append(all, telling{at: e.At, words: true, what: fmt.Sprintf("%s wrote: “%s”", d.text(d.Name(e.Who)), d.text(e.Why))})
		case e.Kind == "answered" && !spoken(all, e.At):
			what := d.text(e.Why)
			if e.Who != "" {
				what += " (" + d.text(d.Name(e.Who)) + ")"
			}
			all = append(all, telling{at: e.At, what: what})
		case e.Kind == "not told" || e.Kind == "undelivered":
			all = append(all, telling{at: e.At, what: fmt.Sprintf("%s %s: %s", e.Kind, d.text(e.Who), d.text(e.Why))})
		}
	}
	if len(all) == 0 {
		d.line("Nothing.")
	}
	for _, t := range all {
		to := ""
		if len(t.to) > 0 {
			slices.Sort(t.to)
			to = ", to " + d.text(listed(t.to, func(s string) string { return s }))
		}
		d.line("- %s %s%s", d.at(t.at), t.what, to)
	}
}
