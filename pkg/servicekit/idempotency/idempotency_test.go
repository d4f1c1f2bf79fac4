package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func store(t *testing.T) (*idempotency.Store, *redis.Client) {
	t.Helper()
	rdb := kafkatest.Redis(t)
	s := idempotency.NewStore(rdb, idempotency.Config{}, telemetry.Discard())
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, rdb
}

var key = idempotency.Key{CallID: "CA1", Service: "crm-writer", Leg: "CA1", Kind: "call_insight", Discriminator: "1"}

func claim(t *testing.T, s *idempotency.Store, want idempotency.State) *idempotency.Claim {
	t.Helper()
	c, err := s.Claim(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if c.State != want {
		t.Fatalf("state = %d, want %d", c.State, want)
	}
	return c
}

func TestClaimIsBusyUntilCompletedAndKeepsTheResult(t *testing.T) {
	s, rdb := store(t)
	first := claim(t, s, idempotency.StateNew)
	claim(t, s, idempotency.StateBusy)
	if err := s.Complete(t.Context(), first, []byte("answer")); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, s, idempotency.StateDone); string(got.Result) != "answer" {
		t.Errorf("result = %q", got.Result)
	}
	if ttl, err := rdb.TTL(t.Context(), key.String()).Result(); err != nil || ttl > 24*time.Hour || ttl < 24*time.Hour-time.Minute {
		t.Errorf("kept for %s, want 24h (%v)", ttl, err)
	}
}

func TestReleasedClaimIsFreeAtOnce(t *testing.T) {
	s, _ := store(t)
	if err := s.Release(t.Context(), claim(t, s, idempotency.StateNew)); err != nil {
		t.Fatal(err)
	}
	claim(t, s, idempotency.StateNew)
}

func TestPausedOwnerCannotCompleteOrReleaseAnothersClaim(t *testing.T) {
	rdb := kafkatest.Redis(t)
	s := process(t, rdb, idempotency.Config{Lease: time.Hour}, telemetry.Discard()) // no renewal puts back what has run out
	paused := claim(t, s, idempotency.StateNew)
	expire(t, rdb)
	owner := claim(t, s, idempotency.StateNew)
	if err := s.Complete(t.Context(), paused, nil); !errors.Is(err, idempotency.ErrLost) {
		t.Errorf("complete by the paused owner: %v, want ErrLost", err)
	}
	if err := s.Release(t.Context(), paused); !errors.Is(err, idempotency.ErrLost) {
		t.Errorf("release by the paused owner: %v, want ErrLost", err)
	}
	claim(t, s, idempotency.StateBusy)
	if err := s.Complete(t.Context(), owner, nil); err != nil {
		t.Error(err)
	}
}

// expire has the lease run out.
func expire(t *testing.T, rdb *redis.Client) {
	t.Helper()
	if err := rdb.PExpire(t.Context(), key.String(), time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for range look.C {
		n, err := rdb.Exists(t.Context(), key.String()).Result()
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func TestRedisAwayIsRetryable(t *testing.T) {
	mr := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: mr.Addr(), MaxRetries: -1})
	defer rdb.Close()
	s := idempotency.NewStore(rdb, idempotency.Config{}, telemetry.Discard())
	defer s.Close()
	mr.Close()
	_, err := s.Claim(t.Context(), key)
	if err == nil || retry.IsPermanent(err) || retry.Code(err) != idempotency.Code {
		t.Errorf("claim without Redis: %v, want a retryable error", err)
	}
}

func TestOneOwnerAmongMany(t *testing.T) {
	s, _ := store(t)
	var owners atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			c, err := s.Claim(t.Context(), key)
			if err != nil {
				t.Error(err)
			} else if c.State == idempotency.StateNew {
				owners.Add(1)
			}
		})
	}
	wg.Wait()
	if n := owners.Load(); n != 1 {
		t.Errorf("%d owners, want 1", n)
	}
}

func TestKeyKeepsACallInOneSlot(t *testing.T) {
	if got, want := key.String(), "{CA1}:crm-writer:CA1:call_insight:1"; got != want {
		t.Errorf("key = %s, want %s", got, want)
	}
}

func BenchmarkClaimComplete(b *testing.B) {
	mr := miniredis.RunT(b)
	rdb := redis.NewClient(&redis.Options{Addr: mr.Addr()})
	s := idempotency.NewStore(rdb, idempotency.Config{}, telemetry.Discard())
	b.Cleanup(func() { s.Close(); rdb.Close() })
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			k := key
			k.CallID = fmt.Sprint("CA", n.Add(1))
			c, err := s.Claim(context.Background(), k)
			if err != nil {
				b.Error(err)
				return
			}
			if err := s.Complete(context.Background(), c, nil); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func TestRedisSettingsAreCheckedBeforeAnyoneDials(t *testing.T) {
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noPEM, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, r := range map[string]idempotency.Redis{
		"redis.addrs: no address":                    {},
		`redis.addrs: "redis" is not host:port`:      {Addrs: []string{"a:1", "redis"}},
		`redis.addrs: "redis:0" is not host:port`:    {Addrs: []string{"redis:0"}},
		"redis.db: a cluster has database 0 only":    {Addrs: []string{"a:1", "b:1"}, DB: 2},
		"redis.ca_file: given, but redis.tls is":     {Addrs: []string{"a:1"}, CAFile: noPEM},
		"redis.ca_file: open /no/such: no such file": {Addrs: []string{"a:1"}, TLS: true, CAFile: "/no/such"},
		"holds no certificate in PEM":                {Addrs: []string{"a:1"}, TLS: true, CAFile: noPEM},
	} {
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := (idempotency.Redis{Addrs: []string{"[::1]:6379"}, TLS: true}).Validate(); err != nil {
		t.Error(err)
	}
	if err := (idempotency.Config{Lease: -1, Keep: -2}).Validate(); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("claims: %v", err)
	}
}
