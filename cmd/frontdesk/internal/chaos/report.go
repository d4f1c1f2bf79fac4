package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/witness"
)

// Round is one fault, or one schedule of them, and what became of the calls of its time.
type Round struct {
	Night string `json:"night"`
	Name  string `json:"name"`
	// Seed of a schedule, and what was done, as drawn.
	Seed uint64   `json:"seed,omitempty"`
	Plan []string `json:"plan,omitempty"`
	// Faults that were injected, with so many calls under way.
	Faults   int `json:"faults"`
	UnderWay int `json:"under_way"`
	// Healed is how long the fault was there, a new start included.
	Healed seconds `json:"healed_after_s"`
	// Stalls are the longest times without progress by stage, Recovered the longest of them, Bound what it may be; 0 is no bound.
	Stalls    map[string]seconds `json:"without_progress_s"`
	Recovered seconds            `json:"recovered_after_s"`
	Bound     seconds            `json:"bound_s"`
	// Waited says where each was: partition, time, and a call that waited.
	Waited map[string]string `json:"waited"`
	Tally
	// Violations in words, and where the logs are.
	Violations []string `json:"violations"`
	Dir        string   `json:"dir"`

	gap     time.Duration
	expects []string
	silent  bool
	last    bool
	// patience beyond the usual.
	patience time.Duration
}

// stalls measures the stages from one time to another.
func (r *Round) stalls(t *timeline, from, to time.Time) {
	r.Stalls, r.Waited = map[string]seconds{}, map[string]string{}
	for _, s := range stages {
		longest, where := t.stall(s, from, to)
		r.Stalls[s], r.Waited[s] = seconds(longest), where
		r.Recovered = max(r.Recovered, r.Stalls[s])
	}
}

func (r *Round) stallText() string {
	var parts []string
	for _, s := range stages {
		parts = append(parts, fmt.Sprintf("%s %v", s, r.Stalls[s]))
	}
	text := strings.Join(parts, ", ")
	if r.Bound > 0 {
		text += fmt.Sprintf(" (bound %v)", r.Bound)
	}
	return text
}

// verdict lists what must not be.
func (r *Round) verdict() {
	r.Violations = []string{}
	bad := func(format string, args ...any) { r.Violations = append(r.Violations, fmt.Sprintf(format, args...)) }
	for what, list := range map[string][]witness.Fault{"lost": r.Lost, "doubled": r.Doubled, "out of order": r.OutOfOrder, "otherwise": r.Otherwise, "words": r.Wordless} {
		for _, f := range list {
			bad("%s: call %s: %s", what, f.Call, f.What)
		}
	}
	for _, d := range r.DeadLetters {
		if !slices.ContainsFunc(r.expects, func(code string) bool { return strings.Contains(d, code) }) {
			bad("dead letter: %s", d)
		}
	}
	if r.Unstreamed > 0 && !r.silent {
		bad("%d calls went on without a stream", r.Unstreamed)
	}
	if r.Reconciled.Missing {
		bad("reconciliation: %s", r.Reconciled.Text)
	}
	if r.LongestGap > seconds(r.gap) {
		bad("a gap of %v is declared, and at most %v may be: call %s, %s", r.LongestGap, seconds(r.gap), r.Gap.Call, r.Gap.What)
	}
	if r.Bound > 0 && r.Recovered > r.Bound {
		for _, s := range stages {
			if r.Stalls[s] > r.Bound {
				bad("without progress for %v: %s, %s", r.Stalls[s], s, r.Waited[s])
			}
		}
	}
	slices.Sort(r.Violations)
}

// Report is a whole run.
type Report struct {
	AtOnce  int      `json:"calls_at_once"`
	Seeds   []uint64 `json:"seeds"`
	Seconds seconds  `json:"seconds"`
	Rounds  []Round  `json:"rounds"`
	Total   Round    `json:"total"`
	// Error is why the run is not whole; empty if it is.
	Error string `json:"error,omitempty"`
}

func (r *Report) add(row Round) {
	r.Rounds = append(r.Rounds, row)
	t := &r.Total
	t.Name = "all"
	t.Faults += row.Faults
	t.Calls, t.Untold, t.Unstreamed = t.Calls+row.Calls, t.Untold+row.Untold, t.Unstreamed+row.Unstreamed
	t.Lost, t.Doubled, t.OutOfOrder = append(t.Lost, row.Lost...), append(t.Doubled, row.Doubled...), append(t.OutOfOrder, row.OutOfOrder...)
	t.Otherwise, t.Wordless, t.DeadLetters = append(t.Otherwise, row.Otherwise...), append(t.Wordless, row.Wordless...), append(t.DeadLetters, row.DeadLetters...)
	t.Unfound = append(t.Unfound, row.Unfound...)
	t.Repeats, t.WordsMissing, t.WordsDoubled = t.Repeats+row.Repeats, t.WordsMissing+row.WordsMissing, t.WordsDoubled+row.WordsDoubled
	if row.LongestGap > t.LongestGap {
		t.LongestGap, t.Gap = row.LongestGap, row.Gap
	}
	t.SlowestCall = max(t.SlowestCall, row.SlowestCall)
	t.Violations = append(t.Violations, row.Violations...)
}

// Passed tells whether nothing is wrong.
func (r *Report) Passed() bool { return r.Error == "" && len(r.Total.Violations) == 0 }

// Table is the report in Markdown, in words that hold on any machine.
func (r *Report) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d faults, %d calls, at least %d of them at once; seeds %s.\n\n", r.Total.Faults, r.Total.Calls, r.AtOnce, join(r.Seeds))
	fmt.Fprintln(&b, "| fault | calls | lost | for reconciliation | doubled | repeats | out of order | dead letters | without a stream | words missing | longest gap | without progress | bound |")
	fmt.Fprintln(&b, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, row := range append(slices.Clone(r.Rounds), r.Total) {
		name, bound, stall := row.Name, "", row.Recovered.String()
		if row.Seed != 0 {
			name = fmt.Sprintf("%d faults, seed %d", row.Faults, row.Seed)
		}
		if row.Bound > 0 {
			bound = fmt.Sprintf("≤ %.0f s", time.Duration(row.Bound).Seconds())
		}
		if len(row.Stalls) == 0 {
			stall = ""
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %v | %s | %s |\n", name, row.Calls, len(row.Lost), len(row.Unfound), len(row.Doubled), row.Repeats,
			len(row.OutOfOrder), len(row.DeadLetters), row.Unstreamed, row.WordsMissing, row.LongestGap, stall, bound)
	}
	return b.String()
}

func join(seeds []uint64) string {
	out := make([]string, len(seeds))
	for i, s := range seeds {
		out[i] = fmt.Sprint(s)
	}
	return strings.Join(out, ", ")
}
