// Package imports holds the rules of who may import whom, and checks them by
// reading the source. ARCHITECTURE.md draws the same picture.
package imports

// A rule is about the packages in some folders. Folders and packages are
// named below the module's root; a trailing /... means it and all below it.
type rule struct {
	folders []string
	pure    bool     // no input or output, and time is an argument
	ours    []string // what of this module it may import
	outside []string // which other modules: prefixes of import paths
}

var (
	pure     = []string{"shared/oncall", "shared/check", "shared/triage", "shared/incident", "shared/escalation", "shared/mute", "shared/story", "shared/wording"}
	common   = []string{"shared/clock", "shared/env"}
	useCases = []string{"shared/amend", "shared/move", "shared/reach", "shared/config", "shared/probe", "shared/mail", "shared/inbox", "shared/page", "shared/ack", "shared/sms", "shared/desk", "shared/status", "shared/watch", "shared/hook"}
	core     = join(pure, common, []string{"shared/history", "shared/loop", "shared/record", "shared/secret"}, useCases)
	// stored is all that a store sees: not those who know how to read mail and
	// to draw a page, whose libraries would end up in every function.
	stored = []string{"shared/check", "shared/history", "shared/incident", "shared/clock", "shared/env", "shared/loop", "shared/record", "shared/probe", "shared/amend", "shared/reach"}
)

// adapters speak to the world outside for the functions. The calendar is not
// one of them: it is for those at whose desk rouse.yaml lies, and its libraries
// stay out of Lambda.
var adapters = []string{"shared/awsenv", "shared/dynamostore", "shared/memstore", "shared/s3mail", "shared/sesmailer", "shared/snspager", "shared/sqstimer", "shared/ssmsecrets", "shared/snsaccount", "shared/smsbill", "shared/sqsdepth"}

const sdk = "github.com/aws/aws-sdk-go-v2/"

