// Package bench measures what the services cost, each in a process of its own, against stand-ins and a load that run in this one.
// What it finds are figures beside what is aimed for: processor seconds, requests and ratios say something on every machine,
// times only on an idle one.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/ports"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/process"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// Partitions of every topic.
const Partitions = 8

// Options of a bench.
type Options struct {
	// Brokers of a Kafka that is this bench's alone; empty starts the embedded one in this process.
	Brokers []string
	// Redis is host:port of a Redis that is this bench's alone; empty starts the embedded one.
	Redis string
	// Window is how long each steady load is measured.
	Window time.Duration
	// Load is how much of each load there is: the aims are for 1, and stand beside no other figure.
	Load float64
	// Speed of the calls of end-to-end, times life.
	Speed float64
	// Binary is frontdesk's own, of which the services are started.
	Binary string
	// Profiles is a folder for a CPU profile of each service; empty for none.
	Profiles string
	// Samples are the sample tenants' files, Calls the sample calls.
	Samples fs.FS
	Calls   []*calls.Call
	// Tell is told what is being measured; not concurrently.
	Tell func(string)
}

// Figure is one thing that was measured.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Aim is what it should be; nil where a figure is for information.
	Aim *Aim `json:"aim,omitempty"`
	// Met tells whether it is.
	Met *bool `json:"met,omitempty"`
}

// Aim is a bound.
type Aim struct {
	AtMost  *float64 `json:"at_most,omitempty"`
	AtLeast *float64 `json:"at_least,omitempty"`
}

// String is the bound as people write it.
func (a *Aim) String() string {
	switch {
	case a == nil:
		return ""
	case a.AtMost != nil:
		return "≤ " + strconv.FormatFloat(*a.AtMost, 'f', -1, 64)
	}
	return "≥ " + strconv.FormatFloat(*a.AtLeast, 'f', -1, 64)
}

// share is n as the load has it, one at least.
func (o Options) share(n int) int { return max(1, int(float64(n)*o.Load)) }

// settle is how long calls begin before they are measured.
func (o Options) settle() time.Duration { return min(o.Window, 5*time.Second) }

func figure(name string, value float64, unit string) Figure {
	return Figure{Name: name, Value: value, Unit: unit}
}

func (f Figure) atMost(bound float64) Figure {
	met := f.Value <= bound
	f.Aim, f.Met = &Aim{AtMost: &bound}, &met
	return f
}

func (f Figure) atLeast(bound float64) Figure {
	met := f.Value >= bound
	f.Aim, f.Met = &Aim{AtLeast: &bound}, &met
	return f
}

// Bench is one of those that there are.
type Bench struct {
	Name, Short string
	Run         func(ctx context.Context, o Options) ([]Figure, error)
}

// All benches, in the order in which a call passes what they measure.
func All() []Bench {
	return []Bench{
		{"ingress", "media streams into Kafka: processor, memory, allocations, calls held", Ingress},
		{"stt", "audio through recogniser sessions: processor and memory", STT},
		{"broker", "one hop over Kafka: latency and throughput", Broker},
		{"writer", "decided calls into Salesforce, by event and directly: throughput, latency, requests", Writer},
		{"outage", "one org down while an hour's calls of it arrive: what the other tenant notices, and how soon it catches up", Outage},
		{"end-to-end", "from the end of a call to its record in Salesforce, through all four services", EndToEnd},
	}
}

// parts are what services need around them: Kafka, Redis, and a folder for their files. Everything of the embedded pair runs in
// this process, so that it does not count.
type parts struct {
	Options
	dir   string
	conn  *broker.Conn
	redis string
	stops []func() error
	// lost is told of a service that has ended before it was stopped.
	lost context.CancelCauseFunc
}

