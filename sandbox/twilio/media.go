package twilio

import (
	"encoding/base64"
	"strconv"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

const (
	// frameTime is the length of a media message's audio.
	frameTime = 20 * time.Millisecond
	// bytesPerMs of mu-law at 8 kHz.
	bytesPerMs = 8
	frameBytes = int(frameTime/time.Millisecond) * bytesPerMs
	silence    = 0xFF
)

// beginMedia makes now the time of the sound's first frame, once, and tells whether it did. The receptionist's
// reports count from it.
func (l *life) beginMedia() bool {
	l.mu.Lock()
	if !l.zero.IsZero() {
		l.mu.Unlock()
		return false
	}
	l.zero = l.timeLocked()
	zero := l.zero
	l.mu.Unlock()
	l.poke() // now it is known when the caller hangs up
	if len(l.in.ReportConsent) > 0 {
		l.work.Go(func() { l.consent(zero) })
	}
	return true
}

// beginUnlessForked begins the sound at a verb that lets the caller speak, unless a stream is to begin it.
func (l *life) beginUnlessForked() {
	l.mu.Lock()
	forked := l.forked > 0
	l.mu.Unlock()
	if !forked {
		l.beginMedia()
	}
}

// nextFrame is the first frame of the call's sound that is not over yet.
func (l *life) nextFrame() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int((l.clk.Now().Sub(l.zero) + frameTime - 1) / frameTime)
}

// frameOf returns a frame of a track's audio: shared bytes, not to be changed. Past the end there is silence;
// scratch holds a frame that is only begun.
func frameOf(audio []byte, f int, scratch *[frameBytes]byte, quiet []byte) []byte {
	from := f * frameBytes
	switch {
	case from+frameBytes <= len(audio):
		return audio[from : from+frameBytes]
	case from >= len(audio):
		return quiet
	}
	n := copy(scratch[:], audio[from:])
	copy(scratch[n:], quiet)
	return scratch[:]
}

// track is one of a stream's, in Twilio's words and ours.
type track struct {
	name  string // "inbound" or "outbound"
	ours  string
	audio []byte
}

// tracksOf are those that a <Stream> asks for. Inbound is what Twilio hears from the caller.
func (l *life) tracksOf(attr string) []track {
	in := track{"inbound", calls.TrackCaller, l.in.Caller}
	out := track{"outbound", calls.TrackAgent, l.in.AgentAudio}
	switch attr {
	case "outbound_track":
		return []track{out}
	case "both_tracks":
		return []track{in, out}
	default:
		return []track{in}
	}
}

// encoder writes media messages of one stream into a buffer that it owns.
// Source: https://www.twilio.com/docs/voice/media-streams/websocket-messages#media-message
type encoder struct {
	buf  []byte
	tail string
}

func newEncoder(streamSid string) *encoder {
	return &encoder{buf: make([]byte, 0, 512), tail: `"},"streamSid":"` + streamSid + `"}`}
}

// media returns one message; it stands until the next call. Numbers go as strings, as Twilio sends them.
func (e *encoder) media(seq, chunk int, track string, ms int, audio []byte) []byte {
	b := append(e.buf[:0], `{"event":"media","sequenceNumber":"`...)
	b = strconv.AppendInt(b, int64(seq), 10)
	b = append(b, `","media":{"track":"`...)
	b = append(b, track...)
	b = append(b, `","chunk":"`...)
	b = strconv.AppendInt(b, int64(chunk), 10)
	b = append(b, `","timestamp":"`...)
	b = strconv.AppendInt(b, int64(ms), 10)
	b = append(b, `","payload":"`...)
	b = base64.StdEncoding.AppendEncode(b, audio)
	b = append(b, e.tail...)
	e.buf = b
	return b
}
