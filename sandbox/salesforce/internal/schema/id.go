package schema

import "strings"

// Record ids are 15 case-sensitive characters: the object's prefix, three of the org's instance, a counter in
// base 62; three more make them safe where case is lost (each holds the case of five).

const (
	base62   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	checksum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
)

// MakeID returns the 18-character id of a prefix, a three-character instance and a counter.
func MakeID(prefix, instance string, n uint64) string {
	b := []byte(prefix + instance + "000000000")
	for i := 14; i > 5 && n > 0; i-- {
		b[i] = base62[n%62]
		n /= 62
	}
	return suffixed(string(b))
}

// Counter returns the counter in an id, or 0 for one that [MakeID] can't have made.
func Counter(id string) uint64 {
	if len(id) < 15 {
		return 0
	}
	var n uint64
	for i := 6; i < 15; i++ {
		d := strings.IndexByte(base62, id[i])
		if d < 0 {
			return 0
		}
		n = n*62 + uint64(d)
	}
	return n
}

// NormalID returns the 18-character form of a 15- or 18-character id, with the case mended from the suffix;
// false if it is neither.
func NormalID(id string) (string, bool) {
	if len(id) != 15 && len(id) != 18 {
		return "", false
	}
	for i := range len(id) {
		if strings.IndexByte(base62, id[i]) < 0 {
			return "", false
		}
	}
	if len(id) == 15 {
		return suffixed(id), true
	}
	return mended(id)
}

func suffixed(id string) string {
	var out [18]byte
	copy(out[:], id)
	for chunk := range 3 {
		bits := 0
		for i := range 5 {
			if c := id[chunk*5+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		out[15+chunk] = checksum[bits]
	}
	return string(out[:])
}

func mended(id string) (string, bool) {
	b := []byte(id[:15])
	for chunk := range 3 {
		bits := strings.IndexByte(checksum, upper(id[15+chunk]))
		if bits < 0 {
			return "", false
		}
		for i := range 5 {
			c := b[chunk*5+i]
			if bits&(1<<i) != 0 {
				c = upper(c)
			} else if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			b[chunk*5+i] = c
		}
	}
	out := suffixed(string(b))
	return out, strings.EqualFold(out, id)
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}
