package consume

import (
	"errors"
	"time"

	"github.com/segmentio/kafka-go"
)

// One fetch takes what is there at once, else waits half a second. Waits just over a second make kafka-go
// poll every few milliseconds, and a long one would outlast the generation.
const (
	fetchBytes = 1 << 20
	fetchWait  = 500 * time.Millisecond
)

// fetch reads one topic of a partition until the generation ends.
func (s *source) fetch() {
	g := s.p.gen
	t := trouble{log: g.c.tel.Log, since: time.Now()}
	failed := 0
	for !g.ended() {
		if !s.retry && !s.roomy() {
			return
		}
		f, err := g.c.conn.Fetch(g.fetching, s.topic, s.p.id, s.position(), fetchBytes, fetchWait)
		switch {
		case err == nil:
			failed = 0
			t.over()
		case g.ended():
			return
		case errors.Is(err, kafka.OffsetOutOfRange):
			s.reset()
			fallthrough
		default:
			t.happened("fetching failed; it is tried again", "topic", s.topic, err)
			g.c.metrics.fetchErrors.Add(g.ctx, 1, g.c.metrics.group)
			failed = min(failed+1, 6)
			pause(g.ending, 25*time.Millisecond<<failed)
			continue
		}
		for i := range f.Records {
			if s.retry {
				s.seen(&f.Records[i])
			} else if !s.take(&f.Records[i]) {
				return
			}
		}
		s.skip(f.Next, f.High)
	}
}

// roomy waits while the windows are closed: what could not be queued need not be fetched either.
func (s *source) roomy() bool {
	for _, w := range []*window{s.p.window, s.p.c.process} {
		if opened := w.waiting(); opened != nil {
			select {
			case <-opened:
			case <-s.p.gen.ending:
				return false
			}
		}
	}
	return true
}

func (s *source) position() int64 {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	return s.offsets.next
}

// reset goes on at the oldest message that there is, when the position is outside the log. Before it:
// retention has deleted messages that nobody handled. After it: the topic was made anew, or a broker lost its
// tail; handling some again does less harm than passing over what is new.
func (s *source) reset() {
	g := s.p.gen
	at := s.position()
	first, end, err := g.c.conn.Offsets(g.fetching, s.topic, s.p.id)
	if err != nil || at >= first && at <= end {
		return
	}
	g.c.tel.Log.Error("a position is outside its log: messages were lost before they were handled, or are handled again",
		"topic", s.topic, "partition", s.p.id, "position", at, "first", first, "end", end)
	g.c.metrics.resets.Add(g.ctx, 1, g.c.metrics.group)
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	// Offsets begin anew, also for the coordinator.
	s.offsets.next, s.offsets.committed = first, -1
}
