package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newAnswering takes the SMS with which responders answer pages. It is there
// only if the team has a number that can be answered to. The number itself is
// set up by hand, in AWS End User Messaging: what it takes to register one is
// no business of a deployment's.
func newAnswering(s *service) {
	scope := constructs.NewConstruct(s.stack, jsii.String("Answering"))
	dead := newDeadLetters(scope)
	sms := s.newFunction(scope, spec{
		id:             "Sms",
		name:           "sms",
		does:           "Does what responders answer by SMS",
		memoryMB:       512, // somebody is waiting, awake because of us
		timeoutSeconds: 20,
		dead:           dead,
		retries:        2, // nothing else would bring the message again
	})

	topic := awssns.NewTopic(scope, jsii.String("Inbound"), &awssns.TopicProps{EnforceSSL: jsii.Bool(true)})
	name(topic, "InboundSms") // the number's settings name it
	messaging := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("EndUserMessaging"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("sms-voice.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
	})
	messaging.AddCondition(jsii.String("StringEquals"), map[string]any{"aws:SourceAccount": s.stack.Account()})
	topic.AddToResourcePolicy(messaging)
	topic.AddSubscription(awssnssubscriptions.NewLambdaSubscription(sms, &awssnssubscriptions.LambdaSubscriptionProps{
		DeadLetterQueue: dead,
	}))
	awscdk.NewCfnOutput(scope, jsii.String("Topic"), &awscdk.CfnOutputProps{
		Description: jsii.String("Name this topic as the destination of sms.number's two-way messages, in AWS End User Messaging"),
		Value:       topic.TopicArn(),
	}).OverrideLogicalId(jsii.String("InboundSmsTopic"))

	s.ops.dead(scope, dead, s.ops.ring, "Somebody answered a page by SMS and Rouse could not take it: they may believe that they have an incident which goes on paging others. Read the message in the queue and the sms function's log; the links in pages and `rouse ack` work meanwhile.")
}
