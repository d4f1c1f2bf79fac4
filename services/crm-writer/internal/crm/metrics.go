package crm

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// metrics of one org. Labels are names of ours, of objects and of error codes: never of people or calls.
type metrics struct {
	org      metric.MeasurementOption
	writes   metric.Int64Counter
	batches  metric.Int64Histogram
	requests metric.Float64Histogram
	waits    metric.Float64Histogram
	observed metric.Registration
}

func newMetrics(o *Org, meter metric.Meter) (*metrics, error) {
	m := &metrics{org: metric.WithAttributes(attribute.String("org", o.name))}
	var errs [4]error
	m.writes, errs[0] = meter.Int64Counter("frontdesk.crm.writes",
		metric.WithDescription("Records written, by object and outcome."))
	m.batches, errs[1] = meter.Int64Histogram("frontdesk.crm.batch.size",
		metric.WithDescription("Calls in one batch, by phase."),
		metric.WithExplicitBucketBoundaries(1, 2, 5, 10, 20, 40, 75, 100, 200))
	m.requests, errs[2] = meter.Float64Histogram("frontdesk.crm.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Requests to the CRM, by API, operation and code."),
		metric.WithExplicitBucketBoundaries(.01, .025, .05, .1, .15, .25, .5, 1, 2.5, 5, 10, 30))
	m.waits, errs[3] = meter.Float64Histogram("frontdesk.crm.write.duration", metric.WithUnit("s"),
		metric.WithDescription("From a call's turn to its outcome, batching included, by phase."),
		metric.WithExplicitBucketBoundaries(.01, .025, .05, .1, .15, .25, .5, 1, 2.5, 5, 10, 30))
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("making the metrics of org %s: %w", o.name, err)
		}
	}
	return m, m.observe(o, meter)
}

func (m *metrics) observe(o *Org, meter metric.Meter) error {
	used, err := meter.Int64ObservableGauge("frontdesk.crm.allowance.used", metric.WithDescription("Requests spent in the org's 24-hour window, by everybody."))
	if err != nil {
		return fmt.Errorf("making the metrics of org %s: %w", o.name, err)
	}
	limit, err := meter.Int64ObservableGauge("frontdesk.crm.allowance.max", metric.WithDescription("Requests that the org may make in 24 hours."))
	if err != nil {
		return fmt.Errorf("making the metrics of org %s: %w", o.name, err)
	}
	waiting, err := meter.Int64ObservableGauge("frontdesk.crm.waiting", metric.WithDescription("Calls that wait for their turn, by phase."))
	if err != nil {
		return fmt.Errorf("making the metrics of org %s: %w", o.name, err)
	}
	m.observed, err = meter.RegisterCallback(func(_ context.Context, r metric.Observer) error {
		if a := o.driver.Allowance(); a.Max > 0 {
			r.ObserveInt64(used, int64(a.Used), m.org)
			r.ObserveInt64(limit, int64(a.Max), m.org)
		}
		for phase, waits := range map[string]func() (int, int){"apply": o.apply.Waiting, "publish": o.publish.Waiting, "attach": o.attach.Waiting} {
			queued, _ := waits()
			r.ObserveInt64(waiting, int64(queued), m.org, metric.WithAttributes(attribute.String("phase", phase)))
		}
		return nil
	}, used, limit, waiting)
	if err != nil {
		return fmt.Errorf("making the metrics of org %s: %w", o.name, err)
	}
	return nil
}

func (m *metrics) wrote(ctx context.Context, records []Record) {
	for _, r := range records {
		m.writes.Add(ctx, 1, m.org, metric.WithAttributes(attribute.String("object", r.Object), attribute.String("outcome", r.Action.String())))
	}
}

func (m *metrics) requested(ctx context.Context, r Request) {
	m.requests.Record(ctx, r.Duration.Seconds(), m.org, metric.WithAttributes(
		attribute.String("api", r.API), attribute.String("operation", r.Operation), attribute.String("code", r.Code)))
}
