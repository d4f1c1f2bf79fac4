// Package dlq is what people do with dead letters: see what was given up and why, send it back once the cause is mended,
// or say that nobody will.
//
//	read    Queue.Read    calls.dead-letters ─▶ Book: letters, and the marks that say what was done with them
//	look    Causes, Queue.Show
//	send    Plan ─▶ Queue.Redrive: the failing group's retry topic, then a mark, stage by stage
//	close   Queue.Drop    a mark
//
// Nothing is ever deleted or changed. What somebody did with a dead letter stands beside it as a mark (see package
// deadletter), written after the deed: so whoever looks next sees what is open, and what a crash has interrupted goes on
// where it was.
package dlq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// Queue is the dead letters of a cluster, in one person's hands. It is used by one goroutine.
type Queue struct {
	conn   *broker.Conn
	prod   *produce.Producer
	by     string
	counts map[string]int // partitions of each topic
}

// New looks at a cluster for whoever by names. The caller closes the queue, and then conn.
func New(ctx context.Context, conn *broker.Conn, by string) (*Queue, error) {
	counts, err := conn.Partitions(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for %s: %w", events.DeadLetters.Name, err)
	}
	if counts[events.DeadLetters.Name] == 0 {
		return nil, fmt.Errorf("the cluster has no topic %s, or it may not be described with these credentials; `frontdesk topics` makes it",
			events.DeadLetters.Name)
	}
	return &Queue{conn: conn, prod: produce.New(conn, produce.Config{}, telemetry.Discard()), by: by, counts: counts}, nil
}

// Close ends the queue; everything that it has promised is written by then.
func (q *Queue) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), markTimeout)
	defer cancel()
	return q.prod.Close(ctx) //nolint:wrapcheck // it says what was left
}

// markTimeout bounds writing a mark, which an interrupt doesn't stop: what was done must be noted.
const markTimeout = 10 * time.Second

// mark notes what was done with a letter. It goes on when ctx has ended.
func (q *Queue) mark(ctx context.Context, l *Letter, what, why string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTimeout)
	defer cancel()
	if err := q.prod.Publish(ctx, q.markOf(l, what, why)); err != nil {
		return fmt.Errorf("noting on %s that dead letter %s was %s: %w", events.DeadLetters.Name, l.ID, what, err)
	}
	return nil
}

func (q *Queue) markOf(l *Letter, what, why string) produce.Message {
	m := deadletter.Mark{What: what, About: l.ID.String(), By: q.by, At: time.Now(), Why: why}
	return produce.Message{Topic: events.DeadLetters.Name, Key: []byte(l.key), Partition: &l.ID.Partition, Headers: m.Headers()}
}

// record reads a dead letter again, with its value.
func (q *Queue) record(ctx context.Context, id deadletter.ID) (*broker.Record, error) {
	var found *broker.Record
	err := q.conn.ReadAt(ctx, events.DeadLetters.Name, id.Partition, []int64{id.Offset}, func(r broker.Record) error {
		found = &r
		return nil
	})
	if err == nil && found == nil {
		err = errors.New("the topic no longer keeps it")
	}
	if err != nil {
		return nil, fmt.Errorf("reading dead letter %s: %w", id, err)
	}
	return found, nil
}

// original reads the message that a dead letter was made of, where it was read from; nil if it no longer stands there.
func (q *Queue) original(ctx context.Context, l *Letter) (*broker.Record, error) {
	if l.Partition < 0 || l.Offset < 0 || l.Partition >= q.counts[l.Topic] {
		return nil, nil
	}
	var found *broker.Record
	err := q.conn.ReadAt(ctx, l.Topic, l.Partition, []int64{l.Offset}, func(r broker.Record) error {
		// A topic that was made anew has another message there.
		if string(r.Key) == l.key && (l.Time.IsZero() || r.Time.UnixMilli() == l.Time.UnixMilli()) {
			found = &r
		}
		return nil
	})
	if errors.Is(err, kafka.OffsetOutOfRange) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for the original of dead letter %s: %w", l.ID, err)
	}
	return found, nil
}

// value is the bytes of a dead letter's message; of one that was too large to go along, those of the original.
func (q *Queue) value(ctx context.Context, l *Letter, r *broker.Record) ([]byte, error) {
	if l.Omitted < 0 {
		return r.Value, nil
	}
	o, err := q.original(ctx, l)
	if err != nil {
		return nil, err
	}
	if o == nil || len(o.Value) != l.Omitted {
		return nil, fmt.Errorf("dead letter %s: %w", l.ID, errGone)
	}
	return o.Value, nil
}

var errGone = errors.New("its value was too large to go along, and its topic no longer keeps the original")

// Droppable are the open ones among letters, and why the others can't be dropped.
func Droppable(letters []*Letter) (open []*Letter, refused []Refusal) {
	for _, l := range letters {
		if why := l.settled(); why != "" {
			refused = append(refused, Refusal{l.ID, why})
			continue
		}
		open = append(open, l)
	}
	return open, refused
}

// Drop notes that nobody will send letters back, and why. It returns how many of them are noted, in their order.
func (q *Queue) Drop(ctx context.Context, letters []*Letter, why string) (int, error) {
	const together = 200
	dropped := 0
	for chunk := range slices.Chunk(letters, together) {
		if err := ctx.Err(); err != nil {
			return dropped, err //nolint:wrapcheck // the caller's own
		}
		marks := make([]produce.Message, len(chunk))
		for i, l := range chunk {
			marks[i] = q.markOf(l, deadletter.Dropped, why)
		}
		mctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTimeout)
		err := q.prod.Publish(mctx, marks...)
		cancel()
		if err != nil {
			return dropped, fmt.Errorf("noting on %s what was dropped: %w", events.DeadLetters.Name, err)
		}
		dropped += len(chunk)
	}
	return dropped, nil
}
