package mediastream

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
)

// errFrame says that a message is no media message; the text never quotes it.
var errFrame = errors.New("malformed media message")

// message is every message of Media Streams, for all but the well-formed frame.
// https://www.twilio.com/docs/voice/media-streams/websocket-messages
type message struct {
	Event     string `json:"event"`
	StreamSID string `json:"streamSid"`
	Start     *start `json:"start"`
	Media     *struct {
		Track     string `json:"track"`
		Chunk     string `json:"chunk"`
		Timestamp string `json:"timestamp"`
		Payload   string `json:"payload"`
	} `json:"media"`
	Stop *struct {
		AccountSID string `json:"accountSid"`
		CallSID    string `json:"callSid"`
	} `json:"stop"`
}

// start is the metadata of a stream.
type start struct {
	StreamSID   string   `json:"streamSid"`
	AccountSID  string   `json:"accountSid"`
	CallSID     string   `json:"callSid"`
	Tracks      []string `json:"tracks"`
	MediaFormat struct {
		Encoding   string `json:"encoding"`
		SampleRate int    `json:"sampleRate"`
		Channels   int    `json:"channels"`
	} `json:"mediaFormat"`
	CustomParameters map[string]string `json:"customParameters"`
}

// parse reads any message by encoding/json.
func parse(msg []byte) (*message, error) {
	m := &message{}
	if err := json.Unmarshal(msg, m); err != nil {
		return nil, errFrame
	}
	return m, nil
}

// frame reads a media message that scan left alone.
func (m *message) frame(f *frame) error {
	if m.Media == nil {
		return errFrame
	}
	chunk, err := strconv.ParseUint(m.Media.Chunk, 10, 64)
	if err != nil {
		return errFrame
	}
	timestamp, err := strconv.ParseUint(m.Media.Timestamp, 10, 63)
	if err != nil {
		return errFrame
	}
	*f = frame{
		streamSID: []byte(m.StreamSID), track: []byte(m.Media.Track), chunk: chunk,
		timestamp: int64(timestamp), payload: []byte(m.Media.Payload),
	}
	return nil
}

// audio decodes the payload into dst, which must have room for it.
func (f *frame) audio(dst []byte) ([]byte, error) {
	if len(f.payload) == 0 || base64.StdEncoding.DecodedLen(len(f.payload)) > len(dst) {
		return nil, errFrame
	}
	n, err := base64.StdEncoding.Decode(dst, f.payload)
	if err != nil || n == 0 {
		return nil, errFrame
	}
	return dst[:n], nil
}
