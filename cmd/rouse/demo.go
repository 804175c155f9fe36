package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"rouse/cmd/rouse/demo"
)

var demoCommand = command{
	name:  "demo",
	args:  "[--without mail|policy|probes]",
	about: "the night Rouse was built for, on this machine, in half a minute",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		without := flags.String("without", "", "take a `PART` away: mail, policy or probes")
		pace := flags.Duration("pace", 25*time.Second, "how `LONG` the night takes to watch; 0 is at once")
		verbose := flags.Bool("v", false, "log what the parts do to standard error")
		return func(ctx context.Context, c *call) error { return runDemo(ctx, c, *without, *pace, *verbose) }
	},
}

func runDemo(ctx context.Context, c *call, without string, pace time.Duration, verbose bool) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	switch without {
	case "", demo.Mail, demo.Policy, demo.Probes:
	default:
		return misused("--without %s: want %s, %s or %s", without, demo.Mail, demo.Policy, demo.Probes)
	}
	log := io.Discard
	if verbose {
		log = c.stderr
	}
	woke, err := demo.Run(ctx, c.stdout, demo.Options{
		Without: without, Pace: pace, Colour: colours(c.stdout, c.env),
		Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	switch {
	case ctx.Err() != nil:
		return errNo // the person has seen enough
	case err != nil:
		return fmt.Errorf("demo: %w", err)
	case !woke:
		return errNo
	}
	return nil
}

// colours reports whether w shows colours: a terminal whose user has not said
// no (https://no-color.org).
func colours(w io.Writer, env func(string) string) bool {
	f, ok := w.(*os.File)
	if !ok || env("NO_COLOR") != "" || env("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
