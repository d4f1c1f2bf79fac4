package app

import "sync"

// slots bounds the sessions of a process. Who finds none waits, first come, first served.
type slots struct {
	mu      sync.Mutex
	free    int
	waiting []*slot
}

// slot is one session's place, or its place in the queue.
type slot struct {
	all     *slots
	granted func(*slot) // called once, without locks
	held    bool
	given   bool // back
}

func newSlots(n int) *slots { return &slots{free: n} }

// take asks for a slot; granted is called with it from another goroutine when there is one.
func (s *slots) take(granted func(*slot)) *slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &slot{all: s, granted: granted}
	s.waiting = append(s.waiting, t)
	s.grant()
	return t
}

// grant hands free slots to whoever waits. The caller holds mu.
func (s *slots) grant() {
	for s.free > 0 && len(s.waiting) > 0 {
		t := s.waiting[0]
		s.waiting = s.waiting[1:]
		if !t.given {
			s.free--
			t.held = true
			go t.granted(t)
		}
	}
}

// give returns the slot, or leaves the queue. It may be called more than once, and by a nil slot.
func (t *slot) give() {
	if t == nil {
		return
	}
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	if !t.given && t.held {
		t.all.free++
	}
	t.given = true
	t.all.grant()
}
