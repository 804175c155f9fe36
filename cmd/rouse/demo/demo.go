// Package demo is the night that Rouse was built for, on this machine: a real
// service that misbehaves, real checks, real mails through a real SMTP port,
// and Rouse's own code in between. Only time is not real: it jumps from event
// to event, the same for all parts.
package demo

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/smtp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"rouse/cmd/rouse/local"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/memstore"
)

//go:embed night.yaml
var nightYAML string

// Parts that can be taken away.
const (
	Mail   = "mail"   // nobody's mail comes in
	Policy = "policy" // only whoever is on call is paged
	Probes = "probes" // nothing is checked
)

// Options say how the night is told.
type Options struct {
	Without string        // one of the parts, or "" for none
	Pace    time.Duration // how long the whole night takes to watch; 0: at once
	Colour  bool
	Log     *slog.Logger
}

// Run tells the night to w. woke reports whether anybody took the incident.
func Run(ctx context.Context, w io.Writer, o Options) (woke bool, err error) {
	clk := clock.NewVirtual(begins)
	service, err := serve(clk)
	if err != nil {
		return false, fmt.Errorf("the newsroom's service: %w", err)
	}
	defer service.http.Close()
	c, err := team(service.addr, o.Without)
	if err != nil {
		return false, err
	}
	n := &night{ctx: ctx, clock: clk, config: c, out: newScreen(w, o.Colour)}
	n.out.opening(c)

	httpL, err := local.Listen("the ack screen", "127.0.0.1:0")
	if err != nil {
		return false, err
	}
	smtpL, err := local.Listen("SMTP", "127.0.0.1:0")
	if err != nil {
		return false, err
	}
	n.smtp = smtpL.Addr().String()
	n.store = memstore.New()
	n.system, err = local.New(local.Options{
		Config: c, Store: n.store, Clock: clk, After: clk.At, Log: o.Log, SMTP: smtpL, HTTP: httpL,
	})
	if err != nil {
		return false, err
	}
	n.system.Phones.Hear(n.message)
	if o.Without != Mail {
		for _, l := range letters {
			clk.At(at(l.at), func() {
				n.fail(smtp.SendMail(n.smtp, nil, l.from, []string{c.Inbox.Address}, []byte(strings.ReplaceAll(l.raw, "\n", "\r\n"))))
			})
		}
	}
	for _, t := range answers {
		clk.At(t, func() { n.press(n.link, "answered") })
	}
	clk.At(goesOver, func() { n.press(n.link, "resolve") })

	clk.Pace = func(from, to time.Time) {
		n.tell(from)
		if o.Pace > 0 && ctx.Err() == nil {
			time.Sleep(time.Duration(float64(o.Pace) * float64(to.Sub(from)) / float64(ends.Sub(begins))))
		}
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	n.system.Start(running)
	for t := begins; t.Before(ends) && ctx.Err() == nil && n.err == nil; t = t.Add(time.Minute) {
		clk.Run(t.Add(time.Minute))
	}
	n.tell(ends)
	stop()
	n.system.Stop()
	if n.err != nil {
		return false, n.err
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	f := n.figures()
	n.out.closing(n.history, f, o.Without)
	return !f.acked.IsZero(), nil
}

// team is the team of the story, with a part of Rouse taken away.
func team(service, without string) (*config.Config, error) {
	text := strings.Replace(nightYAML, "SERVICE", service, 1)
	switch without {
	case "", Mail:
	case Policy:
		text = cut(text, "policies:\n", "capabilities:\n", "policies:\n  default: {steps: [{page: [schedule/primary], wait: 5m}], check_in: 30m}\n")
	case Probes:
		text = cut(text, "checks:\n", "customers:", "")
	default:
		return nil, fmt.Errorf("--without %s: want %s, %s or %s", without, Mail, Policy, Probes)
	}
	return config.Parse([]byte(text), "night.yaml")
}

// cut replaces what begins with from and ends before to.
func cut(text, from, to, by string) string {
	before, rest, _ := strings.Cut(text, from)
	_, after, _ := strings.Cut(rest, to)
	return before + by + to + after
}

// night is the night under way.
type night struct {
	ctx    context.Context
	clock  *clock.Virtual
	config *config.Config
	store  *memstore.Store
	system *local.System
	smtp   string
	out    *screen
	err    error

	link    string // of Ana's last SMS
	told    int    // rows of thatNight told
	history []entry
	seen    map[incident.ID]int
	last    int // message
	answers []local.Message
	pages   []local.Message
}

// entry is an event of an incident.
type entry struct {
	id incident.ID
	incident.Event
}

func (n *night) fail(err error) {
	if err != nil && n.err == nil {
		n.err = err
	}
}

var linkIn = regexp.MustCompile(`https?://\S+/a/\S+`)

// message is somebody's phone or mailbox. Ana's wakes her.
func (n *night) message(m local.Message) {
	if m.To != hears || m.Channel != "sms" {
		return
	}
	link := linkIn.FindString(m.Text)
	if link == "" {
		return
	}
	n.link = link
	n.clock.At(n.clock.Now().Add(tapsAfter), func() { n.press(link, "ack") })
}

var (
	formIn   = regexp.MustCompile(`(?s)<form.*?</form>`)
	hiddenIn = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
)

// press opens the link and presses the button of an action, if it is there.
func (n *night) press(link, action string) {
	if link == "" {
		return
	}
	get, err := http.Get(link)
	if err != nil {
		n.fail(err)
		return
	}
	page, err := io.ReadAll(get.Body)
	get.Body.Close()
	if err != nil {
		n.fail(err)
		return
	}
	for _, form := range formIn.FindAllString(string(page), -1) {
		if !strings.Contains(form, `value="`+action+`"`) {
			continue
		}
		values := url.Values{"action": {action}}
		for _, h := range hiddenIn.FindAllStringSubmatch(form, -1) {
			values.Set(h[1], h[2])
		}
		post, err := http.PostForm(link, values)
		if err != nil {
			n.fail(err)
			return
		}
		post.Body.Close()
		if post.StatusCode != http.StatusOK {
			n.fail(fmt.Errorf("%s: the ack screen answered %s", action, post.Status))
		}
		return
	}
}

// tell shows what has happened until now.
func (n *night) tell(now time.Time) {
	for n.told < len(thatNight) && !at(thatNight[n.told].at).After(now) {
		n.out.thatNight(at(thatNight[n.told].at), thatNight[n.told].what)
		n.told++
	}
	recent, err := n.store.Recent(n.ctx, 100)
	n.fail(err)
	if n.seen == nil {
		n.seen = map[incident.ID]int{}
	}
	var fresh []entry
	for _, in := range recent {
		events, err := n.store.Timeline(n.ctx, in.ID)
		n.fail(err)
		for _, e := range events[min(n.seen[in.ID], len(events)):] {
			fresh = append(fresh, entry{in.ID, e})
		}
		n.seen[in.ID] = len(events)
	}
	slices.SortStableFunc(fresh, func(a, b entry) int { return a.At.Compare(b.At) })
	for _, e := range fresh {
		n.out.withRouse(e)
	}
	n.history = append(n.history, fresh...)
	messages := n.system.Phones.Since(n.last)
	if len(messages) > 0 {
		n.last = messages[len(messages)-1].ID
	}
	// What is sent in one instant is sent at once; here it has an order.
	slices.SortStableFunc(messages, func(a, b local.Message) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Channel, b.Channel), strings.Compare(a.To, b.To))
	})
	for _, m := range messages {
		n.out.message(m, n.name(m.To))
		if m.Channel == "mail" {
			n.answers = append(n.answers, m)
		} else {
			n.pages = append(n.pages, m)
		}
	}
}

