package drivertest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// Script says words over length milliseconds, now fast, now with pauses of up to `pause` milliseconds: the same for a seed.
func Script(seed uint64, length, pause int64) []Said {
	rng := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // repeatable on purpose
	var said []Said
	at := 200 + rng.Int64N(400)
	for {
		n := 120 + rng.Int64N(480)
		if at+n+200 > length {
			return said
		}
		said = append(said, Said{Text: fmt.Sprintf("w%d", len(said)), Start: at, End: at + n})
		at += n + rng.Int64N(120)
		if rng.IntN(6) == 0 {
			at += rng.Int64N(pause)
		}
	}
}

// Text is the words of a script as one line.
func Text(said []Said) string {
	texts := make([]string, len(said))
	for i, w := range said {
		texts[i] = w.Text
	}
	return strings.Join(texts, " ")
}

// Told is the words of finals as one line.
func Told(finals []recogniser.Final) string {
	texts := make([]string, len(finals))
	for i, f := range finals {
		texts[i] = f.Text
	}
	return strings.Join(texts, " ")
}

// Chunks cuts audio that begins at call time `start` into pieces of ms milliseconds.
func Chunks(audio []byte, start, ms int64) []recogniser.Audio {
	var out []recogniser.Audio
	for n := Format.Bytes(ms); len(audio) > 0; {
		k := min(n, len(audio))
		out = append(out, recogniser.Audio{Start: start, Data: audio[:k]})
		start, audio = start+Format.Millis(k), audio[k:]
	}
	return out
}
