package sim

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/record"
)

// The invariants: what must hold whatever goes wrong. Each is a function
// below, which returns what it found, "" if nothing.
const (
	nextPageIsComing   = "while an incident is triggered, its next page is coming"
	nextPageComes      = "the next page comes with the next sweep that nothing hinders"
	pageGoesOut        = "a page that was decided on goes out, or has lost its point"
	nothingIsLeft      = "such a sweep leaves nothing that is due"
	noWakeAfterAck     = "nobody is woken once somebody has it"
	oneOpenPerKey      = "one incident is open per key"
	foldedOnce         = "every signal is folded once"
	mailIsRead         = "every mail is read"
	reporterIsAnswered = "every reporter is answered"
	answeredOnce       = "no reporter is answered twice"
	timelineTells      = "the timeline tells what was sent"
	redNeverSettles    = "nothing settles while its check is red"
	troubleReopens     = "trouble after closing reopens or opens"
	pressCounts        = "a button that was answered has counted"
	sentOnce           = "a page that is on record as sent is not sent again"
	keepsDistance      = "deliveries to somebody by a channel keep their distance"
	nobodyIsFlooded    = "nobody is sent a flood of pages about one incident"
	nothingSpins       = "nothing spins"
	drillStaysNarrow   = "a drill pages its first step and nobody else, and ends by itself"
)

// Invariants lists them.
var Invariants = []string{nextPageIsComing, nextPageComes, pageGoesOut, nothingIsLeft, noWakeAfterAck, oneOpenPerKey, foldedOnce, mailIsRead,
	reporterIsAnswered, answeredOnce, timelineTells, redNeverSettles, troubleReopens, pressCounts, sentOnce, keepsDistance, nobodyIsFlooded, nothingSpins, drillStaysNarrow}

// A watch sees everything that really happens, in its order, and remembers
// what the invariants speak of. It knows nothing that Rouse has decided but
// from what Rouse has asked for.
type watch struct {
	w        *world
	longest  time.Duration // that a page may be waited for, unless everyone has been paged
	order    int           // of what happens
	byKey    map[incident.Key]incident.Incident
	lives    map[incident.ID]*life
	written  map[incident.Key]time.Time
	pages    map[incident.Key]map[string]loop.LivePage // decided on, and not done
	signals  map[string]*signal
	checks   map[incident.Key][]verdict
	debts    []*debt // in the order in which they were made
	debtOf   map[record.Notice]*debt
	answers  map[record.Notice]*fn // who has handed over the answer
	onRecord map[record.Notice]bool
	done     map[string]bool           // pages, by id
	lately   map[addressee][]time.Time // pages that carriers took
	opens    map[loop.Outbox]time.Time // when each gate opens
	hints    map[incident.Key][]time.Time
	stood    map[string]int              // how many good sweeps have found a page at its gate
	sent     map[loop.Outbox][]time.Time // deliveries that carriers took
	swept    time.Time                   // when the last sweep began that nothing hindered
	accepted int
}

// A life is an incident as the watch sees it.
type life struct {
	incident.Incident
	opened    time.Time
	closed    time.Time
	turned    time.Time // when its turn last changed
	taps      int       // folded
	attempted time.Time // when it last had a carrier wake somebody, or knew nobody to wake
	asked     []string  // whom a drill may page
}

type signal struct {
	incident.Signal
	order  int
	folded bool
}

// An addressee is somebody whom pages about an incident go to, until the next
// button is pressed.
type addressee struct {
	incident     incident.ID
	taps         int
	who, channel string
}

// A verdict is what a check was last said to be.
type verdict struct {
	check string
	red   bool
	order int
}

// A debt is an answer that a reporter waits for.
type debt struct {
	who   string
	since time.Time
	due   time.Time // since when only the desk is to blame; zero while it is not
	paid  bool
}

