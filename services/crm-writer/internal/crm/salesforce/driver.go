// Package salesforce is the crm driver for Salesforce: direct writes by Composite Graph, one graph per call
// and many in a request, and platform events by the Pub/Sub API with REST as the fallback.
//
//	driver.go    the driver and its settings
//	apply.go     a batch: look up, decide, write, and again for those whose world has changed meanwhile
//	lookup.go    what stands: one composite request of queries for the whole batch, one search for the rest
//	found.go     what was found, by key, number and id
//	graph.go     a plan's decisions as a graph of subrequests
//	files.go     files, many in a request
//	publish.go   platform events
package salesforce

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub"
)

// Config of one org.
type Config struct {
	// Client's settings; Observe is the driver's own.
	Client sf.Config
	// PubSub's settings; Observe is the driver's own.
	PubSub pubsub.Config
	// Event is the platform event's API name.
	Event string
	// NoSearch leaves out the search for numbers that no Phone_E164__c holds: it costs one request a batch,
	// and finds people whose number was typed by hand in an org that does not keep that field.
	NoSearch bool
	// NoFallback leaves out publishing over REST while the Pub/Sub API is away.
	NoFallback bool
	// Log is told when the way onto the bus changes.
	Log *slog.Logger
}

// Driver of one org.
type Driver struct {
	cfg    Config
	client *sf.Client
	bus    *pubsub.Publisher
	// busFailures counts failures of the Pub/Sub API in a row.
	busFailures atomic.Int32
}

var _ crm.Driver = (*Driver)(nil)

// New checks cfg and reaches out to nobody.
func New(cfg Config) (*Driver, error) {
	cfg.Client.Observe = observer("rest", "api_call")
	client, err := sf.New(cfg.Client)
	if err != nil {
		return nil, err // names the org and every fault
	}
	cfg.PubSub.Observe = observer("pubsub", "request")
	bus, err := pubsub.New(cfg.PubSub, client)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return &Driver{cfg: cfg, client: client, bus: bus}, nil
}

// observer tells crm of a request: only those over REST are counted against the org's daily allowance.
func observer(api, unit string) func(context.Context, sf.Request) {
	return func(ctx context.Context, r sf.Request) {
		var id [16]byte
		_, _ = rand.Read(id[:]) // never fails (crypto/rand)
		crm.Report(ctx, crm.Request{
			ID: hex.EncodeToString(id[:]), API: api, Operation: r.Operation, Code: r.Code,
			Unit: unit, Amount: 1, End: r.Start.Add(r.Duration), Duration: r.Duration,
		})
	}
}

// Allowance is what the latest answer told.
func (d *Driver) Allowance() crm.Allowance {
	u := d.client.Usage()
	return crm.Allowance{Used: u.Used, Max: u.Max}
}

// Client is the driver's client, for a tool that asks the org about a mapping.
func (d *Driver) Client() *sf.Client { return d.client }

// Close ends the streams and drops the connections.
func (d *Driver) Close() error { return errors.Join(d.bus.Close(), d.client.Close()) }
