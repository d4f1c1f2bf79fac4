package stt

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/stt/internal/app"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/pace"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/rotate"
)

// Config of stt. In the environment every key stands behind FRONTDESK_STT_.
type Config struct {
	Kafka     broker.Config    `koanf:"kafka"`
	Produce   produce.Config   `koanf:"produce"`
	Telemetry telemetry.Config `koanf:"telemetry"`
	// Tenants is the folder of tenant files.
	Tenants string `koanf:"tenants"`
	// Admin is host:port of /healthz, /readyz and /metrics. Never expose it.
	Admin string `koanf:"admin"`
	// Consume bounds what is taken and not done. Audio stays taken until its final, ten seconds of it in silence and
	// half a minute in sound that no recogniser makes words of, so the bounds are far above the consumer's own.
	Consume consume.Config `koanf:"consume"`
	// Hearing is how long audio, sessions and calls are kept.
	Hearing app.Config `koanf:"hearing"`
	// Pace is how fast recognisers are given audio; its speed is the carrier's.
	Pace pace.Config `koanf:"pace"`
	// Rotate is how one stream of a recogniser follows another.
	Rotate rotate.Config `koanf:"rotate"`
	// Breaker leaves a tenant's recogniser alone while it is away or out of quota: nobody else's. An outage costs no word if it is
	// shorter than hearing.away less a quarter more than breaker.most.
	Breaker breaker.Settings `koanf:"breaker"`
	// Grace is how long each part may take to stop.
	Grace time.Duration `koanf:"grace"`
}

// Defaults of every setting that has one.
func Defaults() Config {
	return Config{
		Tenants: "tenants", Admin: "127.0.0.1:9102", Grace: 10 * time.Second,
		Kafka: broker.Config{ClientID: "frontdesk-stt"},
		// 400 parties that hold ten seconds each are 20,000 chunks of 200 ms and 32 MB; a minute that waits
		// for consent is six times that.
		Consume: consume.Config{
			Group: "stt", Concurrency: 256, MaxTaken: 50_000, MaxTakenBytes: 96 << 20,
			MaxProcess: 200_000, MaxProcessBytes: 384 << 20,
		},
		Hearing: app.Defaults(), Pace: pace.Defaults(), Rotate: rotate.Defaults(),
		Breaker: breaker.Settings{Failures: 5, Open: 2 * time.Second, Most: 10 * time.Second},
	}
}

// AdminAddress implements config.Probed.
func (c *Config) AdminAddress() string { return c.Admin }

// Validate reports every fault of c.
func (c *Config) Validate() error {
	errs := []error{c.Kafka.Validate(), c.Produce.Validate(), c.Consume.Validate(), c.Telemetry.Validate()}
	errs = append(errs, c.Hearing.Validate()...)
	errs = append(errs, c.Pace.Validate()...)
	errs = append(errs, c.Rotate.Validate()...)
	errs = append(errs, c.Breaker.Validate("breaker"), c.room())
	if c.Tenants == "" {
		errs = append(errs, errors.New("tenants: name the folder of tenant files"))
	}
	if _, _, err := net.SplitHostPort(c.Admin); err != nil {
		errs = append(errs, fmt.Errorf("admin: %q is not host:port", c.Admin))
	}
	if c.Grace <= 0 {
		errs = append(errs, fmt.Errorf("grace: %s is not positive", c.Grace))
	}
	return errors.Join(errs...)
}

// leastTaken and leastBytes are the smallest bounds with which calls can be heard: finals that are forced to make room must be
// of more than the second of audio that is kept for a word under way, and five calls have ten parties.
const (
	leastTaken = 200
	leastBytes = 512 << 10
)

// room reports bounds under which a partition would be given up bit by bit instead of heard.
func (c *Config) room() error {
	var errs []error
	for _, b := range []struct {
		name     string
		n, least int
	}{
		{"max_taken", c.Consume.MaxTaken, leastTaken}, {"max_process", c.Consume.MaxProcess, leastTaken},
		{"max_taken_bytes", c.Consume.MaxTakenBytes, leastBytes}, {"max_process_bytes", c.Consume.MaxProcessBytes, leastBytes},
	} {
		if b.n < b.least {
			errs = append(errs, fmt.Errorf("consume.%s: %d is under %d: audio stays taken until words are made of it", b.name, b.n, b.least))
		}
	}
	return errors.Join(errs...)
}

// roomOf is what the consumer's bounds leave to audio that waits.
func roomOf(c consume.Config) app.Room {
	return app.Room{
		Bytes: c.MaxTakenBytes, ProcessBytes: c.MaxProcessBytes,
		Message: max(c.MaxTakenBytes/c.MaxTaken, c.MaxProcessBytes/c.MaxProcess),
	}
}
