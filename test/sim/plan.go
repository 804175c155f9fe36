package sim

import (
	"cmp"
	"embed"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"rouse/shared/check"
	"rouse/shared/config"
	"rouse/shared/desk"
	"rouse/shared/escalation"
	"rouse/shared/inbox"
	"rouse/shared/page"
)

// A plan is what a seed comes to: a team, what befalls it and when, and how
// much goes wrong around it.
type plan struct {
	seed  uint64
	begin time.Time
	team  team
	steps []step  // by time
	awake float64 // the share of pages that are acted on
	rates rates
	skew  time.Duration // between two functions, at most
}

// rates are how often something goes wrong: of a call, or of a message.
type rates struct {
	die, fail, slow, conflict, lag float64 // of a call
	lost, late, doubled            float64 // of a message
	carrier                        float64 // of a hand-over to a carrier
}

// A team is a rouse.yaml and what is made of it once.
type team struct {
	name     string
	config   *config.Config
	composer *page.Composer
	inbox    inbox.Inbox
	desk     desk.Desk
}

//go:embed teams/*.yaml
var files embed.FS

// teams are read when they are first asked for: the rouse command holds them,
// too, and mostly does something else.
var teams = sync.OnceValue(func() []team {
	entries, err := files.ReadDir("teams")
	must(err)
	var all []team
	for _, e := range entries {
		text, err := files.ReadFile("teams/" + e.Name())
		must(err)
		c, err := config.Parse(text, e.Name())
		must(err)
		composer, err := page.NewComposer(c.Service, "https://r.example.com", page.PeopleOf(c))
		must(err)
		t := team{e.Name(), c, composer, *inbox.New(c), *desk.New(c)}
		t.inbox.Us.TrustUnverified = true // nobody signs the mails
		all = append(all, t)
	}
	return all
})

// must is for what the package itself holds: it is wrong or right for ever.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// A stepKind is what befalls a team.
type stepKind string

const (
	turns       stepKind = "turns"       // a check's verdict
	writes      stepKind = "writes"      // a customer
	replies     stepKind = "replies"     // a customer, to what they were last told
	answers     stepKind = "answers"     // the team, to a customer
	stops       stepKind = "stops"       // the sweeps of a function, for a time
	storeFails  stepKind = "store fails" // in most calls, for a time
	channelDies stepKind = "channel dies"
	channelLoad stepKind = "channel throttles"
	unreachable stepKind = "unreachable" // watch finds that a channel reaches nobody, for a time
	leaves      stepKind = "leaves"      // a responder leaves the team
	deploys     stepKind = "deploys"     // another policy; for a time both versions run
	drills      stepKind = "drills"      // watch begins a drill
	storms      stepKind = "storms"      // many things fail at once that nothing connects, for a time
)

// A step is one thing that befalls a team.
type step struct {
	at      time.Duration // since the beginning
	kind    stepKind
	who     string // customer, responder, check or function
	channel string
	turn    check.Turn    // without its times
	since   time.Duration // since when it looks well; zero if it does not
	last    time.Duration // when its last sample failed
	text    int           // index into letters, or into policies; of a storm, how many things fail
	lasts   time.Duration
}

func (s step) String() string {
	text := fmt.Sprintf("%s %s", s.who, s.kind)
	switch s.kind {
	case turns:
		text = fmt.Sprintf("check %s: %s", s.who, s.turn.Kind)
	case writes, replies:
		text += fmt.Sprintf(": %q", letters[s.text].subject)
	case deploys:
		text += " " + policies[s.text].name
	case channelDies, channelLoad, unreachable:
		text = fmt.Sprintf("%s of %s %s", s.channel, cmp.Or(s.who, "everybody"), s.kind)
	}
	if s.lasts > 0 {
		text += fmt.Sprintf(" for %s", s.lasts.Round(time.Second))
	}
	return text
}

var customers = []string{"news@kstate.example", "desk@kstate.example", "editor@bruin.example", "tech@emerald.example", "news@falcon.example"}

// letters are what customers write.
var letters = []struct{ subject, text, header string }{
	{"Log in problems", "Our staff have been unable to log in for ten minutes.", ""},
	{"Publishing", "We cannot publish anything since an hour ago. Please help urgently.", ""},
	{"Newsroom", "Nothing is responding normally, it is down for all of us.", ""},
	{"Hello", "It feels strange tonight?", ""},
	{"Invoice", "Could you send us the invoice for October please?", ""},
	{"Monitoring: log in failed", "Automatic monitoring: log in is failing for all users.", "Auto-Submitted: auto-generated\r\n"},
}

// policies are what a deployment makes of the steps of each policy.
var policies = []struct {
	name   string
	change func([]escalation.Step) []escalation.Step
}{
	{"a policy of fewer steps", func(s []escalation.Step) []escalation.Step { return s[:(len(s)+1)/2] }},
	{"its policy in another order", func(s []escalation.Step) []escalation.Step { slices.Reverse(s); return s }},
	{"shorter waits", func(s []escalation.Step) []escalation.Step {
		for i := range s {
			s[i].Wait = max(s[i].Wait/2, config.WaitMin)
		}
		return s
	}},
}

