package rotate

import (
	"math"
	"sort"

	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// ring is the audio since the end of the last final: what the next stream must hear again.
type ring struct {
	format recogniser.Format
	pieces []piece // in order of call time, not overlapping
}

// piece of audio, and whether somebody may have spoken in it.
type piece struct {
	recogniser.Audio
	sound bool
}

// add appends a; what the ring has already is left out.
func (r *ring) add(a recogniser.Audio) {
	if n := len(r.pieces); n > 0 {
		a = r.format.From(a, r.format.End(r.pieces[n-1].Audio))
	}
	if len(a.Data) > 0 {
		r.pieces = append(r.pieces, piece{a, !r.format.Quiet(a.Data)})
	}
}

// after is the index of the first piece with audio after call time ms.
func (r *ring) after(ms int64) int {
	return sort.Search(len(r.pieces), func(i int) bool { return r.format.End(r.pieces[i].Audio) > ms })
}

// trim forgets what lies before call time ms.
func (r *ring) trim(ms int64) {
	n := r.after(ms)
	clear(r.pieces[:n]) // or the samples live as long as the array
	r.pieces = r.pieces[n:]
	if len(r.pieces) > 0 {
		r.pieces[0] = r.from(0, ms)
	}
}

// from is what piece i holds from call time ms on.
func (r *ring) from(i int, ms int64) piece {
	p := r.pieces[i]
	if ms <= p.Start {
		return p
	}
	p.Audio = r.format.From(p.Audio, ms)
	p.sound = p.sound && !r.format.Quiet(p.Data)
	return p
}

// sound is the call time at which the first sound after ms begins, to a piece; math.MaxInt64 if all is quiet.
func (r *ring) sound(ms int64) int64 {
	for i := r.after(ms); i < len(r.pieces); i++ {
		if p := r.from(i, ms); p.sound {
			return p.Start
		}
	}
	return math.MaxInt64
}

// next returns what follows call time ms: one piece as it came, or, where more is waiting (a replay), pieces
// without a hole between them joined up to most bytes. An empty Data means that nothing is waiting.
func (r *ring) next(ms int64, most int) recogniser.Audio {
	i := r.after(ms)
	if i == len(r.pieces) {
		return recogniser.Audio{}
	}
	a := r.format.From(r.pieces[i].Audio, ms)
	j, n := i+1, len(a.Data)
	for j < len(r.pieces) && r.pieces[j].Start == r.format.End(r.pieces[j-1].Audio) && n+len(r.pieces[j].Data) <= most {
		n += len(r.pieces[j].Data)
		j++
	}
	if j == i+1 {
		return a
	}
	joined := make([]byte, 0, n)
	joined = append(joined, a.Data...)
	for _, p := range r.pieces[i+1 : j] {
		joined = append(joined, p.Data...)
	}
	return recogniser.Audio{Start: a.Start, Data: joined}
}

// end is the call time after the last piece; 0 if the ring is empty.
func (r *ring) end() int64 {
	if len(r.pieces) == 0 {
		return 0
	}
	return r.format.End(r.pieces[len(r.pieces)-1].Audio)
}
