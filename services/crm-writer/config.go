package crmwriter

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/kafka"
)

// Config of crm-writer. In the environment every key stands behind FRONTDESK_CRM_WRITER_.
type Config struct {
	Kafka   broker.Config  `koanf:"kafka"`
	Produce produce.Config `koanf:"produce"`
	// Redis holds the claims; while it is away, calls wait, and /readyz says so. The service stays ready: another would wait,
	// too, and a rollout that waits for readiness would stand still with it.
	Redis     idempotency.Redis  `koanf:"redis"`
	Claims    idempotency.Config `koanf:"claims"`
	Telemetry telemetry.Config   `koanf:"telemetry"`
	// Tenants is the folder of tenant files.
	Tenants string `koanf:"tenants"`
	// Admin is host:port of /healthz, /readyz and /metrics. Never expose it.
	Admin string `koanf:"admin"`
	// Consume bounds what is taken and not done. A call that waits for its batch holds a place of
	// consume.concurrency, so that must be above the calls of one org that may wait (crm.waiting).
	Consume consume.Config `koanf:"consume"`
	// Retry in place, before a call is parked.
	Retry retry.Policy `koanf:"retry"`
	// CRM bounds what each org is asked at once. crm.waiting is by default two thirds of the places where there
	// are several orgs, and all of them where there is one.
	CRM crm.Config `koanf:"crm"`
	// Search looks numbers that no Phone_E164__c holds up in the fields that people type into; a request a
	// batch.
	Search bool `koanf:"search"`
	// Fallback publishes platform events over REST while the Pub/Sub API is away; those requests count
	// against the org's daily allowance.
	Fallback bool `koanf:"fallback"`
	// Grace is how long each part may take to stop.
	Grace time.Duration `koanf:"grace"`
}

// Defaults of every setting that has one.
func Defaults() Config {
	return Config{
		Tenants: "tenants", Admin: "127.0.0.1:9104", Grace: 45 * time.Second,
		Kafka: broker.Config{ClientID: "frontdesk-crm-writer"},
		// Two batches of 225 calls under way and one that fills. More places drain a backlog no faster, and each costs memory
		// for a call half done: 1,536 of them took 100 MB more, and a tenth more of the processor.
		// What waits for a place is cheaper left in Kafka: half as many again as there are places keep them filled.
		// What is under way at an org when a partition is lost may end there: as long as a batch may take.
		Consume: consume.Config{Group: kafka.Service, Concurrency: 640, MaxTaken: 400, MaxProcess: 960, Detached: 35 * time.Second},
		Retry:   retry.Default(), CRM: crm.Defaults(), Search: true, Fallback: true,
	}
}

// AdminAddress implements config.Probed.
func (c *Config) AdminAddress() string { return c.Admin }

// Validate reports every fault of c.
func (c *Config) Validate() error {
	errs := []error{
		c.Kafka.Validate(), c.Produce.Validate(), c.Consume.Validate(), c.Redis.Validate(), c.Claims.Validate(), c.Telemetry.Validate(),
		c.CRM.Validate(),
	}
	if c.Tenants == "" {
		errs = append(errs, errors.New("tenants: name the folder of tenant files"))
	}
	if _, _, err := net.SplitHostPort(c.Admin); err != nil {
		errs = append(errs, fmt.Errorf("admin: %q is not host:port", c.Admin))
	}
	if c.Consume.Concurrency <= c.CRM.Waiting {
		errs = append(errs, fmt.Errorf("consume.concurrency: %d must be above crm.waiting (%d), or one org's calls take every place",
			c.Consume.Concurrency, c.CRM.Waiting))
	}
	if c.Grace <= 0 {
		errs = append(errs, fmt.Errorf("grace: %s is not positive", c.Grace))
	}
	return errors.Join(errs...)
}
