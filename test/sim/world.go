package sim

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/inbox"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/mail"
	"rouse/shared/memstore"
	"rouse/shared/probe"
)

// How long a function may run, as infra sets it, and when SQS brings a message
// again whose function failed.
const (
	routerLimit = 20 * time.Second
	deskLimit   = 30 * time.Second
	inboxLimit  = 30 * time.Second
	ackLimit    = 29 * time.Second
	probeLimit  = 60 * time.Second
	watchLimit  = 50 * time.Second
	visibility  = 6 // times the limit
	receivesMax = 5
)

// A world is everything around Rouse.
type world struct {
	plan
	Options
	clock  *clock.Virtual
	memory *memstore.Store // what is true
	watch  *watch
	out    io.Writer

	broken   *Violation
	calm     bool
	faults   int
	happened []Happening
	invoked  map[uint64]bool
	windows  []window
	config   *config.Config // as people have left by now
	rules    loop.Team      // of it
	old      loop.Team      // of the one before, which some functions still have
	oldUntil time.Time

	letters  []*letter
	lastTold map[string]string // customer → Message-ID
	mailed   int
	probes   map[string][]incident.Signal // turns that a check has not raised yet
	probing  map[string]bool
	states   map[string]check.State
}

// A window is a time in which something fails.
type window struct {
	kind         stepKind
	who, channel string // "": all
	until        time.Time
}

func newWorld(p plan, o Options) *world {
	w := &world{
		plan: p, Options: o, clock: clock.NewVirtual(p.begin), memory: memstore.New(), out: o.History,
		invoked: map[uint64]bool{}, lastTold: map[string]string{},
		probes: map[string][]incident.Signal{}, probing: map[string]bool{}, states: map[string]check.State{},
	}
	w.watch = newWatch(w)
	w.hire(p.team.config)
	return w
}

// hire makes c the configuration that functions read from now on.
func (w *world) hire(c *config.Config) {
	w.config = c
	w.rules = c.Team()
	w.rules.Unreachable = w.unreachable
	watches := w.rules.Watches
	w.rules.Watches = func(check string) bool { return strings.HasPrefix(check, stormy) || watches(check) }
	if w.Team != nil {
		w.rules = w.Team(w.rules)
	}
}

// rulesOf are what an invocation decides by: while a deployment is under way,
// some by the old ones.
func (w *world) rulesOf(f *fn) loop.Team {
	if w.clock.Now().Before(w.oldUntil) && unit(mix(f.id, 61)) < 0.5 {
		return w.old
	}
	return w.rules
}

func (w *world) start() {
	for i, s := range w.steps {
		w.clock.At(w.begin.Add(s.at), func() {
			if !w.calm && w.happens(mix(mix(w.seed, 99), uint64(i)), "the world:", s.String(), "") {
				w.befalls(i, s)
			}
		})
	}
	w.clock.At(w.begin, w.minute)
	w.clock.At(w.begin.Add(faultsFor), func() {
		w.calm, w.windows = true, nil
		if w.out != nil {
			w.tell("the world", "from now on nothing goes wrong")
		}
	})
}

// during reports whether something fails now.
func (w *world) during(kind stepKind, who, channel string) bool {
	for _, x := range w.windows {
		if x.kind == kind && (x.who == "" || x.who == who) && (x.channel == "" || x.channel == channel) && w.clock.Now().Before(x.until) {
			return true
		}
	}
	return false
}

func (w *world) befalls(i int, s step) {
	switch s.kind {
	case turns:
		w.turns(s)
	case writes:
		l := letters[s.text]
		w.mail(i, s.who, l.subject, l.header, l.text)
	case replies, answers:
		last, known := w.lastTold[s.who]
		if !known {
			return
		}
		thread := fmt.Sprintf("In-Reply-To: %[1]s\r\nReferences: %[1]s\r\n", last)
		if s.kind == answers {
			w.mail(i, "support@newsroom.example", "Re: your message", thread, "We are on it and will tell you more.")
		} else {
			w.mail(i, s.who, "Re: your message", thread, "It is still failing for us, nobody can log in.")
		}
	case drills:
		w.drills(i, s)
	case storms:
		w.storms(i, s)
	case leaves:
		left := *w.config
		left.Responders = maps.Clone(left.Responders)
		delete(left.Responders, s.who)
		w.hire(&left)
	case deploys:
		w.old, w.oldUntil = w.rules, w.clock.Now().Add(s.lasts)
		next := *w.config
		next.Policies = maps.Clone(next.Policies)
		for id, p := range next.Policies {
			p.Steps, p.RepeatFrom = policies[s.text].change(slices.Clone(p.Steps)), 0
			next.Policies[id] = p
		}
		w.hire(&next)
	case stops, storeFails:
		w.windows = append(w.windows, window{s.kind, s.who, "", w.clock.Now().Add(s.lasts)})
	default:
		w.windows = append(w.windows, window{s.kind, s.who, s.channel, w.clock.Now().Add(s.lasts)})
	}
}

