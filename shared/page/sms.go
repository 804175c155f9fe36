package page

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"rouse/shared/incident"
)

// A bit is a piece of an SMS: its wordings, the longest first. Of two bits the
// one of higher rank is shortened first. A last wording of "" may be left out.
type bit struct {
	rank     int
	wordings []string
}

// Ranks of bits: what a sleeper needs most goes last.
const (
	rankTitle = iota
	rankAsk
	rankStatus
	rankEvidence
	rankSent
	rankCustomers
	rankSilent
	rankRest
)

const (
	titleShort  = 12 // septets of a title where room is scarce
	failedMax   = 20
	reasonMax   = 60
	raisedMax   = 80 // what another monitor says: it has no count to be short about
	quoteMin    = 20 // a shorter bit of a quote says nothing
	nameMax     = 16
	silentNames = 2 // more are counted
	// elsewhereNamed is how many other incidents a bundle names.
	elsewhereNamed = 3
	linkSeparator  = " "
)

// sms writes one part with the whole link, if the link leaves room for words.
// Only an answer that has more to say than how the incident stands has no link.
func (v view) sms() string {
	if v.page.Kind == incident.PageReply {
		if say := clip(plain(Mask(v.page.Why)), septetsMax); say != "" {
			return say
		}
	}
	word := v.answer() // never left out
	if len(v.elsewhere) > 0 {
		word = "" // it stands with its incident
	}
	room := septetsMax - Septets(word+linkSeparator+v.link)
	text := fit(v.bits(room*3/10), room)
	return text + word + v.smsQuote(room-Septets(text)) + linkSeparator + v.link
}

// answer is the word by which the reader can answer, after a space; "" if there
// is nothing to answer, or no way to.
func (v view) answer() string {
	if v.word == "" || !v.asks() {
		return ""
	}
	return " " + v.word
}

// asks reports whether there is something that the reader may answer.
func (v view) asks() bool {
	switch v.page.Kind {
	case incident.PageTaken, incident.PageOver:
		return false
	}
	return v.Incident.State == incident.Triggered || v.Incident.State == incident.Acknowledged && v.Incident.Owner == v.Who
}

