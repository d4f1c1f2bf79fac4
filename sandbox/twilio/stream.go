package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/frontdesk/frontdesk/sandbox/twilio/webhook"
)

// Twilio's codes for media streams. Source: https://www.twilio.com/docs/api/errors
const (
	codeStreamTimeout   = 31901
	codeStreamRefused   = 31902
	codeStreamBroken    = 31903
	codeStreamHandshake = 31920
	codeStreamClosed    = 31921
	codeStreamProtocol  = 31924
	codeStreamBuffer    = 31930
	codeStreamTracks    = 31941
)

// connectLimit bounds a stream's handshake, stopLimit the time that a reader has to take what is left of a
// stream that has ended; both in wall time.
const (
	connectLimit = 10 * time.Second
	stopLimit    = 5 * time.Second
)

// maxTracks is how many tracks of one call can be streamed at once.
// Source: https://www.twilio.com/docs/voice/twiml/stream
const maxTracks = 4

// streamSpec is what asks for a stream.
type streamSpec struct {
	url, name, track string
	callback, method string
	params           []parameter
	byREST           bool
}

type parameter struct{ name, value string }

// stream is one Media Stream. It has a goroutine that sends and one that reads.
type stream struct {
	streamSpec
	l      *life
	sid    string
	tracks []track
	wire   wireSlot
	halted chan struct{} // closed by halt
	done   chan struct{} // closed when nothing of it runs any more

	mu    sync.Mutex
	until time.Time   // call time of its end, once halted
	cut   *time.Timer // drops the socket of a reader that takes nothing any more
	began time.Time   // call time of its first frame
	res   StreamResult
	moved time.Time // last change, call time
}

// fork begins a stream beside the call. A name that is taken, and a track beyond what a call can have, get none.
// Source: https://www.twilio.com/docs/voice/twiml/stream#attributes-name
func (l *life) fork(spec streamSpec) (*stream, *Fault) {
	l.mu.Lock()
	n := len(l.streams)
	s := &stream{streamSpec: spec, l: l, sid: sid("MZ", l.sid, "stream", n), halted: make(chan struct{}), done: make(chan struct{})}
	s.tracks = l.tracksOf(spec.track)
	s.res = StreamResult{Sid: s.sid, Name: spec.name, ByREST: spec.byREST}
	s.moved = l.timeLocked()
	used, taken := len(s.tracks), false
	for _, o := range l.streams {
		if o.live() {
			used += len(o.tracks)
			taken = taken || spec.name != "" && o.name == spec.name
		}
	}
	l.forked++
	var fault *Fault
	switch {
	case !l.end.IsZero() || l.over:
		fault = &Fault{codeNotInProgress, "Call is not in-progress"}
	case taken:
		// "Unique name for the Stream, per Call"; Twilio documents no code of its own for a name that is taken.
		fault = &Fault{codeBadRequest, "a stream with this name is in progress on the call"}
	case used > maxTracks:
		fault = &Fault{codeStreamTracks, "Stream - Invalid Track configuration: at most four tracks of a call can be streamed"}
	default:
		l.streams = append(l.streams, s)
		l.work.Go(func() { s.run() })
	}
	l.mu.Unlock()
	if fault != nil {
		l.fault(*fault)
		l.beginMedia()
		return nil, fault
	}
	return s, nil
}

// stream returns the live one with a name or SID.
func (l *life) stream(name string) *stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range slices.Backward(l.streams) {
		if (s.name == name || s.sid == name) && s.live() {
			return s
		}
	}
	return nil
}

func (s *stream) live() bool {
	select {
	case <-s.done:
		return false
	case <-s.halted:
		return false
	default:
		return true
	}
}

// halt ends the stream at a call time: what was said until then is still sent.
func (s *stream) halt(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.until.IsZero() {
		return
	}
	s.until, s.moved = at, at
	close(s.halted)
	s.cut = time.AfterFunc(stopLimit, s.wire.drop)
}