// minute is the Scheduler: it starts each sweep once a minute, now and then
// late or twice, and never a second time because one failed.
func (w *world) minute() {
	if w.broken != nil {
		return
	}
	now := w.clock.Now()
	w.clock.At(now.Truncate(time.Minute).Add(time.Minute), w.minute)
	for i, sweep := range []struct {
		name string
		run  func()
	}{{"router", w.routerSweeps}, {"inbox", w.inboxSweeps}, {"desk", w.deskSweeps}} {
		if !w.during(stops, sweep.name, "") {
			w.post(mix(mix(w.seed, uint64(now.Sub(w.begin))), uint64(i)), sweep.name, "its sweep", now, sweep.run)
		}
	}
}

func (w *world) loop(f *fn, s loop.Sender) *loop.Loop {
	team := func(ctx context.Context) (loop.Team, error) {
		rules := w.rulesOf(f)
		found, err := w.memory.Standing(ctx)
		rules.Circuits = found.Circuits
		return rules, err
	}
	return &loop.Loop{Store: w.store(f), Clock: f, Team: team, Sender: s, Hints: hints{f}, Log: quiet, Chance: func() float64 { return unit(mix(f.callID(), 61)) }}
}

func (w *world) sender(f *fn) loop.Sender {
	if w.Sender != nil {
		return w.Sender(sender{f})
	}
	return sender{f}
}

func (w *world) store(f *fn) Store {
	var s Store = w.memory
	if w.Below != nil {
		s = w.Below(s)
	}
	s = table{s, f}
	if w.Above != nil {
		s = w.Above(s)
	}
	return s
}

// hinted is a hint that SQS brings to the router, and brings again if that
// fails.
func (w *world) hinted(h loop.Hint, receives int) {
	w.watch.hinted(h.Key)
	w.invoke("router", string(h.Key), routerLimit, func(ctx context.Context, f *fn) error {
		_, err := w.loop(f, w.sender(f)).Run(ctx, h)
		return err
	}, func(err error) {
		if err != nil && receives < receivesMax {
			w.clock.At(w.clock.Now().Add(visibility*routerLimit), func() { w.hinted(h, receives+1) })
		}
	})
}

func (w *world) routerSweeps() {
	w.invoke("router", "sweep", routerLimit, func(ctx context.Context, f *fn) error {
		return w.loop(f, w.sender(f)).Sweep(ctx, w.store(f))
	}, nil)
}

func (w *world) deskHinted(receives int) {
	w.invoke("desk", "hint", deskLimit, w.deskRuns, func(err error) {
		if err != nil && receives < receivesMax {
			w.clock.At(w.clock.Now().Add(visibility*deskLimit), func() { w.deskHinted(receives + 1) })
		}
	})
}

func (w *world) deskSweeps() { w.invoke("desk", "sweep", deskLimit, w.deskRuns, nil) }

func (w *world) deskRuns(ctx context.Context, f *fn) error {
	d := w.team.desk
	d.Store, d.Mailer, d.Clock, d.Log = w.store(f), mailer{f}, f, quiet
	return d.Run(ctx)
}

// mail is somebody's mail: stored in the bucket, of which S3 tells the inbox.
func (w *world) mail(i int, from, subject, header, text string) {
	l := &letter{id: fmt.Sprintf("mail-%d", i), at: w.clock.Now()}
	l.raw = fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s@customers>\r\n%s\r\n%s\r\n",
		from, w.config.Inbox.Address, subject, l.id, header, text)
	w.letters = append(w.letters, l)
	w.post(mix(w.seed, word(l.id)), "inbox", l.id, l.at, func() { w.mailStored(l, 1) })
}

// mailStored is an asynchronous invocation, which Lambda repeats twice.
func (w *world) mailStored(l *letter, times int) {
	w.invoke("inbox", l.id, inboxLimit, func(ctx context.Context, f *fn) error {
		return w.inboxOf(f).Receive(ctx, mail.Envelope{ID: l.id, Received: l.at})
	}, func(err error) {
		if err != nil && times < 3 {
			w.clock.At(w.clock.Now().Add(time.Duration(times)*time.Minute), func() { w.mailStored(l, times+1) })
		}
	})
}

