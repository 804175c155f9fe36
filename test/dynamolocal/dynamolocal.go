// Package dynamolocal runs the real DynamoDB Local, AWS's own emulator, for
// tests: transactions, conditions, cancellation reasons, streams and TTL
// settings behave as they do in the service. It needs Java 17 or later and, the
// first time, npm and the network.
//
// Starting it takes some seconds and 250 MB, so one server serves a whole test
// run and every test makes a table of its own. `make test` starts it and names
// it in ROUSE_TEST_DYNAMODB; a package tested alone starts one for itself.
package dynamolocal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"rouse/test/child"
)

// EndpointVariable names the environment variable that holds the URL of a
// server to use instead of starting one.
const EndpointVariable = "ROUSE_TEST_DYNAMODB"

// startTimeout is ten times what a busy machine with two cores needs.
const startTimeout = 60 * time.Second

// Endpoint returns the URL of a DynamoDB that every test of this process
// shares: the one named by ROUSE_TEST_DYNAMODB, or one of its own, started at
// the first call and gone with the process. It listens on every interface, any
// credentials and Region do, and all of them see the same tables.
func Endpoint(t testing.TB) string {
	t.Helper()
	if url := os.Getenv(EndpointVariable); url != "" {
		return url
	}
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s.URL
}

var shared = sync.OnceValues(func() (*Server, error) { return Start(context.Background(), 0) })

// A Server is one running DynamoDB Local, empty and in memory.
type Server struct {
	URL     string
	process *child.Process
}

// Start starts a server on the port, or on a free one if port is 0, and
// returns when it answers. The server ends with Close or with this process,
// whichever comes first; ctx bounds only the start.
func Start(ctx context.Context, port int) (*Server, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, errors.New("java is not installed, and DynamoDB Local runs on it: install Java 17 or later (on Debian: apt-get install default-jre-headless)")
	}
	home, err := Fetch(ctx)
	if err != nil {
		return nil, err
	}
	if port != 0 {
		return start(ctx, java, home, port)
	}
	// Between our finding a free port and Java's taking it somebody else may.
	var s *Server
	for range 3 {
		if port, err = freePort(); err != nil {
			return nil, err
		}
		if s, err = start(ctx, java, home, port); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func start(ctx context.Context, java, home string, port int) (*Server, error) {
	cmd := exec.Command(java,
		"-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar",
		"-inMemory", "-sharedDb", "-disableTelemetry", "-port", fmt.Sprint(port))
	cmd.Dir = home
	var output lockedBuffer
	cmd.Stdout, cmd.Stderr = &output, &output
	process, err := child.Start(cmd)
	if err != nil {
		return nil, err
	}
	s := &Server{URL: fmt.Sprintf("http://127.0.0.1:%d", port), process: process}
	if err := s.awaitAnswer(ctx); err != nil {
		process.Kill()
		return nil, fmt.Errorf("DynamoDB Local on port %d: %w\n%s", port, err, output.String())
	}
	return s, nil
}

// awaitAnswer waits for an HTTP answer: a request without credentials is
// refused with status 400, which is all that we ask.
func (s *Server) awaitAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusBadRequest {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-s.process.Done():
			return fmt.Errorf("ended before it answered: %w", s.process.Err())
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", ctx.Err())
		}
	}
}

// Close kills the server and waits until it is gone.
func (s *Server) Close() { s.process.Kill() }

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// lockedBuffer may be read while a process still writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
