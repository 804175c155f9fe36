package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rouse/shared/incident"
)

var tellCommand = command{
	name:  "tell",
	args:  "ID --who W --text …",
	about: "tells every customer who wrote about an incident something, in your own words",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var v tellFlags
		tableFlag(flags, &v.table)
		flags.StringVar(&v.who, "who", "", "as this responder, by `ID`; "+meVariable+" if not given")
		flags.StringVar(&v.text, "text", "", "tell them `THIS`; - reads standard input")
		return func(ctx context.Context, c *call) error { return runTell(ctx, c, v) }
	},
}

type tellFlags struct{ table, who, text string }

func runTell(ctx context.Context, c *call, v tellFlags) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	who, err := c.responder(cfg, v.who)
	if err != nil {
		return err
	}
	text, err := c.words(v.text)
	if err != nil {
		return err
	}
	if cfg.Inbox == nil || cfg.Inbox.ReplyFrom == "" {
		return fmt.Errorf("%s has no inbox.reply_from, so nobody is written to: name the address that the team answers from", c.configPath)
	}
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	store, id, key, err := c.incident(ctx, v.table)
	if err != nil {
		return err
	}
	signal := incident.Signal{
		ID: "cli/" + rand.Text(), Key: key, Kind: incident.KindTap, At: time.Now(), Incident: id,
		Tap: &incident.TapSignal{Action: incident.ActTell, Who: who, Via: "terminal", Text: text},
	}
	if _, err := store.PutSignal(ctx, signal); err != nil {
		return fmt.Errorf("nobody was told: %w", err)
	}
	in, err := decide(ctx, cfg, store, c.hints(), key)
	if err != nil {
		return fmt.Errorf("it is noted, and the router decides on it %s; this machine could not: %w", c.wakeRouter(ctx, key), err)
	}
	open := in.ID == id && in.Open()
	told := open && in.Reports > 0
	if c.json {
		err = c.print(struct {
			ID      incident.ID `json:"id"`
			Telling bool        `json:"telling"`
		}{id, told})
	} else {
		switch {
		case !open:
			fmt.Fprintf(c.stdout, "%s has settled: nobody was told. Answer them by mail.\n", id)
		case !told:
			fmt.Fprintf(c.stdout, "No customer has written about %s: nobody was told.\n", id)
		default:
			fmt.Fprintf(c.stdout, "Everybody who wrote about %s is being told; `rouse timeline %s` shows whom.\n", in.Title, id)
		}
	}
	if err == nil && !told {
		err = errNo
	}
	return err
}

// words are what --text gives, as reporters will read it.
func (c *call) words(text string) (string, error) {
	if text == "-" {
		read, err := io.ReadAll(io.LimitReader(c.stdin, incident.WordsMax+1))
		if err != nil {
			return "", fmt.Errorf("standard input cannot be read: %w", err)
		}
		text = string(read)
	}
	text = strings.TrimSpace(text)
	control := func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }
	switch {
	case text == "":
		return "", misused("what are they to be told? Add --text")
	case len(text) > incident.WordsMax:
		return "", misused("--text has %d bytes or more; at most %d are sent", len(text), incident.WordsMax)
	case !utf8.ValidString(text) || strings.ContainsFunc(strings.ReplaceAll(text, "\r\n", "\n"), control):
		return "", misused("--text holds characters that are no text; write plain lines")
	}
	return strings.ReplaceAll(text, "\r\n", "\n"), nil
}
