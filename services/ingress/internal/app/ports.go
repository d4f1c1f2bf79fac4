package app

import (
	"context"
	"errors"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// Message is one event on its way to one topic.
type Message struct {
	Topic events.Topic
	Event *events.CallEvent
}

// ErrFull says that neither the log nor the spool has room. Whoever can come again is asked to.
var ErrFull = errors.New("there is no room to store events")

// Publisher stores events for good: in Kafka, or, for the time without it, in a spool on the local disk that is drained in
// order. It is the one way out of ingress. Safe for concurrent use.
type Publisher interface {
	// Publish returns when all messages are stored, or with the first error; an error does not mean that
	// nothing was stored, so whoever repeats relies on the events' ids.
	Publish(ctx context.Context, msgs ...Message) error
	// Send stores one message some time after it returns and calls done exactly once, from anywhere, with
	// what came of it. done must not block. Messages of one call sent by one goroutine keep their order per
	// topic. The event, and the audio in it, is the caller's again when Send has returned.
	Send(ctx context.Context, m Message, done func(error))
}

// Carrier is what ingress asks of a carrier while a call lives. An error is worth another try unless it says otherwise
// (retry.Error); stopping what doesn't run is no error. Safe for concurrent use.
type Carrier interface {
	// Live tells whether the call's root leg has not ended.
	Live(ctx context.Context, f Facts) (bool, error)
	// StartStream starts stream number f.Attempt of the call, with f in its token; false if the call has ended meanwhile.
	StartStream(ctx context.Context, f Facts) (bool, error)
	// StopStreams stops every stream of the call.
	StopStreams(ctx context.Context, f Facts) error
	// StartRecording records the root leg, both sides. It returns the recording's id, "" if the call has ended meanwhile.
	StartRecording(ctx context.Context, f Facts) (string, error)
	// StopRecording stops the recording that runs.
	StopRecording(ctx context.Context, f Facts) error
}

// History is what the log already holds of a call: what a token, being older, can't tell.
type History interface {
	// Past reads calls.lifecycle from the call's start to now.
	Past(ctx context.Context, f Facts) (Past, error)
}
