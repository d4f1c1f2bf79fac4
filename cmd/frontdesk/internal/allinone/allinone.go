// Package allinone runs the whole of Frontdesk in one process: an embedded Kafka and Redis, stand-ins for the
// clouds, and the four services on their production clients. Nothing is swapped for something simpler: what
// passes from ring to record passes over sockets.
//
// A stack starts in the order in which data needs it (broker, clouds, topics, services) and stops in reverse.
package allinone

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// Partitions of every topic of the all-in-one.
const Partitions = 4

// Options of a stack.
type Options struct {
	// DataDir keeps topics and the sandbox's Salesforce over a restart; empty keeps all in memory.
	DataDir string
	// Ports are where the parts listen; the zero value takes free ones.
	Ports Ports
	// Tenants are the tenants, whose endpoints and keys will be pointed at the stand-ins.
	Tenants []*tenant.Tenant
	// TenantFiles are the files that Tenants were read from. With a data folder, settings for services in other processes are
	// written into it, and these files, pointed at the stand-ins; nil writes none.
	TenantFiles fs.FS
	// Calls teach the stand-ins what they will hear.
	Calls []*calls.Call
	// Speed is how much faster than life calls are played at the stack: recognition is paced by it.
	Speed float64
	// Log gets the services' logs.
	Log *slog.Logger
	// Room tells how many bytes are left where a folder is; nil asks the file system.
	Room func(dir string) (uint64, error)
	// PublicURL is the https base by which a real carrier reaches the webhooks, through a gateway or a tunnel: signatures are
	// checked against it, and the tenants' carrier is asked by REST rather than the stand-in. Empty: the stand-in rings.
	PublicURL string
	// Reconcile is how often all calls are reconciled; 0 leaves that to whoever asks.
	Reconcile time.Duration
	// Replay are the flags by which `frontdesk replay` finds the same calls and tenants; none if they are the samples.
	Replay []string
}

// Stack is a running all-in-one.
type Stack struct {
	*stage.Stage

	opts  Options
	kafka *embedded.Kafka
	redis *embedded.Redis
	conn  *broker.Conn

	services []*service
	stop     context.CancelFunc
	// done gives the services' error to whoever asks first; ended is closed after it.
	done  chan error
	ended chan struct{}
}

