package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/dlq"
)

type dlqDropFlags struct {
	dlqFlags
	reason      string
	dryRun, yes bool
}

func dlqDrop() *cobra.Command {
	var f dlqDropFlags
	c := &cobra.Command{
		Use:   "drop [ID...]",
		Short: "Close dead letters that nobody will send back, and say why",
		Long: "Notes beside each dead letter that it was dropped, by whom and why. Nothing is deleted: `list --all` and `show` have it until\n" +
			"its 30 days are over, and `redrive ID --force` sends it back all the same. Put no personal data into the reason.\n\n" +
			"Exit code: 0 if all that was chosen is closed; 1 if not, or the cluster could not be asked or the command was stopped;\n" +
			"2 if flags or settings are wrong.",
		Example: "  frontdesk dlq drop 3-1042 --reason 'a load test of ours' --brokers 127.0.0.1:9092\n" +
			"  frontdesk dlq drop --code undecodable --reason 'an old producer, gone since' --dry-run --brokers 127.0.0.1:9092",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, ids []string) error {
			r, err := f.drop(cmd, ids)
			r.Error = errorText(err)
			if f.asJSON {
				err = errors.Join(err, writeJSON(cmd.OutOrStdout(), r))
			} else {
				err = errors.Join(err, writeText(cmd.OutOrStdout(), r.print))
			}
			if err == nil && len(r.Refused) > 0 {
				return ErrReported
			}
			return err
		},
	}
	fs := c.Flags()
	f.flags(fs)
	f.asFlag(fs)
	fs.StringVar(&f.reason, "reason", "", "why nobody will send them back (required)")
	fs.BoolVar(&f.dryRun, "dry-run", false, "print what would be closed, and note nothing")
	fs.BoolVar(&f.yes, "yes", false, "don't ask")
	return c
}

// dropJSON is what `dlq drop --json` prints.
type dropJSON struct {
	DryRun bool `json:"dry_run"`
	// Groups are what is chosen; Dropped of them are closed.
	Groups  []dlq.Group   `json:"groups"`
	Dropped int           `json:"dropped"`
	Refused []dlq.Refusal `json:"refused"`
	Error   string        `json:"error,omitempty"`
}

func (f *dlqDropFlags) drop(cmd *cobra.Command, ids []string) (dropJSON, error) {
	r := dropJSON{DryRun: f.dryRun, Groups: []dlq.Group{}, Refused: []dlq.Refusal{}}
	var faults flagFaults
	f.checkDrop(cmd, ids, &faults)
	if err := faults.err(); err != nil {
		return r, err
	}
	ctx := cmd.Context()
	err := f.with(ctx, func(q *dlq.Queue, b *dlq.Book) error {
		open, refused := dlq.Droppable(b.Select(f.filter))
		r.Groups, r.Refused = dlq.Causes(open), append(r.Refused, refused...)
		if f.dryRun || len(open) == 0 {
			return nil
		}
		if !f.yes {
			if err := writeText(cmd.ErrOrStderr(), func(w io.Writer) { printCauses(w, r.Groups, false) }); err != nil {
				return err
			}
			if !sure(cmd, "Close "+count(len(open), "dead letter")+"?") {
				return cmp.Or(interrupted(ctx), errors.New("nothing was closed"))
			}
		}
		var err error
		r.Dropped, err = q.Drop(ctx, open, f.reason)
		return err //nolint:wrapcheck // it says what could not be noted
	})
	return r, cmp.Or(interrupted(ctx), err)
}

func (f *dlqDropFlags) checkDrop(cmd *cobra.Command, ids []string, faults *flagFaults) {
	f.check(ids, faults)
	f.filter.Settled = len(ids) > 0 // named, they are refused with the reason
	if len(ids) == 0 && !f.filter.Narrow() {
		faults.add("name ids, or choose by --code, --service, --since and the like; `frontdesk dlq list` has them")
	}
	if strings.TrimSpace(f.reason) == "" || len(f.reason) > 500 || strings.ContainsFunc(f.reason, unicode.IsControl) {
		faults.add("--reason: say why nobody will send them back, on one line of 500 bytes at most")
	}
	askable(cmd, f.yes, f.dryRun, f.asJSON, faults)
}

func (r *dropJSON) print(w io.Writer) {
	chosen := 0
	for _, g := range r.Groups {
		chosen += g.Count
	}
	switch {
	case r.DryRun && chosen > 0:
		printCauses(w, r.Groups, false)
		fmt.Fprintf(w, "%s would be closed. Nothing was.\n", count(chosen, "dead letter"))
	case chosen > 0:
		fmt.Fprintf(w, "%s closed\n", count(r.Dropped, "dead letter"))
	case len(r.Refused) == 0 && r.Error == "":
		fmt.Fprintln(w, "Nothing is open that these flags choose.")
	}
	for _, x := range r.Refused {
		fmt.Fprintf(w, "%s is not closed: %s\n", x.ID, x.Why)
	}
}
