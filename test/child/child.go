// Package child starts processes that do not outlive the one that started
// them, however that one ends.
package child

import (
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// A Process is a running child.
type Process struct {
	Cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start starts cmd in a process group of its own, so that an interrupt typed
// at the terminal reaches us first, and beside it a watchdog: a shell that
// reads from a pipe whose other end only we hold. When we die, even by
// SIGKILL, the pipe ends and the watchdog kills the child. This needs nothing
// but a POSIX shell; Linux's parent-death signal is tied to a thread, and a Go
// program does not control its threads.
func Start(cmd *exec.Cmd) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	watchdog := exec.Command("/bin/sh", "-c", `cat >/dev/null; kill -9 "-$0"`, strconv.Itoa(cmd.Process.Pid))
	watchdog.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := watchdog.StdinPipe()
	if err == nil {
		err = watchdog.Start()
	}
	p := &Process{Cmd: cmd, done: make(chan struct{})}
	if err != nil {
		p.signal()
		cmd.Wait()
		return nil, fmt.Errorf("start the watchdog of %s: %w", cmd.Path, err)
	}
	go p.wait(watchdog, pipe)
	return p, nil
}

// wait takes the watchdog down before anybody else can be given the child's
// process id.
func (p *Process) wait(watchdog *exec.Cmd, pipe io.Closer) {
	p.err = p.Cmd.Wait()
	syscall.Kill(-watchdog.Process.Pid, syscall.SIGKILL)
	watchdog.Wait()
	pipe.Close()
	close(p.done)
}

// Done is closed when the process has ended and was reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how the process ended: nil for exit status 0. It waits for the end.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// Kill ends the process and the children it started with SIGKILL and waits
// until it is gone. Killing what has ended does nothing.
func (p *Process) Kill() {
	select {
	case <-p.done:
		return
	default:
	}
	p.signal()
	<-p.done
}

func (p *Process) signal() { syscall.Kill(-p.Cmd.Process.Pid, syscall.SIGKILL) }
