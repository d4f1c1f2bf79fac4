package mediastream

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/media"
	"github.com/frontdesk/frontdesk/services/ingress/internal/ws"
)

// TokenParameter is the name of the stream's parameter that holds the call token. A parameter's name and
// value must stay under 500 characters, so that a long token goes on in "token2", "token3" …
const TokenParameter = "token"

// usualFrame has room for Twilio's 160 bytes, with the decoder's rounding up.
const usualFrame = 256

// maxFrame is the largest frame, bytes of audio: a second of sound where Twilio sends 20 ms.
const maxFrame = 8000

// Opener checks a stream's token and opens the stream. A refusal is an [*ws.Error].
type Opener func(ctx context.Context, token, account, call string, spec media.Spec) (*media.Stream, error)

// session is one socket. It belongs to one goroutine.
type session struct {
	account string
	open    Opener
	now     func() time.Time

	stream    *media.Stream
	streamSID string
	stopped   bool
	audio     []byte // room for one frame
}

// Serve reads a socket of an account until it ends, and ends the stream that it carried. It returns when all
// that was heard is stored: what is wrong with the socket has been told to the peer, so the error is for
// counting only; nil after an orderly stop.
func Serve(ctx context.Context, c *ws.Conn, account string, now func() time.Time, open Opener) error {
	s := &session{account: account, open: open, now: now, audio: make([]byte, usualFrame)}
	stop := context.AfterFunc(ctx, c.Interrupt)
	defer stop()
	defer c.Close()
	err := s.read(ctx, c)
	reason := endReason(ctx, err)
	if err != nil {
		s.hangUp(ctx, c, err) // at once: the sooner Twilio knows, the sooner a new stream begins
	}
	if s.stream != nil {
		if endErr := s.stream.End(reason); err == nil { //nolint:contextcheck // shutdown ends the reader, not the last words
			err = endErr
		}
	}
	if reason == events.MediaEndReason_MEDIA_END_REASON_STOPPED {
		c.Tell(ws.StatusNormal, "") // all is stored
	}
	return err
}

func (s *session) read(ctx context.Context, c *ws.Conn) error {
	for !s.stopped {
		msg, err := c.Next()
		if err != nil {
			return err //nolint:wrapcheck // our own package's words
		}
		if err := s.message(ctx, msg); err != nil {
			return err
		}
	}
	return nil
}

// message handles one message. A fault is an [*ws.Error].
func (s *session) message(ctx context.Context, msg []byte) error {
	var f frame
	if scan(msg, &f) {
		return s.frame(&f)
	}
	m, err := parse(msg)
	if err != nil {
		return ws.Fault(ws.StatusInvalid, "message is not the JSON of Media Streams")
	}
	switch m.Event {
	case "connected":
		if s.stream != nil {
			return ws.Fault(ws.StatusPolicy, "connected after start")
		}
	case "start":
		return s.start(ctx, m)
	case "media":
		if err := m.frame(&f); err != nil {
			return ws.Fault(ws.StatusInvalid, errFrame.Error())
		}
		return s.frame(&f)
	case "stop":
		return s.stop(m)
	case "mark", "dtmf":
		if s.stream == nil {
			return ws.Fault(ws.StatusPolicy, m.Event+" before start")
		}
	default:
		return ws.Fault(ws.StatusPolicy, "unknown event")
	}
	return nil
}