// finish says that nothing of the stream runs any more.
func (s *stream) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut != nil {
		s.cut.Stop()
	}
	close(s.done)
}

// run is the stream's whole life.
func (s *stream) run() {
	defer s.finish()
	defer context.AfterFunc(s.l.ctx, s.wire.drop)()
	conn, fault := s.connect()
	first := 0
	if began := s.l.beginMedia(); !began {
		first = s.l.nextFrame()
	}
	if fault != nil {
		s.fail(fault)
		return
	}
	s.start(first)
	heard := make(chan *Fault, 1)
	var reader sync.WaitGroup
	reader.Go(func() { heard <- s.read(conn) })
	seq, fault := s.greet(conn)
	if fault == nil {
		seq, fault = s.pump(conn, first, seq, heard)
	}
	if fault == nil {
		_ = conn.Write(context.Background(), websocket.MessageText, s.stopMessage(seq))
		s.l.st.count(func(r *Report) { r.Streams.Stopped++ })
		s.tell("stream-stopped", nil)
		_ = conn.Close(websocket.StatusNormalClosure, "")
	} else {
		s.fail(fault)
		_ = conn.CloseNow()
	}
	reader.Wait()
}

// connect upgrades, signed for the stream's URL without parameters.
func (s *stream) connect() (*websocket.Conn, *Fault) {
	defer s.l.clk.Slow()()
	ctx, cancel := context.WithTimeout(s.l.ctx, connectLimit)
	defer cancel()
	if fault := refused(ctx, s.l.c.forks); fault != nil {
		return nil, fault
	}
	ctx = context.WithValue(ctx, wireOf{}, &s.wire)
	header := http.Header{}
	header.Set("X-Twilio-Signature", webhook.Sign(s.l.acct.token(), s.url, nil))
	header.Set("User-Agent", "Twilio.TmeWs/1.0")
	//nolint:bodyclose // Dial's own: "You never need to close resp.Body yourself"
	conn, res, err := websocket.Dial(ctx, s.url, &websocket.DialOptions{HTTPClient: s.l.c.media, HTTPHeader: header})
	switch {
	case err == nil:
		return conn, nil
	case res != nil:
		return nil, &Fault{codeStreamHandshake, fmt.Sprintf("Stream - WebSocket - Handshake Error: got HTTP %d", res.StatusCode)}
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, &Fault{codeStreamRefused, "Stream - WebSocket - Connection Refused"}
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &Fault{codeStreamTimeout, "Stream - WebSocket - Connection Timeout"}
	default:
		return nil, brokenPipe()
	}
}

// start notes and tells that the stream runs.
func (s *stream) start(first int) {
	from := time.Duration(first) * frameTime
	s.l.mu.Lock()
	began := s.l.zero.Add(from)
	s.l.mu.Unlock()
	s.mu.Lock()
	s.began, s.res.From = began, from
	s.mu.Unlock()
	s.l.st.count(func(r *Report) {
		r.Streams.Started++
		if s.byREST {
			r.Streams.ByREST++
		}
	})
	s.tell("stream-started", nil)
}

// fail ends the stream with an error: one callback, and no second try. That is the customer's business.
func (s *stream) fail(f *Fault) {
	if s.l.ctx.Err() != nil {
		return
	}
	now := s.l.now()
	s.mu.Lock()
	s.res.Error, s.moved = f, now
	s.mu.Unlock()
	s.l.st.count(func(r *Report) { r.Streams.Failed++ })
	s.l.fault(*f)
	s.tell("stream-error", f)
}

// tell sends the stream's status callback.
// Source: https://www.twilio.com/docs/voice/twiml/stream#attributes-status-callback
func (s *stream) tell(event string, f *Fault) {
	params := map[string]string{
		"AccountSid": s.l.acct.SID, "CallSid": s.l.sid, "StreamSid": s.sid, "StreamName": s.title(),
		"StreamEvent": event, "Timestamp": iso8601(s.l.now()),
	}
	if f != nil {
		params["StreamError"] = f.Error()
	}
	s.l.out.post(s.callback, s.method, params, nil)
}

