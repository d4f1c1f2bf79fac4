package drivertest

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// Format of all audio here: what a telephone sends.
var Format = recogniser.Format{Encoding: recogniser.Mulaw, Rate: 8000}

// quiet is digital silence in mu-law.
const quiet = 0xFF

// pauseEnds is how many milliseconds of silence end an utterance.
const pauseEnds = 800

// Fake is a streaming product in memory. Its audio is painted: every millisecond of a word says which word
// it belongs to and how far into it, so that lost, doubled or disordered sound shows as a garbled word
// ("~word"). It moves the boundaries of its finals from stream to stream, as real products do.
type Fake struct {
	// Limit after which a stream is aborted, in audio; 0 for none.
	Limit time.Duration
	// Lag is how much audio must follow a word before it is recognised.
	Lag time.Duration
	// Seed of the boundaries.
	Seed uint64
	// Fail, if not nil, is asked at each opening and every 100 ms of audio whether the stream breaks there: stream number from
	// 0 and audio heard so far.
	Fail func(stream int, heard time.Duration) error
	// Endless makes no final before CloseSend, as a voice that never pauses does.
	Endless bool
	// Mute takes audio and never tells anything, not even after CloseSend.
	Mute bool
	// NoWordTimes leaves word times out.
	NoWordTimes bool

	mu      sync.Mutex
	words   []string
	opened  int
	open    int
	mostly  int // most streams open at once
	written int64
}

// Said is one word of a script.
type Said struct {
	Text       string
	Start, End int64 // milliseconds
}

// Paint returns length milliseconds of audio in which words are said. Words must fit and not overlap.
func (f *Fake) Paint(length int64, words []Said) []byte {
	audio := make([]byte, Format.Bytes(length))
	for i := range audio {
		audio[i] = quiet
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range words {
		f.words = append(f.words, w.Text)
		for ms := w.Start; ms < w.End; ms++ {
			b := audio[Format.Bytes(ms):]
			b[0], b[1] = 1, 0
			binary.BigEndian.PutUint16(b[2:], uint16(len(f.words)-1))
			binary.BigEndian.PutUint16(b[4:], uint16(ms-w.Start))
			binary.BigEndian.PutUint16(b[6:], uint16(w.End-w.Start))
		}
	}
	return audio
}

// Opened is how many streams were opened, Most how many of them at once, and Written how much audio came in.
func (f *Fake) Opened() (streams, most int, written time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened, f.mostly, time.Duration(f.written) * time.Millisecond
}

// Live is how many streams are open.
func (f *Fake) Live() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open
}

// Capabilities implements recogniser.Driver.
func (f *Fake) Capabilities() recogniser.Capabilities {
	return recogniser.Capabilities{
		Product: "fake", Model: "painted", Dependency: "fake:painted", Streaming: true, LongestStream: f.Limit,
		Encodings: []recogniser.Encoding{recogniser.Mulaw}, WordTimes: !f.NoWordTimes,
	}
}

