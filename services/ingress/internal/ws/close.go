package ws

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// maxReason is what a control frame holds beside the code.
const maxReason = 123

// linger bounds how long Close waits for a peer that was told why to hang up itself.
const linger = time.Second

// Tell sends the close frame, once: code and reason. What the peer still sends is not read any more; the connection
// is to be closed by Close.
func (c *Conn) Tell(code int, reason string) {
	if c.told {
		return
	}
	c.told = true
	if len(reason) > maxReason {
		reason = reason[:maxReason]
	}
	payload := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(reason)), uint16(code))
	if c.writeControl(opClose, append(payload, reason...)) != nil {
		c.gone = true // it need not hear it
	}
}

// Close closes the connection. A peer that was told why gets a second to hang up: closing over its unread
// messages would reset the connection, and the reason would be lost with it (RFC 6455 section 7.1.1 has the
// server close first, after both close frames).
func (c *Conn) Close() {
	if c.told && !c.gone {
		if half, ok := c.nc.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
			_ = c.nc.SetReadDeadline(time.Now().Add(linger))
			_, _ = io.Copy(io.Discard, c.nc) // whatever ends it, the connection is closed next
		}
	}
	_ = c.nc.Close()
}

// writeControl sends an unmasked, unfragmented frame of at most 125 bytes (RFC 6455 section 5.5).
func (c *Conn) writeControl(op byte, payload []byte) error {
	var b [127]byte
	b[0], b[1] = 0x80|op, byte(len(payload))
	n := 2 + copy(b[2:], payload)
	_ = c.nc.SetWriteDeadline(time.Now().Add(writeWait))
	if _, err := c.nc.Write(b[:n]); err != nil {
		return fmt.Errorf("writing a control frame: %w", err)
	}
	return nil
}
