package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
)

// The groups that a call's root must pass.
const (
	groupInference = "inference"
	groupWriter    = "crm-writer"
)

// early is how far before the window the topics are read from: the clocks of carrier, services and broker differ.
const early = 10 * time.Minute

// Log reads the topics. What it has read it keeps, so that the next look reads only what has come since. Not safe for concurrent use.
type Log struct {
	conn   *broker.Conn
	prod   *produce.Producer
	expect expects

	partitions int
	next       map[string][]int64 // by topic, per partition
	calls      map[string]*Trail
	committed  map[string]map[string]map[int]int64 // by group and topic
}

// NewLog reads by conn, and sends repairs by prod; both stay the caller's to close.
func NewLog(conn *broker.Conn, prod *produce.Producer, expect expects) *Log {
	return &Log{conn: conn, prod: prod, expect: expect, next: map[string][]int64{}, calls: map[string]*Trail{}}
}

// Read returns the trail of each call that any message since then is about.
//
// How far the groups have come is asked first, and the topics are read in the order of the pipeline after it: whatever a group had
// committed by then, its effect stands in what is read.
func (l *Log) Read(ctx context.Context, since time.Time) (map[string]*Trail, error) {
	if err := l.ping(ctx); err != nil {
		return nil, err
	}
	if l.partitions == 0 {
		counts, err := l.conn.Partitions(ctx)
		if err != nil {
			return nil, err //nolint:wrapcheck // it says what it asked
		}
		if l.partitions = counts[events.Lifecycle.Name]; l.partitions == 0 {
			return nil, fmt.Errorf("there is no topic %s; make the topics with `frontdesk topics`", events.Lifecycle.Name)
		}
	}
	if err := l.askGroups(ctx); err != nil {
		return nil, err
	}
	for id, t := range l.calls {
		if t.Parked = nil; t.Touched.Before(since.Add(-early)) {
			delete(l.calls, id)
		}
	}
	for _, t := range []events.Topic{events.Lifecycle, events.Insights, events.Records} {
		if err := l.catchUp(ctx, t, since, l.event); err != nil {
			return nil, err
		}
	}
	for _, g := range events.Groups() {
		if g.Name != groupInference && g.Name != groupWriter {
			continue
		}
		for _, t := range g.Topics {
			if err := l.readParked(ctx, g.Name, t.Retry(g.Name)); err != nil {
				return nil, err
			}
		}
	}
	return l.calls, l.catchUp(ctx, events.DeadLetters, since, l.buried)
}

// ping says soon that Kafka is away: reading waits for it.
func (l *Log) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return l.conn.Ping(ctx) //nolint:wrapcheck // it says what it asked
}

// Unread tells whether a group has not yet finished the message at a place of a topic.
func (l *Log) Unread(group string, t events.Topic, at Place) bool {
	return l.committed[group][t.Name][at.Partition] <= at.Offset
}

func (l *Log) askGroups(ctx context.Context) error {
	l.committed = map[string]map[string]map[int]int64{}
	all := make([]int, l.partitions)
	for p := range all {
		all[p] = p
	}
	for _, g := range events.Groups() {
		topics := map[string][]int{}
		for _, t := range g.Topics {
			topics[t.Name], topics[t.Retry(g.Name).Name] = all, all
		}
		var err error
		if l.committed[g.Name], err = l.conn.Committed(ctx, g.Name, topics); err != nil {
			return err //nolint:wrapcheck // it says what it asked
		}
	}
	return nil
}

// catchUp reads what has come to a topic.
func (l *Log) catchUp(ctx context.Context, t events.Topic, since time.Time, fn func(*broker.Record)) error {
	if l.next[t.Name] == nil {
		from := make([]int64, l.partitions)
		for p := range from {
			var err error
			if from[p], err = l.conn.OffsetAt(ctx, t.Name, p, since.Add(-early)); err != nil {
				return err //nolint:wrapcheck // it says what it asked
			}
		}
		l.next[t.Name] = from
	}
	for p := range l.partitions {
		err := l.conn.ReadRange(ctx, t.Name, p, l.next[t.Name][p], -1, func(r broker.Record) error {
			fn(&r)
			l.next[t.Name][p] = r.Offset + 1
			return nil
		})
		if err != nil {
			return err //nolint:wrapcheck // it says what it read
		}
	}
	return nil
}

func (l *Log) of(call string) *Trail {
	if l.calls[call] == nil {
		l.calls[call] = &Trail{}
	}
	return l.calls[call]
}

