package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
)

// Config says how to reach Kafka.
type Config struct {
	// Brokers are host:port seeds; the rest of the cluster is learnt from them.
	Brokers []string `koanf:"brokers"`
	// TLS switches transport security on.
	TLS TLS `koanf:"tls"`
	// SASL authenticates; empty mechanism means none.
	SASL SASL `koanf:"sasl"`
	// ClientID shows up in the broker's logs and quotas.
	ClientID string `koanf:"client_id"`
	// Dial replaces the way connections are opened: a proxy, or a test that cuts them. nil dials directly.
	Dial func(ctx context.Context, network, address string) (net.Conn, error) `koanf:"-"`
}

// TLS settings of the connection.
type TLS struct {
	Enabled bool `koanf:"enabled"`
	// CAFile holds the authorities that may sign a broker's certificate; empty means the system's.
	CAFile string `koanf:"ca_file"`
	// CertFile and KeyFile are our own certificate, both or none.
	CertFile string `koanf:"cert_file"`
	KeyFile  string `koanf:"key_file"`
}

// SASL credentials.
type SASL struct {
	// Mechanism is "", "plain", "scram-sha-256" or "scram-sha-512".
	Mechanism string        `koanf:"mechanism"`
	Username  string        `koanf:"username"`
	Password  config.Secret `koanf:"password"`
}

// Validate reports every fault of c, files that cannot be read included.
func (c Config) Validate() error {
	var errs []error
	if len(c.Brokers) == 0 {
		errs = append(errs, errors.New("kafka.brokers: name at least one host:port"))
	}
	for _, b := range c.Brokers {
		host, port, err := net.SplitHostPort(b)
		if n, perr := strconv.Atoi(port); err != nil || host == "" || perr != nil || n < 1 || n > 65535 {
			errs = append(errs, fmt.Errorf("kafka.brokers: %q is not host:port", config.Masked(b)))
		}
	}
	if _, err := c.TLS.load(); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.SASL.mechanism(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// load is the TLS configuration, nil when TLS is off.
func (t TLS) load() (*tls.Config, error) {
	if !t.Enabled {
		if t.CAFile != "" || t.CertFile != "" || t.KeyFile != "" {
			return nil, errors.New("kafka.tls: files are given but kafka.tls.enabled is false")
		}
		return nil, nil //nolint:nilnil // no TLS is a configuration, not a fault
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("kafka.tls.ca_file: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("kafka.tls.ca_file: %s holds no PEM certificate", t.CAFile)
		}
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return nil, errors.New("kafka.tls: cert_file and key_file go together")
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("kafka.tls.cert_file: %w", err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}

// mechanism is the SASL mechanism, nil when there is none.
func (s SASL) mechanism() (sasl.Mechanism, error) {
	if s.Mechanism == "" {
		if s.Username != "" || s.Password != "" {
			return nil, errors.New("kafka.sasl: credentials are given but kafka.sasl.mechanism is empty")
		}
		return nil, nil //nolint:nilnil // no authentication is a configuration, not a fault
	}
	if s.Username == "" || s.Password == "" {
		return nil, errors.New("kafka.sasl: username and password must be set")
	}
	var algorithm scram.Algorithm
	switch s.Mechanism {
	case "plain":
		return plain.Mechanism{Username: s.Username, Password: s.Password.Reveal()}, nil
	case "scram-sha-256":
		algorithm = scram.SHA256
	case "scram-sha-512":
		algorithm = scram.SHA512
	default:
		return nil, fmt.Errorf("kafka.sasl.mechanism: %q is none of plain, scram-sha-256, scram-sha-512", s.Mechanism)
	}
	m, err := scram.Mechanism(algorithm, s.Username, s.Password.Reveal())
	if err != nil {
		return nil, fmt.Errorf("kafka.sasl: %w", err)
	}
	return m, nil
}
