package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

const (
	// hopBytes of a message: an event of calls.transcripts.
	hopBytes = 300
	hopRate  = 1000
	hopFlood = 500_000
)

// Broker measures one hop: from a producer that has a message to the handler of a consumer. It stands in for inference, whose group
// and retry topics are there.
func Broker(ctx context.Context, o Options) ([]Figure, error) {
	o.Tell(fmt.Sprintf("broker: %d messages a second, then %d at once", hopRate, o.share(hopFlood)))
	return on(ctx, o, func(ctx context.Context, p *parts) ([]Figure, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute+p.Window)
		defer cancel()
		prod := produce.New(p.conn, produce.Config{MaxQueuedBytes: 512 << 20}, telemetry.Discard())
		h := &hop{prod: prod, sent: map[string]time.Time{}}
		consumer, err := consume.New(p.conn, prod, consume.Config{
			Group: "inference", Topics: []string{events.Transcripts.Name}, DeadLetters: events.DeadLetters.Name, Concurrency: 64,
		}, h.handle, consume.Hooks{}, telemetry.Discard())
		if err != nil {
			return nil, fmt.Errorf("preparing the consumer: %w", err)
		}
		run, stop := context.WithCancel(ctx)
		var running sync.WaitGroup
		running.Go(func() { err = consumer.Run(run) })
		figures, merr := h.measure(ctx, p)
		stop()
		running.Wait()
		return figures, errors.Join(merr, err, prod.Close(context.WithoutCancel(ctx)))
	})
}

// hop counts and times what comes over.
type hop struct {
	prod *produce.Producer
	came atomic.Int64

	mu   sync.Mutex
	sent map[string]time.Time
	took []time.Duration
}

func (h *hop) handle(_ context.Context, m *consume.Message, done func(error)) {
	h.came.Add(1)
	h.mu.Lock()
	if at, ok := h.sent[string(m.Key)]; ok {
		h.took = append(h.took, time.Since(at))
	}
	h.mu.Unlock()
	done(nil)
}

func (h *hop) measure(ctx context.Context, p *parts) ([]Figure, error) {
	value := make([]byte, hopBytes)
	send := func(key string) {
		h.prod.Send(ctx, produce.Message{Topic: events.Transcripts.Name, Key: []byte(key), Value: value}, func(error) {})
	}
	all := func(n int64) error {
		return await(ctx, 5*time.Millisecond, func() (bool, error) { return h.came.Load() >= n, nil })
	}
	// The group has joined once the first message has come.
	send("first")
	if err := all(1); err != nil {
		return nil, fmt.Errorf("waiting for the consumer: %w", err)
	}
	n := int(hopRate * p.Window.Seconds())
	err := paced(ctx, n, hopRate, func(i int) error {
		key := fmt.Sprintf("key-%d", i)
		h.mu.Lock()
		h.sent[key] = time.Now()
		h.mu.Unlock()
		send(key)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := all(int64(n) + 1); err != nil {
		return nil, fmt.Errorf("waiting for the consumer: %w", err)
	}
	h.mu.Lock()
	took := slices.Sorted(slices.Values(h.took))
	h.mu.Unlock()
	began := time.Now()
	flood := p.share(hopFlood)
	for i := range flood {
		send(fmt.Sprintf("flood-%d", i%10_000))
	}
	if err := all(int64(n + 1 + flood)); err != nil {
		return nil, fmt.Errorf("waiting for the consumer: %w", err)
	}
	return []Figure{
		figure(fmt.Sprintf("broker: hop at %d/s, p50", hopRate), ms(quantile(took, 0.5)), "ms"),
		figure(fmt.Sprintf("broker: hop at %d/s, p99", hopRate), ms(quantile(took, 0.99)), "ms"),
		figure("broker: produced and consumed", float64(flood)/time.Since(began).Seconds(), "messages/s"),
	}, nil
}
