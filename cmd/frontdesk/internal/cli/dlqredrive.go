package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/dlq"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

type dlqRedriveFlags struct {
	dlqFlags
	dlq.Options
	dlq.PlanOptions
	dryRun, yes, quiet bool
}

func dlqRedrive() *cobra.Command {
	var f dlqRedriveFlags
	c := &cobra.Command{
		Use:   "redrive [ID...]",
		Short: "Send dead letters back to the service that gave them up",
		Long: "Sends back the dead letters with the given ids, or the open ones that the flags choose: into the retry topic of the group that\n" +
			"gave them up, so that no other does its work again. Begin with --dry-run.\n\n" +
			"First one is sent, then ten, then the rest; each stage once all before has come to an end. When too many fail again\n" +
			"(--max-failures), or some have not come to an end in time (--wait), nothing more is sent. What fails again is a dead letter\n" +
			"again, which counts how often it came back; at --max-redrives it is not sent any more. The same command goes on where an\n" +
			"interrupted one was, and sends nothing twice.\n\n" +
			"Exit code: 0 if all that was chosen was sent and is through; 1 if something failed again, is still waiting or was not\n" +
			"sent, or the cluster could not be asked, or the command was stopped; 2 if flags or settings are wrong.",
		Example: "  frontdesk dlq redrive --code salesforce.STRING_TOO_LONG --dry-run --brokers 127.0.0.1:9092\n" +
			"  frontdesk dlq redrive 3-1042 --yes --brokers 127.0.0.1:9092",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, ids []string) error {
			r, err := f.redrive(cmd, ids)
			r.Error = errorText(err)
			if f.asJSON {
				err = errors.Join(err, writeJSON(cmd.OutOrStdout(), r))
			} else {
				err = errors.Join(err, writeText(cmd.OutOrStdout(), r.print))
			}
			if err == nil && !r.through() {
				return ErrReported
			}
			return err
		},
	}
	fs := c.Flags()
	f.flags(fs)
	f.asFlag(fs)
	fs.BoolVar(&f.dryRun, "dry-run", false, "print what would go where, and send nothing")
	fs.BoolVar(&f.yes, "yes", false, "don't ask")
	fs.BoolVar(&f.Force, "force", false, "send what has come back too often, too, and ids that were redriven or dropped")
	fs.IntVar(&f.MaxRedrives, "max-redrives", 3, "how often a message may have come back before")
	fs.IntSliceVar(&f.Canary, "canary", []int{1, 10}, "how many are sent in each stage before the last")
	fs.Float64Var(&f.MaxFailures, "max-failures", 0.1, "share of failures, 0 to 1, above which nothing more is sent")
	fs.Float64Var(&f.Rate, "rate", 10, "how many are sent a second")
	fs.DurationVar(&f.Wait, "wait", 2*time.Minute, "how long a stage may take to come to an end once it is sent")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "tell no progress; with --json it is told to a terminal only")
	return c
}

// redriveJSON is what `dlq redrive --json` prints.
type redriveJSON struct {
	DryRun bool `json:"dry_run"`
	// Routes are what goes where.
	Routes []route `json:"routes"`
	// Refused are chosen and not sent.
	Refused []dlq.Refusal `json:"refused"`
	// Result is what came of it; null if nothing was begun.
	Result *dlq.Result `json:"result"`
	Error  string      `json:"error,omitempty"`
}

// route is what goes to one retry topic for one cause.
type route struct {
	Topic string `json:"topic"`
	dlq.Cause
	IDs []deadletter.ID `json:"ids"`
}

// through tells whether all that was chosen is done, or would be sent.
func (r *redriveJSON) through() bool {
	return len(r.Refused) == 0 && (r.Result == nil || r.Result.Failed == 0 && r.Result.Waiting == 0 && r.Result.Left == 0)
}

func (f *dlqRedriveFlags) redrive(cmd *cobra.Command, ids []string) (redriveJSON, error) {
	r := redriveJSON{DryRun: f.dryRun, Routes: []route{}, Refused: []dlq.Refusal{}}
	var faults flagFaults
	f.checkRedrive(cmd, ids, &faults)
	if err := faults.err(); err != nil {
		return r, err
	}
	ctx := cmd.Context()
	err := f.with(ctx, func(q *dlq.Queue, b *dlq.Book) error {
		plan, err := q.Plan(ctx, b.Select(f.filter), f.PlanOptions)
		if err != nil {
			return err //nolint:wrapcheck // it names the dead letter
		}
		r.Routes, r.Refused = routes(plan.Items), append(r.Refused, plan.Refusals...)
		if f.dryRun || len(plan.Items) == 0 {
			return nil
		}
		if !f.yes {
			if err := writeText(cmd.ErrOrStderr(), func(w io.Writer) { printRoutes(w, r.Routes) }); err != nil {
				return err
			}
			if !sure(cmd, "Send "+count(len(plan.Items), "dead letter")+" back?") {
				return cmp.Or(interrupted(ctx), errors.New("nothing was sent"))
			}
		}
		told := newProgress(cmd.ErrOrStderr(), len(plan.Items), f.quiet || f.asJSON && terminal(cmd.ErrOrStderr()) == nil)
		result, err := q.Redrive(ctx, b, plan, f.Options, func(p dlq.Progress) {
			told.at(p.Done+p.Failed, fmt.Sprintf("stage %d of %d: %d sent, %d failed again, %d waiting", p.Stage, p.Stages, p.Sent, p.Failed, p.StillWaiting))
		})
		told.end()
		r.Result = &result
		return err //nolint:wrapcheck // it says what could not be done
	})
	return r, cmp.Or(interrupted(ctx), err)
}

