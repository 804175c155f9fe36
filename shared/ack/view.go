package ack

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/page"
	tale "rouse/shared/story"
)

// Limits of what the screen shows, so that it stays one small answer.
const (
	titleBytesMax = 80
	wordsBytesMax = 300
	quoteBytesMax = incident.QuoteMax
	partiesMax    = 12
	passMax       = 50
	eventsMax     = 50
	gapsMax       = 12
	whyBytesMax   = 120
)

// A view is the screen, in words.
type view struct {
	Service, Title string
	ID             incident.ID
	Reader         string
	Now            string // when the screen was drawn, with the zone
	Seen           int64
	List           string // the code whose list this is one of; "" if it is alone

	Status page.Status
	State  string // "is on and off"
	Since  template.HTML
	Until  template.HTML // of a hole in the rota; "" for all else
	Standing
	Facts
	Buttons
	Mutes Mutes
	Hours []hour
}

// Standing is who has the incident.
type Standing struct {
	Mood    string // "open", "mine", "theirs", "over": how it is coloured
	Who     string
	Details []string
}

// Facts are what to know before pressing anything.
type Facts struct {
	Failing string
	Words   string
	Zone    string // of the times in Words
	Parties []party
	More    int // parties left out
	Wrote   string
	Quote   string
	Answer  string // how the promise to customers stands
	Told    []told
}

// told is something that the customers were told.
type told struct {
	At        template.HTML
	Who, What string // Who is "" for Rouse itself
}

type party struct {
	Name, Answer string
	At           template.HTML
	Quiet        bool // was paged and said nothing
}

// Buttons are those that would do something now.
type Buttons struct {
	Ack, Next string // their words; "" is none
	Asked     bool   // an acknowledgement is waited for
	Resolve   bool
	Red       bool // a check fails, so that "it's over" will not last
	Answered  bool
	Tell      string // whom words would go to: "2 customers"; "" is nobody
	Snoozes   []int
	PassTo    []choice
}

type choice struct{ ID, Name string }

// view draws the incident for one reader.
func (h *handler) view(in incident.Incident, reader string) view {
	at := h.clock.Now()
	now := at.In(h.people.Zone(reader))
	s := page.See(in)
	v := view{
		Service: h.service, Title: h.title(in), ID: in.ID,
		Reader: h.people.Name(reader), Now: now.Format("3:04pm MST"), Seen: in.Version,
		Status: s.Status, State: state(s, now), Since: moment(s.Since, now),
		Standing: h.standing(in, reader, now),
		Facts:    h.facts(in, s, reader, now),
		Buttons:  h.buttons(in, reader),
	}
	if s.Status == page.Uncovered {
		v.Until = moment(in.Hole.To, now)
	}
	return v
}

func (h *handler) title(in incident.Incident) string {
	return cmp.Or(clip(page.Mask(in.Title), titleBytesMax), "incident")
}

func state(s page.Sight, now time.Time) string {
	switch s.Status {
	case page.Down:
		return "is down"
	case page.OnOff:
		return "is on and off"
	case page.Unchecked:
		return "is not being checked"
	case page.Raised:
		return "is in alarm"
	case page.Recovered:
		return "looks recovered for " + page.Span(now.Sub(s.Well))
	}
	if s.Status == page.Drill {
		return "asks for your answer"
	}
	if s.Status == page.Uncovered {
		return "has nobody on call"
	}
	return "trouble is reported"
}

// standing says who has it, and what became of what the reader pressed.
func (h *handler) standing(in incident.Incident, reader string, now time.Time) Standing {
	owner := h.people.Name(in.Owner)
	switch {
	case in.Rehearsed():
		return drilled(in, reader, now)
	case in.State == incident.Resolved:
		by := "It has been quiet for long enough."
		if in.ResolvedBy == reader {
			by = "You said so " + ago(in.ResolvedAt, now) + "."
		} else if in.ResolvedBy != "" {
			by = h.people.Name(in.ResolvedBy) + " said so " + ago(in.ResolvedAt, now) + "."
		}
		return Standing{"over", "It is over", []string{by,
			"It closes at " + page.Clock(in.SettlesAt(), now) + " if nothing fails until then. If something does, people are paged again."}}
	case in.State == incident.Acknowledged && in.Owner == reader:
		s := Standing{Mood: "mine", Who: "You have it", Details: []string{"Since " + page.Clock(in.OwnedSince, now) + ". Nobody else is being woken."}}
		if !in.OwnerBy.IsZero() {
			s.Details = append(s.Details, "Press by "+page.Clock(in.OwnerBy, now)+" that you still have it, or others are woken.")
		} else if !in.CheckIn.IsZero() {
			s.Details = append(s.Details, "You will be asked at "+page.Clock(in.CheckIn, now)+" whether you still have it.")
		}
		return s
	case in.State == incident.Acknowledged:
		s := Standing{Mood: "theirs", Who: owner + " took it " + ago(in.OwnedSince, now), Details: []string{"You can go back to sleep."}}
		if !in.OwnerBy.IsZero() {
			s.Who = owner + " has it"
			s.Details = []string{"They are asked to confirm by " + page.Clock(in.OwnerBy, now) + "; if they don’t, others are woken."}
		}
		return s
	}
	s := Standing{Mood: "open", Who: "Nobody has it yet"}
	declined := slices.ContainsFunc(page.Parties(in, now), func(p page.Party) bool { return p.Who == reader && p.Answer == page.Cannot })
	if declined {
		s.Details = append(s.Details, "You said that you can’t.")
	}
	if ringing := h.ringing(in, reader, now); ringing != "" {
		s.Details = append(s.Details, "Being woken now: "+ringing+".")
	} else if in.NextStep.After(now) {
		s.Details = append(s.Details, "The next people are woken at "+page.Clock(in.NextStep, now)+".")
	} else {
		s.Details = append(s.Details, "The next people are being woken.")
	}
	return s
}

