package mediastream

import "bytes"

// frame is a media message. Its slices point into the message.
type frame struct {
	streamSID []byte
	track     []byte
	chunk     uint64
	timestamp int64  // ms from the stream's start
	payload   []byte // base64
}

// mediaPrefix is how every media message of Twilio begins; the order of its keys is not promised, so whatever
// looks different is left to encoding/json.
var mediaPrefix = []byte(`{"event":"media",`)

// isMedia tells whether a message is worth scanning by hand.
func isMedia(msg []byte) bool { return bytes.HasPrefix(msg, mediaPrefix) }

// scan reads a media message without allocating: flat objects of known keys in any order, printable ASCII
// texts without escapes. It gives up (false) on anything else, without judging it.
func scan(msg []byte, f *frame) bool {
	if !isMedia(msg) {
		return false
	}
	*f = frame{}
	s := scanner{b: msg, i: len(mediaPrefix) - 1}
	var seen keys
	for s.next(',') {
		key := s.text()
		if !s.next(':') {
			return false
		}
		switch string(key) {
		case "sequenceNumber":
			if s.text(); !seen.first(keySequence) {
				return false
			}
		case "streamSid":
			if f.streamSID = s.text(); !seen.first(keyStream) {
				return false
			}
		case "media":
			if !seen.first(keyMedia) || !s.media(f) {
				return false
			}
		default:
			return false
		}
	}
	return s.next('}') && s.i == len(msg) && seen.has(keyStream|keyMedia)
}

// keys are the keys seen: a second one of the same name is left to encoding/json, which takes the last.
type keys uint

const (
	keySequence keys = 1 << iota
	keyStream
	keyMedia
	keyTrack
	keyChunk
	keyTimestamp
	keyPayload
)

func (k *keys) first(key keys) bool {
	if *k&key != 0 {
		return false
	}
	*k |= key
	return true
}

func (k *keys) has(all keys) bool { return *k&all == all }

// scanner walks over a message. After a failure it stands still, and every later step fails too.
type scanner struct {
	b   []byte
	i   int
	bad bool
}

// next takes one byte, if it is c.
func (s *scanner) next(c byte) bool {
	if s.bad || s.i >= len(s.b) || s.b[s.i] != c {
		return false
	}
	s.i++
	return true
}

// quoted takes a quoted text, whatever is in it; nil is a failure.
func (s *scanner) quoted() []byte {
	if s.next('"') {
		if n := bytes.IndexByte(s.b[s.i:], '"'); n >= 0 {
			t := s.b[s.i : s.i+n]
			s.i += n + 1
			return t
		}
	}
	s.bad = true
	return nil
}

// text takes a short text of printable ASCII without escapes.
func (s *scanner) text() []byte {
	t := s.quoted()
	if len(t) > shortText {
		s.bad = true
		return nil
	}
	for _, c := range t {
		if c < 0x20 || c > 0x7e || c == '\\' {
			s.bad = true
			return nil
		}
	}
	return t
}

// shortText bounds ids, names and numbers; Twilio's ids have 34 characters.
const shortText = 64

// base64 takes a payload. An escape ("\/" is a legal slash) is left to encoding/json, line breaks, which the
// base64 decoder would skip, too; what else is no base64 the decoder refuses.
func (s *scanner) base64() []byte {
	t := s.quoted()
	for _, c := range []byte("\\\n\r") {
		if bytes.IndexByte(t, c) >= 0 {
			s.bad = true
			return nil
		}
	}
	return t
}

// number takes a quoted decimal number.
func (s *scanner) number() (uint64, bool) {
	t := s.text()
	if len(t) == 0 || len(t) > 18 {
		return 0, false
	}
	var n uint64
	for _, c := range t {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// media takes the object of that name.
func (s *scanner) media(f *frame) bool {
	var seen keys
	open := byte('{')
	for s.next(open) {
		open = ','
		key := s.text()
		if !s.next(':') {
			return false
		}
		ok := false
		switch string(key) {
		case "track":
			f.track = s.text()
			ok = seen.first(keyTrack)
		case "chunk":
			f.chunk, ok = s.number()
			ok = ok && seen.first(keyChunk)
		case "timestamp":
			var n uint64
			n, ok = s.number()
			f.timestamp = int64(n)
			ok = ok && seen.first(keyTimestamp)
		case "payload":
			f.payload = s.base64()
			ok = seen.first(keyPayload)
		}
		if !ok || s.bad {
			return false
		}
	}
	return s.next('}') && seen.has(keyTrack|keyChunk|keyTimestamp|keyPayload)
}
