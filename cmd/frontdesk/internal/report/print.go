package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// Print writes r for people, at most width columns wide where words allow it: a table of calls, one of stages, and under each call that
// is not as expected what differs.
func (r *Report) Print(w io.Writer, width int) {
	if len(r.Outcomes) > 0 {
		r.printCalls(w, width)
		fmt.Fprintln(w)
		r.printStages(w, width)
		fmt.Fprintln(w)
	}
	r.printTotals(w, width)
	for _, d := range r.Doubles {
		item(w, width, "✗ ", fmt.Sprintf("%d records of %s have the key %s: %s", len(d.IDs), d.Object, d.Key, strings.Join(d.IDs, ", ")))
	}
	for _, d := range r.GivenUp {
		item(w, width, "✗ ", d.String()+", of call "+d.Key)
	}
	for i := range r.Outcomes {
		if o := &r.Outcomes[i]; o.failed() && !o.stopped {
			fmt.Fprintln(w)
			o.explain(w, width)
		}
	}
	if len(r.Notes) > 0 {
		fmt.Fprintln(w)
	}
	for _, n := range r.Notes {
		item(w, width, "note: ", n)
	}
	if r.Error != "" {
		fmt.Fprintln(w)
		item(w, width, "✗ ", "The report is not whole: "+r.Error)
	}
}

func (r *Report) printCalls(w io.Writer, width int) {
	columns := []column{
		{header: ""},
		{header: "call", fold: 2, floor: 16, least: 12},
		{header: "record"},
		{header: "intent", fold: 4, floor: 15, least: 15},
		{header: "disposition", fold: 3, floor: 19, least: 19},
		{header: "next action", fold: 1, floor: 16, least: 12, drop: 1},
		{header: "talk", right: true},
		{header: "consent"},
		{header: "rec."},
		{header: "to CRM", right: true, drop: 2},
	}
	rows := make([][]string, len(r.Outcomes))
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		mark := ""
		switch {
		case o.stopped:
			mark = "…"
		case o.failed():
			mark = "✗"
		}
		rows[i] = []string{
			mark, o.Call, dash(o.Object), o.Intent + confidence(o), o.Disposition + by(o.Source), o.NextAction,
			seconds(o), dash(o.Consent), yesNo(o.Recording), ms(o.LatencyMS[StageTotal]),
		}
	}
	render(w, width, columns, rows)
}

func (r *Report) printStages(w io.Writer, width int) {
	rows := make([][]string, 0, len(Stages()))
	for _, s := range Stages() {
		rows = append(rows, []string{s, ms(r.Latency[s].P50), ms(r.Latency[s].P99)})
	}
	render(w, width, []column{{header: "stage"}, {header: "p50", right: true}, {header: "p99", right: true}}, rows)
}

func (r *Report) printTotals(w io.Writer, width int) {
	line := fmt.Sprintf("%s, %d recorded, %d lost, %s, %d otherwise than expected, %s, %s", count(r.Calls, "call"), r.Records, r.Lost,
		count(r.Duplicates, "duplicate"), r.Unexpected, count(r.DeadLetters, "dead letter"), count(len(r.Leaks), "leak"))
	if r.Unplayed > 0 {
		line += fmt.Sprintf(", %d not come to their end", r.Unplayed)
	}
	item(w, width, "", line)
	item(w, width, "", fmt.Sprintf("Salesforce counted %s and %s; by the ledger all cost %s; %.1f s in all",
		count(r.SalesforceAPICalls, "REST call"), count(r.PubSubRequests, "Pub/Sub request"), r.cost(), r.WallSeconds))
}

// cost is what all of it cost, in words.
func (r *Report) cost() string {
	var sums []string
	unpriced := 0
	for _, c := range r.Cost {
		if c.Currency != "" {
			sums = append(sums, fmt.Sprintf("%.4f %s", c.Priced, c.Currency))
		}
		unpriced += c.Unpriced
	}
	if unpriced > 0 {
		sums = append(sums, count(unpriced, "request")+" of unknown price")
	}
	return cmp.Or(strings.Join(sums, " and "), "nothing")
}

// explain writes what is wrong with a call, and what there is instead.
func (o *Outcome) explain(w io.Writer, width int) {
	head := "✗ " + o.Call
	for _, s := range []string{o.CallSID, o.Tenant, o.LineOfBusiness} {
		if s != "" {
			head += "  " + s
		}
	}
	fmt.Fprintln(w, head)
	for _, u := range o.Unmet {
		item(w, width, "    - ", u)
	}
	for i, r := range o.holds {
		mark := "    Salesforce has  "
		if i > 0 {
			mark = strings.Repeat(" ", len(mark))
		}
		item(w, width, mark, r.line())
	}
	if o.CallSID != "" {
		item(w, width, "    understood      ", o.understood)
	}
}

// telling fields of each object, in the order in which people read them.
func telling(object string) []string {
	switch object {
	case "Lead":
		return []string{"FirstName", "LastName", "Company", "Phone", "Email", "Intent__c", "Consent_Record__c"}
	case "Contact":
		return []string{"FirstName", "LastName", "Phone", "Email", "Intent__c", "Consent_Record__c"}
	case "Case":
		return []string{"Subject", "Status", "Intent__c", "Disposition__c"}
	case "Task":
		return []string{"Subject", "Status", "Disposition__c", "Disposition_Source__c"}
	}
	return []string{"Title"}
}

// line is a record in one line.
func (r Record) line() string {
	parts := []string{r.Object + " " + r.ID}
	for _, f := range telling(r.Object) {
		if v := r.Fields[f]; v != nil && v != "" {
			parts = append(parts, fmt.Sprintf("%s %s", f, show(v)))
		}
	}
	return strings.Join(parts, ", ")
}

func confidence(o *Outcome) string {
	if o.Confidence == 0 {
		return ""
	}
	return fmt.Sprintf(" %.2f", o.Confidence)
}

func by(source string) string {
	if source == "" {
		return ""
	}
	return " (" + strings.ToLower(source) + ")"
}

// count is a number of things, in the plural unless it is one.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func seconds(o *Outcome) string {
	if !o.Recorded {
		return dash("")
	}
	return fmt.Sprintf("%.0f s", o.DurationS)
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
