package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Print writes r for people: a table of calls, one of stages, and what is wrong, if anything is.
func (r *Report) Print(w io.Writer) {
	t := newTable(w)
	t.AppendHeader(table.Row{"call", "record", "intent", "conf.", "disposition", "next action", "talk", "consent", "recording", "to CRM"})
	for _, o := range r.Outcomes {
		mark := ""
		if len(o.Unmet) > 0 || !o.Recorded {
			mark = " ✗"
		}
		t.AppendRow(table.Row{
			o.Call + mark, o.Object, o.Intent, confidence(o), o.Disposition + by(o.Source), o.NextAction,
			fmt.Sprintf("%.0f s", o.DurationS), o.Consent, yesNo(o.Recording), ms(o.LatencyMS[StageTotal]),
		})
	}
	t.Render()

	t = newTable(w)
	t.AppendHeader(table.Row{"stage", "p50", "p99"})
	for _, s := range Stages() {
		t.AppendRow(table.Row{s, ms(r.Latency[s].P50), ms(r.Latency[s].P99)})
	}
	t.Render()

	fmt.Fprintf(w, "%d calls, %d recorded, %d lost, %d duplicates, %d otherwise than expected, %d dead letters, %d leaks\n",
		r.Calls, r.Records, r.Lost, r.Duplicates, r.Unexpected, r.DeadLetters, len(r.Leaks))
	fmt.Fprintf(w, "Salesforce counted %d REST calls and %d Pub/Sub requests; %.1f s in all\n",
		r.SalesforceAPICalls, r.PubSubRequests, r.WallSeconds)
	for _, o := range r.Outcomes {
		for _, u := range o.Unmet {
			fmt.Fprintf(w, "  %s (%s): %s\n", o.Call, o.CallSID, u)
		}
	}
	for _, l := range r.Leaks {
		fmt.Fprintf(w, "  %s: %s stands in %s\n", l.Call, l.Hidden, l.Where)
	}
}

func newTable(w io.Writer) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	return t
}

func confidence(o Outcome) string {
	if o.Confidence == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", o.Confidence)
}

func by(source string) string {
	if source == "" {
		return ""
	}
	return " (" + strings.ToLower(source) + ")"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func ms(v float64) string {
	switch {
	case v == 0:
		return "–"
	case v < 1000:
		return fmt.Sprintf("%.0f ms", v)
	}
	return fmt.Sprintf("%.1f s", v/1000)
}
