package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"time"

	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/desk"
	"rouse/shared/inbox"
	"rouse/shared/incident"
	"rouse/shared/mail"
	"rouse/shared/triage"
)

var mailCommand = command{
	name:  "mail",
	args:  "< message.eml",
	about: "says what Rouse makes of a mail",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		raw := flags.Bool("raw", false, "print the mail that would answer it, as it is handed to SES")
		return func(ctx context.Context, c *call) error { return runMail(ctx, c, *raw) }
	},
}

type mailAnswer struct {
	From       string         `json:"from"`
	Subject    string         `json:"subject"`
	Text       string         `json:"text"`
	Automatic  bool           `json:"automatic"`
	Urgency    triage.Urgency `json:"urgency"`
	Capability string         `json:"capability"`
	Why        []string       `json:"why"`
	Reply      replyAnswer    `json:"reply"`
}

type replyAnswer struct {
	Send bool   `json:"send"`
	Why  string `json:"why"`
}

func runMail(_ context.Context, c *call, raw bool) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	if raw && c.json {
		return misused("--raw prints a mail and --json a document; ask for one of them")
	}
	cfg, err := c.config()
	if errors.Is(err, fs.ErrNotExist) && c.configPath == defaultConfig {
		cfg, err = &config.Config{}, nil // a mail can be read without a team
	}
	if err != nil {
		return err
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(c.stdin, first); err != nil {
		return misused("there is no mail on standard input; try rouse mail < message.eml")
	}
	if raw {
		return c.printReply(io.MultiReader(bytes.NewReader(first), c.stdin), cfg)
	}
	answer := judge(io.MultiReader(bytes.NewReader(first), c.stdin), cfg)
	if c.json {
		return c.print(answer)
	}
	c.printMail(answer)
	return nil
}

func judge(r io.Reader, cfg *config.Config) mailAnswer {
	var us mail.Us
	if in := cfg.Inbox; in != nil {
		us = mail.UsOf(in.Address, in.ReplyFrom, in.Team, mail.Via(in.Via))
	}
	us.TrustUnverified = true // no receiving server has seen a mail from a file
	m := mail.Read(r, mail.Envelope{ID: "stdin", Received: time.Now()}, us)
	a := triage.New(cfg.Capabilities, cfg.Languages()...).Assess(m.Subject, m.Text)
	answer := mailAnswer{
		From:       m.From.Address,
		Subject:    m.Subject,
		Text:       m.Text,
		Automatic:  m.Automatic,
		Urgency:    a.Urgency,
		Capability: a.Capability,
		Why:        append(append([]string{}, a.Why...), m.Why...),
	}
	if m.Note != "" {
		answer.Why = append(answer.Why, m.Note)
	}
	_, answer.Reply.Send, answer.Reply.Why = mail.ReplyTo(m, us)
	return answer
}

func (c *call) printMail(a mailAnswer) {
	fmt.Fprintf(c.stdout, "from        %s\nsubject     %s\n", a.From, a.Subject)
	written := "by a person"
	if a.Automatic {
		written = "automatically"
	}
	fmt.Fprintf(c.stdout, "written     %s\nurgency     %s\n", written, a.Urgency)
	if a.Capability != "" {
		fmt.Fprintf(c.stdout, "capability  %s\n", a.Capability)
	}
	for _, why := range a.Why {
		fmt.Fprintf(c.stdout, "because     %s\n", why)
	}
	reply := "no"
	if a.Reply.Send {
		reply = "yes"
	}
	if a.Reply.Why != "" {
		reply += ": " + a.Reply.Why
	}
	fmt.Fprintf(c.stdout, "answered    %s\n\n%s\n", reply, a.Text)
}

// printReply prints the acknowledgement that a mail would get now. That it gets
// none is the answer "no".
func (c *call) printReply(r io.Reader, cfg *config.Config) error {
	if cfg.Inbox == nil || cfg.Inbox.ReplyFrom == "" {
		return fmt.Errorf("%s has no inbox.reply_from, so nobody is answered: name the address that the team answers from", c.configPath)
	}
	now := time.Now()
	in := inbox.New(cfg)
	in.Us.TrustUnverified = true
	m := mail.Read(r, mail.Envelope{ID: "stdin", Received: now}, in.Us)
	reporter, why := in.Reporter(m)
	if in.Classifier.Assess(m.Subject, m.Text).Urgency == triage.Benign {
		reporter.Silent, why = "benign", "it reports no trouble, and the helpdesk answers it"
	}
	if reporter.Silent != "" {
		fmt.Fprintf(c.stdout, "It would not be answered: %s.\n", why)
		return errNo
	}
	var by time.Time
	if cfg.Inbox.AnswerWithin > 0 {
		by = now.Add(cfg.Inbox.AnswerWithin)
	}
	d := desk.New(cfg)
	d.Clock = clock.Wall{}
	raw, err := d.Acknowledgement(incident.NewID("example", "stdin", now), reporter, by, now)
	if err != nil {
		return fmt.Errorf("it cannot be answered: %w", err)
	}
	_, err = c.stdout.Write(raw)
	return err
}