func newWatch(w *world) *watch {
	c := w.team.config
	// Beyond the longest wait of its own: a whole round that reached nobody, and
	// a report that is not clear.
	longest := 5 * time.Minute
	for _, p := range c.Policies {
		for _, s := range p.Steps {
			longest = max(longest, s.Wait)
		}
	}
	return &watch{
		w: w, longest: max(longest, c.Inbox.AnswerWithin), swept: w.begin,
		byKey: map[incident.Key]incident.Incident{}, lives: map[incident.ID]*life{}, written: map[incident.Key]time.Time{},
		pages:   map[incident.Key]map[string]loop.LivePage{},
		signals: map[string]*signal{}, checks: map[incident.Key][]verdict{},
		opens: map[loop.Outbox]time.Time{}, stood: map[string]int{}, hints: map[incident.Key][]time.Time{}, sent: map[loop.Outbox][]time.Time{},
		done: map[string]bool{}, lately: map[addressee][]time.Time{}, debtOf: map[record.Notice]*debt{}, answers: map[record.Notice]*fn{}, onRecord: map[record.Notice]bool{},
	}
}

// skewSlack is more than the clocks of two functions differ.
const skewSlack = 2*time.Second + time.Millisecond

// hold notes the first invariant that is broken.
func (w *watch) hold(invariant, broken string) {
	if broken == "" || w.w.broken != nil {
		return
	}
	w.w.broken = &Violation{Invariant: invariant, Why: broken, At: w.w.clock.Now()}
	if w.w.out != nil {
		w.w.tell("*** BROKEN", "%s: %s", invariant, broken)
	}
}

func (w *watch) wrote(key incident.Key) { w.written[key] = w.w.clock.Now() }

// What happens.

func (w *watch) hinted(key incident.Key) { w.hold(nothingSpins, w.chases(key)) }

func (w *watch) called(f *fn) { w.hold(nothingSpins, w.spins(f)) }

func (w *watch) put(f *fn, s incident.Signal, fresh bool) {
	f.signal = s.ID
	if !fresh {
		return
	}
	if w.w.out != nil {
		w.w.tell(f.String(), "signal %s for %s", s.ID, s.Key)
	}
	w.order++
	w.signals[s.ID] = &signal{Signal: s, order: w.order}
	w.wrote(s.Key)
	if s.Check != nil {
		w.checks[s.Key] = append(w.checks[s.Key], verdict{s.Check.Check, s.Check.Evidence.Red, w.order})
	}
}

func (w *watch) loaded(f *fn, key incident.Key) {
	w.order++
	f.loaded[key] = w.order
}

func (w *watch) committed(f *fn, c loop.Commit) {
	if w.w.out != nil {
		w.w.tellCommit(f, c)
	}
	w.hold(oneOpenPerKey, w.opensSecond(c))
	w.hold(foldedOnce, w.foldsAgain(c))
	w.hold(nextPageIsComing, w.forgetsPage(c))
	w.hold(redNeverSettles, w.settlesRed(f, c))
	w.hold(troubleReopens, w.ignoresTrouble(c))

	key, in := c.After.Key, c.After
	now := w.w.clock.Now()
	w.order++
	w.wrote(key)
	w.byKey[key] = in
	taps := 0
	for _, id := range c.Rest.Signals {
		s := w.signals[id]
		s.folded = true
		w.owe(s.Signal, in)
		if s.Tap != nil {
			taps++
		}
	}
	if in.ID == "" {
		return
	}
	l := w.lives[in.ID]
	if l == nil {
		l = &life{opened: now, turned: now, asked: w.firstStep(c.At)}
		w.lives[in.ID] = l
	}
	if l.Turn != in.Turn {
		l.turned = now
	}
	if !in.Open() && l.closed.IsZero() {
		l.closed = now
	}
	l.Incident = in
	l.taps += taps
	for _, e := range c.Events {
		if e.Kind == "nobody" {
			l.attempted = now
		}
	}
	for _, p := range c.Rest.Pages {
		w.decided(key, loop.LivePage{Page: p})
	}
	for _, p := range c.Pages {
		w.decided(key, p)
		if p.Lease.Token != "" {
			w.hold(noWakeAfterAck, w.wakes(p.Page))
			w.hold(sentOnce, w.sendsAgain(p.Page))
		}
	}
	w.told(f, c.Events)
	w.went(c.Gates...)
}

