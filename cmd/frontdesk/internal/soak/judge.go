package soak

import (
	"fmt"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/realparts"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

// Check is one thing that must hold.
type Check struct {
	What  string `json:"what"`
	Found string `json:"found"`
	Must  string `json:"must"`
	Holds bool   `json:"holds"`
}

// Flat: the median of the last quarter is at most that of the second, by so much more, and a little besides where there is little. The
// first quarter is left out: connections, pools and caches fill in it. What a run of an hour can hold in between is bounded by what is
// under way: a call's state leaves memory some time after its end, claims for a day stand in Redis.
const (
	flat           = 1.10
	looseMemory    = 4 * mb
	looseRoutines  = 10
	looseFiles     = 5
	looseMessages  = 1.0 // seconds of what comes in
	behindAtMost   = 30  // the same, at any time outside of the stall
	fullerInStall  = 1.25
	looseInStall   = 32 * mb
	samplesAtLeast = 5
)

// Passed tells whether everything holds.
func (r *Report) Passed() bool {
	if r.Error != "" || len(r.Checks) == 0 {
		return false
	}
	for _, c := range r.Checks {
		if !c.Holds {
			return false
		}
	}
	return true
}

// judge measures, and holds what was found against what must be.
func (r *Report) judge() {
	r.measure()
	r.judgeCalls()
	r.judgeGrowth()
	r.judgeBacklogs()
	if r.Stall.For > 0 {
		r.judgeStall()
	}
}

func (r *Report) check(holds bool, what, must, found string, args ...any) {
	r.Checks = append(r.Checks, Check{what, fmt.Sprintf(found, args...), must, holds})
}

func (r *Report) judgeCalls() {
	v, l := r.Verdict, r.Load
	r.check(l.Calls.Completed > 0 && v.Calls == l.Calls.Completed, "completed calls that the carrier lists", "those that it played", "%d of %d", v.Calls, l.Calls.Completed)
	r.check(len(v.Lost) == 0, "calls without their records", "0", "%d%s", len(v.Lost), examples(len(v.Lost), func(i int) string { return v.Lost[i].Call + ": " + v.Lost[i].What }))
	r.check(len(v.Doubled) == 0, "records, files or events that are there twice", "0", "%d%s", len(v.Doubled),
		examples(len(v.Doubled), func(i int) string { return v.Doubled[i].Call + ": " + v.Doubled[i].What }))
	r.check(len(v.OutOfOrder) == 0, "records that went back to a lower revision", "0", "%d%s", len(v.OutOfOrder),
		examples(len(v.OutOfOrder), func(i int) string { return v.OutOfOrder[i].Call + ": " + v.OutOfOrder[i].What }))
	r.check(r.DeadLetters == 0, "dead letters", "0", "%d", r.DeadLetters)
	refused := l.Webhooks.Refused + l.Webhooks.Failed + l.Calls.Failed + l.Calls.Fallbacks + l.Calls.Aborted
	r.check(refused == 0, "webhooks and calls that were refused or failed", "0", "%d", refused)
	r.check(l.Webhooks.Doubled > 0, "webhooks that were delivered twice", "some", "%d of %d", l.Webhooks.Doubled, l.Webhooks.Sent)
	r.check(r.left() == 0 && r.Drained <= seconds(drainsWithin), "messages left, parked ones included", fmt.Sprintf("0 within %v of the last call", seconds(drainsWithin)),
		"%.0f after %v", r.left(), r.Drained)
}

// examples are the first few of a list.
func examples(n int, at func(int) string) string {
	var list []string
	for i := range min(n, 3) {
		list = append(list, at(i))
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, "; ") + ")"
}

// judgeGrowth holds the last quarter against the second, process by process, and tells of the worst.
func (r *Report) judgeGrowth() {
	for _, p := range r.Processes {
		seen := [5]int{}
		for _, s := range p.Samples {
			for n := 1; n <= 4; n++ {
				if r.quarter(n, s.At) {
					seen[n]++
				}
			}
		}
		if seen[2] < samplesAtLeast || seen[4] < samplesAtLeast {
			r.check(false, p.Name+": samples of the second and the last quarter", fmt.Sprintf("%d each at least", samplesAtLeast), "%d and %d", seen[2], seen[4])
			return
		}
	}
	for _, m := range []struct {
		what  string
		of    func(Held) float64
		loose float64
		unit  string
		per   float64
	}{
		{"resident memory", func(h Held) float64 { return h.Resident }, looseMemory, " MB", mb},
		{"live heap", func(h Held) float64 { return h.Live }, looseMemory, " MB", mb},
		{"goroutines", func(h Held) float64 { return h.Goroutines }, looseRoutines, "", 1},
		{"open files", func(h Held) float64 { return h.Files }, looseFiles, "", 1},
	} {
		holds, worst, ratio := true, "", 0.0
		for _, p := range r.Processes {
			second, last := m.of(p.Second), m.of(p.Last)
			if grows := last > flat*second+m.loose; grows {
				holds = false
			}
			if by := last / max(second, 1); by > ratio {
				ratio, worst = by, fmt.Sprintf("%+.0f %%: %s, %.0f → %.0f%s", 100*(by-1), p.Name, second/m.per, last/m.per, m.unit)
			}
		}
		r.check(holds, "most growth of "+m.what+", second to last quarter", fmt.Sprintf("≤ %.0f %% and %.0f%s", 100*(flat-1), m.loose/m.per, m.unit), "%s", worst)
	}
}

// judgeBacklogs: lag is flat, and outside of the stall no more than what comes in within a while.
func (r *Report) judgeBacklogs() {
	for _, b := range r.Backlogs {
		if b.Rate == 0 {
			continue // a retry topic: what is parked is judged with the stall and at the end
		}
		grows := b.Last > flat*b.Second+looseMessages*b.Rate
		r.check(!grows && b.Most <= behindAtMost*b.Rate, "lag of "+b.Name,
			fmt.Sprintf("flat, ≤ %d s of what comes in", behindAtMost), "%.0f → %.0f, at most %.0f (%.1f s)", b.Second, b.Last, b.Most, b.Most/b.Rate)
	}
}

func (r *Report) judgeStall() {
	s := r.Stall
	window := float64(realparts.Replicas * crmwriter.Defaults().Consume.MaxProcess)
	r.check(s.Owed > 0, "stall: calls ended and not written at its end", "some", "%d; %.0f messages behind", s.Owed, s.Behind)
	r.check(s.Taken <= window, "stall: messages taken and not complete", fmt.Sprintf("≤ %.0f, the windows", window), "%.0f", s.Taken)
	r.check(s.Parked > 0 || s.Pauses > 0, "stall: backpressure", "calls parked, or fetches paused", "%.0f parked, %.0f fetches paused, %.0f breakers open", s.Parked, s.Pauses, s.Broken)
	r.check(s.Resident <= fullerInStall*s.Before+looseInStall, "stall: memory of a crm-writer", fmt.Sprintf("≤ %.0f %% and %d MB more than before", 100*(fullerInStall-1), looseInStall/mb),
		"%.0f → %.0f MB", s.Before/mb, s.Resident/mb)
	r.check(s.Over != 0 && time.Duration(s.Written) <= writtenWithin, "stall: all of them written after it", fmt.Sprintf("≤ %v", seconds(writtenWithin)), "%v", s.Written)
}
