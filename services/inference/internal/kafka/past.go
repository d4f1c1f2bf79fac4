package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/services/inference/internal/app"
)

// Past reads calls.state and calls.transcripts again. Safe for concurrent use.
type Past struct {
	conn *broker.Conn

	mu       sync.Mutex
	searches map[int]*search
}

var _ app.Past = (*Past)(nil)

// NewPast returns a reader on conn.
func NewPast(conn *broker.Conn) *Past { return &Past{conn: conn, searches: map[int]*search{}} }

// Segments reads segments by their offsets.
func (p *Past) Segments(ctx context.Context, partition int, offsets []int64) ([]*events.TranscriptSegment, error) {
	var out []*events.TranscriptSegment
	err := p.conn.ReadAt(ctx, events.Transcripts.Name, partition, offsets, func(r broker.Record) error {
		if e, err := events.Unmarshal(r.Value); err == nil && e.GetBody().GetTranscriptSegment() != nil {
			out = append(out, e.GetBody().GetTranscriptSegment())
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading segments of partition %d: %w", partition, err)
	}
	return out, nil
}

// State finds a call's last stored fold: at its offset if that is known, else by searching the partition.
func (p *Past) State(ctx context.Context, partition int, call string, offset int64) (*events.CallEvent, error) {
	if offset >= 0 {
		var found *events.CallEvent
		err := p.conn.ReadAt(ctx, events.State.Name, partition, []int64{offset}, func(r broker.Record) error {
			if string(r.Key) == call {
				found = stateOf(r)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading a state of partition %d: %w", partition, err)
		}
		if found != nil {
			return found, nil
		}
	}
	return p.search(ctx, partition, call)
}

// search is one pass through a partition's states for several calls at once: searching is rare, but when it
// happens (a redrive, a carrier that repeats old callbacks) it happens for many.
type search struct {
	wanted map[string]*broker.Record
	done   chan struct{}
	err    error
}

// search joins the next pass through the partition, and makes it if nobody else is about to.
func (p *Past) search(ctx context.Context, partition int, call string) (*events.CallEvent, error) {
	for {
		s, mine := p.join(partition, call)
		if mine {
			p.pass(ctx, partition, s)
		}
		select {
		case <-s.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if errors.Is(s.err, context.Canceled) && ctx.Err() == nil {
			continue // whoever made the pass was cut short; we weren't
		}
		if s.err != nil {
			return nil, fmt.Errorf("searching the states of partition %d: %w", partition, s.err)
		}
		if r := s.wanted[call]; r != nil {
			return stateOf(*r), nil
		}
		return nil, nil
	}
}

// join adds call to the pass that is being gathered; mine tells that there was none and the caller makes it.
func (p *Past) join(partition int, call string) (s *search, mine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s = p.searches[partition]
	if s == nil {
		s, mine = &search{wanted: map[string]*broker.Record{}, done: make(chan struct{})}, true
		p.searches[partition] = s
	}
	s.wanted[call] = nil
	return s, mine
}

// firstBlock is how many offsets the search reads first; each block before is twice as large.
const firstBlock = 4096

// pass reads a partition's states backwards in blocks, until everything wanted is found: what comes late is
// mostly about calls of the last hours.
func (p *Past) pass(ctx context.Context, partition int, s *search) {
	defer close(s.done)
	first, end, err := p.conn.Offsets(ctx, events.State.Name, partition)
	// From here on whoever comes joins the pass after this one: what it wants may stand in what was read.
	p.mu.Lock()
	delete(p.searches, partition)
	missing := len(s.wanted)
	p.mu.Unlock()
	if err != nil {
		s.err = err
		return
	}
	for to, block := end, int64(firstBlock); to > first && missing > 0; to, block = to-block, 2*block {
		found := stands{}
		s.err = p.conn.ReadRange(ctx, events.State.Name, partition, max(first, to-block), to, func(r broker.Record) error {
			if had, wanted := s.wanted[string(r.Key)]; wanted && had == nil {
				found.take(r)
			}
			return nil
		})
		if s.err != nil {
			return
		}
		for call, r := range found {
			s.wanted[call] = &r.Record
			missing--
		}
	}
}