func (w *watch) decided(key incident.Key, p loop.LivePage) {
	if w.pages[key] == nil {
		w.pages[key] = map[string]loop.LivePage{}
	}
	w.pages[key][p.ID] = p
}

// owe notes that a reporter waits for an answer.
func (w *watch) owe(s incident.Signal, in incident.Incident) {
	if s.Report == nil || s.Report.Urgency == "benign" || s.Report.Reporter.Silent != "" || !in.Open() {
		return
	}
	r := s.Report.Reporter
	n := record.Notice{Incident: in.ID, Name: string(incident.NoticeReceived), Reporter: r.ID()}
	if w.debtOf[n] == nil {
		d := &debt{who: r.Address, since: w.w.clock.Now(), paid: w.answers[n] != nil}
		w.debtOf[n] = d
		w.debts = append(w.debts, d)
	}
}

func (w *watch) claimed(f *fn, key incident.Key, p incident.Page, l loop.Lease) {
	w.wrote(key)
	w.decided(key, loop.LivePage{Page: p, Lease: l})
	if w.w.out != nil {
		w.w.tell(f.String(), "leases %s", p.ID)
	}
	w.hold(noWakeAfterAck, w.wakes(p))
	w.hold(sentOnce, w.sendsAgain(p))
}

// tried is a delivery on its way to a carrier.
func (w *watch) tried(d loop.Delivery) {
	for _, p := range d.Pages {
		if l := w.lives[p.Incident]; l != nil && p.Kind == incident.PageWake {
			l.attempted = w.w.clock.Now()
		}
	}
}

// went is a gate that somebody has gone through.
func (w *watch) went(gates ...loop.Gate) {
	for _, g := range gates {
		w.opens[g.Outbox] = g.Opens
	}
}

// paged is a delivery that a carrier has taken.
func (w *watch) paged(f *fn, d loop.Delivery) {
	w.accepted++
	w.hold(keepsDistance, w.crowds(d))
	for _, p := range d.Pages {
		f.untold["page to "+p.Who]++
		w.hold(nobodyIsFlooded, w.floods(p))
		w.hold(drillStaysNarrow, w.widens(p))
		if w.w.out != nil {
			w.w.tell(f.String(), "PAGES %s by %s: %s (%s)", p.Who, p.Channel, p.ID, p.Kind)
		}
	}
}

func (w *watch) recorded(f *fn, r loop.Record) {
	w.wrote(r.Key)
	for _, p := range r.Done {
		delete(w.pages[r.Key], p.ID)
		w.done[p.ID] = true
	}
	for _, p := range r.Again {
		w.decided(r.Key, loop.LivePage{Page: p})
	}
	w.told(f, r.Events)
	for _, s := range r.Signals {
		if w.signals[s.ID] == nil {
			w.put(f, s, true)
		}
	}
}

// told is what the timeline tells.
func (w *watch) told(f *fn, events []incident.Event) {
	for _, e := range events {
		if e.Kind == "paged" {
			f.untold["page to "+e.Who]--
			w.hold(timelineTells, w.tellsTooMuch(f, e))
		}
	}
}

// answered is a mail to a reporter, by their address, that the carrier has taken.
func (w *watch) answered(f *fn, to string) {
	n := f.claims[incident.Reporter{Address: to}.ID()]
	if w.w.out != nil {
		w.w.tell(f.String(), "ANSWERS %s: %s of %s", n.Reporter, n.Name, n.Incident)
	}
	w.hold(answeredOnce, w.answersAgain(n))
	w.answers[n] = f
	f.untold["answer"]++
	w.pay(n)
}

// answering is a run of the desk that has begun to answer somebody.
func (w *watch) answering(f *fn, n record.Notice) {
	f.claims[n.Reporter] = n
	if d := w.debtOf[n]; d != nil && !d.due.IsZero() {
		d.due = w.w.clock.Now()
	}
}

func (w *watch) pay(n record.Notice) {
	if d := w.debtOf[n]; d != nil {
		d.paid = true
	}
}

func (w *watch) answerTold(f *fn, n record.Notice, events []incident.Event) {
	w.onRecord[n] = true
	for _, e := range events {
		switch e.Kind {
		case "told":
			f.untold["answer"]--
		case "not told":
			w.pay(n)
		}
	}
}