func (s *session) start(ctx context.Context, m *message) error {
	switch {
	case s.stream != nil:
		return ws.Fault(ws.StatusPolicy, "second start")
	case m.Start == nil || m.Start.StreamSID == "" || m.Start.CallSID == "":
		return ws.Fault(ws.StatusInvalid, "start without stream or call")
	case strange(m.Start.StreamSID) || strange(m.Start.CallSID):
		return ws.Fault(ws.StatusInvalid, "start with an id that is none: letters and digits, 64 at most")
	case m.StreamSID != "" && m.StreamSID != m.Start.StreamSID:
		return ws.Fault(ws.StatusInvalid, "start of two streams")
	case m.Start.AccountSID != s.account:
		return ws.Fault(ws.StatusPolicy, "start of another account")
	}
	if f := m.Start.MediaFormat; f.Encoding != "audio/x-mulaw" || f.SampleRate != 8000 || f.Channels != 1 {
		return ws.Fault(ws.StatusUnsupported, "only audio/x-mulaw at 8000 Hz, one channel, is understood here")
	}
	parties, fault := parties(m.Start.Tracks)
	if fault != nil {
		return fault
	}
	stream, err := s.open(ctx, token(m.Start.CustomParameters), s.account, m.Start.CallSID, media.Spec{
		ID: m.Start.StreamSID, Parties: parties, Opened: s.now(),
		Format: media.Format{Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000},
	})
	if err != nil {
		return err
	}
	s.stream, s.streamSID = stream, m.Start.StreamSID
	return nil
}

// strange tells whether an id can't be one: ids become keys of messages, of claims and of records.
func strange(id string) bool { return !app.IsID(id) }

// token joins the parameters that hold the call token.
func token(params map[string]string) string {
	var b strings.Builder
	b.WriteString(params[TokenParameter])
	for _, suffix := range []string{"2", "3", "4"} {
		b.WriteString(params[TokenParameter+suffix])
	}
	return b.String()
}

func parties(tracks []string) ([]events.Party, error) {
	var out []events.Party
	for _, t := range tracks {
		p := party([]byte(t))
		if p == events.Party_PARTY_UNSPECIFIED {
			return nil, ws.Fault(ws.StatusInvalid, "start with an unknown track")
		}
		out = append(out, p)
	}
	if len(out) == 0 || len(out) > 2 || len(out) == 2 && out[0] == out[1] {
		return nil, ws.Fault(ws.StatusInvalid, "start needs one or two different tracks")
	}
	return out, nil
}

// party: Twilio's tracks are seen from its side, inbound is what it hears of the caller.
func party(track []byte) events.Party {
	switch string(track) {
	case "inbound":
		return events.Party_PARTY_CALLER
	case "outbound":
		return events.Party_PARTY_AGENT
	default:
		return events.Party_PARTY_UNSPECIFIED
	}
}

func (s *session) frame(f *frame) error {
	if s.stream == nil {
		return ws.Fault(ws.StatusPolicy, "media before start")
	}
	if string(f.streamSID) != s.streamSID {
		return ws.Fault(ws.StatusPolicy, "media of another stream")
	}
	audio, err := f.audio(&s.audio)
	if err != nil {
		return ws.Fault(ws.StatusInvalid, "media payload is not base64 of up to one second")
	}
	if err := s.stream.Frame(party(f.track), f.chunk, f.timestamp, audio); err != nil {
		return ws.Fault(ws.StatusPolicy, err.Error())
	}
	return nil
}

func (s *session) stop(m *message) error {
	if s.stream == nil {
		return ws.Fault(ws.StatusPolicy, "stop before start")
	}
	if m.StreamSID != "" && m.StreamSID != s.streamSID {
		return ws.Fault(ws.StatusPolicy, "stop of another stream")
	}
	s.stopped = true
	return nil
}

// endReason says in the contract's words how the socket ended.
func endReason(ctx context.Context, err error) events.MediaEndReason {
	var fault *ws.Error
	switch {
	case err == nil:
		return events.MediaEndReason_MEDIA_END_REASON_STOPPED
	case errors.As(err, &fault):
		return events.MediaEndReason_MEDIA_END_REASON_PROTOCOL
	case ctx.Err() != nil:
		return events.MediaEndReason_MEDIA_END_REASON_SHUTDOWN
	default:
		return events.MediaEndReason_MEDIA_END_REASON_DISCONNECTED
	}
}

// hangUp tells the peer how it ended, if it is still there.
func (s *session) hangUp(ctx context.Context, c *ws.Conn, err error) {
	var fault *ws.Error
	switch {
	case errors.As(err, &fault):
		c.Tell(fault.Code, fault.Reason)
	case ctx.Err() != nil:
		c.Tell(ws.StatusGoingAway, "shutting down")
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.Tell(ws.StatusPolicy, "nothing heard for too long")
	}
}
