// Package kafka feeds the desk from calls.lifecycle and calls.transcripts, and publishes what it makes.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	segment "github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/inference/internal/app"
)

// Group is the service's consumer group.
const Group = "inference"

// Outbox publishes on the topics that inference owns. Safe for concurrent use.
type Outbox struct{ prod *produce.Producer }

var _ app.Outbox = (*Outbox)(nil)

// NewOutbox returns an outbox on a producer that the caller closes.
func NewOutbox(prod *produce.Producer) *Outbox { return &Outbox{prod: prod} }

// State stores a call's fold in calls.state.
func (o *Outbox) State(ctx context.Context, e *events.CallEvent) error {
	since := e.GetBody().GetCallState().GetOwnedSince().AsTime().UnixMilli()
	return o.publish(ctx, events.State.Name, e.GetCallId(), e, segment.Header{Key: events.HeaderOwnedSince, Value: strconv.AppendInt(nil, since, 10)})
}

// Insight publishes a revision on calls.insights.
func (o *Outbox) Insight(ctx context.Context, e *events.CallEvent) error {
	return o.publish(ctx, events.Insights.Name, e.GetCallId(), e)
}

// Usage publishes a bill on calls.usage, by tenant.
func (o *Outbox) Usage(ctx context.Context, e *events.CallEvent) error {
	return o.publish(ctx, events.Usage.Name, e.GetTenant(), e)
}

// Bury leaves e on calls.dead-letters, with the bytes that it came in.
func (o *Outbox) Bury(ctx context.Context, e *events.CallEvent, offset int64, cause error) error {
	value, err := events.Marshal(e)
	if err != nil {
		return &retry.Error{Class: retry.Permanent, Code: "unencodable", Err: err}
	}
	from := deadletter.Origin{Partition: -1, Offset: offset, Group: Group, FailedAt: time.Now()}
	for _, t := range []events.Topic{events.State, events.Transcripts, events.Lifecycle} {
		if slices.Contains(t.Kinds, e.Kind()) {
			from.Topic = t.Name
		}
	}
	from.FirstFailure = from.FailedAt
	err = o.prod.Publish(ctx, produce.Message{
		Topic: events.DeadLetters.Name, Key: []byte(e.GetCallId()), Value: value, AnySize: true,
		Headers: deadletter.Headers(headers(e), from, cause),
	})
	if err != nil {
		return fmt.Errorf("publishing on %s: %w", events.DeadLetters.Name, err)
	}
	return nil
}

func headers(e *events.CallEvent) []segment.Header {
	return []segment.Header{
		{Key: events.HeaderEventID, Value: []byte(e.GetEventId())},
		{Key: events.HeaderKind, Value: []byte(e.Kind().String())},
		{Key: events.HeaderTenant, Value: []byte(e.GetTenant())},
	}
}

func (o *Outbox) publish(ctx context.Context, topic, key string, e *events.CallEvent, more ...segment.Header) error {
	value, err := events.Marshal(e)
	if err != nil {
		return &retry.Error{Class: retry.Permanent, Code: "unencodable", Err: err}
	}
	err = o.prod.Publish(ctx, produce.Message{
		Topic: topic, Key: []byte(key), Value: value, Headers: append(headers(e), more...),
	})
	if errors.Is(err, produce.ErrTooLarge) {
		return &retry.Error{Class: retry.Permanent, Code: "too_large", Err: err}
	}
	if err != nil {
		return fmt.Errorf("publishing on %s: %w", topic, err)
	}
	return nil
}
