// Package bus keeps the events of one topic in order, for as long as the vendor does.
package bus

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"
)

// Retention of high-volume platform events (Platform Events Developer Guide, "Platform Event Allocations").
const Retention = 72 * time.Hour

// Event on the bus.
type Event struct {
	Topic  string    `json:"topic"`
	Replay uint64    `json:"replay"`
	At     time.Time `json:"at"`
	// ID is the producer's, or one made for it.
	ID string `json:"id"`
	// Schema is the id of the Avro schema that Payload is encoded with.
	Schema  string `json:"schema"`
	Payload []byte `json:"payload"`
}

// ReplayID is the opaque form of a replay number.
func ReplayID(replay uint64) []byte { return binary.BigEndian.AppendUint64(nil, replay) }

// ParseReplayID reads the opaque form; false if it was never one.
func ParseReplayID(b []byte) (uint64, bool) {
	if len(b) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(b), true
}

// Log of one topic. Safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	events  []Event
	last    uint64
	expired uint64
	wake    chan struct{}
}

// NewLog returns an empty log.
func NewLog() *Log { return &Log{wake: make(chan struct{})} }

// Add puts events, whose replay numbers come from [Log.Reserve], on the bus and wakes who waits. What is older
// than the retention at now is dropped.
func (l *Log) Add(now time.Time, events ...Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, events...)
	for _, e := range events {
		l.last = max(l.last, e.Replay)
	}
	l.expire(now)
	close(l.wake)
	l.wake = make(chan struct{})
}

func (l *Log) expire(now time.Time) {
	n := 0
	for n < len(l.events) && now.Sub(l.events[n].At) > Retention {
		l.expired = l.events[n].Replay
		n++
	}
	// The payloads go at once; the array goes when append next moves it.
	clear(l.events[:n])
	l.events = l.events[n:]
}

// Reserve returns the replay number after the given one, or after the last event where it is 0. Numbers rise with
// gaps, as the vendor's do. The caller serialises Reserve and Add.
func (l *Log) Reserve(after uint64, size int) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(after, l.last) + 1 + uint64(size%3)
}

// Last returns the newest replay number, 0 for none.
func (l *Log) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// Resumable tells whether a subscriber may go on after replay: an event that is still kept. 0 is before all.
func (l *Log) Resumable(now time.Time, replay uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire(now)
	_, found := l.find(replay)
	return found
}

func (l *Log) find(replay uint64) (int, bool) {
	return slices.BinarySearchFunc(l.events, replay, func(e Event, r uint64) int {
		switch {
		case e.Replay < r:
			return -1
		case e.Replay > r:
			return 1
		default:
			return 0
		}
	})
}

// After returns at most n events after replay, oldest first, and a channel that closes when another one comes.
func (l *Log) After(replay uint64, n int) ([]Event, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, found := l.find(replay)
	if found {
		i++
	}
	j := min(len(l.events), i+max(n, 0))
	return slices.Clone(l.events[i:j]), l.wake
}
