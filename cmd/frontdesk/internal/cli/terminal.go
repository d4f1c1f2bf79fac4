package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// plainWidth is how wide output is made that goes to no terminal: a file, a pipe, a CI's log.
const plainWidth = 120

// file is the terminal behind a writer; nil if it is none.
func terminal(w io.Writer) *os.File {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// widthOf is how many columns a table written to w may have.
func widthOf(w io.Writer) int {
	if f := terminal(w); f != nil {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return plainWidth
}

// canDraw tells whether a line on w can be drawn anew: a terminal, and not a dumb one (Emacs' shell, some CIs), which has no cursor
// to move. NO_COLOR asks for nothing here: no output of this command is coloured.
func canDraw(w io.Writer) bool { return terminal(w) != nil && os.Getenv("TERM") != "dumb" }
