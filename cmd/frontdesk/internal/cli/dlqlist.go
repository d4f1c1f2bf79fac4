package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/dlq"
)

func dlqList() *cobra.Command {
	var f dlqFlags
	c := &cobra.Command{
		Use:   "list",
		Short: "What was given up, by cause",
		Long: "Groups dead letters by what they have in common: the service that gave up, class, code, field and dependency. Counted are\n" +
			"those that nobody has done anything about; with --all those, too, that were redriven or dropped. Times are UTC.\n\n" +
			"Exit code: 0, also if there are none; 1 if the cluster could not be asked or the command was stopped;\n" +
			"2 if flags or settings are wrong.",
		Example: "  frontdesk dlq list --brokers 127.0.0.1:9092\n  frontdesk dlq list --brokers 127.0.0.1:9092 --service crm-writer --since 24h --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			groups, err := f.list(cmd)
			if f.asJSON {
				return errors.Join(err, writeJSON(cmd.OutOrStdout(), listReport(groups, err)))
			}
			if err != nil {
				return err
			}
			return writeText(cmd.OutOrStdout(), func(w io.Writer) { printCauses(w, groups, f.filter.Settled) })
		},
	}
	f.flags(c.Flags())
	c.Flags().BoolVar(&f.filter.Settled, "all", false, "those, too, that were redriven or dropped")
	return c
}

func (f *dlqFlags) list(cmd *cobra.Command) (groups []dlq.Group, err error) {
	var faults flagFaults
	f.check(nil, &faults)
	if err := faults.err(); err != nil {
		return nil, err
	}
	err = f.with(cmd.Context(), func(_ *dlq.Queue, b *dlq.Book) error {
		groups = dlq.Causes(b.Select(f.filter))
		return nil
	})
	return groups, cmp.Or(interrupted(cmd.Context()), err)
}

// listJSON is what `dlq list --json` prints.
type listJSON struct {
	// Count and Open are over all groups.
	Count  int         `json:"count"`
	Open   int         `json:"open"`
	Groups []dlq.Group `json:"groups"`
	Error  string      `json:"error,omitempty"`
}

func listReport(groups []dlq.Group, err error) listJSON {
	r := listJSON{Groups: append([]dlq.Group{}, groups...), Error: errorText(err)}
	for _, g := range groups {
		r.Count += g.Count
		r.Open += g.Open
	}
	return r
}

// errorText is an error for a JSON document; "" for none.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func printCauses(w io.Writer, groups []dlq.Group, settled bool) {
	if len(groups) == 0 {
		fmt.Fprintln(w, "Nothing is open. --all lists what was redriven or dropped.")
		return
	}
	t := newTable(w)
	head := table.Row{"service", "code", "about", "open", "tenants", "first", "last", "came back", "example"}
	if settled {
		head = append(head[:4:4], append(table.Row{"all"}, head[4:]...)...)
	}
	t.AppendHeader(head)
	open, all := 0, 0
	for _, g := range groups {
		open, all = open+g.Open, all+g.Count
		row := table.Row{g.Service, g.Code, about(g.Cause), g.Open, some(g.Tenants), clock(g.First), clock(g.Last), g.RedrivenBefore, g.Example}
		if settled {
			row = append(row[:4:4], append(table.Row{g.Count}, row[4:]...)...)
		}
		t.AppendRow(row)
	}
	t.Render()
	fmt.Fprintf(w, "%s, %d open, of %s. `frontdesk dlq show ID` tells why, and what to do next.\n", count(all, "dead letter"), open, count(len(groups), "cause"))
}

// about is the field and the dependency of a cause, one below the other.
func about(c dlq.Cause) string {
	return strings.Trim(c.Field+"\n"+c.Dependency, "\n")
}

// some are the first few of many names.
func some(names []string) string {
	const few = 3
	names = append([]string{}, names...)
	for i, n := range names {
		names[i] = cmp.Or(n, "unknown")
	}
	if len(names) > few {
		return strings.Join(names[:few], ", ") + fmt.Sprintf(" and %d more", len(names)-few)
	}
	return strings.Join(names, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// cause is why something was given up, in a line.
func cause(c dlq.Cause) string {
	s := c.Code
	if c.Field != "" {
		s += " at " + c.Field
	}
	if c.Dependency != "" {
		s += " of " + c.Dependency
	}
	return s + " (" + cmp.Or(c.Class, "unclassified") + ")"
}
