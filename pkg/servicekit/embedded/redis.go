package embedded

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// RedisConfig of an embedded Redis.
type RedisConfig struct {
	// Listen is host:port; empty, or port 0, takes a free port on 127.0.0.1.
	Listen string
	// Password asks clients to authenticate; empty lets everybody in.
	Password string
	// Info replaces lines of what INFO tells, by their names, as maxmemory_policy: a test's.
	Info map[string]string
}

// Redis is a running Redis whose clock runs. Close it after its clients.
type Redis struct {
	// Fake has the knobs of a test: errors, a look at keys.
	Fake *miniredis.Miniredis
	stop context.CancelFunc
	done sync.WaitGroup
}

// tick is how coarse the time to live of keys is.
const tick = 50 * time.Millisecond

// StartRedis runs a Redis until Close.
func StartRedis(ctx context.Context, cfg RedisConfig) (*Redis, error) {
	listen := cfg.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	m := miniredis.NewMiniRedis()
	if cfg.Password != "" {
		m.RequireAuth(cfg.Password)
	}
	if err := m.StartAddr(listen); err != nil {
		return nil, fmt.Errorf("starting the embedded Redis on %s (is the port taken?): %w", listen, err)
	}
	m.Server().SetPreHook(tell(cfg.Info))
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := &Redis{Fake: m, stop: stop}
	r.done.Go(func() { r.run(ctx) })
	return r, nil
}

// tell answers INFO, of which miniredis knows next to nothing, as a Redis of one's own does that keeps everything in memory.
func tell(instead map[string]string) server.Hook {
	lines := []struct{ name, value string }{
		{"# Server", ""},
		{"redis_version", "7.4.0"}, {"redis_mode", "standalone"},
		{"# Memory", ""},
		{"maxmemory", "0"}, {"maxmemory_policy", "noeviction"},
		{"# Persistence", ""},
		{"loading", "0"}, {"aof_enabled", "0"}, {"rdb_last_bgsave_status", "ok"}, {"rdb_last_save_time", "0"},
		{"# Replication", ""},
		{"role", "master"},
		{"# Cluster", ""},
		{"cluster_enabled", "0"},
	}
	var text strings.Builder
	for _, l := range lines {
		value := cmp.Or(instead[l.name], l.value)
		if strings.HasPrefix(l.name, "#") {
			text.WriteString(l.name + "\r\n")
			continue
		}
		text.WriteString(l.name + ":" + value + "\r\n")
	}
	return func(c *server.Peer, cmd string, args ...string) bool {
		if cmd != "INFO" || len(args) > 0 {
			return false
		}
		c.WriteBulk(text.String())
		return true
	}
}

// run moves the clock: miniredis has none of its own, and no key would ever expire.
func (r *Redis) run(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			r.Fake.FastForward(now.Sub(last))
			last = now
		}
	}
}

// Addr is host:port.
func (r *Redis) Addr() string { return r.Fake.Addr() }

// Close stops the server.
func (r *Redis) Close() error {
	r.stop()
	r.done.Wait()
	r.Fake.Close()
	return nil
}
