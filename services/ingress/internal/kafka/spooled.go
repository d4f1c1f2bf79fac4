package kafka

import (
	"encoding/binary"
	"errors"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
)

// spooledVersion is the first byte of a message in the spool. What follows are texts, each behind its length as a uvarint:
// topic, key, value, then name and value of each header.
const spooledVersion = 1

// errSpooled: what was read is no message. The spool's checksums are good, so some other program wrote it.
var errSpooled = errors.New("no message of this version stands in the record")

// appendSpooled puts a message behind b.
func appendSpooled(b []byte, m produce.Message) []byte {
	text := func(t []byte) {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	b = append(b, spooledVersion)
	text([]byte(m.Topic))
	text(m.Key)
	text(m.Value)
	for _, h := range m.Headers {
		text([]byte(h.Key))
		text(h.Value)
	}
	return b
}

// parseSpooled reads a message; it keeps b.
func parseSpooled(b []byte) (produce.Message, error) {
	if len(b) == 0 || b[0] != spooledVersion {
		return produce.Message{}, errSpooled
	}
	b = b[1:]
	bad := false
	text := func() []byte {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			bad, b = true, nil
			return nil
		}
		t := b[size : size+int(n) : size+int(n)]
		b = b[size+int(n):]
		return t
	}
	m := produce.Message{Topic: string(text()), Key: text(), Value: text()}
	for len(b) > 0 && !bad {
		m.Headers = append(m.Headers, kafka.Header{Key: string(text()), Value: text()})
	}
	if bad || m.Topic == "" {
		return produce.Message{}, errSpooled
	}
	return m, nil
}
