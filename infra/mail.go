package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"rouse/shared/config"
	"rouse/shared/env"
)

// mail receives what is sent to inbox.address: SES stores it, the inbox reads
// it.
type mail struct {
	scope  constructs.Construct
	bucket *mailBucket
}

// A mailBucket is known by its name before it exists. The bucket announces
// new mail to the inbox, which must be there first; the inbox is told the
// bucket's name. CloudFormation cannot tie that knot by references, and the
// usual way around it is a second function with rights over every bucket in
// the account. So the name is made of this stack's own id: known in advance,
// and fixed by nobody.
type mailBucket struct{ name, arn *string }

func newMail(scope constructs.Construct) *mail {
	m := &mail{scope: constructs.NewConstruct(scope, jsii.String("Mail"))}
	unique := awscdk.Fn_Select(jsii.Number(2), awscdk.Fn_Split(jsii.String("/"), awscdk.Aws_STACK_ID(), nil))
	bucket := awscdk.Fn_Join(jsii.String("-"), &[]*string{jsii.String("rouse-mail"), unique})
	m.bucket = &mailBucket{
		name: bucket,
		arn: awscdk.Stack_Of(m.scope).FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("s3"), Region: jsii.String(""), Account: jsii.String(""), Resource: bucket,
		}),
	}
	return m
}

func (m *mail) run(s *service, inbox config.Inbox, createIdentity bool) {
	dead := newDeadLetters(m.scope)
	function := s.newFunction(m.scope, spec{
		id:             "Inbox",
		name:           "inbox",
		does:           "Reads each mail once: a report, and maybe a signal",
		memoryMB:       512, // awkward mail takes time in proportion
		timeoutSeconds: 50,
		dead:           dead,
	})
	s.everyMinute(m.scope, function, dead, "Reads stored mail that no event brought")
	s.ops.silent(m.scope, function, "Mail has not been read for three minutes: customers may be writing about an outage that nobody sees. Read support by hand; look at the inbox's log group. Nothing is lost: unread mail stays in the bucket under new/.")
	s.ops.dead(m.scope, dead, s.ops.tell, "A run over stored mail failed. The mail stays under new/ and is tried again each minute; the message in the queue holds the error.")

	bucket := m.store(s.stack, function)
	m.receive(s.stack, bucket, inbox)
	if createIdentity {
		m.identify(domainOf(inbox.Address))
	}
}

// store makes the bucket, which tells the function of each new mail.
func (m *mail) store(stack awscdk.Stack, function awslambda.Function) awss3.Bucket {
	mayInvoke := awslambda.NewCfnPermission(m.scope, jsii.String("BucketMayInvoke"), &awslambda.CfnPermissionProps{
		Action:        jsii.String("lambda:InvokeFunction"),
		FunctionName:  function.FunctionArn(),
		Principal:     jsii.String("s3.amazonaws.com"),
		SourceAccount: stack.Account(),
		SourceArn:     m.bucket.arn,
	})
	bucket := awss3.NewBucket(m.scope, jsii.String("Bucket"), &awss3.BucketProps{
		BucketName:        m.bucket.name,
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		EnforceSSL:        jsii.Bool(true),
		MinimumTLSVersion: jsii.Number(1.2),
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN, // it may hold mail that nobody has read
		LifecycleRules: &[]*awss3.LifecycleRule{{
			// What was read is kept for a look back at an incident and no
			// longer: it is customers' words. Unread mail never expires.
			Prefix:     jsii.String(env.MailRead),
			Expiration: awscdk.Duration_Days(jsii.Number(90)),
		}, {
			AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(jsii.Number(1)),
		}},
	})
	name(bucket, "MailBucket")
	plain := bucket.Node().DefaultChild().(awss3.CfnBucket)
	plain.SetNotificationConfiguration(&awss3.CfnBucket_NotificationConfigurationProperty{
		LambdaConfigurations: []*awss3.CfnBucket_LambdaConfigurationProperty{{
			Event:    jsii.String("s3:ObjectCreated:*"),
			Function: function.FunctionArn(),
			Filter: &awss3.CfnBucket_NotificationFilterProperty{
				S3Key: &awss3.CfnBucket_S3KeyFilterProperty{
					Rules: []*awss3.CfnBucket_FilterRuleProperty{{Name: jsii.String("prefix"), Value: jsii.String(env.MailNew)}},
				},
			},
		}},
	})
	plain.AddResourceDependency(mayInvoke, nil)
	return bucket
}

