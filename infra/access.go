package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"rouse/shared/awsenv"
	"rouse/shared/env"
	"rouse/shared/secret"
)

// An access is what one function may do, and so what it must be told: each
// right brings the environment variables that say where the thing is.
type access struct {
	table  []string // actions on the table's items
	due    bool     // Query of the due index
	wakes  []string // functions to whose queue it may send
	pages  bool     // publish to the responders' topics, with links to the ack screen
	writes bool     // send mail as inbox.reply_from, and as nobody else
	mail   bool     // read, move and delete what SES stored
	// watches: ask SNS, CloudWatch and the dead-letter queues how things stand,
	// and publish to the topics that do not pass the router.
	watches bool
	// secrets: read those that rouse.yaml names for the function, each by its
	// own path.
	secrets bool
	alarms  bool // be told of the topics of CloudWatch's monitors
}

// may lists everything that each function may do. Nothing is granted anywhere
// else, save what access.grants adds for every function alike: its own log
// group, its own queue and its own dead letters.
//
// Only the router pages by SNS and only the desk calls SES: what a stolen or
// faulty neighbour can do to people's phones and customers' mailboxes is
// bounded here. Watch publishes to the alarms' topics alone, and to no
// responder's.
var may = map[string]access{
	"probe":  {table: raise, wakes: []string{"router"}, secrets: true},
	"inbox":  {table: raise, wakes: []string{"router", "desk"}, mail: true},
	"router": {table: decide, due: true, wakes: []string{"router", "desk"}, pages: true},
	"ack":    {table: decide, wakes: []string{"router", "desk"}},
	"hook":   {table: raise, wakes: []string{"router"}, secrets: true, alarms: true},
	"sms":    {table: decide, wakes: []string{"router", "desk"}},
	"desk":   {table: decide, due: true, wakes: []string{"router", "desk"}, writes: true},
	"watch":  {table: append(slices.Clone(raise), "DeleteItem"), due: true, wakes: []string{"router"}, watches: true},
}

// Actions on the table's items. A transaction needs those of its parts and
// none of its own. No function may change the table itself, or scan it.
var (
	// raise is for who adds what it has seen and heard.
	raise = []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"}
	// decide is for who changes what became of it, and removes what is done.
	decide = append(slices.Clone(raise), "DeleteItem", "BatchWriteItem")
)

// addresses are the things that functions reach. Optional ones are zero where
// rouse.yaml does without them, and then grant and tell nothing.
type addresses struct {
	table     awsdynamodb.Table
	queues    map[string]awssqs.Queue // by the function that reads it
	topics    map[string]*string      // ARNs by responder
	ring      *string                 // ARN of the topic of alarms that ring
	tell      *string                 // and of those that mail
	dead      map[string]awssqs.Queue // by the function whose letters they are, as they are made
	ackURL    *string
	mail      *mailBucket
	replyFrom string
	// configurationSet is the name of what mails are sent by.
	configurationSet *string
	secrets          map[string][]string // names, by the function that reads them
	// alarmTopics are the ARNs of the topics of CloudWatch's monitors, by the
	// monitor's id; nil without a hook.
	alarmTopics map[string]*string
}

