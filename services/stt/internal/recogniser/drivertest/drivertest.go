// Package drivertest holds what every recogniser must do, whatever the product: the words of the audio,
// each once, at their times, over as many streams as it takes.
package drivertest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// Limit is the longest stream that a harness's product must allow and must enforce, where it has such a limit.
const Limit = 20 * time.Second

// Harness is one product under test.
type Harness struct {
	// New returns a recogniser on a product whose streams last [Limit], and the product's audio of 80 s or
	// more with the words said in it. Audio is paced or not, as the harness likes.
	New func(t *testing.T) (r recogniser.Recogniser, audio []byte, said []Said)
	// Slack is how far word times may be off, in milliseconds.
	Slack int64
	// Silence is how much audio without a word lets go of what came before; 0 means that the product tells
	// by itself.
	Silence time.Duration
	// Once tells that a product takes audio once, piece by piece, and silence not at all.
	Once bool
	// Bubble runs each test on a clock of its own (package synctest): for a product in memory, paced as in life.
	Bubble bool
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Harness){
		"every word once over many streams": everyWord,
		"goes on where another stopped":     resumes,
		"holes in call time":                holes,
		"long silence is let go of":         silence,
		"flush tells what was heard":        flush,
		"cancel ends at once":               cancel,
		"nothing said, nothing asked":       nothing,
	} {
		t.Run(name, func(t *testing.T) {
			if h.Bubble {
				synctest.Test(t, func(t *testing.T) { test(t, h) })
				return
			}
			test(t, h)
		})
	}
}

// heard is what a session has told.
type heard struct {
	finals  []recogniser.Final
	covered int64
	usage   []recogniser.Usage
	err     error
}

// listen takes events until the session ends, or until enough says so.
func listen(t *testing.T, s recogniser.Session, enough func(*heard) bool) *heard {
	t.Helper()
	h := &heard{}
	for {
		e, err := s.Recv()
		if err != nil {
			h.err = err
			return h
		}
		if f := e.Final; f != nil {
			if n := len(h.finals); n > 0 && f.Start < h.finals[n-1].End {
				t.Errorf("final [%d,%d) begins before the one before it ends, at %d", f.Start, f.End, h.finals[n-1].End)
			}
			if f.End <= f.Start || f.Text == "" {
				t.Errorf("final [%d,%d) of %d bytes of text", f.Start, f.End, len(f.Text))
			}
			if e.Covered < f.End {
				t.Errorf("covered is %d after a final up to %d", e.Covered, f.End)
			}
			h.finals = append(h.finals, *f)
		}
		if e.Covered != 0 && e.Covered < h.covered {
			t.Errorf("covered went back from %d to %d", h.covered, e.Covered)
		}
		h.covered = max(h.covered, e.Covered)
		if e.Usage != nil {
			h.usage = append(h.usage, *e.Usage)
		}
		if enough != nil && enough(h) {
			return h
		}
	}
}

func write(s recogniser.Session, audio []byte, start int64) {
	for _, a := range Chunks(audio, start, 200) {
		s.Write(a)
	}
}

func length(audio []byte) int64 { return Format.Millis(len(audio)) }

func everyWord(t *testing.T, h Harness) {
	r, audio, said := h.New(t)
	const start = 3_000
	s := r.Open(recogniser.Spec{Format: Format, Languages: []string{"en-US"}})
	write(s, audio, start)
	s.Finish()
	got := listen(t, s, nil)
	if !errors.Is(got.err, io.EOF) {
		t.Fatalf("the session ended with %v, not io.EOF", got.err)
	}
	same(t, Text(said), Told(got.finals))
	if got.covered != start+length(audio) {
		t.Errorf("covered up to %d, want %d", got.covered, start+length(audio))
	}
	if len(got.usage) < 2 && !h.Once {
		t.Errorf("%d streams for %s of audio against a limit of %s", len(got.usage), time.Duration(length(audio))*time.Millisecond, Limit)
	}
	times(t, h, said, start, got.finals)
	var sent time.Duration
	ids := map[string]bool{}
	for _, u := range got.usage {
		sent += u.Sent
		if u.RequestID == "" || ids[u.RequestID] || u.Billed < u.Sent.Truncate(time.Second) || u.At.IsZero() || u.Outcome == "" {
			t.Errorf("usage %+v: want an id of its own, what was billed, when, and how it ended", u)
		}
		ids[u.RequestID] = true
	}
	if sent < time.Duration(length(audio))*time.Millisecond && !h.Once {
		t.Errorf("usage says that %s was sent of %d ms", sent, length(audio))
	}
}

// times checks word times where the product gives them.
func times(t *testing.T, h Harness, said []Said, start int64, finals []recogniser.Final) {
	t.Helper()
	i := 0
	for _, f := range finals {
		if len(f.Words) == 0 {
			i += len(strings.Fields(f.Text))
		}
		for _, w := range f.Words {
			if i < len(said) && (abs(w.Start-start-said[i].Start) > h.Slack || abs(w.End-start-said[i].End) > h.Slack) {
				t.Errorf("word %d at [%d,%d), want [%d,%d) within %d ms", i, w.Start, w.End, said[i].Start+start, said[i].End+start, h.Slack)
				return
			}
			i++
		}
	}
}

func abs(n int64) int64 { return max(n, -n) }

// same compares words and shows where they part.
func same(t *testing.T, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	w, g := strings.Fields(want), strings.Fields(got)
	i := 0
	for i < len(w) && i < len(g) && w[i] == g[i] {
		i++
	}
	t.Errorf("%d words, want %d; they part at word %d: got …%s…, want …%s…", len(g), len(w), i,
		strings.Join(g[min(max(i-2, 0), len(g)):min(i+4, len(g))], " "), strings.Join(w[min(max(i-2, 0), len(w)):min(i+4, len(w))], " "))
}

