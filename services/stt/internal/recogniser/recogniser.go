// Package recogniser is the port to whoever turns sound into words: audio with absolute call time goes in,
// finals over [start, end) of call time come out, and word of how far nothing need be kept any more.
//
// It has two sides. A product is a [Driver]: streams that may end at any time, with whatever limits the
// product has. The rest of the service sees a [Recogniser]: sessions without an end. Package rotate makes
// the one of the other for products that stream, package batch for products that take one piece at a time,
// package pace keeps a product from being flooded, and package drivertest holds what all of them must do.
//
// Times are milliseconds of call time throughout: since the CallStarted of the root leg.
package recogniser

import (
	"context"
	"errors"
	"time"
)

// Encoding of samples.
type Encoding string

// The encodings.
const (
	// Mulaw is G.711 mu-law, one byte a sample.
	Mulaw Encoding = "mulaw"
	// Linear16 is 16-bit little-endian PCM.
	Linear16 Encoding = "linear16"
)

// Format of a party's samples, one channel.
type Format struct {
	Encoding Encoding
	// Rate is samples a second.
	Rate int
}

func (f Format) width() int {
	if f.Encoding == Linear16 {
		return 2
	}
	return 1
}

// Millis is how long n bytes last, rounded down.
func (f Format) Millis(n int) int64 {
	return int64(n) * 1000 / int64(f.Rate*f.width())
}

// Bytes is how many bytes ms milliseconds are, rounded down to a whole sample.
func (f Format) Bytes(ms int64) int {
	return int(ms*int64(f.Rate)/1000) * f.width()
}

// Audio is one piece of one party's sound.
type Audio struct {
	// Start is the call time of the first sample.
	Start int64
	// Data are the samples. Nobody writes to them any more.
	Data []byte
}

// End is the call time after the last sample.
func (f Format) End(a Audio) int64 { return a.Start + f.Millis(len(a.Data)) }

// From returns what a holds from call time ms on; an empty Data if nothing.
func (f Format) From(a Audio, ms int64) Audio {
	switch {
	case ms <= a.Start:
		return a
	case ms >= f.End(a):
		return Audio{Start: ms}
	}
	return Audio{Start: ms, Data: a.Data[f.Bytes(ms-a.Start):]}
}

// Until returns what a holds before call time ms.
func (f Format) Until(a Audio, ms int64) Audio {
	if ms >= f.End(a) {
		return a
	}
	return Audio{Start: a.Start, Data: a.Data[:f.Bytes(max(ms-a.Start, 0))]}
}

// Spec is what a stream or session will hear.
type Spec struct {
	Format Format
	// Languages that may be spoken, BCP 47, the line's first.
	Languages []string
	// From is the call time that was told before, by another process perhaps: words before it are not told
	// again.
	From int64
	// Lead is how many milliseconds before From audio is given as well, so that a word across From is heard whole. A
	// recogniser may do without.
	Lead int64
}

// Word is one recognised word.
type Word struct {
	Text       string
	Start, End int64
	// Confidence 0 to 1; 0 if the product gives none.
	Confidence float32
}

// Final is an utterance that will not change any more.
type Final struct {
	Start, End int64
	// Text may be empty: the product has settled that nobody spoke.
	Text string
	// Words with their times; empty if the product gives none.
	Words []Word
	// Confidence 0 to 1; 0 if the product gives none.
	Confidence float32
	// Language as recognised, BCP 47; empty if the product does not tell.
	Language string
}

// Result is one thing that a stream tells.
type Result struct {
	// Heard is the call time that the product has worked through, as far as it tells; it moves with interim
	// results too. 0 if this result does not tell.
	Heard int64
	// Final is nil for an interim result, whose words are nobody's business.
	Final *Final
}

// Usage is what one request to a product has cost.
type Usage struct {
	// RequestID is the product's name of the request, or one made up for the attempt.
	RequestID string
	// Sent is the audio sent.
	Sent time.Duration
	// Billed is the audio billed; Sent rounded up to the product's unit where it never told.
	Billed time.Duration
	// Estimated tells that the product never told.
	Estimated bool
	// Outcome is "ok", or the code of what ended the request.
	Outcome string
	// At is when it ended.
	At time.Time
}

