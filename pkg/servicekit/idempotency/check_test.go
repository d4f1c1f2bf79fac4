package idempotency_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2/server"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
)

func startRedis(t *testing.T, cfg embedded.RedisConfig) *embedded.Redis {
	t.Helper()
	r, err := embedded.StartRedis(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func TestAHealthyRedisHasNothingWrong(t *testing.T) {
	r := startRedis(t, embedded.RedisConfig{Password: "pw"})
	found := idempotency.Redis{Addrs: []string{r.Addr()}, Password: "pw"}.Check(t.Context())
	if len(found) < 3 || check.Worst(found).Worse(check.Note) {
		t.Errorf("%+v", found)
	}
	if keys := r.Fake.Keys(); len(keys) > 0 {
		t.Errorf("the check left %v", keys)
	}
}

func TestFaultsOfRedisAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		server     embedded.RedisConfig
		client     func(*idempotency.Redis)
		code, do   string
		wantsLevel check.Level
	}{
		"a wrong password": {embedded.RedisConfig{Password: "pw"}, func(r *idempotency.Redis) { r.Password = "other" }, "wrong_password", "redis.password", check.Fault},
		"no password":      {embedded.RedisConfig{Password: "pw"}, nil, "no_password", "redis.password", check.Fault},
		"a needless one": {embedded.RedisConfig{}, func(r *idempotency.Redis) {
			r.Password, r.Addrs = "pw", []string{chatter(t, "-ERR AUTH <password> called without any password configured for the default user.\r\n")}
		}, "needless_password", "Take redis.password away", check.Fault},
		"an evicting Redis":  {embedded.RedisConfig{Info: map[string]string{"maxmemory": "1000", "maxmemory_policy": "allkeys-lru"}}, nil, "eviction", "noeviction", check.Fault},
		"one that may evict": {embedded.RedisConfig{Info: map[string]string{"maxmemory_policy": "volatile-ttl"}}, nil, "eviction", "noeviction", check.Warning},
		"an old one":         {embedded.RedisConfig{Info: map[string]string{"redis_version": "6.2.14"}}, nil, "version", "Upgrade Redis", check.Fault},
		"a replica":          {embedded.RedisConfig{Info: map[string]string{"role": "slave"}}, nil, "replica", "master", check.Fault},
		"a node of a Cluster": {embedded.RedisConfig{Info: map[string]string{"cluster_enabled": "1"}}, nil, "cluster",
			"several of its nodes", check.Fault},
		"nobody there": {embedded.RedisConfig{}, func(r *idempotency.Redis) { r.Addrs = []string{"127.0.0.1:1"} }, "unreachable", "host and port", check.Fault},
		"TLS to one that speaks none": {embedded.RedisConfig{}, func(r *idempotency.Redis) {
			r.TLS, r.Addrs = true, []string{chatter(t, "-ERR unknown command\r\n")}
		}, "not_tls", "redis, tls", check.Fault},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := idempotency.Redis{Addrs: []string{startRedis(t, c.server).Addr()}}
			if c.client != nil {
				c.client(&cfg)
			}
			found := cfg.Check(t.Context())
			i := slices.IndexFunc(found, func(f check.Finding) bool { return f.Code == "redis."+c.code })
			if i < 0 || found[i].Level != c.wantsLevel || !strings.Contains(found[i].Do, c.do) {
				t.Errorf("no redis.%s in %+v", c.code, found)
			}
			for _, f := range found {
				if strings.Contains(f.What+f.Do, "pw") {
					t.Errorf("a password is told: %+v", f)
				}
			}
		})
	}
}

// TestARedisThatTakesNoClaimsIsTold: it answers, and refuses what changes it.
func TestARedisThatTakesNoClaimsIsTold(t *testing.T) {
	for refusal, code := range map[string]string{
		"OOM command not allowed when used memory > 'maxmemory'.":                   "full",
		"NOPERM this user has no permissions to run the 'set' command":              "not_permitted",
		"NOREPLICAS Not enough good replicas to write.":                             "refused",
		"MISCONF Redis is configured to save RDB snapshots, but is unable to write": "refused",
	} {
		r := startRedis(t, embedded.RedisConfig{})
		r.Fake.Server().SetPreHook(func(c *server.Peer, cmd string, _ ...string) bool {
			if cmd == "SET" {
				c.WriteError(refusal)
			}
			return cmd == "SET"
		})
		found := idempotency.Redis{Addrs: []string{r.Addr()}}.Check(t.Context())
		if !slices.ContainsFunc(found, func(f check.Finding) bool { return f.Code == "redis."+code && f.Level == check.Fault }) {
			t.Errorf("%s: %+v", refusal, found)
		}
	}
}

// TestACheckOfRedisEndsInTime: whatever the other side does.
func TestACheckOfRedisEndsInTime(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	found := idempotency.Redis{Addrs: []string{l.Addr().String()}}.Check(ctx)
	if took := time.Since(began); took > 2*time.Second || len(found) != 1 || found[0].Code != "redis.unreachable" {
		t.Errorf("after %s: %+v", took, found)
	}
}

// chatter is a server that answers whatever it hears with a line in clear.
func chatter(t *testing.T, says string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				for {
					if _, err := c.Read(make([]byte, 1<<12)); err != nil {
						return
					}
					_, _ = c.Write([]byte(says))
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().String()
}

// TestAURLsPasswordIsNotTold: some give redis.addrs a URL.
func TestAURLsPasswordIsNotTold(t *testing.T) {
	err := idempotency.Redis{Addrs: []string{"redis://user:pw-4711@redis:6379"}}.Validate()
	if err == nil || strings.Contains(err.Error(), "4711") || !strings.Contains(err.Error(), "@redis:6379") {
		t.Errorf("%v", err)
	}
}
