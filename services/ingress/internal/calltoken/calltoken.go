// Package calltoken signs the facts of a call into a short text that comes back in every callback URL and as
// a parameter of the media stream, so that any replica can go on with any call without a look-up.
//
// A token is base64url(payload | key id | MAC). The payload is the version and then the fields in fixed
// order, numbers as varints and texts with their length; the MAC is HMAC-SHA256 under a deployment's secret,
// cut to 16 bytes (RFC 2104 section 5: not less than half the hash). The key id, four bytes of the secret's
// hash, only saves trying both keys during a rotation. A token proves where facts come from; it hides
// nothing, and therefore holds no number of the caller.
package calltoken

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// The reasons why a token is refused. None quotes it.
var (
	// ErrMalformed: not a token of ours.
	ErrMalformed = errors.New("not a call token")
	// ErrForged: no key of this deployment made the signature.
	ErrForged = errors.New("the call token's signature is not ours")
	// ErrExpired: it was one, once.
	ErrExpired = errors.New("the call token has expired")
)

const (
	version = 1
	// versionFailed has Facts.Failed, too.
	versionFailed = 2

	keySize = 4
	macSize = 16
	// maxToken bounds what is decoded at all; a whole token has some 250 bytes.
	maxToken = 2 << 10
)

// MinKey is the least length of a secret, bytes.
const MinKey = 32

// Signer signs and opens tokens. Safe for concurrent use.
type Signer struct{ keys []key }

type key struct {
	id     [keySize]byte
	secret []byte
}

// New makes a signer. The first secret signs; all open, so that a rotation is: put the new one in front,
// wait for the longest call and 48 hours, take the old one away.
func New(secrets []config.Secret) (*Signer, error) {
	if len(secrets) == 0 || len(secrets) > 2 {
		return nil, errors.New("call tokens need one key, or two during a rotation")
	}
	s := &Signer{}
	for i, secret := range secrets {
		if len(secret) < MinKey {
			return nil, fmt.Errorf("call token key %d is shorter than %d bytes", i+1, MinKey)
		}
		k := key{secret: []byte(secret.Reveal())}
		sum := sha256.Sum256(append([]byte("frontdesk call token key id\x00"), k.secret...))
		copy(k.id[:], sum[:])
		s.keys = append(s.keys, k)
	}
	return s, nil
}

// Sign makes the token of f, URL-safe.
func (s *Signer) Sign(f app.Facts) string {
	k := s.keys[0]
	b := append(encode(f), k.id[:]...)
	b = append(b, k.mac(b)...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Open checks a token and returns its facts.
func (s *Signer) Open(token string, now time.Time) (app.Facts, error) {
	if len(token) > maxToken {
		return app.Facts{}, ErrMalformed
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < 1+keySize+macSize || b[0] != version && b[0] != versionFailed {
		return app.Facts{}, ErrMalformed
	}
	signed, mac := b[:len(b)-macSize], b[len(b)-macSize:]
	if !s.signed(signed, mac) {
		return app.Facts{}, ErrForged
	}
	f, err := decode(signed[:len(signed)-keySize])
	if err != nil {
		return app.Facts{}, err
	}
	if !now.Before(f.Expires) {
		return app.Facts{}, ErrExpired
	}
	return f, nil
}

func (s *Signer) signed(b, mac []byte) bool {
	for _, k := range s.keys {
		if [keySize]byte(b[len(b)-keySize:]) == k.id && hmac.Equal(mac, k.mac(b)) {
			return true
		}
	}
	return false
}

func (k key) mac(b []byte) []byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write(b)
	return h.Sum(nil)[:macSize]
}
