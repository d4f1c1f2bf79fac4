package crm

import (
	"context"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// Driver carries plans out in one org of one product, with one credential. Its methods are safe for
// concurrent use and return classified errors (package retry). Whoever implements it passes drivertest.
type Driver interface {
	// Apply writes plans as Decide says, each all or not at all, and returns an outcome for each, in order.
	// One that fails takes no other along. No two plans of one batch have the same parent. Repeating a plan
	// changes nothing.
	Apply(ctx context.Context, plans []*Plan) []Outcome
	// Publish puts plans on the org's event bus and returns an outcome for each, in order. Repeating one is
	// harmless: whoever applies it finds its revision.
	Publish(ctx context.Context, plans []*Plan) []Outcome
	// Attach hangs files on records and returns an outcome for each, in order, with the file as its record. One that fails
	// takes no other along. A file that is there already is no error.
	Attach(ctx context.Context, files []Attachment) []Outcome
	// Allowance is how much of the org's request allowance is spent, as far as is known. It does not ask.
	Allowance() Allowance
	// Close ends what the driver holds; nothing is under way by then.
	Close() error
}

// Outcome of one plan.
type Outcome struct {
	// Records that the plan stands in, made or not by this write; nil after an error.
	Records []Record
	// Superseded tells that a higher revision of the same call stood in its own records, and nothing was written.
	Superseded bool
	// BusID is the event's id on the bus, after Publish.
	BusID string
	// Err is the classified error of a plan that failed.
	Err error
	// Down tells that the org as such failed, not this plan: it counts for the breaker.
	Down bool
}

// Attachment is a plan's file and the record that it hangs on.
type Attachment struct {
	// Plan with a File.
	Plan *Plan
	// Parent is the record's id.
	Parent string
}

// Absence is one record of a plan that the CRM does not hold as the plan would have it.
type Absence struct {
	// Role is the write's ref, or RoleFile.
	Role string
	// Object's API name, and the external id that the record is made with.
	Object, KeyField, Key string
	// Older tells that the record is there with a lower revision of the call, rather than not at all.
	Older bool
}

// RoleFile is the role of a plan's file; no write has this ref.
const RoleFile = events.RoleFile

// Record is one record that holds some of a call.
type Record struct {
	// Role is the write's ref, or RoleFile.
	Role string
	// Object's API name and record id.
	Object, ID string
	// KeyField and Key are the external id; empty for a record that was matched.
	KeyField, Key string
	// Action that was taken.
	Action Action
}

// Allowance of requests.
type Allowance struct{ Used, Max int }

// Share that is spent, 0 to 1; 0 while nothing is known.
func (a Allowance) Share() float64 {
	if a.Max <= 0 {
		return 0
	}
	return float64(a.Used) / float64(a.Max)
}

// Request is one request that a driver has made to its org.
type Request struct {
	// ID is the attempt's, ours.
	ID string
	// API is "rest" or "pubsub".
	API string
	// Operation in our words, e.g. "graph".
	Operation string
	// Code is "" for success, else the product's word for what went wrong.
	Code string
	// Unit that it is billed in, and how many of them.
	Unit   string
	Amount float64
	// End and Duration of it.
	End      time.Time
	Duration time.Duration
}

type (
	reportKey struct{}
	plansKey  struct{}
)

// WithReport returns ctx under which a driver's requests are told to fn, with the plans that they were made for.
func WithReport(ctx context.Context, plans []*Plan, fn func(context.Context, Request, []*Plan)) context.Context {
	return context.WithValue(For(ctx, plans), reportKey{}, fn)
}

// For returns ctx under which requests are made for these plans only, of those of a batch: they bear the cost.
func For(ctx context.Context, plans []*Plan) context.Context {
	return context.WithValue(ctx, plansKey{}, plans)
}

// Report tells of a request that was made under ctx.
func Report(ctx context.Context, r Request) {
	if fn, ok := ctx.Value(reportKey{}).(func(context.Context, Request, []*Plan)); ok {
		plans, _ := ctx.Value(plansKey{}).([]*Plan)
		fn(ctx, r, plans)
	}
}
