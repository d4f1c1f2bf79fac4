package cli

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/preflight"
	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
)

// checkFlags are the flags of one check.
type checkFlags struct {
	configs []string
	only    []string
	tenant  string
	timeout time.Duration
	strict  bool
	quiet   bool
	asJSON  bool
}

func checkCommand() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check",
		Short: "Look at a deployment before the first call: settings, tenants, and all that it depends on",
		Long: "Reads the settings of each service as that service would (its file by --config, its environment FRONTDESK_INGRESS_…,\n" +
			"FRONTDESK_STT_…, FRONTDESK_INFERENCE_…, FRONTDESK_CRM_WRITER_…) and asks what they depend on: Kafka, Redis, and for each\n" +
			"tenant Salesforce, recogniser, model and Twilio. It writes nothing and buys nothing. Each finding says what to do.\n\n" +
			"Exit code: 0 if nothing is wrong; 1 for a fault (with --strict also for a warning, or for what could not be asked), or if\n" +
			"the command was stopped; 2 if flags are wrong or a settings file can't be read.",
		Example: "  frontdesk check --config ingress=ingress.yaml --config stt=stt.yaml --config inference=inference.yaml --config crm-writer=crm.yaml\n" +
			"  frontdesk check --only tenants,salesforce --tenant acme\n  frontdesk check --strict --json > findings.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := c.Flags()
	fs.StringArrayVar(&f.configs, "config", nil, "a service's settings, as `SERVICE=FILE`; may be given for each of "+strings.Join(preflight.Services(), ", "))
	fs.StringSliceVar(&f.only, "only", nil, "parts to look at, of "+strings.Join(preflight.Parts(), ", ")+"; default all")
	fs.StringVar(&f.tenant, "tenant", "", "id of the one tenant to look at; default all")
	fs.DurationVar(&f.timeout, "timeout", 20*time.Second, "how long one dependency may take")
	fs.BoolVar(&f.strict, "strict", false, "exit with 1 for warnings, and for what could not be asked, too")
	fs.BoolVar(&f.quiet, "quiet", false, "leave out what is as it should be")
	fs.BoolVar(&f.asJSON, "json", false, "print one JSON document")
	return c
}

func (f *checkFlags) run(cmd *cobra.Command) error {
	settings, err := f.settings()
	if err != nil {
		return err
	}
	checks := settings.Checks()
	checks = slices.DeleteFunc(checks, func(c check.Check) bool {
		return len(f.only) > 0 && !slices.Contains(f.only, c.Part) || f.tenant != "" && c.Tenant != "" && c.Tenant != f.tenant
	})
	found := check.Run(cmd.Context(), checks, check.Options{Timeout: f.timeout, Begun: func(c check.Check) {
		if c.Name != "" {
			fmt.Fprintln(cmd.ErrOrStderr(), "asking:", c.Name)
		}
	}})
	if err := f.print(cmd.OutOrStdout(), found); err != nil {
		return err
	}
	if stopped := interrupted(cmd.Context()); stopped != nil {
		return stopped
	}
	if f.fails(found) {
		return ErrReported
	}
	return nil
}

// settings checks the flags and reads the services' settings.
func (f *checkFlags) settings() (*preflight.Settings, error) {
	var faults flagFaults
	files := map[string]string{}
	for _, c := range f.configs {
		service, file, ok := strings.Cut(c, "=")
		switch {
		case !ok || file == "" || !slices.Contains(preflight.Services(), service):
			faults.add("--config %s: want SERVICE=FILE, SERVICE being one of %s", c, strings.Join(preflight.Services(), ", "))
		case files[service] != "":
			faults.add("--config %s: %s has a file already", c, service)
		}
		files[service] = file
	}
	for _, part := range f.only {
		if !slices.Contains(preflight.Parts(), part) {
			faults.add("--only %s: want one of %s", part, strings.Join(preflight.Parts(), ", "))
		}
	}
	faults.duration("timeout", f.timeout, time.Second)
	if err := faults.err(); err != nil {
		return nil, err
	}
	settings, err := preflight.Load(files)
	if err != nil {
		return nil, usage(err)
	}
	// Where no tenants can be loaded, that is a finding.
	if ids := settings.Tenants(); f.tenant != "" && len(ids) > 0 && !slices.Contains(ids, f.tenant) {
		return nil, usage(fmt.Errorf("--tenant %s: want one of %s", f.tenant, strings.Join(ids, ", ")))
	}
	return settings, nil
}

// fails tells whether a script should stop.
func (f *checkFlags) fails(found []check.Finding) bool {
	worst := check.Worst(found)
	return worst == check.Fault || f.strict && worst.Worse(check.Note)
}

func (f *checkFlags) print(w io.Writer, found []check.Finding) error {
	if f.asJSON {
		return writeJSON(w, checkReport(found))
	}
	width := 0 // in a file or a pipe a sentence stays on its line
	if terminal(w) != nil {
		width = widthOf(w)
	}
	return writeText(w, func(w io.Writer) { printFindings(w, width, found, f.quiet) })
}

// checkJSON is the whole of a check; docs/check.md describes it.
type checkJSON struct {
	// Worst is the heaviest level among the findings.
	Worst    check.Level         `json:"worst"`
	Counts   map[check.Level]int `json:"counts"`
	Findings []check.Finding     `json:"findings"`
}

func checkReport(found []check.Finding) checkJSON {
	return checkJSON{Worst: check.Worst(found), Counts: countLevels(found), Findings: append([]check.Finding{}, found...)}
}

func countLevels(found []check.Finding) map[check.Level]int {
	counts := map[check.Level]int{}
	for _, l := range check.Levels() {
		counts[l] = 0
	}
	for _, f := range found {
		counts[f.Level]++
	}
	return counts
}

// printFindings prints them by part and tenant, each with what to do below it. width is the terminal's; 0 folds nothing.
func printFindings(w io.Writer, width int, found []check.Finding, quiet bool) {
	last := ""
	for _, f := range found {
		if quiet && f.Level == check.OK {
			continue
		}
		head := f.Part
		if f.Tenant != "" {
			head += " of " + f.Tenant
		}
		if head != last {
			if last != "" {
				fmt.Fprintln(w)
			}
			fmt.Fprintln(w, head)
			last = head
		}
		fmt.Fprintf(w, "  %-8s %s\n", f.Level, sentence(f.What, width))
		if f.Do != "" {
			fmt.Fprintf(w, "  %-8s %s\n", "", sentence(f.Do+" ("+f.Code+")", width))
		}
	}
	counts := countLevels(found)
	var told []string
	for _, l := range slices.Backward(check.Levels()) {
		told = append(told, fmt.Sprintf("%s: %d", l, counts[l]))
	}
	fmt.Fprintf(w, "\n%s\n", strings.Join(told, ", "))
}

// flagged is what holds a command: its line can be pasted.
var flagged = regexp.MustCompile(` --?[a-z]`)

// sentence folds a text to a terminal, further lines below the first. A command stays whole.
func sentence(s string, width int) string {
	const indent = 11
	if width <= 2*indent || flagged.MatchString(s) {
		return s
	}
	lines := strings.Split(text.WrapSoft(s, width-indent), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n"+strings.Repeat(" ", indent))
}
