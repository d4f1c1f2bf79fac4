package ws_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/services/ingress/internal/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// got is one result of Next; the message is copied.
type got struct {
	msg string
	err error
}

// server upgrades and reports what it reads until the first error, which it tells the peer.
func server(t *testing.T, opt ws.Options) (url string, read <-chan got) {
	t.Helper()
	if opt.MaxMessage == 0 {
		opt.MaxMessage = 1 << 16
	}
	out := make(chan got, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Upgrade(w, r, opt)
		if err != nil {
			out <- got{err: err}
			return
		}
		for {
			msg, err := c.Next()
			out <- got{string(msg), err}
			var fault *ws.Error
			switch {
			case errors.As(err, &fault):
				c.Tell(fault.Code, fault.Reason)
				c.Close()
				return
			case err != nil:
				c.Close()
				return
			}
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL, out
}

func dial(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	c, resp, err := websocket.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

func TestMessages(t *testing.T) {
	for name, opt := range map[string]ws.Options{"at once": {}, "gathered": {Pause: 5 * time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			url, read := server(t, opt)
			c := dial(t, url)
			// Small ones (many in one read), one in the two-byte length, some larger than the first buffer.
			want := []string{"", "a", strings.Repeat("b", 125), strings.Repeat("c", 126), strings.Repeat("d", 5000), strings.Repeat("e", 40_000), strings.Repeat("f", 65_536), "g"}
			for _, m := range want {
				if err := c.Write(t.Context(), websocket.MessageText, []byte(m)); err != nil {
					t.Fatal(err)
				}
			}
			for i, m := range want {
				if g := <-read; g.err != nil || g.msg != m {
					t.Fatalf("message %d: %d bytes, %v; want %d bytes", i, len(g.msg), g.err, len(m))
				}
			}
		})
	}
}

func TestFragments(t *testing.T) {
	url, read := server(t, ws.Options{})
	c := dial(t, url)
	w, err := c.Writer(t.Context(), websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	var want string
	for range 5 { // coder/websocket flushes a frame of 4 KiB at a time
		part := strings.Repeat("x", 5000)
		want += part
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if g := <-read; g.err != nil || g.msg != want {
		t.Errorf("%d bytes, %v; want %d", len(g.msg), g.err, len(want))
	}
}

func TestPingAndClose(t *testing.T) {
	url, read := server(t, ws.Options{})
	c := dial(t, url)
	ctx := c.CloseRead(t.Context())
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(websocket.StatusNormalClosure, "bye"); err != nil {
		t.Errorf("our answer to close: %v", err)
	}
	if g := <-read; !errors.Is(g.err, ws.ErrClosed) {
		t.Errorf("%v, want ErrClosed", g.err)
	}
}

func TestIdle(t *testing.T) {
	// Long enough for the peer to say its word first.
	url, read := server(t, ws.Options{Idle: 2 * time.Second})
	c := dial(t, url)
	if err := c.Write(t.Context(), websocket.MessageText, []byte("x")); err != nil {
		t.Fatal(err)
	}
	<-read
	if g := <-read; !errors.Is(g.err, os.ErrDeadlineExceeded) {
		t.Errorf("%v, want a deadline", g.err)
	}
}

func TestInterrupt(t *testing.T) {
	conns := make(chan *ws.Conn, 1)
	ended := make(chan error, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Upgrade(w, r, ws.Options{MaxMessage: 100, Idle: time.Hour})
		if err != nil {
			return
		}
		conns <- c
		_, err = c.Next()
		ended <- err
		c.Tell(ws.StatusGoingAway, "shutting down")
		c.Tell(ws.StatusInternal, "a second word is not heard")
		c.Close()
	}))
	t.Cleanup(srv.Close)
	c := dial(t, srv.URL)
	(<-conns).Interrupt()
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v, want a deadline", err)
	}
	_, _, err := c.Read(t.Context())
	if websocket.CloseStatus(err) != websocket.StatusGoingAway || !strings.Contains(err.Error(), "shutting down") {
		t.Errorf("the peer heard %v", err)
	}
}

// rawDial speaks the handshake and leaves the frames to the test.
func rawDial(t *testing.T, url string) net.Conn {
	t.Helper()
	var d net.Dialer
	nc, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_, err = io.WriteString(nc, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(nc)
	resp, err := http.ReadResponse(br, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v", err)
	}
	_ = resp.Body.Close()
	// The answer to the sample key of RFC 6455 section 1.3.
	if got := resp.Header.Get("Sec-WebSocket-Accept"); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("Sec-WebSocket-Accept %q", got)
	}
	return nc
}

// frame makes a masked frame; size overrides the length field.
func frame(first byte, payload string) []byte {
	b := []byte{first, 0x80 | byte(len(payload)), 1, 2, 3, 4}
	for i := range payload {
		b = append(b, payload[i]^byte(i%4+1))
	}
	return b
}

func TestFaults(t *testing.T) {
	tests := map[string]struct {
		bytes []byte
		code  int
	}{
		"reserved bits":             {frame(0x80|0x40|1, "x"), ws.StatusProtocol},
		"not masked":                {[]byte{0x81, 1, 'x'}, ws.StatusProtocol},
		"binary":                    {frame(0x82, "x"), ws.StatusUnsupported},
		"unknown opcode":            {frame(0x83, "x"), ws.StatusProtocol},
		"unknown control opcode":    {frame(0x8b, "x"), ws.StatusProtocol},
		"continuation of nothing":   {frame(0x80, "x"), ws.StatusProtocol},
		"message inside a message":  {append(frame(0x01, "x"), frame(0x81, "y")...), ws.StatusProtocol},
		"fragmented ping":           {frame(0x09, "x"), ws.StatusProtocol},
		"ping of 126 bytes":         {[]byte{0x89, 0x80 | 126, 0, 126}, ws.StatusProtocol},
		"close with half a code":    {frame(0x88, "x"), ws.StatusProtocol},
		"over the limit, 16 bits":   {[]byte{0x81, 0x80 | 126, 0x20, 0x00, 0, 0, 0, 0}, ws.StatusTooBig},
		"over the limit, 64 bits":   {[]byte{0x81, 0x80 | 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, ws.StatusTooBig},
		"negative, 64 bits":         {[]byte{0x81, 0x80 | 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, ws.StatusTooBig},
		"over the limit, fragments": {append(frame(0x01, strings.Repeat("a", 100)), bytes.Repeat(frame(0x00, strings.Repeat("a", 100)), 50)...), ws.StatusTooBig},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			url, read := server(t, ws.Options{MaxMessage: 4096})
			nc := rawDial(t, url)
			if _, err := nc.Write(tt.bytes); err != nil {
				t.Fatal(err)
			}
			var fault *ws.Error
			if g := <-read; !errors.As(g.err, &fault) || fault.Code != tt.code {
				t.Fatalf("%v, want code %d", g.err, tt.code)
			}
			// The peer is told in a close frame.
			var head [4]byte
			if _, err := io.ReadFull(nc, head[:]); err != nil {
				t.Fatal(err)
			}
			_ = nc.Close()
			if head[0] != 0x88 || int(binary.BigEndian.Uint16(head[2:])) != tt.code {
				t.Errorf("told %x", head)
			}
		})
	}
}

// TestTheReasonIsHeardOverWhatIsUnread: closing at once over unread messages would reset the connection.
func TestTheReasonIsHeardOverWhatIsUnread(t *testing.T) {
	url, read := server(t, ws.Options{})
	nc := rawDial(t, url)
	if _, err := nc.Write(append(frame(0x82, "x"), bytes.Repeat(frame(0x81, "unread"), 20_000)...)); err != nil {
		t.Fatal(err)
	}
	<-read
	var head [4]byte
	if _, err := io.ReadFull(nc, head[:]); err != nil || int(binary.BigEndian.Uint16(head[2:])) != ws.StatusUnsupported {
		t.Errorf("%x, %v", head, err)
	}
	_ = nc.Close()
}

func TestOneByteAtATime(t *testing.T) {
	url, read := server(t, ws.Options{})
	nc := rawDial(t, url)
	for _, b := range append(frame(0x81, "hello"), frame(0x81, "there")...) {
		if _, err := nc.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"hello", "there"} {
		if g := <-read; g.err != nil || g.msg != want {
			t.Errorf("%q, %v, want %q", g.msg, g.err, want)
		}
	}
	_ = nc.Close()
	if g := <-read; !errors.Is(g.err, io.ErrUnexpectedEOF) {
		t.Errorf("%v, want a broken connection", g.err)
	}
}

func TestHandshakeRefused(t *testing.T) {
	url, _ := server(t, ws.Options{})
	good := map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	}
	for name, change := range map[string]map[string]string{
		"no upgrade": {"Upgrade": ""}, "no connection": {"Connection": "close"}, "old version": {"Sec-WebSocket-Version": "8"},
		"no key": {"Sec-WebSocket-Key": ""}, "short key": {"Sec-WebSocket-Key": "AAAA"},
	} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range good {
			req.Header.Set(k, v)
		}
		for k, v := range change {
			req.Header.Set(k, v)
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusUpgradeRequired {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}
