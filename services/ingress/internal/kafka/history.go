package kafka

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// History is app.History on calls.lifecycle. It reads the call's partition from the call's start on, and is asked only when a stream
// has broken or an answer is reported. When a replica dies all its streams break at once: whoever asks while a partition is
// read shares the next pass through it, so that it is read a few times and not once a call. Safe for concurrent use.
type History struct {
	log     Log
	timeout time.Duration
	count   atomic.Int64 // partitions of the topic, which never change; 0 until known

	mu      sync.Mutex
	passes  map[int]*pass // those that gather questions, by partition
	reading map[int]int   // passes under way
}

var _ app.History = (*History)(nil)

// Log is what a history needs of Kafka: [broker.Conn].
type Log interface {
	Partitions(ctx context.Context) (map[string]int, error)
	OffsetAt(ctx context.Context, topic string, partition int, at time.Time) (int64, error)
	ReadRange(ctx context.Context, topic string, partition int, from, to int64, fn func(broker.Record) error) error
}

// NewHistory makes a history on a log that the caller closes; one question takes at most timeout.
func NewHistory(log Log, timeout time.Duration) *History {
	return &History{log: log, timeout: timeout, passes: map[int]*pass{}, reading: map[int]int{}}
}

// skew is how far the clocks of broker and ingress may be apart.
const skew = time.Minute

// mostPasses is how many passes go through a partition at once: one for an old call, which takes long, need not keep the others waiting.
const mostPasses = 2

// pass is one reading of a partition, for all who ask.
type pass struct {
	asked map[string][]*question // by call id
	since time.Time
	done  chan struct{}
	err   error
}

// question is one call's.
type question struct {
	facts app.Facts
	past  app.Past
}

// Past implements app.History.
func (h *History) Past(ctx context.Context, f app.Facts) (app.Past, error) {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	n, err := h.partitions(ctx)
	if err != nil {
		return app.Past{}, err
	}
	q := &question{facts: f}
	p := h.join(ctx, produce.Partition([]byte(f.CallID), n), q)
	select {
	case <-p.done:
	case <-ctx.Done():
		return app.Past{}, fmt.Errorf("reading the call's past from %s: %w", events.Lifecycle.Name, ctx.Err())
	}
	return q.past, p.err
}

// join puts a question to the pass that gathers, and begins it if a place is free.
func (h *History) join(ctx context.Context, partition int, q *question) *pass {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.passes[partition]
	if p == nil {
		p = &pass{asked: map[string][]*question{}, since: q.facts.Start, done: make(chan struct{})}
		h.passes[partition] = p
	}
	p.asked[q.facts.CallID] = append(p.asked[q.facts.CallID], q)
	if q.facts.Start.Before(p.since) {
		p.since = q.facts.Start
	}
	h.beginLocked(context.WithoutCancel(ctx), partition)
	return p
}

// beginLocked starts the pass that gathers, if there is one and a place for it.
func (h *History) beginLocked(ctx context.Context, partition int) {
	p := h.passes[partition]
	if p == nil || h.reading[partition] == mostPasses {
		return
	}
	delete(h.passes, partition)
	h.reading[partition]++
	go func() {
		p.err = h.read(ctx, partition, p)
		close(p.done)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.reading[partition]--
		h.beginLocked(ctx, partition)
	}()
}

// read makes a pass. It takes as long as a question may: whoever asked first can't wait longer.
func (h *History) read(ctx context.Context, partition int, p *pass) error {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	from, err := h.log.OffsetAt(ctx, events.Lifecycle.Name, partition, p.since.Add(-skew))
	if err != nil {
		return fmt.Errorf("finding the call's start in %s: %w", events.Lifecycle.Name, err)
	}
	err = h.log.ReadRange(ctx, events.Lifecycle.Name, partition, from, -1, func(r broker.Record) error {
		all := p.asked[string(r.Key)]
		if len(all) == 0 {
			return nil
		}
		e, err := events.Unmarshal(r.Value)
		readable := err == nil // what isn't is the consumers' to report
		for _, q := range all {
			// Another's word on a call whose id he knows is no part of its past.
			if readable && e.GetTenant() == q.facts.Tenant && e.GetAccount() == q.facts.Account {
				q.past.Add(e)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the call's past from %s: %w", events.Lifecycle.Name, err)
	}
	return nil
}

// partitions asks the cluster once: an answer about consent waits for this.
func (h *History) partitions(ctx context.Context) (int, error) {
	if n := h.count.Load(); n > 0 {
		return int(n), nil
	}
	counts, err := h.log.Partitions(ctx)
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
