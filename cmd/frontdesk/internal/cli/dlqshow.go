package cli

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/dlq"
)

type dlqShowFlags struct {
	dlqFlags
	limit       int
	reveal, raw bool
}

func dlqShow() *cobra.Command {
	var f dlqShowFlags
	c := &cobra.Command{
		Use:   "show [ID...]",
		Short: "Why something was given up, what to do next, and the event with personal data masked",
		Long: "Shows the dead letters with the given ids, or the newest that the flags choose. --reveal shows what callers said and who\n" +
			"they are; that you have looked is noted beside the dead letter first, and if it can't be noted, nothing is shown.\n\n" +
			"Exit code: 0 if something was shown; 1 if there is no such dead letter, or the cluster could not be asked, or the command\n" +
			"was stopped; 2 if flags or settings are wrong.",
		Example: "  frontdesk dlq show 3-1042 --brokers 127.0.0.1:9092\n" +
			"  frontdesk dlq show --code salesforce.STRING_TOO_LONG --brokers 127.0.0.1:9092",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, ids []string) error {
			details, more, err := f.show(cmd, ids)
			if f.asJSON {
				doc := showJSON{Letters: append([]*dlq.Detail{}, details...), More: more, Error: errorText(err)}
				return errors.Join(err, writeJSON(cmd.OutOrStdout(), doc))
			}
			return errors.Join(err, writeText(cmd.OutOrStdout(), func(w io.Writer) { printDetails(w, details, more) }))
		},
	}
	fs := c.Flags()
	f.flags(fs)
	f.asFlag(fs)
	fs.BoolVar(&f.filter.Settled, "all", false, "those, too, that were redriven or dropped")
	fs.IntVar(&f.limit, "limit", 1, "how many are shown where no id is given")
	fs.BoolVar(&f.reveal, "reveal", false, "show personal data; that you have looked is noted")
	fs.BoolVar(&f.raw, "raw", false, "with --reveal: the bytes, too, in base64")
	return c
}

// showJSON is what `dlq show --json` prints.
type showJSON struct {
	Letters []*dlq.Detail `json:"letters"`
	// More match and are not shown.
	More  int    `json:"more"`
	Error string `json:"error,omitempty"`
}

func (f *dlqShowFlags) show(cmd *cobra.Command, ids []string) (details []*dlq.Detail, more int, err error) {
	var faults flagFaults
	f.check(ids, &faults)
	faults.count("limit", f.limit, 1, 1000)
	if f.raw && !f.reveal {
		faults.add("--raw: bytes hold personal data; give --reveal, too")
	}
	if len(ids) == 0 && !f.filter.Narrow() {
		faults.add("name an id, or choose by --code, --service and the like; `frontdesk dlq list` has both")
	}
	if err := faults.err(); err != nil {
		return nil, 0, err
	}
	reveal := dlq.Masked
	switch {
	case f.raw:
		reveal = dlq.Raw
	case f.reveal:
		reveal = dlq.Personal
	}
	f.filter.Settled = f.filter.Settled || len(ids) > 0
	err = f.with(cmd.Context(), func(q *dlq.Queue, b *dlq.Book) error {
		letters := b.Select(f.filter)
		if len(letters) == 0 {
			return errors.New("no dead letter is open that these flags choose; --all looks among the rest, too")
		}
		if over := len(letters) - f.limit; len(ids) == 0 && over > 0 {
			letters, more = letters[over:], over
		}
		for _, l := range letters {
			d, err := q.Show(cmd.Context(), b, l, reveal)
			if err != nil {
				return err //nolint:wrapcheck // it names the dead letter
			}
			details = append(details, d)
		}
		return nil
	})
	return details, more, cmp.Or(interrupted(cmd.Context()), err)
}

func printDetails(w io.Writer, details []*dlq.Detail, more int) {
	for i, d := range details {
		if i > 0 {
			fmt.Fprintln(w)
		}
		printDetail(w, d)
	}
	if more > 0 {
		fmt.Fprintf(w, "\n%d more like it; --limit shows more.\n", more)
	}
}

func printDetail(w io.Writer, d *dlq.Detail) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-14s "+format+"\n", append([]any{name}, args...)...)
	}
	fmt.Fprintf(w, "Dead letter %s, %s\n", d.ID, d.State)
	line("what", "%s gave up a message of %s after %s: %s", cmp.Or(d.Service, "somebody"), cmp.Or(d.Topic, "an unknown topic"), count(d.Attempts, "attempt"), cause(d.Cause))
	if d.Reason != "" {
		line("in words", "%s", d.Reason)
	}
	line("next", "%s", d.Advice)
	line("given up", "%s", instant(&d.GivenUp, d.FirstFailure))
	if d.Offset >= 0 {
		line("original", "%s, partition %d, offset %d, of %s", d.Topic, d.Partition, d.Offset, instant(d.WrittenAt, nil))
	}
	line("call", "%s", cmp.Or(d.CallID, "unknown"))
	line("tenant", "%s", cmp.Or(d.Tenant, "unknown"))
	line("event", "%s, %d bytes", strings.TrimSpace(cmp.Or(d.Kind, "unknown")+" "+d.EventID), d.Bytes)
	if d.Redrives > 0 {
		line("came back", "%s, last from dead letter %s", count(d.Redrives, "time"), cmp.Or(d.RedrivenFrom, "unknown"))
	}
	for _, id := range d.Became {
		line("became", "dead letter %s, when it was sent back", id)
	}
	for _, m := range d.Marks {
		why := ""
		if m.Why != "" {
			why = ": " + m.Why
		}
		line(m.What, "by %s at %s%s", m.By, clock(m.At), why)
	}
	switch {
	case d.EventError != "":
		line("no event", "%s", d.EventError)
	case d.Revealed:
		fmt.Fprintf(w, "\n%s\n", indented(d.Event))
	default:
		fmt.Fprintf(w, "\n%s\n  Personal data is masked; --reveal shows it, and notes that you have looked.\n", indented(d.Event))
	}
	if d.Raw != nil {
		line("bytes", "%s", base64.StdEncoding.EncodeToString(d.Raw))
	}
}

// instant is a time, with the first failure where that was another.
func instant(t, first *time.Time) string {
	switch {
	case t == nil:
		return "an unknown time"
	case first == nil || first.Equal(*t):
		return clock(*t)
	}
	return clock(*t) + ", first failed " + clock(*first)
}

func indented(doc json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, doc, "  ", "  ") != nil {
		return "" // it was made as JSON
	}
	return "  " + strings.TrimSpace(b.String())
}
