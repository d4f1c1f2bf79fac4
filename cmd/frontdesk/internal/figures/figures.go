// Package figures keeps what a run has measured in the document that speaks of it.
package figures

import (
	"fmt"
	"os"
	"strings"
)

// Keep puts a text in place of the one between the lines <!-- name --> and <!-- /name --> of a document.
func Keep(path, name, text string) error {
	doc, err := os.ReadFile(path) //nolint:gosec // the user's own
	if err != nil {
		return fmt.Errorf("reading the document: %w", err)
	}
	first, last := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n"
	before, rest, begins := strings.Cut(string(doc), first)
	_, after, ends := strings.Cut(rest, last)
	if !begins || !ends {
		return fmt.Errorf("%s has no lines %q and %q for the figures to stand between", path, strings.TrimSpace(first), strings.TrimSpace(last))
	}
	if err := os.WriteFile(path, []byte(before+first+"\n"+text+"\n"+last+after), 0o644); err != nil { //nolint:gosec // a document
		return fmt.Errorf("writing the document: %w", err)
	}
	return nil
}
