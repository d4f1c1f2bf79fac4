package app

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Settings of a desk.
type Settings struct {
	Timing Timing `koanf:"timing"`
	// Ask bounds the tries of one request in place; past it the call is told without an answer.
	Ask retry.Policy `koanf:"ask"`
	// AskAgain bounds the questions put again later: the pause doubles from Initial to Max, and ends after Budget.
	AskAgain retry.Policy `koanf:"ask_again"`
	// Breaker of each model.
	Breaker breaker.Settings `koanf:"breaker"`
}

// Ports are what a desk needs of the world.
type Ports struct {
	Out      Outbox
	Past     Past
	Answers  Answers
	Models   Models
	Redactor Redactor
	// Go runs fn in a goroutine of its own, under a context that outlives the loss of a partition; whoever
	// runs the desk waits for it at the end.
	Go func(ctx context.Context, fn func(ctx context.Context))
	// Ending is closed when the partition of ctx is lost: who only waits stops waiting.
	Ending func(ctx context.Context) <-chan struct{}
}

// Desk folds and settles calls. Whoever feeds it hands over one event of a call at a time, and runs nothing
// else of that call meanwhile; different calls may come at once.
type Desk struct {
	tenants  *tenant.Set
	set      Settings
	out      Outbox
	past     Past
	answers  Answers
	models   Models
	redactor Redactor
	spawn    func(context.Context, func(context.Context))
	ending   func(context.Context) <-chan struct{}
	tracer   trace.Tracer
	log      *slog.Logger
	meters   *meters
	breaker  *breaker.Breaker
	now      func() time.Time

	mu    sync.Mutex
	parts map[int]*Partition
}

// New makes a desk.
func New(tenants *tenant.Set, set Settings, p Ports, tel *telemetry.Telemetry) (*Desk, error) {
	d := &Desk{
		tenants: tenants, set: set, out: p.Out, past: p.Past, answers: p.Answers, models: p.Models, redactor: p.Redactor,
		spawn: p.Go, ending: p.Ending, tracer: tel.Tracer, log: tel.Log, now: time.Now,
		parts: map[int]*Partition{},
	}
	var err error
	if d.breaker, err = breaker.New(set.Breaker, tel); err != nil {
		return nil, err // says what it could not make
	}
	d.meters, err = newMeters(tel.Meter, d.inMemory)
	return d, err
}

// Take folds one event. done is called once: nil when the state that holds the event is stored, an error
// when it isn't. It may be called after Take has returned, when the event had to wait for its call.
// offset is where a segment stands in calls.transcripts, -1 for other events.
func (d *Desk) Take(ctx context.Context, partition int, e *events.CallEvent, offset int64, done func(error)) {
	p := d.partition(partition)
	if p == nil {
		done(context.Canceled) // lost meanwhile: its new owner gets the event
		return
	}
	if err := d.admissible(e); err != nil {
		done(err)
		return
	}
	c := p.call(e.GetCallId())
	in := input{event: e, offset: offset, done: done}
	if c.state == nil && !d.openFor(ctx, p, c, e) {
		c.hold(in, d.now())
		p.arm(c)
		return
	}
	d.fold(ctx, p, c, in)
}

// admissible refuses what can never be folded.
func (d *Desk) admissible(e *events.CallEvent) error {
	t := d.tenants.ByID(e.GetTenant())
	if t == nil {
		return &retry.Error{Class: retry.Permanent, Code: "tenant_unknown", Field: "tenant"}
	}
	m, ok := e.Message().(*events.DispositionSet)
	if ok && m.GetSource() == events.DispositionSource_DISPOSITION_SOURCE_AGENT && !inCatalogue(t, m.GetDisposition()) {
		return &retry.Error{Class: retry.Permanent, Code: "disposition_unknown", Field: "disposition"}
	}
	return nil
}

// openFor makes a call's state for an event that opens it, or finds the one that left memory. It reports
// whether there is a state now.
func (d *Desk) openFor(ctx context.Context, p *Partition, c *Call, e *events.CallEvent) bool {
	began, opens := start(e)
	offset, evicted := p.evicted(c.id)
	if !evicted && opens && p.loaded(began) {
		c.state, c.of = &events.CallState{Facts: &events.CallFacts{}}, events.CallOf(e)
		c.words = newTranscript()
		return true
	}
	if !evicted && !opens {
		return false // its CallStarted may be next; wait before going through the past
	}
	found, err := d.find(ctx, p, c, offset)
	if err != nil || found {
		return found
	}
	if opens {
		c.state, c.of = &events.CallState{Facts: &events.CallFacts{}}, events.CallOf(e)
		c.words = newTranscript()
	}
	return opens
}

