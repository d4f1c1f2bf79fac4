// Package app is what the writer does with one insight: decide on a plan, write it the tenant's way, tell what
// came of it.
//
//	app.go      ports, Writer
//	write.go    one insight, start to end
//	record.go   calls.records
//	usage.go    calls.usage
//
// It knows nothing of Kafka, Redis or Salesforce.
package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/mapping"
)

// CRM is one org; [crm.Org] is one.
type CRM interface {
	// Apply writes a plan; while the org's allowance is short it may keep it for company, no longer than
	// patience.
	Apply(ctx context.Context, p *crm.Plan, patience time.Duration) crm.Outcome
	// Publish puts a plan on the org's event bus.
	Publish(ctx context.Context, p *crm.Plan) crm.Outcome
	// Attach hangs the plan's file on a record.
	Attach(ctx context.Context, p *crm.Plan, parent string) (crm.Record, error)
}

// Records is where records and usage are told.
type Records interface {
	// Send tells what came of a call and returns at once; done is called once, when it is kept or given up. It
	// outlives the loss of the call's partition: what it tells of has happened.
	Send(ctx context.Context, e *events.CallEvent, done func(error))
}

// Orgs finds the org of a tenant; nil for a tenant whose pattern needs none.
type Orgs func(t *tenant.Tenant) CRM

// Writer writes insights. Safe for concurrent use.
type Writer struct {
	tenants  *tenant.Set
	mappings map[string]*mapping.Mapping
	orgs     Orgs
	records  Records
	tel      *telemetry.Telemetry
	calls    metric.Int64Counter
	// counted are the labels of calls, made once.
	counted map[counted]metric.MeasurementOption
}

// counted is what a revision is counted by.
type counted struct{ tenant, outcome string }

// New makes a writer with the mappings that [LoadMappings] gave.
func New(tenants *tenant.Set, mappings map[string]*mapping.Mapping, orgs Orgs, records Records, tel *telemetry.Telemetry) (*Writer, error) {
	w := &Writer{tenants: tenants, mappings: mappings, orgs: orgs, records: records, tel: tel}
	var err error
	if w.calls, err = tel.Meter.Int64Counter("frontdesk.crm.calls",
		metric.WithDescription("Revisions of calls, by tenant, pattern and outcome.")); err != nil {
		return nil, fmt.Errorf("making the writer's metrics: %w", err)
	}
	w.counted = map[counted]metric.MeasurementOption{}
	for _, t := range tenants.All() {
		for _, o := range []string{outcomeWritten, outcomePublished, outcomePending, outcomeFailed, outcomeSuperseded, outcomeRetried} {
			w.counted[counted{t.ID, o}] = metric.WithAttributeSet(attribute.NewSet(attribute.String("tenant", t.ID),
				attribute.String("pattern", string(t.Salesforce.Pattern)), attribute.String("outcome", o)))
		}
	}
	return w, nil
}

// LoadMappings compiles the mapping of each tenant, the shipped one where none is named; its error lists
// every fault of every file. Tenants with the same file share it.
func LoadMappings(tenants *tenant.Set) (map[string]*mapping.Mapping, error) {
	byFile, byTenant := map[string]*mapping.Mapping{}, map[string]*mapping.Mapping{}
	failed := map[string]bool{}
	var errs []error
	for _, t := range tenants.All() {
		path := t.Salesforce.Mapping
		if byFile[path] == nil && !failed[path] {
			m, err := loadMapping(path)
			if err != nil {
				errs = append(errs, fmt.Errorf("tenant %s:\n%w", t.ID, err))
				failed[path] = true
			}
			byFile[path] = m
		}
		byTenant[t.ID] = byFile[path]
	}
	return byTenant, errors.Join(errs...)
}

func loadMapping(path string) (*mapping.Mapping, error) {
	if path == "" {
		return mapping.Default() // names its file
	}
	data, err := os.ReadFile(path) //nolint:gosec // the operator names it in the tenant's file
	if err != nil {
		return nil, fmt.Errorf("reading the mapping: %w", err)
	}
	return mapping.Compile(path, data) // names its file
}

// Outcomes of a revision, as metrics show them.
const (
	outcomeWritten    = "written"
	outcomePublished  = "published"
	outcomePending    = "pending"
	outcomeFailed     = "failed"
	outcomeSuperseded = "superseded"
	outcomeRetried    = "retried"
)

func (w *Writer) count(ctx context.Context, t *tenant.Tenant, outcome string) {
	w.calls.Add(ctx, 1, w.counted[counted{t.ID, outcome}])
}