// drilled is the standing of a drill, in which each answers for themselves.
func drilled(in incident.Incident, reader string, now time.Time) Standing {
	switch {
	case in.Answered(reader):
		return Standing{"mine", "You have answered", []string{"That was all. Pages reach you."}}
	case in.State == incident.Resolved:
		return Standing{"over", "The " + in.Title + " is over", []string{"Nobody is asked any more."}}
	}
	return Standing{"open", "This is a " + in.Title, []string{"Press “I have it” by " + page.Clock(in.Drill.Until, now) + ". Nobody else is being woken."}}
}

func ago(t, now time.Time) string {
	if now.Sub(t) < 15*time.Second {
		return "just now"
	}
	return page.Span(now.Sub(t)) + " ago"
}

// ringing names those who have just been paged.
func (h *handler) ringing(in incident.Incident, reader string, now time.Time) string {
	var names []string
	for _, p := range page.Parties(in, now) {
		if p.Answer == page.Ringing && p.Who != reader {
			names = append(names, h.people.Name(p.Who))
		}
	}
	if len(names) > partiesMax {
		return fmt.Sprintf("%d people", len(names))
	}
	return strings.Join(names, ", ")
}

func (h *handler) facts(in incident.Incident, s page.Sight, reader string, now time.Time) Facts {
	f := Facts{Failing: failing(s, now), Words: clip(s.Words, wordsBytesMax), Zone: s.Zone}
	for _, p := range page.Parties(in, now) {
		if len(f.Parties) == partiesMax {
			f.More++
			continue
		}
		q := party{Name: h.people.Name(p.Who), Answer: string(p.Answer), Quiet: p.Answer == page.Silent}
		if p.Who == reader {
			q = party{Name: "You", Answer: yours[p.Answer]}
		}
		if p.Answer == page.Has && in.State == incident.Resolved {
			q.Answer = "had it"
		}
		if !p.At.IsZero() {
			q.At = moment(p.At, now)
		}
		f.Parties = append(f.Parties, q)
	}
	if in.Reports > 0 {
		f.Wrote = wrote(in)
		f.Quote = clip(page.Mask(in.Quote), quoteBytesMax)
	}
	if h.tells {
		f.Told = h.told(in, reader)
	}
	switch {
	case in.Reports == 0:
	case !in.AnsweredAt.IsZero():
		f.Answer = "Answered at " + page.Clock(in.AnsweredAt, now) + "."
	case in.Broken:
		f.Answer = "The answer they were promised is overdue."
	case !in.AnswerBy.IsZero():
		f.Answer = "They were promised an answer by " + page.Clock(in.AnswerBy, now) + "."
	}
	return f
}

// yours are the answers as their giver reads them.
var yours = map[page.Answer]string{
	page.Has: "have it", page.Ringing: "paged", page.Silent: "paged", page.Cannot: "can’t take it",
	page.Unreached: "could not be reached", page.Unanswered: "paged",
}

func failing(s page.Sight, now time.Time) string {
	switch s.Status {
	case page.Drill:
		return "No. Nothing is wrong."
	case page.Uncovered:
		return "Not yet, but nobody would be woken."
	case page.Reported:
		return "No check has seen it; customers wrote."
	case page.Unchecked:
		return "Nobody knows: the check has not been heard of."
	case page.Recovered:
		return "Not since " + page.Clock(s.Well, now) + "."
	}
	yes := "Yes"
	if s.Status == page.Raised {
		yes = "So it was raised"
	}
	if s.Checks > 1 {
		yes = fmt.Sprintf("Yes, %d checks", s.Checks)
	}
	if s.Words == "" && s.Failed != "" {
		return yes + ": " + s.Failed + " failed."
	}
	return yes + "."
}

func wrote(in incident.Incident) string {
	if len(in.Orgs) <= 1 {
		return "A customer wrote"
	}
	return customers(in) + " wrote"
}

func customers(in incident.Incident) string {
	switch n := len(in.Orgs); {
	case n <= 1:
		return "1 customer"
	case n >= incident.OrgsMax:
		return fmt.Sprintf("%d customers and more", n)
	default:
		return fmt.Sprintf("%d customers", n)
	}
}