// open starts what is not given and makes the topics.
func open(ctx context.Context, o Options) (_ *parts, err error) {
	p := &parts{Options: o, redis: o.Redis}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close(false))
		}
	}()
	if p.dir, err = os.MkdirTemp("", "frontdesk-bench-"); err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	if len(p.Brokers) == 0 {
		k, err := embedded.StartKafka(ctx, embedded.KafkaConfig{Partitions: Partitions})
		if err != nil {
			return nil, err //nolint:wrapcheck // it says what it started
		}
		p.stops = append(p.stops, k.Close)
		p.Brokers = []string{k.Addr()}
	}
	if p.redis == "" {
		r, err := embedded.StartRedis(ctx, embedded.RedisConfig{})
		if err != nil {
			return nil, err //nolint:wrapcheck // it says what it started
		}
		p.stops = append(p.stops, r.Close)
		p.redis = r.Addr()
	}
	if p.conn, err = broker.Dial(broker.Config{Brokers: p.Brokers, ClientID: "frontdesk-bench"}); err != nil {
		return nil, fmt.Errorf("preparing the way to Kafka: %w", err)
	}
	p.stops = append(p.stops, p.conn.Close)
	if _, err := p.conn.EnsureTopics(ctx, allinone.TopicSpecs(Partitions, 1)); err != nil {
		return nil, fmt.Errorf("making the topics; give --brokers a cluster that is the bench's alone: %w", err)
	}
	return p, nil
}

// close stops everything in reverse. keep leaves the folder, for a look at the services' logs.
func (p *parts) close(keep bool) error {
	var errs []error
	for _, stop := range slices.Backward(p.stops) {
		errs = append(errs, stop())
	}
	p.stops = nil
	switch {
	case p.dir == "":
	case keep:
		errs = append(errs, fmt.Errorf("the services' logs are in %s", p.dir))
	default:
		errs = append(errs, os.RemoveAll(p.dir))
	}
	return errors.Join(errs...)
}

// on opens the parts, does what is to be measured, and closes them. What is measured is given up when a service ends by itself.
func on(ctx context.Context, o Options, measure func(context.Context, *parts) ([]Figure, error)) ([]Figure, error) {
	p, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	running, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	p.lost = lost
	figures, err := measure(running, p)
	if err != nil && ctx.Err() == nil && running.Err() != nil {
		err = context.Cause(running)
	}
	if o.Load != 1 {
		for i := range figures {
			figures[i].Aim, figures[i].Met = nil, nil
		}
	}
	return figures, errors.Join(err, p.close(err != nil && ctx.Err() == nil))
}

