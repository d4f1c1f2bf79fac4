package realparts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// child is one process of ours. What it says goes to a file of its own, where a restart goes on. It is in a process group of its own, so
// that an interrupt at the keyboard reaches us alone, and dies with us.
type child struct {
	name, log string
	cmd       *exec.Cmd
	// done is closed when it has ended; err says how. stopped: by us.
	done    chan struct{}
	err     error
	stopped atomic.Bool
}

// launch starts a program with an environment of nothing but env and what finds programs and folders.
func launch(dir, name string, env []string, program string, args ...string) (*child, error) {
	p := &child{name: name, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", name, err)
	}
	p.cmd = exec.Command(program, args...) //nolint:gosec,noctx // ours, and it outlives whoever starts it
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = dir, out, out, ownGroup()
	started := make(chan error)
	go func() {
		// "Dies with us" means for Linux: with the thread that has started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			out.Close()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", name, err), out.Close())
	}
	return p, nil
}

// until asks whether the process is up, until it is, it has ended or limit has passed.
func (p *child) until(parent context.Context, limit time.Duration, up func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(parent, limit)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		err := up(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended while starting: %w; it said:\n%s", p.name, cause(p.err), tail(p.log))
		case <-ctx.Done():
			if perr := parent.Err(); perr != nil {
				return fmt.Errorf("waiting for %s: %w", p.name, perr)
			}
			return fmt.Errorf("%s is not ready after %v: %w; it said:\n%s", p.name, limit, err, tail(p.log))
		case <-look.C:
		}
	}
}

func cause(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// running tells whether it has not ended.
func (p *child) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop asks the process to end, and kills it if it has not after limit. Whatever is no end in order is an error.
func (p *child) stop(limit time.Duration) error {
	switch {
	case p == nil || p.stopped.Load():
		return nil
	case !p.running():
		return fmt.Errorf("%s had ended by itself: %w; it said:\n%s", p.name, cause(p.err), tail(p.log))
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended this moment
	timer := time.NewTimer(limit)
	defer timer.Stop()
	defer p.stopped.Store(true) // it has ended, and nobody need stop it again
	select {
	case <-p.done:
	case <-timer.C:
		p.kill()
		return fmt.Errorf("%s had to be killed: it was told to stop %v ago; it said:\n%s", p.name, limit, tail(p.log))
	}
	// A Java program that ends on SIGTERM says so in its code.
	if p.err != nil && p.cmd.ProcessState.ExitCode() != 128+int(syscall.SIGTERM) {
		return fmt.Errorf("%s ended on SIGTERM with %w; it said:\n%s", p.name, p.err, tail(p.log))
	}
	return nil
}

// kill is kill -9 of the process and its children; it returns when the process is gone.
func (p *child) kill() {
	if p.running() {
		p.stopped.Store(true)
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // it may have ended this moment
		<-p.done
	}
}

// pause is SIGSTOP of the process and its children: they hold their sockets and answer nothing. resume lets them go on.
func (p *child) pause() error  { return p.signal(syscall.SIGSTOP) }
func (p *child) resume() error { return p.signal(syscall.SIGCONT) }

func (p *child) signal(s syscall.Signal) error {
	if !p.running() {
		return fmt.Errorf("%s does not run, and can't be sent a signal", p.name)
	}
	if err := syscall.Kill(-p.cmd.Process.Pid, s); err != nil {
		return fmt.Errorf("sending %s a signal: %w", p.name, err)
	}
	return nil
}

// pid of the process while it runs, else 0.
func (p *child) pid() int {
	if !p.running() {
		return 0
	}
	return p.cmd.Process.Pid
}

// tail is the end of a log.
func tail(log string) string {
	b, err := os.ReadFile(log) //nolint:gosec // ours
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(bytes.TrimSpace(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