// receive lets SES store mail for the address.
//
// SES has one active receipt rule set per account and Region, and making ours
// active would silence whatever the team receives now. So the rule joins
// inbox.rule_set where the team names the set it already has. Otherwise it
// stands in a set of its own, which this stack leaves inactive: an output says
// the command that activates it, for somebody who has looked at whether
// another one is active.
func (m *mail) receive(stack awscdk.Stack, bucket awss3.Bucket, inbox config.Inbox) {
	ruleSet := jsii.String(inbox.RuleSet)
	if inbox.RuleSet == "" {
		ruleSet = awsses.NewCfnReceiptRuleSet(m.scope, jsii.String("RuleSet"), nil).Ref()
		awscdk.NewCfnOutput(m.scope, jsii.String("Activate"), &awscdk.CfnOutputProps{
			Description: jsii.String("Mail arrives once this has been run; if `aws ses describe-active-receipt-rule-set` shows another set, name that one as inbox.rule_set instead"),
			Value:       awscdk.Fn_Join(jsii.String(" "), &[]*string{jsii.String("aws ses set-active-receipt-rule-set --rule-set-name"), ruleSet}),
		}).OverrideLogicalId(jsii.String("ActivateInbox"))
	}

	store := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("Receive"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("ses.amazonaws.com"), nil)},
		Actions:    jsii.Strings("s3:PutObject"),
		Resources:  &[]*string{bucket.ArnForObjects(jsii.String(env.MailNew + "*"))},
	})
	store.AddCondition(jsii.String("StringEquals"), map[string]any{"aws:SourceAccount": stack.Account()})
	store.AddCondition(jsii.String("ArnLike"), map[string]any{"aws:SourceArn": stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("ses"), Resource: jsii.String("receipt-rule-set"),
		ResourceName: awscdk.Fn_Join(jsii.String(""), &[]*string{ruleSet, jsii.String(":receipt-rule/*")}),
	})})
	bucket.AddToResourcePolicy(store)

	rule := awsses.NewCfnReceiptRule(m.scope, jsii.String("Rule"), &awsses.CfnReceiptRuleProps{
		RuleSetName: ruleSet,
		Rule: &awsses.CfnReceiptRule_RuleProperty{
			Enabled:     jsii.Bool(true),
			Recipients:  jsii.Strings(inbox.Address),
			ScanEnabled: jsii.Bool(true),
			// A mail server without TLS is no reason to miss a cry for help.
			TlsPolicy: jsii.String("Optional"),
			Actions: []*awsses.CfnReceiptRule_ActionProperty{{
				S3Action: &awsses.CfnReceiptRule_S3ActionProperty{
					BucketName:      bucket.BucketName(),
					ObjectKeyPrefix: jsii.String(env.MailNew),
				},
			}},
		},
	})
	// SES tries the bucket when the rule is made.
	rule.Node().AddDependency(bucket.Policy())

	awscdk.NewCfnOutput(m.scope, jsii.String("Mx"), &awscdk.CfnOutputProps{
		Description: jsii.String("The MX record that " + domainOf(inbox.Address) + " needs"),
		Value: awscdk.Fn_Join(jsii.String("."), &[]*string{
			jsii.String("10 inbound-smtp"), stack.Region(), jsii.String("amazonaws.com"),
		}),
	}).OverrideLogicalId(jsii.String("InboxMx"))
}

// identify verifies the inbox's domain with SES, which accepts mail for no
// other. It is off unless asked for, since a domain that the account has
// verified already cannot be made again.
func (m *mail) identify(domain string) {
	identity := awsses.NewCfnEmailIdentity(m.scope, jsii.String("Identity"), &awsses.CfnEmailIdentityProps{
		EmailIdentity: jsii.String(domain),
		// Bounces of our answers come as events; forwarded, they would land in
		// the mailbox that we read.
		FeedbackAttributes: &awsses.CfnEmailIdentity_FeedbackAttributesProperty{EmailForwardingEnabled: jsii.Bool(false)},
	})
	for i, record := range [][2]*string{
		{identity.AttrDkimDnsTokenName1(), identity.AttrDkimDnsTokenValue1()},
		{identity.AttrDkimDnsTokenName2(), identity.AttrDkimDnsTokenValue2()},
		{identity.AttrDkimDnsTokenName3(), identity.AttrDkimDnsTokenValue3()},
	} {
		n := string(rune('1' + i))
		awscdk.NewCfnOutput(m.scope, jsii.String("Dkim"+n), &awscdk.CfnOutputProps{
			Description: jsii.String("A DNS record that proves the inbox's domain to SES"),
			Value:       awscdk.Fn_Join(jsii.String(" CNAME "), &[]*string{record[0], record[1]}),
		}).OverrideLogicalId(jsii.String("InboxDkim" + n))
	}
}
