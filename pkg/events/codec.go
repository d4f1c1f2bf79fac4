package events

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
)

// MaxEventBytes bounds an encoded event; topics take messages up to [MaxMessageBytes].
const MaxEventBytes = 900 << 10

// ErrUndecodable wraps every reason why bytes are no event. It is permanent: the same bytes never decode.
var ErrUndecodable = errors.New("not a Frontdesk event")

// Marshal encodes e after checking it; see [Validate] for what it refuses. It refuses an id that does not follow from the
// rest of the event, too (see [Call.Event]): whoever repeated an event under another id would have its effect twice.
// A reader goes without that check, or it would refuse what a later version tells apart more finely. The encoding is deterministic
// within one version of the protobuf library, so that a repeated event repeats its bytes.
func Marshal(e *CallEvent) ([]byte, error) { return Append(nil, e) }

// Append is [Marshal] into dst, for a producer that keeps its buffers.
func Append(dst []byte, e *CallEvent) ([]byte, error) {
	if err := Validate(e); err != nil {
		return dst, err
	}
	// An audio chunk's is made in the very call that makes the event, fifty times a second of talk: checking it would cost
	// more than all the rest.
	if e.Kind() != KindAudioChunk && !follows(e) {
		return dst, &InvalidError{Kind: e.Kind(), Faults: []string{"event_id does not follow from the event"}}
	}
	start := len(dst)
	dst, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(dst, e)
	if err != nil {
		return dst[:start], fmt.Errorf("encoding %s event: %w", e.Kind(), err)
	}
	if n := len(dst) - start; n > MaxEventBytes {
		return dst[:start], fmt.Errorf("encoding %s event: %d bytes is over the limit of %d", e.Kind(), n, MaxEventBytes)
	}
	return dst, nil
}

// Unmarshal decodes and checks b. Every error wraps [ErrUndecodable]; none quotes a value. Fields that this
// version does not know are kept, and an event of an unknown kind is returned without error and with
// Kind() == 0: a newer producer is no fault of this reader.
func Unmarshal(b []byte) (*CallEvent, error) {
	e := &CallEvent{}
	if err := proto.Unmarshal(b, e); err != nil {
		// The library's text names wire offsets only, but is not promised to: ours says enough.
		return nil, fmt.Errorf("%w: %d bytes are not the protobuf of a CallEvent", ErrUndecodable, len(b))
	}
	if err := Validate(e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUndecodable, err)
	}
	return e, nil
}
