package twilio

import (
	"context"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/media"
)

// running is a stream whose socket is open.
type running struct {
	stream *media.Stream
	facts  app.Facts
	id     string
	end    context.CancelFunc // closes the socket: the stream ends with SHUTDOWN
	ended  chan struct{}      // closed when it has ended
}

// runs notes a stream that has begun.
func (s *Server) runs(stream *media.Stream, f app.Facts, id string, end context.CancelFunc) *running {
	r := &running{stream, f, id, end, make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams[r] = true
	return r
}

// over notes that a stream has ended; nil never began.
func (s *Server) over(r *running) {
	if r == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, r)
	close(r.ended)
}

// Drain takes no more sockets and waits until those open have ended by themselves, which they do as their
// calls end, and until no stream waits to be started. When ctx ends it hands the rest over: a new stream of the call is
// started, which a living replica takes, and the old one ends once the new one has begun, or after SocketConfig.HandOver. What
// could not be handed over ends with SHUTDOWN all the same, Twilio tells stream-status, and whoever lives starts a new one.
// What still waits is started then: what comes of it Twilio tells whoever lives. It returns when everything heard is stored.
func (s *Server) Drain(ctx context.Context) {
	s.mu.Lock()
	s.closing = true
	s.settle()
	s.mu.Unlock()
	select {
	case <-s.empty:
		s.end()
	case <-ctx.Done():
		s.handOverAll(context.WithoutCancel(ctx))
		s.endSockets()
		s.end()
		<-s.empty
	}
}

// handOvers bounds how many streams are handed over at once: each asks Kafka and Twilio.
const handOvers = 32

// handOverAll hands every stream over, and ends each as soon as that is done, within SocketConfig.HandOver altogether.
func (s *Server) handOverAll(ctx context.Context) {
	if s.socket.HandOver <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.socket.HandOver)
	defer cancel()
	s.mu.Lock()
	all := make([]*running, 0, len(s.streams))
	for r := range s.streams {
		all = append(all, r)
	}
	s.mu.Unlock()
	room := make(chan struct{}, handOvers)
	var work sync.WaitGroup
	for _, r := range all {
		work.Go(func() {
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return
			}
			started := s.handOver(telemetry.WithCall(ctx, r.facts.CallID), r)
			<-room
			if started {
				s.await(telemetry.WithCall(ctx, r.facts.CallID), r)
			}
			r.end()
		})
	}
	work.Wait()
}

// handOver starts the stream that takes over.
func (s *Server) handOver(ctx context.Context, r *running) bool {
	started, err := s.app.HandOver(ctx, r.facts, r.id, r.stream.Heard())
	switch {
	case err != nil:
		s.m.HandOver(ctx, "failed")
		s.log.WarnContext(ctx, "a stream ends before another one takes over; its words meanwhile are a gap", "call", r.facts.CallID, "error", err)
	case !started:
		s.m.HandOver(ctx, "needless")
	}
	return started
}

// The log is asked for the new stream after this, and then after twice as long each time: Twilio takes a moment to begin it.
const firstLook = 100 * time.Millisecond

// await returns when the new stream has begun, the old one has ended by itself, or time is up.
func (s *Server) await(ctx context.Context, r *running) {
	for pause := firstLook; ; pause *= 2 {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-r.ended:
			timer.Stop()
			s.m.HandOver(ctx, "ended")
			return
		case <-ctx.Done():
			timer.Stop()
			s.m.HandOver(ctx, "unseen")
			return
		}
		if taken, err := s.app.TakenOver(ctx, r.facts, r.id); err == nil && taken {
			s.m.HandOver(ctx, "taken")
			return
		}
	}
}
