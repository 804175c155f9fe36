package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambdadestinations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"rouse/shared/env"
)

// A spec is what is particular to one function.
type spec struct {
	id             string // logical id, stable: `sam local invoke` names it
	name           string // folder below functions/, row of the access table
	does           string
	memoryMB       float64
	timeoutSeconds float64
	// rearms says that the function sends messages to the queue that invokes
	// it. Lambda takes such a chain for a runaway loop and stops it after some
	// sixteen turns, which here would be an escalation that falls silent in the
	// middle of the night. The table bounds the work instead.
	rearms bool
	// dead takes what an asynchronous invocation could not do. Nil for a
	// function that is only ever invoked synchronously.
	dead awssqs.Queue
	// retries is how often such an invocation is tried again: after one minute,
	// then after two.
	retries float64
	reads   awssqs.Queue     // the queue that invokes it; nil for none
	hears   awssqs.Queue     // another one; nil for none
	logs    awslogs.LogGroup // nil: one of its own
}

// newFunction makes a function with its own role, its own log group, and the
// rights and addresses that the access table gives it.
func (s *service) newFunction(scope constructs.Construct, f spec) awslambda.Function {
	logs := f.logs
	if logs == nil {
		logs = newLogs(scope)
	}
	if f.dead != nil {
		s.at.dead[f.name] = f.dead
	}
	statements := append(s.at.grants(f.name), allow([]string{"logs:CreateLogStream", "logs:PutLogEvents"}, logs.LogGroupArn()))
	if f.dead != nil {
		statements = append(statements, allow([]string{"sqs:SendMessage"}, f.dead.QueueArn()))
	}
	for _, queue := range []awssqs.Queue{f.reads, f.hears} {
		if queue != nil {
			statements = append(statements, allow([]string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, queue.QueueArn()))
		}
	}
	role := awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"access": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
		},
	})

	vars := s.at.environment(f.name, s.stack)
	props := &awslambda.FunctionProps{
		Description:   jsii.String(f.does),
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  awslambda.Architecture_ARM_64(),
		Handler:       jsii.String("bootstrap"),
		Code:          awslambda.Code_FromAsset(jsii.String(s.assets[f.name]), nil),
		MemorySize:    jsii.Number(f.memoryMB),
		Timeout:       awscdk.Duration_Seconds(jsii.Number(f.timeoutSeconds)),
		Environment:   &vars,
		LogGroup:      logs,
		LoggingFormat: awslambda.LoggingFormat_JSON,
		// The constructs would add grants of their own to a role that lets
		// them; this one is whole, and the access table says all of it.
		Role: role.WithoutPolicyUpdates(nil),
	}
	if f.rearms {
		props.RecursiveLoop = awslambda.RecursiveLoop_ALLOW
	}
	if f.dead != nil {
		// A minute's work that failed is not done again: the next minute comes
		// first, and finds in the table or the bucket all that was left.
		props.RetryAttempts = jsii.Number(f.retries)
		props.MaxEventAge = awscdk.Duration_Minutes(jsii.Number(1 + 5*f.retries))
		props.OnFailure = awslambdadestinations.NewSqsDestination(f.dead)
	}
	function := awslambda.NewFunction(scope, jsii.String("Function"), props)
	name(function, f.id)
	// The rights are in the role itself, so that referring to it is enough.
	function.Node().DefaultChild().(awslambda.CfnFunction).AddDeletionOverride(jsii.String("DependsOn"))
	return function
}

