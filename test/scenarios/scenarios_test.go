// Package scenarios plays stories: testdata/*.txtar hold a rouse.yaml and a
// script that reads like the night. Rouse's own loop, inbox and desk run on a
// virtual clock; carriers are recorded, and any page that the script does not
// name fails it.
//
// A script has a command a line:
//
//	at T                      the night begins at T (RFC 3339)
//	red CHECK [WORDS]         the check turns red
//	again CHECK               it fails again after it looked recovered
//	recovers CHECK            it looks recovered from now on
//	well CHECK                it is well: the quiet time has passed
//	mail FROM SUBJECT|TEXT    a customer writes
//	reply FROM TEXT           … in the thread of what they were last told
//	clock FROM ZONE           by this clock they write from now on: -08:00
//	answer WHO TO TEXT        WHO of the team answers the customer TO by mail
//	hears WHO TIME TEXT       the next mail that the customer got, word for word,
//	                          its lines with " / " between them; a script that
//	                          says so once must name every mail
//	drill D [SCHEDULE]        a drill of that length begins
//	test WHO D                a test page goes to somebody, who has that long to answer
//	hole SCHEDULE OWNER D     nobody will be on call in it, from in D on, for an hour
//	filled SCHEDULE           somebody will be
//	raised TITLE [SEVERITY]   somebody raises an alarm by hand
//	cleared TITLE             … and says that it is well again
//	leaves WHO                somebody leaves the team, which is deployed at once
//	pass D                    time passes
//	tap WHO ACTION [ARG]      somebody presses a button
//	paged [WHO:CHANNEL …]     exactly these were paged since the last `paged`
//	forget                    who was paged until here does not matter, but somebody was
//	told [FROM:KIND …]        exactly these reporters were told since the last `told`
//	state KEY STATE [OWNER]   how the incident of the key stands
//	none KEY                  no incident is open under the key
//	open N                    this many incidents are open
//	says KEY WORDS            the timeline says so
//	broken WHO:CHANNEL [passing]  from now on this channel fails
//	mended WHO:CHANNEL
//	unreachable WHO:CHANNEL   from now on it is known that this channel reaches nobody
//	reachable WHO:CHANNEL
//	alarms N                  this many alarms of a round that reached nobody, so far
package scenarios

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"golang.org/x/tools/txtar"

	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/desk"
	"rouse/shared/escalation"
	"rouse/shared/inbox"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/mail"
	"rouse/shared/memstore"
)

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(f)
			if err != nil {
				t.Fatal(err)
			}
			play(t, a)
		})
	}
}

// What docs/incidents.md says in brackets is the name of a story.
func TestDocumentNamesStories(t *testing.T) {
	text, err := os.ReadFile("../../docs/incidents.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\[([a-z-]+)\](?:[^(]|$)`).FindAllStringSubmatch(string(text), -1)
	for _, m := range names {
		if _, err := os.Stat(filepath.Join("testdata", m[1]+".txtar")); err != nil {
			t.Errorf("docs/incidents.md: %v", err)
		}
	}
	if len(names) < 20 {
		t.Errorf("it names %d stories", len(names))
	}
}

func play(t *testing.T, a *txtar.Archive) {
	files := map[string]string{}
	for _, f := range a.Files {
		files[f.Name] = string(f.Data)
	}
	c, err := config.Parse([]byte(files["rouse.yaml"]), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, config: c, broken: map[string]bool{}, deaf: map[string]bool{}, threads: map[string]string{}, mails: map[string][]heard{}, zones: map[string]string{}, wrote: map[string]string{}, well: map[string]time.Time{}}
	for i, line := range strings.Split(files["script"], "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if err := w.do(words[0], words[1:]); err != nil {
			t.Fatalf("script line %d: %s\n\t%v\n%s", i+1, line, err, w.history(""))
		}
	}
	if err := w.unheard(); err != nil {
		t.Fatalf("at the end: %v\n%s", err, w.history(""))
	}
	if extra := w.take(&w.pages); len(extra) > 0 {
		t.Fatalf("at the end, paged %v, which the script does not name\n%s", extra, w.history(""))
	}
}

// world is everything around Rouse.
type world struct {
	t      *testing.T
	config *config.Config
	clock  *clock.Virtual
	store  *memstore.Store
	router *loop.Loop
	taps   *loop.Loop
	inbox  *inbox.Inbox
	desk   *desk.Desk
	n      int

	mu      sync.Mutex
	pages   []string
	told    []string
	broken  map[string]bool // channel → passing
	deaf    map[string]bool // channels that are known to reach nobody
	alarms  int
	threads map[string]string    // reporter → Message-ID of what they were last told
	mails   map[string][]heard   // by customer, those that the script has not named yet
	exact   bool                 // the script names them all
	zones   map[string]string    // by customer, the offset of their clock
	wrote   map[string]string    // by customer, the id of their last mail
	well    map[string]time.Time // by check, since when it looks recovered
	stored  map[string]string
}

