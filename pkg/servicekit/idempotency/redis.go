package idempotency

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
)

// Redis says how to reach it: one address is a single server, several are a Cluster's seeds, and with
// MasterName they are Sentinels.
type Redis struct {
	Addrs      []string      `koanf:"addrs"`
	MasterName string        `koanf:"master_name"`
	Username   string        `koanf:"username"`
	Password   config.Secret `koanf:"password"`
	DB         int           `koanf:"db"`
	// TLS switches transport security on; CAFile adds a private authority.
	TLS    bool   `koanf:"tls"`
	CAFile string `koanf:"ca_file"`
}

// Validate reports every fault of r, a file that cannot be read included.
func (r Redis) Validate() error {
	var errs []error
	if len(r.Addrs) == 0 {
		errs = append(errs, errors.New("redis.addrs: no address; give host:port"))
	}
	for _, a := range r.Addrs {
		host, port, err := net.SplitHostPort(a)
		if n, perr := strconv.Atoi(port); err != nil || host == "" || perr != nil || n < 1 || n > 65535 {
			errs = append(errs, fmt.Errorf("redis.addrs: %q is not host:port", config.Masked(a)))
		}
	}
	if r.DB < 0 {
		errs = append(errs, fmt.Errorf("redis.db: %d is negative", r.DB))
	}
	if r.DB > 0 && len(r.Addrs) > 1 && r.MasterName == "" {
		errs = append(errs, fmt.Errorf("redis.db: a cluster has database 0 only, not %d", r.DB))
	}
	_, err := r.tls()
	return errors.Join(append(errs, err)...)
}

// tls is the TLS configuration, nil when TLS is off.
func (r Redis) tls() (*tls.Config, error) {
	if !r.TLS {
		if r.CAFile != "" {
			return nil, errors.New("redis.ca_file: given, but redis.tls is false")
		}
		return nil, nil //nolint:nilnil // no TLS is a configuration, not a fault
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.CAFile == "" {
		return out, nil
	}
	pem, err := os.ReadFile(r.CAFile)
	if err != nil {
		return nil, fmt.Errorf("redis.ca_file: %w", err)
	}
	out.RootCAs = x509.NewCertPool()
	if !out.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("redis.ca_file: %s holds no certificate in PEM", r.CAFile)
	}
	return out, nil
}

// silent is how long a server may take to answer, or to be reached.
const silent = 2 * time.Second

// Dial prepares a client; it does not reach out yet. The client retries nothing by itself, dialling included: one layer
// retries, and that is the consumer's. A server that is silent is found away after two seconds.
func (r Redis) Dial() (redis.UniversalClient, error) {
	secure, err := r.tls()
	if err != nil {
		return nil, err
	}
	return redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs: r.Addrs, MasterName: r.MasterName, Username: r.Username, Password: r.Password.Reveal(), DB: r.DB,
		MaxRetries: -1, DialerRetries: 1, DialTimeout: silent, ReadTimeout: silent, WriteTimeout: silent,
		ContextTimeoutEnabled: true, TLSConfig: secure,
	}), nil
}
