// Package env names the environment variables that the stack sets and the
// functions read, so that neither side can spell one differently.
package env

const (
	// Table is the name of the DynamoDB table.
	Table = "ROUSE_TABLE"
	// RouterQueue and DeskQueue are the URLs of the SQS queues that wake them.
	RouterQueue = "ROUSE_ROUTER_QUEUE_URL"
	DeskQueue   = "ROUSE_DESK_QUEUE_URL"
	// Topics is a JSON object: responder id to the ARN of their SNS topic.
	Topics = "ROUSE_TOPICS"
	// RingTopic and TellTopic are the ARNs of the topics that do not pass the
	// router: one rings phones, the other mails.
	RingTopic = "ROUSE_RING_TOPIC"
	TellTopic = "ROUSE_TELL_TOPIC"
	// DeadQueues is a JSON object: function to the URL of its dead letters.
	DeadQueues = "ROUSE_DEAD_QUEUES"
	// AlarmTopics is a JSON object: monitor id to the ARN of the topic through
	// which its alarms come.
	AlarmTopics = "ROUSE_ALARM_TOPICS"
	// AckURL is where the ack screen is served, with a scheme and without a
	// trailing slash.
	AckURL = "ROUSE_ACK_URL"
	// MailBucket is the S3 bucket in which SES stores inbound mail under
	// MailNew; what has been read lies under MailRead.
	MailBucket = "ROUSE_MAIL_BUCKET"
	// ConfigurationSet is the SES configuration set that mails are sent by, which
	// tells the desk of those that come back.
	ConfigurationSet = "ROUSE_CONFIGURATION_SET"
	// Config is the path of rouse.yaml; unset means rouse.yaml beside the
	// function's binary (LAMBDA_TASK_ROOT).
	Config = "ROUSE_CONFIG"
)

// Prefixes in the mail bucket.
const (
	MailNew  = "new/"
	MailRead = "read/"
)

// The table's shape.
const (
	// PartitionKey and SortKey are the table's key, both strings.
	PartitionKey = "pk"
	SortKey      = "sk"
	// DueIndex is the sparse global index of everything that something must
	// still be done about: partition DueShard, sort DueAt (RFC 3339, UTC,
	// nanoseconds padded to nine digits), projecting the keys only.
	DueIndex = "due"
	DueShard = "dueshard"
	DueAt    = "dueat"
	// Expires is the TTL attribute (Unix seconds), set on closed records only.
	Expires = "expires"
)

// Sweep is what the Scheduler sends each minute to router, inbox, desk, probe
// and watch, so that it is told apart from what a queue or a bucket sends.
const Sweep = `{"sweep":true}`