func (w *world) begin(at time.Time) {
	w.clock = clock.NewVirtual(at)
	w.store = memstore.New()
	log := slog.New(slog.NewTextHandler(alarmCounter{w}, nil))
	team := func(context.Context) (loop.Team, error) {
		t := w.config.Team()
		t.Unreachable = func(who string, c escalation.Channel) string {
			if w.deaf[who+":"+string(c)] {
				return "not confirmed"
			}
			return ""
		}
		return t, nil
	}
	w.taps = &loop.Loop{Store: w.store, Clock: w.clock, Team: team, Hints: w, Log: log}
	w.router = &loop.Loop{Store: w.store, Clock: w.clock, Team: team, Hints: w, Log: log, Sender: w, Chance: func() float64 { return 1 }}
	w.stored = map[string]string{}
	if w.config.Inbox != nil {
		w.inbox = inbox.New(w.config)
		w.inbox.Us.TrustUnverified = true
		w.inbox.Store, w.inbox.Hints, w.inbox.Clock, w.inbox.Log, w.inbox.Mails = w.store, w, w.clock, log, w
		w.desk = desk.New(w.config)
		w.desk.Store, w.desk.Mailer, w.desk.Clock, w.desk.Log = w.store, w, w.clock, log
	}
	w.clock.At(at.Truncate(time.Minute).Add(time.Minute), w.minute)
	w.clock.Run(at)
}

func (w *world) minute() {
	ctx := context.Background()
	w.clock.At(w.clock.Now().Add(time.Minute), w.minute)
	w.check(w.router.Sweep(ctx, w.store))
	if w.desk != nil {
		w.check(w.inbox.Sweep(ctx))
		w.check(w.desk.Run(ctx))
	}
}

func (w *world) check(err error) {
	if err != nil {
		w.t.Errorf("at %s: %v", w.clock.Now(), err)
	}
}

func (w *world) Router(ctx context.Context, h loop.Hint, at time.Time) error {
	w.clock.At(at, func() {
		_, err := w.router.Run(ctx, h)
		w.check(err)
	})
	return nil
}

func (w *world) Desk(ctx context.Context) error {
	w.clock.At(w.clock.Now(), func() { w.check(w.desk.Run(ctx)) })
	return nil
}

func (w *world) Send(_ context.Context, d loop.Delivery) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	to := d.Who + ":" + d.Channel
	if passing, broken := w.broken[to]; broken {
		return &loop.SendError{Permanent: !passing, Why: "broken by the script"}
	}
	for _, p := range d.Pages {
		if p.Kind != incident.PageWake {
			to += ":" + string(p.Kind)
		}
		w.pages = append(w.pages, to)
	}
	return nil
}

func (w *world) SendRaw(_ context.Context, to string, raw []byte) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	id := fmt.Sprintf("<ses-%d@email.amazonses.com>", w.n)
	w.threads[to] = id
	w.hears(to, raw)
	return id, nil
}

func (w *world) Open(_ context.Context, id string) (io.ReadCloser, error) {
	raw, ok := w.stored[id]
	if !ok {
		return nil, inbox.ErrNotFound
	}
	return io.NopCloser(strings.NewReader(raw)), nil
}

func (w *world) New(context.Context, int) ([]inbox.Stored, error) { return nil, nil }

func (w *world) Read(_ context.Context, id string, _ time.Time) error {
	delete(w.stored, id)
	return nil
}

// alarmCounter counts the log's alarms.
type alarmCounter struct{ w *world }

func (a alarmCounter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "alarm=nobody-reached") {
		a.w.mu.Lock()
		a.w.alarms++
		a.w.mu.Unlock()
	}
	return len(p), nil
}

