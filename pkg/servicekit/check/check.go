// Package check is what `frontdesk check` is made of: a finding that says what is so and what to do about it, and a
// runner that asks several dependencies at once and tells of them in a stable order.
//
// Whoever makes findings keeps to three rules. What and Do are whole sentences for an engineer who knows the platform and not
// the code. They hold no secret and no personal data. And nothing is written, started or bought to find out.
package check

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Level says how bad a finding is.
type Level string

// The levels.
const (
	// OK: it was asked, and is as it should be.
	OK Level = "ok"
	// Note is worth knowing and asks for nothing.
	Note Level = "note"
	// Unknown could not be asked, say for want of a right; it may be well.
	Unknown Level = "unknown"
	// Warning: calls go through, and something is lost or will fail.
	Warning Level = "warning"
	// Fault: calls fail, or their data goes where it must not.
	Fault Level = "fault"
)

// Levels in the order of their weight, the lightest first.
func Levels() []Level { return []Level{OK, Note, Unknown, Warning, Fault} }

// Worse tells whether l weighs more than other.
func (l Level) Worse(other Level) bool {
	return slices.Index(Levels(), l) > slices.Index(Levels(), other)
}

// Finding is one thing that was looked at.
type Finding struct {
	// Code is stable, for machines: the part, a dot and words with underscores, as "kafka.topic_missing".
	Code string `json:"code"`
	// Part that it is about: "config", "kafka" and so on. The runner fills it in.
	Part string `json:"part"`
	// Tenant whose dependency it is; empty for all. The runner fills it in.
	Tenant string `json:"tenant,omitempty"`
	// Subject is the thing: a topic, a field, a number's last digits, a service.
	Subject string `json:"subject,omitempty"`
	Level   Level  `json:"level"`
	// What is so.
	What string `json:"what"`
	// Do is what to do; empty where nothing need be done.
	Do string `json:"do,omitempty"`
}

// Check asks one dependency.
type Check struct {
	// Part and Tenant stand in its findings where these have none.
	Part, Tenant string
	// Name is what is being asked, for people who wait: "acme's Salesforce"; empty for what takes no time.
	Name string
	// Run asks, and returns what it found; nothing where there is nothing to say. It ends soon after ctx has.
	Run func(ctx context.Context) []Finding
}

// Options of a run.
type Options struct {
	// Parallel is how many checks run at once; default 8.
	Parallel int
	// Timeout of one check; default 20 s.
	Timeout time.Duration
	// Begun is told of each check that begins, one at a time; nil for nobody.
	Begun func(Check)
}

// Run runs checks and returns their findings in the order of the checks, whichever ends first, each once. A check that has not ended in time
// is a finding of its own. When ctx ends, what has not begun is left out.
func Run(ctx context.Context, checks []Check, o Options) []Finding {
	if o.Parallel <= 0 {
		o.Parallel = 8
	}
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	found := make([][]Finding, len(checks))
	slots := make(chan struct{}, o.Parallel)
	var (
		wg   sync.WaitGroup
		told sync.Mutex
	)
	for i, c := range checks {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if o.Begun != nil {
				told.Lock()
				o.Begun(c)
				told.Unlock()
			}
			found[i] = c.run(ctx, o.Timeout)
		})
	}
	wg.Wait()
	return once(slices.Concat(found...))
}

// once leaves out what was found before, word for word: two questions to one dependency that is away have one answer.
func once(found []Finding) []Finding {
	told := map[Finding]bool{}
	return slices.DeleteFunc(found, func(f Finding) bool {
		before := told[f]
		told[f] = true
		return before
	})
}

func (c Check) run(parent context.Context, timeout time.Duration) []Finding {
	ctx, cancel := context.WithTimeout(parent, timeout)
	defer cancel()
	found := c.Run(ctx)
	if ctx.Err() != nil && parent.Err() == nil && !slices.ContainsFunc(found, func(f Finding) bool { return f.Level == Fault }) {
		found = append(found, Finding{
			Code: c.Part + ".timeout", Level: Fault, Subject: c.Name,
			What: fmt.Sprintf("%s was not checked to the end within %s.", c.Name, timeout),
			Do:   "See whether it is slow, or whether a firewall drops packets on the way; a longer --timeout waits for it.",
		})
	}
	for i := range found {
		if found[i].Part == "" {
			found[i].Part = c.Part
		}
		if found[i].Tenant == "" {
			found[i].Tenant = c.Tenant
		}
	}
	return found
}

// Worst is the heaviest level among findings; OK if there are none.
func Worst(found []Finding) Level {
	worst := OK
	for _, f := range found {
		if f.Level.Worse(worst) {
			worst = f.Level
		}
	}
	return worst
}

// Known is the Run of a check that has nothing to ask: what it finds is known already.
func Known(found ...Finding) func(context.Context) []Finding {
	return func(context.Context) []Finding { return slices.Clone(found) }
}

// Okay is a finding without fault.
func Okay(code, subject, format string, args ...any) Finding {
	return Finding{Code: code, Level: OK, Subject: subject, What: fmt.Sprintf(format, args...)}
}
