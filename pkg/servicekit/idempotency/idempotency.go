// Package idempotency holds claims in Redis: who does what for which call, and what came of it.
//
// Redis holds claims and caches, never the only truth: when it is away or empty, events are deduplicated
// downstream and the CRM's external id is the last guard.
//
// A claim is one key whose value is a state byte and a payload: "b" + owner token while somebody is at it, with the
// lease as its time to live; "d" + result once done, kept for a day. Every change after the first is
// conditional on the owner's token, by a script, so that a paused owner whose lease ran out cannot complete
// or release what has become another's. A claim that is gone and that nobody else has taken is still its
// owner's: Redis was emptied, or a lease ran out in vain. Each script is about one key, so a Cluster will do.
package idempotency

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// Key names one effect: `{call id}:service:leg:kind:discriminator`. The braces keep all keys of a call in
// one slot of a Redis Cluster. A key is never the call id alone: Twilio sends several webhooks for one CallSid.
type Key struct {
	CallID, Service, Leg, Kind, Discriminator string
}

// String is the key as it stands in Redis.
func (k Key) String() string {
	return "{" + k.CallID + "}:" + k.Service + ":" + k.Leg + ":" + k.Kind + ":" + k.Discriminator
}

// State of a claim.
type State int

// The states.
const (
	// StateNew: the caller owns the effect now, and must Complete or Release it.
	StateNew State = iota + 1
	// StateDone: the effect stands; Result is what Complete was given.
	StateDone
	// StateBusy: another owner is at it; wait and ask again, never acknowledge.
	StateBusy
)

// Config of the store.
type Config struct {
	// Lease is how long a claim lives without renewal, default 6 s; it is renewed every third of it.
	Lease time.Duration `koanf:"lease"`
	// Keep is how long a completed claim is remembered, default 24 h.
	Keep time.Duration `koanf:"keep"`
}

// Validate reports every fault of c, with what is left out at its default.
func (c Config) Validate() error {
	var errs []error
	if c.Lease < 0 {
		errs = append(errs, fmt.Errorf("claims.lease: %s is negative", c.Lease))
	}
	if c.Keep < 0 || c.Keep > 0 && c.Keep < c.Lease {
		errs = append(errs, fmt.Errorf("claims.keep: %s is shorter than the lease", c.Keep))
	}
	return errors.Join(errs...)
}

// ErrLost says that a claim is another's by the time it is completed or released: its lease had run out, or
// Redis was emptied, and somebody else has asked since.
var ErrLost = errors.New("the claim was lost: another owner has taken it")

// Store makes claims. Safe for concurrent use; what is asked at the same time shares a pipeline.
type Store struct {
	rdb     redis.UniversalClient
	cfg     Config
	tel     *telemetry.Telemetry
	metrics metrics
	pipe    *pipeline

	epoch string // the last that was seen; of the goroutine that renews

	mu   sync.Mutex
	held map[*Claim]struct{}
	stop context.CancelFunc
	done chan struct{}
}

// Claim is the answer to one claim. It belongs to one goroutine.
type Claim struct {
	Key    Key
	State  State
	Result []byte

	token string
}

const (
	busy = "b"
	done = "d"
)

// The scripts change a key only while nobody else holds it: it has the owner's value, or is gone.
var (
	completeScript = redis.NewScript(`local v = redis.call('GET', KEYS[1])
if v and v ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1`)
	releaseScript = redis.NewScript(`local v = redis.call('GET', KEYS[1])
if v and v ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1]) return 1`)
	renewScript = redis.NewScript(`local v = redis.call('GET', KEYS[1])
if v and v ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if v then return 1 end return 2`)
)

// putBack is renewScript's answer for a claim that was gone.
const putBack = 2

