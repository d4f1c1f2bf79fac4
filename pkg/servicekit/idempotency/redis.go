package idempotency

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

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

// Validate reports every fault of r.
func (r Redis) Validate() error {
	if len(r.Addrs) == 0 {
		return errors.New("redis.addrs: no address; give host:port")
	}
	return nil
}

// Dial prepares a client; it does not reach out yet. The client retries nothing by itself: one layer retries,
// and that is the consumer's.
func (r Redis) Dial() (redis.UniversalClient, error) {
	o := &redis.UniversalOptions{
		Addrs: r.Addrs, MasterName: r.MasterName, Username: r.Username, Password: r.Password.Reveal(), DB: r.DB,
		MaxRetries: -1,
	}
	if r.TLS {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		if r.CAFile != "" {
			pem, err := os.ReadFile(r.CAFile)
			if err != nil {
				return nil, fmt.Errorf("redis.ca_file: %w", err)
			}
			o.TLSConfig.RootCAs = x509.NewCertPool()
			if !o.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
				return nil, fmt.Errorf("redis.ca_file: %s holds no certificate in PEM", r.CAFile)
			}
		}
	}
	return redis.NewUniversalClient(o), nil
}
