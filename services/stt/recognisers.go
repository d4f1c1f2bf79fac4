package stt

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/stt/internal/app"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/googlespeech"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/guard"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/pace"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/rotate"
)

// recognisers finds each tenant's recogniser, and makes it once. Tenants share the connections of an
// endpoint.
type recognisers struct {
	pace    pace.Config
	rotate  rotate.Config
	google  *googlespeech.Connections
	breaker *breaker.Breaker
	turns   metric.Int64Counter

	mu   sync.Mutex
	made map[string]recogniser.Recogniser // by tenant
}

var _ app.Recognisers = (*recognisers)(nil)

func newRecognisers(cfg Config, tel *telemetry.Telemetry) (*recognisers, error) {
	turns, err := tel.Meter.Int64Counter("frontdesk.stt.rotations", metric.WithDescription("Recogniser streams followed by another, by reason."))
	if err != nil {
		return nil, fmt.Errorf("stt: %w", err)
	}
	circuits, err := breaker.New(cfg.Breaker, tel)
	if err != nil {
		return nil, fmt.Errorf("stt: %w", err)
	}
	return &recognisers{
		breaker: circuits,
		pace:    cfg.Pace, rotate: cfg.Rotate, google: googlespeech.NewConnections(), turns: turns,
		made: map[string]recogniser.Recogniser{},
	}, nil
}

// For implements app.Recognisers.
func (r *recognisers) For(t *tenant.Tenant) (recogniser.Recogniser, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rec := r.made[t.ID]; rec != nil {
		return rec, nil
	}
	rec, err := r.open(t)
	if err != nil {
		return nil, err
	}
	r.made[t.ID] = rec
	return rec, nil
}

// open is the one place that knows which products there are.
func (r *recognisers) open(t *tenant.Tenant) (recogniser.Recogniser, error) {
	switch s := t.Speech; s.Provider {
	case googlespeech.Product:
		d := googlespeech.New(googlespeech.Config{
			Project: s.Project, Location: s.Location, Model: s.Model, Endpoint: s.Endpoint, Insecure: s.Insecure,
		}, r.google)
		return rotate.New(pace.New(guard.New(d, r.breaker), r.pace), r.rotate, r.rotated(t)), nil
	default:
		return nil, &retry.Error{
			Class: retry.Permanent, Code: "provider_unknown", Field: "speech.provider",
			Err: errors.New("this version has no recogniser of that name"),
		}
	}
}

// rotated counts a tenant's rotations.
func (r *recognisers) rotated(t *tenant.Tenant) func(reason, code string) {
	return func(reason, code string) {
		r.turns.Add(context.Background(), 1, metric.WithAttributes(
			attribute.String("tenant", t.ID), attribute.String("provider", t.Speech.Provider),
			attribute.String("reason", reason), attribute.String("code", code),
		))
	}
}

func (r *recognisers) close() error { return r.google.Close() }
