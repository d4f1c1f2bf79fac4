// Package realparts runs Frontdesk on what it runs on in life, on one machine: an Apache Kafka, a Redis, and the four services in
// processes of their own, two of each, with a gateway in front of ingress. The clouds are the stand-ins, in this process. Everything
// listens on loopback only. It is for tests: whoever breaks a part is told what that did to the calls.
//
// Each process writes its log to a file of its own in the run's folder. All end with this process, on Linux even when it is killed.
package realparts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/ports"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/process"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// Partitions of every topic: more than a service has processes, so that each has some and hands some over, and no more: each costs
// the broker requests of its own.
const Partitions = 4

// Options of a stack.
type Options struct {
	// Dir is the run's folder, which must exist and be empty: settings, data and logs.
	Dir string
	// KafkaLibs is the folder of Kafka's jars, Programs that of the services and of frontdesk itself.
	KafkaLibs, Programs string
	// Secured has Kafka and Redis ask for TLS and a password: SASL_SSL with SCRAM-SHA-512, and an ACL user.
	Secured bool
	// Tenants is a folder of tenant files.
	Tenants string
	// Calls teach the stand-ins what they will hear.
	Calls []*calls.Call
	// Speed is how much faster than life calls are played.
	Speed float64
	// RetryPause is the carrier's before the second try of a webhook; 0 is its default.
	RetryPause time.Duration
	// Seed is the carrier's, too; 0 draws one.
	Seed uint64
	// StreamTick is the carrier's, too, for many calls at once; 0 is its default.
	StreamTick time.Duration
	// Settings of services beyond those that the stack gives, by service and by key as in a settings file: "desk.ask_again.initial".
	// {name} in a value is the process's own name; a relative path begins in Dir.
	// LogLevel of every service; empty is debug.
	Settings map[string]map[string]string
	LogLevel string
}

// Stack is Frontdesk on real parts. What it is made of may be stopped, killed and started by the caller, one at a time.
type Stack struct {
	*stage.Stage
	*Pair

	// Replicas are all processes of the services, service by service in the order of the pipeline.
	Replicas []*Replica

	opts    Options
	public  string
	gateway *gateway
	conn    *broker.Conn
}

// Start brings everything up, in the order in which data needs it, and returns when every process is ready, or with the first
// error, everything stopped again.
func Start(ctx context.Context, opts Options) (_ *Stack, err error) {
	s := &Stack{opts: opts}
	defer func() { //nolint:contextcheck // what was started is stopped though ctx has ended
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.opts.Dir, err = filepath.Abs(opts.Dir); err != nil {
		return nil, fmt.Errorf("naming the run's folder: %w", err)
	}
	if s.Pair, err = StartPair(ctx, s.opts.Dir, opts.KafkaLibs, opts.Secured); err != nil {
		return nil, err
	}
	if s.conn, err = broker.Dial(s.Kafka.Config("frontdesk")); err != nil {
		return nil, fmt.Errorf("preparing the way to Kafka: %w", err)
	}
	if err := s.makeTopics(ctx); err != nil {
		return nil, err
	}
	if err := s.setStage(ctx); err != nil {
		return nil, err
	}
	if err := s.openServices(ctx); err != nil {
		return nil, err
	}
	return s, s.Ring(ctx, s.PublicURL())
}

// makeTopics does what whoever deploys does.
func (s *Stack) makeTopics(ctx context.Context) error {
	program, err := filepath.Abs(filepath.Join(s.opts.Programs, "frontdesk"))
	if err != nil {
		return fmt.Errorf("naming the folder of programs: %w", err)
	}
	p, err := launch(s.opts.Dir, "topics", s.Kafka.env("FRONTDESK_TOPICS"), program, "topics", "--partitions", fmt.Sprint(Partitions), "--replicas", "1")
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.kill()
		return fmt.Errorf("making topics: %w", ctx.Err())
	}
	if p.err != nil {
		return fmt.Errorf("making topics: %w; it said:\n%s", p.err, tail(p.log))
	}
	return nil
}

