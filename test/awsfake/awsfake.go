// Package awsfake stands in for SNS, SQS, SES and SSM in tests, and for what is
// asked of CloudWatch and Lambda: one HTTP server that speaks their wire
// protocols to the real SDK clients, records what it was sent and is strict
// about it.
//
// It knows only what this project uses, and that exactly: an action, a
// parameter or a value that it does not know is answered with the error that
// AWS documents and kept as a Refusal, and a refusal that no test expected
// fails the test. Comments name the page of the AWS API reference that an
// answer follows; `make moto` holds the same tests against an independent
// emulator.
//
// What it leaves out: it does not verify signatures, only that requests are
// signed for the right service and Region; queues are in order and never
// deliver twice by themselves, although the real ones may.
package awsfake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"rouse/shared/clock"
)

// Options say what exists in the account. The zero Options are an empty
// account in us-east-1.
type Options struct {
	Region  string      // "" means us-east-1
	Account string      // "" means 123456789012
	Clock   clock.Clock // tells when delayed messages are visible; nil means the wall clock
	Topics  []string    // names of SNS topics
	Queues  []Queue
	// Senders are the verified SES identities, domains or addresses.
	Senders           []string
	ConfigurationSets []string // names of SES configuration sets
	// Parameters are SSM's SecureStrings, by their paths.
	Parameters map[string]string
	Facts      Facts // see Change
}

// A Server is the recorder. Its zero value is not usable: see New and Start.
// All methods may be called at any time from any goroutine.
type Server struct {
	// URL is where it is reached, without a trailing slash: the BaseEndpoint
	// of all SDK clients. Whoever serves a Server from New sets it.
	URL string

	options   Options
	protocols map[string]protocol // by the service's signing name
	closed    chan struct{}

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced whenever something is recorded
	serial   int
	faults   []*armed
	calls    map[string]int // by action
	refusals []Refusal
	topics   map[string]bool   // by ARN
	queues   map[string]*queue // by name
	publish  []Publish
	sent     []Email

	parameters map[string]string // by path
	facts      Facts
}

var _ http.Handler = (*Server)(nil)

// New returns a recorder that listens nowhere yet.
func New(o Options) *Server {
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Account == "" {
		o.Account = "123456789012"
	}
	if o.Clock == nil {
		o.Clock = clock.Wall{}
	}
	s := &Server{
		options: o,
		closed:  make(chan struct{}),
		changed: make(chan struct{}),
		calls:   map[string]int{},
		topics:  map[string]bool{},
		queues:  map[string]*queue{},

		parameters: maps.Clone(o.Parameters),
	}
	if s.parameters == nil {
		s.parameters = map[string]string{}
	}
	s.facts = o.Facts
	s.protocols = map[string]protocol{
		"sns": snsProtocol{s}, "sqs": sqsProtocol{s}, "ses": sesProtocol{s}, sesQuery: sesQueryProtocol{s},
		"monitoring": cloudWatchProtocol{s}, "lambda": lambdaProtocol{s}, "ssm": ssmProtocol{s},
	}
	for _, name := range o.Topics {
		s.topics[s.TopicARN(name)] = true
	}
	for _, q := range o.Queues {
		s.queues[q.Name] = newQueue(q)
	}
	return s
}

// Start serves a recorder on a loopback port until the test ends, and fails
// the test for every refusal that it did not take.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := New(o)
	server := httptest.NewServer(s)
	s.URL = server.URL
	t.Cleanup(func() {
		close(s.closed)
		server.CloseClientConnections()
		server.Close()
		for _, r := range s.TakeRefusals() {
			t.Errorf("AWS would refuse this call: %v", r)
		}
	})
	return s
}

// A Refusal is a call that AWS would have answered with an error, for a
// reason other than an injected fault.
type Refusal struct{ Action, Code, Message string }

func (r Refusal) String() string { return r.Action + ": " + r.Code + ": " + r.Message }

// TakeRefusals returns the refusals since the last call and forgets them.
func (s *Server) TakeRefusals() []Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.refusals
	s.refusals = nil
	return r
}

// Calls returns how many calls of an action ("Publish", "SendMessage" …)
// arrived, failed ones and the SDK's own retries included.
func (s *Server) Calls(action string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[action]
}