// start starts a service with the settings that all of them share, beside those given. Stopped with the parts.
func (p *parts) start(ctx context.Context, service string, settings map[string]string) (*process.Process, error) {
	all := map[string]string{"kafka.brokers": p.Brokers[0], "tenants": p.tenantsDir(), "telemetry.log_level": "warn"}
	for key, value := range settings {
		all[key] = value
	}
	if service == "crm-writer" || service == "inference" {
		all["redis.addrs"] = p.redis
	}
	profile := ""
	if p.Profiles != "" {
		profile = filepath.Join(p.Profiles, service+".pprof")
		for n := 2; exists(profile); n++ {
			profile = filepath.Join(p.Profiles, service+"-"+strconv.Itoa(n)+".pprof")
		}
	}
	svc, err := process.Start(ctx, process.Config{
		Binary: p.Binary, Service: service, Settings: all, Profile: profile,
		Log: filepath.Join(p.dir, service+"-"+strconv.Itoa(len(p.stops))+".log"),
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the service
	}
	p.stops = append(p.stops, svc.Stop)
	go func() {
		<-svc.Gone() // at the latest when it is stopped
		p.lost(fmt.Errorf("%s has ended", service))
	}()
	return svc, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (p *parts) tenantsDir() string { return filepath.Join(p.dir, "tenants") }

// set sets the stage: stand-ins that answer at once, and the sample tenants, or only one, as edit makes them, pointed at them.
func (p *parts) set(ctx context.Context, cfg stage.Config, only string, edit *strings.Replacer) (*stage.Stage, error) {
	source := filepath.Join(p.dir, "source")
	names, err := fs.Glob(p.Samples, cmp.Or(only, "*")+".yaml")
	if err == nil {
		err = os.Mkdir(source, 0o700)
	}
	for _, name := range names {
		text, rerr := fs.ReadFile(p.Samples, name)
		err = errors.Join(err, rerr, os.WriteFile(filepath.Join(source, name), []byte(edit.Replace(string(text))), 0o600))
	}
	if err != nil {
		return nil, fmt.Errorf("copying the sample tenants: %w", err)
	}
	set, err := tenant.Load(source)
	if err != nil {
		return nil, fmt.Errorf("the sample tenants: %w", err)
	}
	cfg.Tenants = set.All()
	// The carrier's address stands in the tenants' files before it listens.
	if cfg.Addrs.Twilio, err = ports.Free(ctx); err != nil {
		return nil, err
	}
	s, err := stage.Set(ctx, cfg)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what it started
	}
	p.stops = append(p.stops, s.Close)
	s.Watch(p.conn, Partitions)
	return s, s.WriteTenants(os.DirFS(source), p.tenantsDir(), "127.0.0.1") //nolint:wrapcheck // it names the file
}

// quantile is the q-th of sorted, which holds something.
func quantile[T cmp.Ordered](sorted []T, q float64) T {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

const mb = 1 << 20

// paced calls fn n times, so many a second by the clock: whoever is late catches up. A rate of 0 calls at once.
func paced(ctx context.Context, n int, rate float64, fn func(i int) error) error {
	began := time.Now()
	due := time.NewTimer(0)
	defer due.Stop()
	for i := range n {
		if rate > 0 {
			due.Reset(time.Until(began.Add(time.Duration(float64(i) / rate * float64(time.Second)))))
			select {
			case <-due.C:
			case <-ctx.Done():
			}
		}
		if err := ctx.Err(); err != nil {
			return err //nolint:wrapcheck // the bench says what it was at
		}
		if err := fn(i); err != nil {
			return err
		}
	}
	return nil
}

// await asks until ok, or ctx ends.
func await(ctx context.Context, every time.Duration, ok func() (bool, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if done, err := ok(); done || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // the caller says what was waited for
		}
	}
}

// left is how many messages of a topic a group has still to finish, those that it has parked included.
func (p *parts) left(ctx context.Context, group string, topic events.Topic) (int64, error) {
	// What is parked is in the retry topic before its own topic is committed.
	n, err := p.lag(ctx, group, topic)
	if err != nil || n > 0 {
		return n, err
	}
	return p.lag(ctx, group, topic.Retry(group))
}

// lag is how far a group is behind the end of a topic, in messages.
func (p *parts) lag(ctx context.Context, group string, topic events.Topic) (int64, error) {
	all := make([]int, Partitions)
	for n := range all {
		all[n] = n
	}
	committed, err := p.conn.Client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic.Name: all}})
	if err != nil {
		return 0, fmt.Errorf("asking how far %s is: %w", group, err)
	}
	done := make([]int64, Partitions)
	for _, c := range committed.Topics[topic.Name] {
		done[c.Partition] = max(0, c.CommittedOffset)
	}
	var lag int64
	for n := range Partitions {
		first, end, err := p.conn.Offsets(ctx, topic.Name, n)
		if err != nil {
			return 0, err //nolint:wrapcheck // it names the partition
		}
		lag += max(0, end-max(first, done[n]))
	}
	return lag, nil
}

// since reads what stands in a topic from a moment on.
func (p *parts) since(ctx context.Context, topic events.Topic, from time.Time, fn func(broker.Record) error) error {
	for n := range Partitions {
		at, err := p.conn.OffsetAt(ctx, topic.Name, n, from)
		if err == nil {
			err = p.conn.ReadRange(ctx, topic.Name, n, at, -1, fn)
		}
		if err != nil {
			return err //nolint:wrapcheck // it names the partition
		}
	}
	return nil
}

// marks are where the partitions of a topic end.
func (p *parts) marks(ctx context.Context, topic events.Topic) ([]int64, error) {
	ends := make([]int64, Partitions)
	for n := range ends {
		var err error
		if _, ends[n], err = p.conn.Offsets(ctx, topic.Name, n); err != nil {
			return nil, err //nolint:wrapcheck // it names the partition
		}
	}
	return ends, nil
}

// span is when the first and the last message of a topic behind its marks were sent.
func (p *parts) span(ctx context.Context, topic events.Topic, marks []int64) (first, last time.Time, err error) {
	note := func(r broker.Record) error {
		if first.IsZero() || r.Time.Before(first) {
			first = r.Time
		}
		if r.Time.After(last) {
			last = r.Time
		}
		return nil
	}
	ends, err := p.marks(ctx, topic)
	if err != nil {
		return first, last, err
	}
	for n, end := range ends {
		if end == marks[n] {
			continue
		}
		err := errors.Join(p.conn.ReadAt(ctx, topic.Name, n, []int64{marks[n]}, note), p.conn.ReadAt(ctx, topic.Name, n, []int64{end - 1}, note))
		if err != nil {
			return first, last, err //nolint:wrapcheck // it names the partition
		}
	}
	return first, last, nil
}
