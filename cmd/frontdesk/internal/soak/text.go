package soak

import (
	"fmt"
	"slices"
	"strings"
)

// Text is the report in Markdown.
func (r *Report) Text() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%d calls in %.0f s at %g times the speed of life, %.2f calls a second, %d at once at most; %d of %d webhooks delivered twice, %d late; seed %d.",
		r.Load.Calls.Placed, r.Load.Seconds, r.Speed, r.Rate, r.Load.PeakConcurrent, r.Load.Webhooks.Doubled, r.Load.Webhooks.Sent, r.Load.Webhooks.HeldBack, r.Seed)
	line("%d calls completed, %d lost, %d doubled, %d events sent again, %d out of order, %d dead letters.\n", r.Verdict.Calls, len(r.Verdict.Lost), len(r.Verdict.Doubled),
		r.Verdict.Repeats, len(r.Verdict.OutOfOrder), r.DeadLetters)
	line("| | found | must be | |")
	line("|---|---|---|---|")
	for _, c := range r.Checks {
		holds := "holds"
		if !c.Holds {
			holds = "**does not hold**"
		}
		line("| %s | %s | %s | %s |", c.What, c.Found, c.Must, holds)
	}
	line("\nMedians of the second and of the last quarter, and resident memory over the whole time, from 0 to the most:\n")
	line("| process | memory, MB | live heap, MB | goroutines | open files | cores | memory over time |")
	line("|---|--:|--:|--:|--:|--:|---|")
	for _, p := range r.Processes {
		line("| %s | %.0f → %.0f | %.1f → %.1f | %.0f → %.0f | %.0f → %.0f | %.2f | `%s` |", p.Name, p.Second.Resident/mb, p.Last.Resident/mb, p.Second.Live/mb, p.Last.Live/mb,
			p.Second.Goroutines, p.Last.Goroutines, p.Second.Files, p.Last.Files, p.Cores, r.spark(p))
	}
	for _, p := range r.Around {
		line("| %s | %.0f → %.0f | | | | %.2f | `%s` |", p.Name, p.Second.Resident/mb, p.Last.Resident/mb, p.Cores, r.spark(p))
	}
	cores := 0.0
	for _, p := range slices.Concat(r.Processes, r.Around) {
		cores += p.Cores
	}
	line("\nTogether they used %.2f of %d cores.", cores, r.CPUs)
	return b.String()
}

// bars from empty to full.
var bars = []rune("▁▂▃▄▅▆▇█")

// sparks is how wide a line of bars is.
const sparks = 40

// spark is a process' memory over the load's time, a bar each for the mean of a while.
func (r *Report) spark(p *Series) string {
	var of [sparks]struct{ sum, n float64 }
	for _, s := range p.Samples {
		if at := int(int64(s.At) * sparks / int64(r.Duration)); at < sparks {
			of[at].sum, of[at].n = of[at].sum+s.Resident, of[at].n+1
		}
	}
	most := 0.0
	for _, o := range of {
		most = max(most, o.sum/max(o.n, 1))
	}
	var out strings.Builder
	for _, o := range of {
		if o.n == 0 || most == 0 {
			out.WriteByte(' ')
			continue
		}
		out.WriteRune(bars[min(len(bars)-1, int(o.sum/o.n/most*float64(len(bars))))])
	}
	return out.String()
}