// thanked is a screen that says that a button has counted.
func (w *watch) thanked(f *fn) { w.hold(pressCounts, w.pressForgotten(f)) }

// ended is an invocation that has come to its end, if err is nil, or has died.
func (w *watch) ended(f *fn, err error) {
	if err != nil || f.faults > 0 {
		return
	}
	w.hold(timelineTells, w.tellsTooLittle(f))
	if f.on != "sweep" {
		return
	}
	switch f.name {
	case "router":
		if f.held { // otherwise another one is under way
			w.sweptCleanly(f)
		}
	case "inbox":
		w.hold(mailIsRead, w.unread(f.started))
	case "desk":
		w.hold(reporterIsAnswered, w.unanswered(f.started))
	}
}

func (w *watch) sweptCleanly(f *fn) {
	seen := f.started.Add(f.offset)
	w.hold(nextPageComes, w.pageIsLate(f, seen))
	w.hold(pageGoesOut, w.losesPage(f, seen))
	w.hold(nothingIsLeft, w.leavesDue(f, seen))
	now := w.w.clock.Now()
	for _, d := range w.debts {
		if d.due.IsZero() && d.since.Before(f.started) {
			d.due = now
		}
	}
	w.swept = f.started
}

func (w *watch) atTheEnd() {
	w.hold(foldedOnce, w.neverFolded())
	w.hold(drillStaysNarrow, w.drillGoesOn())
	w.hold(mailIsRead, w.unread(w.w.clock.Now().Add(-5*time.Minute)))
	for _, d := range w.debts {
		d.due = d.since
	}
	w.hold(reporterIsAnswered, w.unanswered(w.w.clock.Now()))
}

// The invariants.

func (w *watch) spins(f *fn) string {
	if f.calls > callsMax {
		return fmt.Sprintf("%s has made %d calls", f, f.calls)
	}
	return ""
}

// chases looks at a hint about a key that has come to the router. Hints that
// call for the next one at once spin as a loop does.
func (w *watch) chases(key incident.Key) string {
	const most, while = 200, 10 * time.Second
	now := w.w.clock.Now()
	times := append(w.hints[key], now)
	for now.Sub(times[0]) > while {
		times = times[1:]
	}
	w.hints[key] = times
	if len(times) > most {
		return fmt.Sprintf("%d hints about %s come within %s", len(times), key, while)
	}
	return ""
}

// callsMax is more than any invocation here needs.
const callsMax = 1500

// floods looks at a page that a carrier has just taken. One person may have a
// page of their own rules, one that a dead sender left, a call and that of the
// next step at about once, by one channel. A button that is pressed may page
// them anew.
func (w *watch) floods(p incident.Page) string {
	const most, while = 5, 5 * time.Second
	now := w.w.clock.Now()
	l := w.lives[p.Incident]
	if l == nil {
		return "" // that it is claimed at all, noWakeAfterAck is against
	}
	to := addressee{p.Incident, l.taps, p.Who, p.Channel}
	times := append(w.lately[to], now)
	for now.Sub(times[0]) > while {
		times = times[1:]
	}
	w.lately[to] = times
	if len(times) > most {
		return fmt.Sprintf("%s is sent %d pages about %s by %s within %s", p.Who, len(times), p.Incident, p.Channel, while)
	}
	return ""
}

// crowds looks at a delivery that a carrier has just taken. A gate opens after
// five seconds, of which clocks may take two; one that is slow may come together
// with the next.
func (w *watch) crowds(d loop.Delivery) string {
	const most, while = 14, 30 * time.Second
	if d.Pages[0].Kind == incident.PageReply {
		return ""
	}
	now := w.w.clock.Now()
	o := loop.Outbox{Who: d.Who, Channel: d.Channel}
	times := append(w.sent[o], now)
	for now.Sub(times[0]) > while {
		times = times[1:]
	}
	w.sent[o] = times
	if len(times) > most {
		return fmt.Sprintf("%s is sent %d messages by %s within %s", d.Who, len(times), d.Channel, while)
	}
	return ""
}