func (w *world) do(verb string, args []string) error {
	ctx := context.Background()
	need := func(n int) error {
		if len(args) < n {
			return fmt.Errorf("%s needs %d arguments", verb, n)
		}
		return nil
	}
	switch verb {
	case "at":
		at, err := time.Parse(time.RFC3339, args[0])
		if err != nil {
			return err
		}
		w.begin(at)
	case "pass":
		d, err := time.ParseDuration(args[0])
		if err != nil {
			return err
		}
		w.clock.Run(w.clock.Now().Add(d))
	case "red", "again", "recovers", "well":
		return w.signal(ctx, verb, args)
	case "drill":
		d, err := time.ParseDuration(args[0])
		if err != nil {
			return err
		}
		drill := incident.Drill{Until: w.clock.Now().Add(d)}
		if len(args) > 1 {
			drill.Schedule = args[1]
		}
		return w.raise(ctx, incident.Signal{Key: incident.DrillPrefix + "now", Kind: incident.KindDrill, Drill: &drill})
	case "test":
		if err := need(2); err != nil {
			return err
		}
		d, err := time.ParseDuration(args[1])
		if err != nil {
			return err
		}
		test := incident.Drill{Who: args[0], Until: w.clock.Now().Add(d)}
		return w.raise(ctx, incident.Signal{Key: incident.DrillPrefix + "test", Kind: incident.KindDrill, Drill: &test})
	case "hole":
		if err := need(3); err != nil {
			return err
		}
		d, err := time.ParseDuration(args[2])
		if err != nil {
			return err
		}
		from := w.clock.Now().Add(d)
		hole := incident.Hole{Schedule: args[0], Owner: args[1], From: from, To: from.Add(time.Hour), Why: "the story says so"}
		return w.raise(ctx, incident.Signal{Key: incident.HolePrefix + incident.Key(args[0]), Kind: incident.KindHole, Hole: &hole})
	case "filled":
		return w.raise(ctx, incident.Signal{Key: incident.HolePrefix + incident.Key(args[0]), Kind: incident.KindHole, Hole: &incident.Hole{}})
	case "mail", "reply":
		if err := need(2); err != nil {
			return err
		}
		return w.write(ctx, verb, args[0], strings.Join(args[1:], " "))
	case "clock":
		w.zones[args[0]] = args[1]
	case "answer":
		if err := need(3); err != nil {
			return err
		}
		return w.answer(ctx, args[0], args[1], strings.Join(args[2:], " "))
	case "hears":
		return w.hear(args)
	case "tap":
		if err := need(2); err != nil {
			return err
		}
		return w.tap(ctx, args)
	case "paged":
		return same("paged", w.take(&w.pages), args)
	case "forget":
		if len(w.take(&w.pages)) == 0 {
			return fmt.Errorf("nobody was paged")
		}
	case "told":
		return same("told", w.take(&w.told), args)
	case "state":
		live, err := w.store.Load(ctx, incident.Key(args[0]))
		if err != nil {
			return err
		}
		got := []string{args[0], string(live.Incident.State)}
		if live.Incident.Owner != "" {
			got = append(got, live.Incident.Owner)
		}
		if !live.Incident.SettledAt.IsZero() {
			got = append(got, "settled")
		}
		return same("state", got, args)
	case "none", "open":
		open, err := w.store.Open(ctx)
		if err != nil {
			return err
		}
		if verb == "open" {
			return same("open incidents", []string{strconv.Itoa(len(open))}, args)
		}
		for _, in := range open {
			if string(in.Key) == args[0] {
				return fmt.Errorf("%s is open: %s", args[0], in.State)
			}
		}
	case "says":
		words := strings.Join(args[1:], " ")
		if !strings.Contains(w.history(incident.Key(args[0])), words) {
			return fmt.Errorf("the timeline of %s does not say %q", args[0], words)
		}
	case "broken":
		w.broken[args[0]] = len(args) > 1
	case "mended":
		delete(w.broken, args[0])
	case "unreachable":
		w.deaf[args[0]] = true
	case "reachable":
		delete(w.deaf, args[0])
	case "leaves":
		left := *w.config
		left.Responders = maps.Clone(left.Responders)
		delete(left.Responders, args[0])
		w.config = &left
	case "raised", "cleared":
		a := incident.Alert{Source: incident.SourceHand, Name: args[0], State: incident.AlertFailing, Why: verb}
		if verb == "cleared" {
			a.State = incident.AlertWell
		}
		if len(args) > 1 {
			a.Severity = incident.Severity(args[1])
		}
		a.At = w.clock.Now()
		return w.raise(ctx, a.Signal())
	case "alarms":
		return same("alarms", []string{strconv.Itoa(w.alarms)}, args)
	default:
		return fmt.Errorf("unknown command %q", verb)
	}
	return nil
}

