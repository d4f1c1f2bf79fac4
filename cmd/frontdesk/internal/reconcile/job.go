package reconcile

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// grace is how long a look under way may take to stop.
const grace = 10 * time.Second

// Job looks again and again, and tells by metrics what it finds: how many calls of each tenant are unaccounted for, above all.
type Job struct {
	look  func(context.Context, Options) (*Report, error)
	o     Options
	every time.Duration
	tel   *telemetry.Telemetry
	admin net.Listener

	duration metric.Float64Histogram
	errors   metric.Int64Counter

	mu          sync.Mutex
	unaccounted map[string]int
	success     time.Time
}

// NewJob opens the listener of probes and metrics on admin, host:port; the job is to be run once. look is one look, as [Desk.Look].
func NewJob(look func(context.Context, Options) (*Report, error), o Options, every time.Duration, admin string, tel *telemetry.Telemetry) (*Job, error) {
	j := &Job{look: look, o: o, every: every, tel: tel, unaccounted: map[string]int{}}
	if err := j.meters(); err != nil {
		return nil, err
	}
	var err error
	j.admin, err = lifecycle.Listen("admin", admin)
	return j, err //nolint:wrapcheck // it says what it could not open
}

func (j *Job) meters() error {
	var errs [5]error
	j.duration, errs[0] = j.tel.Meter.Float64Histogram("frontdesk.reconcile.duration", metric.WithUnit("s"),
		metric.WithDescription("How long one look at all calls took."), metric.WithExplicitBucketBoundaries(.1, .5, 1, 2.5, 5, 10, 30, 60, 120, 300))
	j.errors, errs[1] = j.tel.Meter.Int64Counter("frontdesk.reconcile.errors",
		metric.WithDescription("Sources that could not be read, by source and tenant: what they would have told is not known."))
	unaccounted, err := j.tel.Meter.Int64ObservableGauge("frontdesk.reconcile.calls_unaccounted_for",
		metric.WithDescription("Calls of which something is missing, and nothing will come by itself, by tenant; as of the last look that could tell."))
	errs[2] = err
	success, err := j.tel.Meter.Int64ObservableGauge("frontdesk.reconcile.last_success.time", metric.WithUnit("s"),
		metric.WithDescription("When the last look ended that could read every source, Unix time; 0 before the first."))
	errs[3] = err
	_, errs[4] = j.tel.Meter.RegisterCallback(func(_ context.Context, r metric.Observer) error {
		j.mu.Lock()
		defer j.mu.Unlock()
		for tenantID, n := range j.unaccounted {
			r.ObserveInt64(unaccounted, int64(n), metric.WithAttributes(attribute.String("tenant", tenantID)))
		}
		at := int64(0)
		if !j.success.IsZero() {
			at = j.success.Unix()
		}
		r.ObserveInt64(success, at)
		return nil
	}, unaccounted, success)
	if err := errors.Join(errs[:]...); err != nil {
		return fmt.Errorf("making the metrics of reconciliation: %w", err)
	}
	return nil
}

// AdminAddr is where /healthz, /readyz and /metrics are served, host:port.
func (j *Job) AdminAddr() string { return j.admin.Addr().String() }

// Run looks at once and then every so often, four times as often while a source can't be read, until ctx ends.
func (j *Job) Run(ctx context.Context) error {
	var group *lifecycle.Group
	group = lifecycle.New(grace,
		lifecycle.HTTP("admin", j.admin, lifecycle.Admin(j.tel.Metrics, func() (bool, []string) { return group.Ready() })),
		lifecycle.Part{Name: "reconciliation", Run: func(ctx context.Context) error { j.keepLooking(ctx); return nil }})
	return group.Run(ctx) //nolint:wrapcheck // it names the part that failed
}

func (j *Job) keepLooking(ctx context.Context) {
	for {
		began, pause := time.Now(), j.every
		if !j.once(ctx) {
			pause /= 4
		}
		next := time.NewTimer(time.Until(began.Add(pause)))
		select {
		case <-next.C:
		case <-ctx.Done():
			next.Stop()
			return
		}
	}
}

// once looks, counts and logs: what is missing call by call, since nobody else tells of it. It tells whether every source was there; if
// not, it is worth another look soon.
func (j *Job) once(ctx context.Context) bool {
	began := time.Now()
	r, err := j.look(ctx, j.o)
	if ctx.Err() != nil {
		return false
	}
	j.duration.Record(ctx, time.Since(began).Seconds())
	if err != nil {
		j.errors.Add(ctx, 1, metric.WithAttributes(attribute.String("source", SourceTopics), attribute.String("tenant", "")))
		j.tel.Log.ErrorContext(ctx, "the topics can't be read; calls are reconciled when they can", "code", retry.Code(err))
		return false
	}
	for _, u := range r.Unread {
		j.errors.Add(ctx, 1, metric.WithAttributes(attribute.String("source", u.Source), attribute.String("tenant", u.Tenant)))
		j.tel.Log.WarnContext(ctx, "a source can't be read; what it would tell is not known", "source", u.Source, "tenant", u.Tenant, "code", u.Code)
	}
	for _, f := range r.Findings {
		if f.Status == Missing {
			j.tel.Log.WarnContext(ctx, "a call is unaccounted for", "call_id", f.Call, "tenant", f.Tenant, "missing", f.Missing, "records", len(f.Records),
				"last_seen", f.LastSeen, "repaired", f.Repaired)
		}
	}
	j.take(r)
	return len(r.Unread) == 0
}

// take keeps the counts. Of a tenant with a source that could not be read the count may rise and not fall: it saw less.
func (j *Job) take(r *Report) {
	j.mu.Lock()
	defer j.mu.Unlock()
	blind := map[string]bool{}
	for _, u := range r.Unread {
		blind[u.Tenant] = true
	}
	for id, n := range r.Tenants {
		if !blind[id] || n.UnaccountedFor > j.unaccounted[id] {
			j.unaccounted[id] = n.UnaccountedFor
		}
	}
	if len(r.Unread) == 0 {
		j.success = time.Now()
	}
}