// event takes a message of a call; what is no event says nothing of one.
func (l *Log) event(r *broker.Record) {
	if len(r.Value) == 0 {
		return // a tombstone
	}
	e, err := events.Unmarshal(r.Value)
	if err != nil {
		return
	}
	l.of(e.GetCallId()).add(e, Place{r.Partition, r.Offset}, r.Time, l.expect)
}

func (l *Log) buried(r *broker.Record) {
	if deadletter.IsMark(r.Headers) {
		l.marked(string(r.Key), deadletter.ReadMark(r.Headers))
		return
	}
	t := l.of(string(r.Key))
	t.touch(r.Time)
	get := func(name string) string { return deadletter.Get(r.Headers, name) }
	t.Dead = append(t.Dead, Buried{
		ID: deadletter.ID{Partition: r.Partition, Offset: r.Offset}, Group: get(deadletter.HeaderGroup), Kind: get(events.HeaderKind), EventID: get(events.HeaderEventID), Code: get(deadletter.HeaderCode), At: r.Time,
	})
}

// marked takes note of what somebody has done with a dead letter.
func (l *Log) marked(call string, m deadletter.Mark) {
	t := l.calls[call]
	if t == nil || m.What != deadletter.Redriven && m.What != deadletter.Dropped {
		return
	}
	for i := range t.Dead {
		if t.Dead[i].ID.String() == m.About {
			t.Dead[i].Done = m
		}
	}
}

// readParked reads what a group has parked and not finished: a few messages as a rule, and each time anew.
func (l *Log) readParked(ctx context.Context, group string, t events.Topic) error {
	for p := range l.partitions {
		waiting := map[string]map[[2]int64]Waits{}
		err := l.conn.ReadRange(ctx, t.Name, p, l.committed[group][t.Name][p], -1, func(r broker.Record) error {
			w, call := consume.ReadParked(&r), string(r.Key)
			key := [2]int64{w.Origin, w.Order}
			if w.Done {
				delete(waiting[call], key)
				return nil
			}
			if waiting[call] == nil {
				waiting[call] = map[[2]int64]Waits{}
			}
			waiting[call][key] = Waits{Group: group, Repair: deadletter.Get(r.Headers, events.HeaderRepair), Parked: w}
			return nil
		})
		if err != nil {
			return err //nolint:wrapcheck // it says what it read
		}
		for call, parked := range waiting {
			for _, w := range parked {
				l.of(call).Parked = append(l.of(call).Parked, w)
			}
		}
	}
	return nil
}

// Send publishes an event on a topic, as the service would that the topic belongs to.
func (l *Log) Send(ctx context.Context, t events.Topic, e *events.CallEvent) error {
	value, err := events.Marshal(e)
	if err != nil {
		return fmt.Errorf("making an event for %s: %w", t.Name, err)
	}
	return l.publish(ctx, produce.Message{Topic: t.Name, Key: []byte(e.GetCallId()), Value: value, Headers: []kafka.Header{
		{Key: events.HeaderEventID, Value: []byte(e.GetEventId())},
		{Key: events.HeaderKind, Value: []byte(e.Kind().String())},
		{Key: events.HeaderTenant, Value: []byte(e.GetTenant())},
	}})
}

// Again sends the message at a place once more to one group alone, marked as a repair: to its retry topic, so that no other group does
// its work again.
func (l *Log) Again(ctx context.Context, t events.Topic, at Place, group, repair string) error {
	var found *broker.Record
	err := l.conn.ReadAt(ctx, t.Name, at.Partition, []int64{at.Offset}, func(r broker.Record) error {
		found = &r
		return nil
	})
	switch {
	case err != nil:
		return err //nolint:wrapcheck // it says what it read
	case found == nil:
		return fmt.Errorf("the message is gone from %s, which keeps it for %s", t.Name, t.Retention)
	}
	headers := deadletter.Set(found.Headers, kafka.Header{Key: events.HeaderRepair, Value: []byte(repair)})
	return l.publish(ctx, produce.Message{Topic: t.Retry(group).Name, Key: found.Key, Value: found.Value, Headers: headers, Partition: &at.Partition, AnySize: true})
}

func (l *Log) publish(ctx context.Context, m produce.Message) error {
	if err := l.prod.Publish(ctx, m); err != nil {
		return fmt.Errorf("sending to %s: %w", m.Topic, err)
	}
	return nil
}