func resumes(t *testing.T, h Harness) {
	r, audio, said := h.New(t)
	first := r.Open(recogniser.Spec{Format: Format, Languages: []string{"en-US"}})
	write(first, audio, 0)
	before := listen(t, first, func(h *heard) bool { return h.covered > 30_000 && len(h.finals) > 0 })
	first.Cancel()
	listen(t, first, nil)
	mark := before.finals[len(before.finals)-1].End
	second := r.Open(recogniser.Spec{Format: Format, Languages: []string{"en-US"}, From: mark})
	for _, a := range Chunks(audio, 0, 200) {
		if a = Format.From(a, mark); len(a.Data) > 0 {
			second.Write(a)
		}
	}
	second.Finish()
	after := listen(t, second, nil)
	same(t, Text(said), Told(before.finals)+" "+Told(after.finals))
	if after.finals[0].Start < mark {
		t.Errorf("the second session tells from %d on, before %d", after.finals[0].Start, mark)
	}
}

func holes(t *testing.T, h Harness) {
	r, audio, said := h.New(t)
	// The hole is in a pause, or a word would be torn.
	at := pauseAfter(said, 8_000)
	late := make([]Said, 0, len(said))
	for _, w := range said {
		if w.Start >= at {
			w.Start, w.End = w.Start+60_000, w.End+60_000
		}
		late = append(late, w)
	}
	s := r.Open(recogniser.Spec{Format: Format, Languages: []string{"en-US"}})
	write(s, audio[:Format.Bytes(at)], 0)
	write(s, audio[Format.Bytes(at):], at+60_000)
	s.Finish()
	got := listen(t, s, nil)
	same(t, Text(said), Told(got.finals))
	times(t, h, late, 0, got.finals)
}

// pauseAfter is the middle of the longest pause within ten seconds after ms.
func pauseAfter(said []Said, ms int64) int64 {
	at, most := int64(0), int64(0)
	for i := 1; i < len(said); i++ {
		if gap := said[i].Start - said[i-1].End; said[i-1].End > ms && said[i].Start < ms+10_000 && gap > most {
			at, most = (said[i].Start+said[i-1].End)/2, gap
		}
	}
	return at
}

func silence(t *testing.T, h Harness) {
	r, audio, said := h.New(t)
	at := pauseAfter(said, 8_000)
	hush := make([]byte, Format.Bytes(60_000))
	for i := range hush {
		hush[i] = quiet
	}
	s := r.Open(recogniser.Spec{Format: Format, Languages: []string{"en-US"}})
	write(s, audio[:Format.Bytes(at)], 0)
	write(s, hush, at)
	want := at + 60_000 - h.Silence.Milliseconds() - 2_000
	got := listen(t, s, func(h *heard) bool { return h.covered >= want })
	if got.covered < want {
		t.Fatalf("after a minute of silence covered is %d, want %d or more: %v", got.covered, want, got.err)
	}
	write(s, audio[Format.Bytes(at):], at+60_000)
	s.Finish()
	rest := listen(t, s, nil)
	same(t, Text(said), Told(append(got.finals, rest.finals...)))
}

func flush(t *testing.T, h Harness) {
	r, audio, said := h.New(t)
	at := pauseAfter(said, 4_000)
	s := r.Open(recogniser.Spec{Format: Format, Languages: []string{"en-US"}})
	write(s, audio[:Format.Bytes(at)], 0)
	var got heard
	for got.covered < at-1_500 {
		// A flush tells what has been sent; what waits for its turn needs another.
		s.Flush()
		more := listen(t, s, func(h *heard) bool { return h.covered > 0 || len(h.finals) > 0 })
		if more.err != nil {
			t.Fatalf("flushing: %v", more.err)
		}
		got.finals, got.covered = append(got.finals, more.finals...), max(got.covered, more.covered)
	}
	write(s, audio[Format.Bytes(at):], at)
	s.Finish()
	rest := listen(t, s, nil)
	got.finals = append(got.finals, rest.finals...)
	// A flush may tear a word in two; it may not lose or double another.
	torn := 0
	want, told := strings.Fields(Text(said)), strings.Fields(Told(got.finals))
	for i := range min(len(want), len(told)) {
		if want[i] != told[i] {
			torn++
		}
	}
	if d := len(told) - len(want); d < 0 || d > 10 || d == 0 && torn > 10 {
		t.Errorf("%d words after flushing, want %d, or a few more for torn ones", len(told), len(want))
	}
}

func cancel(t *testing.T, h Harness) {
	r, audio, _ := h.New(t)
	s := r.Open(recogniser.Spec{Format: Format, Languages: []string{"en-US"}})
	write(s, audio, 0)
	listen(t, s, func(h *heard) bool { return h.covered > 0 })
	s.Cancel()
	got := listen(t, s, nil)
	if !errors.Is(got.err, context.Canceled) {
		t.Errorf("a cancelled session ends with %v, want context.Canceled", got.err)
	}
	s.Cancel()
	s.Write(recogniser.Audio{Start: 1, Data: []byte{quiet}})
}

func nothing(t *testing.T, h Harness) {
	r, _, _ := h.New(t)
	s := r.Open(recogniser.Spec{Format: Format, Languages: []string{"en-US"}})
	s.Finish()
	if got := listen(t, s, nil); !errors.Is(got.err, io.EOF) || len(got.usage) > 0 {
		t.Errorf("a session without audio ends with %v after %d requests, want io.EOF after none", got.err, len(got.usage))
	}
}
