// Package idempotency holds claims in Redis: who does what for which call, and what came of it.
//
// Redis holds claims and caches, never the only truth: when it is away or empty, events are deduplicated
// downstream and the CRM's external id is the last guard.
//
// A claim is one key whose value is a state byte and a payload: "b" + owner token while somebody is at it, with the
// lease as its time to live; "d" + result once done, kept for a day. Every change after the first is
// conditional on the owner's token, by a script, so that a paused owner whose lease ran out cannot complete
// or release what has become another's.
package idempotency

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
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

// ErrLost says that a claim's lease had run out before it was completed or released: someone else may have
// taken it.
var ErrLost = errors.New("the claim was lost: its lease had run out")

// Store makes claims. Safe for concurrent use; what is asked at the same time shares a pipeline.
type Store struct {
	rdb  redis.UniversalClient
	cfg  Config
	pipe *pipeline

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

// The scripts change a key only while it still holds the owner's value.
var (
	completeScript = redis.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1 end return 0`)
	releaseScript = redis.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1]) return 1 end return 0`)
	renewScript = redis.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2]) return 1 end return 0`)
)

// NewStore returns a store on a client that the caller closes, after the store.
func NewStore(rdb redis.UniversalClient, cfg Config) *Store {
	if cfg.Lease <= 0 {
		cfg.Lease = 6 * time.Second
	}
	if cfg.Keep <= 0 {
		cfg.Keep = 24 * time.Hour
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{rdb: rdb, cfg: cfg, held: map[*Claim]struct{}{}, stop: stop, done: make(chan struct{})}
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
	was, err := result(s.pipe.do(ctx, set), set)
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

// Complete marks a claim done and keeps result for whoever asks next, for [Config.Keep]. ErrLost says that
// the lease had run out; any other error leaves the lease to run out.
func (s *Store) Complete(ctx context.Context, c *Claim, result []byte) error {
	s.forget(c)
	return s.conditional(ctx, c, completeScript, done+string(result), s.cfg.Keep.Milliseconds())
}

// Release gives a claim back, so that the next one asking gets it at once.
func (s *Store) Release(ctx context.Context, c *Claim) error {
	s.forget(c)
	return s.conditional(ctx, c, releaseScript)
}

func (s *Store) conditional(ctx context.Context, c *Claim, script *redis.Script, args ...any) error {
	n, err := s.evalSHA(ctx, c, script, args)
	if redis.HasErrorPrefix(err, "NOSCRIPT") { // a new or restarted server does not know it yet
		if _, err = script.Load(ctx, s.rdb).Result(); err == nil {
			n, err = s.evalSHA(ctx, c, script, args)
		}
	}
	if err != nil {
		return away(err)
	}
	if n == 0 {
		return ErrLost
	}
	return nil
}

func (s *Store) evalSHA(ctx context.Context, c *Claim, script *redis.Script, args []any) (int, error) {
	cmd := redis.NewCmd(ctx, append([]any{"EVALSHA", script.Hash(), 1, c.Key.String(), c.token}, args...)...)
	if err := s.pipe.do(ctx, cmd); err != nil {
		return 0, err
	}
	return cmd.Int() //nolint:wrapcheck // wrapped by conditional
}

func (s *Store) forget(c *Claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, c)
}

// renew keeps held claims alive: a third of the lease, so that one lost round does not lose a claim.
func (s *Store) renew(ctx context.Context) {
	defer close(s.done)
	tick := time.NewTicker(s.cfg.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		held := make([]*Claim, 0, len(s.held))
		for c := range s.held {
			held = append(held, c)
		}
		s.mu.Unlock()
		for _, c := range held {
			// A failed round is tried again at the next tick; a lost claim shows at Complete.
			_ = s.conditional(ctx, c, renewScript, s.cfg.Lease.Milliseconds())
		}
	}
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
