package idempotency_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry/telemetrytest"
)

// brisk renews every half second; a process that is kept from it for a second more loses nothing.
var brisk = idempotency.Config{Lease: 1500 * time.Millisecond}

// process is a store as a process of its own has it.
func process(t *testing.T, rdb *redis.Client, cfg idempotency.Config, tel *telemetry.Telemetry) *idempotency.Store {
	t.Helper()
	s := idempotency.NewStore(rdb, cfg, tel)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func flush(t *testing.T, rdb *redis.Client) {
	t.Helper()
	if err := rdb.FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what Redis, or a store's ticker, tells nobody.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}

func has(t *testing.T, rdb *redis.Client, key string) bool {
	t.Helper()
	n, err := rdb.Exists(t.Context(), key).Result()
	if err != nil {
		t.Fatal(err)
	}
	return n == 1
}

func value(t *testing.T, rdb *redis.Client, key string) string {
	t.Helper()
	v, err := rdb.Get(t.Context(), key).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		t.Fatal(err)
	}
	return v
}

func counted(t *testing.T, tel *telemetry.Telemetry, metric string) string {
	t.Helper()
	scraped := httptest.NewRecorder()
	tel.Metrics.ServeHTTP(scraped, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(scraped.Body.String()) {
		if strings.HasPrefix(line, metric) {
			return strings.TrimSpace(line[strings.LastIndex(line, " "):])
		}
	}
	return "none"
}

const epoch = "frontdesk:epoch"

func TestAFlushIsNoticedOnceAndWhatIsUnderWayIsClaimedAgain(t *testing.T) {
	rdb := kafkatest.Redis(t)
	tel := telemetrytest.Watch(t)
	s := process(t, rdb, brisk, tel.Telemetry)
	eventually(t, "an epoch", func() bool { return has(t, rdb, epoch) })
	c := claim(t, s, idempotency.StateNew)
	owner, began := value(t, rdb, key.String()), value(t, rdb, epoch)
	flush(t, rdb)
	eventually(t, "the claim is back, its owner's", func() bool { return value(t, rdb, key.String()) == owner })
	eventually(t, "the flush is counted", func() bool { return counted(t, tel.Telemetry, "redis_flushes_total") == "1" })
	if now := value(t, rdb, epoch); now == "" || now == began {
		t.Errorf("the epoch was %s and is %s", began, now)
	}
	claim(t, process(t, rdb, brisk, telemetry.Discard()), idempotency.StateBusy)
	if err := s.Complete(t.Context(), c, nil); err != nil {
		t.Error(err)
	}
	claim(t, s, idempotency.StateDone)
	// Many renewals later it is still one flush.
	c, err := s.Claim(t.Context(), idempotency.Key{CallID: "CA2"})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := rdb.Del(t.Context(), c.Key.String()).Err(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "renewed", func() bool { return has(t, rdb, c.Key.String()) })
	}
	if n := counted(t, tel.Telemetry, "redis_flushes_total"); n != "1" {
		t.Errorf("%s flushes are counted", n)
	}
	// A claim stands in Redis a moment before its renewal has come home and is counted.
	eventually(t, "four claims put back are counted", func() bool { return counted(t, tel.Telemetry, "redis_claims_restored_total") == "4" })
	if n := strings.Count(tel.Logged(), "Redis was emptied"); n != 1 {
		t.Errorf("the flush was told %d times", n)
	}
}

// TestAFlushThatAnotherSawFirstIsNoticedToo: the epoch is made anew by one, and read by all.
func TestAFlushThatAnotherSawFirstIsNoticedToo(t *testing.T) {
	rdb := kafkatest.Redis(t)
	tel := telemetrytest.Watch(t)
	s := process(t, rdb, brisk, tel.Telemetry)
	// Only who has known an epoch can find another.
	eventually(t, "an epoch", func() bool { return has(t, rdb, epoch) })
	c := claim(t, s, idempotency.StateNew)
	for i, want := range []string{"1", "2"} {
		if err := rdb.Set(t.Context(), epoch, fmt.Sprint("another's ", i), 0).Err(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "noticed", func() bool { return counted(t, tel.Telemetry, "redis_flushes_total") == want })
	}
	if err := s.Complete(t.Context(), c, nil); err != nil {
		t.Error(err)
	}
}

// TestWhatAnotherTookAfterAFlushIsTheirs: nothing that the first owner does touches it.
func TestWhatAnotherTookAfterAFlushIsTheirs(t *testing.T) {
	for name, end := range map[string]func(s *idempotency.Store, c *idempotency.Claim) error{
		"complete": func(s *idempotency.Store, c *idempotency.Claim) error {
			return s.Complete(t.Context(), c, []byte("late"))
		},
		"release": func(s *idempotency.Store, c *idempotency.Claim) error { return s.Release(t.Context(), c) },
	} {
		t.Run(name, func(t *testing.T) {
			rdb := kafkatest.Redis(t)
			slow := process(t, rdb, idempotency.Config{Lease: time.Hour}, telemetry.Discard()) // renews too late
			c := claim(t, slow, idempotency.StateNew)
			flush(t, rdb)
			other := process(t, rdb, brisk, telemetry.Discard())
			mine := claim(t, other, idempotency.StateNew)
			if err := end(slow, c); !errors.Is(err, idempotency.ErrLost) {
				t.Errorf("by the first owner: %v, want ErrLost", err)
			}
			claim(t, slow, idempotency.StateBusy)
			if err := other.Complete(t.Context(), mine, []byte("theirs")); err != nil {
				t.Error(err)
			}
			if err := end(slow, c); !errors.Is(err, idempotency.ErrLost) {
				t.Errorf("after it is done: %v, want ErrLost", err)
			}
			if got := claim(t, slow, idempotency.StateDone); string(got.Result) != "theirs" {
				t.Errorf("the result is %q", got.Result)
			}
		})
	}
}

// TestRenewalLeavesAnothersClaimAlone: the old owner is still at it, and goes on renewing.
func TestRenewalLeavesAnothersClaimAlone(t *testing.T) {
	rdb := kafkatest.Redis(t)
	s := process(t, rdb, brisk, telemetry.Discard())
	claim(t, s, idempotency.StateNew)
	if err := rdb.Set(t.Context(), key.String(), "banother", time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	witness, err := s.Claim(t.Context(), idempotency.Key{CallID: "CA2"})
	if err != nil {
		t.Fatal(err)
	}
	if err := rdb.Del(t.Context(), witness.Key.String()).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a round of renewals", func() bool { return has(t, rdb, witness.Key.String()) })
	if v := value(t, rdb, key.String()); v != "banother" {
		t.Errorf("the claim is %s now", v)
	}
	if left, err := rdb.PTTL(t.Context(), key.String()).Result(); err != nil || left < 30*time.Second {
		t.Errorf("it lives for %s (%v)", left, err)
	}
}

func TestAfterAFlush(t *testing.T) {
	patient := idempotency.Config{Lease: time.Hour} // no renewal comes between
	t.Run("the effect that stands is marked", func(t *testing.T) {
		rdb := kafkatest.Redis(t)
		s := process(t, rdb, patient, telemetry.Discard())
		c := claim(t, s, idempotency.StateNew)
		flush(t, rdb)
		if err := s.Complete(t.Context(), c, []byte("answer")); err != nil {
			t.Fatal(err)
		}
		if got := claim(t, s, idempotency.StateDone); string(got.Result) != "answer" {
			t.Errorf("result = %q", got.Result)
		}
	})
	t.Run("what is given back is free", func(t *testing.T) {
		rdb := kafkatest.Redis(t)
		s := process(t, rdb, patient, telemetry.Discard())
		c := claim(t, s, idempotency.StateNew)
		flush(t, rdb)
		if err := s.Release(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if has(t, rdb, key.String()) {
			t.Error("the key is there")
		}
		claim(t, s, idempotency.StateNew)
	})
}
