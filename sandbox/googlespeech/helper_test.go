package googlespeech

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// said is an utterance in a test: its sound is noise made from its text, 90 ms a letter.
type said struct {
	pause time.Duration
	text  string
}

// voice is the sound of a text: noise, always the same, in which every so often a stretch is silent.
func voice(text string) []byte {
	h := fnv.New64a()
	h.Write([]byte(text))
	rng := rand.New(rand.NewPCG(h.Sum64(), 0))
	b := make([]byte, 720*len(text))
	for i := range b {
		if b[i] = byte(rng.UintN(0x60)); i/2000%5 == 4 {
			b[i] = calls.Silence
		}
	}
	b[0], b[len(b)-1] = 1, 1
	return b
}

// call makes a call whose caller says things, each after a pause.
func call(name string, list ...said) *calls.Call {
	c := &calls.Call{Name: name}
	for _, s := range list {
		c.Caller = append(c.Caller, silence(s.pause)...)
		start := duration(len(c.Caller))
		c.Caller = append(c.Caller, voice(s.text)...)
		c.Script = append(c.Script, calls.Utterance{
			Track: calls.TrackCaller, Start: calls.Duration(start), End: calls.Duration(duration(len(c.Caller))), Text: s.text,
		})
	}
	c.AgentAudio = silence(duration(len(c.Caller)))
	return c
}

func silence(d time.Duration) []byte {
	return slices.Repeat([]byte{calls.Silence}, offset(calls.Duration(d)))
}

// script is the caller's text as one line.
func script(c *calls.Call) string {
	texts := make([]string, len(c.Script))
	for i, u := range c.Script {
		texts[i] = u.Text
	}
	return strings.Join(texts, " ")
}

// listen plays audio to a segmenter and returns its results.
func listen(lib *library, h *hearings, audio []byte) (results []string, words [][]heard) {
	s := newSegmenter(lib, h)
	defer s.close()
	for chunk := range slices.Chunk(audio, step) {
		finals, _ := s.hear(chunk)
		words = append(words, finals...)
	}
	words = append(words, s.end()...)
	for _, w := range words {
		results = append(results, line(w))
	}
	return results, words
}

func line(words []heard) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	return strings.Join(texts, " ")
}

func taught(list ...*calls.Call) (*library, *hearings) {
	return (&library{}).teach(list), &hearings{count: map[place]int{}}
}

var demo = []said{
	{300 * time.Millisecond, "Hello, my name is Ada and I would like to book a demo."},
	{900 * time.Millisecond, "On Tuesday, if that is possible."},
	{600 * time.Millisecond, "Thank you very much, goodbye."},
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}
