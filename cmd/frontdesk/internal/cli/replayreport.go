package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// replayReport is what a replay did and met; its JSON is the carrier's report with an error beside it.
type replayReport struct {
	twilio.Report
	// Error is why the replay did not place all; empty if it did.
	Error string `json:"error,omitempty"`
}

// delivered tells whether every call was answered and every webhook taken, if need be after a few tries.
func (r replayReport) delivered() bool { return r.Error == "" && len(r.undelivered()) == 0 }

// undelivered says what was not.
func (r replayReport) undelivered() []string {
	var list []string
	for _, c := range []struct {
		n    int
		what string
	}{
		{r.Calls.Failed, "calls that neither the number's URL nor its fallback gave TwiML for"},
		{r.Calls.Fallbacks, "calls that only the fallback gave TwiML for"},
		{r.Calls.Aborted, "calls that were stopped"},
		{r.Webhooks.Refused, "webhooks that were refused in the end (4xx)"},
		{r.Webhooks.Failed, "webhooks that got no answer, or 5xx, in the end"},
	} {
		if c.n > 0 {
			list = append(list, fmt.Sprintf("%s: %d", c.what, c.n))
		}
	}
	return list
}

// meaning of a code in Twilio's error dictionary, as far as a replay can meet it. Source: https://www.twilio.com/docs/api/errors
func meaning(code string) string {
	switch code {
	case "11200":
		return "webhook not answered with 2xx, or too late"
	case "11205":
		return "no connection for a webhook, or it broke"
	case "12300":
		return "the answer's content type is not TwiML's"
	case "31901":
		return "no connection for a stream in time"
	case "31902":
		return "connection for a stream refused"
	case "31903":
		return "a stream's connection broke"
	case "31920":
		return "a stream's handshake was not answered with 101"
	case "31921":
		return "a stream was closed by the other side"
	case "31924":
		return "a stream's peer broke the protocol"
	case "31930":
		return "a stream's peer reads too slowly"
	}
	return "see https://www.twilio.com/docs/api/errors/" + code
}

// print writes r for people.
func (r replayReport) print(w io.Writer) {
	t := newTable(w)
	group := func(name string, rows ...table.Row) {
		for i, row := range rows {
			if i > 0 {
				name = ""
			}
			t.AppendRow(append(table.Row{name}, row...))
		}
		t.AppendSeparator()
	}
	group("calls", table.Row{"placed", r.Calls.Placed}, table.Row{"completed", r.Calls.Completed}, table.Row{"no answer", r.Calls.NoAnswer},
		table.Row{"busy", r.Calls.Busy}, table.Row{"failed", r.Calls.Failed}, table.Row{"stopped", r.Calls.Aborted},
		table.Row{"answered by the fallback", r.Calls.Fallbacks}, table.Row{"most at once", r.PeakConcurrent})
	h := r.Webhooks
	group("webhooks", table.Row{"sent", h.Sent}, table.Row{"tried again", h.Retried}, table.Row{"refused in the end (4xx)", h.Refused},
		table.Row{"failed in the end (5xx, no answer)", h.Failed}, table.Row{"sent twice on purpose", h.Doubled},
		table.Row{"sent late, out of order, on purpose", h.HeldBack}, table.Row{"answers by status", tally(h.Answers)},
		table.Row{"latency p50 / p99 / max", latency(h.Latency)}, table.Row{"of those with TwiML", latency(h.Twiml)})
	group("streams", table.Row{"started", r.Streams.Started}, table.Row{"of them over REST", r.Streams.ByREST},
		table.Row{"ended in order", r.Streams.Stopped}, table.Row{"broken", r.Streams.Failed}, table.Row{"media messages", r.Streams.Messages},
		table.Row{"frames discarded for a slow reader", r.Streams.Discarded})
	group("others", table.Row{"recordings", r.Recordings}, table.Row{"dispositions by a person", r.Dispositions},
		table.Row{"consent answers reported", r.ConsentReports})
	var errs []table.Row
	for _, code := range slices.Sorted(maps.Keys(r.Errors)) {
		errs = append(errs, table.Row{code + " " + meaning(code), r.Errors[code]})
	}
	group("errors", errs...)
	t.Render()
	fmt.Fprintf(w, "%.1f s at speed %g, seed %d\n", r.Seconds, r.Speed, r.Seed)
	for _, s := range r.undelivered() {
		fmt.Fprintln(w, "✗", s)
	}
	if r.unheard() {
		fmt.Fprintln(w, "Nothing answered at all: see whether ingress runs, and whether --target is its address.")
	}
}

// unheard tells whether webhooks were sent and not one was answered.
func (r replayReport) unheard() bool {
	return len(r.Webhooks.Answers) == 1 && r.Webhooks.Answers["none"] > 0
}

func latency(l twilio.Latency) string {
	return fmt.Sprintf("%.0f / %.0f / %.0f ms", l.P50, l.P99, l.Max)
}

// tally is counts by name, in order of name.
func tally(counts map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s: %d", name, counts[name]))
	}
	return strings.Join(parts, ", ")
}
