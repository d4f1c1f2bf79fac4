package ws

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"time"
)

// Next returns the next text message. It points into the connection's buffer and is valid until the next
// call. An error ends the connection: an [*Error] is the peer's fault and still has to be told by Tell;
// [ErrClosed] is an orderly end; os.ErrDeadlineExceeded is the idle limit or [Conn.Interrupt]; anything else
// is a broken connection.
func (c *Conn) Next() ([]byte, error) {
	for {
		f, n, fault := c.parse()
		if fault != nil {
			return nil, fault
		}
		if n == 0 {
			if err := c.fill(); err != nil {
				return nil, err
			}
			continue
		}
		c.r += n
		msg, err := c.take(f)
		if msg != nil || err != nil {
			return msg, err
		}
	}
}

// frame is one frame of the wire, unmasked in place.
type frame struct {
	op      byte
	fin     bool
	payload []byte
}

// parse reads one frame from the buffer; n is its length on the wire, 0 if it isn't whole yet.
func (c *Conn) parse() (f frame, n int, fault error) {
	b := c.buf[c.r:c.w]
	if len(b) < 2 {
		return f, 0, nil
	}
	f.op, f.fin = b[0]&0x0f, b[0]&0x80 != 0
	size, head := int(b[1]&0x7f), 2
	if fault := c.checkHead(f, b[0], b[1], size); fault != nil {
		return f, 0, fault
	}
	switch size {
	case 126:
		if len(b) < 4 {
			return f, 0, nil
		}
		size, head = int(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		if len(b) < 10 {
			return f, 0, nil
		}
		long := binary.BigEndian.Uint64(b[2:])
		if long > uint64(c.max) {
			return f, 0, Fault(StatusTooBig, "message is over the size limit")
		}
		size, head = int(long), 10
	}
	if size+len(c.fragment) > c.max {
		return f, 0, Fault(StatusTooBig, "message is over the size limit")
	}
	n = head + 4 + size
	if len(b) < n {
		c.reserve(n)
		return f, 0, nil
	}
	f.payload = b[head+4 : n]
	unmask(f.payload, binary.LittleEndian.Uint32(b[head:]))
	return f, n, nil
}

// checkHead refuses what RFC 6455 sections 5.1, 5.2 and 5.5 refuse.
func (c *Conn) checkHead(f frame, first, second byte, size int) error {
	control := f.op&0x8 != 0
	switch {
	case first&0x70 != 0:
		return Fault(StatusProtocol, "reserved bits are set")
	case second&0x80 == 0:
		return Fault(StatusProtocol, "frame is not masked")
	case control && (size > 125 || !f.fin):
		return Fault(StatusProtocol, "control frame is too long or fragmented")
	case control:
		if f.op > opPong {
			return Fault(StatusProtocol, "unknown opcode")
		}
	case f.op == opContinuation && !c.fragmented:
		return Fault(StatusProtocol, "continuation without a beginning")
	case f.op != opContinuation && c.fragmented:
		return Fault(StatusProtocol, "new message inside a fragmented one")
	case f.op == opBinary:
		return Fault(StatusUnsupported, "binary messages are not understood here")
	case f.op > opBinary:
		return Fault(StatusProtocol, "unknown opcode")
	}
	return nil
}

// take acts on a whole frame; it returns a message when one is complete.
func (c *Conn) take(f frame) ([]byte, error) {
	switch f.op {
	case opPing:
		return nil, c.writeControl(opPong, f.payload)
	case opPong:
		return nil, nil
	case opClose:
		return nil, c.closedByPeer(f.payload)
	}
	if f.fin && !c.fragmented {
		return f.payload, nil
	}
	// The buffer may move before the rest is there.
	c.fragment = append(c.fragment, f.payload...)
	c.fragmented = !f.fin
	if c.fragmented {
		return nil, nil
	}
	msg := c.fragment
	c.fragment = nil
	if msg == nil {
		msg = []byte{} // fragments of nothing are a message of nothing
	}
	return msg, nil
}

func (c *Conn) closedByPeer(payload []byte) error {
	if len(payload) == 1 {
		return Fault(StatusProtocol, "close frame with half a code")
	}
	code := payload
	if len(code) > 2 {
		code = code[:2]
	}
	c.gone, c.told = true, true
	if err := c.writeControl(opClose, code); err != nil {
		return err
	}
	return ErrClosed
}

// began is what the moments are counted from at which sockets wake.
var began = time.Now()

// fill reads more into the buffer, at least one byte.
func (c *Conn) fill() error {
	switch {
	case c.r == c.w:
		c.r, c.w = 0, 0
	case c.w == len(c.buf):
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
	}
	if err := c.arm(); err != nil {
		return err
	}
	n, err := c.nc.Read(c.buf[c.w:])
	c.w += n
	if n > 0 {
		if c.pause > 0 && c.w < len(c.buf)/2 {
			// The socket is drained: the next frames are 20 ms away. Letting some gather costs latency that
			// the packing into 200 ms has anyway, and saves their system calls. All sockets wake at the same
			// moments: the process sleeps between them, and what they send on goes in few requests.
			c.gather.Reset(c.pause - time.Since(began)%c.pause)
			<-c.gather.C
		}
		return nil
	}
	c.gone = !errors.Is(err, os.ErrDeadlineExceeded)
	if err == nil || errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the WebSocket: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("reading the WebSocket: %w", err)
}

// arm moves the idle deadline when a quarter of it has passed: setting it on every read would cost more than
// the read's own bookkeeping.
func (c *Conn) arm() error {
	if c.idle == 0 {
		return nil
	}
	now := time.Now()
	if c.deadline.Sub(now) > c.idle*3/4 {
		return nil
	}
	c.deadline = now.Add(c.idle)
	if c.interrupted.Load() {
		return nil
	}
	if err := c.nc.SetReadDeadline(c.deadline); err != nil {
		return fmt.Errorf("arming the idle limit: %w", err)
	}
	if c.interrupted.Load() {
		c.Interrupt() // it came between the two
	}
	return nil
}

// reserve makes room for a frame of n bytes.
func (c *Conn) reserve(n int) {
	if n <= len(c.buf) {
		if c.r+n > len(c.buf) {
			c.w = copy(c.buf, c.buf[c.r:c.w])
			c.r = 0
		}
		return
	}
	bigger := make([]byte, n+firstBuffer)
	c.w = copy(bigger, c.buf[c.r:c.w])
	c.buf, c.r = bigger, 0
}

// unmask undoes RFC 6455 section 5.3; key is the masking key as a little-endian word.
func unmask(b []byte, key uint32) {
	wide := uint64(key)<<32 | uint64(key)
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(key)
		key = bits.RotateLeft32(key, -8)
	}
}
