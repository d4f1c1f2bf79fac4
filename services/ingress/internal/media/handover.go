package media

import (
	"context"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// handoverWait bounds how long a new stream of a call waits for the one before to end. A broken socket ends
// within milliseconds, when what is left in it has been read; audio of the new one waits in its socket.
const handoverWait = 250 * time.Millisecond

// remember is how long an ended stream is known: longer than the carrier takes to start a new one.
const remember = 30 * time.Second

// handover knows the latest stream of each call on this replica, so that the next one begins where it ended:
// a carrier that starts a new stream at once would otherwise be faster than the last words of the old.
type handover struct {
	mu   sync.Mutex
	last map[callName]*turn
}

// callName tells calls apart: by the id alone somebody else's stream could move the next one of a call.
type callName struct{ id, tenant, account string }

func nameOf(f app.Facts) callName { return callName{f.CallID, f.Tenant, f.Account} }

// turn is one stream's.
type turn struct {
	ended chan struct{} // closed when the stream's last event is on its way
	heard time.Duration // call time that it was heard up to; readable when ended is closed
}

// begin registers a new stream of a call. It waits for the one before and returns the call time up to which
// that was heard; 0 if there was none here, or it goes on.
func (h *handover) begin(ctx context.Context, call callName) (*turn, time.Duration) {
	h.mu.Lock()
	before := h.last[call]
	mine := &turn{ended: make(chan struct{})}
	if h.last == nil {
		h.last = map[callName]*turn{}
	}
	h.last[call] = mine
	h.mu.Unlock()
	if before == nil {
		return mine, 0
	}
	wait := time.NewTimer(handoverWait)
	defer wait.Stop()
	select {
	case <-before.ended:
		return mine, before.heard
	case <-wait.C:
	case <-ctx.Done():
	}
	return mine, 0
}

// end tells whoever waits or comes soon.
func (h *handover) end(call callName, t *turn, heard time.Duration) {
	t.heard = heard
	close(t.ended)
	time.AfterFunc(remember, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.last[call] == t {
			delete(h.last, call)
		}
	})
}
