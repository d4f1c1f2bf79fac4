// Package idempotency holds claims in Redis: who does what for which call, and what came of it.
//
// Redis holds claims and caches, never the only truth: when it is away or empty, events are deduplicated
// downstream and the CRM's external id is the last guard.
package idempotency

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
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
	// Lease is how long a claim lives without renewal; it is renewed every third of it.
	Lease time.Duration `koanf:"lease"`
	// Keep is how long a completed claim is remembered.
	Keep time.Duration `koanf:"keep"`
}

// Store makes claims. Safe for concurrent use; concurrent calls share pipelines.
type Store struct{}

// Claim is the answer to one claim.
type Claim struct {
	Key    Key
	State  State
	Result []byte
}

// New returns a store on a client that the caller closes.
func New(rdb redis.UniversalClient, cfg Config) *Store { panic("not yet") }

// Claim asks for k. A New claim is renewed in the background until Complete, Release or Close.
// An error means that Redis could not be asked (class Retryable).
func (s *Store) Claim(ctx context.Context, k Key) (*Claim, error) { panic("not yet") }

// Complete marks a New claim done and keeps result for whoever asks next. An error leaves the lease to run out;
// ErrLost says that the lease had run out and someone else may have taken it.
func (s *Store) Complete(ctx context.Context, c *Claim, result []byte) error { panic("not yet") }

// Release gives a New claim back, so that the next one asking gets it at once.
func (s *Store) Release(ctx context.Context, c *Claim) error { panic("not yet") }

// Close stops renewing; open claims run out.
func (s *Store) Close() error { panic("not yet") }
