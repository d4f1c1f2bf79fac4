package claims_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/claims"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 11, 2, 15, 4, 5, 0, time.UTC)

func started(account string) *events.CallEvent {
	f := app.Facts{CallID: "CA1", Source: events.Source_SOURCE_TWILIO, Account: account, Tenant: "acme"}
	return f.Root().Event(start, &events.CallStarted{To: "+14155550100", Direction: events.Direction_DIRECTION_INBOUND})
}

func consent() *events.CallEvent {
	f := app.Facts{CallID: "CA1", Source: events.Source_SOURCE_TWILIO, Account: "AC1", Tenant: "acme"}
	return f.Root().Event(start, &events.ConsentRecorded{
		Answer: events.ConsentAnswer_CONSENT_ANSWER_GRANTED, Method: events.ConsentMethod_CONSENT_METHOD_KEYPAD, DecidedAt: timestamppb.New(start),
	})
}

// webhook is what one webhook stores: one event on one topic, another on both.
func webhook() []app.Message {
	c := consent()
	return []app.Message{
		{Topic: events.Lifecycle, Event: started("AC1")}, {Topic: events.Lifecycle, Event: c}, {Topic: events.Media, Event: c},
	}
}

func on(t *testing.T, next app.Publisher, store claims.Store) *claims.Publisher {
	t.Helper()
	m, err := metrics.New(noop.NewMeterProvider().Meter(""))
	if err != nil {
		t.Fatal(err)
	}
	return claims.On(next, store, m, slog.New(slog.DiscardHandler), time.Now)
}

// patient is a store that is waited for: a webhook that is stored without asking, since Redis took longer than a moment, is
// TestRedisAway's.
type patient struct{ *idempotency.Store }

func (p patient) Claim(ctx context.Context, k idempotency.Key) (*idempotency.Claim, error) {
	return p.Store.Claim(context.WithoutCancel(ctx), k)
}

func (p patient) Complete(ctx context.Context, c *idempotency.Claim, result []byte) error {
	return p.Store.Complete(context.WithoutCancel(ctx), c, result)
}

func (p patient) Release(ctx context.Context, c *idempotency.Claim) error {
	return p.Store.Release(context.WithoutCancel(ctx), c)
}

// redis is one store of a shared Redis, as each replica has its own.
func redis(t *testing.T) func() patient {
	client := kafkatest.Redis(t)
	return func() patient {
		s := idempotency.NewStore(client, idempotency.Config{}, telemetry.Discard())
		t.Cleanup(func() { _ = s.Close() })
		return patient{s}
	}
}

func wantStored(t *testing.T, pub *apptest.Publisher, n int) {
	t.Helper()
	if got := len(pub.Messages()); got != n {
		t.Errorf("%d messages are stored, want %d", got, n)
	}
}

// TestStoredOnce on whichever replica the repetition comes to.
func TestStoredOnce(t *testing.T) {
	store, pub := redis(t), &apptest.Publisher{}
	one, two := on(t, pub, store()), on(t, pub, store())
	for _, p := range []*claims.Publisher{one, one, two} {
		if err := p.Publish(t.Context(), webhook()...); err != nil {
			t.Fatal(err)
		}
		wantStored(t, pub, 3)
	}
	// One that tells a new event beside a known one stores the new one.
	f := app.Facts{CallID: "CA1", Source: events.Source_SOURCE_TWILIO, Account: "AC1", Tenant: "acme"}
	ended := f.Root().Event(start, &events.CallEnded{Status: events.CallStatus_CALL_STATUS_COMPLETED, EndedAt: timestamppb.New(start)})
	if err := two.Publish(t.Context(), app.Message{Topic: events.Lifecycle, Event: started("AC1")}, app.Message{Topic: events.Lifecycle, Event: ended}); err != nil {
		t.Fatal(err)
	}
	wantStored(t, pub, 4)
	// Whoever else knows the call's id takes nothing from it.
	if err := one.Publish(t.Context(), app.Message{Topic: events.Lifecycle, Event: started("AC9")}); err != nil {
		t.Fatal(err)
	}
	wantStored(t, pub, 5)
}

// TestFailThenRedeliver: what could not be stored is stored by the next try, at once and anywhere.
func TestFailThenRedeliver(t *testing.T) {
	store, pub := redis(t), &apptest.Publisher{}
	one, two := on(t, pub, store()), on(t, pub, store())
	away := errors.New("away")
	failed := 0
	pub.FailSome(func(m app.Message) error {
		if failed == 0 && m.Topic.Name == events.Media.Name { // two of three are stored already
			failed++
			return away
		}
		return nil
	})
	if err := one.Publish(t.Context(), webhook()...); !errors.Is(err, away) {
		t.Fatal(err)
	}
	if err := two.Publish(t.Context(), webhook()...); err != nil {
		t.Fatal(err)
	}
	wantStored(t, pub, 2+3)
}

// TestCrashBetweenStoreAndAnswer: the claim is held by nobody any more, and the repetition is stored once more; its
// readers drop it. The claim runs out, and the next repetition is not.
func TestCrashBetweenStoreAndAnswer(t *testing.T) {
	store, pub := redis(t), &apptest.Publisher{}
	crashed := store()
	for _, m := range webhook()[:2] {
		c, err := crashed.Claim(t.Context(), claims.Key(m.Event))
		if err != nil || c.State != idempotency.StateNew {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	two := on(t, pub, store())
	if err := two.Publish(t.Context(), webhook()...); err != nil {
		t.Fatal(err)
	}
	wantStored(t, pub, 3)
}

// broken is a Redis that does not answer.
type broken struct {
	asked int
	hangs bool
}

func (b *broken) Claim(ctx context.Context, _ idempotency.Key) (*idempotency.Claim, error) {
	b.asked++
	if b.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return nil, errors.New("refused")
}

func (*broken) Complete(context.Context, *idempotency.Claim, []byte) error { return nil }
func (*broken) Release(context.Context, *idempotency.Claim) error          { return nil }
func (*broken) Close() error                                               { return nil }

// TestRedisAway costs a webhook a moment, those after it nothing, and none of them an event.
func TestRedisAway(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			pub, store := &apptest.Publisher{}, &broken{hangs: hangs}
			p := on(t, pub, store)
			begun := time.Now()
			for range 10 {
				if err := p.Publish(t.Context(), webhook()...); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(begun); took > 200*time.Millisecond || store.asked != 1 {
				t.Errorf("ten webhooks wait for %s, Redis is asked %d times", took, store.asked)
			}
			wantStored(t, pub, 30)
			time.Sleep(6 * time.Second) // the bubble's clock
			if err := p.Publish(t.Context(), webhook()...); err != nil || store.asked != 2 {
				t.Errorf("%v, asked %d times: it must be asked again after a while", err, store.asked)
			}
		})
	}
}
