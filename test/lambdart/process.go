// Package lambdart runs the real binaries of Lambda functions as Lambda does:
// each as a child process that fetches its invocations from a Runtime API over
// HTTP, with the environment that the template gives it and nothing of ours.
// Around that stand the two triggers that are more than an invocation: an SQS
// event source mapping and an HTTP API.
//
// It follows "Using the Lambda runtime API for custom runtimes" in the Lambda
// developer guide. It does not freeze processes between invocations, limits
// no memory and knows no extensions.
package lambdart

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"rouse/test/child"
)

// A Function is what a template says about one.
type Function struct {
	Name   string
	Binary string // path of its bootstrap; the folder it lies in is the task root
	// Env is the function's environment as the template gives it. What Lambda
	// sets itself (Region, credentials, names …) is added, and may be
	// overridden; nothing else is inherited.
	Env      map[string]string
	Timeout  time.Duration // 0 means Lambda's default of 3 s
	MemoryMB int           // 0 means Lambda's default of 128; told to the function, not enforced
	Region   string        // "" means us-east-1
	// Bare runs the binary in a file system that holds its task root and
	// nothing else: no zone database, no certificates, no shell. It needs root,
	// or Linux with user namespaces and util-linux.
	Bare bool
}

// ARN is the function's unqualified ARN.
func (f Function) ARN() string {
	return fmt.Sprintf("arn:aws:lambda:%s:123456789012:function:%s", f.Region, f.Name)
}

const (
	initTimeout      = 10 * time.Second // "Lambda execution environment lifecycle", init phase
	payloadBytesMax  = 6 << 20          // "Lambda quotas", synchronous invocation, either way
	apiVersion       = "2018-06-01"
	timeoutErrorType = "Sandbox.Timedout"
	exitErrorType    = "Runtime.ExitError"
)

// A FunctionError is an invocation, or an initialisation, that failed.
type FunctionError struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

// A Process is one execution environment. It handles one invocation at a time;
// further ones wait.
type Process struct {
	// ColdStart is the time from starting the binary to its first poll.
	ColdStart time.Duration

	function    Function
	child       *child.Process
	invocations chan *invocation
	ready       chan struct{} // closed at the first poll
	readyOnce   sync.Once
	initFailed  chan *FunctionError
	logs        logBuffer

	mu      sync.Mutex
	serial  int
	current *invocation
}

