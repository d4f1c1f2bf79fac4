package crm

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/batch"
)

// Config bounds one org.
type Config struct {
	// BatchCalls and BatchNodes bound the calls of the direct pattern that are looked up together. They are written in
	// requests of 75 graphs and 500 nodes, Salesforce's limits, up to three at the same time.
	BatchCalls int `koanf:"batch_calls"`
	BatchNodes int `koanf:"batch_nodes"`
	// BatchEvents bounds one publish request: 200 are recommended.
	BatchEvents int `koanf:"batch_events"`
	// BatchFiles and BatchFileBytes bound one request of files, the bytes as they are sent: 200 are Salesforce's limit. A
	// file that is larger goes alone.
	BatchFiles     int `koanf:"batch_files"`
	BatchFileBytes int `koanf:"batch_file_bytes"`
	// InFlight bounds REST requests under way at once, by this process; Salesforce lets an org have 25 long ones.
	InFlight int `koanf:"in_flight"`
	// PublishInFlight bounds publish requests under way at once. They share a stream and are none of the 25.
	PublishInFlight int `koanf:"publish_in_flight"`
	// Waiting bounds the calls that wait for the org: a further one is parked, so that the others keep their
	// share of this process. 0 leaves it to the service.
	Waiting int `koanf:"waiting"`
	// RequestTimeout bounds one batch, its requests together.
	RequestTimeout time.Duration `koanf:"request_timeout"`
	// Green is the share of the request allowance up to which nothing waits for company.
	Green float64 `koanf:"green"`
	// Breaker is when an org is left alone. What is parked for it comes back within 1¼ times breaker.most after it does.
	Breaker breaker.Settings `koanf:"breaker"`
}

// CodeFull is the code of a call that was not tried since so many wait for its org that another would take other tenants'
// place. Whoever sees it, or breaker.CodeOpen, parks the call: the org has not refused it.
const CodeFull = "crm.queue_full"

// Defaults of an org.
func Defaults() Config {
	return Config{
		BatchCalls: 225, BatchNodes: 1500, BatchEvents: 200, BatchFiles: 200, BatchFileBytes: 5 << 20,
		InFlight: 8, PublishInFlight: 16,
		RequestTimeout: 30 * time.Second, Green: 0.8,
		Breaker: breaker.Settings{Failures: 3, Open: time.Second, Most: 30 * time.Second},
	}
}

// Validate reports every fault of c.
func (c Config) Validate() error {
	var errs []error
	need := func(ok bool, fault string) {
		if !ok {
			errs = append(errs, errors.New("crm."+fault))
		}
	}
	need(c.BatchCalls >= 1 && c.BatchCalls <= 225, "batch_calls: 1 to 225")
	need(c.BatchNodes >= 20 && c.BatchNodes <= 1500, "batch_nodes: 20 to 1500")
	need(c.BatchEvents >= 1 && c.BatchEvents <= 200, "batch_events: 1 to 200")
	need(c.BatchFiles >= 1 && c.BatchFiles <= 200, "batch_files: 1 to 200")
	need(c.BatchFileBytes >= 1 && c.BatchFileBytes <= 32<<20, "batch_file_bytes: 1 to 33554432")
	need(c.InFlight >= 1 && c.InFlight <= 25, "in_flight: 1 to 25")
	need(c.PublishInFlight >= 1 && c.PublishInFlight <= 64, "publish_in_flight: 1 to 64")
	need(c.Waiting >= 0, "waiting: must not be negative")
	need(c.RequestTimeout > 0, "request_timeout: must be positive")
	need(c.Green > 0 && c.Green <= 1, "green: above 0 and at most 1")
	return errors.Join(append(errs, c.Breaker.Validate("crm.breaker"))...)
}

// Billed is told of every request to an org, and whose plans it was made for. It must not block.
type Billed func(ctx context.Context, r Request, plans []*Plan)

// Org is one org as the writer uses it: it joins what many calls want at the same time into few requests,
// leaves an org alone that is down, and tells what it does. Safe for concurrent use.
type Org struct {
	name    string
	driver  Driver
	cfg     Config
	tel     *telemetry.Telemetry
	billed  Billed
	metrics *metrics
	breaker *breaker.Breaker
	// dependency is the org in errors and in the breaker.
	dependency string

	apply   *batch.Batcher[job, Outcome]
	publish *batch.Batcher[job, Outcome]
	attach  *batch.Batcher[job, Outcome]
}

// job is a plan, for its file the record that it hangs on, and the span that waits for it.
type job struct {
	plan   *Plan
	parent string
	span   trace.SpanContext
}