// rules has one rule for every package; the first that names it counts.
var rules = []rule{
	// What is true without a machine. Each line lists what lies below.
	{folders: []string{"shared/oncall"}, pure: true},
	{folders: []string{"shared/check"}, pure: true},
	{folders: []string{"shared/triage"}, pure: true},
	{folders: []string{"shared/incident"}, pure: true},
	{folders: []string{"shared/wording"}, pure: true},
	{folders: []string{"shared/escalation"}, pure: true, ours: []string{"shared/oncall"}},
	{folders: []string{"shared/mute"}, pure: true, ours: []string{"shared/oncall"}},
	{folders: []string{"shared/story"}, pure: true, ours: []string{"shared/escalation", "shared/incident", "shared/oncall"}},
	{folders: []string{"shared/oncall/picture"}, ours: []string{"shared/oncall"}},

	{folders: []string{"shared/history"}, ours: []string{"shared/check"}, outside: []string{"github.com/HdrHistogram/"}},
	{folders: common},
	{folders: []string{"shared/loop"}, ours: join(pure, common)},
	{folders: []string{"shared/reach"}, pure: true, ours: []string{"shared/escalation"}},
	{folders: []string{"shared/amend"}, ours: join(pure, common, []string{"shared/loop", "shared/reach"})},
	{folders: []string{"shared/secret"}, ours: []string{"shared/clock"}},
	{folders: []string{"shared/record"}, ours: []string{"shared/check", "shared/incident", "shared/loop"}},

	// The use cases know no AWS.
	{folders: []string{"shared/config"}, ours: core, outside: []string{"go.yaml.in/yaml/"}},
	{folders: []string{"shared/mail"}, ours: core, outside: []string{"github.com/jhillyerd/enmime/", "golang.org/x/net/", "golang.org/x/text/"}},
	{folders: []string{"shared/probe"}, ours: core, outside: []string{"golang.org/x/net/"}},
	{folders: []string{"shared/page"}, ours: core, outside: []string{"golang.org/x/text/"}},
	{folders: []string{"shared/sms"}, ours: core, outside: []string{"golang.org/x/text/"}},
	{folders: useCases, ours: core},

	// Adapters: one dependency each, and never another adapter.
	{folders: []string{"shared/memstore"}, ours: stored},
	{folders: []string{"shared/dynamostore"}, ours: stored, outside: []string{sdk + "aws", sdk + "service/dynamodb", "github.com/aws/smithy-go"}},
	{folders: []string{"shared/snspager"}, ours: core, outside: []string{sdk + "aws", sdk + "service/sns", "github.com/aws/smithy-go"}},
	{folders: []string{"shared/snsaccount"}, ours: core, outside: []string{sdk + "aws", sdk + "service/sns", "github.com/aws/smithy-go"}},
	{folders: []string{"shared/smsbill"}, ours: core, outside: []string{sdk + "aws", sdk + "service/cloudwatch", "github.com/aws/smithy-go"}},
	{folders: []string{"shared/sqsdepth"}, ours: core, outside: []string{sdk + "aws", sdk + "service/sqs", "github.com/aws/smithy-go"}},
	{folders: []string{"shared/sqstimer"}, ours: core, outside: []string{sdk + "aws", sdk + "service/sqs", "github.com/aws/smithy-go"}},
	{folders: []string{"shared/sesmailer"}, ours: core, outside: []string{sdk + "aws", sdk + "service/sesv2", "github.com/aws/smithy-go"}},
	{folders: []string{"shared/s3mail"}, ours: core, outside: []string{sdk + "aws", sdk + "service/s3", "github.com/aws/smithy-go"}},
	{folders: []string{"shared/ssmsecrets"}, ours: core, outside: []string{sdk + "aws", sdk + "service/ssm"}},
	{folders: []string{"shared/awsenv"}, outside: []string{sdk}},
	{folders: []string{"shared/calendar"}, ours: []string{"shared/oncall"}, outside: []string{"github.com/arran4/golang-ical", "github.com/teambition/rrule-go"}},

	// Programs wire.
	{folders: []string{"functions/..."}, ours: join(core, adapters, []string{"functions/internal/..."}), outside: []string{"github.com/aws/aws-lambda-go/", sdk}},
	{folders: []string{"cmd/..."}, ours: []string{"shared/...", "cmd/...", "test/sim"}, outside: []string{sdk, "github.com/aws/smithy-go", "github.com/emersion/"}},
	{folders: []string{"infra/..."}, ours: []string{"shared/awsenv", "shared/calendar", "shared/check", "shared/config", "shared/env", "shared/hook", "shared/oncall", "shared/oncall/picture", "shared/secret", "infra/..."}, outside: cdk},
	{folders: []string{"test/browser"}, ours: []string{"shared/...", "cmd/rouse/local"}, outside: []string{"github.com/chromedp/"}},
	{folders: []string{"test/..."}, ours: []string{"shared/...", "functions/...", "test/..."}, outside: []string{
		"github.com/aws/aws-lambda-go/", sdk, "github.com/aws/smithy-go", "github.com/johannesboyne/gofakes3",
		"github.com/emersion/", "github.com/jhillyerd/enmime/", "golang.org/x/net/", "golang.org/x/tools/", "go.yaml.in/yaml/", "pgregory.net/rapid",
	}},
}

// cdk is everything that reaches the CDK, and through it Node. Only infra may
// import it, tests included.
var cdk = []string{"github.com/aws/aws-cdk-go/", "github.com/aws/constructs-go/", "github.com/aws/jsii-runtime-go", "github.com/cdklabs/"}

// impure are the packages of the standard library that a pure package does not
// import, nor anything below them.
var impure = []string{"os", "net", "log", "io/fs", "database/sql", "syscall", "plugin", "testing", "crypto/rand", "unsafe"}

// Of two packages that are half pure: the functions of time that tell or wait
// for it, and the names of math/rand that take a seed.
var (
	now    = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	seeded = []string{"New", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "PCG", "ChaCha8", "Source", "Zipf"}
)

func join(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
