package main

import (
	"maps"
	"regexp"
	"slices"
	"testing"
)

// explained are the findings of cdk-nag that stand: the rule, the resources it
// may be found at, and the reason. They are kept here and not in the
// templates, where nobody would read them.
var explained = []struct {
	rule string
	at   *regexp.Regexp
	why  string
}{
	{"AwsSolutions-APIG4", regexp.MustCompile(`/Acknowledging/Api/(GET|HEAD|POST)-`),
		"The ack screen is opened by a tap on a link. The code in it, random, hashed and expiring, is what authorizes."},
	{"AwsSolutions-APIG4", regexp.MustCompile(`/Acknowledging/Api/(GET|HEAD|POST)--(beat|signal)--`),
		"Jobs and other monitors call the hook, which lets in who knows a secret: in the code of a beat, and as a bearer token."},
	{"AwsSolutions-IAM5", regexp.MustCompile(`/Mail/Role/`),
		"The keys of stored mail are SES's to choose; the rights end at two prefixes of one bucket. TestNoWildcards lists them."},
	{"AwsSolutions-IAM5", regexp.MustCompile(`/Watch/Role/`),
		"What is asked about the account as a whole knows no resource; TestNoWildcards lists these actions, none of which changes anything."},
	{"Serverless-LambdaStarPermissions", regexp.MustCompile(`/Watch/Role/`),
		"The same: the actions that are asked of the account."},
	{"AwsSolutions-IAM5", regexp.MustCompile(`/Desk/Role/`),
		"ses:GetAccount, which says how fast the account may send, knows no resources. TestNoWildcards holds that it stands alone."},
	{"Serverless-LambdaStarPermissions", regexp.MustCompile(`/Desk/Role/`),
		"The same."},
	{"AwsSolutions-S1", regexp.MustCompile(`/Mail/Bucket/`),
		"One function and SES reach the mail bucket. A log of it would be a second bucket of customers' traces, and a team that needs one has CloudTrail data events."},
	{"AwsSolutions-SQS3", regexp.MustCompile(`/(Mail|Detection|Answering|Watch|Hooks)/Dead/`),
		"It is a dead-letter queue, of asynchronous invocations and of Scheduler; the rule knows those of queues only."},
	{"Serverless-SQSRedrivePolicy", regexp.MustCompile(`/Dead/`),
		"It is where others redrive to. TestQueues holds that it has an alarm."},
	{"Serverless-LambdaDLQ", regexp.MustCompile(`/Function/`),
		"Failures go to the function's on-failure destination, which carries the error as well; the ack screen is only invoked by who waits for it. TestAsynchronous holds both."},
	{"Serverless-LambdaEventSourceMappingDestination", regexp.MustCompile(`/Wake/`),
		"Lambda has no such destination for SQS: the queue redrives. TestQueues holds that it does."},
	{"Serverless-LambdaTracing", regexp.MustCompile(`/Function/`),
		"The X-Ray SDK for Go is in maintenance, and a trace of one function says less than its log with the incident's id. OpenTelemetry can be added where it is wanted."},
	{"Serverless-SNSRedrivePolicy", regexp.MustCompile(`/(Topic-|Ops/)`),
		"SNS itself tries SMS and e-mail fifty times over six hours. By then escalation has long gone on to others, which is what answers a page that did not arrive."},
}

// TestNag holds the templates against cdk-nag's AwsSolutions and Serverless
// packs and the CDK's own warnings. A finding without a reason fails, and so
// does a reason without a finding.
func TestNag(t *testing.T) {
	used := make([]bool, len(explained))
	for _, setting := range settings {
		findings := synthesize(t, setting).findings
		for _, rule := range slices.Sorted(maps.Keys(findings)) {
			for _, place := range findings[rule] {
				reason := -1
				for i, e := range explained {
					if e.rule == rule && e.at.MatchString(place) {
						reason = i
					}
				}
				if reason < 0 {
					t.Errorf("%s: %s at %s", setting, rule, place)
					continue
				}
				used[reason] = true
			}
		}
	}
	for i, e := range explained {
		if !used[i] {
			t.Errorf("%s is found no more at %v; drop its explanation", e.rule, e.at)
		}
	}
}
