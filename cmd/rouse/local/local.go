package local

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/probe"
)

// feedEvery is how often the console looks for what is new in the store.
const feedEvery = 500 * time.Millisecond

// LocalStore is a store of which a console can be shown.
type LocalStore interface {
	Store
	Teller
}

// Serve runs everything in real time until ctx ends. It says on out where it
// listens.
func Serve(ctx context.Context, out io.Writer, c *config.Config, store LocalStore, secrets probe.Secrets, httpAddr, smtpAddr string, log *slog.Logger) error {
	httpL, err := Listen("the console", httpAddr)
	if err != nil {
		return err
	}
	defer httpL.Close()
	var smtpL net.Listener
	smtp := ""
	if c.Inbox != nil {
		if smtpL, err = Listen("SMTP", smtpAddr); err != nil {
			return err
		}
		defer smtpL.Close()
		smtp = smtpL.Addr().String()
	}
	s, err := New(Options{
		Config: c, Store: store, Secrets: secrets, Clock: clock.Wall{}, Log: log, HTTP: httpL, SMTP: smtpL,
		After: func(at time.Time, f func()) { time.AfterFunc(time.Until(at), f) },
	})
	if err != nil {
		return err
	}
	console := &console{config: c, store: store, phones: s.Phones, feed: newFeed(), smtp: smtp, log: log}
	console.handle(s)
	s.Phones.Hear(func(m Message) { console.feed.add(Entry{At: m.At, Kind: "message", Message: &m}) })

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s.Start(ctx)
	defer s.Stop()
	fmt.Fprintf(out, "console  %s\n", s.URL)
	fmt.Fprintf(out, "events   %s/events\n", s.URL)
	if c.Inbox != nil {
		fmt.Fprintf(out, "smtp     %s  (mail to %s)\n", smtp, c.Inbox.Address)
	} else {
		fmt.Fprintln(out, "smtp     none: rouse.yaml has no inbox")
	}
	for _, k := range c.Checks {
		fmt.Fprintf(out, "check    %s every %s\n", k.Name, k.Interval())
	}
	fmt.Fprintln(out, "Ctrl-C stops it.")
	tick := time.NewTicker(feedEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := console.feed.read(ctx, store); err != nil && ctx.Err() == nil {
				log.ErrorContext(ctx, "console", "error", err)
			}
		}
	}
}
