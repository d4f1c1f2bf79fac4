package ws

import (
	"crypto/sha1" //nolint:gosec // RFC 6455 section 1.3 asks for it; it proves nothing but that we understood the request.
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// acceptGUID is fixed by RFC 6455 section 1.3.
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Upgrade answers the handshake of r (RFC 6455 section 4.2) and takes the connection over. On an error it has
// written the refusal to w.
func Upgrade(w http.ResponseWriter, r *http.Request, opt Options) (*Conn, error) {
	key, fault := handshake(r)
	if fault != "" {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Sec-WebSocket-Version", "13")
		http.Error(w, fault, http.StatusUpgradeRequired)
		return nil, fmt.Errorf("upgrading to a WebSocket: %s", fault)
	}
	nc, brw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this connection can't be upgraded", http.StatusInternalServerError)
		return nil, fmt.Errorf("upgrading to a WebSocket: %w", err)
	}
	sum := sha1.Sum([]byte(key + acceptGUID)) //nolint:gosec // see the import
	_ = nc.SetDeadline(time.Time{})           // the server's own time-outs end with HTTP
	_ = nc.SetWriteDeadline(time.Now().Add(writeWait))
	_, err = nc.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"))
	if err != nil {
		_ = nc.Close()
		return nil, fmt.Errorf("upgrading to a WebSocket: %w", err)
	}
	c := &Conn{nc: nc, max: opt.MaxMessage, idle: opt.Idle, pause: opt.Pause}
	if c.pause > 0 {
		c.gather = time.NewTimer(0)
		<-c.gather.C
	}
	// The server's buffers are its own; what they hold already (a client may speak before it hears) is kept.
	n := brw.Reader.Buffered()
	c.buf = make([]byte, max(firstBuffer, n))
	if n > 0 {
		early, _ := brw.Peek(n)
		c.w = copy(c.buf, early)
	}
	return c, nil
}

// handshake returns the client's key, or what is wrong with the request.
func handshake(r *http.Request) (key, fault string) {
	keys := r.Header.Values("Sec-WebSocket-Key")
	switch {
	case r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1):
		return "", "a WebSocket begins with GET and HTTP/1.1"
	case !hasToken(r.Header, "Connection", "upgrade") || !hasToken(r.Header, "Upgrade", "websocket"):
		return "", "the headers Connection: Upgrade and Upgrade: websocket are missing"
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return "", "only version 13 of the WebSocket protocol is spoken here"
	case len(keys) != 1:
		return "", "exactly one Sec-WebSocket-Key is needed"
	}
	key = strings.TrimSpace(keys[0])
	if b, err := base64.StdEncoding.DecodeString(key); err != nil || len(b) != 16 {
		return "", "Sec-WebSocket-Key is not 16 bytes in base64"
	}
	return key, ""
}

func hasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}
