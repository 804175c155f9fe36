package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	sesv2types "github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/dynamostore"
	"rouse/shared/env"
	"rouse/shared/record"
	"rouse/shared/smsbill"
	"rouse/shared/snsaccount"
	"rouse/shared/sqsdepth"
	"rouse/shared/watch"
)

var doctorCommand = command{
	name:  "doctor",
	about: "looks at everything that would let a night be missed, before a deployment and after, and says the cure",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var v doctorFlags
		tableFlag(flags, &v.table)
		flags.StringVar(&v.dns, "dns", "", "ask this name `SERVER` (host:port); the machine's own if not given")
		return func(ctx context.Context, c *call) error { return runDoctor(ctx, c, v) }
	},
}

type doctorFlags struct{ table, dns string }

// doctorMax bounds the whole examination.
const doctorMax = 90 * time.Second

// A symptom is one thing that was looked at.
type symptom struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Night bool   `json:"night"` // a night might be missed because of it
	What  string `json:"what"`
	Cure  string `json:"cure,omitempty"`
}

// A doctor looks at one thing after the other; nothing that fails keeps the
// rest from being looked at.
type doctor struct {
	*call
	flags  doctorFlags
	config *config.Config
	aws    aws.Config
	found  []symptom
}

func (d *doctor) well(name, format string, args ...any) {
	d.found = append(d.found, symptom{Name: name, OK: true, What: fmt.Sprintf(format, args...)})
}

func (d *doctor) ill(name string, night bool, cure, format string, args ...any) {
	d.found = append(d.found, symptom{Name: name, Night: night, What: fmt.Sprintf(format, args...), Cure: cure})
}

func runDoctor(ctx context.Context, c *call, v doctorFlags) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, doctorMax)
	defer cancel()
	d := &doctor{call: c, flags: v, config: cfg}
	d.tools(ctx)
	if d.aws, err = c.account(ctx); err != nil {
		d.ill("credentials", true, "sign in and try again", "%v", err)
	} else {
		d.mail(ctx)
		d.quota(ctx)
		d.deployment(ctx, v.table)
	}
	return d.tell()
}

// tell prints what was found. Whatever would let a night be missed is the
// answer "no".
func (d *doctor) tell() error {
	night := slices.ContainsFunc(d.found, func(s symptom) bool { return s.Night })
	if d.json {
		if err := d.print(struct {
			OK       bool      `json:"ok"`
			Findings []symptom `json:"findings"`
		}{!night, d.found}); err != nil {
			return err
		}
	} else {
		for _, s := range d.found {
			mark := "ok "
			switch {
			case s.Night:
				mark = "NO "
			case !s.OK:
				mark = "!  "
			}
			fmt.Fprintf(d.stdout, "%s %s: %s\n", mark, s.Name, s.What)
			if s.Cure != "" {
				fmt.Fprintf(d.stdout, "      %s\n", s.Cure)
			}
		}
	}
	if night {
		return errNo
	}
	return nil
}

// tools looks at what a deployment is made with. Who only looks after one needs
// none of it.
func (d *doctor) tools(ctx context.Context) {
	d.well("go", "%s", runtime.Version())
	out, err := exec.CommandContext(ctx, "node", "--version").Output()
	version := strings.TrimPrefix(string(bytes.TrimSpace(out)), "v")
	major, _ := strconv.Atoi(strings.Split(version, ".")[0])
	switch {
	case err != nil:
		d.ill("node", false, "install Node 22 or later, to deploy from here", "there is none on the PATH")
	case major < nodeMin:
		d.ill("node", false, "install Node 22 or later", "version %s is too old for the CDK", version)
	default:
		d.well("node", "version %s", version)
	}
	wanted, have := cdkVersion("package.json", "devDependencies"), cdkVersion(filepath.Join("node_modules", "aws-cdk", "package.json"), "")
	switch {
	case wanted == "": // not in the project's folder
	case have != wanted:
		d.ill("cdk", false, "run npm ci in this folder", "the CDK CLI is %s, pinned is %s", cmp.Or(have, "not installed"), wanted)
	default:
		d.well("cdk", "version %s", have)
	}
}

