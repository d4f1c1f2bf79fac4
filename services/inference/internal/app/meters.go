package app

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// meters is what inference counts. Labels are tenants, outcomes and codes; never a call.
type meters struct {
	revisions, requests, tokens, faults, unopened, unknown, foreign, given, claimless, unbilled metric.Int64Counter
	seconds, delay                                                                              metric.Float64Histogram
}

// newMeters makes them; calls counts the calls in memory when it is asked.
func newMeters(m metric.Meter, calls func() int64) (*meters, error) {
	var x meters
	var err error
	counter := func(to *metric.Int64Counter, name, what string) {
		if err == nil {
			*to, err = m.Int64Counter("frontdesk.inference."+name, metric.WithDescription(what))
		}
	}
	histogram := func(to *metric.Float64Histogram, name, what string, bounds ...float64) {
		if err == nil {
			*to, err = m.Float64Histogram("frontdesk.inference."+name, metric.WithDescription(what),
				metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(bounds...))
		}
	}
	counter(&x.revisions, "revisions", "Revisions published, by tenant and outcome.")
	counter(&x.requests, "requests", "Requests to model providers, by tenant, provider, model and outcome.")
	counter(&x.tokens, "tokens", "Tokens billed, by tenant, line of business, model and unit.")
	counter(&x.faults, "answer_faults", "Faults found in answers, by code.")
	counter(&x.unopened, "calls_unopened", "Calls whose words or end came, and whose start never did.")
	counter(&x.unknown, "calls_unknown", "Recordings and dispositions of calls that nobody knows: dead letters.")
	counter(&x.foreign, "events_foreign", "Events of a call by a tenant or an account whose call it isn't: dead letters.")
	counter(&x.given, "calls_given_up", "Revisions that can never be stored or published, by tenant and code: dead letters.")
	counter(&x.claimless, "questions_unclaimed", "Questions asked without a claim, since Redis was away.")
	counter(&x.unbilled, "requests_unbilled", "Requests whose usage could not be published before the process ended: the bill lacks them.")
	histogram(&x.seconds, "request", "Time of one request to a model provider.", .1, .25, .5, 1, 2, 4, 8, 16, 32)
	histogram(&x.delay, "revision_delay", "Time from the end of a call to its first revision.", .1, .25, .5, 1, 2, 4, 8, 15, 30, 60, 300)
	if err == nil {
		_, err = m.Int64ObservableUpDownCounter("frontdesk.inference.calls_in_memory", metric.WithDescription("Calls held in memory."),
			metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
				o.Observe(calls())
				return nil
			}))
	}
	if err != nil {
		return nil, fmt.Errorf("making inference's metrics: %w", err)
	}
	return &x, nil
}

func (d *Desk) labels(q *question, outcome string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("tenant", q.tenant.ID), attribute.String("provider", q.tenant.Inference.Provider),
		attribute.String("model", q.tenant.Inference.Model), attribute.String("outcome", outcome))
}

func (d *Desk) countUsage(ctx context.Context, q *question, u *events.UsageRecorded) {
	d.meters.requests.Add(ctx, 1, d.labels(q, u.GetOutcome()))
	for _, n := range u.GetQuantities() {
		d.meters.tokens.Add(ctx, int64(n.GetAmount()), metric.WithAttributes(attribute.String("tenant", q.tenant.ID),
			attribute.String("line_of_business", q.call.LineOfBusiness), attribute.String("model", u.GetModel()),
			attribute.String("unit", n.GetUnit())))
	}
}

func (d *Desk) countFaults(ctx context.Context, faults []fault) {
	for _, f := range faults {
		d.meters.faults.Add(ctx, 1, metric.WithAttributes(attribute.String("code", f.code)))
	}
}
