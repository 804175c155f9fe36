package awsfake

import (
	"context"
	"net/http"
	"strings"
)

// A Fault is how a call goes wrong. The zero Fault lets it pass.
type Fault struct {
	// Code and Status are the error that is answered; Status 0 means 400.
	Code   string
	Status int
	// Drop breaks the connection instead of answering.
	Drop bool
	// Hold keeps the call waiting until the channel is closed or the client
	// gives up; it then goes on with the rest of the Fault.
	Hold <-chan struct{}
	// After lets the call take effect before it fails: the answer is lost, not
	// the call.
	After bool
	// Match limits the Fault to calls whose topic ARN, phone number, queue URL
	// or e-mail recipients contain it.
	Match string

	throttle bool
}

// Faults that need no parameters.
var (
	// Throttle is the service's own throttling error.
	Throttle = Fault{throttle: true}
	// Unavailable is a 500 that the SDK retries.
	Unavailable = Fault{Code: "InternalFailure", Status: http.StatusInternalServerError}
	// Denied is a missing permission, which no retry cures.
	Denied = Fault{Code: "AccessDeniedException", Status: http.StatusForbidden}
	// Hang accepts the call and never answers.
	Hang = Fault{Hold: make(chan struct{})}
	// Drop breaks the connection before the call takes effect.
	Drop = Fault{Drop: true}
	// LoseAnswer breaks the connection after the call has taken effect.
	LoseAnswer = Fault{Drop: true, After: true}
)

// Always has a Fault strike until Heal.
const Always = -1

// Fail has the next times calls of an action that the Fault matches go wrong.
// Faults strike in the order in which they were given. The SDK retries what it
// takes for transient, each retry being a call.
func (s *Server) Fail(action string, times int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &armed{Fault: f, action: action, left: times})
}

// Heal takes back every Fault.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

type armed struct {
	Fault
	action string
	left   int // Always, or how many more times it strikes
}

// takeFault counts the call and returns what is to go wrong with it.
func (s *Server) takeFault(action string, subject func() string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[action]++
	for _, f := range s.faults {
		if f.action != action || f.left == 0 || f.Match != "" && !strings.Contains(subject(), f.Match) {
			continue
		}
		if f.left > 0 {
			f.left--
		}
		return f.Fault
	}
	return Fault{}
}

// hold reports whether the call was released before the client gave up.
func (s *Server) hold(ctx context.Context, release <-chan struct{}) bool {
	select {
	case <-release:
		return true
	case <-ctx.Done():
	case <-s.closed:
	}
	return false
}

func (f Fault) fails() bool { return f.Code != "" || f.Status != 0 || f.Drop || f.throttle }

func (f Fault) answer(w http.ResponseWriter, p protocol, requestID string) {
	switch {
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.throttle:
		p.writeError(w, requestID, p.throttled())
	default:
		status := f.Status
		if status == 0 {
			status = http.StatusBadRequest
		}
		p.writeError(w, requestID, &apiError{status, f.Code, "injected by a test"})
	}
}
