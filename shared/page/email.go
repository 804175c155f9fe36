package page

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"

	"rouse/shared/incident"
)

// Bounds of a mail.
const (
	quoteBytesMax = incident.QuoteMax // an incident keeps no longer one
	elsewhereMax  = 20                // incidents of a bundle that are told of one by one
	lineTitleMax  = 80                // bytes
)

// text is the body of the e-mail: what to know and what to do in its first
// lines, the rest below.
func (v view) text(service string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	in := v.Incident

	if n := len(v.elsewhere); n > 0 {
		line("%d incidents, the most pressing first.", n+1)
		line("")
	}
	if in.Rehearsed() {
		line("%s at %s: nothing is wrong.", v.title(), oneLine(service))
	} else {
		line("%s %s: %s", oneLine(service), v.title(), v.sentence())
	}
	line("%s", v.ask())
	line("")
	line("%s", v.todo())
	line("%s", v.link)
	line("(Opening it changes nothing; its buttons do.)")
	line("")
	if n := len(v.elsewhere); n > 0 {
		line("Each has its own buttons behind the link. The others:")
		for _, w := range v.elsewhere[:min(n, elsewhereMax)] {
			line("- %s", w.line())
		}
		if n > elsewhereMax {
			line("- and %d more", n-elsewhereMax)
		}
		line("")
		line("About %s:", v.title())
	}
	if words := defuse(oneLine(v.Words)); words != "" {
		label := "Checks"
		if v.Status == Uncovered {
			label = "Why"
		}
		if v.Status == Raised {
			label = "Raised"
		}
		if v.Zone != "" {
			label += " (" + v.Zone + " time)"
		}
		line("%s: %s.", label, strings.TrimRight(words, "."))
	} else if v.Status == Reported {
		line("Checks: none has seen it. It is known from customers' mail.")
	}
	if v.Checks > 1 {
		line("%d checks fail.", v.Checks)
	}
	if in.Reports > 0 {
		line("Customers: %s wrote, the first at %s.", cmp.Or(v.customers(), "somebody"), v.clock(in.FirstReport))
		if quote := oneLine(clipBytes(Mask(in.Quote), quoteBytesMax)); quote != "" {
			line("    \"%s\"", strings.ReplaceAll(defuse(quote), `"`, "'"))
		}
		if !in.AnswerBy.IsZero() {
			line("They were promised an answer by %s.", v.clock(in.AnswerBy))
		}
	}
	for _, p := range v.others {
		line("Paged: %s, %s%s.", oneLine(v.people.Name(p.Who)), p.Answer, v.when(p))
	}
	if why := oneLine(Mask(v.page.Why)); why != "" && v.page.Kind == incident.PageWake {
		line("You are paged as: %s.", defuse(why))
	}
	line("")
	line("Sent %s. Whoever took it since is on the screen behind the link.", v.now.Format("3:04pm MST, Mon 2 Jan 2006"))
	line("Incident %s", oneLine(string(in.ID)))
	return strings.ToValidUTF8(b.String(), "")
}

// line tells of one incident of several.
func (v view) line() string {
	title := clipBytes(v.title(), lineTitleMax)
	switch v.page.Kind {
	case incident.PageWake:
		return title + ": " + v.sentence() + "."
	case incident.PageTaken, incident.PageOver, incident.PageDrill:
		return title + ": " + v.ask()
	}
	return title + ": " + v.sentence() + ". " + v.ask()
}

func (v view) when(p Party) string {
	if p.At.IsZero() {
		return ""
	}
	return " (" + v.clock(p.At) + ")"
}

// sentence says the state with its evidence, without a full stop.
func (v view) sentence() string {
	switch v.Status {
	case Reported:
		return cmp.Or(v.customers(), "somebody") + " reported trouble, since " + v.clock(v.Since)
	case Recovered:
		return fmt.Sprintf("looks recovered for %s, began %s", Span(v.now.Sub(v.Well)), v.clock(v.Since))
	case Unchecked:
		return "not checked since " + v.clock(v.Fresh) + ", so nobody knows"
	case Uncovered:
		return "nobody is on call from " + v.clock(v.Incident.Hole.From) + " to " + v.clock(v.Incident.Hole.To)
	}
	state := map[Status]string{Down: "down", OnOff: "on and off", Raised: "in alarm"}[v.Status]
	if v.page.Kind == incident.PageRelapse && v.again() {
		state += " AGAIN since " + v.clock(v.Fresh) + ", first"
	}
	s := state + " since " + v.clock(v.Since)
	if failed := oneLine(v.Failed); failed != "" {
		s += ", " + failed + " failed"
	}
	return s
}

// ask says who has the incident and what is asked of the reader.
func (v view) ask() string {
	by := ""
	if !v.Incident.OwnerBy.IsZero() {
		by = " by " + v.clock(v.Incident.OwnerBy)
	}
	switch v.page.Kind {
	case incident.PageTaken:
		return cmp.Or(oneLine(v.people.Name(v.Incident.Owner)), "Somebody") + " has it. You can go back to sleep."
	case incident.PageOver:
		if who := v.Incident.ResolvedBy; who != "" {
			return cmp.Or(oneLine(v.people.Name(who)), "Somebody") + " says that it is over. You can go back to sleep."
		}
		return "It is over, and nobody had acknowledged it. Nothing is asked of you now."
	case incident.PageReply:
		return "This answers your SMS."
	case incident.PageRelapse:
		if v.again() {
			return "You have it. It is failing again: answer" + by + ", or others are woken."
		}
		if v.Status == Uncovered {
			return "You have it, and it has changed: answer" + by + ", or others are told."
		}
		return "You have it. It is growing: answer" + by + ", or others are woken."
	case incident.PageMail:
		wrote := cmp.Or(strings.TrimRight(defuse(oneLine(Mask(v.page.Why))), "."), "customers have written again")
		return "You have it. " + capital(wrote) + ". Nothing more is asked of you."
	case incident.PageCheckIn:
		return "Do you still have it? Answer" + by + ", or others are woken."
	case incident.PagePromise:
		return "You have it. The customers who wrote wait for an answer that was promised: answer them, and press Answered" + by + "."
	case incident.PagePassed:
		return oneLine(v.from()) + " passes it to you. Take it" + by + ", or others are woken."
	}
	switch v.Status {
	case Drill:
		by := ""
		if who := v.Incident.Drill.By; who != "" {
			by = oneLine(v.people.Name(who)) + " asked for it. "
		}
		return by + "Answer by " + v.clock(v.Incident.Drill.Until) + ": then the team knows that a page reaches you. Nobody else is woken."
	case Uncovered:
		return "Put somebody on call: rouse override, or rouse.yaml. Others are told until somebody says \"I have it\"."
	}
	return "Nobody has it yet. Others are woken until somebody does."
}

// todo introduces the link.
func (v view) todo() string {
	switch v.page.Kind {
	case incident.PageTaken, incident.PageOver, incident.PageReply, incident.PageMail:
		return "Its screen:"
	case incident.PageCheckIn, incident.PageRelapse, incident.PagePassed:
		return "Say \"I have it\", or wake the next person:"
	case incident.PagePromise:
		return "Say that the customers are answered:"
	}
	if v.Status == Drill {
		return "Say \"I have it\":"
	}
	return "Take it, or wake the next person:"
}

// oneLine makes white space and control characters, those that turn the
// direction of writing included, single spaces: nothing others wrote can look
// like a line of the mail.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.C, unicode.Zl, unicode.Zp)
	}), " ")
}

// clipBytes cuts s to at most n bytes, between characters.
func clipBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