func (w *world) signal(ctx context.Context, verb string, args []string) error {
	c, ok := w.config.Check(args[0])
	if !ok {
		return fmt.Errorf("no check %s", args[0])
	}
	now := w.clock.Now()
	key := incident.Key(c.Capability)
	if key == "" {
		key = incident.Key("check/" + c.Name)
	}
	words := strings.Join(args[1:], " ")
	if words == "" {
		words = verb
	}
	e := incident.Evidence{Status: "intermittent", Red: true, Words: words, Since: now}
	last := now
	switch verb {
	case "recovers":
		e.WellSince = now
		w.well[c.Name] = now
		last = time.Time{}
	case "well":
		e.Status, e.Red = "up", false
		if since := w.well[c.Name]; !since.IsZero() {
			e.Since = since
		}
		last = time.Time{}
	}
	w.n++
	s := incident.Signal{
		ID: fmt.Sprintf("check-%d", w.n), Key: key, Kind: incident.KindCheck, At: now,
		Check: &incident.CheckSignal{Check: c.Name, Capability: c.Capability, Evidence: e, LastBad: last},
	}
	if err := loop.Raise(ctx, w.store, w, s); err != nil {
		return err
	}
	w.clock.Run(now)
	return nil
}

// raise makes a signal durable that something has raised now.
func (w *world) raise(ctx context.Context, s incident.Signal) error {
	w.n++
	s.ID, s.At = fmt.Sprintf("signal-%d", w.n), w.clock.Now()
	err := loop.Raise(ctx, w.store, w, s)
	w.clock.Run(s.At)
	return err
}

func (w *world) write(ctx context.Context, verb, from, what string) error {
	subject, text, ok := strings.Cut(what, "|")
	if !ok {
		subject, text = "", what
	}
	w.n++
	id := fmt.Sprintf("mail-%d", w.n)
	thread := ""
	if verb == "reply" {
		thread = fmt.Sprintf("In-Reply-To: %[1]s\r\nReferences: %[1]s\r\n", w.threads[from])
	}
	if zone := w.zones[from]; zone != "" {
		theirs, err := time.Parse("-07:00", zone)
		if err != nil {
			return err
		}
		thread += "Date: " + w.clock.Now().In(theirs.Location()).Format(time.RFC1123Z) + "\r\n"
	}
	w.wrote[from] = id
	w.stored[id] = fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s@customers>\r\n%s\r\n%s\r\n",
		from, w.config.Inbox.Address, subject, id, thread, text)
	err := w.inbox.Receive(ctx, mail.Envelope{ID: id, From: from, Received: w.clock.Now()})
	w.clock.Run(w.clock.Now())
	return err
}

func (w *world) tap(ctx context.Context, args []string) error {
	open, err := w.store.Open(ctx)
	if err != nil {
		return err
	}
	if len(open) == 0 {
		return fmt.Errorf("no incident is open")
	}
	in := open[0]
	tap := &incident.TapSignal{Who: args[0], Action: incident.Action(args[1]), Via: "link"}
	if tap.Action == incident.ActTell {
		tap.Text = strings.Join(args[2:], " ")
	} else if len(args) > 2 {
		if d, err := time.ParseDuration(args[2]); err == nil {
			tap.For = d
		} else {
			tap.To = args[2]
		}
	}
	w.n++
	s := incident.Signal{ID: fmt.Sprintf("tap-%d", w.n), Key: in.Key, Kind: incident.KindTap, At: w.clock.Now(), Incident: in.ID, Tap: tap}
	if _, err := w.store.PutSignal(ctx, s); err != nil {
		return err
	}
	_, err = w.taps.Run(ctx, loop.Hint{Key: in.Key})
	w.clock.Run(w.clock.Now())
	return err
}

// take empties a list of what happened. What the desk told is read from the
// timelines.
func (w *world) take(list *[]string) []string {
	if list == &w.told {
		all := w.tellings()
		fresh := all[len(w.told):]
		w.told = all
		return slices.Clone(fresh)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	got := *list
	*list = nil
	return got
}

func (w *world) tellings() []string {
	var out []string
	w.events(func(_ incident.Incident, e incident.Event) {
		if e.Kind == "told" {
			out = append(out, e.Who+":"+e.Why)
		}
	})
	return out
}

func (w *world) events(f func(incident.Incident, incident.Event)) {
	recent, err := w.store.Recent(context.Background(), 1000)
	w.check(err)
	slices.Reverse(recent)
	for _, in := range recent {
		events, err := w.store.Timeline(context.Background(), in.ID)
		w.check(err)
		for _, e := range events {
			f(in, e)
		}
	}
}

// history tells the incidents of a key, or all of them.
func (w *world) history(key incident.Key) string {
	if w.clock == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "now %s\n", w.clock.Now().Format("15:04:05"))
	w.events(func(in incident.Incident, e incident.Event) {
		if key == "" || in.Key == key {
			fmt.Fprintf(&b, "%s %s %s %s: %s\n", e.At.Format("15:04:05"), in.ID, e.Kind, e.Who, e.Why)
		}
	})
	return b.String()
}

func same(what string, got, want []string) error {
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("%s %v, want %v", what, got, want)
	}
	return nil
}