// buttons are those that incident.Change would do something on.
func (h *handler) buttons(in incident.Incident, reader string) Buttons {
	if in.Rehearsed() {
		if in.State == incident.Triggered && !in.Answered(reader) {
			return Buttons{Ack: "I have it", Asked: true}
		}
		return Buttons{}
	}
	b := Buttons{Answered: in.Reports > 0 && in.AnsweredAt.IsZero()}
	if in.Reports > 0 && h.tells {
		b.Tell = customers(in)
	}
	if in.State == incident.Resolved {
		return b
	}
	b.Resolve, b.Red = true, in.Red() && in.RecoveredAt.IsZero()
	b.PassTo = h.passTo(in, reader)
	switch {
	case in.State == incident.Triggered:
		b.Ack, b.Next, b.Snoozes, b.Asked = "I have it", "Can’t: wake the next person", snoozes, true
	case in.Owner == reader:
		b.Ack, b.Next, b.Snoozes = "I still have it", "Can’t keep it: wake the next", snoozes
		b.Asked = !in.OwnerBy.IsZero()
	}
	return b
}

// passTo lists whom the reader may pass it to: first those who were paged and
// so may be awake.
func (h *handler) passTo(in incident.Incident, reader string) []choice {
	var paged, rest []choice
	for id := range h.people {
		switch c := (choice{id, h.people.Name(id)}); {
		case id == reader || id == in.Owner:
		case slices.ContainsFunc(in.Paged, func(p incident.Paged) bool { return p.Who == id }):
			paged = append(paged, c)
		default:
			rest = append(rest, c)
		}
	}
	byName := func(a, b choice) int { return strings.Compare(a.Name+"\x00"+a.ID, b.Name+"\x00"+b.ID) }
	slices.SortFunc(paged, byName)
	slices.SortFunc(rest, byName)
	all := append(paged, rest...)
	return all[:min(len(all), passMax)]
}

// A story is the timeline's screen.
type story struct {
	Service  string
	ID       incident.ID
	Zone     string
	Figures  []figure
	Total    string // how long nobody had it; "" of a drill
	Gaps     []gap
	MoreGaps int // not shown
	Left     int // events before those shown
	Events   []entry
}

type figure struct {
	What, After string
	At          template.HTML
}

// A gap is a stretch in which nobody had it.
type gap struct {
	From       template.HTML
	Long       string
	Awake, Why string
}

type entry struct {
	At             template.HTML
	Kind, Who, Why string
}

// tell tells the incident from its timeline alone, which is one read. Its key
// names its capability, and with it the policy, if it has one.
func (h *handler) tell(events []incident.Event, team loop.Team, code loop.Code) tale.Story {
	return tale.Tell(tale.Night{
		Incident: incident.Incident{ID: code.Incident, Key: code.Key}, Events: events,
		Rota: team.Rota, Policy: team.PolicyFor(string(code.Key)), Now: h.clock.Now(),
	})
}

func (h *handler) story(events []incident.Event, team loop.Team, code loop.Code) story {
	now := h.clock.Now().In(h.people.Zone(code.Who))
	s := story{Service: h.service, ID: code.Incident, Zone: now.Format("MST")}
	t := h.tell(events, team, code)
	for _, f := range t.Figures.Lines() {
		line := figure{What: f.What, After: f.After}
		if !f.At.IsZero() {
			line.At = moment(f.At, now)
		}
		s.Figures = append(s.Figures, line)
	}
	if !strings.HasPrefix(string(code.Key), incident.DrillPrefix) {
		s.Total = t.Total()
	}
	for _, g := range t.Gaps {
		for _, p := range g.Stretches {
			if len(s.Gaps) == gapsMax {
				s.MoreGaps++
				continue
			}
			s.Gaps = append(s.Gaps, gap{moment(p.From, now), tale.Span(p.To.Sub(p.From)), p.Awake(h.people.Name), clip(page.Mask(p.Why(h.people.Name)), wordsBytesMax)})
		}
	}
	if s.Left = max(0, len(events)-eventsMax); s.Left > 0 {
		events = events[s.Left:]
	}
	for _, e := range slices.Backward(events) {
		s.Events = append(s.Events, entry{
			At: timed(e.At, e.At.In(now.Location()).Format("Mon 3:04:05pm")), Kind: e.Kind,
			Who: clip(page.Mask(h.people.Name(e.Who)), titleBytesMax), Why: clip(page.Mask(e.Why), whyBytesMax),
		})
	}
	return s
}

// moment is a time for people and for machines.
func moment(t, now time.Time) template.HTML { return timed(t, page.Clock(t, now)) }

func timed(t time.Time, words string) template.HTML {
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, t.UTC().Format(time.RFC3339), words))
}

// clip makes s one line of at most n bytes, cut between characters.
func clip(s string, n int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if len(s) <= n {
		return s
	}
	cut := n - len("…")
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
