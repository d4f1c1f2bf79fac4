package twilio

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"regexp"
)

// sid makes an id of Twilio's form, two letters and 32 hex digits, from what it names: the same parts, the
// same id.
func sid(prefix string, parts ...any) string {
	sum := digest(parts...)
	return prefix + hex.EncodeToString(sum[:16])
}

// draws returns a source of randomness that belongs to the parts.
func draws(parts ...any) *rand.Rand {
	sum := digest(parts...)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:]))) //nolint:gosec // repeatable on purpose
}

func digest(parts ...any) [sha256.Size]byte {
	h := sha256.New()
	for _, p := range parts {
		// A hash never returns an error.
		_, _ = fmt.Fprintf(h, "%v\x1f", p)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// isSID tells whether s is an id of the given kind.
func isSID(prefix, s string) bool {
	ok, err := regexp.MatchString("^"+prefix+"[0-9a-fA-F]{32}$", s)
	return ok && err == nil
}
