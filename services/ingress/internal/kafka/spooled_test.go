package kafka

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
)

func TestSpooledMessage(t *testing.T) {
	m := produce.Message{Topic: "calls.media", Key: []byte("CA1"), Value: bytes.Repeat([]byte{7}, 1700), Headers: []kafka.Header{
		{Key: "event-id", Value: []byte("x")}, {Key: "traceparent", Value: []byte{}},
	}}
	b := appendSpooled([]byte("before"), m)[len("before"):]
	got, err := parseSpooled(b)
	if err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("%v, %v", got, err)
	}
	for n := range len(b) {
		short, err := parseSpooled(b[:n])
		if whole := err == nil && len(short.Headers) < 2 && bytes.Equal(short.Value, m.Value); err == nil && !whole {
			t.Fatalf("%d of %d bytes are taken for a message", n, len(b))
		}
	}
}

// FuzzSpooled: no record panics, and what is read is what would be written.
func FuzzSpooled(f *testing.F) {
	f.Add(appendSpooled(nil, produce.Message{Topic: "t", Key: []byte("k"), Value: []byte("v"), Headers: []kafka.Header{{Key: "h", Value: []byte("w")}}}))
	f.Add([]byte{spooledVersion, 1, 'a', 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseSpooled(b)
		if err != nil {
			return
		}
		again, err := parseSpooled(appendSpooled(nil, m))
		if err != nil || !reflect.DeepEqual(m, again) {
			t.Fatalf("read %v, then %v, %v", m, again, err)
		}
	})
}
