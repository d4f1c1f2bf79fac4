package realparts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/ports"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/process"
)

// Replicas is how many processes each service has.
const Replicas = 2

const (
	// A start takes a second, and another until the group has taken the new member in.
	serviceStarts = 30 * time.Second
	// The longest grace is crm-writer's.
	serviceStops = time.Minute
)

// Replica is one process of a service. Its addresses stay the same over restarts.
type Replica struct {
	Service string
	name    string
	dir     string
	program string
	env     []string
	// listen is ingress' address for webhooks and sockets.
	listen, admin string
	proc          *child
}

// replica is the nth of a service, not started yet.
func (s *Stack) replica(ctx context.Context, service string, n int) (*Replica, error) {
	bin, err := filepath.Abs(s.opts.Programs)
	if err != nil {
		return nil, fmt.Errorf("naming the folder of programs: %w", err)
	}
	r := &Replica{Service: service, name: service + "-" + strconv.Itoa(n+1), dir: s.opts.Dir, program: filepath.Join(bin, service)}
	if r.admin, err = ports.Free(ctx); err != nil {
		return nil, err
	}
	prefix := process.Prefix(service)
	r.env = append(s.Kafka.env(prefix),
		prefix+"_ADMIN="+r.admin, prefix+"_TENANTS="+s.tenantDir(),
		// Everything that is ever logged is searched for private data.
		prefix+"_TELEMETRY__LOG_LEVEL="+cmp.Or(s.opts.LogLevel, "debug"))
	switch service {
	case "ingress":
		if r.listen, err = ports.Free(ctx); err != nil {
			return nil, err
		}
		r.env = append(r.env, prefix+"_LISTEN="+r.listen, prefix+"_PUBLIC_URL="+s.PublicURL(), prefix+"_TOKEN_KEYS="+s.TokenKey().Reveal(),
			// The gateway looks ten times a second.
			prefix+"_ACCEPT_GRACE=2s",
			prefix+"_SPOOL__DIR="+r.SpoolDir())
		r.env = append(r.env, s.Redis.env(prefix)...)
	case "stt":
		r.env = append(r.env, prefix+"_PACE__SPEED="+strconv.FormatFloat(max(1, s.opts.Speed), 'g', -1, 64))
	default:
		r.env = append(r.env, s.Redis.env(prefix)...)
	}
	for _, key := range slices.Sorted(maps.Keys(s.opts.Settings[service])) {
		r.env = append(r.env, prefix+"_"+strings.ToUpper(strings.ReplaceAll(key, ".", "__"))+"="+strings.ReplaceAll(s.opts.Settings[service][key], "{name}", r.name))
	}
	return r, nil
}

// SpoolDir is where a replica of ingress keeps what Kafka does not take.
func (r *Replica) SpoolDir() string { return filepath.Join(r.dir, r.name+"-spool") }

// String is the service's name and the replica's number.
func (r *Replica) String() string { return r.name }

// Start starts the process anew and returns when it is ready.
func (r *Replica) Start(ctx context.Context) (err error) {
	if r.proc, err = launch(r.dir, r.name, r.env, r.program); err != nil {
		return err
	}
	return r.proc.until(ctx, serviceStarts, func(ctx context.Context) error { return isReady(ctx, r.admin) })
}

// Stop ends the process in order, as a rollout does.
func (r *Replica) Stop() error { return r.proc.stop(serviceStops) }

// Kill is kill -9.
func (r *Replica) Kill() { r.proc.kill() }

// Pause is SIGSTOP: the process holds what it has and is heard of no more.
func (r *Replica) Pause() error { return r.proc.pause() }

// Resume lets it go on after a Pause, as if no time had passed.
func (r *Replica) Resume() error { return r.proc.resume() }

// Pid is the process id; 0 while it does not run.
func (r *Replica) Pid() int { return r.proc.pid() }

// Admin is host:port of its probes and metrics.
func (r *Replica) Admin() string { return r.admin }

// startServices starts every replica that is not running, all at once.
func (s *Stack) startServices(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range s.Replicas {
		if !r.proc.running() {
			group.Go(func() error { return r.Start(ctx) })
		}
	}
	return group.Wait() //nolint:wrapcheck // each names its process
}

// stopServices ends every replica, all at once.
func (s *Stack) stopServices() error {
	errs := make([]error, len(s.Replicas))
	var group errgroup.Group
	for i, r := range s.Replicas {
		group.Go(func() error {
			errs[i] = r.Stop()
			return nil
		})
	}
	_ = group.Wait() // the errors are kept one by one
	return errors.Join(errs...)
}

// Restart ends every process of the services and starts them anew; Kafka, Redis and the clouds go on.
func (s *Stack) Restart(ctx context.Context) error {
	if err := s.stopServices(); err != nil {
		return err
	}
	return s.startServices(ctx)
}
