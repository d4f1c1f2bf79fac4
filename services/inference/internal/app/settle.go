package app

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/protobuf/proto"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// settle does what is due of a call: publishes a stored revision, gives words up, makes the next revision.
// It has the call's turn, and keeps at it until it is done or ctx ends: its steps are repeated after a crash,
// never lost.
func (d *Desk) settle(ctx context.Context, p *Partition, c *Call) {
	ctx, span := d.tracer.Start(telemetry.WithCall(ctx, c.id), "settle call")
	defer span.End()
	err := d.settled(ctx, p, c)
	if retry.IsPermanent(err) {
		err = d.bury(ctx, c, err)
	}
	switch {
	case err == nil:
		p.arm(c)
	case retry.IsPermanent(err):
		p.armAfter(c, d.set.Timing.Keep) // not even that it was given up could be stored
	case d.tenants.ByID(c.of.Tenant) == nil:
		p.armAfter(c, d.set.Timing.Keep) // until somebody configures the tenant again and restarts
	default:
		p.again(c)
	}
}

// errLater says that something stays due, and that why has been logged.
var errLater = errors.New("it stays due")

// settled is settle without its timer. With an error something stays due; with a permanent one it always will.
func (d *Desk) settled(ctx context.Context, p *Partition, c *Call) error {
	if err := d.deliver(ctx, c); err != nil {
		return err
	}
	now, next := d.now(), cloneState(c.state)
	told, missing, asked := due(next.GetDeadline(), now), due(next.GetWordsUntil(), now), due(next.GetAskAgain(), now)
	switch {
	case !told && !missing && !asked:
		return nil
	case !next.GetOpened():
		d.meters.unopened.Add(ctx, 1, metric.WithAttributes(attribute.String("tenant", c.of.Tenant)))
		d.log.ErrorContext(ctx, "a call's words or end came, but never its start", "call_id", c.id, "tenant", c.of.Tenant)
		next.Deadline = nil
		return d.keep(ctx, c, next)
	case missing:
		giveUp(next)
	}
	rev, err := d.revise(ctx, p, c, next)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, errEnding) {
			d.log.WarnContext(ctx, "a revision can't be made yet; trying again", "call_id", c.id, "error", retry.Code(err))
		}
		return errLater
	}
	if !told && !missing && rev.sameAs(next) {
		return d.keep(ctx, c, next) // asked again in vain: nobody needs to be told
	}
	return d.publish(ctx, c, next, rev)
}

// keep stores a state, however long it takes.
func (d *Desk) keep(ctx context.Context, c *Call, next *events.CallState) error {
	return d.insist(ctx, c.id, "storing a call's state", func(ctx context.Context) error { return d.store(ctx, c, next, d.now()) })
}

// publish stores the revision within the state, then publishes it.
func (d *Desk) publish(ctx context.Context, c *Call, next *events.CallState, rev *revision) error {
	first := next.GetRevision() == 0
	next.Revision++
	rev.number(next.GetRevision())
	next.Deadline = nil
	// Stored once: until it is acknowledged, the revision stands in for the answer it holds.
	next.Unacknowledged, next.UnacknowledgedUnavailable = rev.insight, rev.unavailable
	next.Answered, next.Unanswered = nil, nil
	d.set.Timing.await(next, d.now(), transcriptState(next) == pending)
	if err := d.keep(ctx, c, next); err != nil {
		return err
	}
	if err := d.deliver(ctx, c); err != nil {
		return err
	}
	d.meters.revisions.Add(ctx, 1, metric.WithAttributes(attribute.String("tenant", c.of.Tenant), attribute.String("outcome", rev.outcome())))
	if end := next.GetFacts().GetEndedAt(); first && end != nil {
		d.meters.delay.Record(ctx, max(0, d.now().Sub(end.AsTime()).Seconds()), metric.WithAttributes(attribute.String("tenant", c.of.Tenant)))
	}
	if transcriptState(c.state) != pending {
		c.words = nil // read again should more come
	}
	return nil
}

// bury gives up what can never be told or stored: a dead letter holds the event that asked for it, and nothing is due of
// the call until the next event. It is left before the state says so: a crash between the two leaves it again.
func (d *Desk) bury(ctx context.Context, c *Call, cause error) error {
	last := c.last
	if last.event == nil { // it came to another process
		last = input{event: c.of.Event(c.storedAt, c.state), offset: -1}
	}
	if err := d.insist(ctx, c.id, "leaving a dead letter", func(ctx context.Context) error {
		return d.out.Bury(ctx, last.event, last.offset, cause)
	}); err != nil {
		return err
	}
	d.meters.given.Add(ctx, 1, metric.WithAttributes(attribute.String("tenant", c.of.Tenant), attribute.String("code", retry.Code(cause))))
	next := cloneState(c.state)
	next.Unacknowledged, next.UnacknowledgedUnavailable = nil, nil
	next.Deadline, next.WordsUntil, next.AskAgain = nil, nil, nil
	return d.keep(ctx, c, next)
}

// deliver publishes a revision that is stored and not known to be published, and notes that it is. After a
// crash this is where it goes out again: same revision, same id, same bytes. Without an error nothing is left to
// deliver.
func (d *Desk) deliver(ctx context.Context, c *Call) error {
	s := c.state
	var body proto.Message
	switch {
	case s.GetUnacknowledged() != nil:
		body = s.GetUnacknowledged()
	case s.GetUnacknowledgedUnavailable() != nil:
		body = s.GetUnacknowledgedUnavailable()
	default:
		return nil
	}
	// The time is that of the state that holds it, so that a repeat is the same.
	e := c.of.Event(c.storedAt, body)
	if err := d.insist(ctx, c.id, "publishing a revision", func(ctx context.Context) error { return d.out.Insight(ctx, e) }); err != nil {
		return err
	}
	if s.GetRevision() == 1 {
		d.tellSpan(ctx, c)
	}
	next := cloneState(s)
	next.Answered, next.Unanswered = s.GetUnacknowledged(), s.GetUnacknowledgedUnavailable()
	next.Unacknowledged, next.UnacknowledgedUnavailable = nil, nil
	return d.keep(ctx, c, next)
}

// tellSpan tells the span of the whole call, which every stage's hang under, with the first revision: then the call is
// over. A crash tells it again, and it is the same span.
func (d *Desk) tellSpan(ctx context.Context, c *Call) {
	f := c.state.GetFacts()
	end := d.now()
	if f.GetEndedAt() != nil {
		end = f.GetEndedAt().AsTime()
	}
	telemetry.CallSpan(ctx, d.tracer, c.id, f.GetStartedAt().AsTime(), end,
		attribute.String("tenant", c.of.Tenant), attribute.String("line_of_business", c.of.LineOfBusiness), attribute.String("status", f.GetStatus().String()))
}

// insist repeats fn until it succeeds, fails for good or ctx ends, and returns its last error. What it does needs Kafka
// alone, and without Kafka nothing else could go on either.
func (d *Desk) insist(ctx context.Context, call, what string, fn func(context.Context) error) error {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := fn(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return errLater // whatever else: the next owner tries again
		}
		if retry.IsPermanent(err) {
			d.log.ErrorContext(ctx, what+" failed for good", "call_id", call, "error", retry.Code(err))
			return err
		}
		d.log.WarnContext(ctx, what+" failed; trying again", "call_id", call, "error", retry.Code(err))
		if retry.Pause(ctx, pause) != nil {
			return errLater
		}
	}
}
