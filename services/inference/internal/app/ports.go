package app

import (
	"context"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/inference/internal/model"
	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// Outbox publishes events. Each method returns when the broker has acknowledged, or with an error that is
// worth another try.
type Outbox interface {
	// State stores a call's fold.
	State(ctx context.Context, e *events.CallEvent) error
	// Insight publishes a revision.
	Insight(ctx context.Context, e *events.CallEvent) error
	// Bury leaves a dead letter of an event that was taken before its effect turned out to be impossible. offset is where
	// it stands in its topic, -1 if nobody knows.
	Bury(ctx context.Context, e *events.CallEvent, offset int64, cause error) error
	// Usage publishes what a request to a provider cost.
	Usage(ctx context.Context, e *events.CallEvent) error
}

// Past goes back to what has left memory.
type Past interface {
	// State finds the fold of a call that was last stored at offset, or anywhere if offset is negative;
	// nil if there is none.
	State(ctx context.Context, partition int, call string, offset int64) (*events.CallEvent, error)
	// Segments reads the segments at the given offsets, ascending; what the topic no longer holds is
	// left out.
	Segments(ctx context.Context, partition int, offsets []int64) ([]*events.TranscriptSegment, error)
}

// Answers remembers what models have answered, so that no process buys an answer that another one has
// bought or is buying.
type Answers interface {
	// Take returns the answer kept under a question of a call, or a ticket to ask it. While somebody else
	// has the ticket it waits. An error means that nobody can be asked who has it: the caller goes on
	// without.
	Take(ctx context.Context, call, question string) (kept []byte, t Ticket, err error)
}

// Ticket is the right to ask one question. Exactly one of its methods is called, once.
type Ticket interface {
	// Keep stores the answer for whoever asks the same.
	Keep(ctx context.Context, answer []byte) error
	// Drop gives the ticket back unused.
	Drop(ctx context.Context) error
}

// Models opens the model that a tenant has chosen. Drivers are shared and closed by their owner.
type Models interface {
	Model(t *tenant.Tenant) (model.Driver, error)
}

// Redactor takes personal data out of a transcript, and puts it back.
type Redactor interface {
	Redact(lines []redact.Line, language string) *redact.Result
	Restore(r *redact.Result, s string) (restored string, ok bool)
}