const nodeMin = 20

// cdkVersion reads the version that a package.json has, or wants of aws-cdk.
func cdkVersion(path, section string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	var p struct {
		Version         string            `json:"version"`
		DevDependencies map[string]string `json:"devDependencies"`
	}
	if json.Unmarshal(text, &p) != nil {
		return ""
	}
	if section == "" {
		return p.Version
	}
	return p.DevDependencies["aws-cdk"]
}

// refused says why AWS did not answer, in its own code.
func refused(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return "it cannot be reached"
}

// mail looks at how customers' mail comes in and how they are answered.
func (d *doctor) mail(ctx context.Context) {
	in := d.config.Inbox
	client := sesv2.NewFromConfig(d.aws)
	out, err := client.GetAccount(ctx, &sesv2.GetAccountInput{})
	if err == nil {
		if server, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok {
			if skew := time.Since(server); skew.Abs() > skewMax {
				d.ill("clock", false, "set it: timedatectl set-ntp true", "this machine's is %s off AWS's", skew.Round(time.Second))
			} else {
				d.well("clock", "agrees with AWS's")
			}
		}
	}
	if in == nil {
		d.well("mail", "rouse.yaml has no inbox: customers' mail is not read")
		return
	}
	switch {
	case err != nil:
		d.ill("ses", false, "allow ses:GetAccount to who deploys", "the account could not be asked: %s", refused(err))
	case in.ReplyFrom == "":
	case !out.ProductionAccessEnabled:
		d.ill("ses", false, "ask for production access (SES console, Account dashboard): it takes about a day; until then answer customers by hand",
			"the account is in the SES sandbox: customers get no answers")
	case out.SendQuota != nil:
		d.well("ses", "out of the sandbox, %g mails a second, %g a day", out.SendQuota.MaxSendRate, out.SendQuota.Max24HourSend)
	}
	if in.ReplyFrom != "" {
		d.identity(ctx, client, "reply_from", false, domainOf(in.ReplyFrom), in.ReplyFrom)
	}
	d.identity(ctx, client, "inbox", true, domainOf(in.Address))
	d.ruleSet(ctx, in)
	d.mx(ctx, in)
}

func domainOf(address string) string { return address[strings.LastIndex(address, "@")+1:] }

// identity looks whether SES has verified one of the names.
func (d *doctor) identity(ctx context.Context, client *sesv2.Client, name string, night bool, names ...string) {
	pending := false
	for _, n := range names {
		out, err := client.GetEmailIdentity(ctx, &sesv2.GetEmailIdentityInput{EmailIdentity: &n})
		var none *sesv2types.NotFoundException
		switch {
		case errors.As(err, &none):
		case err != nil:
			d.ill("identity of "+name, false, "allow ses:GetEmailIdentity to who deploys", "it could not be asked: %s", refused(err))
			return
		case out.VerifiedForSendingStatus:
			d.well("identity of "+name, "verified")
			return
		default:
			pending = true
		}
	}
	if pending {
		d.ill("identity of "+name, night, "publish the DNS records that the deployment prints as InboxDkim1 to 3, or those in the SES console", "SES waits for its domain's DNS records")
		return
	}
	d.ill("identity of "+name, night, "deploy with -c identity=create, or verify the domain in the SES console of this Region", "SES does not know its domain in this Region")
}

