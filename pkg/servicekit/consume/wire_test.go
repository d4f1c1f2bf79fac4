//go:build simulation

package consume_test

import (
	"context"
	"encoding/binary"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// wire is a member's connections to the broker, on which its process ends at a chosen request, or pauses.
type wire struct {
	mu     sync.Mutex
	dead   bool
	open   map[net.Conn]bool
	strike *strike
	// awake is closed while the process runs.
	awake chan struct{}
	// struck is called once, when the process has ended.
	struck func()
}

// strike ends a process at the nth request of a kind from now: before it is sent, or after, when its answer never comes.
type strike struct {
	kind  kmsg.Key
	nth   int
	after bool
}

func newWire(struck func()) *wire {
	awake := make(chan struct{})
	close(awake)
	return &wire{open: map[net.Conn]bool{}, awake: awake, struck: sync.OnceFunc(struck)}
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.wait()
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	w.open[c] = true
	return &wired{c, w}, nil
}

// cut is the end of the process as the broker sees it. What has been written is still on its way.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return
	}
	w.dead = true
	for c := range w.open {
		// A close with an answer unread would take back what the broker has not read yet.
		time.AfterFunc(20*time.Millisecond, func() { _ = c.Close() })
	}
	go w.struck()
}

// drop loses the connections that there are; what is on its way to the broker arrives.
func (w *wire) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		_ = c.SetReadDeadline(time.Now())
		delete(w.open, c)
	}
}

// aim sets the next strike.
func (w *wire) aim(s strike) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.strike = &s
}

// pause stops the process where it is, until the returned function lets it go on.
func (w *wire) pause() (resume func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	asleep := make(chan struct{})
	w.awake = asleep
	return sync.OnceFunc(func() { close(asleep) })
}

// wait is where a paused process stands still.
func (w *wire) wait() {
	w.mu.Lock()
	awake := w.awake
	w.mu.Unlock()
	<-awake
}

// hit tells whether the process ends at this request, and when.
func (w *wire) hit(request []byte) (ends, after bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.strike == nil || len(request) < 6 || kmsg.Key(binary.BigEndian.Uint16(request[4:])) != w.strike.kind {
		return false, false
	}
	w.strike.nth--
	return w.strike.nth < 0, w.strike.after
}

func (w *wire) gone() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dead
}

// wired is one connection.
type wired struct {
	net.Conn
	w *wire
}

func (c *wired) Write(b []byte) (int, error) {
	c.w.wait()
	ends, after := c.w.hit(b)
	if c.w.gone() || ends && !after {
		c.w.cut()
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Write(b)
	if ends {
		c.w.cut()
	}
	return n, err
}

func (c *wired) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.w.wait()
	if c.w.gone() {
		return 0, net.ErrClosed
	}
	return n, err
}
