package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/services/inference/internal/app"
)

// Owner follows the partitions that this process owns: it loads their states when they come and forgets them
// when they go.
type Owner struct {
	conn *broker.Conn
	desk *app.Desk
	// back is how far before the last sign of life an open call's state may stand.
	back time.Duration
}

// NewOwner returns the hooks' keeper. longest is the longest call of any tenant: an open call has stored its
// state within that time, or its deadline would have closed it.
func NewOwner(conn *broker.Conn, desk *app.Desk, longest time.Duration) *Owner {
	return &Owner{conn: conn, desk: desk, back: longest + 2*time.Hour}
}

// Hooks are the consumer's.
func (o *Owner) Hooks() consume.Hooks {
	return consume.Hooks{Assigned: o.assigned, Revoked: o.revoked, Bound: o.desk.Flush}
}

func (o *Owner) assigned(ctx context.Context, a *consume.Assignment) error {
	for _, p := range a.Partitions {
		if err := o.load(ctx, a, p); err != nil {
			o.revoked(a)
			return fmt.Errorf("loading the calls of partition %d: %w", p, err)
		}
	}
	return nil
}

func (o *Owner) revoked(a *consume.Assignment) {
	for _, p := range a.Partitions {
		o.desk.Disown(p)
	}
}

// load reads the last state of every call that may be open or has lately been. It needn't read all thirty
// days: a call that is open stored its state no longer before the last sign of life in the partition than
// the longest call lasts. What is older is found one by one, when something comes for it (past.go).
func (o *Owner) load(ctx context.Context, a *consume.Assignment, p int) error {
	alive, err := o.lastSign(ctx, a, p)
	if err != nil {
		return err
	}
	since := alive.Add(-o.back)
	from, err := o.conn.OffsetAt(ctx, events.State.Name, p, since)
	if err != nil {
		return err
	}
	last, err := lastStates(ctx, o.conn, p, from)
	if err != nil {
		return err
	}
	states := make([]app.Stored, 0, len(last))
	for _, call := range slices.Sorted(maps.Keys(last)) {
		if e := stateOf(last[call].Record); e != nil {
			states = append(states, app.Stored{Event: e, Offset: last[call].Offset, Behind: last[call].behind})
		}
	}
	o.desk.Own(p, since, states, func(call string, fn func(context.Context)) { a.Do(p, []byte(call), fn) })
	return nil
}

// stored is a state that counts.
type stored struct {
	broker.Record

	since  int64 // as ownedSince says
	behind bool  // one that doesn't count stands after it
}

// stands are the states that count of some calls, by call id.
type stands map[string]stored

// take takes the next state of a partition: it counts over the one before it, unless that is a later owner's.
func (s stands) take(r broker.Record) {
	had, ok := s[string(r.Key)]
	if since := ownedSince(r); !ok || since >= had.since {
		had = stored{Record: r, since: since}
	} else {
		had.behind = true
	}
	s[string(r.Key)] = had
}

// lastStates are those of the calls that were stored from an offset on.
func lastStates(ctx context.Context, conn *broker.Conn, partition int, from int64) (stands, error) {
	last := stands{}
	err := conn.ReadRange(ctx, events.State.Name, partition, from, -1, func(r broker.Record) error {
		last.take(r)
		return nil
	})
	return last, err
}

// ownedSince is since when whoever stored a state had owned the partition, in ms; 0 if it doesn't say. The release before, which a rollback
// brings back, sets no header and leaves the field as the state that it went on from had it: so what it stores counts over that one.
func ownedSince(r broker.Record) int64 {
	if text := deadletter.Get(r.Headers, events.HeaderOwnedSince); text != "" {
		ms, _ := strconv.ParseInt(text, 10, 64)
		return ms
	}
	return stateOf(r).GetBody().GetCallState().GetOwnedSince().AsTime().UnixMilli()
}

// lastSign is when the partition was last known to be looked after: the time of the last state stored or of
// the next input to be read, whichever is earlier, and never later than now. A deployment that was down for
// days finds its open calls all the same.
func (o *Owner) lastSign(ctx context.Context, a *consume.Assignment, p int) (time.Time, error) {
	sign := time.Now()
	earlier := func(topic string, from, to int64) error {
		if from < 0 || from >= to {
			return nil
		}
		return o.conn.ReadRange(ctx, topic, p, from, to, func(r broker.Record) error {
			if r.Time.Before(sign) {
				sign = r.Time
			}
			return errEnough
		})
	}
	first, end, err := o.conn.Offsets(ctx, events.State.Name, p)
	if err != nil {
		return sign, err
	}
	// Compaction keeps a partition's last message, but the offset before the end may be a marker's.
	if err := earlier(events.State.Name, max(first, end-1), end); err != nil && !errors.Is(err, errEnough) {
		return sign, err
	}
	for topic, committed := range a.Committed {
		from, ok := committed[p]
		if !ok {
			continue
		}
		_, end, err := o.conn.Offsets(ctx, topic, p)
		if err != nil {
			return sign, err
		}
		if err := earlier(topic, from, end); err != nil && !errors.Is(err, errEnough) {
			return sign, err
		}
	}
	return sign, nil
}

// errEnough ends a range read.
var errEnough = errors.New("enough read")

// stateOf decodes a stored state; nil for a tombstone and for what isn't one. A state that can't be read is
// as good as none: its call's events, if any more come, are refused as unknown and show in the dead letters.
func stateOf(r broker.Record) *events.CallEvent {
	if len(r.Value) == 0 {
		return nil
	}
	e, err := events.Unmarshal(r.Value)
	if err != nil || e.GetBody().GetCallState() == nil {
		return nil
	}
	return e
}
