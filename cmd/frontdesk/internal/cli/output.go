package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// writeJSON writes one indented JSON document.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("printing JSON: %w", err)
	}
	return nil
}

// writeText writes what print writes, at once: print itself need not look at errors.
func writeText(w io.Writer, print func(io.Writer)) error {
	var text bytes.Buffer
	print(&text)
	if _, err := w.Write(text.Bytes()); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// newTable is a table in the command's style; Render writes it to w.
func newTable(w io.Writer) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleLight
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	return t
}
