package seal_test

import (
	"bytes"
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