// ruleSet looks whether the active receipt rules take the inbox's mail.
func (d *doctor) ruleSet(ctx context.Context, in *config.Inbox) {
	out, err := ses.NewFromConfig(d.aws).DescribeActiveReceiptRuleSet(ctx, &ses.DescribeActiveReceiptRuleSetInput{})
	switch {
	case err != nil:
		d.ill("receipt rules", false, "allow ses:DescribeActiveReceiptRuleSet to who deploys, in a Region in which SES receives mail", "they could not be asked: %s", refused(err))
		return
	case out.Metadata == nil:
		d.ill("receipt rules", true, "run the command that the deployment prints as ActivateInbox", "no rule set is active: SES takes no mail")
		return
	case in.RuleSet != "" && aws.ToString(out.Metadata.Name) != in.RuleSet:
		d.ill("receipt rules", true, "name the active one as inbox.rule_set and deploy, or make yours the active one", "inbox.rule_set is not the active rule set")
		return
	}
	for _, r := range out.Rules {
		if r.Enabled && slices.ContainsFunc(r.Recipients, func(to string) bool { return strings.EqualFold(to, in.Address) }) {
			d.well("receipt rules", "the active rule set takes the inbox's mail")
			return
		}
	}
	d.ill("receipt rules", true, "another rule set is active: name it as inbox.rule_set and deploy; ours, alone, is activated by what the deployment prints as ActivateInbox",
		"the active rule set has no rule for the inbox's address")
}

// mx looks where the mail of the inbox's domain goes.
func (d *doctor) mx(ctx context.Context, in *config.Inbox) {
	resolver := &net.Resolver{}
	if d.flags.dns != "" {
		resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, d.flags.dns)
		}}
	}
	domain := domainOf(in.Address)
	want := "inbound-smtp." + d.aws.Region + ".amazonaws.com"
	cure := fmt.Sprintf("publish the MX record that the deployment prints as InboxMx: 10 %s", want)
	found, err := resolver.LookupMX(ctx, domain+".")
	var none *net.DNSError
	switch {
	case errors.As(err, &none) && none.IsNotFound || err == nil && len(found) == 0:
		d.ill("mx", true, cure, "%s has no MX record: no mail reaches the inbox", domain)
	case err != nil:
		d.ill("mx", false, "try again, or ask another server with --dns", "the name servers do not answer for %s", domain)
	case !slices.ContainsFunc(found, func(m *net.MX) bool { return strings.EqualFold(strings.TrimSuffix(m.Host, "."), want) }):
		d.ill("mx", true, cure, "%s has its mail elsewhere than with SES in %s", domain, d.aws.Region)
	default:
		d.well("mx", "%s has its mail with SES in %s", domain, d.aws.Region)
		if in.Via != config.MX {
			d.well("forwarding", "is not for DNS to tell: write to your support address that you cannot log in, and `rouse incidents` shows it within a minute")
		}
	}
}

// quotaMin is how many functions run at once on a bad night: five routers, two
// desks, one of each other, and some people's taps.
const quotaMin = 50

func (d *doctor) quota(ctx context.Context) {
	out, err := lambda.NewFromConfig(d.aws).GetAccountSettings(ctx, &lambda.GetAccountSettingsInput{})
	if err != nil || out.AccountLimit == nil {
		d.ill("concurrency", false, "allow lambda:GetAccountSettings to who deploys", "the quota could not be asked: %s", refused(err))
		return
	}
	n := int(out.AccountLimit.ConcurrentExecutions)
	if n < quotaMin {
		d.ill("concurrency", false, "ask for the default of 1000 (Service Quotas, AWS Lambda, Concurrent executions): a request for it is granted within days",
			"the account runs %d functions at once: on a bad night some would wait", n)
		return
	}
	d.well("concurrency", "%d functions at once", n)
}

// asked is what the account answers watch's own questions with.
type asked struct {
	*snsaccount.Account
	*smsbill.Bill
	*sqsdepth.Queues
}

