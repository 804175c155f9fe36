package oncall

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// reasonsMax bounds what is said about one hole; the rest is "and more".
const reasonsMax = 8

// reasons collects why one hole is open, each reason once.
type reasons struct {
	opened int64    // the instant at which the hole begins
	about  []string // what a later reason would repeat, by name of its subject
	texts  []string
	firsts int // of the texts, how many are the cause of the opening
}

func (r *reasons) String() string {
	texts := r.texts
	if len(texts) > reasonsMax {
		texts = append(slices.Clone(texts[:reasonsMax]), "and more")
	}
	return strings.Join(texts, "; ")
}

// add adds a reason. Only the first about a subject is kept; "" is the text
// itself.
func (r *reasons) add(subject, text string) { r.insert(len(r.texts), subject, text) }

// first adds a reason that opened the hole: it comes before the others.
func (r *reasons) first(subject, text string) {
	if r.insert(r.firsts, subject, text) {
		r.firsts++
	}
}

func (r *reasons) insert(i int, subject, text string) bool {
	if subject == "" {
		subject = text
	}
	if slices.Contains(r.about, subject) {
		return false
	}
	r.about = append(r.about, subject)
	r.texts = slices.Insert(r.texts, i, text)
	return true
}

// away adds that who is away at t, if they are.
func (r *reasons) away(s *sweep, who string, t int64) {
	for _, a := range s.rota.People[who].Away {
		if i := a.interval(); t < i.from || t >= i.to {
			continue
		}
		if a.Why == "" {
			r.add("", who+" is away")
		} else {
			r.add("", fmt.Sprintf("%s is away (%s)", who, a.Why))
		}
		return
	}
}

// moment writes an instant by the clock in loc, with as much of the date as it
// needs next to that of the hole's opening.
func (r *reasons) moment(at int64, loc *time.Location) string {
	t := time.Unix(at, 0).In(loc)
	layout := "15:04"
	if t.Second() != 0 {
		layout = "15:04:05"
	}
	switch distance := max(at-r.opened, r.opened-at); {
	case distance >= 300*day:
		layout = "2 Jan 2006 " + layout
	case distance >= 6*day:
		layout = "2 Jan " + layout
	case distance >= day:
		layout = "Mon " + layout
	}
	return t.Format(layout) + " " + ZoneName(loc)
}

// ZoneName returns what people call a zone: "Pacific" for America/Los_Angeles,
// "London" for Europe/London. A nil zone is UTC.
func ZoneName(loc *time.Location) string {
	if loc == nil {
		return "UTC"
	}
	switch name := loc.String(); name {
	case "America/Los_Angeles", "US/Pacific":
		return "Pacific"
	case "America/Denver", "US/Mountain":
		return "Mountain"
	case "America/Chicago", "US/Central":
		return "Central"
	case "America/New_York", "US/Eastern":
		return "Eastern"
	default:
		return strings.ReplaceAll(name[strings.LastIndex(name, "/")+1:], "_", " ")
	}
}