func (s *Stack) tenantDir() string { return filepath.Join(s.opts.Dir, "tenants") }

// setStage starts the clouds and writes the tenants' files for the services.
func (s *Stack) setStage(ctx context.Context) error {
	set, err := tenant.Load(s.opts.Tenants)
	if err != nil {
		return err //nolint:wrapcheck // it names file and line
	}
	const free = "127.0.0.1:0"
	addrs := stage.Addrs{Salesforce: free, PubSub: free, Speech: free, Vertex: free}
	// The tenants' files name the carrier before it listens, and the services name the gateway.
	if addrs.Twilio, err = ports.Free(ctx); err != nil {
		return err
	}
	gateway, err := ports.Free(ctx)
	if err != nil {
		return err
	}
	s.public = "http://" + gateway
	if s.Stage, err = stage.Set(ctx, stage.Config{
		Addrs: addrs, Tenants: set.All(), Calls: s.opts.Calls, Speed: s.opts.Speed, RetryPause: s.opts.RetryPause, StreamTick: s.opts.StreamTick,
		Seed: s.opts.Seed,
	}); err != nil {
		return err //nolint:wrapcheck // it says what it started
	}
	s.Watch(s.conn, Partitions)
	return s.WriteTenants(os.DirFS(s.opts.Tenants), s.tenantDir(), "127.0.0.1") //nolint:wrapcheck // it names the file
}

// openServices starts every process, and the gateway in front of ingress.
func (s *Stack) openServices(ctx context.Context) error {
	var backends []*backend
	for _, service := range process.Names() {
		for n := range Replicas {
			r, err := s.replica(ctx, service, n)
			if err != nil {
				return err
			}
			s.Replicas = append(s.Replicas, r)
			if r.listen != "" {
				backends = append(backends, &backend{addr: r.listen, admin: r.admin})
			}
		}
	}
	if err := s.startServices(ctx); err != nil {
		return err
	}
	var err error
	s.gateway, err = openGateway(ctx, strings.TrimPrefix(s.public, "http://"), backends...)
	return err
}

// Frontdesk runs the frontdesk command on this stack, with settings that have a prefix of their own, and returns what it printed and
// its exit code.
func (s *Stack) Frontdesk(ctx context.Context, prefix string, args ...string) (string, int, error) {
	program, err := filepath.Abs(filepath.Join(s.opts.Programs, "frontdesk"))
	if err != nil {
		return "", 0, fmt.Errorf("naming the folder of programs: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // ours
	cmd.Dir = s.opts.Dir
	cmd.Env = append(append(os.Environ(), s.Kafka.env(prefix)...), prefix+"_TENANTS="+s.tenantDir())
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return string(out), exit.ExitCode(), nil
	}
	if err != nil {
		return string(out), 0, fmt.Errorf("running frontdesk: %w", err)
	}
	return string(out), 0, nil
}

// PublicURL is the base that the carrier reaches the webhooks by.
func (s *Stack) PublicURL() string { return s.public }

// Conn is a way to the stack's Kafka; it is the stack's to close.
func (s *Stack) Conn() *broker.Conn { return s.conn }

// Log is everything that the services have logged.
func (s *Stack) Log() (string, error) {
	var all strings.Builder
	for _, r := range s.Replicas {
		text, err := os.ReadFile(r.proc.log)
		if err != nil {
			return "", fmt.Errorf("reading the log of %s: %w", r.name, err)
		}
		all.Write(text)
	}
	return all.String(), nil
}

// Close stops everything that still runs, in reverse order of its start, and returns every error: a process that ended by itself, or
// otherwise than in order, is one.
func (s *Stack) Close() error {
	errs := []error{s.stopServices()}
	if s.gateway != nil {
		errs = append(errs, s.gateway.close())
	}
	if s.Stage != nil {
		errs = append(errs, s.Stage.Close())
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	if s.Pair != nil {
		errs = append(errs, s.Pair.Close())
	}
	return errors.Join(errs...)
}
