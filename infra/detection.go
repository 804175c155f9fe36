package main

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newDetection runs the checks of rouse.yaml each minute.
func newDetection(s *service) {
	scope := constructs.NewConstruct(s.stack, jsii.String("Detection"))
	dead := newDeadLetters(scope)
	probe := s.newFunction(scope, spec{
		id:       "Probe",
		name:     "probe",
		does:     "Runs the checks and raises signals",
		memoryMB: 256,
		// It samples until its minute ends by the clock, and then saves.
		timeoutSeconds: 65,
		dead:           dead,
	})
	s.everyMinute(scope, probe, dead, "Runs the checks")
	s.ops.silent(scope, probe, "No check has run for three minutes: an outage would go unseen unless a customer writes. Look at the probe's log group, then at the status of Lambda and DynamoDB in this Region.")
	s.ops.dead(scope, dead, s.ops.tell, "A minute of checks failed as a whole. One is no harm; several point to a timeout or to DynamoDB. The message in the queue holds the error.")
}
