package main

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newWatch watches all the others, and so is made last.
func newWatch(s *service) {
	scope := constructs.NewConstruct(s.stack, jsii.String("Watch"))
	dead := newDeadLetters(scope)
	function := s.newFunction(scope, spec{
		id:             "Watch",
		name:           "watch",
		does:           "Finds what would let a night be missed, and says so",
		memoryMB:       256,
		timeoutSeconds: 50,
		dead:           dead,
	})
	s.everyMinute(scope, function, dead, "Watches Rouse itself")
	s.ops.silent(scope, function, "Nobody has watched Rouse itself for three minutes: holes in the rota, unreachable people and overdue pages would go unseen, and the dead-man's switch is not pinged. Pages go out all the same. Look at watch's log group, then at the status of Lambda and DynamoDB in this Region.")
	s.ops.dead(scope, dead, s.ops.tell, "A minute of watching failed as a whole. One is no harm; several point to a timeout or to DynamoDB. The message in the queue holds the error.")
}
