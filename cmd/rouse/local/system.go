// Package local is the whole of Rouse in one process: the same deciding,
// reading, telling and probing code as in Lambda, with the queues, schedules,
// phones and mailboxes around it played by this machine.
package local

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"rouse/shared/ack"
	"rouse/shared/amend"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/desk"
	"rouse/shared/hook"
	"rouse/shared/inbox"
	"rouse/shared/loop"
	"rouse/shared/mail"
	"rouse/shared/page"
	"rouse/shared/probe"
	"rouse/shared/status"
)

// A Store is all that the parts ask of theirs.
type Store interface {
	loop.Store
	loop.Holder
	desk.Store
	inbox.Store
	probe.Store
	probe.Jobs
	ack.Store
	amend.Store
	amend.Reader
	status.Store
}

// Options say what a System is made of.
type Options struct {
	Config *config.Config
	Store  Store
	Clock  clock.Clock
	// After runs f at an instant of Clock, on a goroutine of its own.
	After func(at time.Time, f func())
	Log   *slog.Logger
	// Secrets holds what checks name; nil means that there are none.
	Secrets probe.Secrets
	// SMTP and HTTP are where mail comes in and the screens are served.
	SMTP, HTTP net.Listener
	// URL is how the screens are reached; "" is HTTP's own address.
	URL string
}

// A System is Rouse, running.
type System struct {
	Phones *Phones
	Mails  *Mails
	Store  Store
	URL    string

	opts   Options
	router *loop.Loop
	desk   *desk.Desk
	inbox  *inbox.Inbox
	probes *probe.Runner
	mux    *http.ServeMux
	http   *http.Server
	smtp   *smtp.Server

	mu      sync.Mutex
	stopped bool
	work    sync.WaitGroup
}

// New wires a System. Start sets it going.
func New(o Options) (*System, error) {
	c := o.Config
	s := &System{opts: o, Store: o.Store, URL: o.URL, Mails: &Mails{}, mux: http.NewServeMux()}
	if s.URL == "" {
		s.URL = "http://" + o.HTTP.Addr().String()
	}
	s.Phones = &Phones{Clock: o.Clock}
	pager, err := page.New(c, s.URL, s.Phones)
	if err != nil {
		return nil, err
	}
	team := &amend.Source{Deployed: c.Team(), Store: o.Store, Clock: o.Clock, Log: o.Log}
	decides := &loop.Loop{Store: o.Store, Clock: o.Clock, Team: team.Team, Hints: s, Log: o.Log}
	s.probes = &probe.Runner{
		Checks: c.Checks, Sampler: &probe.Prober{Secrets: o.Secrets, Jobs: o.Store}, Store: o.Store, Clock: o.Clock, Muted: team.Muted,
		Raise: func(ctx context.Context, t probe.Transition) error {
			return loop.Raise(ctx, o.Store, s, t.Signal(c.Zone()))
		},
	}
	s.router = &loop.Loop{Store: o.Store, Clock: o.Clock, Team: team.Team, Hints: s, Log: o.Log, Sender: pager}
	if c.Inbox != nil {
		s.inbox = inbox.New(c)
		s.inbox.Us.TrustUnverified = true // nobody verifies on this machine
		s.inbox.Store, s.inbox.Mails, s.inbox.Hints, s.inbox.Clock, s.inbox.Log = o.Store, s.Mails, s, o.Clock, o.Log
		s.desk = desk.New(c)
		s.desk.Store, s.desk.Mailer, s.desk.Clock, s.desk.Log = o.Store, s.Phones, o.Clock, o.Log
	}
	takes := &hook.Hook{Config: c, Store: o.Store, Hints: s, Secrets: o.Secrets, Clock: o.Clock, Log: o.Log}
	s.mux.Handle("/beat/", takes)
	s.mux.Handle("/signal/", takes)
	s.mux.Handle("/a/", ack.New(c, o.Store, decides))
	if c.StatusPage != nil {
		(&statusPage{config: c, store: o.Store, clock: o.Clock, log: o.Log, url: s.URL}).handle(s)
	}
	return s, nil
}

// Handle adds pages of the program's own to the server.
func (s *System) Handle(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// Start serves, and begins to probe and to sweep.
func (s *System) Start(ctx context.Context) {
	s.http = &http.Server{Handler: s.mux, ReadHeaderTimeout: 10 * time.Second}
	s.work.Go(func() { s.http.Serve(s.opts.HTTP) })
	if s.inbox != nil {
		s.smtp = newSMTP(s)
		s.work.Go(func() { s.smtp.Serve(s.opts.SMTP) })
	}
	now := s.opts.Clock.Now()
	s.after(now, func() { s.probe(ctx) })
	s.after(nextMinute(now), func() { s.minute(ctx) })
}

// Stop ends what Start began and waits for it.
func (s *System) Stop() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.http.Close()
	if s.smtp != nil {
		s.smtp.Close()
	}
	s.work.Wait()
}

// after schedules f unless the system has stopped by then.
func (s *System) after(at time.Time, f func()) {
	s.opts.After(at, func() {
		s.mu.Lock()
		if s.stopped {
			s.mu.Unlock()
			return
		}
		s.work.Add(1)
		s.mu.Unlock()
		defer s.work.Done()
		f()
	})
}

func nextMinute(t time.Time) time.Time { return t.Truncate(time.Minute).Add(time.Minute) }

// minute is the Scheduler: the sweeps of router, inbox and desk.
func (s *System) minute(ctx context.Context) {
	s.after(nextMinute(s.opts.Clock.Now()), func() { s.minute(ctx) })
	s.log(ctx, "router sweep", s.router.Sweep(ctx, s.opts.Store))
	if s.inbox != nil {
		s.log(ctx, "inbox sweep", s.inbox.Sweep(ctx))
		s.log(ctx, "desk", s.desk.Run(ctx))
	}
}

// probe is one invocation of the probe function, which ends with its minute.
func (s *System) probe(ctx context.Context) {
	if len(s.opts.Config.Checks) == 0 {
		return
	}
	end := nextMinute(s.opts.Clock.Now())
	s.after(end, func() { s.probe(ctx) })
	s.log(ctx, "probe", s.probes.Run(ctx, end))
}

// Router is the SQS queue with its delayed messages.
func (s *System) Router(ctx context.Context, h loop.Hint, at time.Time) error {
	now := s.opts.Clock.Now()
	if at.Before(now) {
		at = now
	}
	s.after(at, func() {
		_, err := s.router.Run(context.WithoutCancel(ctx), h)
		s.log(ctx, "router", err)
	})
	return nil
}

// Desk is the desk's queue.
func (s *System) Desk(ctx context.Context) error {
	s.after(s.opts.Clock.Now(), func() { s.log(ctx, "desk", s.desk.Run(context.WithoutCancel(ctx))) })
	return nil
}

// receive is SES: it stores a mail and tells the inbox.
func (s *System) receive(env mail.Envelope, raw []byte) {
	s.Mails.put(env, raw)
	s.after(s.opts.Clock.Now(), func() {
		s.log(context.Background(), "inbox", s.inbox.Receive(context.Background(), env))
	})
}

func (s *System) log(ctx context.Context, what string, err error) {
	if err != nil {
		s.opts.Log.ErrorContext(ctx, what, "error", err)
	}
}

var _ loop.Hints = (*System)(nil)

// Listen opens a port and says what to do if it is taken.
func Listen(what, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s cannot listen on %s: %w: stop what does, or choose another port", what, addr, err)
	}
	return l, nil
}
