// Package inference is the service that decides what a call was about, and when it is over. It reads
// calls.lifecycle and calls.transcripts, keeps its fold of each call in calls.state, and publishes revisions
// on calls.insights and what they cost on calls.usage. How it decides stands in internal/app.
package inference

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/inference/internal/answers"
	"github.com/frontdesk/frontdesk/services/inference/internal/app"
	"github.com/frontdesk/frontdesk/services/inference/internal/kafka"
)

// Config of the service.
type Config struct {
	Kafka broker.Config `koanf:"kafka"`
	// Redis holds the claims of questions; the service goes on without it, and may then buy an answer twice.
	Redis  idempotency.Redis  `koanf:"redis"`
	Claims idempotency.Config `koanf:"claims"`
	// Tenants is the folder of tenant files.
	Tenants   string           `koanf:"tenants"`
	Telemetry telemetry.Config `koanf:"telemetry"`
	// Admin is host:port of /healthz, /readyz and /metrics.
	Admin   string         `koanf:"admin"`
	Consume consume.Config `koanf:"consume"`
	Produce produce.Config `koanf:"produce"`
	// Desk is how long calls wait for what, and how a model is asked.
	Desk app.Settings `koanf:"desk"`
	// Grace is how long each part may take to stop; a question under way needs most of it.
	Grace time.Duration `koanf:"grace"`
}

// Defaults of every setting that has one.
func Defaults() Config {
	return Config{
		Tenants: "tenants", Admin: "127.0.0.1:9103", Grace: 30 * time.Second,
		Kafka:   broker.Config{ClientID: "frontdesk-inference"},
		Claims:  idempotency.Config{Lease: 6 * time.Second, Keep: 24 * time.Hour},
		Consume: consume.Config{Group: kafka.Group, Concurrency: 256, Detached: 20 * time.Second},
		Desk: app.Settings{
			Timing:   app.DefaultTiming(),
			Ask:      retry.Policy{Initial: 500 * time.Millisecond, Max: 8 * time.Second, Budget: 30 * time.Second},
			AskAgain: retry.Policy{Initial: time.Minute, Max: time.Hour, Budget: 24 * time.Hour},
			Breaker:  breaker.Settings{Failures: 5, Open: 15 * time.Second, Most: time.Minute},
		},
	}
}

// AdminAddress implements config.Probed.
func (c *Config) AdminAddress() string { return c.Admin }

// Validate reports every fault of c.
func (c *Config) Validate() error {
	errs := []error{
		c.Kafka.Validate(), c.Produce.Validate(), c.Consume.Validate(), c.Redis.Validate(), c.Claims.Validate(), c.Telemetry.Validate(),
		c.Desk.Validate(),
	}
	if c.Tenants == "" {
		errs = append(errs, errors.New("tenants: name the folder of tenant files"))
	}
	if _, _, err := net.SplitHostPort(c.Admin); err != nil {
		errs = append(errs, fmt.Errorf("admin: %q is not host:port", c.Admin))
	}
	if c.Grace <= 0 {
		errs = append(errs, fmt.Errorf("grace: %s is not positive", c.Grace))
	}
	if c.Consume.Detached <= 0 {
		errs = append(errs, fmt.Errorf("consume.detached: %s is not positive", c.Consume.Detached))
	}
	return errors.Join(errs...)
}

// Fits reports tenants whose questions may take longer than the service waits for one when it stops: such a question would be cut off
// at every rollout, and bought again.
func (c *Config) Fits(tenants *tenant.Set) error {
	var errs []error
	for _, t := range tenants.All() {
		if i := t.Inference; i.Provider != "none" && i.Timeout.Std() > c.Consume.Detached {
			errs = append(errs, fmt.Errorf("tenant %s: inference.timeout: %s is longer than consume.detached, %s: a question under way would be "+
				"cut off when the service stops, and bought again; lower the one, or raise the other and grace with it", t.ID, i.Timeout.Std(), c.Consume.Detached))
		}
	}
	return errors.Join(errs...)
}

// Service is one running inference.
type Service struct {
	cfg   Config
	tel   *telemetry.Telemetry
	admin net.Listener
	group *lifecycle.Group
	// In the order in which they were made.
	opened lifecycle.Opened
}

// New opens the admin listener and prepares everything else; it dials nothing that may be away.
func New(ctx context.Context, cfg Config, tenants *tenant.Set, tel *telemetry.Telemetry) (*Service, error) {
	if err := errors.Join(cfg.Validate(), cfg.Fits(tenants)); err != nil {
		return nil, fmt.Errorf("wrong settings: %w", err)
	}
	s := &Service{cfg: cfg, tel: tel}
	if err := s.build(tenants); err != nil { //nolint:contextcheck // nothing here waits: listeners open at once, clients dial later
		return nil, errors.Join(err, s.opened.Close(ctx, cfg.Grace))
	}
	return s, nil
}

func (s *Service) build(tenants *tenant.Set) (err error) {
	if s.admin, err = lifecycle.Listen("admin", s.cfg.Admin); err != nil {
		return err
	}
	s.opened.Hold(s.admin.Close)
	conn, err := broker.Dial(s.cfg.Kafka)
	if err != nil {
		return fmt.Errorf("preparing Kafka: %w", err)
	}
	s.opened.Hold(conn.Close)
	prod := produce.New(conn, s.cfg.Produce, s.tel)
	s.opened.HoldDraining(prod.Close)
	rdb, err := s.cfg.Redis.Dial()
	if err != nil {
		return fmt.Errorf("preparing Redis: %w", err)
	}
	s.opened.Hold(rdb.Close)
	claims := idempotency.NewStore(rdb, s.cfg.Claims, s.tel)
	s.opened.Hold(claims.Close)
	models := newDrivers()
	s.opened.Hold(models.Close)
	desk, err := app.New(tenants, s.cfg.Desk, app.Ports{
		Out: kafka.NewOutbox(prod), Past: kafka.NewPast(conn),
		// Two requests with their budgets, and some.
		Answers: answers.New(claims, 2*s.cfg.Desk.Ask.Budget+time.Minute),
		Models:  models, Redactor: redactor{}, Go: consume.Go, Ending: consume.Ending,
	}, s.tel)
	if err != nil {
		return fmt.Errorf("preparing the desk: %w", err)
	}
	cfg := s.cfg.Consume
	cfg.Topics = []string{events.Lifecycle.Name, events.Transcripts.Name}
	cfg.DeadLetters = events.DeadLetters.Name
	owner := kafka.NewOwner(conn, desk, tenants.LongestCall())
	consumer, err := consume.New(conn, prod, cfg, kafka.Handler(desk), owner.Hooks(), s.tel)
	if err != nil {
		return fmt.Errorf("preparing the consumer: %w", err)
	}
	// The admin listener is last to stop, so that the probes tell what is going on until then.
	s.group = lifecycle.New(s.cfg.Grace,
		lifecycle.HTTP("admin", s.admin, lifecycle.Admin(s.tel.Metrics, func() (bool, []string) { return s.group.Ready() })),
		lifecycle.Part{Name: "consumer", Run: consumer.Run, Ready: consumer.Ready})
	return nil
}

// AdminAddr is where /healthz, /readyz and /metrics are served, host:port.
func (s *Service) AdminAddr() string { return s.admin.Addr().String() }

// Run serves until ctx ends and everything under way is drained. It is called once.
func (s *Service) Run(ctx context.Context) error {
	s.tel.Log.InfoContext(ctx, "inference runs", "admin", s.AdminAddr())
	err := s.group.Run(ctx)
	return errors.Join(err, s.opened.Close(ctx, s.cfg.Grace))
}
