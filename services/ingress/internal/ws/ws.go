// Package ws is the receiving half of RFC 6455, for streams that a peer only talks on: it upgrades an HTTP
// request and hands out messages in place, in the buffer that the kernel filled, without copying and without
// allocating. Media Streams is nothing but such messages, fifty a second and track, so that the cost of a
// library's reader (an io.Reader a message, a context a read) is most of what a frame costs.
//
// What it leaves out: extensions (none is negotiated, so a reserved bit is an error), subprotocols, sending
// data. TLS ends at the gateway.
package ws

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// Status codes of RFC 6455 section 7.4.1 that are sent or understood here.
const (
	StatusNormal      = 1000
	StatusGoingAway   = 1001
	StatusProtocol    = 1002
	StatusUnsupported = 1003
	StatusInvalid     = 1007
	StatusPolicy      = 1008
	StatusTooBig      = 1009
	StatusInternal    = 1011
)

// Error is a fault of the peer, in the form in which it is told: close code and reason. The reason never
// quotes what the peer sent.
type Error struct {
	Code   int
	Reason string
}

// Error names code and reason.
func (e *Error) Error() string { return fmt.Sprintf("websocket: %d %s", e.Code, e.Reason) }

// Fault makes an [Error]; reason is at most 123 bytes, what a close frame holds.
func Fault(code int, reason string) *Error { return &Error{Code: code, Reason: reason} }

// ErrClosed says that the peer has closed the connection in order; the answer has been sent.
var ErrClosed = errors.New("websocket: closed by the peer")

// Opcodes of RFC 6455 section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// firstBuffer holds some twenty media messages (373 to 385 bytes each): what two tracks bring in 200 ms.
const firstBuffer = 8 << 10

// writeWait bounds a control frame's write: a peer that takes none is gone.
const writeWait = 2 * time.Second

// Conn is one upgraded connection. It belongs to one goroutine, which closes it; [Conn.Interrupt] may be called
// from another.
type Conn struct {
	nc  net.Conn
	max int // largest message
	// buf[r:w] is what has been read and not yet handed out.
	buf  []byte
	r, w int
	// fragment gathers a message that comes in several frames; nil between messages.
	fragment   []byte
	fragmented bool

	idle     time.Duration
	deadline time.Time // as last set on nc
	pause    time.Duration
	gather   *time.Timer // runs while a pause is made; nil without pauses

	interrupted atomic.Bool
	told        bool // the close frame has been sent
	gone        bool // the peer has closed, or the connection is broken
}

// Options of a connection.
type Options struct {
	// MaxMessage bounds one message, bytes; larger ones are closed with 1009.
	MaxMessage int
	// Idle closes a connection on which nothing was heard for so long; 0 never does.
	Idle time.Duration
	// Pause lets messages gather in the socket before they are read, so that one system call brings many. It
	// is the latency that is added at most; it is skipped while the peer is ahead. 0 reads at once.
	Pause time.Duration
}

// Interrupt makes a blocked or future [Conn.Next] return os.ErrDeadlineExceeded at once.
func (c *Conn) Interrupt() {
	c.interrupted.Store(true)
	_ = c.nc.SetReadDeadline(time.Unix(1, 0))
}
