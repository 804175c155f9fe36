package watch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rouse/shared/config"
	"rouse/shared/escalation"
	"rouse/shared/reach"
	"rouse/shared/record"
)

// An Account answers what SNS, SQS and CloudWatch know. Its errors are in
// words, without numbers and addresses.
type Account interface {
	// Subscriptions lists those of a topic.
	Subscriptions(ctx context.Context, topicARN string) ([]Subscription, error)
	// OptedOut reports whether a number has asked for no more SMS.
	OptedOut(ctx context.Context, phone string) (bool, error)
	// Sandbox returns nil if SMS leave for every number, and otherwise the
	// numbers that are verified.
	Sandbox(ctx context.Context) (*Sandbox, error)
	// Spent is how many dollars SMS have cost this month, and Limit how many they
	// may.
	Spent(ctx context.Context) (dollars float64, err error)
	Limit(ctx context.Context) (dollars float64, err error)
	// Depth is how many messages a queue holds.
	Depth(ctx context.Context, queueURL string) (int, error)
}

// A Subscription is an endpoint of a topic.
type Subscription struct {
	Protocol  string // "sms", "email"
	Endpoint  string
	Confirmed bool
}

// A Sandbox is what SMS are kept to in a new account.
type Sandbox struct{ Verified []string }

// spendNear is the share of the month's limit at which somebody is told.
const spendNear = 0.8

// due reports whether the account is to be asked in this run.
func (r *run) due() bool {
	if r.now.Sub(r.mind.Asked) >= askEvery && r.now.Sub(r.mind.Tried) >= askAgain {
		return true
	}
	return r.mind.Tried.IsZero()
}

// ask asks the account, and keeps what it says as the facts that paging goes by.
func (r *run) ask(ctx context.Context) {
	a := Inquiry{Config: r.Config, Account: r.Account, Deployment: r.Deployment}
	a.Ask(ctx)
	failed := len(a.Failed) > 0
	for _, f := range a.Facts {
		f.Found = r.now
		if err := r.Store.PutReach(ctx, reach.Next(r.facts, f)); err != nil {
			r.unread("whether "+f.Who+" can be reached", err)
			failed = true
		}
	}
	r.Deployment.At = r.now
	if err := r.Store.PutDeployment(ctx, r.Deployment); err != nil {
		r.unread("where things are deployed", err)
		failed = true
	}
	// Of what could not be asked this time, the last answer stands.
	for _, f := range r.mind.Account {
		if slices.ContainsFunc(a.Failed, func(subject string) bool { return f.ID == subject || strings.HasPrefix(f.ID, subject+"/") }) {
			a.Findings = append(a.Findings, f)
		}
	}
	r.mind.Account, r.mind.Tried = a.Findings, r.now
	if !failed {
		r.mind.Asked = r.now
	}
}

// An Inquiry asks an account about everything that reaches people.
type Inquiry struct {
	Config     *config.Config
	Account    Account
	Deployment record.Deployment

	Findings []record.Finding
	Facts    []reach.Fact // without their times
	// Failed names what could not be asked: prefixes of findings' IDs.
	Failed []string
}

// Ask asks. What cannot be asked is a finding, and the rest is asked all the
// same.
func (q *Inquiry) Ask(ctx context.Context) {
	sms := q.carrier(ctx)
	for _, id := range slices.Sorted(maps.Keys(q.Config.Responders)) {
		q.person(ctx, q.Config.Responders[id], sms)
	}
	q.alarms(ctx)
	q.dead(ctx)
}

// AskAccount asks what there is to ask before anything is deployed.
func (q *Inquiry) AskAccount(ctx context.Context) {
	sms := q.carrier(ctx)
	for _, id := range slices.Sorted(maps.Keys(q.Config.Responders)) {
		who := q.Config.Responders[id]
		if who.Phone == "" {
			continue
		}
		if why, cure, err := q.phone(ctx, who, sms); err != nil {
			q.failed("reach/"+id+"/sms", "whether "+id+"'s number has opted out", err)
		} else if why != "" {
			q.find(record.Finding{ID: "reach/" + id + "/sms", What: fmt.Sprintf("sms would not reach %s: %s", id, why), Cure: cure})
		}
	}
}

func (q *Inquiry) find(f record.Finding) { q.Findings = append(q.Findings, f) }

// failed notes that something could not be asked. One fault may pass; who is
// told has been patient.
func (q *Inquiry) failed(subject, what string, err error) {
	q.Failed = append(q.Failed, subject)
	q.find(record.Finding{ID: "ask/" + subject, What: fmt.Sprintf("%s could not be asked: %v", what, err),
		Cure: "if it stays so, look at watch's log group and at its rights: deploy again", Patience: askEvery / 2})
}

// A carrier is how things stand with SMS as a whole.
type carrier struct {
	sandbox *Sandbox // nil: none, or it could not be asked
	unasked bool     // something could not be asked, so that no SMS is known to arrive
	spent   bool     // the month's money is
}

