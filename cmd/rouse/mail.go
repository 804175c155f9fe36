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

	"rouse/shared/config"
	"rouse/shared/mail"
	"rouse/shared/triage"
)

var mailCommand = command{
	name:  "mail",
	args:  "< message.eml",
	about: "says what Rouse makes of a mail",
	flags: func(*flag.FlagSet) func(context.Context, *call) error { return runMail },
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

func runMail(_ context.Context, c *call) error {
	if err := c.noArgs(); err != nil {
		return err
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
