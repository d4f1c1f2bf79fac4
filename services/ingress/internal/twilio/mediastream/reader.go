package mediastream

import (
	"context"

	"github.com/frontdesk/frontdesk/services/ingress/internal/media"
)

// Reader is what the reader of a socket does with each message of a stream that has begun: for whoever measures it without a
// socket. It belongs to one goroutine.
func Reader(ctx context.Context, stream *media.Stream, streamSID string) func(msg []byte) error {
	s := &session{stream: stream, streamSID: streamSID, audio: make([]byte, usualFrame)}
	return func(msg []byte) error { return s.message(ctx, msg) }
}