// grants turns a function's access into the statements of its role.
func (a addresses) grants(function string) []awsiam.PolicyStatement {
	may := may[function]
	var all []awsiam.PolicyStatement
	allow := func(service string, actions []string, resources ...*string) {
		full := make([]*string, len(actions))
		for i, action := range actions {
			full[i] = jsii.String(service + ":" + action)
		}
		all = append(all, awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions:   &full,
			Resources: &resources,
		}))
	}

	allow("dynamodb", may.table, a.table.TableArn())
	if may.due {
		allow("dynamodb", []string{"Query"}, jsii.String(*a.table.TableArn()+"/index/"+env.DueIndex))
	}
	for _, reader := range may.wakes {
		if queue := a.queues[reader]; queue != nil {
			allow("sqs", []string{"SendMessage"}, queue.QueueArn())
		}
	}
	if may.pages {
		var topics []*string
		for _, who := range slices.Sorted(maps.Keys(a.topics)) {
			topics = append(topics, a.topics[who])
		}
		allow("sns", []string{"Publish"}, topics...)
	}
	if may.watches {
		topics := []*string{a.ring, a.tell}
		for _, who := range slices.Sorted(maps.Keys(a.topics)) {
			topics = append(topics, a.topics[who])
		}
		allow("sns", []string{"ListSubscriptionsByTopic"}, topics...)
		allow("sns", []string{"Publish"}, a.ring, a.tell)
		var queues []*string
		for _, name := range slices.Sorted(maps.Keys(a.dead)) {
			queues = append(queues, a.dead[name].QueueArn())
		}
		allow("sqs", []string{"GetQueueAttributes"}, queues...)
		// These are about the account, and know no resource.
		allow("sns", []string{"CheckIfPhoneNumberIsOptedOut", "GetSMSAttributes", "GetSMSSandboxAccountStatus", "ListSMSSandboxPhoneNumbers"}, jsii.String("*"))
		allow("cloudwatch", []string{"GetMetricStatistics"}, jsii.String("*"))
	}
	if may.mail && a.mail != nil {
		// No condition on the prefix: S3 says of a mail that somebody else has
		// moved that it is not there only to who may list the whole bucket, and
		// to others that they may not read it.
		allow("s3", []string{"ListBucket"}, a.mail.arn)
		allow("s3", []string{"GetObject", "PutObject", "DeleteObject"},
			jsii.String(*a.mail.arn+"/"+env.MailNew+"*"), jsii.String(*a.mail.arn+"/"+env.MailRead+"*"))
	}
	if may.secrets && len(a.secrets[function]) > 0 {
		// A SecureString under the key that SSM keeps for the account needs no
		// right to the key besides: its policy lets in whoever SSM lets in.
		var parameters []*string
		for _, name := range a.secrets[function] {
			parameters = append(parameters, a.table.Stack().FormatArn(&awscdk.ArnComponents{
				Service: jsii.String("ssm"), Resource: jsii.String("parameter"), ResourceName: jsii.String(strings.TrimPrefix(secret.Parameter(name), "/")),
			}))
		}
		allow("ssm", []string{"GetParameter"}, parameters...)
	}
	if may.writes && a.replyFrom != "" {
		// SES authorizes by the identity that verified the sender, which may be
		// the address or its domain; the condition pins the address itself.
		var identities []*string
		for _, identity := range []string{a.replyFrom, domainOf(a.replyFrom)} {
			identities = append(identities, a.table.Stack().FormatArn(&awscdk.ArnComponents{
				Service: jsii.String("ses"), Resource: jsii.String("identity"), ResourceName: jsii.String(identity),
			}))
		}
		identities = append(identities, a.table.Stack().FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("ses"), Resource: jsii.String("configuration-set"), ResourceName: a.configurationSet,
		}))
		// How fast it may send is the account's own, and of no resource.
		allow("ses", []string{"GetAccount"}, jsii.String("*"))
		send := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions:   jsii.Strings("ses:SendEmail", "ses:SendRawEmail"),
			Resources: &identities,
		})
		send.AddCondition(jsii.String("StringEquals"), map[string]any{"ses:FromAddress": a.replyFrom})
		all = append(all, send)
	}
	return all
}

// environment tells a function where the things are that it may reach. The
// names are those of shared/env, which the functions read them by.
func (a addresses) environment(function string, stack awscdk.Stack) map[string]*string {
	may := may[function]
	vars := map[string]*string{env.Table: a.table.TableName()}
	endpoints := []string{awsenv.DynamoDB, awsenv.SQS}
	for _, reader := range may.wakes {
		if queue := a.queues[reader]; queue != nil {
			vars[queueVariable[reader]] = queue.QueueUrl()
		}
	}
	if may.pages {
		vars[env.Topics] = stack.ToJsonString(a.topics, nil)
		vars[env.AckURL] = a.ackURL
		endpoints = append(endpoints, awsenv.SNS)
	}
	if may.watches {
		dead := map[string]*string{}
		for name, queue := range a.dead {
			dead[name] = queue.QueueUrl()
		}
		vars[env.DeadQueues] = stack.ToJsonString(dead, nil)
		vars[env.Topics] = stack.ToJsonString(a.topics, nil)
		vars[env.RingTopic], vars[env.TellTopic] = a.ring, a.tell
		endpoints = append(endpoints, awsenv.SNS, awsenv.CloudWatch)
	}
	if may.alarms {
		vars[env.AlarmTopics] = stack.ToJsonString(a.alarmTopics, nil)
	}
	if may.mail && a.mail != nil {
		vars[env.MailBucket] = a.mail.name
		endpoints = append(endpoints, awsenv.S3)
	}
	if may.secrets && len(a.secrets[function]) > 0 {
		endpoints = append(endpoints, awsenv.SSM)
	}
	if may.writes {
		vars[env.ConfigurationSet] = a.configurationSet
		endpoints = append(endpoints, awsenv.SES)
	}
	// Empty, and so AWS's own. They stand here because `sam local invoke
	// --env-vars` sets what the template declares and drops everything else.
	for _, service := range endpoints {
		vars["AWS_ENDPOINT_URL_"+service] = jsii.String("")
	}
	return vars
}

var queueVariable = map[string]string{"router": env.RouterQueue, "desk": env.DeskQueue}

// domainOf returns what follows the last @ of an address.
func domainOf(address string) string {
	return address[strings.LastIndex(address, "@")+1:]
}