func (q *Inquiry) carrier(ctx context.Context) carrier {
	var c carrier
	var err error
	phones := slices.ContainsFunc(slices.Collect(maps.Values(q.Config.Responders)), func(r config.Responder) bool { return r.Phone != "" })
	if !phones {
		return c
	}
	if c.sandbox, err = q.Account.Sandbox(ctx); err != nil {
		q.failed("sandbox", "whether the account is in the SMS sandbox", err)
		c.unasked = true
	}
	if c.sandbox != nil {
		q.find(record.Finding{ID: "sandbox/sms", What: "the account is in the SMS sandbox: SMS leave for verified numbers only",
			Cure: "ask AWS for production access (SNS console, Text messaging); until then verify each responder's number there"})
	}
	limit, err := q.Account.Limit(ctx)
	var spent float64
	if err == nil {
		spent, err = q.Account.Spent(ctx)
	}
	switch {
	case err != nil:
		q.failed("spend", "what SMS have cost this month", err)
		c.unasked = true
	case spent >= limit:
		c.spent = true
		q.find(record.Finding{ID: "spend/over", What: fmt.Sprintf("SMS have cost $%.2f of the $%.2f that they may this month: no more are sent", spent, limit), Night: true,
			Cure: "ask AWS for a higher SMS spend limit (Service Quotas, SNS), and set it in the SNS console, Text messaging preferences"})
	case spent >= spendNear*limit:
		q.find(record.Finding{ID: "spend/near", What: fmt.Sprintf("SMS have cost $%.2f of the $%.2f that they may this month", spent, limit),
			Cure: "raise the SMS spend limit before it is reached: then no SMS is sent at all"})
	}
	return c
}

// person finds which of somebody's channels reach them.
func (q *Inquiry) person(ctx context.Context, who config.Responder, sms carrier) {
	var subscriptions []Subscription
	topic := q.Deployment.Topics[who.ID]
	if topic != "" {
		var err error
		if subscriptions, err = q.Account.Subscriptions(ctx, topic); err != nil {
			q.failed("reach/"+who.ID, "who is subscribed to "+who.ID+"'s topic", err)
			return
		}
	}
	for _, channel := range channels(who.Contact) {
		id := fmt.Sprintf("reach/%s/%s", who.ID, channel)
		why, cure := "it has no topic", "deploy again"
		known := true
		if topic != "" {
			why, cure = subscribed(subscriptions, string(channel), endpoint(who, channel), who.ID)
		}
		if why == "" && channel == escalation.SMS {
			var err error
			if why, cure, err = q.phone(ctx, who, sms); err != nil {
				q.failed(id, "whether "+who.ID+"'s number has opted out", err)
				known = false
			}
			known = known && (why != "" || !sms.unasked)
		}
		if known || why != "" {
			q.Facts = append(q.Facts, reach.Fact{Who: who.ID, Channel: channel, Why: why})
		}
		if why != "" {
			q.find(record.Finding{ID: id, What: fmt.Sprintf("%s does not reach %s: %s", channel, who.ID, why), Cure: cure})
		}
	}
}

func endpoint(who config.Responder, channel escalation.Channel) string {
	if channel == escalation.SMS {
		return who.Phone
	}
	return who.Email
}

// subscribed says why a topic does not pass on to an endpoint; "" if it does.
func subscribed(all []Subscription, protocol, endpoint, who string) (why, cure string) {
	resend := "`rouse confirm --resend " + who + "` sends the confirmation again; then `rouse confirm` with its link"
	pending := false
	for _, s := range all {
		if s.Protocol != protocol || !strings.EqualFold(s.Endpoint, endpoint) {
			continue
		}
		if s.Confirmed {
			return "", ""
		}
		pending = true
	}
	if pending {
		return "its subscription is not confirmed", resend
	}
	return "its subscription is gone", resend
}

// phone says why SMS do not reach somebody's number; "" if they do.
func (q *Inquiry) phone(ctx context.Context, who config.Responder, sms carrier) (why, cure string, err error) {
	out, err := q.Account.OptedOut(ctx, who.Phone)
	switch {
	case err == nil && out:
		return "the number has opted out", "have them text START to the sending number, or opt the number in again in the SNS console (once in 30 days)", nil
	case sms.sandbox != nil && !slices.Contains(sms.sandbox.Verified, who.Phone):
		return "the account is in the SMS sandbox, and the number is not verified there", "verify the number in the SNS console, or ask AWS for production access", err
	case sms.spent:
		return "the month's money for SMS is spent", "raise the SMS spend limit", err
	}
	return "", "", err
}

// alarms finds whether anybody hears the topics that do not pass the router.
func (q *Inquiry) alarms(ctx context.Context) {
	for _, topic := range []struct{ name, arn, words string }{
		{"ring", q.Deployment.Ring, "the topic that rings when paging itself is unwell"},
		{"tell", q.Deployment.Tell, "the topic that mails what is to be mended"},
	} {
		if topic.arn == "" {
			continue
		}
		all, err := q.Account.Subscriptions(ctx, topic.arn)
		if err != nil {
			q.failed("alarms/"+topic.name, "who is subscribed to "+topic.words, err)
			continue
		}
		confirmed, pending := 0, 0
		for _, s := range all {
			if s.Confirmed {
				confirmed++
			} else {
				pending++
			}
		}
		cure := "whoever owns the coverage confirms the e-mail that SNS has sent; `rouse confirm --resend " + topic.name + "` has it sent again"
		switch {
		case confirmed == 0:
			q.find(record.Finding{ID: "alarms/" + topic.name + "/nobody", Night: true, What: "nobody hears " + topic.words, Cure: cure})
		case pending > 0:
			q.find(record.Finding{ID: "alarms/" + topic.name + "/pending", What: fmt.Sprintf("%d subscriptions of %s are not confirmed", pending, topic.words), Cure: cure})
		}
	}
}

// dead finds messages that nobody could do anything with.
func (q *Inquiry) dead(ctx context.Context) {
	for _, name := range slices.Sorted(maps.Keys(q.Deployment.Dead)) {
		n, err := q.Account.Depth(ctx, q.Deployment.Dead[name])
		if err != nil {
			q.failed("dead/"+name, "how many dead letters "+name+" has", err)
			continue
		}
		if n > 0 {
			q.find(record.Finding{ID: "dead/" + name + "/some", What: fmt.Sprintf("%s has %d dead letters", name, n),
				Cure: "read them in the SQS console: each holds what was asked and the error; the table holds what is still to be done, so purge the queue when you know"})
		}
	}
}
