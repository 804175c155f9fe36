package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const deskTimeoutSeconds = 30

// desk writes to the customers who wrote, and keeps the promise of an answer.
type desk struct {
	scope constructs.Construct
	dead  awssqs.Queue
	queue awssqs.Queue
	set   awsses.CfnConfigurationSet // by which mails are sent
}

// newDesk makes the queue that others send to; run adds the function.
func newDesk(scope constructs.Construct) *desk {
	d := &desk{scope: constructs.NewConstruct(scope, jsii.String("Desk"))}
	d.dead = newDeadLetters(d.scope)
	d.queue = newWakeQueue(d.scope, "DeskQueue", deskTimeoutSeconds, d.dead)
	d.set = awsses.NewCfnConfigurationSet(d.scope, jsii.String("ConfigurationSet"), &awsses.CfnConfigurationSetProps{
		// SES, too, stops trying addresses that bounce or complain.
		SuppressionOptions: &awsses.CfnConfigurationSet_SuppressionOptionsProperty{SuppressedReasons: jsii.Strings("BOUNCE", "COMPLAINT")},
	})
	return d
}

func (d *desk) run(s *service) {
	came := constructs.NewConstruct(d.scope, jsii.String("Feedback"))
	feedback := d.feedback(came)
	function := s.newFunction(d.scope, spec{
		id:             "Desk",
		name:           "desk",
		does:           "Writes to reporters and keeps the promise of an answer",
		memoryMB:       256,
		timeoutSeconds: deskTimeoutSeconds,
		rearms:         true, // it walks a long list of reporters in many turns
		dead:           d.dead,
		reads:          d.queue,
		hears:          feedback,
	})
	wake(d.scope, function, d.queue, 2) // SES sets the pace, not we
	wake(came, function, feedback, 2)
	s.everyMinute(d.scope, function, d.dead, "Finds whom a reporter's message is still owed")
	s.ops.silent(d.scope, function, "The desk has had no successful run for three minutes: customers who wrote are not being answered, and a broken promise is not noticed. Look at its log group; answer support by hand meanwhile.")
	s.ops.logged(d.scope, function, "answers-held-back", "More customers have written than are acknowledged in an hour (desk.answers_per_hour): further acknowledgements wait a quarter of an hour at a time, and none is lost. Look at support: is it an outage that everybody feels, or a machine that answers ours? Raise the limit if so many are right.")
	s.ops.dead(d.scope, d.dead, s.ops.tell, "The desk failed at something it was woken for. The sweep tries again each minute; the message in the queue holds the error.")
}

// feedback makes the queue in which SES tells of mails that bounce, are
// complained about or are rejected. It comes by EventBridge and not by SNS: a
// topic would need a key that SES may use.
func (d *desk) feedback(scope constructs.Construct) awssqs.Queue {
	stack := awscdk.Stack_Of(scope)
	queue := newWakeQueue(scope, "FeedbackQueue", deskTimeoutSeconds, d.dead)
	awsses.NewCfnConfigurationSetEventDestination(scope, jsii.String("Destination"), &awsses.CfnConfigurationSetEventDestinationProps{
		ConfigurationSetName: d.set.Ref(),
		EventDestination: &awsses.CfnConfigurationSetEventDestination_EventDestinationProperty{
			Enabled:            jsii.Bool(true),
			MatchingEventTypes: jsii.Strings("bounce", "complaint", "reject"),
			EventBridgeDestination: &awsses.CfnConfigurationSetEventDestination_EventBridgeDestinationProperty{
				EventBusArn: stack.FormatArn(&awscdk.ArnComponents{Service: jsii.String("events"), Resource: jsii.String("event-bus"), ResourceName: jsii.String("default")}),
			},
		},
	})
	rule := awsevents.NewCfnRule(scope, jsii.String("Rule"), &awsevents.CfnRuleProps{
		Description: jsii.String("Brings the desk what became of mails that did not arrive"),
		EventPattern: map[string]any{
			"source":      []string{"aws.ses"},
			"detail-type": []string{"Email Bounced", "Email Complaint Received", "Email Rejected"},
			"detail":      map[string]any{"mail": map[string]any{"tags": map[string]any{"ses:configuration-set": []*string{d.set.Ref()}}}},
		},
		Targets: []*awsevents.CfnRule_TargetProperty{{
			Id:               jsii.String("Queue"),
			Arn:              queue.QueueArn(),
			DeadLetterConfig: &awsevents.CfnRule_DeadLetterConfigProperty{Arn: d.dead.QueueArn()},
		}},
	})
	for _, to := range []awssqs.Queue{queue, d.dead} {
		bring := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid:        jsii.String("Feedback"),
			Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("events.amazonaws.com"), nil)},
			Actions:    jsii.Strings("sqs:SendMessage"),
			Resources:  &[]*string{to.QueueArn()},
		})
		bring.AddCondition(jsii.String("StringEquals"), map[string]any{"aws:SourceAccount": stack.Account()})
		bring.AddCondition(jsii.String("ArnEquals"), map[string]any{"aws:SourceArn": rule.AttrArn()})
		to.AddToResourcePolicy(bring)
	}
	return queue
}