func (n *night) name(id string) string {
	if r, ok := n.config.Responders[id]; ok {
		return r.Name
	}
	return id
}

// figures are what the night comes to.
type figures struct {
	paged, acked, answered, relapsePaged time.Time
	told                                 []time.Duration // from each first letter to Rouse's answer
	pages, incidents                     int
}

func (n *night) figures() figures {
	f := figures{pages: len(n.pages), incidents: len(n.seen)}
	first := func(t *time.Time, at time.Time) {
		if t.IsZero() || at.Before(*t) {
			*t = at
		}
	}
	for _, e := range n.history {
		switch e.Kind {
		case "acknowledged":
			first(&f.acked, e.At)
		case "answered":
			first(&f.answered, e.At)
		}
	}
	for _, m := range n.pages {
		first(&f.paged, m.At)
		if !m.At.Before(relapse) {
			first(&f.relapsePaged, m.At)
		}
	}
	for _, l := range letters {
		wrote := at(l.at)
		i := slices.IndexFunc(n.answers, func(m local.Message) bool { return m.To == l.from && !m.At.Before(wrote) })
		if i >= 0 && !strings.Contains(l.raw, "In-Reply-To") {
			f.told = append(f.told, n.answers[i].At.Sub(wrote))
		}
	}
	return f
}
