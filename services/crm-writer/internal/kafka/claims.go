package kafka

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// probeEvery and probeWithin are how often Redis is asked whether it is back, and how long one asking may take.
const (
	probeEvery  = 250 * time.Millisecond
	probeWithin = 2 * time.Second
)

// Gate is shut while Redis can't be asked for claims: nothing is written meanwhile, nor tried in vain, and everything goes on
// when a claim can be had again. The log, the metric frontdesk.crm.claims.away and /readyz tell. The caller closes it.
func Gate(store consume.Claims, tel *telemetry.Telemetry) (*consume.Gate, error) {
	away, err := tel.Meter.Int64Gauge("frontdesk.crm.claims.away",
		metric.WithDescription("1 while Redis can't be asked for claims and all calls wait."))
	if err != nil {
		return nil, fmt.Errorf("making the claims' metrics: %w", err)
	}
	ctx := context.Background() // what is told is no message's
	away.Record(ctx, 0)
	return consume.NewGate(probeEvery, probe(store), func(open bool) {
		if !open {
			away.Record(ctx, 1)
			tel.Log.ErrorContext(ctx, "Redis can't be asked for claims; calls wait until it can, nothing is lost")
			return
		}
		away.Record(ctx, 0)
		tel.Log.InfoContext(ctx, "Redis answers again; waiting calls go on")
	}), nil
}

// probe takes a claim that is nobody's, as claims are taken, and gives it back: a Redis that answers but takes none is away.
func probe(store consume.Claims) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, probeWithin)
		defer cancel()
		c, err := store.Claim(ctx, idempotency.Key{CallID: "probe", Service: Service, Kind: "gate"})
		if err != nil {
			return err // classified by the store; asked about only
		}
		if c.State == idempotency.StateNew { // else another process is at it, which is as good
			_ = store.Release(ctx, c) // else its lease runs out
		}
		return nil
	}
}