func newPlan(seed uint64) plan {
	r := rand.New(rand.NewPCG(seed, 0x50f7))
	p := plan{
		seed: seed, team: teams()[r.IntN(len(teams()))],
		begin: time.Date(2026, 11, 4, 3, 50, 0, 0, time.UTC).Add(time.Duration(r.IntN(36*60)) * time.Minute),
		awake: []float64{0, 0.02, 0.1, 0.3, 0.8}[r.IntN(5)],
		skew:  []time.Duration{0, 200 * time.Millisecond, 2 * time.Second}[r.IntN(3)],
	}
	// Each kind of fault is absent, rare or frequent: too many at once would
	// hide what one of them does.
	rate := func() float64 { return []float64{0, 0, 0.002, 0.01, 0.04}[r.IntN(5)] }
	p.rates = rates{die: rate(), fail: rate(), slow: rate(), conflict: rate(), lag: rate(),
		lost: 5 * rate(), late: 5 * rate(), doubled: 5 * rate(), carrier: 5 * rate()}

	p.outage(r, "login")
	for _, other := range []string{"publish", "feed"} {
		if r.IntN(3) == 0 {
			p.outage(r, other)
		}
	}
	for range r.IntN(7) {
		p.letter(r)
	}
	people := slices.Sorted(maps.Keys(p.team.config.Responders))
	for range r.IntN(4) {
		s := step{at: within(r, 100*time.Minute), lasts: 30*time.Second + within(r, 10*time.Minute)}
		s.kind = []stepKind{stops, storeFails, channelDies, channelLoad, unreachable, leaves, deploys}[r.IntN(7)]
		s.channel = []string{"sms", "email"}[r.IntN(2)]
		switch s.kind {
		case stops:
			s.who, s.lasts = []string{"router", "desk", "inbox"}[r.IntN(3)], 10*time.Minute
		case storeFails:
			s.who = "store"
		case deploys:
			s.who, s.text, s.lasts = "the team", r.IntN(len(policies)), min(s.lasts, time.Minute)
		case leaves:
			s.who, s.lasts = people[r.IntN(len(people))], 0
		default:
			if r.IntN(2) == 0 {
				s.who = people[r.IntN(len(people))]
			}
		}
		p.steps = append(p.steps, s)
	}
	if r.IntN(3) == 0 {
		p.steps = append(p.steps, step{at: within(r, 90*time.Minute), kind: drills, who: "watch", lasts: 5*time.Minute + within(r, 15*time.Minute)})
	}
	if r.IntN(6) == 0 {
		p.steps = append(p.steps, step{at: within(r, 80*time.Minute), kind: storms, who: "everything", text: 8 + r.IntN(24), lasts: 3*time.Minute + within(r, 20*time.Minute)})
	}
	slices.SortStableFunc(p.steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return p
}

// outage has a check turn red, come and go, and perhaps be well again.
func (p *plan) outage(r *rand.Rand, name string) {
	k, _ := p.team.config.Check(name)
	quiet := k.Rule().Quiet
	turn := func(at time.Duration, kind check.Kind, status check.Status, since, last time.Duration) {
		p.steps = append(p.steps, step{at: at, kind: turns, who: name, turn: check.Turn{Kind: kind, Status: status}, since: since, last: last})
	}
	at := within(r, 30*time.Minute)
	for at < faultsFor {
		turn(at, check.Opened, check.Intermittent, 0, at)
		for {
			if r.IntN(8) == 0 {
				at += within(r, 10*time.Minute)
				turn(at, check.Lost, check.Unknown, at-3*time.Minute, at)
				at += within(r, 5*time.Minute)
				turn(at, check.Found, check.Intermittent, 0, at)
			}
			if r.IntN(4) == 0 {
				return // it fails till the end of the night
			}
			bad := at + within(r, 30*time.Minute)
			at = bad + 5*time.Minute
			turn(at, check.Recovered, check.Intermittent, bad, bad)
			if r.IntN(2) == 0 {
				at += within(r, quiet-5*time.Minute)
				turn(at, check.Relapsed, check.Intermittent, 0, at)
				continue
			}
			at = bad + quiet
			turn(at, check.Well, check.Up, bad, bad)
			p.aim(r, at)
			break
		}
		at += time.Second + within(r, 20*time.Minute)
	}
}

// aim sends a letter at about the instant at which something else is decided.
func (p *plan) aim(r *rand.Rand, at time.Duration) {
	if r.IntN(3) == 0 {
		p.steps = append(p.steps, step{at: at + within(r, 4*time.Second) - 2*time.Second, kind: writes,
			who: customers[r.IntN(len(customers))], text: r.IntN(len(letters))})
	}
}

func (p *plan) letter(r *rand.Rand) {
	s := step{at: within(r, 100*time.Minute), who: customers[r.IntN(len(customers))], text: r.IntN(len(letters))}
	s.kind = []stepKind{writes, writes, writes, replies, answers}[r.IntN(5)]
	p.steps = append(p.steps, s)
}

func within(r *rand.Rand, d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(r.Int64N(int64(d)))
}
