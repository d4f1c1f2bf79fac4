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

// audio decodes the payload into room, which grows for an unusual frame; the result is valid until the next.
func (f *frame) audio(room *[]byte) ([]byte, error) {
	need := base64.StdEncoding.DecodedLen(len(f.payload))
	if need == 0 || need > maxFrame+2 { // the length is rounded up to three bytes
		return nil, errFrame
	}
	if need > len(*room) {
		*room = make([]byte, maxFrame+2)
	}
	n, err := base64.StdEncoding.Decode(*room, f.payload)
	if err != nil || n == 0 || n > maxFrame {
		return nil, errFrame
	}
	return (*room)[:n], nil
}
