package calls

import (
	"bytes"
	"strings"
)

// clip is one stretch of sound that says something, without the silence around it, and where it was first named.
type clip struct {
	sound []byte
	saying
	told *faults
	key  string
	what string
}

// cutWindow is how much of a clip's beginning is looked for in the others: 20 ms, which no two recordings share.
const cutWindow = 160

// cuts tells of clips that are a part of another which says other words: a recogniser that knows sound alone can't tell
// which of the two it hears. One pass over all sound looks for the beginnings of all clips with a rolling hash.
func (l *library) cuts() {
	beginnings := map[uint64][]*clip{}
	var maybe [1 << 16]bool // of the hashes' low bits, so that most places cost no look-up
	for _, c := range l.clips {
		if len(c.sound) >= cutWindow {
			h := rolled(c.sound[:cutWindow])
			beginnings[h] = append(beginnings[h], c)
			maybe[h%uint64(len(maybe))] = true
		}
	}
	leave := uint64(1)
	for range cutWindow {
		leave *= radix
	}
	done := map[*clip]bool{}
	for _, whole := range l.clips {
		if len(whole.sound) < cutWindow {
			continue
		}
		h := rolled(whole.sound[:cutWindow])
		for at := 0; ; at++ {
			if maybe[h%uint64(len(maybe))] {
				for _, c := range beginnings[h] {
					if len(c.sound) < len(whole.sound) && !done[c] && bare(c.text) != bare(whole.text) && bytes.HasPrefix(whole.sound[at:], c.sound) {
						done[c] = true
						c.told.add(c.key, "%s is cut from the sound at %s (%q): the recogniser can't tell a part from the whole, so record it by itself",
							c.what, whole.where, short(strings.TrimSpace(whole.text)))
					}
				}
			}
			if at+cutWindow == len(whole.sound) {
				break
			}
			h = h*radix + uint64(whole.sound[at+cutWindow]) - leave*uint64(whole.sound[at])
		}
	}
}

// radix of the hash, which is a polynomial modulo 2^64; odd, so that every byte counts in its low bits.
const radix = 0x9E3779B97F4A7C15

func rolled(b []byte) (h uint64) {
	for _, x := range b {
		h = h*radix + uint64(x)
	}
	return h
}
