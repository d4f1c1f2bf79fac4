package consume

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// parking parks what failed and may succeed later.
func (c *Consumer) parking(next Handler) Handler {
	return func(ctx context.Context, m *Message, done func(error)) {
		next(ctx, m, func(err error) {
			if err == nil || retry.IsPermanent(err) || m.from.cut(err) {
				done(err)
				return
			}
			c.park(ctx, m, err, done)
		})
	}
}

// park sends a message to the retry topic, or gives it up when it has been there too often or too long.
func (c *Consumer) park(ctx context.Context, m *Message, cause error, done func(error)) {
	d, now, cfg := m.from, time.Now(), c.cfg.Park
	t := ticket{tries: m.Attempts + m.tries, first: m.FirstFailure, code: retry.Code(cause)}
	since := now
	if d.entry != nil {
		t.round = d.entry.round
		since = time.Unix(0, d.entry.order)
	}
	var wait time.Duration
	var not *parkNow
	if errors.As(cause, &not) {
		t.tries = m.Attempts
		wait = not.after
	} else {
		t.round, t.tried = t.round+1, true
		wait = max(cfg.pause(t.round), retry.After(cause))
		if t.first.IsZero() {
			t.first = now
		}
	}
	if t.round > cfg.Rounds || now.Sub(since) > cfg.Age {
		done(&exhausted{cause})
		return
	}
	failedSpan(ctx, "parked", cause)
	c.metrics.parkings.Add(ctx, 1, c.metrics.group,
		metric.WithAttributes(attribute.String("topic", m.Topic), attribute.String("code", t.code)))
	p := d.p
	p.mu.Lock()
	defer p.unlock()
	p.parked.fail(d, min(wait, cfg.Age), t, done) //nolint:contextcheck // it outlives the handler, within the message's trace
}
