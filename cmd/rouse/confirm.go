package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"rouse/shared/config"
	"rouse/shared/record"
	"rouse/shared/snsaccount"
	"rouse/shared/watch"
)

var confirmCommand = command{
	name:  "confirm",
	args:  "TOKEN|URL | --resend WHO",
	about: "confirms a subscription so that no mail scanner can end it, or has the confirmation mailed again",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var table, resend string
		tableFlag(flags, &table)
		flags.StringVar(&resend, "resend", "", "subscribe this responder again, by `ID`; ring or tell for the alarms' topics")
		return func(ctx context.Context, c *call) error { return runConfirm(ctx, c, table, resend) }
	},
}

func runConfirm(ctx context.Context, c *call, table, resend string) error {
	if (len(c.args) == 1) == (resend != "") || len(c.args) > 1 {
		return misused("confirm what? Give the link of SNS's mail, in quotes, or --resend and a responder's id")
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	store, err := c.deployed(ctx, table)
	if err != nil {
		return err
	}
	d, err := store.Deployment(ctx)
	if err != nil {
		return err
	}
	if d.At.IsZero() {
		return fmt.Errorf("where the topics are is not known yet: watch writes it into the table in the first minutes after a deployment; see `rouse doctor`")
	}
	account := &snsaccount.Account{Client: sns.NewFromConfig(*c.aws)}
	if resend != "" {
		return c.resend(ctx, cfg, account, d, resend)
	}
	return c.confirm(ctx, account, d, c.args[0])
}

// topics are all of a deployment's, by what they are called here.
func topics(d record.Deployment) map[string]string {
	all := maps.Clone(d.Topics)
	if all == nil {
		all = map[string]string{}
	}
	for name, arn := range map[string]string{"ring": d.Ring, "tell": d.Tell} {
		if arn != "" {
			all[name] = arn
		}
	}
	return all
}

// confirm finds the topic that a token is for. A link names it; a token alone
// fits one, and SNS refuses it for the others.
func (c *call) confirm(ctx context.Context, account *snsaccount.Account, d record.Deployment, link string) error {
	token, arn := link, ""
	if u, err := url.Parse(link); err == nil && u.Scheme != "" {
		q := u.Query()
		if token, arn = q.Get("Token"), q.Get("TopicArn"); token == "" || arn == "" {
			return misused("the link has no Token and TopicArn; copy the whole of it, in quotes: a shell cuts at &")
		}
	}
	all := topics(d)
	var refused error
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if arn != "" && all[name] != arn {
			continue
		}
		if refused = account.Confirm(ctx, all[name], token); refused == nil {
			return c.confirmed(name)
		}
	}
	if refused == nil {
		return fmt.Errorf("this link is of another deployment's topic; --table names the one that is meant")
	}
	return fmt.Errorf("it is not confirmed: %w. A link holds for two days; `rouse confirm --resend WHO` has another one mailed", refused)
}

func (c *call) confirmed(name string) error {
	if c.json {
		return c.print(struct {
			Topic     string `json:"topic"`
			Confirmed bool   `json:"confirmed"`
		}{name, true})
	}
	fmt.Fprintf(c.stdout, "Confirmed, for %s: only who has AWS credentials can end it. watch believes in it within the hour.\n", name)
	return nil
}

// resend subscribes whatever of somebody is not subscribed and confirmed.
func (c *call) resend(ctx context.Context, cfg *config.Config, account *snsaccount.Account, d record.Deployment, name string) error {
	all := topics(d)
	arn, known := all[name]
	if !known {
		return fmt.Errorf("there is no topic for %q; %s", name, config.Suggest(name, slices.Collect(maps.Keys(all))))
	}
	responder, person := cfg.Responders[name]
	if !person && name != "ring" && name != "tell" {
		return fmt.Errorf("%s is no longer in %s", name, c.configPath)
	}
	if !person {
		responder = cfg.Responders[cfg.Coverage.Owner]
		if cfg.Coverage.Owner == "" {
			return fmt.Errorf("rouse.yaml names no coverage.owner, and the alarms go to everybody: name one, and deploy")
		}
	}
	have, err := account.Subscriptions(ctx, arn)
	if err != nil {
		return err
	}
	type row struct {
		Channel string `json:"channel"`
		State   string `json:"state"` // "confirmed", "subscribed" or "mailed"
	}
	rows := []row{}
	for _, e := range []struct{ protocol, endpoint string }{{"sms", responder.Phone}, {"email", responder.Email}} {
		if e.endpoint == "" {
			continue
		}
		state := "confirmed"
		if !slices.ContainsFunc(have, func(s watch.Subscription) bool {
			return s.Confirmed && s.Protocol == e.protocol && strings.EqualFold(s.Endpoint, e.endpoint)
		}) {
			filter := e.protocol
			if !person {
				filter = "" // alarms have no attributes
			}
			pending, err := account.Subscribe(ctx, arn, e.protocol, e.endpoint, filter)
			if err != nil {
				return fmt.Errorf("%s was not subscribed: %w", e.protocol, err)
			}
			state = map[bool]string{true: "mailed", false: "subscribed"}[pending]
		}
		rows = append(rows, row{e.protocol, state})
	}
	if c.json {
		return c.print(rows)
	}
	for _, r := range rows {
		fmt.Fprintf(c.stdout, "%s of %s: %s\n", r.Channel, cmp.Or(responder.Name, name), map[string]string{
			"confirmed": "was subscribed and confirmed already", "subscribed": "subscribed again",
			"mailed": "SNS has mailed a confirmation; do not follow its link, but give it to `rouse confirm`, in quotes",
		}[r.State])
	}
	return nil
}
