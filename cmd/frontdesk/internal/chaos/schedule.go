package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Planned is one fault of a schedule: when it begins, counted from the schedule's beginning, and how long it lasts.
type Planned struct {
	Fault Fault
	At    time.Duration
	Hold  time.Duration
}

// String is a line of a plan.
func (p Planned) String() string {
	return fmt.Sprintf("%.1f s: %s, %.1f s", p.At.Seconds(), p.Fault.Name(), p.Hold.Seconds())
}

// Schedule draws count faults from a seed: the same seed and faults give the same schedule. Each is there once before any is there
// twice. One begins a few seconds after another whether that is over or not, but never while another of its part is under way.
func Schedule(seed uint64, faults []Fault, count int) []Planned {
	draw := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // repeatable on purpose
	free := map[string]time.Duration{}     // when a part is whole again
	var all []Planned
	var left []Fault
	at := time.Duration(0)
	for range count {
		if len(left) == 0 {
			left = slices.Clone(faults)
		}
		i := draw.IntN(len(left))
		f := left[i]
		left = slices.Delete(left, i, i+1)
		at += time.Duration(draw.IntN(8000)+1000) * time.Millisecond
		hold := f.Costs().Hold
		hold = hold/2 + time.Duration(draw.Int64N(int64(hold)+1))
		begins := max(at, free[f.Part()])
		all = append(all, Planned{f, begins, hold})
		free[f.Part()] = begins + hold + recovers
	}
	slices.SortStableFunc(all, func(a, b Planned) int { return int(a.At - b.At) })
	return all
}

// recovers is how long a part is left alone after a fault of it: it needs that to be back at all.
const recovers = 15 * time.Second