// NewOrg starts an org on a driver, which it closes. name is the org's in errors and metrics; b is the breaker of all orgs.
func NewOrg(name string, d Driver, cfg Config, b *breaker.Breaker, tel *telemetry.Telemetry, billed Billed) (*Org, error) {
	o := &Org{name: name, driver: d, cfg: cfg, tel: tel, billed: billed, breaker: b, dependency: "salesforce:" + name}
	// A batch makes up to three requests at the same time, and with the files beside it none of them waits for a place.
	// Fewer batches are fuller ones.
	quarter := (cfg.InFlight + 3) / 4
	o.apply = batch.New(batch.Config{MaxItems: cfg.BatchCalls, MaxWeight: cfg.BatchNodes, InFlight: quarter},
		o.sender("apply", plansOnly(d.Apply)))
	o.publish = batch.New(batch.Config{MaxItems: cfg.BatchEvents, MaxWeight: cfg.BatchEvents, InFlight: cfg.PublishInFlight},
		o.sender("publish", plansOnly(d.Publish)))
	o.attach = batch.New(batch.Config{MaxItems: cfg.BatchFiles, MaxWeight: cfg.BatchFileBytes, InFlight: quarter},
		o.sender("attach", attachments(d)))
	var err error
	if o.metrics, err = newMetrics(o, tel.Meter); err != nil {
		return nil, errors.Join(err, o.Close(context.Background()))
	}
	return o, nil
}

// Held is the error of calls that are not tried now, since the org is left alone; nil if there is none.
func (o *Org) Held() error { return o.breaker.Held(o.dependency) }

// Apply writes a plan, with whatever else is waiting. While the allowance is short it waits for company, no
// longer than patience. Plans with one parent are written one after another.
func (o *Org) Apply(ctx context.Context, p *Plan, patience time.Duration) Outcome {
	if o.driver.Allowance().Share() < o.cfg.Green {
		patience = 0
	}
	nodes := max(1, len(p.Writes)+len(p.Ambiguous))
	out := o.do(ctx, "apply", o.apply, batch.Item[job]{Value: o.job(ctx, p), Parent: p.Parent, Weight: nodes, Wait: patience})
	o.metrics.wrote(ctx, out.Records)
	return out
}

// Publish puts a plan on the event bus, with whatever else is waiting. It spends no request allowance, so
// nothing waits for company.
func (o *Org) Publish(ctx context.Context, p *Plan) Outcome {
	return o.do(ctx, "publish", o.publish, batch.Item[job]{Value: o.job(ctx, p), Weight: 1})
}

func (o *Org) job(ctx context.Context, p *Plan) job {
	return job{plan: p, span: trace.SpanContextFromContext(ctx)}
}

// do waits for an item's turn, unless so many wait that the call is turned away.
func (o *Org) do(ctx context.Context, phase string, b *batch.Batcher[job, Outcome], item batch.Item[job]) Outcome {
	if queued, _ := b.Waiting(); o.cfg.Waiting > 0 && queued >= o.cfg.Waiting {
		return Outcome{Err: &retry.Error{Class: retry.Retryable, Code: CodeFull, Dependency: o.dependency, After: time.Second}}
	}
	return o.await(ctx, phase, b, item)
}

// await waits for an item's turn, unless the org is left alone.
func (o *Org) await(ctx context.Context, phase string, b *batch.Batcher[job, Outcome], item batch.Item[job]) Outcome {
	if err := o.Held(); err != nil {
		return Outcome{Err: err}
	}
	start := time.Now()
	out, err := b.Do(ctx, item)
	if err != nil {
		return Outcome{Err: fmt.Errorf("waiting for org %s: %w", o.name, err)}
	}
	o.metrics.waits.Record(ctx, time.Since(start).Seconds(), o.metrics.org, metric.WithAttributes(attribute.String("phase", phase)))
	return out
}

// fieldBytes is about what the fields of a file take in a request.
const fieldBytes = 1 << 10

// Attach hangs the plan's file on a record, with whatever other files are waiting. Its call has been written, so that it
// is not turned away for the many that wait.
func (o *Org) Attach(ctx context.Context, p *Plan, parent string) (Record, error) {
	j := o.job(ctx, p)
	j.parent = parent
	weight := base64.StdEncoding.EncodedLen(len(p.File.Content)) + fieldBytes
	out := o.await(ctx, "attach", o.attach, batch.Item[job]{Value: j, Weight: weight})
	if out.Err != nil {
		return Record{}, out.Err
	}
	o.metrics.wrote(ctx, out.Records)
	return out.Records[0], nil
}