func (f *dlqRedriveFlags) checkRedrive(cmd *cobra.Command, ids []string, faults *flagFaults) {
	f.check(ids, faults)
	f.filter.Settled = len(ids) > 0 // named, they are refused with the reason
	if len(ids) == 0 && !f.filter.Narrow() {
		faults.add("name ids, or choose by --code, --service, --since and the like; `frontdesk dlq list` has them")
	}
	faults.count("max-redrives", f.MaxRedrives, 0, 1000)
	faults.between("max-failures", f.MaxFailures, 0, 1)
	faults.between("rate", f.Rate, 0.01, 10_000)
	faults.duration("wait", f.Wait, time.Second)
	for _, n := range f.Canary {
		faults.count("canary", n, 1, 1_000_000)
	}
	askable(cmd, f.yes, f.dryRun, f.asJSON, faults)
}

func routes(items []dlq.Item) []route {
	out := []route{}
	at := map[string]int{}
	for _, it := range items {
		c := dlq.CauseOf(it.Letter)
		key := fmt.Sprint(it.Topic, c)
		i, there := at[key]
		if !there {
			i = len(out)
			at[key] = i
			out = append(out, route{Topic: it.Topic, Cause: c})
		}
		out[i].IDs = append(out[i].IDs, it.Letter.ID)
	}
	return out
}

func printRoutes(w io.Writer, all []route) {
	if len(all) == 0 {
		return
	}
	t := newTable(w)
	t.AppendHeader(table.Row{"to", "because of", "messages", "example"})
	for _, r := range all {
		t.AppendRow(table.Row{r.Topic, cause(r.Cause), len(r.IDs), r.IDs[0]})
	}
	t.Render()
}

// mostLines is how many of many are told in words; the JSON has all.
const mostLines = 20

func (r *redriveJSON) print(w io.Writer) {
	if r.DryRun {
		printRoutes(w, r.Routes)
	}
	sent := 0
	for _, x := range r.Routes {
		sent += len(x.IDs)
	}
	switch {
	case r.DryRun:
		fmt.Fprintf(w, "%s would be sent. Nothing was.\n", count(sent, "dead letter"))
	case r.Result != nil:
		printResult(w, r.Result)
	case sent == 0 && len(r.Refused) == 0 && r.Error == "":
		fmt.Fprintln(w, "Nothing is open that these flags choose.")
	}
	for i, x := range r.Refused {
		if i == mostLines {
			fmt.Fprintf(w, "and %d more, which --json names\n", len(r.Refused)-i)
			break
		}
		fmt.Fprintf(w, "%s is not sent: %s\n", x.ID, x.Why)
	}
}

func printResult(w io.Writer, r *dlq.Result) {
	fmt.Fprintf(w, "%s: %d sent, %d through, %d failed again, %d still waiting, %d not sent\n",
		count(r.Selected, "dead letter"), r.Sent, r.Done, r.Failed, r.Waiting, r.Left)
	if r.SentBefore > 0 {
		fmt.Fprintf(w, "%d of them had been sent before this run, and were not sent twice\n", r.SentBefore)
	}
	if r.Skipped > 0 {
		fmt.Fprintf(w, "%d were settled by somebody else meanwhile\n", r.Skipped)
	}
	if r.Stopped != "" {
		fmt.Fprintf(w, "Stopped: %s.\n", r.Stopped)
	}
	for i, x := range r.Failures {
		if i == mostLines {
			fmt.Fprintf(w, "and %d more, which --json names\n", len(r.Failures)-i)
			break
		}
		fmt.Fprintf(w, "%s failed again: %s; it is dead letter %s now\n", x.ID, x.Code, x.Became)
	}
	for i, x := range r.Delays {
		if i == mostLines {
			fmt.Fprintf(w, "and %d more, which --json names\n", len(r.Delays)-i)
			break
		}
		if x.Code == "" {
			fmt.Fprintf(w, "%s is still waiting, and had not been tried: see that its service runs\n", x.ID)
			continue
		}
		fmt.Fprintf(w, "%s is still waiting after %s: %s\n", x.ID, count(x.Attempts, "attempt"), x.Code)
	}
}
