package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

// trail is what the topics hold of one call. Its times are those at which the broker took a message (Kafka's
// CreateTime).
type trail struct {
	ended      time.Time // root leg's CallEnded
	mediaEnded time.Time // last MediaEnded
	words      time.Time // last TranscriptCompleted
	insight    time.Time // first insight
	heard      []*events.TranscriptSegment

	// Of the highest revision: one of the two, or neither if the call was never decided.
	found     *events.CallInsight
	notFound  *events.InsightUnavailable
	revisions int
	// record is the last word of calls.records; nil if there is none.
	record *events.CallRecord
	usage  []*events.UsageRecorded
	dead   []DeadLetter
}

// DeadLetter is why a message could not be handled; it quotes no value.
type DeadLetter struct {
	// Key of the message: a call id.
	Key string `json:"key"`
	// Topic that it was read from, and the consumer group that gave it up.
	Topic string `json:"topic"`
	Group string `json:"group"`
	// Code and field of the failure; the field may be empty.
	Code  string `json:"code"`
	Field string `json:"field"`
}

// String says it in words.
func (d DeadLetter) String() string {
	s := d.Group + " gave up a message of " + d.Topic + ": " + d.Code
	if d.Field != "" {
		s += " at " + d.Field
	}
	return s
}

// facts of the highest revision; nil before the first.
func (t *trail) facts() *events.CallFacts {
	if t.found != nil {
		return t.found.GetFacts()
	}
	return t.notFound.GetFacts()
}

// trails are what the topics hold, by call id.
type trails struct {
	byCall map[string]*trail
	// dead are all dead letters, those that name no call included.
	dead []DeadLetter
	// ledger is the whole of calls.usage, each request once.
	ledger []*events.CallEvent
}

func (all *trails) of(callID string) *trail {
	if all.byCall[callID] == nil {
		all.byCall[callID] = &trail{}
	}
	return all.byCall[callID]
}

// readTrails reads the topics from the beginning.
func readTrails(ctx context.Context, conn *broker.Conn, partitions int) (*trails, error) {
	all := &trails{byCall: map[string]*trail{}}
	for _, t := range []events.Topic{events.Lifecycle, events.Transcripts, events.Insights, events.Records} {
		err := readEvents(ctx, conn, t, partitions, func(e *events.CallEvent, r broker.Record) { all.of(e.GetCallId()).add(e, r.Time) })
		if err != nil {
			return nil, err
		}
	}
	if err := quiet(ctx, conn, events.Usage, partitions); err != nil {
		return nil, err
	}
	billed := map[string]bool{}
	err := readEvents(ctx, conn, events.Usage, partitions, func(e *events.CallEvent, _ broker.Record) {
		u, ok := e.Message().(*events.UsageRecorded)
		if !ok || billed[e.GetEventId()] {
			return // told again: whoever repeats an event repeats its id
		}
		billed[e.GetEventId()] = true
		all.ledger = append(all.ledger, e)
		c := all.of(e.GetCallId())
		c.usage = append(c.usage, u)
	})
	if err != nil {
		return nil, err
	}
	err = readTopic(ctx, conn, events.DeadLetters, partitions, func(r broker.Record) {
		if deadletter.IsMark(r.Headers) {
			return // what somebody has done with one
		}
		d := DeadLetter{Key: string(r.Key)}
		for header, to := range map[string]*string{
			deadletter.HeaderTopic: &d.Topic, deadletter.HeaderGroup: &d.Group, deadletter.HeaderCode: &d.Code, deadletter.HeaderField: &d.Field,
		} {
			*to = deadletter.Get(r.Headers, header)
		}
		all.dead = append(all.dead, d)
		c := all.of(d.Key)
		c.dead = append(c.dead, d)
	})
	return all, err
}

// quietFor is how long nothing must come for a topic to count as written to its end.
const quietFor = 250 * time.Millisecond

// quiet waits until a topic grows no more: services bill a request after the answer that it was for, and hold nothing up with it.
func quiet(ctx context.Context, conn *broker.Conn, t events.Topic, partitions int) error {
	look := time.NewTicker(quietFor)
	defer look.Stop()
	for was := int64(-1); ; {
		var now int64
		for p := range partitions {
			_, end, err := conn.Offsets(ctx, t.Name, p)
			if err != nil {
				return err //nolint:wrapcheck // broker names topic and partition
			}
			now += end
		}
		if now == was {
			return nil
		}
		was = now
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the end of %s: %w", t.Name, ctx.Err())
		}
	}
}

func (t *trail) add(e *events.CallEvent, at time.Time) {
	switch m := e.Message().(type) {
	case *events.CallEnded:
		if e.GetLegId() == e.GetCallId() && t.ended.IsZero() {
			t.ended = at
		}
	case *events.MediaEnded:
		t.mediaEnded = later(t.mediaEnded, at)
	case *events.TranscriptSegment:
		t.heard = append(t.heard, m)
	case *events.TranscriptCompleted:
		t.words = later(t.words, at)
	case *events.CallInsight:
		if t.revision(m.GetRevision(), at) {
			t.found, t.notFound = m, nil
		}
	case *events.InsightUnavailable:
		if t.revision(m.GetRevision(), at) {
			t.found, t.notFound = nil, m
		}
	case *events.CallRecord:
		if m.GetRevision() >= t.record.GetRevision() {
			t.record = m
		}
	}
}

// revision takes note of one and tells whether it is the highest so far.
func (t *trail) revision(n uint32, at time.Time) bool {
	if t.insight.IsZero() || at.Before(t.insight) {
		t.insight = at
	}
	highest := int(n) >= t.revisions
	t.revisions = max(t.revisions, int(n))
	return highest
}

func later(a, b time.Time) time.Time { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }

// readEvents decodes every message of a topic that is an event.
func readEvents(ctx context.Context, conn *broker.Conn, t events.Topic, partitions int, fn func(*events.CallEvent, broker.Record)) error {
	return readTopic(ctx, conn, t, partitions, func(r broker.Record) {
		if e, err := events.Unmarshal(r.Value); err == nil {
			fn(e, r)
		}
	})
}

// readTopic reads every message of a topic.
func readTopic(ctx context.Context, conn *broker.Conn, t events.Topic, partitions int, fn func(broker.Record)) error {
	for p := range partitions {
		err := conn.ReadRange(ctx, t.Name, p, -1, -1, func(r broker.Record) error { fn(r); return nil })
		if err != nil {
			return fmt.Errorf("reading %s/%d for the report: %w", t.Name, p, err)
		}
	}
	return nil
}
