package rotate

import (
	"sort"

	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// ring is the audio since the end of the last final: what the next stream must hear again.
type ring struct {
	format recogniser.Format
	pieces []recogniser.Audio // in order of call time, not overlapping
}

// add appends a; what the ring has already is left out.
func (r *ring) add(a recogniser.Audio) {
	if n := len(r.pieces); n > 0 {
		a = r.format.From(a, r.format.End(r.pieces[n-1]))
	}
	if len(a.Data) > 0 {
		r.pieces = append(r.pieces, a)
	}
}

// trim forgets what lies before call time ms.
func (r *ring) trim(ms int64) {
	n := sort.Search(len(r.pieces), func(i int) bool { return r.format.End(r.pieces[i]) > ms })
	clear(r.pieces[:n]) // or the samples live as long as the array
	r.pieces = r.pieces[n:]
	if len(r.pieces) > 0 {
		r.pieces[0] = r.format.From(r.pieces[0], ms)
	}
}

// next returns what follows call time ms: one piece as it came, or, where more is waiting (a replay), pieces
// without a hole between them joined up to most bytes. An empty Data means that nothing is waiting.
func (r *ring) next(ms int64, most int) recogniser.Audio {
	i := sort.Search(len(r.pieces), func(i int) bool { return r.format.End(r.pieces[i]) > ms })
	if i == len(r.pieces) {
		return recogniser.Audio{}
	}
	a := r.format.From(r.pieces[i], ms)
	j, n := i+1, len(a.Data)
	for j < len(r.pieces) && r.pieces[j].Start == r.format.End(r.pieces[j-1]) && n+len(r.pieces[j].Data) <= most {
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
	return r.format.End(r.pieces[len(r.pieces)-1])
}
