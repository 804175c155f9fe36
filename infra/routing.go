package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"rouse/shared/config"
	"rouse/shared/env"
)

// routerTimeoutSeconds leaves room for some hints of a batch whose pages SNS is
// slow to take: each may wait ten seconds.
const routerTimeoutSeconds = 50

// routing decides and pages: the router, the timers that wake it, and one
// topic for each person who may be paged.
type routing struct {
	scope  constructs.Construct
	dead   awssqs.Queue
	queue  awssqs.Queue
	topics map[string]*string
}

// newRouting makes what others send to; run adds the function, once every
// address is known.
func newRouting(scope constructs.Construct, team *config.Config) *routing {
	r := &routing{scope: constructs.NewConstruct(scope, jsii.String("Routing")), topics: map[string]*string{}}
	r.dead = newDeadLetters(r.scope)
	r.queue = newWakeQueue(r.scope, "RouterQueue", routerTimeoutSeconds, r.dead)
	awscdk.NewCfnOutput(r.scope, jsii.String("QueueUrl"), &awscdk.CfnOutputProps{
		Description: jsii.String("What lets the rouse command wake the router at once, as " + env.RouterQueue),
		Value:       r.queue.QueueUrl(),
	}).OverrideLogicalId(jsii.String("RouterQueueUrl"))
	for _, id := range slices.Sorted(maps.Keys(team.Responders)) {
		r.topics[id] = r.topic(team.Responders[id]).TopicArn()
	}
	return r
}

// topic makes a responder's topic. A topic for each person keeps the router's
// right to publish narrow: to text a bare number it would need every resource
// in the account. It has no display name, which SNS would put in front of
// each SMS and so take from its 160 characters, and no key, which would put
// another service between an outage and a phone.
func (r *routing) topic(who config.Responder) awssns.Topic {
	topic := awssns.NewTopic(r.scope, jsii.String("Topic-"+who.ID), &awssns.TopicProps{EnforceSSL: jsii.Bool(true)})
	// People confirm their addresses once. The id depends on nothing but the
	// responder's, so that no change of this program makes them do it again.
	name(topic, logicalID("Topic", who.ID))
	subscribe(topic, logicalID("Page", who.ID, "sms"), "sms", who.Phone, jsii.String("sms"))
	subscribe(topic, logicalID("Page", who.ID, "email"), "email", who.Email, jsii.String("email"))
	return topic
}

func (r *routing) run(s *service) {
	router := s.newFunction(r.scope, spec{
		id:             "Router",
		name:           "router",
		does:           "Decides whom to page next, and pages",
		memoryMB:       512,
		timeoutSeconds: routerTimeoutSeconds,
		rearms:         true,
		dead:           r.dead,
		reads:          r.queue,
	})
	wake(r.scope, router, r.queue, 5)
	s.everyMinute(r.scope, router, r.dead, "Finds what the timers missed")
	s.ops.silent(r.scope, router, "The router has had no successful run for three minutes: nobody may be being paged. Look at its log group, then at the status of Lambda, DynamoDB and SNS in this Region. Until it is well, watch the service and support by hand.")
	s.ops.dead(r.scope, r.dead, s.ops.ring, "The router failed at something it was woken for. The sweep tries again each minute; if this alarm stays, read the message in the queue and the router's log of that minute.")
}

// environmentBytesMax is Lambda's limit on a function's environment.
const environmentBytesMax = 4096

// restBytes is what a function's environment holds besides the responders'
// topics: the URLs of the dead letters take most of it.
const restBytes = 1200

// tooMany refuses a team whose topics would not fit the router's environment:
// better here than as a deployment that fails halfway.
func tooMany(stackName string, team *config.Config) error {
	// The rest of watch's environment, which is the longest, then for each
	// responder the id, the fixed parts of an ARN in the longest Region's name,
	// the names that CloudFormation joins, its 13 random characters, and quotes.
	bytes := restBytes
	for id := range team.Responders {
		bytes += len(id) + len("arn:aws:sns:ap-southeast-1:123456789012:--") + len(stackName) + len(logicalID("Topic", id)) + 13 + len(`"":"",`)
	}
	if bytes <= environmentBytesMax {
		return nil
	}
	each := (bytes - restBytes) / len(team.Responders)
	return fmt.Errorf("%d responders are too many for one deployment: the addresses of their topics take about %d bytes, and Lambda gives a function %d in all. About %d fit; split the team over two deployments (-c name=…), or shorten ids and name",
		len(team.Responders), bytes, environmentBytesMax, (environmentBytesMax-restBytes)/each)
}

// logicalID makes a logical id of parts, which may hold characters that one
// must not; a short sum then keeps different parts different.
func logicalID(parts ...string) string {
	var b strings.Builder
	changed := false
	for _, part := range parts {
		upper := true
		for _, r := range part {
			if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				upper, changed = true, true
				continue
			}
			if upper {
				r, upper = unicode.ToUpper(r), false
			}
			b.WriteRune(r)
		}
	}
	if changed {
		sum := sha256.Sum256([]byte(strings.Join(parts, "/")))
		b.WriteString(strings.ToUpper(hex.EncodeToString(sum[:3])))
	}
	return b.String()
}
