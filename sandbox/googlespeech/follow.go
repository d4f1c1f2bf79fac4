package googlespeech

import "bytes"

// memory is how much of the past a follower keeps, to follow a clip back to its start once it is recognised: 10 s.
const memory = 80_000

// maxRuns bounds the clips that are followed at once.
const maxRuns = 64

// run is a stretch of the stream that sounds exactly like a stretch of a clip.
type run struct {
	clip *clip
	// from is where it begins in the stream, at where in the clip, n how long it is, in bytes; loud of them are more
	// than silence.
	from, at, n, loud int
}

// part is the run's bytes from i to j.
func (r run) part(i, j int) run {
	return run{r.clip, r.from + i, r.at + i, j - i, loud(r.clip.audio[r.at+i : r.at+j])}
}

// to is where it ends in the stream.
func (r run) to() int { return r.from + r.n }

// complete tells whether it reaches the clip's end.
func (r run) complete() bool { return r.at+r.n == len(r.clip.audio) }

// follower hears a stream. It looks for a window that it knows, at every byte; from there it follows every clip that
// the window may belong to, back and on, byte by byte, until the sound differs or the clip ends; then it looks again
// from there.
type follower struct {
	lib *library
	// buf is the stream's recent past, its first byte at base in the stream.
	buf  []byte
	base int
	// live runs may still grow; done ones won't. Done ones are kept until the words in them have been given out.
	live, done []run
	// h is the hash of the window [scan-held, scan).
	h    uint64
	scan int
	held int
}

func (f *follower) end() int { return f.base + len(f.buf) }

// hear takes the next bytes of the stream.
func (f *follower) hear(audio []byte) {
	if drop := len(f.buf) - memory; drop > memory { // now and then, not at every message
		f.buf = append(f.buf[:0], f.buf[drop:]...)
		f.base += drop
	}
	f.buf = append(f.buf, audio...)
	for {
		f.grow()
		if len(f.live) > 0 || !f.search() {
			return
		}
	}
}

// grow follows the live runs as far as the sound goes.
func (f *follower) grow() {
	if len(f.live) == 0 {
		return
	}
	live, last := f.live[:0], 0
	for _, r := range f.live {
		have, want := f.buf[r.to()-f.base:], r.clip.audio[r.at+r.n:]
		n := common(have, want)
		r.n, r.loud = r.n+n, r.loud+loud(want[:n])
		if n == len(have) && n < len(want) {
			live = append(live, r)
			continue
		}
		last = max(last, r.to())
		f.done = append(f.done, r)
	}
	f.live = live
	if len(live) == 0 {
		f.scan, f.held, f.h = last, 0, 0
	}
}

// search looks for a known window from where it left off; true if it began to follow something.
func (f *follower) search() bool {
	for i := f.scan - f.base; i < len(f.buf); i++ {
		f.h = f.h*radix + uint64(f.buf[i])
		if f.held < window {
			f.held++
		} else {
			f.h -= leave * uint64(f.buf[i-window])
		}
		if f.held < window {
			continue
		}
		if spots := f.lib.find(mix(f.h)); spots != nil && f.lock(spots, f.base+i+1-window) {
			f.scan, f.held, f.h = f.base+i+1, 0, 0
			return true
		}
	}
	f.scan = f.end()
	return false
}

// lock begins to follow what stands at spots, the window being at from in the stream.
func (f *follower) lock(spots []spot, from int) bool {
	heard := f.buf[from-f.base : from-f.base+window]
	for _, s := range spots {
		if len(f.live) == maxRuns || !bytes.Equal(heard, s.clip.audio[s.at:s.at+window]) {
			continue
		}
		back := commonBack(f.buf[:from-f.base], s.clip.audio[:s.at])
		f.live = append(f.live, run{clip: s.clip, from: from - back, at: s.at - back}.part(0, window+back))
	}
	return len(f.live) > 0
}

// forget drops done runs that end before a place in the stream.
func (f *follower) forget(before int) {
	kept := f.done[:0]
	for _, r := range f.done {
		if r.to() >= before {
			kept = append(kept, r)
		}
	}
	clear(f.done[len(kept):])
	f.done = kept
}

// common is how many bytes a and b have in common from their start.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	const step = 64 // compared at once, by the library's vector code
	i := 0
	for i+step <= n && bytes.Equal(a[i:i+step], b[i:i+step]) {
		i += step
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// commonBack is how many bytes a and b have in common at their end.
func commonBack(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for i < n && a[len(a)-1-i] == b[len(b)-1-i] {
		i++
	}
	return i
}
