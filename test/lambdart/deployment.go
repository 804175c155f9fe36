package lambdart

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// An Invoker takes an event to a function: a Process or a Deployment.
type Invoker interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

var (
	_ Invoker = (*Process)(nil)
	_ Invoker = (*Deployment)(nil)
)

// A Deployment is a function with as many processes as its invocations need,
// up to its concurrency. A process that died is replaced at the next
// invocation, as Lambda does it.
type Deployment struct {
	function Function
	slots    chan struct{} // as many as may work at a time

	mu     sync.Mutex
	closed bool
	all    []*Process
	idle   []*Process
}

// Deploy returns a function without processes yet; concurrency 0 means 1.
func Deploy(f Function, concurrency int) *Deployment {
	return &Deployment{function: f, slots: make(chan struct{}, max(concurrency, 1))}
}

var errClosed = errors.New("the deployment is closed")

// Invoke hands the event to an idle process, starts one if there is none and
// the concurrency allows it, or else waits its turn.
func (d *Deployment) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-d.slots }()
	p, err := d.process(ctx)
	if err != nil {
		return nil, err
	}
	defer d.release(p)
	return p.Invoke(ctx, payload)
}

// process takes the process that was idle for the shortest time, or a new one.
func (d *Deployment) process(ctx context.Context) (*Process, error) {
	d.mu.Lock()
	for len(d.idle) > 0 {
		p := d.idle[len(d.idle)-1]
		d.idle = d.idle[:len(d.idle)-1]
		select {
		case <-p.Done():
		default:
			d.mu.Unlock()
			return p, nil
		}
	}
	closed := d.closed
	d.mu.Unlock()
	if closed {
		return nil, errClosed
	}
	p, err := Start(ctx, d.function)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, p)
	if d.closed {
		p.Kill()
		return nil, errClosed
	}
	return p, nil
}

func (d *Deployment) release(p *Process) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.idle = append(d.idle, p)
}

// Kill ends every process with SIGKILL, whatever it is doing. The next
// invocation starts a new one.
func (d *Deployment) Kill() {
	for _, p := range d.Processes() {
		p.Kill()
	}
}

// Close is Kill, and no process is started any more.
func (d *Deployment) Close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.Kill()
}

// Processes returns every process that was started, in order, dead or alive.
func (d *Deployment) Processes() []*Process {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]*Process(nil), d.all...)
}

// Logs returns the logs of all processes, one after the other.
func (d *Deployment) Logs() string {
	var b strings.Builder
	for _, p := range d.Processes() {
		b.WriteString(p.Logs())
	}
	return b.String()
}

// ColdStarts returns how long each process took to its first poll.
func (d *Deployment) ColdStarts() []time.Duration {
	var starts []time.Duration
	for _, p := range d.Processes() {
		starts = append(starts, p.ColdStart)
	}
	return starts
}
