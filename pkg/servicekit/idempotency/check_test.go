package idempotency_test

import (
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

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
