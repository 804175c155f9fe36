package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/triage"
)

var raiseCommand = command{
	name:  "raise",
	args:  "[TITLE] [--capability C | --key K] --why … [--severity suspected] | … --recovered",
	about: "raises an alarm by hand, as a check of yours would, or says that it is well again",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var v raiseFlags
		tableFlag(flags, &v.table)
		flags.StringVar(&v.capability, "capability", "", "what fails, by the `ID` of a capability: joins its incident, or opens it")
		flags.StringVar(&v.key, "key", "", "join what is open under this `KEY`: check/NAME, alert/SOURCE/NAME or mail/ORG")
		flags.StringVar(&v.severity, "severity", string(incident.Confirmed), "how wide it may wake, `suspected` (no step of everyone) or confirmed")
		flags.StringVar(&v.why, "why", "", "what you see, in one `LINE` for whom it wakes")
		flags.BoolVar(&v.recovered, "recovered", false, "it is well again: what was raised under this title")
		flags.StringVar(&v.who, "who", "", "as this responder, by `ID`; "+meVariable+" if not given")
		return func(ctx context.Context, c *call) error { return runRaise(ctx, c, v) }
	},
}

type raiseFlags struct {
	table, capability, key, severity, why, who string
	recovered                                  bool
}

// untitled is what is raised about a capability or another key, in no words of
// its own.
const untitled = "this"

func runRaise(ctx context.Context, c *call, v raiseFlags) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	who, err := c.responder(cfg, v.who)
	if err != nil {
		return err
	}
	alert, err := c.alert(cfg, v)
	if err != nil {
		return err
	}
	alert.Why = cfg.Responders[who].Name + ": " + alert.Why
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	store, err := c.deployed(ctx, v.table)
	if err != nil {
		return err
	}
	alert.ID, alert.At = rand.Text(), time.Now()
	signal := alert.Signal()
	signal.Key = cmp.Or(incident.Key(v.key), signal.Key)
	if _, err := store.PutSignal(ctx, signal); err != nil {
		return fmt.Errorf("nothing was raised: %w", err)
	}
	within := c.wakeRouter(ctx, signal.Key)
	if c.json {
		return c.print(struct {
			Key       incident.Key `json:"key"`
			Recovered bool         `json:"recovered"`
		}{signal.Key, v.recovered})
	}
	did := "Raised: the router decides whom to wake for"
	if v.recovered {
		did = "Noted as well again:"
	}
	fmt.Fprintf(c.stdout, "%s %s %s. `rouse incidents` shows it.\n", did, signal.Key, within)
	return nil
}

// alert makes what is raised of the flags.
func (c *call) alert(cfg *config.Config, v raiseFlags) (a incident.Alert, err error) {
	title := strings.Join(c.args, " ")
	a = incident.Alert{
		Source: incident.SourceHand, Name: cmp.Or(title, untitled), State: incident.AlertFailing,
		Severity: incident.Severity(v.severity), Capability: v.capability, Why: v.why,
	}
	if v.recovered {
		a.State, a.Why = incident.AlertWell, cmp.Or(v.why, "well again")
	}
	capabilities := func(id string) bool {
		return slices.ContainsFunc(cfg.Capabilities, func(c triage.Capability) bool { return c.Name == id })
	}
	switch {
	case title == "" && v.capability == "" && v.key == "":
		return a, misused("what is wrong? Give it a title, or name what fails with --capability or --key")
	case v.capability != "" && v.key != "":
		return a, misused("--capability and --key both say where it belongs; give one of them")
	case len(title) > config.NameBytesMax || strings.ContainsFunc(title, unicode.IsControl):
		return a, misused("the title is one line of at most %d bytes; the rest belongs into --why", config.NameBytesMax)
	case v.capability != "" && !capabilities(v.capability):
		var names []string
		for _, c := range cfg.Capabilities {
			names = append(names, c.Name)
		}
		return a, fmt.Errorf("there is no capability %q in %s; %s", v.capability, c.configPath, config.Suggest(v.capability, names))
	case v.key != "" && !wellFormed(v.key):
		return a, misused("--key %q: want check/NAME, alert/SOURCE/NAME or mail/ORG, as `rouse incidents` shows it; a capability goes into --capability", v.key)
	case v.severity != string(incident.Suspected) && v.severity != string(incident.Confirmed):
		return a, misused("--severity %q: want suspected or confirmed", v.severity)
	case v.why == "" && !v.recovered:
		return a, misused("--why is missing: what do you see? Whom it wakes reads it first")
	case len(v.why) > config.TextBytesMax || strings.ContainsFunc(v.why, unicode.IsControl):
		return a, misused("--why is one line of at most %d bytes", config.TextBytesMax)
	}
	return a, nil
}

// wellFormed reports whether key is one that an outage may be open under.
func wellFormed(key string) bool {
	kind, name, _ := strings.Cut(key, "/")
	return slices.Contains([]string{"check", "alert", "mail"}, kind) && name != "" && len(name) <= config.TextBytesMax && !strings.ContainsFunc(name, unicode.IsControl)
}
