package reconcile

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
	"github.com/frontdesk/frontdesk/services/ingress"
)

// Config is how to reach what is compared; the tenants' files have the rest. In the environment every key stands behind
// FRONTDESK_RECONCILE_.
type Config struct {
	Kafka     broker.Config    `koanf:"kafka"`
	Telemetry telemetry.Config `koanf:"telemetry"`
	// Tenants is the folder of tenant files.
	Tenants string `koanf:"tenants"`
	// Admin is host:port of /healthz, /readyz and /metrics of the job. Never expose it.
	Admin string `koanf:"admin"`
	// Search looks people up in the fields that people type numbers into before they count as missing; as crm-writer does.
	Search bool `koanf:"search"`
}

// Defaults of every setting that has one.
func Defaults() Config {
	return Config{Kafka: broker.Config{ClientID: "frontdesk-reconcile"}, Tenants: "tenants", Admin: "127.0.0.1:9105", Search: true}
}

// Validate reports every fault of c.
func (c *Config) Validate() error {
	errs := []error{c.Kafka.Validate(), c.Telemetry.Validate()}
	if c.Tenants == "" {
		errs = append(errs, errors.New("tenants: name the folder of tenant files"))
	}
	if _, _, err := net.SplitHostPort(c.Admin); err != nil {
		errs = append(errs, fmt.Errorf("admin: %q is not host:port", c.Admin))
	}
	return errors.Join(errs...)
}

// Desk is where the sources lie side by side. Its looks are made one after another.
type Desk struct {
	src  Sources
	conn *broker.Conn
	prod *produce.Producer
	crm  *crmwriter.Audit
}

// Open prepares the sources and reaches out to nobody. Its error lists every fault of the mappings.
func Open(cfg Config, tenants *tenant.Set, tel *telemetry.Telemetry) (*Desk, error) {
	wcfg := crmwriter.Defaults()
	wcfg.Search = cfg.Search
	audit, err := crmwriter.OpenAudit(wcfg, tenants)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names every fault
	}
	conn, err := broker.Dial(cfg.Kafka)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("preparing Kafka: %w", err), audit.Close())
	}
	d := &Desk{conn: conn, prod: produce.New(conn, produce.Config{}, tel), crm: audit}
	d.src = Sources{Tenants: tenants, Carrier: ingress.NewCallList(tenants), Topics: NewLog(conn, d.prod, audit.Expect), CRM: audit}
	return d, nil
}

// Look looks once; see [Run]. A later look reads only what has come to the topics since: its window must not reach further back than
// that of the first.
func (d *Desk) Look(ctx context.Context, o Options) (*Report, error) { return Run(ctx, d.src, o) }

// Close ends what Open has begun.
func (d *Desk) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(d.prod.Close(ctx), d.conn.Close(), d.crm.Close())
}