func newLogs(scope constructs.Construct) awslogs.LogGroup {
	return awslogs.NewLogGroup(scope, jsii.String("Logs"), &awslogs.LogGroupProps{
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}

// everyMinute invokes the function each minute, directly and never through a
// queue: the sweep is what is left when queues fail.
func (s *service) everyMinute(scope constructs.Construct, function awslambda.Function, dead awssqs.Queue, does string) {
	role := awsiam.NewRole(scope, jsii.String("ScheduleRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("scheduler.amazonaws.com"), &awsiam.ServicePrincipalOpts{
			// Only our own schedules may take the role on.
			Conditions: &map[string]any{"StringEquals": map[string]any{
				"aws:SourceAccount": s.stack.Account(),
				"aws:SourceArn":     s.schedules.AttrArn(),
			}},
		}),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"access": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &[]awsiam.PolicyStatement{
				allow([]string{"lambda:InvokeFunction"}, function.FunctionArn()),
				allow([]string{"sqs:SendMessage"}, dead.QueueArn()),
			}}),
		},
	})
	awsscheduler.NewCfnSchedule(scope, jsii.String("EveryMinute"), &awsscheduler.CfnScheduleProps{
		Description: jsii.String(does),
		GroupName:   s.schedules.Ref(),
		// At the minute's beginning. rate(1 minute) is as often, but counts
		// from the second in which the schedule was made, and the probe samples
		// until its minute ends.
		ScheduleExpression: jsii.String("cron(* * * * ? *)"),
		FlexibleTimeWindow: &awsscheduler.CfnSchedule_FlexibleTimeWindowProperty{Mode: jsii.String("OFF")},
		Target: &awsscheduler.CfnSchedule_TargetProperty{
			Arn:     function.FunctionArn(),
			RoleArn: role.RoleArn(),
			Input:   jsii.String(env.Sweep),
			RetryPolicy: &awsscheduler.CfnSchedule_RetryPolicyProperty{
				MaximumRetryAttempts:     jsii.Number(0),
				MaximumEventAgeInSeconds: jsii.Number(60),
			},
			DeadLetterConfig: &awsscheduler.CfnSchedule_DeadLetterConfigProperty{Arn: dead.QueueArn()},
		},
	})
}

// newDeadLetters makes the queue of what failed: messages that a function
// refused five times, asynchronous invocations that failed, and minutes that
// Scheduler could not deliver. It is evidence and not work: the table holds
// what is still to be done, and the next sweep finds it there.
func newDeadLetters(scope constructs.Construct) awssqs.Queue {
	return awssqs.NewQueue(scope, jsii.String("Dead"), &awssqs.QueueProps{
		EnforceSSL:      jsii.Bool(true),
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)),
	})
}

// newWakeQueue makes the queue that carries timers and hints to a function of
// the given timeout. AWS asks for a visibility of at least six timeouts, so
// that a message does not come back while throttled batches of it are still
// being tried.
func newWakeQueue(scope constructs.Construct, id string, timeoutSeconds float64, dead awssqs.Queue) awssqs.Queue {
	queue := awssqs.NewQueue(scope, jsii.String("Queue"), &awssqs.QueueProps{
		EnforceSSL:        jsii.Bool(true),
		Encryption:        awssqs.QueueEncryption_SQS_MANAGED,
		VisibilityTimeout: awscdk.Duration_Seconds(jsii.Number(6 * timeoutSeconds)),
		// The longest timer is a quarter of an hour; a hint that is older than
		// a day tells nothing that the sweep has not found.
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(1)),
		// Throttled receives count, so fewer than five would bury good hints.
		DeadLetterQueue: &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(5)},
	})
	name(queue, id)
	return queue
}

// wake lets the queue invoke the function, at most atOnce batches at a time.
func wake(scope constructs.Construct, function awslambda.Function, queue awssqs.Queue, atOnce float64) {
	awslambda.NewEventSourceMapping(scope, jsii.String("Wake"), &awslambda.EventSourceMappingProps{
		Target:         function,
		EventSourceArn: queue.QueueArn(),
		BatchSize:      jsii.Number(10),
		// Any window may hold the first message of a quiet queue for 20 s.
		MaxBatchingWindow:       awscdk.Duration_Seconds(jsii.Number(0)),
		MaxConcurrency:          jsii.Number(atOnce),
		ReportBatchItemFailures: jsii.Bool(true), // a poison message holds up no other
	})
}

// allow is a statement that permits the actions on the resources.
func allow(actions []string, resources ...*string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: &resources,
	})
}

// name fixes the logical id of a resource, where something depends on it: a
// command line that names it, or data and confirmed subscriptions that would
// be lost if moving a construct in this program replaced it.
func name(resource constructs.Construct, logicalID string) {
	resource.Node().DefaultChild().(awscdk.CfnElement).OverrideLogicalId(jsii.String(logicalID))
}