// A protocol is one service's way over the wire.
type protocol interface {
	// action names the called action, "" if the request is none.
	action(r *http.Request, body []byte) string
	// perform carries the action out. subject is what a Fault's Match looks at.
	perform(r *http.Request, action string, body []byte) (answer any, err *apiError)
	// subject names whom or what the call is about.
	subject(body []byte) string
	write(w http.ResponseWriter, action, requestID string, answer any)
	writeError(w http.ResponseWriter, requestID string, err *apiError)
	throttled() *apiError
}

// bodyBytesMax is above every service's own limit, so that theirs is met first.
const bodyBytesMax = 64 << 20

// scope finds the service and the Region in a Signature Version 4
// Authorization header ("Authenticating Requests", AWS General Reference).
var scope = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=[^/, ]+/\d{8}/([a-z0-9-]+)/([a-z0-9]+)/aws4_request, ?SignedHeaders=[^ ]+, ?Signature=[0-9a-f]{64}$`)

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBytesMax))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		s.refuse("?", &apiError{http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", err.Error()})
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	} else if err != nil {
		return // whoever called has hung up: there is nobody to refuse
	}
	signed := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if signed == nil || s.protocols[signed[2]] == nil {
		s.refuse(r.Method+" "+r.URL.Path, &apiError{http.StatusForbidden, "MissingAuthenticationToken", "the request is not signed for a service that awsfake knows"})
		http.Error(w, "MissingAuthenticationToken", http.StatusForbidden)
		return
	}
	region, service := signed[1], signed[2]
	if service == "ses" && r.URL.Path == "/" {
		service = sesQuery // the older API, signed by the same name
	}
	p := s.protocols[service]
	requestID := s.id()
	action := p.action(r, body)
	if action == "" {
		e := &apiError{http.StatusBadRequest, "InvalidAction", fmt.Sprintf("%s %s is no call that awsfake knows", r.Method, r.URL.Path)}
		s.refuse(r.Method+" "+r.URL.Path, e)
		p.writeError(w, requestID, e)
		return
	}
	if region != s.options.Region {
		e := &apiError{http.StatusForbidden, "SignatureDoesNotMatch", "Credential should be scoped to a valid region, not " + region}
		s.refuse(action, e)
		p.writeError(w, requestID, e)
		return
	}

	fault := s.takeFault(action, func() string { return p.subject(body) })
	if fault.Hold != nil && !s.hold(r.Context(), fault.Hold) {
		return
	}
	if fault.fails() && !fault.After {
		fault.answer(w, p, requestID)
		return
	}
	answer, failed := p.perform(r, action, body)
	switch {
	case failed != nil:
		s.refuse(action, failed)
		p.writeError(w, requestID, failed)
	case fault.fails():
		fault.answer(w, p, requestID)
	default:
		p.write(w, action, requestID, answer)
	}
}

// apiError is an error as AWS answers it.
type apiError struct {
	status  int
	code    string
	message string
}

func invalid(code, format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}

func (s *Server) refuse(action string, e *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals = append(s.refusals, Refusal{action, e.code, e.message})
}

// id returns a new UUID. They count up, so that one test makes one history.
func (s *Server) id() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", s.serial, s.serial)
}

// record runs f with the lock held and wakes everybody who waits.
func (s *Server) record(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// await waits until n of what count counts are recorded.
func (s *Server) await(ctx context.Context, what string, n int, count func() int) error {
	for {
		s.mu.Lock()
		have, changed := count(), s.changed
		s.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waited for %d %s, there are %d: %w", n, what, have, ctx.Err())
		}
	}
}

// WaitPublished waits until at least n publishes were accepted and returns
// all of them, or what there is and an error when ctx ends first.
func (s *Server) WaitPublished(ctx context.Context, n int) ([]Publish, error) {
	err := s.await(ctx, "publishes", n, func() int { return len(s.publish) })
	return s.Published(), err
}

// WaitSent is WaitPublished for e-mails.
func (s *Server) WaitSent(ctx context.Context, n int) ([]Email, error) {
	err := s.await(ctx, "e-mails", n, func() int { return len(s.sent) })
	return s.Sent(), err
}

// Published returns what SNS accepted, in order.
func (s *Server) Published() []Publish {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.publish)
}

// Sent returns what SES accepted, in order.
func (s *Server) Sent() []Email {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

func (s *Server) now() time.Time { return s.options.Clock.Now() }