// Start brings everything up and returns when every service is ready, or with the first error, everything
// stopped again. progress is told what is being started.
func Start(ctx context.Context, opts Options, progress func(string)) (_ *Stack, err error) {
	if err := opts.Ports.List().Reserve(ctx, loopback); err != nil {
		return nil, err //nolint:wrapcheck // it names each port that can't be had
	}
	if opts.Room == nil {
		opts.Room = roomOf
	}
	if opts.DataDir != "" {
		if err := os.MkdirAll(opts.DataDir, 0o700); err != nil {
			return nil, fmt.Errorf("making the data folder: %w", err)
		}
	}
	note, err := checkRoom(opts)
	if err != nil {
		return nil, err
	}
	s := &Stack{opts: opts, done: make(chan error, 1), ended: make(chan struct{})}
	defer func() { //nolint:contextcheck // what was started is stopped though ctx has ended
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	progress("broker" + note)
	if err := s.startBroker(ctx); err != nil {
		return nil, err
	}
	progress("stand-ins for the clouds")
	if s.Stage, err = stage.Set(ctx, stage.Config{
		Addrs: opts.Ports.standIns(), DataDir: opts.DataDir, Tenants: opts.Tenants, OwnCarrier: opts.PublicURL != "", Calls: opts.Calls, Speed: opts.Speed,
	}); err != nil {
		return nil, err //nolint:wrapcheck // it says what it started
	}
	s.Watch(s.conn, Partitions)
	progress("topics")
	if _, err := s.conn.EnsureTopics(ctx, TopicSpecs(Partitions, 1)); err != nil {
		return nil, fmt.Errorf("creating topics: %w", err)
	}
	progress("services")
	if err := s.startServices(ctx); err != nil {
		return nil, err
	}
	if err := s.Ring(ctx, s.PublicURL()); err != nil {
		return nil, err //nolint:wrapcheck // it says what it started
	}
	return s, s.writeSettings()
}

// PublicURL is the base that the carrier reaches the webhooks by.
func (s *Stack) PublicURL() string { return cmp.Or(s.opts.PublicURL, "http://"+s.webhooks()) }

func (s *Stack) webhooks() string { return listen(s.opts.Ports.Webhooks) }

func (s *Stack) startBroker(ctx context.Context) (err error) {
	data := ""
	if s.opts.DataDir != "" {
		data = filepath.Join(s.opts.DataDir, "kafka")
	}
	s.kafka, err = embedded.StartKafka(ctx, embedded.KafkaConfig{Listen: listen(s.opts.Ports.Kafka), DataDir: data, Partitions: Partitions})
	if err != nil {
		return err //nolint:wrapcheck // it says what it started and what to do
	}
	s.redis, err = embedded.StartRedis(ctx, embedded.RedisConfig{Listen: listen(s.opts.Ports.Redis)})
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	s.conn, err = broker.Dial(s.brokerConfig("frontdesk"))
	if err != nil {
		return fmt.Errorf("preparing the way to the embedded Kafka: %w", err)
	}
	return nil
}

func (s *Stack) brokerConfig(client string) broker.Config {
	return broker.Config{Brokers: []string{s.kafka.Addr()}, ClientID: client}
}

// TopicSpecs are the contract's topics, retry topics included, as a broker must hold them.
func TopicSpecs(partitions, replicas int) []broker.TopicSpec {
	topics := events.Topics()
	for _, g := range events.Groups() {
		for _, t := range g.Topics {
			topics = append(topics, t.Retry(g.Name))
		}
	}
	specs := make([]broker.TopicSpec, len(topics))
	for i, t := range topics {
		specs[i] = broker.TopicSpec{
			Name: t.Name, Partitions: partitions, Replicas: replicas, Retention: t.Retention, Compacted: t.Compacted,
			CompactionLag: t.CompactionLag, MaxMessageBytes: events.MaxMessageBytes,
		}
		if t.Name == events.DeadLetters.Name {
			specs[i].MaxMessageBytes = events.MaxDeadLetterBytes
		}
	}
	return specs
}

// service is one running service.
type service struct {
	name  string
	admin string
	run   func(context.Context) error
	stop  func(context.Context) error // of its telemetry
}

func (s *Stack) startServices(ctx context.Context) error {
	var err error
	if s.services, err = s.makeServices(ctx); err != nil {
		return err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	group, run := errgroup.WithContext(run)
	for _, svc := range s.services {
		group.Go(func() error {
			if err := svc.run(run); err != nil {
				return fmt.Errorf("%s: %w", svc.name, err)
			}
			return nil
		})
	}
	if s.opts.DataDir != "" {
		group.Go(func() error { return watchRoom(run, s.opts) })
	}
	go func() {
		s.done <- group.Wait()
		close(s.ended)
	}()
	return s.waitReady(ctx)
}

// waitReady asks every service's /readyz, as Kubernetes would.
func (s *Stack) waitReady(parent context.Context) error {
	ctx, cancel := context.WithTimeout(parent, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	waiting := slices.Clone(s.services)
	for {
		waiting = slices.DeleteFunc(waiting, func(svc *service) bool { return lifecycle.AskReady(ctx, svc.admin) == nil })
		if len(waiting) == 0 {
			return nil
		}
		select {
		case err := <-s.done:
			if _, full := errors.AsType[*FullError](err); full {
				return err
			}
			return fmt.Errorf("a service ended while starting: %w", err)
		case <-ctx.Done():
			if err := parent.Err(); err != nil {
				return fmt.Errorf("waiting for %s: %w", waiting[0].name, err)
			}
			return fmt.Errorf("%s is not ready after 30 s; ask http://%s/readyz what it waits for", waiting[0].name, waiting[0].admin)
		case <-tick.C:
		}
	}
}

// Done tells once when a service has ended by itself, and why; a [FullError] if the data folder has no more room.
func (s *Stack) Done() <-chan error { return s.done }

// Conn is a way to the stack's Kafka; it is the stack's to close.
func (s *Stack) Conn() *broker.Conn { return s.conn }

// Close stops everything in reverse order of its start and returns every error.
func (s *Stack) Close() error {
	var errs []error
	if s.stop != nil {
		s.stop()
		<-s.ended
		select {
		case err := <-s.done:
			errs = append(errs, err)
		default: // whoever asked Done has been told
		}
	}
	for _, svc := range slices.Backward(s.services) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		errs = append(errs, svc.stop(ctx))
		cancel()
	}
	if s.Stage != nil {
		errs = append(errs, s.Stage.Close())
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	if s.redis != nil {
		errs = append(errs, s.redis.Close())
	}
	if s.kafka != nil {
		errs = append(errs, s.kafka.Close())
	}
	return errors.Join(errs...)
}
