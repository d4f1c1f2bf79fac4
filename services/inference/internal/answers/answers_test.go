package answers_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/inference/internal/answers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestOneAsker: who comes second waits, and gets what the first has bought.
func TestOneAsker(t *testing.T) {
	claims := idempotency.NewStore(kafkatest.Redis(t), idempotency.Config{}, telemetry.Discard())
	defer func() { _ = claims.Close() }() // nothing is claimed any more
	s := answers.New(claims, time.Minute)
	kept, ticket, err := s.Take(t.Context(), "CA1", "q")
	if err != nil || kept != nil || ticket == nil {
		t.Fatal(kept, ticket, err)
	}
	second := make(chan []byte, 1)
	go func() {
		kept, _, err := s.Take(t.Context(), "CA1", "q")
		if err != nil {
			t.Error(err)
		}
		second <- kept
	}()
	if err := ticket.Keep(t.Context(), []byte("answer")); err != nil {
		t.Fatal(err)
	}
	if got := <-second; string(got) != "answer" {
		t.Errorf("got %q", got)
	}
	if _, other, err := s.Take(t.Context(), "CA2", "q"); err != nil || other == nil {
		t.Error("another call's question is another question", err)
	} else if err := other.Drop(t.Context()); err != nil {
		t.Error(err)
	}
	if _, again, err := s.Take(t.Context(), "CA2", "q"); err != nil || again == nil {
		t.Error("a ticket that was given back can be had again", err)
	} else if err := again.Drop(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRedisAway is an error, so that the caller can go on without a claim.
func TestRedisAway(t *testing.T) {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer func() { _ = rdb.Close() }() // it never was open
	claims := idempotency.NewStore(rdb, idempotency.Config{}, telemetry.Discard())
	defer func() { _ = claims.Close() }() // nothing is claimed
	if _, _, err := answers.New(claims, time.Minute).Take(t.Context(), "CA1", "q"); err == nil {
		t.Error("no error")
	}
}
