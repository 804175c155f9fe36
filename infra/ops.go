package main

import (
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"rouse/shared/config"
)

// ops is the way by which the people who run Rouse hear that Rouse itself is
// unwell. It goes from CloudWatch to SNS and does not pass the router, whose
// death is the first thing it has to tell.
type ops struct {
	scope constructs.Construct
	ring  awssns.Topic // phones and mailboxes: pages may not be going out
	tell  awssns.Topic // mailboxes: to be looked at in daylight
}

// newOps subscribes the owner of the coverage or, if the team has named none,
// everybody: an alarm that reaches nobody is none.
func newOps(scope constructs.Construct, team *config.Config) *ops {
	o := &ops{scope: constructs.NewConstruct(scope, jsii.String("Ops"))}
	o.ring = o.topic("Ring", "OpsRing")
	o.tell = o.topic("Tell", "OpsTell")

	who := []string{team.Coverage.Owner}
	if team.Coverage.Owner == "" {
		who = slices.Sorted(maps.Keys(team.Responders))
	}
	for _, id := range who {
		r := team.Responders[id]
		subscribe(o.ring, logicalID("OpsRing", id, "sms"), "sms", r.Phone, nil)
		subscribe(o.ring, logicalID("OpsRing", id, "email"), "email", r.Email, nil)
		// Who has no address hears of the small things by SMS, too.
		if r.Email == "" {
			subscribe(o.tell, logicalID("OpsTell", id, "sms"), "sms", r.Phone, nil)
		}
		subscribe(o.tell, logicalID("OpsTell", id, "email"), "email", r.Email, nil)
	}
	return o
}

// topic makes a topic that the account's alarms may publish to. It uses no
// key of its own: CloudWatch cannot publish through the AWS managed one, and
// SNS encrypts what it stores in any case.
func (o *ops) topic(id, logicalID string) awssns.Topic { return o.alarmed(o.scope, id, logicalID) }

func (o *ops) alarmed(scope constructs.Construct, id, logicalID string) awssns.Topic {
	topic := awssns.NewTopic(scope, jsii.String(id), &awssns.TopicProps{EnforceSSL: jsii.Bool(true)})
	name(topic, logicalID)
	stack := awscdk.Stack_Of(scope)
	// Enforcing TLS gives the topic a policy, and a topic with a policy no
	// longer lets alarms in by default.
	alarms := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("Alarms"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
	})
	alarms.AddCondition(jsii.String("StringEquals"), map[string]any{"aws:SourceAccount": stack.Account()})
	topic.AddToResourcePolicy(alarms)
	return topic
}

// silent rings when the function has had no successful run for three minutes:
// not scheduled, not started, or failing each time. Missing data is the worst
// news here, not the lack of any.
func (o *ops) silent(scope constructs.Construct, function awslambda.Function, means string) {
	minute := &awscloudwatch.MetricOptions{
		Period:    awscdk.Duration_Minutes(jsii.Number(1)),
		Statistic: jsii.String("Sum"),
	}
	o.alarm(scope, "Silent", o.ring, &awscloudwatch.AlarmProps{
		AlarmDescription: jsii.String(means),
		Metric: awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
			Label:      jsii.String("successful runs"),
			Expression: jsii.String("runs - errors"),
			UsingMetrics: &map[string]awscloudwatch.IMetric{
				"runs":   function.MetricInvocations(minute),
				"errors": function.MetricErrors(minute),
			},
			Period: minute.Period,
		}),
		Threshold:          jsii.Number(1),
		ComparisonOperator: awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD,
		EvaluationPeriods:  jsii.Number(3),
		TreatMissingData:   awscloudwatch.TreatMissingData_BREACHING,
	})
}

// dead tells of anything in a dead-letter queue. Here missing data is good
// news: SQS stops reporting on a queue that nothing has touched for hours.
func (o *ops) dead(scope constructs.Construct, queue awssqs.Queue, to awssns.Topic, means string) {
	o.alarm(scope, "DeadLetters", to, &awscloudwatch.AlarmProps{
		AlarmDescription: jsii.String(means),
		Metric: queue.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{
			Period:    awscdk.Duration_Minutes(jsii.Number(1)),
			Statistic: jsii.String("Maximum"),
		}),
		Threshold:          jsii.Number(1),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		EvaluationPeriods:  jsii.Number(1),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
}

// logged rings when a function logs an alarm of that name: what it knows itself
// and must be heard by a way that does not pass the router.
func (o *ops) logged(scope constructs.Construct, function awslambda.Function, alarm, means string) {
	namespace := jsii.String("Rouse/" + *awscdk.Stack_Of(o.scope).StackName())
	awslogs.NewCfnMetricFilter(scope, jsii.String("Logged-"+alarm), &awslogs.CfnMetricFilterProps{
		LogGroupName:  function.LogGroup().LogGroupName(),
		FilterPattern: jsii.String(`{ $.alarm = "` + alarm + `" }`),
		MetricTransformations: []*awslogs.CfnMetricFilter_MetricTransformationProperty{{
			MetricNamespace: namespace, MetricName: jsii.String(alarm), MetricValue: jsii.String("1"),
		}},
	})
	o.alarm(scope, "Alarm-"+alarm, o.ring, &awscloudwatch.AlarmProps{
		AlarmDescription: jsii.String(means),
		Metric: awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace: namespace, MetricName: jsii.String(alarm),
			Period: awscdk.Duration_Minutes(jsii.Number(1)), Statistic: jsii.String("Sum"),
		}),
		Threshold:          jsii.Number(1),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		EvaluationPeriods:  jsii.Number(1),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
}

// alarm goes to the topic when it begins and when it ends.
func (o *ops) alarm(scope constructs.Construct, id string, to awssns.Topic, props *awscloudwatch.AlarmProps) {
	alarm := awscloudwatch.NewAlarm(scope, jsii.String(id), props)
	action := awscloudwatchactions.NewSnsAction(to)
	alarm.AddAlarmAction(action)
	alarm.AddOkAction(action)
}

// subscribe subscribes an endpoint, if there is one, under the logical id. A
// channel, if given, lets through only what is meant for it; the filter never
// changes, because SNS takes up to 15 minutes to notice.
func subscribe(topic awssns.Topic, id, protocol, endpoint string, channel *string) {
	if endpoint == "" {
		return
	}
	props := &awssns.CfnSubscriptionProps{
		TopicArn: topic.TopicArn(),
		Protocol: jsii.String(protocol),
		Endpoint: jsii.String(endpoint),
	}
	if channel != nil {
		props.FilterPolicyScope = jsii.String("MessageAttributes")
		props.FilterPolicy = map[string]any{"channel": []string{*channel}}
	}
	awssns.NewCfnSubscription(topic, jsii.String(id), props).OverrideLogicalId(jsii.String(id))
}