// bits are the pieces of the text in the order in which they are read, with a
// title of at most titleMax septets, so that a long one leaves room for news.
func (v view) bits(titleMax int) []bit {
	title := plain(strings.ToUpper(GSM(Mask(v.Incident.Title)))) // not every letter of the alphabet has its capital there
	if title == "" {
		title = "INCIDENT"
	}
	bits := []bit{{rankTitle, []string{clip(title, titleMax), clip(title, titleShort)}}}
	add := func(rank int, wordings ...string) { bits = append(bits, bit{rank, wordings}) }

	if n := len(v.elsewhere); n > 0 {
		for i, title := range bits[0].wordings {
			bits[0].wordings[i] = fmt.Sprintf("%d incidents. %s%s", n+1, title, v.answer())
		}
	}
	switch v.page.Kind {
	case incident.PageTaken:
		who := clip(plain(v.people.Short(v.Incident.Owner)), nameMax)
		if v.Incident.Owner == "" || who == "" {
			who = "Somebody"
		}
		add(rankAsk, ": "+who+" has it, you can sleep", ": "+who+" has it")
	case incident.PageOver:
		over := " is over"
		if !v.Well.IsZero() {
			over += ", well since " + v.clock(v.Well)
		}
		add(rankAsk, over, " is over")
		if v.Incident.ResolvedBy == "" {
			add(rankRest, ". Nobody acknowledged it", "")
		}
	case incident.PageReply:
		v.stands(add)
	case incident.PageRelapse:
		switch {
		case v.again() && v.Status == Recovered:
			add(rankStatus, " failed AGAIN, "+v.state(), " failed AGAIN")
		case v.Status == Uncovered:
			add(rankStatus, ": still "+v.condition(), ": "+v.state())
		case v.again():
			add(rankStatus, fmt.Sprintf(" %s AGAIN %s", v.state(), v.clock(v.Fresh)), " AGAIN")
		default:
			add(rankStatus, " is growing, "+v.condition(), " is growing")
		}
		add(rankAsk, ", you have it")
		v.evidence(add)
	case incident.PageCheckIn:
		answer := "Please answer"
		if by := v.Incident.OwnerBy; !by.IsZero() {
			answer = "Answer by " + v.clock(by)
		}
		add(rankAsk, ": still yours? "+answer)
		add(rankStatus, ". "+capital(v.condition()), "")
		v.evidence(add)
	case incident.PagePromise:
		who := cmp.Or(v.customers(), "customers")
		add(rankAsk, ": "+who+" still unanswered, you have it", ": "+who+" unanswered")
		add(rankStatus, ". "+capital(v.condition()), "")
		v.failed(add)
	case incident.PageMail:
		add(rankAsk, ": customers wrote again, you have it", ": wrote again")
		add(rankStatus, ". "+capital(v.condition()), "")
		v.failed(add)
	case incident.PagePassed:
		add(rankAsk, ": "+clip(plain(v.from()), nameMax)+" passes it to you", ": passed to you")
		add(rankStatus, ", "+v.condition(), "")
		v.evidence(add)
	case incident.PageDrill:
		add(rankAsk, ": nothing is wrong, press I have it", ": press I have it")
	default:
		if v.Status == Reported {
			v.reported(add)
		} else if v.Status == Uncovered {
			add(rankStatus, ": "+v.condition(), ": "+v.state())
			if why := plain(v.Words); why != "" {
				add(rankRest, ". "+clip(why, reasonMax), "")
			}
		} else {
			add(rankStatus, " "+v.condition(), " "+v.state())
			v.evidence(add)
		}
		v.silence(add)
	}
	if n := len(v.elsewhere); n > 0 {
		more := fmt.Sprintf(". And %d more", n)
		if n <= elsewhereNamed {
			names := make([]string, n)
			for i, w := range v.elsewhere {
				names[i] = clip(plain(Mask(w.Incident.Title)), titleShort) + w.answer()
			}
			add(rankEvidence, ". And "+strings.Join(names, ", "), more, "")
		} else {
			add(rankEvidence, more, "")
		}
	}
	sent := v.clock(v.now)
	add(rankSent, ". Sent "+sent, ". "+sent)
	return bits
}

// stands answers an SMS: how the incident stands now.
func (v view) stands(add func(int, ...string)) {
	in := v.Incident
	switch {
	case in.Rehearsed() && in.Answered(v.Who):
		add(rankAsk, ": you have answered, nothing is wrong")
	case !in.SettledAt.IsZero():
		add(rankAsk, " is over")
	case in.State == incident.Resolved:
		add(rankAsk, " is over")
		add(rankRest, ", closes "+v.clock(in.SettlesAt())+" unless it fails again", "")
	case in.State == incident.Acknowledged && in.Owner == v.Who:
		add(rankAsk, ": you have it")
		switch {
		case !in.OwnerBy.IsZero():
			add(rankRest, ". Answer by "+v.clock(in.OwnerBy), "")
		case !in.CheckIn.IsZero():
			add(rankRest, ". Next question "+v.clock(in.CheckIn), "")
		}
	case in.State == incident.Acknowledged:
		who := clip(plain(v.people.Short(in.Owner)), nameMax)
		add(rankAsk, ": "+cmp.Or(who, "somebody")+" has it, you can sleep", ": "+cmp.Or(who, "somebody")+" has it")
	case v.declined():
		add(rankAsk, ": the next is being woken")
	default:
		add(rankAsk, ": nobody has it yet")
	}
}

// declined reports whether the reader has said that they cannot take it.
func (v view) declined() bool {
	return slices.ContainsFunc(Parties(v.Incident, v.now), func(p Party) bool { return p.Who == v.Who && p.Answer == Cannot })
}

// reported is the status of an incident that no check has seen.
func (v view) reported(add func(int, ...string)) {
	since := v.clock(v.Since)
	if who := v.customers(); v.Incident.Capability != "" && who != "" {
		verb := " report"
		if len(v.Incident.Orgs) == 1 {
			verb = " reports"
		}
		add(rankStatus, ": "+who+verb+" trouble since "+since, ": "+who+", "+since, ": trouble")
		return
	}
	add(rankStatus, " reports trouble since "+since, " reports trouble")
	if n := len(v.Incident.Orgs); n > 1 {
		add(rankCustomers, fmt.Sprintf(", %d customers", n), "")
	}
}