// start is when the call of an opening event began.
func start(e *events.CallEvent) (began time.Time, opens bool) {
	if e.GetLegId() != e.GetCallId() {
		return time.Time{}, false
	}
	switch m := e.Message().(type) {
	case *events.CallStarted:
		return e.GetOccurredAt().AsTime(), true
	case *events.CallEnded:
		return m.GetEndedAt().AsTime().Add(-m.GetDuration().AsDuration()), m.GetOpenedBy() != nil
	}
	return time.Time{}, false
}

// find brings a call back that has left memory.
func (d *Desk) find(ctx context.Context, p *Partition, c *Call, offset int64) (bool, error) {
	e, err := d.past.State(ctx, p.number, c.id, offset)
	if err != nil {
		return false, err
	}
	if e == nil {
		return false, nil
	}
	c.restore(e)
	p.found(c.id)
	return true, nil
}

// fold puts in, and whatever was held for the call, into the state, stores it and completes them. What is not of
// the call's owner is refused, before anything of it counts.
func (d *Desk) fold(ctx context.Context, p *Partition, c *Call, in ...input) {
	before := c.of
	all, foreign := c.sort(slices.Concat(c.held, in))
	next := cloneState(c.state)
	if ownerOf(before) != ownerOf(c.of) { // the fold so far was of somebody who never had the call
		next = &events.CallState{Facts: &events.CallFacts{}}
		c.words = newTranscript()
		d.foreign(ctx, c, before.Tenant, len(c.state.GetFolded()))
	}
	now, changed, last := d.now(), nothing, c.last
	for _, i := range all {
		n := fold(next, i.event, i.offset)
		d.set.Timing.schedule(next, n, now, d.longest(i.event))
		if n > nothing {
			last = i
		}
		changed = max(changed, n)
		if s, ok := i.event.Message().(*events.TranscriptSegment); ok && n == words && c.words != nil {
			c.words.add(s)
		}
		if _, ok := i.event.Message().(*events.CallStarted); ok && n != nothing && i.event.GetLegId() == c.id {
			c.of = events.CallOf(i.event) // it knows best who the call is
		}
	}
	if changed != nothing {
		if err := d.insist(ctx, c.id, "storing a call's state", func(ctx context.Context) error {
			return d.store(ctx, c, next, now)
		}); err != nil {
			// The state stands as it was, and so must the words; what was held waits on.
			c.words, c.of = nil, before
			if c.storedAt.IsZero() {
				c.state = nil // nobody has it
			}
			if len(in) == 0 && retry.IsPermanent(err) {
				in, c.held = c.held, nil // the same would come of them again
			}
			for _, i := range in {
				i.done(err)
			}
			p.arm(c)
			return
		}
	}
	c.held, c.last = nil, last
	for _, i := range all {
		i.done(nil)
	}
	for _, i := range foreign {
		d.foreign(ctx, c, i.event.GetTenant(), 1)
		i.done(&retry.Error{Class: retry.Permanent, Code: "foreign_tenant", Field: "tenant"})
	}
	p.arm(c)
}

// foreign counts events of a call by a tenant whose call it isn't.
func (d *Desk) foreign(ctx context.Context, c *Call, by string, n int) {
	if n == 0 {
		return
	}
	d.meters.foreign.Add(ctx, int64(n), metric.WithAttributes(attribute.String("tenant", by)))
	d.log.WarnContext(ctx, "events of a call came under a tenant or an account whose call it isn't; they don't count",
		"call_id", c.id, "tenant", by, "owner", c.of.Tenant, "events", n)
}

// store writes a state and, when it is acknowledged, makes it the call's.
func (d *Desk) store(ctx context.Context, c *Call, next *events.CallState, at time.Time) error {
	next.OwnedSince = timestamppb.New(c.owned)
	if err := d.out.State(ctx, c.of.Event(at, next)); err != nil {
		return err
	}
	c.state, c.storedAt = next, at
	return nil
}

// longest call of the event's tenant, or what its CallStarted says.
func (d *Desk) longest(e *events.CallEvent) time.Duration {
	var told *durationpb.Duration
	switch m := e.Message().(type) {
	case *events.CallStarted:
		told = m.GetLongestCall()
	case *events.CallEnded:
		told = m.GetOpenedBy().GetLongestCall()
	}
	if told.AsDuration() > 0 {
		return told.AsDuration()
	}
	if t := d.tenants.ByID(e.GetTenant()); t != nil && t.LongestCall > 0 {
		return time.Duration(t.LongestCall)
	}
	return defaultLongest
}

const defaultLongest = 4 * time.Hour

func cloneState(s *events.CallState) *events.CallState {
	c, _ := proto.Clone(s).(*events.CallState)
	return c
}
