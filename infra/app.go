package main

import (
	"regexp"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"rouse/shared/check"
	"rouse/shared/config"
)

// A deployment is what one synthesis is made of.
type deployment struct {
	// name is the service stack's; the table's is name + "Table". Another name
	// is another deployment, which may stand beside the first.
	name string
	team *config.Config
	// createIdentity verifies the inbox's domain with SES.
	createIdentity bool
	assets         map[string]string // by function, the folder that Lambda gets
}

// newApp makes the app. It is synthesized into the folder out, or where the
// CDK CLI says if that is empty.
func newApp(out string) awscdk.App {
	props := &awscdk.AppProps{
		AnalyticsReporting: jsii.Bool(false),
		Context: &map[string]any{
			// The table's stack cannot lose what the service reads of it.
			"@aws-cdk/core:defaultCrossStackReferences": "strong",
		},
	}
	if out != "" {
		props.Outdir = jsii.String(out)
	}
	return awscdk.NewApp(props)
}

// functions returns which functions a team needs: what rouse.yaml does not
// mention is not deployed.
func functions(team *config.Config) []string {
	names := []string{"router", "ack"}
	if len(team.Checks) > 0 {
		names = append(names, "probe")
	}
	if http, topics := team.Hooks(); http || topics {
		names = append(names, "hook")
	}
	if team.SMS.Number != "" {
		names = append(names, "sms")
	}
	if team.Inbox != nil {
		names = append(names, "inbox", "desk")
	}
	if !team.Watch.Off {
		names = append(names, "watch")
	}
	return names
}

// service is the stack of everything but the table.
type service struct {
	stack     awscdk.Stack
	assets    map[string]string
	schedules awsscheduler.CfnScheduleGroup
	ops       *ops
	at        addresses
}

// compose adds the two stacks to the app. What sends to what goes in a circle
// (the router wakes the desk, the desk the router), so that first everything
// is made that has an address, and then the functions.
func compose(app awscdk.App, d deployment) (table, whole awscdk.Stack) {
	state := newState(app, d.name+"Table")

	stack := awscdk.NewStack(app, jsii.String(d.name), &awscdk.StackProps{
		Description: jsii.String("Rouse: watches a service, wakes somebody up, keeps the customers told"),
	})
	s := &service{stack: stack, assets: d.assets}
	s.schedules = awsscheduler.NewCfnScheduleGroup(stack, jsii.String("Schedules"), nil)
	s.ops = newOps(stack, d.team)
	routing := newRouting(stack, d.team)
	acknowledging := newAcknowledging(stack, d.team.Links)
	s.at = addresses{
		table:  state,
		queues: map[string]awssqs.Queue{"router": routing.queue},
		topics: routing.topics,
		ring:   s.ops.ring.TopicArn(),
		tell:   s.ops.tell.TopicArn(),
		dead:   map[string]awssqs.Queue{},
		ackURL: acknowledging.url,
		secrets: map[string][]string{
			"probe": check.Secrets(d.team.Checks),
			"hook":  d.team.HookSecrets(),
		},
	}

	var mail *mail
	var desk *desk
	if d.team.Inbox != nil {
		mail, desk = newMail(stack), newDesk(stack)
		s.at.configurationSet = desk.set.Ref()
		s.at.mail, s.at.replyFrom = mail.bucket, d.team.Inbox.ReplyFrom
		s.at.queues["desk"] = desk.queue
	}

	if len(d.team.Checks) > 0 {
		newDetection(s)
	}
	if d.team.SMS.Number != "" {
		newAnswering(s)
	}
	routing.run(s)
	acknowledging.run(s)
	if http, topics := d.team.Hooks(); http || topics {
		newHooks(s, d.team).run(s, acknowledging)
	}
	if d.team.Inbox != nil {
		mail.run(s, *d.team.Inbox, d.createIdentity)
		desk.run(s)
	}
	if !d.team.Watch.Off {
		newWatch(s)
	}

	awscdk.Tags_Of(app).Add(jsii.String("application"), jsii.String("rouse"), nil)
	awscdk.Tags_Of(app).Add(jsii.String("rouse:service"), jsii.String(tagValue(d.team.Service)), nil)
	return state.Stack(), stack
}

var notInTags = regexp.MustCompile(`[^\p{L}\p{N} _.:/=+@-]+`)

// tagValue replaces what AWS refuses in the value of a tag.
func tagValue(s string) string { return notInTags.ReplaceAllString(s, "-") }
