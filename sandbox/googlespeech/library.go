package googlespeech

import (
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// window is how much sound in one piece is recognised: 160 bytes, 20 ms of mu-law at 8 kHz.
const window = 160

// enough of a stretch must be more than silence, or it fits anywhere: 40 bytes, 5 ms.
const enough = 40

// maxSpots bounds how many places one window's sound may point to: a pure tone sounds the same everywhere.
const maxSpots = 64

// clip is one utterance's sound, without the silence around it. The same sound with the same words is one clip, in
// however many calls it stands.
type clip struct {
	audio    []byte
	words    []word
	language string
	places   []place
}

// word is one word of a clip, [from, to) in its audio. Words follow each other without gaps.
type word struct {
	text     string
	from, to int
}

// place is where a clip stands: on which track of which call, and where there, in bytes.
type place struct {
	tape, at int
}

// spot is a window's place in a clip.
type spot struct {
	clip *clip
	at   int
}

// library is what the recogniser was taught. It is immutable: teaching makes a new one.
type library struct {
	clips []*clip
	// index of the windows at multiples of [window] in each clip.
	index map[uint64][]spot
	// maybe has a bit set for the low bits of every indexed hash, so that sound that is not known costs no look-up.
	maybe []uint64
	tapes int
}

const maybeBits = 1 << 20

// teach returns a library that also knows what is said in list.
func (l *library) teach(list []*calls.Call) *library {
	next := &library{index: map[uint64][]spot{}, maybe: make([]uint64, maybeBits/64), tapes: l.tapes}
	known := map[uint64][]*clip{}
	for _, c := range l.clips {
		c = &clip{c.audio, c.words, c.language, slices.Clone(c.places)} // streams may be reading the old one
		next.clips = append(next.clips, c)
		known[c.key()] = append(known[c.key()], c)
	}
	for _, call := range list {
		for track, audio := range [][]byte{call.Caller, call.AgentAudio} {
			for _, u := range call.Script {
				if (u.Track == calls.TrackCaller) == (track == 0) {
					next.add(known, u, audio, next.tapes+track)
				}
			}
		}
		next.tapes += 2
	}
	next.build()
	return next
}

// add one utterance of a track.
func (l *library) add(known map[uint64][]*clip, u calls.Utterance, track []byte, tape int) {
	from, to := trim(track, offset(u.Start), offset(u.End))
	if from == to {
		return
	}
	c := &clip{audio: slices.Clone(track[from:to]), language: u.Language}
	c.words = spread(strings.Fields(u.Text), to-from)
	p := place{tape, from}
	for _, k := range known[c.key()] {
		if k.same(c) {
			if !slices.Contains(k.places, p) {
				k.places = append(k.places, p)
			}
			return
		}
	}
	c.places = []place{p}
	known[c.key()] = append(known[c.key()], c)
	l.clips = append(l.clips, c)
}

// trim cuts the silence off both ends of [from, to).
func trim(track []byte, from, to int) (int, int) {
	from, to = min(max(from, 0), len(track)), min(max(to, 0), len(track))
	for from < to && calls.Silent(track[from]) {
		from++
	}
	for to > from && calls.Silent(track[to-1]) {
		to--
	}
	return from, to
}

// spread lays words over n bytes, each as long as its letters are many, the space after it counted.
func spread(texts []string, n int) []word {
	letters := 0
	for _, t := range texts {
		letters += len([]rune(t)) + 1
	}
	words, done := make([]word, 0, len(texts)), 0
	for _, t := range texts {
		from := n * done / letters
		done += len([]rune(t)) + 1
		words = append(words, word{t, from, n * done / letters})
	}
	return words
}

func (c *clip) key() uint64 {
	h := fnv.New64a()
	h.Write(c.audio)
	return h.Sum64()
}

func (c *clip) same(o *clip) bool {
	return string(c.audio) == string(o.audio) && c.language == o.language && slices.Equal(c.words, o.words)
}

// build indexes the clips: first all first windows, then all second ones, so that where sound repeats itself and
// places are left out, beginnings stay.
func (l *library) build() {
	longest := 0
	for _, c := range l.clips {
		longest = max(longest, len(c.audio))
	}
	for at := 0; at+window <= longest; at += window {
		for _, c := range l.clips {
			if at+window > len(c.audio) || loud(c.audio[at:at+window]) < enough {
				continue
			}
			h := hash(c.audio[at : at+window])
			if len(l.index[h]) < maxSpots {
				l.index[h] = append(l.index[h], spot{c, at})
			}
			l.maybe[h%maybeBits/64] |= 1 << (h % 64)
		}
	}
}

// find returns where a window may stand.
func (l *library) find(h uint64) []spot {
	if l.maybe[h%maybeBits/64]&(1<<(h%64)) == 0 {
		return nil
	}
	return l.index[h]
}

// radix and leave make a rolling hash modulo 2^64: leave is radix to the power of the window.
const radix = 0x9E3779B97F4A7C15

var leave = func() uint64 { //nolint:gochecknoglobals // a constant that the language can't write
	p := uint64(1)
	for range window {
		p *= radix
	}
	return p
}()

func hash(b []byte) (h uint64) {
	for _, x := range b {
		h = h*radix + uint64(x)
	}
	return mix(h)
}

// mix spreads a polynomial's high bits, which depend on all bytes, over the low ones, which pick the bucket.
func mix(h uint64) uint64 { return h ^ h>>32 }

// loud counts the bytes that are more than silence.
func loud(b []byte) (n int) {
	for _, x := range b {
		if !calls.Silent(x) {
			n++
		}
	}
	return n
}

// offset is a time in bytes of mu-law at 8 kHz, duration the reverse.
func offset(d calls.Duration) int { return int(d.Std() * 8 / time.Millisecond) }

func duration(n int) time.Duration { return time.Duration(n) * time.Millisecond / 8 }