// NewStore returns a store on a client that the caller closes, after the store.
func NewStore(rdb redis.UniversalClient, cfg Config, tel *telemetry.Telemetry) *Store {
	if cfg.Lease <= 0 {
		cfg.Lease = 6 * time.Second
	}
	if cfg.Keep <= 0 {
		cfg.Keep = 24 * time.Hour
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{
		rdb: rdb, cfg: cfg, tel: tel, metrics: newMetrics(tel.Meter),
		held: map[*Claim]struct{}{}, stop: stop, done: make(chan struct{}),
	}
	s.pipe = newPipeline(rdb)
	go s.renew(ctx)
	return s
}

// Claim asks for k. A claim in StateNew is renewed in the background until Complete, Release or Close. An
// error means that Redis could not be asked; its class is Retryable.
func (s *Store) Claim(ctx context.Context, k Key) (*Claim, error) {
	c := &Claim{Key: k, token: busy + uuid.NewString()}
	set := redis.NewStatusCmd(ctx, "SET", k.String(), c.token, "NX", "GET", "PX", s.cfg.Lease.Milliseconds())
	// SET … NX GET answers nil when the key was free and is ours now, else the value that stands (Redis 7).
	was, err := result(s.pipe.do(ctx, set, nil), set)
	if err != nil {
		return nil, err
	}
	switch {
	case was == "" || was == c.token:
		c.State = StateNew
		s.mu.Lock()
		s.held[c] = struct{}{}
		s.mu.Unlock()
	case strings.HasPrefix(was, done):
		c.State, c.Result = StateDone, []byte(was[1:])
	default:
		c.State = StateBusy
	}
	return c, nil
}

// Complete marks a claim done and keeps result for whoever asks next, for [Config.Keep]; a claim that is gone
// is marked, too, for its effect stands. ErrLost says that it is another's; any other error leaves the lease
// to run out.
func (s *Store) Complete(ctx context.Context, c *Claim, result []byte) error {
	s.forget(c)
	_, err := s.conditional(ctx, c, completeScript, nil, done+string(result), s.cfg.Keep.Milliseconds())
	return err
}

// Release gives a claim back, so that the next one asking gets it at once. ErrLost says that somebody has it
// already.
func (s *Store) Release(ctx context.Context, c *Claim) error {
	s.forget(c)
	_, err := s.conditional(ctx, c, releaseScript, nil)
	return err
}

// conditional runs a script on a claim, if wanted still says so when it is sent, and returns its answer.
func (s *Store) conditional(ctx context.Context, c *Claim, script *redis.Script, wanted func() bool, args ...any) (int, error) {
	n, err := s.evalSHA(ctx, c, script, wanted, args)
	if redis.HasErrorPrefix(err, "NOSCRIPT") { // a new or restarted server does not know it yet
		if _, err = script.Load(ctx, s.rdb).Result(); err == nil {
			n, err = s.evalSHA(ctx, c, script, wanted, args)
		}
	}
	if err != nil {
		return 0, away(err)
	}
	if n == 0 {
		return 0, ErrLost
	}
	return n, nil
}

func (s *Store) evalSHA(ctx context.Context, c *Claim, script *redis.Script, wanted func() bool, args []any) (int, error) {
	cmd := redis.NewCmd(ctx, append([]any{"EVALSHA", script.Hash(), 1, c.Key.String(), c.token}, args...)...)
	if err := s.pipe.do(ctx, cmd, wanted); err != nil {
		return 0, err
	}
	return cmd.Int() //nolint:wrapcheck // wrapped by conditional
}

func (s *Store) forget(c *Claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, c)
}

// holds tells whether a claim is neither completed nor released.
func (s *Store) holds(c *Claim) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, held := s.held[c]
	return held
}

// renew keeps held claims alive: a third of the lease, so that one lost round does not lose a claim.
func (s *Store) renew(ctx context.Context) {
	defer close(s.done)
	tick := time.NewTicker(s.cfg.Lease / 3)
	defer tick.Stop()
	for {
		s.watchEpoch(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.renewHeld(ctx)
	}
}

// renewHeld renews what is held, in as few trips as can be, and puts back what is gone. A failed round is tried
// again at the next tick; a lost claim shows at Complete.
func (s *Store) renewHeld(ctx context.Context) {
	s.mu.Lock()
	held := slices.Collect(maps.Keys(s.held))
	s.mu.Unlock()
	var back atomic.Int64
	var trips errgroup.Group
	trips.SetLimit(maxTrip)
	for _, c := range held {
		trips.Go(func() error {
			if n, err := s.renewClaim(ctx, c); err == nil && n == putBack {
				back.Add(1)
			}
			return nil
		})
	}
	_ = trips.Wait() // none of them returns an error
	if n := back.Load(); n > 0 {
		s.metrics.restored.Add(ctx, n)
	}
}

// renewClaim renews one claim, unless it has been completed or released by the moment in which it is sent: what
// is given back must not come back.
func (s *Store) renewClaim(ctx context.Context, c *Claim) (int, error) {
	return s.conditional(ctx, c, renewScript, func() bool { return s.holds(c) }, s.cfg.Lease.Milliseconds())
}

// Close stops renewing; open claims run out.
func (s *Store) Close() error {
	s.stop()
	<-s.done
	s.pipe.close()
	return nil
}

// Code of the error when Redis cannot be asked.
const Code = "redis.unavailable"

func away(err error) error {
	return &retry.Error{Class: retry.Retryable, Code: Code, Dependency: "redis", Err: fmt.Errorf("asking Redis: %w", err)}
}