// title is the stream's name, by default its SID.
func (s *stream) title() string {
	if s.name != "" {
		return s.name
	}
	return s.sid
}

// read waits for what a server must not send, and for its close. It returns why the stream can't go on; nil
// when the connection was closed from here.
func (s *stream) read(conn *websocket.Conn) *Fault {
	_, _, err := conn.Reader(context.Background())
	var closed websocket.CloseError
	switch {
	case err == nil:
		return &Fault{codeStreamProtocol, "Stream - Websocket - Protocol Error: a message was sent on a unidirectional stream"}
	case errors.As(err, &closed):
		if s.halting() {
			return nil // the server's half of a close that began here
		}
		s.mu.Lock()
		s.res.CloseCode, s.res.CloseReason = int(closed.Code), closed.Reason
		s.mu.Unlock()
		return &Fault{codeStreamClosed, fmt.Sprintf("Stream - WebSocket - Close Error: the server closed with %d", closed.Code)}
	case errors.Is(err, net.ErrClosed):
		return nil
	default:
		return brokenPipe()
	}
}

// heard is how long the stream ran, for the bill.
func (s *stream) heard() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.began.IsZero() {
		return 0
	}
	end := s.until
	if s.res.Error != nil {
		end = s.moved
	}
	return max(end.Sub(s.began), time.Millisecond)
}

func (s *stream) outcome() StreamResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.res
}

// startMessage is the metadata message, https://www.twilio.com/docs/voice/media-streams/websocket-messages#start-message
type startMessage struct {
	Event          string    `json:"event"`
	SequenceNumber string    `json:"sequenceNumber"`
	Start          startBody `json:"start"`
	StreamSid      string    `json:"streamSid"`
}

type startBody struct {
	AccountSid       string            `json:"accountSid"`
	StreamSid        string            `json:"streamSid"`
	CallSid          string            `json:"callSid"`
	Tracks           []string          `json:"tracks"`
	MediaFormat      mediaFormat       `json:"mediaFormat"`
	CustomParameters map[string]string `json:"customParameters"`
}

type mediaFormat struct {
	Encoding   string `json:"encoding"`
	SampleRate int    `json:"sampleRate"`
	Channels   int    `json:"channels"`
}

// greet sends connected and start, and returns the next sequence number.
func (s *stream) greet(conn *websocket.Conn) (int, *Fault) {
	m := startMessage{Event: "start", SequenceNumber: "1", StreamSid: s.sid, Start: startBody{
		AccountSid: s.l.acct.SID, StreamSid: s.sid, CallSid: s.l.sid, CustomParameters: map[string]string{},
		MediaFormat: mediaFormat{Encoding: "audio/x-mulaw", SampleRate: 8000, Channels: 1},
	}}
	for _, t := range s.tracks {
		m.Start.Tracks = append(m.Start.Tracks, t.name)
	}
	for _, p := range s.params {
		m.Start.CustomParameters[p.name] = p.value
	}
	start, err := json.Marshal(m)
	if err != nil {
		return 0, &Fault{codeStreamBroken, "Stream - the start message can't be written"}
	}
	for _, message := range [][]byte{[]byte(`{"event":"connected","protocol":"Call","version":"1.0.0"}`), start} {
		if err := conn.Write(context.Background(), websocket.MessageText, message); err != nil {
			return 0, brokenPipe()
		}
	}
	return 2, nil
}

func (s *stream) stopMessage(seq int) []byte {
	return fmt.Appendf(nil, `{"event":"stop","sequenceNumber":"%d","stop":{"accountSid":"%s","callSid":"%s"},"streamSid":"%s"}`,
		seq, s.l.acct.SID, s.l.sid, s.sid)
}
