package dlq

import (
	"cmp"
	"slices"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

// Cause is why messages were given up: what they have in common.
type Cause struct {
	// Service is the consumer group that gave up.
	Service string `json:"service"`
	// Class is "permanent", or "retryable" if the retries are spent.
	Class string `json:"class"`
	Code  string `json:"code"`
	// Field and Dependency that it is about, or "".
	Field      string `json:"field"`
	Dependency string `json:"dependency"`
}

// CauseOf is the cause of a letter.
func CauseOf(l *Letter) Cause {
	return Cause{Service: l.Group, Class: l.Class, Code: l.Code, Field: l.Field, Dependency: l.Dependency}
}

// Group is the dead letters of one cause.
type Group struct {
	Cause
	// Count of them; Open of them nobody has done anything about.
	Count int `json:"count"`
	Open  int `json:"open"`
	// Tenants that they are of, sorted; one that is not known is "".
	Tenants []string `json:"tenants"`
	// First and Last are when the first and the last were given up.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// RedrivenBefore of them had been sent back before, and failed again.
	RedrivenBefore int `json:"redriven_before"`
	// Example is the newest, an open one if there is any.
	Example deadletter.ID `json:"example"`
	// Advice is what to do next.
	Advice string `json:"advice"`
}

// Causes groups letters: those of which most are open first.
func Causes(letters []*Letter) []Group {
	groups := map[Cause]*Group{}
	example := map[Cause]*Letter{}
	for _, l := range letters {
		c := CauseOf(l)
		g := groups[c]
		if g == nil {
			g = &Group{Cause: c, First: l.At, Last: l.At, Advice: Advice(c)}
			groups[c] = g
		}
		g.Count++
		if l.State == Open {
			g.Open++
		}
		if l.Redrives > 0 {
			g.RedrivenBefore++
		}
		if l.At.Before(g.First) {
			g.First = l.At
		}
		if l.At.After(g.Last) {
			g.Last = l.At
		}
		if !slices.Contains(g.Tenants, l.Tenant) {
			g.Tenants = append(g.Tenants, l.Tenant)
		}
		if e := example[c]; e == nil || (e.State != Open || l.State == Open) && !l.At.Before(e.At) || e.State != Open && l.State == Open {
			example[c] = l
		}
	}
	out := make([]Group, 0, len(groups))
	for c, g := range groups {
		slices.Sort(g.Tenants)
		g.Example = example[c].ID
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Open, a.Open), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Field, b.Field), cmp.Compare(a.Dependency, b.Dependency), cmp.Compare(a.Class, b.Class))
	})
	return out
}