// Open implements recogniser.Driver.
func (f *Fake) Open(ctx context.Context, _ recogniser.Spec) (recogniser.Stream, error) {
	f.mu.Lock()
	n := f.opened
	f.opened++
	f.mu.Unlock()
	if f.Fail != nil {
		if err := f.Fail(n, 0); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	f.open++
	f.mostly = max(f.mostly, f.open)
	f.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	s := &fakeStream{
		fake: f, n: n, ctx: ctx, cancel: cancel, rng: rand.New(rand.NewPCG(f.Seed, uint64(n))), //nolint:gosec // repeatable on purpose
		results: make(chan recogniser.Result, 1024), failed: make(chan error, 1),
	}
	s.target = s.draw()
	return s, nil
}

// heardWord is a word as far as it was heard.
type heardWord struct {
	text       string
	start, end int64 // offsets
	garbled    bool
	whole      bool
}

type fakeStream struct {
	fake    *Fake
	n       int
	ctx     context.Context
	cancel  context.CancelFunc
	rng     *rand.Rand
	results chan recogniser.Result
	failed  chan error
	once    sync.Once

	mu     sync.Mutex // of what follows, between Write and Usage
	times  recogniser.Timeline
	offset int64
	id     int // of the word under way, -1 for none
	next   int // position expected next
	length int
	words  []heardWord // since the last final
	told   int         // of words, in interims
	target int         // words in the next final
	broken bool
	ended  bool
}

func (s *fakeStream) draw() int { return 1 + s.rng.IntN(6) }

// Write implements recogniser.Stream.
func (s *fakeStream) Write(a recogniser.Audio) error {
	if err := s.ctx.Err(); err != nil {
		return io.EOF
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return io.EOF
	}
	s.times.Add(a.Start, Format.End(a))
	s.fake.mu.Lock()
	s.fake.written += Format.Millis(len(a.Data))
	s.fake.mu.Unlock()
	for i := 0; i+8 <= len(a.Data); i += 8 {
		s.hear(a.Data[i : i+8])
		if s.offset%100 == 0 {
			if err := s.breaks(); err != nil {
				s.broken = true
				s.failed <- err
				return io.EOF
			}
		}
	}
	if !s.fake.Mute {
		s.settle(s.offset-s.fake.Lag.Milliseconds(), false)
	}
	return nil
}

func (s *fakeStream) breaks() error {
	if l := s.fake.Limit.Milliseconds(); l > 0 && s.offset > l {
		return &retry.Error{Code: "fake.limit", Err: recogniser.ErrLimit}
	}
	if s.fake.Fail != nil {
		return s.fake.Fail(s.n, time.Duration(s.offset)*time.Millisecond)
	}
	return nil
}

// hear takes one millisecond.
func (s *fakeStream) hear(b []byte) {
	id, pos, length := -1, 0, 0
	if b[0] == 1 && b[1] == 0 {
		id, pos, length = int(binary.BigEndian.Uint16(b[2:])), int(binary.BigEndian.Uint16(b[4:])), int(binary.BigEndian.Uint16(b[6:]))
	}
	last := len(s.words) - 1
	switch {
	case id < 0:
		s.leave()
	case last >= 0 && !s.words[last].whole && s.id == id && s.next == pos:
		s.words[last].end, s.next = s.offset+1, pos+1
	default:
		s.leave()
		s.fake.mu.Lock()
		text := s.fake.words[id]
		s.fake.mu.Unlock()
		s.words = append(s.words, heardWord{text: text, start: s.offset, end: s.offset + 1, garbled: pos != 0})
		s.id, s.next, s.length = id, pos+1, length
	}
	s.offset++
	if last = len(s.words) - 1; last >= 0 && !s.words[last].whole && s.next == s.length {
		s.words[last].whole = true
	}
}

// leave ends a word that was not heard to its end.
func (s *fakeStream) leave() {
	if last := len(s.words) - 1; last >= 0 && !s.words[last].whole {
		s.words[last].whole, s.words[last].garbled = true, true
	}
}

// settle tells what is known at offset `until`: an interim for each word, a final when there are enough.
func (s *fakeStream) settle(until int64, all bool) {
	for {
		ready := 0
		for ready < len(s.words) && s.words[ready].whole && s.words[ready].end <= until {
			ready++
		}
		if ready > s.told {
			s.told = ready
			s.results <- recogniser.Result{Heard: s.times.End(s.words[ready-1].end)}
		}
		n := min(s.target, ready)
		paused := n > 0 && ready == len(s.words) && s.words[ready-1].end+pauseEnds < until
		if n == 0 || !all && (s.fake.Endless || n < s.target && !paused) {
			return
		}
		s.final(n)
	}
}

// final tells the first n words. It ends somewhere before the next word, or a little after the last.
func (s *fakeStream) final(n int) {
	end := s.words[n-1].end + s.rng.Int64N(300)
	if n < len(s.words) {
		end = min(end, s.words[n].start)
	}
	f := &recogniser.Final{End: s.times.End(min(end, s.offset)), Confidence: 0.9, Language: "en-US"}
	texts := make([]string, n)
	for i, w := range s.words[:n] {
		texts[i] = w.text
		if w.garbled {
			texts[i] = "~" + w.text
		}
		if !s.fake.NoWordTimes {
			f.Words = append(f.Words, recogniser.Word{Text: texts[i], Start: s.times.Start(w.start), End: s.times.End(w.end), Confidence: 0.9})
		}
	}
	f.Start, f.Text = s.times.Start(s.words[0].start), strings.Join(texts, " ")
	s.results <- recogniser.Result{Heard: f.End, Final: f}
	s.words = append([]heardWord(nil), s.words[n:]...)
	s.told, s.target = max(s.told-n, 0), s.draw()
}

// CloseSend implements recogniser.Stream: a word under way is told as far as it was heard.
func (s *fakeStream) CloseSend() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return io.EOF
	}
	if s.fake.Mute {
		return nil
	}
	s.leave()
	s.settle(s.offset, true)
	s.broken = true
	s.failed <- io.EOF
	return nil
}

// Recv implements recogniser.Stream.
func (s *fakeStream) Recv() (recogniser.Result, error) {
	select {
	case r := <-s.results:
		return r, nil
	default:
	}
	select {
	case r := <-s.results:
		return r, nil
	case err := <-s.failed:
		select {
		case r := <-s.results: // told before it failed
			s.failed <- err
			return r, nil
		default:
			s.end()
			return recogniser.Result{}, err
		}
	case <-s.ctx.Done():
		s.end()
		return recogniser.Result{}, context.Canceled
	}
}

func (s *fakeStream) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.Cancel()
}

// Cancel implements recogniser.Stream.
func (s *fakeStream) Cancel() {
	s.cancel()
	s.once.Do(func() {
		s.fake.mu.Lock()
		s.fake.open--
		s.fake.mu.Unlock()
	})
}

// Usage implements recogniser.Stream.
func (s *fakeStream) Usage() *recogniser.Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		return nil
	}
	sent := time.Duration(s.times.Given()) * time.Millisecond
	return &recogniser.Usage{
		RequestID: fmt.Sprintf("fake-%d", s.n), Sent: sent, Billed: (sent + time.Second - 1).Truncate(time.Second),
		Outcome: "ok", At: time.Now(),
	}
}