// deployment looks at what is deployed, and asks the account what watch asks.
func (d *doctor) deployment(ctx context.Context, table string) {
	account := asked{
		&snsaccount.Account{Client: sns.NewFromConfig(d.aws)},
		&smsbill.Bill{Get: cloudwatch.NewFromConfig(d.aws).GetMetricStatistics, Clock: clock.Wall{}},
		&sqsdepth.Queues{Get: sqs.NewFromConfig(d.aws).GetQueueAttributes},
	}
	var deployed record.Deployment
	if cmp.Or(table, d.env(env.Table)) == "" {
		d.ill("table", false, "after the deployment set "+env.Table+" to what it prints as TableName, and see the doctor again", "no deployment is named: only the account was looked at")
	} else if store, err := d.deployed(ctx, table); err != nil {
		d.ill("table", true, "see that the stack is deployed in this Region, and that "+env.Table+" names its table", "it cannot be opened: %v", err)
	} else if deployed, err = store.Deployment(ctx); err != nil {
		d.ill("table", true, "see that the stack is deployed in this Region, and that "+env.Table+" names its table", "it cannot be read: %v", err)
	} else {
		d.well("table", "answers")
		d.beats(ctx, store, deployed)
	}
	d.numbers(ctx, account)
	q := watch.Inquiry{Config: d.config, Account: account, Deployment: deployed}
	if deployed.At.IsZero() {
		q.AskAccount(ctx)
	} else {
		q.Ask(ctx)
	}
	d.answers(&q)
}

// beats looks whether every function comes to the end of its minute.
func (d *doctor) beats(ctx context.Context, store *dynamostore.Store, deployed record.Deployment) {
	const cure = "look at its log group, then at the status of Lambda and DynamoDB in this Region"
	beats, err := store.Beats(ctx)
	if err != nil {
		d.ill("sweeps", true, cure, "%v", err)
		return
	}
	for _, name := range watch.Sweeps(d.config) {
		switch ago := time.Since(beats[name]); {
		case beats[name].IsZero():
			d.ill("sweep of "+name, true, cure+"; just deployed, give it three minutes", "it has never come to the end of its minute")
		case ago > watch.StaleFor:
			d.ill("sweep of "+name, true, cure, "it last came to the end of its minute %s ago", ago.Round(time.Second))
		default:
			d.well("sweep of "+name, "%s ago", ago.Round(time.Second))
		}
	}
	if deployed.At.IsZero() && !d.config.Watch.Off {
		d.ill("watch", true, "give it three minutes after a deployment; then see its log group", "it has not written yet where things are: subscriptions could not be looked at")
	}
}

// numbers looks where SMS come from.
func (d *doctor) numbers(ctx context.Context, account asked) {
	phones := false
	for _, r := range d.config.Responders {
		phones = phones || r.Phone != ""
	}
	if !phones {
		d.well("sms", "nobody has a phone: pages go by e-mail alone")
		return
	}
	numbers, err := account.Originations(ctx)
	switch {
	case err != nil:
		d.ill("number", false, "allow sns:ListOriginationNumbers to who deploys", "where SMS come from could not be asked: %v", err)
	case len(numbers) == 0:
		d.ill("number", false, "register one: in the US a toll-free or 10DLC number, without which carriers there take nothing (days to weeks); elsewhere it lets phones know the sender",
			"the account has no number of its own that SMS leave from")
	default:
		d.well("number", "SMS leave from %d of the account's own", len(numbers))
	}
}

// answers makes symptoms of what watch would find.
func (d *doctor) answers(q *watch.Inquiry) {
	reached := map[string]bool{}
	for _, f := range q.Facts {
		reached[f.Who] = reached[f.Who] || f.Why == ""
	}
	for _, f := range q.Findings {
		night := f.Night
		if rest, ok := strings.CutPrefix(f.ID, "reach/"); ok {
			who, channel, _ := strings.Cut(rest, "/")
			// An e-mail wakes nobody, and is better than nothing.
			night = channel == "sms" || !reached[who]
		}
		d.ill(strings.ReplaceAll(f.ID, "/", " "), night, f.Cure, "%s", f.What)
	}
	for _, who := range slices.Sorted(maps.Keys(reached)) {
		if !slices.ContainsFunc(q.Findings, func(f record.Finding) bool { return strings.HasPrefix(f.ID, "reach/"+who+"/") }) {
			d.well("reach "+who, "every channel")
		}
	}
}
