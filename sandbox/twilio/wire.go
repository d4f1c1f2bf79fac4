package twilio

import (
	"context"
	"net"
	"sync"
)

// wire is a stream's connection. It can be held, so that the messages of one moment leave in one write; and
// dropped without a word, as a broken network does.
type wire struct {
	net.Conn
	mu   sync.Mutex
	held bool
	buf  []byte
}

// wireOf is the key under which a dial's context carries where its connection is to be put.
type wireOf struct{}

func wrapWire(ctx context.Context, conn net.Conn) net.Conn {
	w := &wire{Conn: conn}
	if at, ok := ctx.Value(wireOf{}).(*wireSlot); ok {
		at.put(w)
	}
	return w
}

// wireSlot takes a stream's connection from the goroutine that dials.
type wireSlot struct {
	mu sync.Mutex
	w  *wire
}

func (s *wireSlot) put(w *wire) {
	s.mu.Lock()
	s.w = w
	s.mu.Unlock()
}

// drop closes the connection under whoever uses it.
func (s *wireSlot) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w != nil {
		s.w.Close()
	}
}

func (s *wireSlot) hold() { s.set(true) }

// release sends what was held, and lets everything through from now on.
func (s *wireSlot) release() { s.set(false) }

func (s *wireSlot) set(held bool) {
	s.mu.Lock()
	w := s.w
	s.mu.Unlock()
	if w != nil {
		w.set(held)
	}
}

// Write sends or keeps b.
func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.held {
		return w.Conn.Write(b)
	}
	w.buf = append(w.buf, b...)
	return len(b), nil
}

func (w *wire) set(held bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = held
	if !held && len(w.buf) > 0 {
		// An error shows at the next write or read.
		_, _ = w.Conn.Write(w.buf)
		w.buf = w.buf[:0]
	}
}
