package batch

import (
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// window collects audio until there is a good place to cut it. Each sample is looked at once, as it comes.
type window struct {
	cfg    Config
	format recogniser.Format
	start  int64
	data   []byte             // without a hole in call time
	later  []recogniser.Audio // what came after a hole

	seen   int64 // milliseconds looked at
	still  int64 // milliseconds of quiet before that
	spoken bool  // somebody spoke in what was looked at
}

// grain is how finely levels are looked at, in milliseconds.
const grain = 20

func (w *window) add(a recogniser.Audio) {
	switch {
	case len(a.Data) == 0:
	case len(w.data) == 0 && len(w.later) == 0:
		w.start, w.data = a.Start, append(w.data, a.Data...)
	case len(w.later) == 0 && a.Start == w.end():
		w.data = append(w.data, a.Data...)
	default:
		w.later = append(w.later, a)
	}
}

func (w *window) end() int64 { return w.start + w.length() }

func (w *window) length() int64 { return w.format.Millis(len(w.data)) }

func (w *window) waits() bool { return len(w.data) > 0 }

// take returns what makes a window, empty if nothing does yet: audio up to a pause once it is long enough, up to
// its quietest place once it is too long, and up to a hole in call time, or its end if all is wanted.
func (w *window) take(all bool) recogniser.Audio {
	most := w.cfg.Most.Milliseconds()
	pause, found := w.pause()
	switch {
	case found:
		return w.cut(pause)
	case w.length() >= most:
		return w.cut(w.quietest(w.data[:w.format.Bytes(most)]))
	case len(w.data) > 0 && (all || len(w.later) > 0):
		return w.cut(w.length())
	}
	return recogniser.Audio{}
}

// cut takes the first ms milliseconds.
func (w *window) cut(ms int64) recogniser.Audio {
	n := len(w.data)
	if ms < w.length() {
		n = w.format.Bytes(ms)
	}
	a := recogniser.Audio{Start: w.start, Data: w.data[:n:n]}
	rest := recogniser.Audio{Start: w.start + ms, Data: w.data[n:]}
	later := w.later
	*w = window{cfg: w.cfg, format: w.format}
	w.add(recogniser.Audio{Start: rest.Start, Data: rest.Data})
	for _, l := range later {
		w.add(l)
	}
	return a
}

// pause looks at what is new and finds where a pause is half over: the first one after Least, or one between
// silence and the first word, which makes a window of the silence.
func (w *window) pause() (int64, bool) {
	pause, least := w.cfg.Pause.Milliseconds(), w.cfg.Least.Milliseconds()
	for ; w.format.Bytes(w.seen+grain) <= len(w.data); w.seen += grain {
		if w.format.Level(w.data[w.format.Bytes(w.seen):w.format.Bytes(w.seen+grain)]) > recogniser.Voice {
			if !w.spoken && w.still >= 2*pause {
				return w.seen - pause/2, true
			}
			w.still, w.spoken = 0, true
			continue
		}
		w.still += grain
		if w.spoken && w.still >= pause && w.seen >= least {
			return w.seen + grain - w.still/2, true
		}
	}
	if !w.spoken && w.seen >= least {
		return w.seen - pause/2, true
	}
	return 0, false
}

// quietest is the middle of the quietest tenth of a second in the second half of data, in milliseconds.
func (w *window) quietest(data []byte) int64 {
	length := w.format.Millis(len(data))
	best, least := length, 1<<30
	for ms := length / 2; ms+5*grain <= length; ms += grain {
		if l := w.format.Level(data[w.format.Bytes(ms):w.format.Bytes(ms+5*grain)]); l < least {
			best, least = ms+5*grain/2, l
		}
	}
	return best
}
