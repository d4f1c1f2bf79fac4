package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/services/stt/internal/app"
)

// skew is how far the clocks of those who stamp messages and events may be apart.
const skew = time.Minute

// Log reads back what stt needs of the past: calls.lifecycle has what began, calls.transcripts how far it was
// told. Safe for concurrent use.
type Log struct {
	conn *broker.Conn
	// longest is the longest call of any tenant: no stream that is open began before that.
	longest time.Duration
}

var _ app.Log = (*Log)(nil)

// NewLog returns a log on a connection that the caller closes.
func NewLog(conn *broker.Conn, longest time.Duration) *Log { return &Log{conn: conn, longest: longest} }

// End implements app.Log.
func (l *Log) End(ctx context.Context, partition int) (int64, error) {
	_, end, err := l.conn.Offsets(ctx, events.Media.Name, partition)
	return end, err //nolint:wrapcheck // says what was asked
}

// Partition implements app.Log. It costs some kilobytes an open call: calls.lifecycle holds a dozen small
// events of each, and calls.transcripts is read from the beginning of the oldest open stream.
func (l *Log) Partition(ctx context.Context, partition int, next int64) (*app.Past, error) {
	oldest, err := l.written(ctx, partition, next)
	if err != nil {
		return nil, err
	}
	return l.past(ctx, partition, oldest, oldest.Add(-l.longest), func(*events.CallEvent) bool { return true })
}

// Call implements app.Log.
func (l *Log) Call(ctx context.Context, partition int, e *events.CallEvent) (*app.Past, error) {
	at := e.GetOccurredAt().AsTime()
	return l.past(ctx, partition, at, at.Add(-callTime(e)), func(other *events.CallEvent) bool {
		return other.GetCallId() == e.GetCallId()
	})
}

// callTime is how long the call had lasted at e, or a little longer.
func callTime(e *events.CallEvent) time.Duration {
	var ms int64
	switch m := e.Message().(type) {
	case *events.MediaStarted:
		ms = m.GetOffsetMs()
	case *events.AudioChunk:
		ms = m.GetStartMs()
	case *events.MediaGap:
		ms = m.GetEndMs()
	case *events.MediaEnded:
		ms = m.GetEndMs()
	}
	return time.Duration(ms) * time.Millisecond
}

var errFound = errors.New("found")

// written is when the message at offset next of calls.media was written; now if there is none yet.
func (l *Log) written(ctx context.Context, partition int, next int64) (time.Time, error) {
	at := time.Now()
	err := l.conn.ReadRange(ctx, events.Media.Name, partition, next, -1, func(r broker.Record) error {
		at = r.Time
		return errFound
	})
	if err != nil && !errors.Is(err, errFound) {
		return at, fmt.Errorf("finding the oldest audio that is not done: %w", err)
	}
	return at, nil
}

// past folds calls.lifecycle since a time, then calls.transcripts since the oldest stream found there.
func (l *Log) past(ctx context.Context, partition int, oldest, since time.Time, wanted func(*events.CallEvent) bool) (*app.Past, error) {
	p := app.NewPast(oldest)
	fold := func(apply func(*events.CallEvent)) func(broker.Record) error {
		return func(r broker.Record) error {
			// What can't be decoded is its readers' dead letter, not ours.
			if e, err := events.Unmarshal(r.Value); err == nil && wanted(e) {
				apply(e)
			}
			return nil
		}
	}
	if err := l.since(ctx, events.Lifecycle.Name, partition, since, fold(p.Lifecycle)); err != nil {
		return nil, err
	}
	if err := l.since(ctx, events.Transcripts.Name, partition, p.Since(), fold(p.Transcript)); err != nil {
		return nil, err
	}
	return p, nil
}

func (l *Log) since(ctx context.Context, topic string, partition int, at time.Time, fn func(broker.Record) error) error {
	from, err := l.conn.OffsetAt(ctx, topic, partition, at.Add(-skew))
	if err == nil {
		err = l.conn.ReadRange(ctx, topic, partition, from, -1, fn)
	}
	if err != nil {
		return fmt.Errorf("reading %s back to %s: %w", topic, at.UTC().Format(time.RFC3339), err)
	}
	return nil
}
