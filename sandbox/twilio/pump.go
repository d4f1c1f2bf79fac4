package twilio

import (
	"bytes"
	"context"
	"math"
	"time"

	"github.com/coder/websocket"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// leastTick is the shortest wall time between two looks at the clock, unless the settings say otherwise: faster than life, the
// frames that fall due in it leave together.
const leastTick = 5 * time.Millisecond

// pump is the state of a stream's sending goroutine. Frames are counted from the stream's first.
type pump struct {
	s     *stream
	conn  *websocket.Conn
	enc   *encoder
	first int       // the call's frame that is the stream's frame 0
	zero  time.Time // call time at which frame 0 begins
	next  int       // frame to be sent next
	seq   int
	brk   int // frame at which the socket is dropped on purpose; MaxInt for never
	end   int // frame at which the caller hangs up: nothing is heard after it, however late the halt comes
	quiet []byte

	numbers   [2]int // the last frame's of each of the stream's tracks
	scratch   [frameBytes]byte
	messages  int
	discarded int
	dropped   int
}

// pump sends frames as they fall due, until the stream is halted (nil), the server speaks or closes, or the
// socket breaks. It returns the next sequence number.
func (s *stream) pump(conn *websocket.Conn, first, seq int, heard <-chan *Fault) (int, *Fault) {
	p := &pump{s: s, conn: conn, enc: newEncoder(s.sid), first: first, seq: seq, brk: math.MaxInt, quiet: make([]byte, frameBytes)}
	for i := range p.quiet {
		p.quiet[i] = silence
	}
	p.zero = s.began
	s.l.mu.Lock()
	p.end = max(p.due(s.l.hangsUpAt()), 0)
	s.l.mu.Unlock()
	for _, at := range s.l.mis.BreakStream {
		if f := int(at/frameTime) - first; f >= 0 {
			p.brk = f
			break
		}
	}
	p.brk = min(p.brk, s.breaks(p.end))
	fault := p.run(heard)
	p.settle()
	return p.seq, fault
}

func (p *pump) run(heard <-chan *Fault) *Fault {
	clk := p.s.l.clk
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	// Faster than life, several frames fall due between two looks.
	stride := max(1, int(math.Ceil(float64(p.s.l.c.cfg.StreamTick)*clk.speed/float64(frameTime))))
	for {
		limit, halted := p.limit()
		due := min(p.due(clk.Now()), limit, p.end)
		if p.s.l.c.forks.Down() {
			p.brk = p.next
		}
		if due > p.next && p.next < p.brk {
			_ = p.s.l.c.forks.Wait(p.s.l.ctx) // its end is looked at below
			if fault := p.send(min(due, p.brk)); fault != nil {
				return lastWord(heard, fault)
			}
		}
		if p.next >= p.brk {
			p.s.wire.drop()
			return brokenPipe()
		}
		if halted && p.next >= min(limit, p.end) {
			return nil
		}
		wait, changed := clk.Until(p.zero.Add(time.Duration(min(p.next+stride, p.end)) * frameTime))
		if p.next >= p.end {
			wait = time.Hour // for the halt
		}
		timer.Reset(max(wait, 0))
		select {
		case <-timer.C:
		case <-changed:
		case <-p.s.halted:
		case fault := <-heard:
			if fault == nil {
				fault = brokenPipe()
			}
			return fault
		case <-p.s.l.ctx.Done():
			return &Fault{codeStreamBroken, "the run was stopped"}
		}
	}
}

// lastWord returns what the server said before a write failed, if it did: its close frame tells more than a
// broken pipe.
func lastWord(heard <-chan *Fault, otherwise *Fault) *Fault {
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case fault := <-heard:
		if fault != nil {
			return fault
		}
	case <-t.C:
	}
	return otherwise
}

// due is how many frames are over, and so can be sent, at a call time.
func (p *pump) due(now time.Time) int { return int(now.Sub(p.zero) / frameTime) }

// limit is how many frames the stream has in all, once it is halted.
func (p *pump) limit() (int, bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.s.until.IsZero() {
		return math.MaxInt, false
	}
	return max(p.due(p.s.until), 0), true
}

// send sends the frames before end. At life's pace each message leaves by itself, as Twilio's do; a backlog
// leaves in one write.
func (p *pump) send(end int) *Fault {
	if end-p.next > 1 {
		p.s.wire.hold()
		defer p.s.wire.release()
	}
	for ; p.next < end; p.next++ {
		if p.stale() {
			p.discard(1)
			p.skip()
			continue
		}
		if err := p.frame(); err != nil {
			if limit, halted := p.limit(); halted {
				p.discard(min(limit, p.end) - p.next) // a reader that never took the rest
			}
			return brokenPipe()
		}
	}
	return nil
}

// stale tells whether a frame has waited for a slow reader for too long, in wall time.
func (p *pump) stale() bool {
	late := p.s.l.clk.Now().Sub(p.zero.Add(time.Duration(p.next+1) * frameTime))
	return time.Duration(float64(late)/p.s.l.clk.speed) > p.s.l.c.cfg.StreamBuffer
}

// discard is what Twilio does with audio that nobody reads.
func (p *pump) discard(frames int) {
	if p.discarded == 0 {
		p.s.l.fault(Fault{codeStreamBuffer, "Stream - Media - Buffer Overflow: the server reads too slowly, audio is discarded"})
	}
	p.discarded += frames * len(p.s.tracks)
}

// frame sends one frame of each track. A frame that was taken out leaves its number unused; one that was never there, on
// a track that pauses, has none.
func (p *pump) frame() error {
	f := p.first + p.next
	for i, t := range p.s.tracks {
		audio := frameOf(t.audio, f, &p.scratch, p.quiet)
		if p.pauses(t, audio) {
			continue
		}
		p.numbers[i]++
		if p.s.l.mis.drops(t.ours, f) {
			p.dropped++
			continue
		}
		ms := p.next * int(frameTime/time.Millisecond)
		b := p.enc.media(p.seq, p.numbers[i], t.name, ms, audio)
		// No context: it would cost a goroutine's worth of bookkeeping a message. halt drops a socket that blocks.
		if err := p.conn.Write(context.Background(), websocket.MessageText, b); err != nil {
			return err //nolint:wrapcheck // classed by the caller
		}
		p.seq++
		p.messages++
	}
	return nil
}

// skip leaves the numbers of a discarded frame unused.
func (p *pump) skip() {
	for i, t := range p.s.tracks {
		if !p.pauses(t, frameOf(t.audio, p.first+p.next, &p.scratch, p.quiet)) {
			p.numbers[i]++
		}
	}
}

// pauses tells whether a track sends nothing now. What the caller's telephone sends never stops; what is played to him does.
func (p *pump) pauses(t track, audio []byte) bool {
	return p.s.l.c.cfg.PausingTrack && t.ours == calls.TrackAgent && bytes.Equal(audio, p.quiet)
}

func (s *stream) halting() bool {
	select {
	case <-s.halted:
		return true
	default:
		return false
	}
}

// settle books what was sent.
func (p *pump) settle() {
	p.s.mu.Lock()
	p.s.res.Messages, p.s.res.Discarded, p.s.res.Dropped = p.messages, p.discarded, p.dropped
	p.s.mu.Unlock()
	p.s.l.st.count(func(r *Report) {
		r.Streams.Messages += p.messages
		r.Streams.Discarded += p.discarded
		r.Streams.Dropped += p.dropped
	})
}
