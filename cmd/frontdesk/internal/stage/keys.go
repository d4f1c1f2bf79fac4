package stage

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
)

// keys are the secrets of one stage: made at first start, kept in its data folder.
type keys struct {
	// jwt is the integration user's RSA key, for Salesforce's JWT bearer flow.
	jwt    *rsa.PrivateKey
	jwtPEM config.Secret
	// token signs ingress' call tokens.
	token config.Secret
}

// Files of the data folder: the integration user's key, and the one that signs ingress' call tokens.
const (
	jwtFile   = "salesforce-jwt.pem"
	tokenFile = "call-token.key"
	// tokenBytes are the least that ingress takes.
	tokenBytes = 32
)

// KeyFile is where the integration user's key stands in a data folder.
func KeyFile(dataDir string) string { return filepath.Join(dataDir, jwtFile) }

// TokenFile is where the key that signs ingress' call tokens stands in a data folder.
func TokenFile(dataDir string) string { return filepath.Join(dataDir, tokenFile) }

func loadKeys(dataDir string) (keys, error) {
	pemText, err := keep(dataDir, jwtFile, func() ([]byte, error) {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, fmt.Errorf("making the integration user's key: %w", err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			return nil, fmt.Errorf("encoding the integration user's key: %w", err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
	})
	if err != nil {
		return keys{}, err
	}
	token, err := keep(dataDir, tokenFile, func() ([]byte, error) {
		b := make([]byte, 32)
		_, err := rand.Read(b)
		return []byte(hex.EncodeToString(b)), err //nolint:wrapcheck // crypto/rand documents that it never fails
	})
	if err != nil {
		return keys{}, err
	}
	if have := len(token); have < tokenBytes {
		return keys{}, fmt.Errorf("%s holds %d bytes, and a key has at least %d: remove it, a new one is made", filepath.Join(dataDir, tokenFile), have, tokenBytes)
	}
	path := filepath.Join(dataDir, jwtFile)
	block, _ := pem.Decode(pemText)
	if block == nil {
		return keys{}, fmt.Errorf("%s holds no PEM: remove it, a new one is made", path)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return keys{}, fmt.Errorf("%s holds no key in PKCS 8: remove it, a new one is made: %w", path, err)
	}
	rsaKey, ok := k.(*rsa.PrivateKey)
	if !ok {
		return keys{}, fmt.Errorf("%s holds a key that is not RSA: remove it, a new one is made", path)
	}
	return keys{jwt: rsaKey, jwtPEM: config.Secret(pemText), token: config.Secret(token)}, nil
}

// keep reads a secret from the data folder, or makes and keeps it; without a folder it is only made.
func keep(dir, name string, make func() ([]byte, error)) ([]byte, error) {
	if dir == "" {
		return make()
	}
	path := filepath.Join(dir, name)
	b, err := os.ReadFile(path) //nolint:gosec // the user names his own data folder
	if err == nil {
		return b, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading a secret of the data folder: %w", err)
	}
	if b, err = make(); err != nil {
		return nil, err
	}
	if err := write(path, b); err != nil {
		return nil, fmt.Errorf("keeping a secret in the data folder: %w", err)
	}
	return b, nil
}

// write makes a file that is there whole or not at all: half a secret, left by a kill in the first start, would stop
// every later one.
func write(path string, b []byte) error {
	part := path + ".part"
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(part, b, 0o600)); err != nil {
		return err
	}
	return os.Rename(part, path) //nolint:wrapcheck // it names both
}
