// Package answers keeps what models have answered in Redis, under the claim of the question.
package answers

import (
	"context"
	"fmt"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/inference/internal/app"
)

// look is how often a question that somebody else is asking is looked at.
const look = 250 * time.Millisecond

// Claims is what is used of [idempotency.Store].
type Claims interface {
	Claim(ctx context.Context, k idempotency.Key) (*idempotency.Claim, error)
	Complete(ctx context.Context, c *idempotency.Claim, result []byte) error
	Release(ctx context.Context, c *idempotency.Claim) error
}

// Store is the claims of questions. Safe for concurrent use.
type Store struct {
	claims Claims
	// patience bounds the waiting for another asker: its lease runs out long before.
	patience time.Duration
}

var _ app.Answers = (*Store)(nil)

// New returns a store on claims that the caller closes. patience is the longest that a question may take.
func New(claims Claims, patience time.Duration) *Store {
	return &Store{claims: claims, patience: patience}
}

// Take claims a question of a call; see [app.Answers].
func (s *Store) Take(ctx context.Context, call, question string) ([]byte, app.Ticket, error) {
	k := idempotency.Key{CallID: call, Service: "inference", Leg: call, Kind: "question", Discriminator: question}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	for {
		c, err := s.claims.Claim(ctx, k)
		if err != nil {
			return nil, nil, fmt.Errorf("claiming a question: %w", err)
		}
		switch c.State {
		case idempotency.StateDone:
			return c.Result, nil, nil
		case idempotency.StateNew:
			return nil, &ticket{s.claims, c}, nil
		case idempotency.StateBusy:
		}
		if err := retry.Pause(ctx, look); err != nil {
			return nil, nil, fmt.Errorf("waiting for another process to answer a question: %w", err)
		}
	}
}

type ticket struct {
	claims Claims
	claim  *idempotency.Claim
}

// Keep completes the claim with the answer as its result.
func (t *ticket) Keep(ctx context.Context, answer []byte) error {
	if err := t.claims.Complete(ctx, t.claim, answer); err != nil {
		return fmt.Errorf("keeping an answer: %w", err)
	}
	return nil
}

// Drop releases the claim.
func (t *ticket) Drop(ctx context.Context) error {
	if err := t.claims.Release(ctx, t.claim); err != nil {
		return fmt.Errorf("giving a question back: %w", err)
	}
	return nil
}
