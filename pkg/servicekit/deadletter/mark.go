package deadletter

import (
	"time"

	"github.com/segmentio/kafka-go"
)

// The headers of a mark: a record without a value that says what somebody did with a dead letter. It stands in the same
// partition, after the dead letter that it is about, and so lives as long. It is no dead letter: whoever counts those
// passes over it by [IsMark].
const (
	HeaderMark      = "dl-mark"       // what was done
	HeaderMarkAbout = "dl-mark-about" // id of the dead letter
	HeaderMarkBy    = "dl-mark-by"    // who did it
	HeaderMarkAt    = "dl-mark-at"    // RFC 3339
	HeaderMarkWhy   = "dl-mark-why"
)

// What can be done with a dead letter.
const (
	Redriven = "redriven" // it was sent back to the group that had given it up
	Dropped  = "dropped"  // nobody will send it back
	Revealed = "revealed" // somebody has seen what it says
)

// Mark is what somebody did with a dead letter.
type Mark struct {
	What  string
	About string // an ID
	By    string
	At    time.Time
	Why   string
}

// Headers are the mark's.
func (m Mark) Headers() []kafka.Header {
	h := []kafka.Header{text(HeaderMark, m.What), text(HeaderMarkAbout, m.About), text(HeaderMarkBy, m.By), text(HeaderMarkAt, stamp(m.At))}
	if m.Why != "" {
		h = append(h, text(HeaderMarkWhy, m.Why))
	}
	return h
}

// IsMark tells a mark from a dead letter.
func IsMark(h []kafka.Header) bool { return Get(h, HeaderMark) != "" }

// ReadMark makes a Mark of headers for which [IsMark] holds.
func ReadMark(h []kafka.Header) Mark {
	return Mark{
		What: Get(h, HeaderMark), About: Get(h, HeaderMarkAbout), By: Get(h, HeaderMarkBy), At: moment(h, HeaderMarkAt), Why: Get(h, HeaderMarkWhy),
	}
}
