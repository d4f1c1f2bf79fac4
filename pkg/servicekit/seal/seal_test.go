package seal_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/servicekit/seal"
)

func TestSealedBodyOpensOnlyInItsOwnEvent(t *testing.T) {
	key, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal.Seal(key, []byte("body"), []byte("event 1"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := seal.Open(key, sealed, []byte("event 1")); err != nil || !bytes.Equal(plain, []byte("body")) {
		t.Fatalf("open = %q, %v", plain, err)
	}
	other, _ := seal.NewKey()
	damaged := bytes.Clone(sealed)
	damaged[len(damaged)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"other event": func() ([]byte, error) { return seal.Open(key, sealed, []byte("event 2")) },
		"other key":   func() ([]byte, error) { return seal.Open(other, sealed, []byte("event 1")) },
		"damaged":     func() ([]byte, error) { return seal.Open(key, damaged, []byte("event 1")) },
		"cut":         func() ([]byte, error) { return seal.Open(key, sealed[:5], []byte("event 1")) },
	} {
		if _, err := open(); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("%s: %v, want ErrOpen", name, err)
		}
	}
	if _, err := seal.Seal(key[:16], nil, nil); err == nil {
		t.Error("a short key was accepted")
	}
}

// A body that was sealed by version 1 opens for ever.
func TestKnownAnswer(t *testing.T) {
	sealed, err := hex.DecodeString("7477656c7665206279746573c8ea8787d34ae99640f56dfbc4bf8b6faa00c591")
	if err != nil {
		t.Fatal(err)
	}
	key := make([]byte, seal.KeySize)
	for i := range key {
		key[i] = byte(i)
	}
	if plain, err := seal.Open(key, sealed, []byte("event 1")); err != nil || string(plain) != "body" {
		t.Errorf("open = %q, %v", plain, err)
	}
}

// keys is a key store of a test, as one of a vendor's will be.
type keys map[string][]byte

func (k keys) DataKey(id string) ([]byte, error) {
	if key, ok := k[id]; ok {
		return key, nil
	}
	return nil, seal.ErrErased
}

func TestDeletingTheKeyErasesTheCall(t *testing.T) {
	key, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	store := keys{"call": key}
	var port seal.Keys = store
	if got, err := port.DataKey("call"); err != nil || !bytes.Equal(got, key) {
		t.Errorf("%v", err)
	}
	delete(store, "call")
	if _, err := port.DataKey("call"); !errors.Is(err, seal.ErrErased) {
		t.Errorf("err = %v", err)
	}
}