// evidence adds the count of the samples and of the customers.
func (v view) evidence(add func(int, ...string)) {
	v.failed(add)
	if who := v.customers(); who != "" {
		add(rankCustomers, ", "+who, "")
	}
}

func (v view) failed(add func(int, ...string)) {
	if words := plain(v.Words); v.Status == Raised && words != "" {
		add(rankEvidence, ": "+clip(words, raisedMax), ": "+clip(words, raisedMax/2), "")
		return
	}
	if failed := plain(v.Failed); failed != "" {
		add(rankEvidence, ": "+clip(failed, failedMax)+" fail", "")
	}
}

func (v view) silence(add func(int, ...string)) {
	names := v.silent()
	if len(names) == 0 {
		return
	}
	count := fmt.Sprintf(". %d silent", len(names))
	if len(names) > silentNames {
		add(rankSilent, count, "")
		return
	}
	for i, name := range names {
		names[i] = clip(plain(name), nameMax)
	}
	add(rankSilent, ". "+strings.Join(names, ", ")+" silent", count, "")
}

// condition says the state and its beginning: "on/off since 9:52pm".
func (v view) condition() string {
	since := " since " + v.clock(v.Since)
	if v.Status == Recovered {
		return "looks recovered " + Span(v.now.Sub(v.Well)) + ", began " + v.clock(v.Since)
	}
	if v.Status == Uncovered {
		return v.state() + " from " + v.clock(v.Incident.Hole.From) + " to " + v.clock(v.Incident.Hole.To)
	}
	return v.state() + since
}

func (v view) state() string {
	switch v.Status {
	case Down:
		return "DOWN"
	case Unchecked:
		return "not checked"
	case Recovered:
		return "looks recovered " + Span(v.now.Sub(v.Well))
	case Reported:
		return "reported"
	case Uncovered:
		return "NOBODY on call"
	case Raised:
		return "ALARM"
	}
	return "on/off"
}

// smsQuote is what a customer wrote, where that is all that is known and room
// is left.
func (v view) smsQuote(room int) string {
	const open, end = ` "`, `"`
	quote := strings.ReplaceAll(plain(Mask(v.Incident.Quote)), `"`, "'")
	if v.page.Kind != incident.PageWake || v.Status != Reported || quote == "" || room < quoteMin {
		return ""
	}
	quote = clip(quote, room-Septets(open+end))
	if quote == "" {
		return ""
	}
	return open + quote + end
}

// clock says a time without a space, which phones keep on one line.
func (v view) clock(t time.Time) string { return Clock(t, v.now) }

var dotted = regexp.MustCompile(`([\pL\pN])\.([\pL\pN])`)

// plain writes text of others in the GSM alphabet and so that no phone makes a
// link of it: only the page's own may be touched at 3 a.m.
func plain(s string) string {
	return defuse(GSM(s))
}

// defuse breaks what phones and mail readers take for a link.
func defuse(s string) string {
	s = strings.ReplaceAll(s, "://", " ")
	for dotted.MatchString(s) { // the matches of "a.b.c" overlap
		s = dotted.ReplaceAllString(s, "$1 .$2")
	}
	return s
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// fit joins the bits, each in the longest wording that lets all of them fit
// into room septets. If even the shortest do not, the end is clipped.
func fit(bits []bit, room int) string {
	chosen := make([]int, len(bits))
	for {
		var b strings.Builder
		for i, x := range bits {
			b.WriteString(x.wordings[chosen[i]])
		}
		text := GSM(b.String())
		if Septets(text) <= room {
			return text
		}
		least := -1
		for i, x := range bits {
			if chosen[i] < len(x.wordings)-1 && (least < 0 || x.rank >= bits[least].rank) {
				least = i
			}
		}
		if least < 0 {
			return clip(text, room)
		}
		chosen[least]++
	}
}
