package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const deskTimeoutSeconds = 30

// desk writes to the customers who wrote, and keeps the promise of an answer.
type desk struct {
	scope constructs.Construct
	dead  awssqs.Queue
	queue awssqs.Queue
}

// newDesk makes the queue that others send to; run adds the function.
func newDesk(scope constructs.Construct) *desk {
	d := &desk{scope: constructs.NewConstruct(scope, jsii.String("Desk"))}
	d.dead = newDeadLetters(d.scope)
	d.queue = newWakeQueue(d.scope, "DeskQueue", deskTimeoutSeconds, d.dead)
	return d
}

func (d *desk) run(s *service) {
	function := s.newFunction(d.scope, spec{
		id:             "Desk",
		name:           "desk",
		does:           "Writes to reporters and keeps the promise of an answer",
		memoryMB:       256,
		timeoutSeconds: deskTimeoutSeconds,
		rearms:         true, // it walks a long list of reporters in many turns
		dead:           d.dead,
		reads:          d.queue,
	})
	wake(d.scope, function, d.queue, 2) // SES sets the pace, not we
	s.everyMinute(d.scope, function, d.dead, "Finds whom a reporter's message is still owed")
	s.ops.silent(d.scope, function, "The desk has had no successful run for three minutes: customers who wrote are not being answered, and a broken promise is not noticed. Look at its log group; answer support by hand meanwhile.")
	s.ops.dead(d.scope, d.dead, s.ops.tell, "The desk failed at something it was woken for. The sweep tries again each minute; the message in the queue holds the error.")
}