// Capabilities of a product as configured.
type Capabilities struct {
	// Product is its name in segments, bills and metrics, e.g. "googlespeech".
	Product string
	// Model, e.g. "telephony".
	Model string
	// Dependency is what may be away: the product, where it is reached and who pays, e.g. "googlespeech:us-speech.googleapis.com:443/acme".
	Dependency string
	// Streaming products tell words while audio comes in; the others take one piece at a time.
	Streaming bool
	// LongestStream after which the product ends a stream; 0 if it never does.
	LongestStream time.Duration
	// Encodings that it takes.
	Encodings []Encoding
	// Sessions that it allows at once; 0 if it sets no limit.
	Sessions int
	// WordTimes tells whether words carry times.
	WordTimes bool
}

// Driver opens streams at one product with one configuration. Safe for concurrent use.
type Driver interface {
	Capabilities() Capabilities
	// Open begins a stream. ctx bounds the whole stream. Errors are classified (see package retry).
	Open(ctx context.Context, spec Spec) (Stream, error)
}

// Stream is one request to a product. Write and CloseSend are called by one goroutine, Recv by another.
type Stream interface {
	// Write hands over audio that follows what was written before, with or without a hole in call time. It
	// blocks while the product can't take more. After an error the reason comes from Recv.
	Write(a Audio) error
	// CloseSend says that no more audio comes.
	CloseSend() error
	// Recv returns the next result; io.EOF once the product has told everything after CloseSend, and a
	// classified error if the stream ends otherwise. [ErrLimit] is in the chain if it is only the stream
	// that is over.
	Recv() (Result, error)
	// Cancel ends the stream at once: Write and Recv return. It may be called from anywhere, more than once,
	// and must be called at the end of every stream.
	Cancel()
	// Usage is what the stream has cost, once Recv has returned an error; nil if nothing was asked.
	Usage() *Usage
}

// ErrAway tells that a product is left alone for now, since it is away or out of quota: it was not asked. The classified
// error around it has the code of why, and when to come again.
var ErrAway = errors.New("the product is left alone for now")

// Away is the error of a session that ended because its product is left alone. Another session may be opened for the same audio
// later.
type Away struct {
	// Take takes what the session was given and has not told, in order of call time; what is written until then is among it, and
	// what is written later is lost.
	Take func() []Audio
	// After is when to come again.
	After time.Duration
	// Err is why: a classified error with [ErrAway] in its chain.
	Err error
}

// Error implements error.
func (e *Away) Error() string { return "away: " + e.Err.Error() }

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Away) Unwrap() error { return e.Err }

// ErrLimit tells that a stream has reached the product's limit: the next one may begin at once.
var ErrLimit = errors.New("the stream has reached the product's limit")

// Event is one thing that a session tells, in order of call time.
type Event struct {
	// Final is an utterance, with words; nil if this event has none. It begins where the one before ended,
	// or later.
	Final *Final
	// Covered is the call time before which audio need not be given again, because what was said there has
	// been told with this event or before it; 0 if it has not moved.
	Covered int64
	// Usage of one request that has ended.
	Usage *Usage
}

// Recogniser opens sessions without an end. Safe for concurrent use.
type Recogniser interface {
	Capabilities() Capabilities
	// Open begins a session. It reaches nobody before there is audio.
	Open(spec Spec) Session
}

// Session hears one party for as long as the call lasts. All methods may be called from any goroutine, Recv
// from one at a time.
type Session interface {
	// Write takes a piece of audio. It never blocks: what can't be sent yet is kept.
	Write(a Audio)
	// Flush asks for everything heard so far as finals, now, even in the middle of a word.
	Flush()
	// Finish says that no more audio comes: Recv tells the rest, then io.EOF.
	Finish()
	// Cancel ends the session at once. Recv tells the usage of what was under way, then context.Canceled.
	Cancel()
	// Recv returns the next event, or the classified error that ended the session: one that could not be
	// mended by trying again, or [Away].
	Recv() (Event, error)
}
