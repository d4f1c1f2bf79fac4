package ws

import (
	"encoding/binary"
	"fmt"
	"time"
)

// maxReason is what a control frame holds beside the code.
const maxReason = 123

// Close tells the peer why and closes the connection. It may be called more than once and from any
// goroutine; only the first call is heard.
func (c *Conn) Close(code int, reason string) {
	if c.closed.Swap(true) {
		return
	}
	if len(reason) > maxReason {
		reason = reason[:maxReason]
	}
	payload := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(reason)), uint16(code)) //nolint:gosec // four digits
	_ = c.writeControl(opClose, append(payload, reason...))                                // a peer that is gone need not hear it
	_ = c.nc.Close()
}

// Discard closes the connection without a word: it is broken, or the peer has closed it.
func (c *Conn) Discard() {
	if !c.closed.Swap(true) {
		_ = c.nc.Close()
	}
}

// writeControl sends an unmasked, unfragmented frame of at most 125 bytes (RFC 6455 section 5.5).
func (c *Conn) writeControl(op byte, payload []byte) error {
	var b [127]byte
	b[0], b[1] = 0x80|op, byte(len(payload)) //nolint:gosec // checked on the way in: at most 125
	n := 2 + copy(b[2:], payload)
	_ = c.nc.SetWriteDeadline(time.Now().Add(writeWait))
	if _, err := c.nc.Write(b[:n]); err != nil {
		return fmt.Errorf("writing a control frame: %w", err)
	}
	return nil
}
