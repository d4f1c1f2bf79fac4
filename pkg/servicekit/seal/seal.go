// Package seal encrypts event bodies under a data key of the call's own, so that deleting the key erases the
// call wherever its bytes stand. Nobody seals yet: what is here is the format, which the envelope of the events has a
// place for since version 1 and which a known answer in the tests holds, and the port by which keys will be found.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// Algorithm is the one algorithm of version 1: AES-256-GCM (NIST SP 800-38D), a random 12-byte nonce first.
const Algorithm = "AES256-GCM"

// KeySize of a data key in bytes.
const KeySize = 32

// ErrOpen says that a ciphertext does not open: wrong key, wrong context or damaged bytes. It is permanent.
var ErrOpen = errors.New("the sealed body does not open with this key and context")

// Keys finds data keys. Implementations say ErrErased when a call's key has been deleted.
type Keys interface {
	// DataKey returns the key of that id, KeySize bytes.
	DataKey(keyID string) ([]byte, error)
}

// ErrErased says that a data key is gone for good: the call was erased.
var ErrErased = errors.New("the data key was deleted: this call has been erased")

// NewKey makes a data key.
func NewKey() ([]byte, error) {
	k := make([]byte, KeySize)
	_, err := rand.Read(k)
	return k, err //nolint:wrapcheck // crypto/rand documents that it never fails
}

// Seal encrypts plaintext under key. context is authenticated, not encrypted: the event's identity, so that
// a body cannot be moved to another event.
func Seal(key, plaintext, context []byte) ([]byte, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plaintext)+aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("drawing a nonce: %w", err)
	}
	return aead.Seal(nonce, nonce, plaintext, context), nil
}

// Open decrypts what Seal made, with the same key and context; every failure is ErrOpen.
func Open(key, ciphertext, context []byte) ([]byte, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	n := aead.NonceSize()
	if len(ciphertext) < n {
		return nil, ErrOpen
	}
	plain, err := aead.Open(nil, ciphertext[:n], ciphertext[n:], context)
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

func gcm(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("a data key has %d bytes, not %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("preparing AES: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("preparing GCM: %w", err)
	}
	return aead, nil
}