// atGate reports whether a page waits for its gate to open.
func (w *watch) atGate(p loop.LivePage, seen time.Time) bool {
	return w.opens[loop.Outbox{Who: p.Who, Channel: p.Channel}].After(seen)
}

func drill(key incident.Key) bool { return strings.HasPrefix(string(key), incident.DrillPrefix) }

// firstStep lists whom the default policy pages first at an instant; while a
// deployment is under way, either policy.
func (w *watch) firstStep(at time.Time) (who []string) {
	targets := w.w.rules.PolicyFor("").Steps[0].Targets
	if w.w.clock.Now().Before(w.w.oldUntil) {
		targets = slices.Concat(targets, w.w.old.PolicyFor("").Steps[0].Targets)
	}
	for _, t := range targets {
		switch t.Kind {
		case escalation.Responder:
			who = append(who, t.ID)
		case escalation.Schedule:
			who = append(who, w.w.rules.Rota.At(t.ID, at)...)
		case escalation.Everyone:
			who = append(who, slices.Sorted(maps.Keys(w.w.config.Responders))...)
		}
	}
	return who
}

// widens looks at a page that a carrier has just taken.
func (w *watch) widens(p incident.Page) string {
	l := w.lives[p.Incident]
	switch {
	case l == nil || !drill(l.Key):
		return ""
	case !slices.Contains(l.asked, p.Who) || p.Kind != incident.PageDrill:
		return fmt.Sprintf("the drill %s pages %s (%s); its first step is %v", l.Key, p.Who, p.Kind, l.asked)
	case w.w.clock.Now().After(l.Drill.Until.Add(inFlight)):
		return fmt.Sprintf("the drill %s, over at %s, pages %s", l.Key, l.Drill.Until.Format("15:04:05"), p.Who)
	}
	return ""
}

// inFlight is more than a page that was begun can take.
const inFlight = 15 * time.Second

func (w *watch) drillGoesOn() string {
	for _, key := range slices.Sorted(maps.Keys(w.byKey)) {
		if in := w.byKey[key]; drill(key) && in.Open() && w.w.clock.Now().Sub(in.Drill.Until) > 5*time.Minute {
			return fmt.Sprintf("the drill %s, over at %s, is open", key, in.Drill.Until.Format("15:04:05"))
		}
	}
	return ""
}

func (w *watch) opensSecond(c loop.Commit) string {
	before, after := w.byKey[c.After.Key], c.After
	switch l := w.lives[after.ID]; {
	case before.Open() && after.ID != before.ID:
		return fmt.Sprintf("under %s %s is open, and %q takes its place", after.Key, before.ID, after.ID)
	case l != nil && l.Key != after.Key:
		return fmt.Sprintf("%s lived under %s and now under %s", after.ID, l.Key, after.Key)
	case l != nil && after.Open() && !l.closed.IsZero():
		return fmt.Sprintf("%s had settled and is open again", after.ID)
	}
	return ""
}

func (w *watch) foldsAgain(c loop.Commit) string {
	for _, id := range c.Rest.Signals {
		switch s := w.signals[id]; {
		case s == nil:
			return fmt.Sprintf("nobody has put %s", id)
		case s.folded:
			return fmt.Sprintf("%s is folded a second time", id)
		}
	}
	return ""
}

func (w *watch) neverFolded() string {
	for _, id := range slices.Sorted(maps.Keys(w.signals)) {
		if s := w.signals[id]; !s.folded {
			return fmt.Sprintf("%s, for %s, was never folded", id, s.Key)
		}
	}
	return ""
}

// longestOf is how long an incident may be without a page: everyone, once
// paged, is left in peace for up to half an hour, which may leave nobody.
func (w *watch) longestOf(in incident.Incident) time.Duration {
	if in.EveryoneTimes > 0 {
		return max(w.longest, 30*time.Minute)
	}
	return w.longest
}

func (w *watch) forgetsPage(c loop.Commit) string {
	in := c.After
	switch {
	case !in.Open() || in.State != incident.Triggered || drill(in.Key):
	case in.NextStep.IsZero():
		return fmt.Sprintf("%s is triggered and nothing is to come", in.ID)
	case in.NextStep.Sub(c.At) > w.longestOf(in)+skewSlack:
		return fmt.Sprintf("%s is triggered and its next page is to come in %s, later than %s", in.ID, in.NextStep.Sub(c.At), w.longestOf(in))
	}
	return ""
}

