package googlespeech

// When words make a final result, in bytes of mu-law at 8 kHz.
const (
	// pause of 500 ms after a word ends a result.
	pause = 4000
	// longPause of 2.5 s does so even where two utterances are merged.
	longPause = 20_000
	// settled is how long a word must be past until a result is cut after it in mid-speech: 200 ms.
	settled = 1600
	// longest result: 15 s.
	longest = 120_000
	// step at which the audio is looked at, so that cuts don't depend on how it is packed: 100 ms.
	step = 800
)

// segmenter cuts the words of one stream into results.
type segmenter struct {
	follow *follower
	guide  *guide
	// upTo is where in the stream the last word given out ends.
	upTo int
}

func newSegmenter(lib *library, h *hearings) *segmenter {
	return &segmenter{follow: &follower{lib: lib}, guide: newGuide(h)}
}

// hear takes at most a step of audio. It returns the results that are final now, and the words that are not.
func (s *segmenter) hear(audio []byte) (finals [][]heard, open []heard) {
	s.follow.hear(audio)
	return s.results(false)
}

// end returns what is left when the audio is over.
func (s *segmenter) end() [][]heard {
	finals, _ := s.results(true)
	return finals
}

// close counts what was heard; the audio may have broken off.
func (s *segmenter) close() { s.guide.settle(true) }

func (s *segmenter) results(over bool) (finals [][]heard, open []heard) {
	open = s.follow.words(s.upTo, s.guide.likely)
	for _, w := range open {
		s.guide.moveOf(w.run)
	}
	for n := s.cut(open, over); n > 0; n = s.cut(open, over) {
		finals = append(finals, open[:n])
		s.upTo = open[n-1].to
		s.guide.given(open[:n])
		open = open[n:]
	}
	useful := s.follow.end() // runs before it hold no more words; the one just before still tells what came twice
	for _, w := range open[:min(1, len(open))] {
		useful = min(useful, w.run.from)
	}
	for _, r := range s.follow.live {
		useful = min(useful, r.from)
	}
	s.follow.forget(useful - nearby)
	return finals, open
}

// cut returns how many of the words make the next final result; 0 if it isn't time yet.
func (s *segmenter) cut(words []heard, over bool) int {
	talking := len(s.follow.live) > 0
	for i, w := range words {
		next, more := s.follow.end(), i+1 < len(words)
		if more {
			next = words[i+1].from
		}
		m := s.guide.moveOf(w.run)
		enough := pause
		if m == merge && w.last() {
			enough = longPause
		}
		switch {
		case more && words[i+1].to-words[0].from > longest:
			return i + 1
		case next-w.to >= enough && (more || !talking):
			return i + 1
		case m == split && !w.last() && w.index == (len(w.run.clip.words)-1)/2 && s.follow.end()-w.to >= settled:
			return i + 1
		}
	}
	if over {
		return len(words)
	}
	return 0
}
