package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/dlq"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

func dlqCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "dlq",
		Short: "See what was given up and why, send it back once the cause is mended, or close it",
		Long: "A message that can't be handled is a dead letter: it stands on calls.dead-letters with the reason, for 30 days, and holds\n" +
			"nothing up. Begin with `frontdesk dlq list`. What somebody does with one is noted there, too; nothing is ever deleted.\n\n" +
			"Works on any cluster, and on a running `frontdesk up` by its Kafka address. The credentials need Read and Write on\n" +
			"calls.dead-letters and on the retry topics, Read on the topics, and Describe on the groups. TLS and SASL settings come\n" +
			"from --config or the environment (FRONTDESK_DLQ_KAFKA__…).",
		Example: "  frontdesk dlq list --brokers 127.0.0.1:9092",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(dlqList(), dlqShow(), dlqRedrive(), dlqDrop())
	return c
}

// dlqFlags are those of every command on dead letters.
type dlqFlags struct {
	cluster
	filter       dlq.Filter
	since, until string
	as           string
	asJSON       bool

	kafka broker.Config
}

func (f *dlqFlags) flags(fs *pflag.FlagSet) {
	f.cluster.flags(fs)
	fs.StringVar(&f.filter.Service, "service", "", "only those that this service gave up: stt, inference, crm-writer")
	fs.StringVar(&f.filter.Code, "code", "", "only those with this code, as salesforce.STRING_TOO_LONG")
	fs.StringVar(&f.filter.Field, "field", "", "only those about this field")
	fs.StringVar(&f.filter.Dependency, "dependency", "", "only those that failed at this dependency")
	fs.StringVar(&f.filter.Tenant, "tenant", "", "only those of this tenant")
	fs.StringVar(&f.since, "since", "", "only those given up since: a time as 2026-01-31T08:00:00Z, or how long ago, as 24h")
	fs.StringVar(&f.until, "until", "", "only those given up before: likewise")
	fs.BoolVar(&f.asJSON, "json", false, "print one JSON document, also on a failure (it then has an \"error\")")
}

// asFlag is for those commands that leave a mark.
func (f *dlqFlags) asFlag(fs *pflag.FlagSet) {
	fs.StringVar(&f.as, "as", "", "who you are, for the note that is left; default user@host")
}

// check reads the flags and the ids.
func (f *dlqFlags) check(ids []string, faults *flagFaults) {
	now := time.Now()
	f.filter.Since = faults.moment("since", f.since, now)
	f.filter.Until = faults.moment("until", f.until, now)
	for _, text := range ids {
		id, err := deadletter.ParseID(text)
		if err != nil {
			faults.add("%w", err)
		}
		f.filter.IDs = append(f.filter.IDs, id)
	}
	if f.as == "" {
		f.as = whoAmI()
	}
	if len(f.as) > 200 || strings.ContainsFunc(f.as, unicode.IsControl) {
		faults.add("--as: want a name on one line, of 200 bytes at most")
	}
	f.kafka = f.settings("FRONTDESK_DLQ", faults)
}

// moment reads a time, or how long ago it was; empty is the zero time.
func (f *flagFaults) moment(flag, text string, now time.Time) time.Time {
	if text == "" {
		return time.Time{}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		f.add("--%s %s: want a time as 2026-01-31T08:00:00Z, or how long ago it was, as 24h", flag, text)
	}
	return t
}

// whoAmI is user@host, as far as the machine tells.
func whoAmI() string {
	name, host := "somebody", "somewhere"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}

// with reads the dead letters that may matter and hands them to fn.
func (f *dlqFlags) with(ctx context.Context, fn func(*dlq.Queue, *dlq.Book) error) (err error) {
	conn, err := dial(f.kafka)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // everything was answered: nothing is left to fail
	q, err := dlq.New(ctx, conn, f.as)
	if err != nil {
		return err //nolint:wrapcheck // it says what was looked for
	}
	defer func() { //nolint:contextcheck // what was promised is written though ctx has ended
		if cerr := q.Close(); err == nil {
			err = cerr
		}
	}()
	book, err := q.Read(ctx, f.filter.Since, f.filter.IDs...)
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	if gone := book.Missing(f.filter); len(gone) > 0 {
		return fmt.Errorf("there is no dead letter %s: see `frontdesk dlq list`; after 30 days they are gone", gone[0])
	}
	return fn(q, book)
}

// sure asks on a terminal whether to go on.
func sure(cmd *cobra.Command, question string) bool {
	fmt.Fprint(cmd.ErrOrStderr(), question, " Type yes to go on: ")
	answer := make(chan string, 1)
	go func() {
		var text string
		_, _ = fmt.Fscanln(cmd.InOrStdin(), &text) // what can't be read is no yes
		answer <- text
	}()
	select {
	case text := <-answer:
		return text == "yes"
	case <-cmd.Context().Done():
		return false
	}
}

// askable adds a fault if somebody should be asked and can't be.
func askable(cmd *cobra.Command, yes, dryRun, asJSON bool, faults *flagFaults) {
	in, _ := cmd.InOrStdin().(io.Writer) // a terminal can be written to, too
	if !yes && !dryRun && (asJSON || in == nil || terminal(in) == nil) {
		faults.add("--yes: nobody can be asked here; look with --dry-run first, then give --yes")
	}
}

// clock is a time in a table.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
