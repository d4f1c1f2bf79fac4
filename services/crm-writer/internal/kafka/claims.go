package kafka

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel/metric"

	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// Watched tells when Redis goes away and comes back: calls wait meanwhile, and somebody should know why.
func Watched(store consume.Claims, tel *telemetry.Telemetry) (consume.Claims, error) {
	failures, err := tel.Meter.Int64Counter("frontdesk.crm.claims.failures",
		metric.WithDescription("Claims that could not be asked for: while Redis is away calls wait."))
	if err != nil {
		return nil, fmt.Errorf("making the claims' metrics: %w", err)
	}
	return &watched{Claims: store, tel: tel, failures: failures}, nil
}

type watched struct {
	consume.Claims
	tel      *telemetry.Telemetry
	failures metric.Int64Counter
	away     atomic.Bool
}

// Claim asks the store and notes a change of its state.
func (w *watched) Claim(ctx context.Context, k idempotency.Key) (*idempotency.Claim, error) {
	c, err := w.Claims.Claim(ctx, k)
	switch {
	case err != nil && ctx.Err() == nil:
		w.failures.Add(ctx, 1)
		if !w.away.Swap(true) {
			w.tel.Log.ErrorContext(ctx, "Redis can't be asked for claims; calls wait until it can, nothing is lost")
		}
	case err == nil && w.away.Swap(false):
		w.tel.Log.InfoContext(ctx, "Redis answers again; waiting calls go on")
	}
	return c, err // classified by the store
}
