package kafka

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// History is app.History on calls.lifecycle. It reads the call's partition from the call's start on, which at
// some eight small messages a call is a fetch or two, and is asked only when a stream has broken or an answer
// is reported. Safe for concurrent use.
type History struct {
	conn    *broker.Conn
	timeout time.Duration
	count   atomic.Int64 // partitions of the topic, which never change; 0 until known
}

var _ app.History = (*History)(nil)

// NewHistory makes a history on a connection that the caller closes; one question takes at most timeout.
func NewHistory(conn *broker.Conn, timeout time.Duration) *History {
	return &History{conn: conn, timeout: timeout}
}

// skew is how far the clocks of broker and ingress may be apart.
const skew = time.Minute

// Past implements app.History.
func (h *History) Past(ctx context.Context, f app.Facts) (app.Past, error) {
	var past app.Past
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	n, err := h.partitions(ctx)
	if err != nil {
		return past, err
	}
	partition := produce.Partition([]byte(f.CallID), n)
	from, err := h.conn.OffsetAt(ctx, events.Lifecycle.Name, partition, f.Start.Add(-skew))
	if err != nil {
		return past, fmt.Errorf("finding the call's start in %s: %w", events.Lifecycle.Name, err)
	}
	err = h.conn.ReadRange(ctx, events.Lifecycle.Name, partition, from, -1, func(r broker.Record) error {
		if string(r.Key) != f.CallID {
			return nil
		}
		e, err := events.Unmarshal(r.Value)
		readable := err == nil // what isn't is the consumers' to report
		// Another's word on a call whose id he knows is no part of its past.
		if readable && e.GetTenant() == f.Tenant && e.GetAccount() == f.Account {
			past.Add(e)
		}
		return nil
	})
	if err != nil {
		return past, fmt.Errorf("reading the call's past from %s: %w", events.Lifecycle.Name, err)
	}
	return past, nil
}

// partitions asks the cluster once: an answer about consent waits for this.
func (h *History) partitions(ctx context.Context) (int, error) {
	if n := h.count.Load(); n > 0 {
		return int(n), nil
	}
	counts, err := h.conn.Partitions(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the partition count of %s: %w", events.Lifecycle.Name, err)
	}
	n := counts[events.Lifecycle.Name]
	if n == 0 {
		return 0, fmt.Errorf("topic %s does not exist: create the topics first", events.Lifecycle.Name)
	}
	h.count.Store(int64(n))
	return n, nil
}
