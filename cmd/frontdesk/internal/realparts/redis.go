package realparts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/ports"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
)

// Redis is one redis-server that keeps nothing on disk. Its address stays the same over restarts.
type Redis struct {
	dir, addr string
	security  *security
	proc      *child
}

const redisMoves = 20 * time.Second // start or stop, on a busy machine; otherwise it takes milliseconds

func startRedis(ctx context.Context, dir string, sec *security) (*Redis, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return nil, errors.New("no redis-server: as root, make integration-parts installs it; otherwise install Redis 7")
	}
	addr, err := ports.Free(ctx)
	if err != nil {
		return nil, err
	}
	r := &Redis{dir: filepath.Join(dir, "redis"), addr: addr, security: sec}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of Redis: %w", err)
	}
	_, port, _ := net.SplitHostPort(addr)
	lines := []string{"bind 127.0.0.1", `save ""`, "appendonly no"}
	if sec == nil {
		lines = append(lines, "port "+port)
	} else {
		lines = append(lines,
			"port 0", "tls-port "+port, "tls-cert-file "+sec.certFile, "tls-key-file "+sec.keyFile, "tls-ca-cert-file "+sec.caFile, "tls-auth-clients no",
			"user default off", fmt.Sprintf("user %s on >%s ~* &* +@all", sec.user, sec.password))
	}
	if err := os.WriteFile(filepath.Join(r.dir, "redis.conf"), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("writing the settings of Redis: %w", err)
	}
	return r, r.Start(ctx)
}

// Start starts the server, empty, and returns when it answers.
func (r *Redis) Start(ctx context.Context) (err error) {
	if r.proc, err = launch(r.dir, "redis", nil, "redis-server", "redis.conf"); err != nil {
		return err
	}
	return r.proc.until(ctx, redisMoves, func(ctx context.Context) error {
		rdb, err := r.Config().Dial()
		if err != nil {
			return err //nolint:wrapcheck // until says what it waited for
		}
		defer rdb.Close()          //nolint:errcheck // it asked, and was answered
		return rdb.Ping(ctx).Err() //nolint:wrapcheck // as above
	})
}

// Stop ends the server in order.
func (r *Redis) Stop() error { return r.proc.stop(redisMoves) }

// Kill is kill -9.
func (r *Redis) Kill() { r.proc.kill() }

// Pause is SIGSTOP: what has a connection waits on it.
func (r *Redis) Pause() error { return r.proc.pause() }

// Resume lets it go on after a Pause, as if no time had passed.
func (r *Redis) Resume() error { return r.proc.resume() }

// Pid is the process id; 0 while it does not run.
func (r *Redis) Pid() int { return r.proc.pid() }

// Addr is its host:port.
func (r *Redis) Addr() string { return r.addr }

// Flush empties it.
func (r *Redis) Flush(ctx context.Context) error {
	rdb, err := r.Config().Dial()
	if err != nil {
		return fmt.Errorf("preparing the way to Redis: %w", err)
	}
	defer rdb.Close() //nolint:errcheck // it asked, and was answered
	if err := rdb.FlushAll(ctx).Err(); err != nil {
		return fmt.Errorf("emptying Redis: %w", err)
	}
	return nil
}

// Config is how our clients reach it.
func (r *Redis) Config() idempotency.Redis {
	cfg := idempotency.Redis{Addrs: []string{r.addr}}
	if s := r.security; s != nil {
		cfg.TLS, cfg.CAFile, cfg.Username, cfg.Password = true, s.caFile, s.user, config.Secret(s.password)
	}
	return cfg
}

// env is the same for a process whose variables have a prefix.
func (r *Redis) env(prefix string) []string {
	vars := []string{prefix + "_REDIS__ADDRS=" + r.addr}
	if s := r.security; s != nil {
		vars = append(vars, prefix+"_REDIS__TLS=true", prefix+"_REDIS__CA_FILE="+s.caFile, prefix+"_REDIS__USERNAME="+s.user, prefix+"_REDIS__PASSWORD="+s.password)
	}
	return vars
}
