// Package kafka is between the topics and the use case: messages of calls.insights in, calls.records and
// calls.usage out, claims around the effect.
package kafka

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

// Service is the claims' and the group's name.
const Service = "crm-writer"

// CodeUndecodable is the code of bytes that are no event, CodeKey that of an event under another call's key.
const (
	CodeUndecodable = "undecodable"
	CodeKey         = "wrong_key"
)

var errKey = errors.New("the message's key is not its call's id: the order of the call is lost")

// Write is the use case; [app.Writer.Write] is it. first is false for a further try of the same message.
type Write func(ctx context.Context, e *events.CallEvent, first bool) error

// Options of the handler.
type Options struct {
	// Claims keep a revision from being written twice.
	Claims consume.Claims
	// Gate is where calls wait while there are no claims; nil for none.
	Gate *consume.Gate
	// Retry in place.
	Retry retry.Policy
	// Held is the error of a tenant's calls that are not tried now; nil for none. What is parked already is asked about before
	// it costs a claim and a decision: an outage brings it back again and again.
	Held func(tenant string) error
}

// Handler writes the insights of a topic, each under a claim:
//
//	{call id}:crm-writer:leg:kind:discriminator of the insight[:repair id]
//
// What is sent again to mend what was lost since has a repair id ([events.HeaderRepair]) and so a claim of its own.
// A claim that is done means that the revision is written and told: the claim is completed after both. Without
// Redis nothing is written: calls wait at the gate, since a revision that two processes write at once could be told in the
// wrong order. What is of a kind that this version does not know is skipped.
func Handler(write Write, o Options) consume.Handler {
	return func(ctx context.Context, m *consume.Message, done func(error)) {
		e, err := events.Unmarshal(m.Value)
		switch {
		case err != nil:
			done(retry.Permanently(CodeUndecodable, err))
			return
		case e.Kind() == 0:
			done(nil)
			return
		case e.GetCallId() != string(m.Key):
			done(retry.Permanently(CodeKey, errKey))
			return
		}
		if m.Parked && o.Held != nil {
			if err := o.Held(e.GetTenant()); err != nil {
				done(parked(err))
				return
			}
		}
		first := !m.Parked
		consume.Stack(func(ctx context.Context, _ *consume.Message) error {
			err := write(ctx, e, first)
			first = false
			return parked(err)
		}, consume.Options{
			Retry: o.Retry,
			Claim: &consume.ClaimOptions{
				Store: o.Claims, Required: true, Gate: o.Gate,
				Key: func(m *consume.Message) (idempotency.Key, bool) { return Key(e, m.Header(events.HeaderRepair)) },
			},
		})(ctx, m, done)
	}
}

// Key of an event's claim, for a repair with its id; false for one that can't be told apart: a sealed one.
func Key(e *events.CallEvent, repair string) (idempotency.Key, bool) {
	body := e.Message()
	if body == nil {
		return idempotency.Key{}, false
	}
	d := events.Discriminator(body)
	if repair != "" {
		d += ":" + repair
	}
	return idempotency.Key{CallID: e.GetCallId(), Service: Service, Leg: e.GetLegId(), Kind: e.Kind().String(), Discriminator: d}, true
}

// parked turns what was not tried at all, and what asks for a long pause, into a parking: the key's place
// goes to others meanwhile, and no attempt is spent.
func parked(err error) error {
	var e *retry.Error
	if err == nil || !errors.As(err, &e) || e.Class == retry.Permanent {
		return err
	}
	switch {
	case e.Code == breaker.CodeOpen || e.Code == crm.CodeFull || e.After >= longPause:
		return consume.ParkNow(spread(max(e.After, time.Second)), err)
	}
	return err
}

// spread makes those who wait for the same moment come one after the other, the last a quarter later, or 15 s.
func spread(d time.Duration) time.Duration {
	return d + rand.N(min(d/4, 15*time.Second)) //nolint:gosec // it spreads load, it guards nothing
}

// longPause is what is better waited for parked than in place.
const longPause = 10 * time.Second