// Start starts a process and waits until it polls for its first invocation.
// The error is a *FunctionError if the function is at fault.
func Start(ctx context.Context, f Function) (*Process, error) {
	f.Timeout = cmp.Or(f.Timeout, 3*time.Second)
	f.MemoryMB = cmp.Or(f.MemoryMB, 128)
	f.Region = cmp.Or(f.Region, "us-east-1")
	binary, err := filepath.Abs(f.Binary)
	if err != nil {
		return nil, err
	}
	f.Binary = binary
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Process{
		function:    f,
		invocations: make(chan *invocation),
		ready:       make(chan struct{}),
		initFailed:  make(chan *FunctionError, 1),
	}
	cmd, err := f.command(listener.Addr().String())
	if err != nil {
		listener.Close()
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = &p.logs, &p.logs
	go http.Serve(listener, p.runtimeAPI())
	started := time.Now()
	if p.child, err = child.Start(cmd); err != nil {
		listener.Close()
		return nil, fmt.Errorf("start %s: %w", f.Name, err)
	}
	go func() {
		<-p.child.Done()
		listener.Close()
	}()
	ctx, cancel := context.WithTimeout(ctx, initTimeout)
	defer cancel()
	select {
	case <-p.ready:
		p.ColdStart = time.Since(started)
		return p, nil
	case failed := <-p.initFailed:
		err = failed
	case <-p.child.Done():
		// An init error is posted just before the exit that it causes.
		select {
		case failed := <-p.initFailed:
			err = failed
		default:
			err = p.exitError()
		}
	case <-ctx.Done():
		err = fmt.Errorf("%s did not poll for an invocation: %w", f.Name, ctx.Err())
	}
	p.Kill()
	return nil, fmt.Errorf("init of %s: %w\n%s", f.Name, err, p.Logs())
}

func (f Function) command(runtimeAPI string) (*exec.Cmd, error) {
	root := filepath.Dir(f.Binary)
	cmd := exec.Command(f.Binary)
	cmd.Dir = root
	if f.Bare {
		inside := "/" + filepath.Base(f.Binary)
		if os.Geteuid() == 0 {
			cmd = &exec.Cmd{Path: inside, Args: []string{inside}, SysProcAttr: &syscall.SysProcAttr{Chroot: root}}
		} else {
			unshare, err := exec.LookPath("unshare")
			if err != nil {
				return nil, errors.New("a bare file system takes root, or unshare (on Debian: apt-get install util-linux)")
			}
			cmd = exec.Command(unshare, "--user", "--map-root-user", "--root", root, inside)
		}
		cmd.Dir = "/"
		root = "/"
	}
	// "Working with Lambda environment variables", reserved ones, as far as a
	// custom runtime gets them.
	env := map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          runtimeAPI,
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      "2026/11/02/[$LATEST]0123456789abcdef0123456789abcdef",
		"AWS_REGION":                      f.Region,
		"AWS_DEFAULT_REGION":              f.Region,
		"AWS_ACCESS_KEY_ID":               "ASIAEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":           "secret",
		"AWS_SESSION_TOKEN":               "token",
		"LAMBDA_TASK_ROOT":                root,
		"_HANDLER":                        "bootstrap",
		"TZ":                              ":UTC",
		"PATH":                            "/usr/local/bin:/usr/bin:/bin:/opt/bin",
	}
	for key, value := range f.Env {
		env[key] = value
	}
	for key, value := range env {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	return cmd, nil
}

// Invoke has the process handle one invocation and returns its answer. The
// error is a *FunctionError if the function failed, crashed or took longer
// than its timeout; it is killed in that last case. When ctx ends first, the
// function goes on without its caller.
func (p *Process) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if len(payload) > payloadBytesMax {
		return nil, fmt.Errorf("the payload of %d bytes is above Lambda's limit of %d", len(payload), payloadBytesMax)
	}
	in := &invocation{id: p.nextID(), payload: payload, result: make(chan result, 1)}
	select {
	case p.invocations <- in:
	case <-p.child.Done():
		return nil, p.exitError()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	timeout := time.NewTimer(p.function.Timeout)
	defer timeout.Stop()
	select {
	case r := <-in.result:
		return r.unpack()
	case <-p.child.Done():
		// A function that panics reports the panic before it exits.
		select {
		case r := <-in.result:
			return r.unpack()
		default:
			return nil, p.exitError()
		}
	case <-timeout.C:
		p.Kill()
		return nil, &FunctionError{timeoutErrorType, fmt.Sprintf("%s Task timed out after %.2f seconds", in.id, p.function.Timeout.Seconds())}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *Process) nextID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial++
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", os.Getpid(), p.serial)
}

func (p *Process) exitError() error {
	return &FunctionError{exitErrorType, fmt.Sprintf("Runtime exited: %v", p.child.Err())}
}

// Kill ends the process with SIGKILL, in the middle of what it does, and waits
// until it is gone.
func (p *Process) Kill() { p.child.Kill() }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.child.Done() }

// Logs returns what the process wrote to its standard output and error. A line
// may arrive a moment after the answer of the invocation that wrote it.
func (p *Process) Logs() string { return p.logs.String() }

// Resident returns the memory, in bytes, that the process has resident now and
// had at its highest. It reads Linux's /proc.
func (p *Process) Resident() (now, peak int64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.child.Cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		var into *int64
		switch key {
		case "VmRSS":
			into = &now
		case "VmHWM":
			into = &peak
		default:
			continue
		}
		var kilobytes int64
		if _, err := fmt.Sscanf(value, "%d kB", &kilobytes); err != nil {
			return 0, 0, fmt.Errorf("%s: %w", key, err)
		}
		*into = kilobytes << 10
	}
	return now, peak, nil
}

// logBuffer may be read while the process writes.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
