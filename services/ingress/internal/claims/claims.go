// Package claims keeps an event of a webhook from being stored twice when Twilio, or two replicas, bring the webhook twice. It
// stands before the publisher and asks Redis; it is an economy, not a guard: whoever reads drops repetitions by their event
// id. So nothing waits for Redis for longer than a moment, and what it can't answer is stored.
package claims

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
)

const (
	// patience is how long a webhook waits for Redis, before it is stored and again after.
	patience = 200 * time.Millisecond
	// rest is how long Redis is not asked once it has not answered.
	rest = 5 * time.Second
)

// Store makes claims. *idempotency.Store is one.
type Store interface {
	Claim(ctx context.Context, k idempotency.Key) (*idempotency.Claim, error)
	Complete(ctx context.Context, c *idempotency.Claim, result []byte) error
	Release(ctx context.Context, c *idempotency.Claim) error
	Close() error
}

// Publisher publishes through another one what is not stored yet. What is sent (package media's: audio, and the begin and
// end of streams) is not claimed: a stream tells its events once, and its readers know repetitions by their numbers. Safe
// for concurrent use.
type Publisher struct {
	app.Publisher
	store  Store
	client redis.UniversalClient // nil in tests
	m      *metrics.Metrics
	log    *slog.Logger
	now    func() time.Time

	mu    sync.Mutex
	until time.Time // Redis is not asked before
}

// New prepares claims on a Redis, which is not dialled yet. The field Publisher is the caller's to set.
func New(r idempotency.Redis, cfg idempotency.Config, m *metrics.Metrics, tel *telemetry.Telemetry) (*Publisher, error) {
	client, err := r.Dial()
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what it read
	}
	p := On(nil, idempotency.NewStore(client, cfg, tel), m, tel.Log, time.Now)
	p.client = client
	return p, nil
}

// On makes claims on a store, which Close closes.
func On(next app.Publisher, store Store, m *metrics.Metrics, log *slog.Logger, now func() time.Time) *Publisher {
	return &Publisher{Publisher: next, store: store, m: m, log: log, now: now}
}

// Close lets go of the store. Claims that are open run out.
func (p *Publisher) Close() error {
	err := p.store.Close()
	if p.client != nil {
		_ = p.client.Close() // nothing is asked any more
	}
	return err //nolint:wrapcheck // the store's own words
}

// Publish implements app.Publisher. Messages whose event is stored already are left out; nil if all are.
func (p *Publisher) Publish(ctx context.Context, msgs ...app.Message) error {
	held, rest := p.claim(ctx, msgs)
	if len(rest) == 0 {
		return nil
	}
	err := p.Publisher.Publish(ctx, rest...)
	p.settle(ctx, held, err == nil)
	return err //nolint:wrapcheck // a publisher's own words
}

// claim asks for each event once, and returns the claims that are ours and the messages to publish.
func (p *Publisher) claim(ctx context.Context, msgs []app.Message) (held []*idempotency.Claim, rest []app.Message) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	stored := map[string]bool{}
	for _, m := range msgs {
		id := m.Event.GetEventId()
		done, asked := stored[id]
		if !asked {
			var c *idempotency.Claim
			done, c = p.ask(ctx, m.Event)
			stored[id] = done
			if c != nil {
				held = append(held, c)
			}
		}
		if !done {
			rest = append(rest, m)
		}
	}
	return held, rest
}

// ask claims one event; done tells that it is stored, a claim that it is ours to store.
func (p *Publisher) ask(ctx context.Context, e *events.CallEvent) (done bool, c *idempotency.Claim) {
	if p.resting() {
		p.m.Claim(ctx, "skipped")
		return false, nil
	}
	c, err := p.store.Claim(ctx, Key(e))
	if err != nil {
		p.away(ctx, err)
		return false, nil
	}
	switch c.State {
	case idempotency.StateDone:
		p.m.Claim(ctx, "done")
		return true, nil
	case idempotency.StateBusy: // another replica is at it, and may fail
		p.m.Claim(ctx, "busy")
		return false, nil
	default:
		p.m.Claim(ctx, "new")
		return false, c
	}
}

// settle says what became of what was claimed. Claims that can't be settled run out.
func (p *Publisher) settle(ctx context.Context, held []*idempotency.Claim, stored bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	for _, c := range held {
		settle := p.store.Release
		if stored {
			settle = func(ctx context.Context, c *idempotency.Claim) error { return p.store.Complete(ctx, c, nil) }
		}
		if err := settle(ctx, c); err != nil && ctx.Err() != nil {
			p.away(ctx, err)
		}
	}
}

func (p *Publisher) resting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now().Before(p.until)
}

func (p *Publisher) away(ctx context.Context, err error) {
	p.m.Claim(ctx, "away")
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); !now.Before(p.until) {
		p.until = now.Add(rest)
		p.log.WarnContext(ctx, "Redis does not answer; webhooks are stored without asking it for a while, repetitions too", "for", rest, "error", err)
	}
}

// Key is an event's, with the account: whoever else knows a call's id must not have its webhooks taken for stored.
func Key(e *events.CallEvent) idempotency.Key {
	return idempotency.Key{
		CallID: e.GetCallId(), Service: "ingress", Leg: e.GetLegId(), Kind: e.Kind().String(),
		Discriminator: e.GetAccount() + ":" + events.Discriminator(e.Message()),
	}
}
