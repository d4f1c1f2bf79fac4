package process

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/procfs"
)

// Command is the hidden command of the frontdesk binary that serves one service.
const Command = "serve"

// Config of a process.
type Config struct {
	// Binary is frontdesk's.
	Binary string
	// Service is its name.
	Service string
	// Settings by key, as in a settings file: "kafka.brokers". The admin listener takes a free port.
	Settings map[string]string
	// Log is a file that gets what the process writes.
	Log string
	// Profile is a file that gets its CPU profile; empty for none.
	Profile string
}

// Process is a running service. Its methods may be called concurrently.
type Process struct {
	name  string
	admin string
	cmd   *exec.Cmd
	in    io.Closer
	log   string

	stop  sync.Once
	gone  chan struct{} // closed once it has ended
	ended error         // how, after that
}

// Start starts a process and returns when its service is ready, or has ended, or ctx has.
func Start(ctx context.Context, cfg Config) (_ *Process, err error) {
	log, err := os.Create(cfg.Log)
	if err != nil {
		return nil, fmt.Errorf("making %s's log: %w", cfg.Service, err)
	}
	defer log.Close()                                     // the process has its own
	cmd := exec.Command(cfg.Binary, Command, cfg.Service) //nolint:gosec,noctx // our own binary; it ends with its standard input, drained
	cmd.Env = append(os.Environ(), Prefix(cfg.Service)+"_ADMIN=127.0.0.1:0")
	for key, value := range cfg.Settings {
		cmd.Env = append(cmd.Env, Prefix(cfg.Service)+"_"+strings.ToUpper(strings.ReplaceAll(key, ".", "__"))+"="+value)
	}
	if cfg.Profile != "" {
		cmd.Env = append(cmd.Env, profileTo+"="+cfg.Profile)
	}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", cfg.Service, err)
	}
	p := &Process{name: cfg.Service, cmd: cmd, log: cfg.Log, gone: make(chan struct{})}
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", cfg.Service, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", cfg.Service, err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	go p.wait() // after the last read: Wait closes the pipe
	if err != nil {
		return nil, errors.Join(p.failed("ended at once"), p.Stop())
	}
	p.admin = strings.TrimSpace(line)
	if err := p.ready(ctx); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

func (p *Process) failed(what string) error {
	text, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return fmt.Errorf("%s %s; the end of its log:\n%s", p.name, what, strings.Join(lines[max(0, len(lines)-5):], "\n"))
}

// ready asks /readyz, as Kubernetes would.
func (p *Process) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := p.get(ctx, "/readyz"); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.gone:
			return p.failed("ended at once")
		case <-ctx.Done():
			return p.failed("is not ready")
		}
	}
}

func (p *Process) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.admin+path, nil)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", p.name, err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", p.name, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %s", res.Status)
	}
	if err != nil {
		return nil, fmt.Errorf("asking %s for %s: %w", p.name, path, err)
	}
	return body, nil
}

// Usage is what a process has used since its start.
type Usage struct {
	// CPU is processor time, user and system together, to 10 ms.
	CPU time.Duration
	// Resident is the memory that it holds now, Peak the most that it ever held, bytes.
	Resident, Peak uint64
}

// Usage asks the operating system, which costs the process nothing; it knows Linux's.
func (p *Process) Usage() (Usage, error) {
	proc, err := procfs.NewProc(p.cmd.Process.Pid)
	if err != nil {
		return Usage{}, fmt.Errorf("asking what %s has used (only Linux tells): %w", p.name, err)
	}
	stat, err := proc.Stat()
	if err != nil {
		return Usage{}, fmt.Errorf("asking what %s has used: %w", p.name, err)
	}
	status, err := proc.NewStatus()
	if err != nil {
		return Usage{}, fmt.Errorf("asking what %s has used: %w", p.name, err)
	}
	return Usage{
		CPU: time.Duration(stat.CPUTime() * float64(time.Second)), Resident: status.VmRSS, Peak: status.VmHWM,
	}, nil
}

// Metric is one of the process' metrics, its labels added up; 0 before the process has something to count.
//
// It reads the Prometheus text format:
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
func (p *Process) Metric(ctx context.Context, name string) (float64, error) {
	text, err := p.get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	sum := 0.0
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		sample, isIt := strings.CutPrefix(lines.Text(), name)
		if !isIt || sample == "" || sample[0] != ' ' && sample[0] != '{' {
			continue
		}
		if labels := strings.LastIndex(sample, "} "); labels >= 0 {
			sample = sample[labels+1:]
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(sample), 64)
		if err != nil {
			return 0, fmt.Errorf("reading %s's metric %s: %w", p.name, name, err)
		}
		sum += v
	}
	return sum, nil
}

// Admin is host:port of the service's probes and metrics.
func (p *Process) Admin() string { return p.admin }

// Gone is closed once the process has ended, whoever ended it.
func (p *Process) Gone() <-chan struct{} { return p.gone }

func (p *Process) wait() {
	if err := p.cmd.Wait(); err != nil {
		p.ended = fmt.Errorf("%w (%w)", p.failed("ended badly"), err)
	}
	close(p.gone)
}

// Stop lets the service drain, and waits. A process that has not ended a minute later is killed.
func (p *Process) Stop() error {
	p.stop.Do(func() {
		_ = p.in.Close()
		kill := time.AfterFunc(time.Minute, func() { _ = p.cmd.Process.Kill() })
		defer kill.Stop()
		<-p.gone
	})
	return p.ended
}
