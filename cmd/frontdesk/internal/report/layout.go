package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// column of a table that has to fit a width.
type column struct {
	header string
	// fold is when it is made narrower, its cells folded, 1 first; 0 never. floor is how narrow it becomes at first, least once
	// every column is at its floor.
	fold, floor, least int
	// drop is when it is left out altogether, 1 first; 0 never.
	drop  int
	right bool
}

// render writes a table that is at most width wide, as far as its columns let it.
func render(w io.Writer, width int, columns []column, rows [][]string) {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = text.StringWidth(c.header)
		for _, r := range rows {
			widths[i] = max(widths[i], text.StringWidth(r[i]))
		}
	}
	shown, gap := fit(width, columns, widths)
	t := table.NewWriter()
	style := table.StyleLight
	style.Format.Header = text.FormatDefault
	style.Options = table.Options{SeparateHeader: true}
	style.Box.PaddingLeft, style.Box.PaddingRight = "", strings.Repeat(" ", gap)
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	var configs []table.ColumnConfig
	var header table.Row
	for _, i := range shown {
		align := text.AlignLeft
		if columns[i].right {
			align = text.AlignRight
		}
		header = append(header, columns[i].header)
		configs = append(configs, table.ColumnConfig{
			Number: len(configs) + 1, WidthMax: widths[i], WidthMaxEnforcer: fold, Align: align, AlignHeader: align,
		})
	}
	t.AppendHeader(header)
	t.SetColumnConfigs(configs)
	for _, r := range rows {
		var row table.Row
		for _, i := range shown {
			row = append(row, r[i])
		}
		t.AppendRow(row)
	}
	fmt.Fprintln(w, t.Render())
}

// fit makes a table at most width wide: two spaces between columns become one, then columns are folded to their floors in their
// order, then left out in theirs. It narrows widths, and returns which columns are shown and how far apart.
func fit(width int, columns []column, widths []int) (shown []int, gap int) {
	for i := range columns {
		shown = append(shown, i)
	}
	over := func() int {
		sum := 0 // the line below the header has a gap at its end too
		for _, i := range shown {
			sum += widths[i] + gap
		}
		return sum - width
	}
	if gap = 2; over() <= 0 {
		return shown, gap
	}
	gap = 1
	narrow := func(floor func(column) int) {
		for n := 1; n <= len(columns); n++ {
			if i := slices.IndexFunc(columns, func(c column) bool { return c.fold == n }); i >= 0 {
				widths[i] = min(widths[i], max(floor(columns[i]), text.StringWidth(columns[i].header), widths[i]-max(0, over())))
			}
		}
	}
	narrow(func(c column) int { return c.floor })
	narrow(func(c column) int { return c.least })
	for n := 1; over() > 0 && n <= len(columns); n++ {
		shown = slices.DeleteFunc(shown, func(i int) bool { return columns[i].drop == n })
	}
	return shown, gap
}

// fold breaks text into lines of at most width, after a space or a hyphen where there is one.
func fold(s string, width int) string {
	var lines []string
	for text.StringWidth(s) > width {
		runes := []rune(s)
		at := min(width, len(runes))
		for i := at; i > 0; i-- {
			if i < len(runes) && (runes[i] == ' ' || runes[i-1] == '-' && unicode.IsLetter(runes[i])) {
				at = i
				break
			}
		}
		lines = append(lines, strings.TrimRight(string(runes[:at]), " "))
		s = strings.TrimLeft(string(runes[at:]), " ")
	}
	return strings.Join(append(lines, s), "\n")
}

// item writes text behind a mark, folded to width, further lines below the first.
func item(w io.Writer, width int, mark, s string) {
	indent := strings.Repeat(" ", text.StringWidth(mark))
	lines := strings.ReplaceAll(fold(s, max(width-len(indent), 40)), "\n", "\n"+indent)
	fmt.Fprintln(w, mark+lines)
}
