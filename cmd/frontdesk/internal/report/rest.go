package report

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
)

// Rest follows one call whose carrier has said its last word, until nothing more can come of it. Each consumer group has to
// commit what stood in its topics when the group before it was through: a group commits after the effect, so what it
// made of the call stands in the next one's topics by then. Not safe for concurrent use.
type Rest struct {
	conn      *broker.Conn
	callID    string
	partition int
	groups    []events.Group
	// ends are where the first group's topics ended when it was its turn; nil before.
	ends map[string]int64
}

// NewRest follows a call from its end on.
func NewRest(conn *broker.Conn, partitions int, callID string) *Rest {
	return &Rest{conn: conn, callID: callID, partition: produce.Partition([]byte(callID), partitions), groups: events.Groups()}
}

// Left says what the call waits for, "" once nothing more can come before until.
func (r *Rest) Left(ctx context.Context, until time.Time) (string, error) {
	for len(r.groups) > 0 {
		g := r.groups[0]
		behind, err := r.behind(ctx, g)
		if err != nil || behind > 0 {
			return fmt.Sprintf("%s, %s behind", g.Name, count(int(behind), "message")), err
		}
		if g.Name == events.State.Owner {
			if due, err := r.due(ctx, until); err != nil || due != "" {
				r.ends = nil // what is due makes the group's later messages
				return due, err
			}
		}
		r.groups, r.ends = r.groups[1:], nil
	}
	return "", nil
}

// behind is how many messages a group has still to finish: those that stood there at its turn, and all that it has parked.
func (r *Rest) behind(ctx context.Context, g events.Group) (int64, error) {
	topics := map[string][]int{}
	for _, t := range g.Topics {
		topics[t.Name], topics[t.Retry(g.Name).Name] = []int{r.partition}, []int{r.partition}
	}
	// Parked messages are counted after the commit that follows on their parking.
	committed, err := r.conn.Client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: g.Name, Topics: topics})
	if err != nil {
		return 0, fmt.Errorf("asking how far %s is: %w", g.Name, err)
	}
	fresh := r.ends == nil
	if fresh {
		r.ends = map[string]int64{}
	}
	var behind int64
	for _, t := range g.Topics {
		for _, name := range []string{t.Name, t.Retry(g.Name).Name} {
			first, end, err := r.conn.Offsets(ctx, name, r.partition)
			if err != nil {
				return 0, err //nolint:wrapcheck // broker names topic and partition
			}
			if name == t.Name {
				if fresh {
					r.ends[name] = end
				}
				end = r.ends[name]
			}
			behind += max(0, end-max(first, offsetOf(committed, name)))
		}
	}
	return behind, nil
}

// offsetOf is what a group has committed of a topic; -1 if nothing yet.
func offsetOf(res *kafka.OffsetFetchResponse, topic string) int64 {
	for _, p := range res.Topics[topic] {
		return p.CommittedOffset
	}
	return -1
}

// due says what inference itself will do to the call before until, without a message from anybody.
func (r *Rest) due(ctx context.Context, until time.Time) (string, error) {
	var s *events.CallState
	err := r.conn.ReadRange(ctx, events.State.Name, r.partition, -1, -1, func(m broker.Record) error {
		if string(m.Key) != r.callID {
			return nil
		}
		if e, err := events.Unmarshal(m.Value); err == nil {
			s, _ = e.Message().(*events.CallState)
		}
		return nil
	})
	if err != nil {
		return "", err //nolint:wrapcheck // broker names topic and partition
	}
	switch {
	case s == nil:
		return "", nil
	case s.GetUnacknowledged() != nil || s.GetUnacknowledgedUnavailable() != nil:
		return "inference, which has a revision to publish", nil
	}
	for _, d := range []struct {
		what string
		at   interface{ AsTime() time.Time }
		set  bool
	}{
		{"the deadline for its words or its end", s.GetDeadline(), s.GetDeadline() != nil},
		{"late words", s.GetWordsUntil(), s.GetWordsUntil() != nil},
		{"the model, which is asked again", s.GetAskAgain(), s.GetAskAgain() != nil},
	} {
		if d.set && d.at.AsTime().Before(until) {
			return d.what, nil
		}
	}
	return "", nil
}
