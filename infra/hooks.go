package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"rouse/shared/config"
	"rouse/shared/hook"
)

// hooks takes in what others call with. It is a function of its own, with
// routes that have a throttle of their own: a monitor gone wild must not keep
// anybody from the ack screen.
type hooks struct {
	scope constructs.Construct
	team  *config.Config
	dead  awssqs.Queue            // nil without topics
	topic map[string]awssns.Topic // of CloudWatch's monitors
}

// What all jobs and monitors together may call.
const (
	callsPerSecond = 20
	callsBurst     = 100 // jobs like to end on the hour
)

// newHooks makes the topics, so that the function can be told of them; run adds
// the function.
func newHooks(s *service, team *config.Config) *hooks {
	h := &hooks{scope: constructs.NewConstruct(s.stack, jsii.String("Hooks")), team: team, topic: map[string]awssns.Topic{}}
	s.at.alarmTopics = map[string]*string{}
	for _, m := range team.Monitors {
		if m.Kind != config.CloudWatch {
			continue
		}
		topic := s.ops.alarmed(h.scope, "Topic-"+m.ID, logicalID("Alarms", m.ID))
		h.topic[m.ID] = topic
		s.at.alarmTopics[m.ID] = topic.TopicArn()
		awscdk.NewCfnOutput(h.scope, jsii.String("TopicOf-"+m.ID), &awscdk.CfnOutputProps{
			Description: jsii.String("Name this topic as the action of CloudWatch alarms, for ALARM, OK and INSUFFICIENT_DATA alike"),
			Value:       topic.TopicArn(),
		}).OverrideLogicalId(jsii.String(logicalID("AlarmTopic", m.ID)))
	}
	if len(h.topic) > 0 {
		h.dead = newDeadLetters(h.scope)
	}
	return h
}

func (h *hooks) run(s *service, a *acknowledging) {
	logs := newLogs(h.scope)
	function := s.newFunction(h.scope, spec{
		id:             "Hook",
		name:           "hook",
		does:           "Takes in the beats of jobs and what other monitors say",
		memoryMB:       256,
		timeoutSeconds: 20, // the API would wait for 30
		dead:           h.dead,
		retries:        2, // nothing else would bring an alarm again
		logs:           logs,
	})
	if http, _ := h.team.Hooks(); http {
		routes := a.serve("Hook", function,
			route{"/beat/{code}", []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_GET, awsapigatewayv2.HttpMethod_HEAD, awsapigatewayv2.HttpMethod_POST}},
			route{"/signal/{monitor}", []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_POST}})
		a.throttle(routes, callsPerSecond, callsBurst)
	}
	h.count(s, logs, "Refused", "CallsRefused", hook.Refused, s.ops.tell, 1,
		"Calls of a monitor or of a job were refused: a wrong secret, or a shape that is not theirs. What they wanted to say has not been heard. The hook's log group says whose they were and what was wrong.")
	h.count(s, logs, "NotTaken", "CallsNotTaken", hook.NotTaken, s.ops.ring, 3,
		"The hook cannot take in what monitors and jobs say: outages that they see go unheard, and jobs are called late. Look at its log group, then at the status of Lambda, SSM and DynamoDB in this Region.")
	for _, m := range h.team.Monitors {
		if topic := h.topic[m.ID]; topic != nil {
			topic.AddSubscription(awssnssubscriptions.NewLambdaSubscription(function, &awssnssubscriptions.LambdaSubscriptionProps{
				DeadLetterQueue: h.dead,
			}))
		}
	}
	if h.dead != nil {
		s.ops.dead(h.scope, h.dead, s.ops.ring, "A CloudWatch alarm came through a monitor's topic and Rouse could not take it: nobody was paged for it. Look at the alarm itself, then at the message in the queue and the hook's log group.")
	}
}

// count makes an alarm of a line of the log that comes in so many minutes in a
// row.
func (h *hooks) count(s *service, logs awslogs.LogGroup, id, metric, message string, to awssns.Topic, minutes float64, means string) {
	filter := awslogs.NewMetricFilter(h.scope, jsii.String(id+"Calls"), &awslogs.MetricFilterProps{
		LogGroup:        logs,
		FilterPattern:   awslogs.FilterPattern_StringValue(jsii.String("$.message"), jsii.String("="), jsii.String(message)),
		MetricNamespace: jsii.String("Rouse"),
		// A deployment beside this one counts for itself.
		MetricName: awscdk.Fn_Join(jsii.String("-"), &[]*string{s.stack.StackName(), jsii.String(metric)}),
	})
	s.ops.alarm(h.scope, id, to, &awscloudwatch.AlarmProps{
		AlarmDescription: jsii.String(means),
		Metric: filter.Metric(&awscloudwatch.MetricOptions{
			Period:    awscdk.Duration_Minutes(jsii.Number(1)),
			Statistic: jsii.String("Sum"),
		}),
		Threshold:          jsii.Number(1),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		EvaluationPeriods:  jsii.Number(minutes),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
}
