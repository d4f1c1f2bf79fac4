package app

import (
	"context"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// Publisher sends events to the topic of their kind.
type Publisher interface {
	// Publish sends e and calls done exactly once: with nil when it is acknowledged, with an error when it
	// was given up. done returns at once.
	Publish(ctx context.Context, e *events.CallEvent, done func(error))
}

// Log is the past, as it stands on the broker.
type Log interface {
	// Partition reads back what is needed to go on at offset next of a partition of calls.media.
	Partition(ctx context.Context, partition int, next int64) (*Past, error)
	// Call reads back one call, by an event of it.
	Call(ctx context.Context, partition int, e *events.CallEvent) (*Past, error)
	// End is the offset that the next message of a partition of calls.media will have.
	End(ctx context.Context, partition int) (int64, error)
}

// Recognisers finds the recogniser that a tenant's file names. The error says that this build has none of
// that name.
type Recognisers interface {
	For(t *tenant.Tenant) (recogniser.Recogniser, error)
}

// Delivery is one message of calls.media.
type Delivery struct {
	Event *events.CallEvent
	// Partition that it was fetched from.
	Partition int
	// Done completes the message, see consume.Handler.
	Done func(error)
}