// pageIsLate looks at what a sweep that saw the instant seen has left.
func (w *watch) pageIsLate(f *fn, seen time.Time) string {
	now := w.w.clock.Now()
	for _, key := range slices.Sorted(maps.Keys(w.byKey)) {
		in := w.byKey[key]
		if !in.Open() || in.State != incident.Triggered || drill(key) {
			continue
		}
		if !in.NextStep.After(seen) && w.written[key].Before(f.started) {
			return fmt.Sprintf("the next page of %s was due at %s and the sweep has not sent it", in.ID, in.NextStep.Format("15:04:05.000"))
		}
		l := w.lives[in.ID]
		since := l.turned
		if l.attempted.After(since) {
			since = l.attempted
		}
		// A page whose sender died is sent again when its lease has run out.
		const takeover = 40 * time.Second
		if most := w.longestOf(in) + f.started.Sub(w.swept) + takeover; now.Sub(since) > most {
			return fmt.Sprintf("%s is triggered and nobody has been paged for %s, longer than %s", in.ID, now.Sub(since).Round(time.Second), most.Round(time.Second))
		}
	}
	return ""
}

// stoodMost is how many such sweeps may find a page at a gate that is shut: each
// has it go when that opens.
const stoodMost = 2

func (w *watch) losesPage(f *fn, seen time.Time) string {
	for _, key := range slices.Sorted(maps.Keys(w.pages)) {
		in, pages := w.byKey[key], w.pages[key]
		for _, id := range slices.Sorted(maps.Keys(pages)) {
			switch p := pages[id]; {
			case p.Incident != in.ID || p.Turn != in.Turn:
				delete(pages, id)
			case p.Due.After(seen) || p.Lease.Until.After(seen) || !w.written[key].Before(f.started):
			case w.atGate(p, seen) && w.stood[id] < stoodMost:
				w.stood[id]++
			default:
				return fmt.Sprintf("page %s was due at %s, and nobody has sent it", id, p.Due.Format("15:04:05.000"))
			}
		}
	}
	return ""
}

func (w *watch) leavesDue(f *fn, seen time.Time) string {
	for shard := range loop.Shards {
		keys, err := w.w.memory.Due(context.Background(), shard, seen, 100)
		must(err)
		for _, key := range keys {
			if w.written[key].Before(f.started) && !w.gated(key, seen) {
				return fmt.Sprintf("%s was due before the sweep of %s, and it has done nothing about it", key, f.started.Format("15:04:05"))
			}
		}
	}
	return ""
}

// gated reports whether all that is due under a key are pages that wait for their
// gates.
func (w *watch) gated(key incident.Key, seen time.Time) bool {
	live, err := w.w.memory.Load(context.Background(), key)
	must(err)
	due := live.Incident.Due()
	if len(live.Signals)+len(live.Rests) > 0 || !due.IsZero() && !due.After(seen) {
		return false
	}
	return !slices.ContainsFunc(live.Pages, func(p loop.LivePage) bool {
		return !p.Due.After(seen) && !p.Lease.Until.After(seen) && !w.atGate(p, seen)
	})
}

// wakes looks at a page that is claimed for sending.
func (w *watch) wakes(p incident.Page) string {
	if p.Kind != incident.PageWake {
		return ""
	}
	in := w.lives[p.Incident]
	switch {
	case in == nil:
		return fmt.Sprintf("page %s is claimed for an incident that nobody has opened", p.ID)
	case in.State != incident.Triggered || !in.Open():
		return fmt.Sprintf("page %s is claimed, and %s is %s by %s", p.ID, p.Incident, in.State, cmp.Or(in.Owner, in.ResolvedBy, "quiet"))
	case in.Turn != p.Turn:
		return fmt.Sprintf("page %s is claimed, and somebody has answered since it was decided on", p.ID)
	}
	return ""
}

