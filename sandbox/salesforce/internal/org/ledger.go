package org

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/bus"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/journal"
)

// Change is one record made, changed or deleted.
type Change struct {
	// Op is create, update, delete or rollup (the vendor's own update of a parent, such as LastActivityDate).
	Op     string `json:"op"`
	Object string `json:"object"`
	ID     string `json:"id"`
	// External ids of the record after the change.
	External map[string]string `json:"external,omitempty"`
	// Before and After hold the fields that changed; null where there was nothing. Stamps (LastModifiedDate and the like) follow from
	// the entry.
	Before map[string]any `json:"before,omitempty"`
	After  map[string]any `json:"after,omitempty"`
	// Left are fields that the before-save rules kept for a person; Stale tells that an older revision was ignored.
	Left  []string `json:"left,omitempty"`
	Stale bool     `json:"stale,omitempty"`
}

// Entry is one committed transaction.
type Entry struct {
	At      time.Time   `json:"at"`
	Org     string      `json:"org"`
	User    string      `json:"user"`
	Request string      `json:"request,omitempty"`
	API     string      `json:"api"`
	Changes []Change    `json:"changes,omitempty"`
	Events  []bus.Event `json:"events,omitempty"`
	// Applied is how far the package's trigger has read its topic; 0 where the entry doesn't move it.
	Applied uint64 `json:"applied,omitempty"`
}

// Logged is one change as the change log shows it.
type Logged struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Org     string    `json:"org"`
	User    string    `json:"user"`
	Request string    `json:"request,omitempty"`
	API     string    `json:"api"`
	Change
}

// Ledger is the committed transactions of all orgs, in order, in memory and in the journal. Safe for concurrent use.
type Ledger struct {
	mu      sync.Mutex
	journal *journal.Journal
	log     []Logged
	wake    chan struct{}
}

// OpenLedger opens the journal at path ("" keeps everything in memory only) and hands each entry of it to replay,
// in order.
func OpenLedger(path string, replay func(*Entry) error) (*Ledger, error) {
	l := &Ledger{wake: make(chan struct{})}
	if path == "" {
		return l, nil
	}
	j, err := journal.Open(path, func(payload []byte) error {
		e := &Entry{}
		if err := json.Unmarshal(payload, e); err != nil {
			return fmt.Errorf("decoding an entry: %w", err)
		}
		l.remember(e)
		return replay(e)
	})
	if err != nil {
		return nil, err
	}
	l.journal = j
	return l, nil
}

// Append writes an entry and returns the position to sync.
func (l *Ledger) Append(e *Entry) (int64, error) {
	var payload []byte
	if l.journal != nil {
		var err error
		if payload, err = json.Marshal(e); err != nil {
			return 0, fmt.Errorf("encoding an entry: %w", err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var position int64
	if l.journal != nil {
		var err error
		if position, err = l.journal.Append(payload); err != nil {
			return 0, err
		}
	}
	l.remember(e)
	close(l.wake)
	l.wake = make(chan struct{})
	return position, nil
}

func (l *Ledger) remember(e *Entry) {
	for _, c := range e.Changes {
		l.log = append(l.log, Logged{int64(len(l.log)) + 1, e.At, e.Org, e.User, e.Request, e.API, c})
	}
}

// Sync returns when the entry at position is on the disk.
func (l *Ledger) Sync(position int64) error {
	if l.journal == nil {
		return nil
	}
	return l.journal.Sync(position)
}

// After returns the changes after a sequence number that fit, at most n (0 for all), and a channel that closes when
// another entry comes.
func (l *Ledger) After(seq int64, n int, fits func(*Logged) bool) ([]Logged, <-chan struct{}) {
	l.mu.Lock()
	log, wake := l.log, l.wake
	l.mu.Unlock()
	var out []Logged
	for i := max(seq, 0); i < int64(len(log)); i++ {
		if fits == nil || fits(&log[i]) {
			out = append(out, log[i])
			if n > 0 && len(out) == n {
				break
			}
		}
	}
	return out, wake
}

// Close closes the journal.
func (l *Ledger) Close() error {
	if l.journal == nil {
		return nil
	}
	return l.journal.Close()
}