func (w *world) inboxSweeps() {
	w.invoke("inbox", "sweep", inboxLimit, func(ctx context.Context, f *fn) error { return w.inboxOf(f).Sweep(ctx) }, nil)
}

func (w *world) inboxOf(f *fn) *inbox.Inbox {
	b := w.team.inbox
	b.Store, b.Mails, b.Hints, b.Clock, b.Log = w.store(f), bucket{f}, hints{f}, f, quiet
	return &b
}

// drills has watch begin a drill, and try until that is heard.
func (w *world) drills(i int, s step) {
	drill := incident.Drill{Until: w.begin.Add(s.at + s.lasts)}
	key := incident.Key(fmt.Sprint(incident.DrillPrefix, i))
	signal := incident.Signal{ID: string(key), Key: key, Kind: incident.KindDrill, At: w.clock.Now(), Drill: &drill}
	var raise func()
	raise = func() {
		w.invoke("watch", "drill", watchLimit, func(ctx context.Context, f *fn) error {
			return loop.Raise(ctx, w.store(f), hints{f}, signal)
		}, func(err error) {
			if err != nil {
				w.clock.At(w.clock.Now().Add(time.Minute), raise)
			}
		})
	}
	raise()
}

// stormy begins the names of the checks of a storm, which rouse.yaml knows
// nothing of.
const stormy = "storm-"

// storms has many checks fail within two seconds, and be well at the end.
func (w *world) storms(i int, s step) {
	for n := range s.text {
		name := fmt.Sprintf("%s%d-%d", stormy, i, n)
		fails := s
		fails.turn, fails.last = check.Turn{Kind: check.Opened, Status: check.Down}, s.at
		well := s
		well.turn, well.since, well.last = check.Turn{Kind: check.Well, Status: check.Up}, s.at+s.lasts, s.at+s.lasts
		now := w.clock.Now()
		w.clock.At(now.Add(spread(mix(w.seed, word(name)), 2*time.Second)), func() { w.turnsTo(name, "", fails) })
		w.clock.At(now.Add(s.lasts), func() { w.turnsTo(name, "", well) })
	}
}

// turns has a probe see a check turn. It raises the turn, and goes on trying.
func (w *world) turns(s step) {
	k, _ := w.config.Check(s.who)
	w.turnsTo(k.Name, k.Capability, s)
}

func (w *world) turnsTo(name, capability string, s step) {
	turn := s.turn
	turn.At = w.clock.Now()
	if s.since > 0 {
		turn.Since = w.begin.Add(s.since)
	}
	state := w.states[name]
	state.Bad = w.begin.Add(s.last)
	state.Recovered = time.Time{}
	switch turn.Kind {
	case check.Opened:
		state.Opened = turn.At
	case check.Recovered:
		state.Recovered = turn.Since
	case check.Well:
		state.Opened = time.Time{}
	}
	w.states[name] = state
	t := probe.Transition{
		ID:    fmt.Sprintf("%s/%s/%s", name, turn.At.Format(time.RFC3339Nano), turn.Kind),
		Check: name, Capability: capability, Turn: turn, State: state,
	}
	w.probes[name] = append(w.probes[name], t.Signal(time.UTC))
	if !w.probing[name] {
		w.probing[name] = true
		w.raises(name)
	}
}

// raises is the probe: it raises the turns of a check in their order, each
// until it is heard, now and then once more.
func (w *world) raises(name string) {
	w.invoke("probe", name, probeLimit, func(ctx context.Context, f *fn) error {
		s := w.store(f)
		state := w.states[name]
		have, err := s.LoadCheck(ctx, name)
		if err != nil {
			return err
		}
		state.Rev = have.Rev + 1
		if err := s.SaveCheck(ctx, name, state); err != nil {
			return err
		}
		for len(w.probes[name]) > 0 {
			turn := w.probes[name][0]
			if err := loop.Raise(ctx, s, hints{f}, turn); err != nil {
				return err
			}
			if w.fails(mix(f.id, 31), w.rates.doubled, "probe", "raises again", name) {
				if err := loop.Raise(ctx, s, hints{f}, turn); err != nil {
					return err
				}
			}
			w.probes[name] = w.probes[name][1:]
		}
		return nil
	}, func(err error) {
		w.probing[name] = err != nil
		if err != nil {
			w.clock.At(w.clock.Now().Add(20*time.Second), func() { w.raises(name) })
		}
	})
}