// sendsAgain looks at a page that is claimed for sending.
func (w *watch) sendsAgain(p incident.Page) string {
	if w.done[p.ID] {
		return fmt.Sprintf("page %s is claimed, and it was on record already", p.ID)
	}
	return ""
}

func (w *watch) unread(by time.Time) string {
	for _, l := range w.w.letters {
		if !l.read && l.at.Before(by) {
			return fmt.Sprintf("%s came at %s and is not read", l.id, l.at.Format("15:04:05"))
		}
	}
	return ""
}

// unanswered looks at what a run of the desk has left that began at an instant.
func (w *watch) unanswered(began time.Time) string {
	const patience = 80 * time.Second // until the last claim has run out, and then a retry
	for _, d := range w.debts {
		if !d.paid && !d.due.IsZero() && d.due.Add(patience).Before(began) {
			return fmt.Sprintf("%s has waited since %s", d.who, d.since.Format("15:04:05"))
		}
	}
	return ""
}

func (w *watch) answersAgain(n record.Notice) string {
	before := w.answers[n]
	switch {
	case w.onRecord[n]:
		return fmt.Sprintf("%s is told %q again, and that they had been told was on record", n.Reporter, n.Name)
	case before != nil && before.faults == 0:
		return fmt.Sprintf("%s is told %q again, and nothing had befallen who told them", n.Reporter, n.Name)
	}
	return ""
}

func (w *watch) tellsTooMuch(f *fn, e incident.Event) string {
	if f.untold["page to "+e.Who] < 0 {
		return fmt.Sprintf("it says that %s was paged %s, and no carrier knows of it", e.Who, e.Why)
	}
	return ""
}

func (w *watch) tellsTooLittle(f *fn) string {
	for _, what := range slices.Sorted(maps.Keys(f.untold)) {
		if f.untold[what] > 0 {
			return fmt.Sprintf("%s has sent %s and says nothing of it, and nothing had befallen it", f, what)
		}
	}
	return ""
}

func (w *watch) settlesRed(f *fn, c loop.Commit) string {
	if c.After.Open() || !w.byKey[c.After.Key].Open() {
		return ""
	}
	red := map[string]bool{}
	for _, v := range w.checks[c.After.Key] {
		if v.order < f.loaded[c.After.Key] { // what came later is the next fold's
			red[v.check] = v.red
		}
	}
	for _, check := range slices.Sorted(maps.Keys(red)) {
		if red[check] {
			return fmt.Sprintf("%s settles, and %s is red", c.After.ID, check)
		}
	}
	return ""
}

// ignoresTrouble looks at folds in which nothing but trouble came.
func (w *watch) ignoresTrouble(c loop.Commit) string {
	before, after := w.byKey[c.After.Key], c.After
	if len(c.Rest.Signals) == 0 || before.Open() && before.State != incident.Resolved {
		return ""
	}
	var last string
	for _, id := range c.Rest.Signals {
		s := w.signals[id]
		switch {
		case s == nil:
			return ""
		case s.Check != nil && s.Check.Evidence.Red && s.Check.Evidence.WellSince.IsZero():
		case s.Report != nil && s.Report.Urgency != "benign":
		default:
			return ""
		}
		last = id
	}
	quiet := !after.LastBad.Add(after.Quiet).After(c.At) // it came so late that it is over
	switch {
	case !before.Open() && (after.ID == before.ID || !after.Open() && !quiet):
		return fmt.Sprintf("%s was found after closing, and opens nothing", last)
	case before.Open() && after.State == incident.Resolved && !quiet:
		return fmt.Sprintf("%s was found after %s was resolved, and does not reopen it", last, after.ID)
	}
	return ""
}

func (w *watch) pressForgotten(f *fn) string {
	if f.signal == "" { // somebody has each of them
		return ""
	}
	if s := w.signals[f.signal]; s == nil || !s.folded {
		return fmt.Sprintf("%s was answered, and nothing has come of it", f.signal)
	}
	return ""
}

// incidents counts those that opened, and how long they were open together.
func (w *watch) incidents(now time.Time) (n int, open time.Duration) {
	for _, l := range w.lives {
		end := l.closed
		if end.IsZero() {
			end = now
		}
		open += end.Sub(l.opened)
	}
	return len(w.lives), open
}