func plansOnly(do func(context.Context, []*Plan) []Outcome) func(context.Context, []job) []Outcome {
	return func(ctx context.Context, jobs []job) []Outcome { return do(ctx, plansOf(jobs)) }
}

func attachments(d Driver) func(context.Context, []job) []Outcome {
	return func(ctx context.Context, jobs []job) []Outcome {
		files := make([]Attachment, len(jobs))
		for i, j := range jobs {
			files[i] = Attachment{Plan: j.plan, Parent: j.parent}
		}
		return d.Attach(ctx, files)
	}
}

func plansOf(jobs []job) []*Plan {
	plans := make([]*Plan, len(jobs))
	for i, j := range jobs {
		plans[i] = j.plan
	}
	return plans
}

// sender makes one phase's batches: the breaker, a span that links the calls' own, a time-out.
func (o *Org) sender(phase string, do func(context.Context, []job) []Outcome) batch.Send[job, Outcome] {
	return func(ctx context.Context, jobs []job) []Outcome {
		if err := o.breaker.Allow(o.dependency); err != nil { // it has opened while they queued
			held := make([]Outcome, len(jobs))
			for i := range held {
				held[i].Err = err
			}
			return held
		}
		links := make([]trace.Link, 0, len(jobs))
		for _, j := range jobs {
			if j.span.IsValid() {
				links = append(links, trace.Link{SpanContext: j.span})
			}
		}
		ctx, cancel := context.WithTimeout(ctx, o.cfg.RequestTimeout)
		defer cancel()
		ctx, span := o.tel.Tracer.Start(ctx, "crm "+phase, trace.WithNewRoot(), trace.WithLinks(links...),
			trace.WithSpanKind(trace.SpanKindClient),
			trace.WithAttributes(attribute.String("org", o.name), attribute.Int("calls", len(jobs))))
		defer span.End()
		o.metrics.batches.Record(ctx, int64(len(jobs)), o.metrics.org, metric.WithAttributes(attribute.String("phase", phase)))
		outcomes := do(o.reporting(ctx, plansOf(jobs)), jobs)
		o.note(ctx, outcomes)
		return outcomes
	}
}

// note counts what became of a batch for span and breaker. Where the org as such has failed and is left alone for it, the
// batch's calls are held back like those that were not tried: which of them found out is chance, and costs none an attempt.
func (o *Org) note(ctx context.Context, outcomes []Outcome) {
	down, failed := true, 0
	var after time.Duration
	for i, out := range outcomes {
		if !out.Down {
			down = false
		}
		if out.Err == nil {
			continue
		}
		failed++
		after = max(after, retry.After(out.Err))
		if errors.Is(out.Err, context.DeadlineExceeded) {
			// Ours, not the caller's: it has to be classified like any other missing answer.
			outcomes[i].Err = &retry.Error{Class: retry.Retryable, Code: "salesforce.timeout", Dependency: o.dependency, Err: out.Err}
		}
	}
	if failed > 0 {
		span := trace.SpanFromContext(ctx)
		span.SetStatus(codes.Error, retry.Code(outcomes[0].Err))
		span.SetAttributes(attribute.Int("failed", failed))
	}
	if !down || len(outcomes) == 0 {
		o.breaker.Report(o.dependency, nil)
		return
	}
	cause := outcomes[0].Err
	o.breaker.Report(o.dependency, &retry.Error{Class: retry.Retryable, Code: retry.Code(cause), After: after, Err: cause})
	held := (*retry.Error)(nil)
	if !errors.As(o.Held(), &held) {
		return
	}
	for i := range outcomes {
		outcomes[i].Err = &retry.Error{
			Class: retry.Retryable, Code: held.Code, Dependency: held.Dependency, After: held.After, Err: outcomes[i].Err,
		}
	}
}

// reporting lets the driver's requests be counted and billed.
func (o *Org) reporting(ctx context.Context, plans []*Plan) context.Context {
	return WithReport(ctx, plans, func(ctx context.Context, r Request, plans []*Plan) {
		o.metrics.requested(ctx, r)
		if o.billed != nil {
			o.billed(ctx, r, plans)
		}
	})
}

// Close waits until everything that was taken is answered, or ctx ends, and closes the driver.
func (o *Org) Close(ctx context.Context) error {
	err := errors.Join(o.apply.Close(ctx), o.publish.Close(ctx), o.attach.Close(ctx))
	if o.metrics != nil && o.metrics.observed != nil {
		err = errors.Join(err, o.metrics.observed.Unregister())
	}
	return errors.Join(err, o.driver.Close())
}
