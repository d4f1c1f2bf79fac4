package ingress

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/calltoken"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio"
)

// Config of ingress. In the environment every key stands behind FRONTDESK_INGRESS_.
type Config struct {
	Kafka     broker.Config    `koanf:"kafka"`
	Produce   produce.Config   `koanf:"produce"`
	Telemetry telemetry.Config `koanf:"telemetry"`
	// Tenants is the folder of tenant files.
	Tenants string `koanf:"tenants"`
	// Listen is host:port of the webhooks and the media sockets, plain HTTP: TLS ends at the gateway.
	Listen string `koanf:"listen"`
	// Admin is host:port of /healthz, /readyz and /metrics. Never expose it.
	Admin string `koanf:"admin"`
	// PublicURL is the https base that Twilio reaches Listen by: signatures are checked against it, and every
	// URL handed out begins with it. A path in it must be taken off by the gateway.
	PublicURL string `koanf:"public_url"`
	// Insecure lets PublicURL be http on a host whose name has no dot, as services in one network of containers reach each
	// other: for a sandbox, whose Twilio is a stand-in. Twilio itself could not reach it.
	Insecure bool `koanf:"insecure"`
	// TokenKeys sign the call tokens, at least 32 bytes each; the first signs, both open. To rotate, put the
	// new one in front and take the old one away when the longest call and 48 h have passed.
	TokenKeys []config.Secret `koanf:"token_keys"`
	// Spool keeps on the local disk what Kafka does not take in time.
	Spool Spool `koanf:"spool"`
	// Redis, if it has addresses, tells which webhooks are stored already, for Claims.Keep: a repetition on whichever replica stores
	// nothing again. Without it, and while it is away, repetitions are stored and dropped by whoever reads.
	Redis  idempotency.Redis  `koanf:"redis"`
	Claims idempotency.Config `koanf:"claims"`
	// UnknownNumber is "refuse" (a polite word, and nothing is stored) or the id of the tenant that takes calls
	// to numbers that nobody owns; they are handled like the first number of its file.
	UnknownNumber string `koanf:"unknown_number"`
	// PublishTimeout is how long a caller waits, in silence, for an event to be stored; then the call goes on
	// without a stream. Twilio's own limit is 15 s.
	PublishTimeout time.Duration `koanf:"publish_timeout"`
	// CarrierTimeout bounds one request to Twilio's REST API.
	CarrierTimeout time.Duration `koanf:"carrier_timeout"`
	// AcceptGrace is how long a process that is told to stop goes on taking calls and streams, unready already: as long as the
	// load balancer may send it some. A stream that is refused costs the call the words until the next one.
	AcceptGrace time.Duration `koanf:"accept_grace"`
	// Grace is how long running streams may go on after that.
	Grace time.Duration `koanf:"grace"`
	Media Media         `koanf:"media"`
}

// Spool is where events wait while Kafka is slow or away. It holds callers' numbers and voices, as Kafka does.
type Spool struct {
	// Dir is a folder on a disk that outlives the process, for this process alone; made if need be. Empty switches the spool
	// off: without Kafka webhooks are refused then, Twilio tries again for 15 s, and audio becomes a gap within seconds.
	Dir string `koanf:"dir"`
	// MaxBytes bounds what it takes on the disk, at least 64 KiB. A second of a call takes 20 KB.
	MaxBytes int64 `koanf:"max_bytes"`
	// AudioPercent is the share of MaxBytes that audio may use. The rest is kept for everything else: webhooks are a few KB a
	// call, and not one of them may be lost.
	AudioPercent int `koanf:"audio_percent"`
	// After is how long Kafka may take to acknowledge an event before all go to the spool; below PublishTimeout.
	After time.Duration `koanf:"after"`
}

// Media bounds the media sockets.
type Media struct {
	// MaxStreams open at once in this process; more are refused, and Twilio's status callback starts them
	// anew, here or elsewhere.
	MaxStreams int `koanf:"max_streams"`
	// MaxRestarts is how many streams of a call that broke are followed at once; later ones wait as if they had not begun.
	MaxRestarts int `koanf:"max_restarts"`
	// RestartPause is the wait before a new stream where the last could not be started, since a replica drains, is full or
	// has gone. It doubles each time, up to 32 times the first, and goes on for as long as the call lives.
	RestartPause time.Duration `koanf:"restart_pause"`
	// HandOver is how long a stream that outlives Grace goes on beside the new one that another replica takes, until that has
	// begun. 0 ends it at once: where there is no other replica.
	HandOver time.Duration `koanf:"hand_over"`
	// MaxMessageBytes of one WebSocket message; Twilio's have 400, or 2 KB for start.
	MaxMessageBytes int `koanf:"max_message_bytes"`
	// Idle closes a socket on which nothing was heard for so long. stt gives a stream up after 15 s.
	Idle time.Duration `koanf:"idle"`
	// Gather lets frames gather in the socket before they are read: latency (at most this, of the 200 ms
	// that packing takes anyway) for system calls. 0 reads every frame at once.
	Gather time.Duration `koanf:"gather"`
	// MaxUnackedBytes is the audio of one stream that may wait for Kafka; 16,000 bytes are a second of both
	// tracks. Beyond it audio is dropped and declared as a gap.
	MaxUnackedBytes int `koanf:"max_unacked_bytes"`
	// MaxUnackedTotalBytes is that of all streams together: at most half of produce.max_queued_bytes, so that
	// webhooks find room.
	MaxUnackedTotalBytes int `koanf:"max_unacked_total_bytes"`
	// EndWait is how long the end of a stream waits for its audio to be stored.
	EndWait time.Duration `koanf:"end_wait"`
}

