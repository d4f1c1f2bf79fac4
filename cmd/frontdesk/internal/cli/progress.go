package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// plainEvery is how often progress is told where it can't be drawn, if it doesn't come to a next tenth before.
const plainEvery = 5 * time.Second

// progress tells how far a run is: a bar that is drawn anew where that is possible, else a line at each tenth and every few
// seconds, so that a log is not flooded. Safe for concurrent use.
type progress interface {
	// at tells that done of all are through, and what is going on.
	at(done int, what string)
	// end takes the bar away.
	end()
}

// newProgress tells on w; total 0 means that nobody knows it. quiet tells nothing.
func newProgress(w io.Writer, total int, quiet bool) progress {
	switch {
	case quiet:
		return silence{}
	case canDraw(w):
		if total == 0 {
			total = -1 // a spinner
		}
		return &bar{progressbar.NewOptions(total, progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(20),
			progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish(),
			progressbar.OptionThrottle(100*time.Millisecond))}
	}
	return &lines{w: w, total: total, now: time.Now}
}

type silence struct{}

func (silence) at(int, string) {}
func (silence) end()           {}

// bar is for terminals. One that can't be drawn stops nothing.
type bar struct{ *progressbar.ProgressBar }

func (b *bar) at(done int, what string) {
	// What is longer than the line would be drawn below instead of over itself.
	if runes := []rune(what); len(runes) > 60 {
		what = string(runes[:59]) + "…"
	}
	b.Describe(what)
	_ = b.Set(done)
}

func (b *bar) end() { _ = b.Clear() }

// lines are for everything else.
type lines struct {
	w     io.Writer
	total int
	now   func() time.Time

	mu    sync.Mutex
	tenth int
	told  time.Time
}

func (l *lines) at(done int, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, tenth := l.now(), 0
	if l.total > 0 {
		tenth = 10 * done / l.total
	}
	if l.told.IsZero() {
		l.told = now // the first moment is told by the tenth that it comes to
	}
	if tenth <= l.tenth && now.Sub(l.told) < plainEvery {
		return
	}
	l.tenth, l.told = tenth, now
	if l.total > 0 {
		fmt.Fprintf(l.w, "%d of %d: %s\n", done, l.total, what)
		return
	}
	fmt.Fprintf(l.w, "%d: %s\n", done, what)
}

func (l *lines) end() {}
