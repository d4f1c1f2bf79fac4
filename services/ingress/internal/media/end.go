package media

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// acks is what is sent and not yet stored. done comes from the producer's goroutines, the rest from the
// stream's.
type acks struct {
	bytes atomic.Int64
	full  atomic.Bool // the last chunk found no room; what is lost is declared when one does

	mu     sync.Mutex
	open   int
	idle   chan struct{} // closed when nothing is open; nil while nobody waits for it
	failed []failure
	ended  bool // the stream takes no failures any more
}

type failure struct {
	party events.Party
	where span
}

func (a *acks) add() {
	a.mu.Lock()
	a.open++
	a.mu.Unlock()
}

func (a *acks) done() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open--
	a.settle()
}

// keep remembers audio that was not stored, neighbours joined, until the stream asks; false once the stream has ended.
func (a *acks) keep(p events.Party, where span) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended {
		return false
	}
	for i := len(a.failed) - 1; i >= 0; i-- {
		if f := &a.failed[i]; f.party == p {
			if f.where.end != where.start {
				break
			}
			f.where.end = where.end
			return true
		}
	}
	a.failed = append(a.failed, failure{p, where})
	return true
}

// end keeps nothing from now on.
func (a *acks) end() {
	a.mu.Lock()
	a.ended = true
	a.mu.Unlock()
}

func (a *acks) settle() {
	if a.open == 0 && a.idle != nil {
		close(a.idle)
		a.idle = nil
	}
}

// wait returns when everything sent is stored or has failed, or with ctx's error.
func (a *acks) wait(ctx context.Context) error {
	a.mu.Lock()
	if a.open == 0 {
		a.mu.Unlock()
		return nil
	}
	if a.idle == nil {
		a.idle = make(chan struct{})
	}
	idle := a.idle
	a.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for a stream's audio to be stored: %w", ctx.Err())
	}
}

// takeFailed returns what failed of a party since it was last asked, and forgets it.
func (a *acks) takeFailed(p events.Party) []span {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.failed) == 0 {
		return nil
	}
	var mine []span
	rest := a.failed[:0]
	for _, f := range a.failed {
		if f.party != p {
			rest = append(rest, f)
			continue
		}
		mine = append(mine, f.where)
	}
	a.failed = rest
	return mine
}

// End closes the stream: it sends what is packed, waits until everything is stored, declares what was not, and
// sends MediaEnded on both topics. So whoever reads MediaEnded has read all there is of the stream. It waits
// for Config.EndWait at most. If the broker takes longer the error says so, MediaEnded stands in the queue
// behind the audio, and both get there, in order, when it is back; what of the audio doesn't is declared then.
func (s *Stream) End(reason events.MediaEndReason) error {
	s.in.m.StreamEnded(s.ctx, strings.ToLower(strings.TrimPrefix(reason.String(), "MEDIA_END_REASON_")))
	for _, t := range []*track{&s.caller, &s.agent} {
		s.flush(t)
		s.declareLost(t)
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.in.cfg.EndWait)
	defer cancel()
	late := s.acks.wait(ctx)
	s.acks.end()
	var end int64
	for _, t := range []*track{&s.caller, &s.agent} {
		s.declare(t)
		end = max(end, t.next/s.perMs)
	}
	e := s.call.Event(s.at(end), &events.MediaEnded{
		StreamId: s.spec.ID, Reason: reason, CallerChunks: s.caller.chunks, AgentChunks: s.agent.chunks, EndMs: s.offset + end,
	})
	s.send(events.Media, e)
	s.send(events.Lifecycle, e)
	s.in.turns.end(nameOf(s.facts), s.turn, time.Duration(s.offset+end)*time.Millisecond)
	if late != nil {
		return late
	}
	return s.acks.wait(ctx)
}