// UnknownRefuse is the value of Config.UnknownNumber that refuses.
const UnknownRefuse = "refuse"

// Defaults returns every setting that has a sensible value everywhere; the others are required.
func Defaults() Config {
	return Config{
		Produce:       produce.Config{MaxQueuedBytes: 128 << 20},
		Listen:        ":8080",
		Admin:         "127.0.0.1:9101",
		Spool:         Spool{MaxBytes: 1 << 30, AudioPercent: 80, After: time.Second},
		UnknownNumber: UnknownRefuse, PublishTimeout: 3 * time.Second, CarrierTimeout: 5 * time.Second,
		AcceptGrace: 5 * time.Second, Grace: 25 * time.Second,
		Media: Media{
			MaxStreams: 4000, MaxRestarts: 5, RestartPause: time.Second, HandOver: 3 * time.Second, MaxMessageBytes: 64 << 10, Idle: 10 * time.Second, Gather: 60 * time.Millisecond,
			MaxUnackedBytes: 1 << 20, MaxUnackedTotalBytes: 64 << 20, EndWait: 10 * time.Second,
		},
	}
}

// faults collects what is wrong, each with its key.
type faults []error

func (f *faults) need(ok bool, format string, args ...any) {
	if !ok {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

// AdminAddress implements config.Probed.
func (c *Config) AdminAddress() string { return c.Admin }

// Validate reports every fault of c.
func (c *Config) Validate() error {
	f := faults{c.Kafka.Validate(), c.Produce.Validate(), c.Telemetry.Validate()}
	f.need(c.Tenants != "", "tenants: missing; the folder of the tenant files")
	f.need(isAddress(c.Listen), "listen: must be host:port")
	f.need(isAddress(c.Admin), "admin: must be host:port")
	f.need(c.Listen != c.Admin || c.Listen == "" || isAnyPort(c.Listen), "admin: must not be listen's address: probes and metrics are not for Twilio")
	if err := twilio.CheckPublicURL(c.PublicURL, c.Insecure); err != nil {
		f = append(f, fmt.Errorf("public_url: %w", err))
	}
	if _, err := calltoken.New(c.TokenKeys); err != nil {
		f = append(f, fmt.Errorf("token_keys: %w", err))
	}
	f.need(c.UnknownNumber != "", "unknown_number: must be %q or a tenant's id", UnknownRefuse)
	f.need(c.PublishTimeout > 0 && c.PublishTimeout <= 10*time.Second, "publish_timeout: must be over 0 and at most 10s; Twilio gives up at 15s")
	f.need(c.CarrierTimeout > 0 && c.CarrierTimeout <= 10*time.Second, "carrier_timeout: must be over 0 and at most 10s; Twilio gives up at 15s")
	f.need(c.AcceptGrace >= 0, "accept_grace: must not be negative")
	f.need(c.Grace >= 0, "grace: must not be negative")
	c.Spool.validate(&f, c.PublishTimeout)
	if c.claims() {
		f = append(f, c.Redis.Validate(), c.Claims.Validate())
	}
	c.Media.validate(&f, c.Produce.MaxQueuedBytes)
	return errors.Join(f...)
}

// claims tells whether there is a Redis to ask. One that is set in part is a fault, not a wish to do without.
func (c *Config) claims() bool {
	r := c.Redis
	return len(r.Addrs) > 0 || r.MasterName != "" || r.Username != "" || r.Password != "" || r.DB != 0 || r.TLS || r.CAFile != ""
}

// leastSpool is below what anybody would set but to see it full.
const leastSpool = 64 << 10

func (s Spool) validate(f *faults, publish time.Duration) {
	if s.Dir == "" {
		return
	}
	f.need(s.MaxBytes >= leastSpool, "spool.max_bytes: must be at least %d", leastSpool)
	f.need(s.AudioPercent >= 0 && s.AudioPercent <= 95, "spool.audio_percent: must be 0 to 95, so that webhooks find room")
	f.need(s.After > 0 && s.After < publish, "spool.after: must be over 0 and below publish_timeout, or callers go on before their events are spooled")
}

func (m Media) validate(f *faults, queued int) {
	f.need(m.MaxStreams > 0, "media.max_streams: must be over 0")
	f.need(m.MaxRestarts >= 0 && m.MaxRestarts <= 50, "media.max_restarts: must be 0 to 50")
	f.need(m.RestartPause > 0 && m.RestartPause <= time.Minute, "media.restart_pause: must be over 0 and at most 1m")
	f.need(m.HandOver >= 0 && m.HandOver <= 30*time.Second, "media.hand_over: must be 0 to 30s")
	f.need(m.MaxMessageBytes >= 4<<10 && m.MaxMessageBytes <= 1<<20, "media.max_message_bytes: must be 4 KiB to 1 MiB")
	f.need(m.Idle >= time.Second, "media.idle: must be at least 1s")
	f.need(m.Gather >= 0 && m.Gather <= 200*time.Millisecond, "media.gather: must be 0 to 200ms")
	f.need(m.EndWait > 0, "media.end_wait: must be over 0")
	f.need(m.MaxUnackedBytes >= 32<<10, "media.max_unacked_bytes: must be at least 32 KiB, two seconds")
	f.need(m.MaxUnackedTotalBytes >= m.MaxUnackedBytes, "media.max_unacked_total_bytes: must be at least media.max_unacked_bytes")
	f.need(queued == 0 || 2*m.MaxUnackedTotalBytes <= queued, "produce.max_queued_bytes: must be at least twice media.max_unacked_total_bytes, so that webhooks find room")
}

func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	return err == nil && port != ""
}

func isAnyPort(s string) bool {
	_, port, _ := net.SplitHostPort(s)
	return port == "0"
}
