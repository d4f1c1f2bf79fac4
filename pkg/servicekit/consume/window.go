package consume

import "sync"

// window bounds what is taken and not complete, in messages and bytes. It closes at the bound and opens
// again at three quarters of it, so that fetching does not stop and go with every message.
type window struct {
	maxN, maxBytes int

	mu       sync.Mutex
	n, bytes int
	opened   chan struct{} // non-nil while closed; closed when the window opens
}

func newWindow(maxN, maxBytes int) *window { return &window{maxN: maxN, maxBytes: maxBytes} }

// take admits one message of the given size. If it is not admitted, wait is closed when it is worth asking
// again, and closed tells that this very call closed the window. An empty window admits any size.
func (w *window) take(bytes int) (wait <-chan struct{}, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.opened == nil && w.n > 0 && (w.n >= w.maxN || w.bytes+bytes > w.maxBytes) {
		w.opened = make(chan struct{})
		closed = true
	}
	if w.opened != nil {
		return w.opened, closed
	}
	w.n++
	w.bytes += bytes
	return nil, false
}

// give makes room of what n messages took.
func (w *window) give(n, bytes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n -= n
	w.bytes -= bytes
	if w.opened != nil && w.n <= w.maxN*3/4 && w.bytes <= w.maxBytes*3/4 {
		close(w.opened)
		w.opened = nil
	}
}

// state is what is taken now.
func (w *window) state() (n, bytes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n, w.bytes
}

// waiting is non-nil while the window is closed.
func (w *window) waiting() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.opened
}
