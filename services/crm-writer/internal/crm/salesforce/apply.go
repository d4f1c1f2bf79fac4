package salesforce

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

// again bounds how often one call is looked up and written anew within a batch, because its world changed
// between the two: somebody else made the record, converted the Lead, deleted it.
const again = 2

// rounds bounds how often a batch is sent at all: a request halts after 14 failed graphs, so a batch of three requests
// in which all graphs fail needs ten.
const rounds = 12

// attempt is one plan on its way through the rounds.
type attempt struct {
	plan *crm.Plan
	// named are records that a duplicate rule has named for a write, by its ref: matched as if by id.
	named map[string]sf.Match
	// tries counts the times that its world had changed.
	tries   int
	outcome crm.Outcome
	done    bool
}

// Apply writes plans: a round looks up what stands for all of them, decides, and sends a graph per plan, in as many
// requests as that takes, at the same time. Only plans whose graph was not looked at, or whose world had changed, go into
// the next round.
func (d *Driver) Apply(ctx context.Context, plans []*crm.Plan) []crm.Outcome {
	all := make([]*attempt, len(plans))
	for i, p := range plans {
		all[i] = &attempt{plan: p, named: map[string]sf.Match{}}
	}
	todo := all
	for range rounds {
		d.round(ctx, todo)
		if todo = unfinished(todo); len(todo) == 0 {
			break
		}
	}
	outcomes := make([]crm.Outcome, len(all))
	for i, a := range all {
		outcomes[i] = a.outcome // of one that is not done, the last error
	}
	return outcomes
}

func unfinished(all []*attempt) []*attempt {
	var out []*attempt
	for _, a := range all {
		if !a.done {
			out = append(out, a)
		}
	}
	return out
}

// round takes every attempt one step further: done, or to be looked at again.
func (d *Driver) round(ctx context.Context, todo []*attempt) {
	ctx = crm.For(ctx, plansOf(todo))
	found, err := d.lookUp(ctx, todo)
	if err != nil {
		d.failed(ctx, todo, err)
		return
	}
	var (
		graphs []sf.Graph
		made   []*resolved
	)
	for i, a := range todo {
		r := d.resolve(a, found)
		if len(r.nodes) == 0 {
			a.finish(r.outcome(nil))
			continue
		}
		graphs, made = append(graphs, sf.Graph{ID: graphID(i), Nodes: r.nodes}), append(made, r)
	}
	// A request that fails takes the calls of no other along.
	var sending sync.WaitGroup
	for _, part := range sf.SplitGraphs(graphs) {
		sent := made[:len(part)]
		made = made[len(part):]
		sending.Go(func() { d.send(ctx, part, sent) })
	}
	sending.Wait()
}

// send sends one request of graphs and takes what became of each.
func (d *Driver) send(ctx context.Context, graphs []sf.Graph, made []*resolved) {
	sent := make([]*attempt, len(made))
	for i, r := range made {
		sent[i] = r.attempt
	}
	ctx = crm.For(ctx, plansOf(sent))
	results := d.client.Graphs(ctx, graphs)
	if whole := wholeFailure(results); whole != nil {
		d.failed(ctx, sent, whole)
		return
	}
	for i, r := range results {
		made[i].take(r)
	}
}

func plansOf(attempts []*attempt) []*crm.Plan {
	plans := make([]*crm.Plan, len(attempts))
	for i, a := range attempts {
		plans[i] = a.plan
	}
	return plans
}

// wholeFailure is the error of a request that failed as such, not in one of its graphs; nil otherwise.
func wholeFailure(results []sf.GraphResult) error {
	for _, r := range results {
		if r.Err == nil || r.Answers != nil || r.Unprocessed {
			return nil
		}
	}
	return results[0].Err
}

// failed ends attempts whose request failed as a whole. Where the request itself was refused for good, one
// of them may have poisoned it for the others: a wrong field or object is the fault of one tenant's mapping,
// so each tenant is tried for itself; anything else may be one call's, so each half is.
func (d *Driver) failed(ctx context.Context, all []*attempt, err error) {
	if retry.IsPermanent(err) {
		if parts := suspects(all, (*attempt).tenant, err); len(parts) > 1 {
			for _, part := range parts {
				d.round(ctx, part)
			}
			return
		}
	}
	for _, a := range all {
		a.finish(crm.Outcome{Err: err, Down: down(err)})
	}
}

// down tells an error of a whole request that says something of the org.
func down(err error) bool {
	return err != nil && !retry.IsPermanent(err) && sf.Code(err) != sf.CodeLockedRow
}

// suspects splits all so that the innocent are tried without the guilty; one part means that there is nothing to
// split.
func suspects[T any](all []T, tenant func(T) string, err error) [][]T {
	switch sf.Code(err) {
	case "INVALID_FIELD", "INVALID_TYPE", "NOT_FOUND", "INSUFFICIENT_ACCESS":
		byTenant := map[string][]T{}
		for _, a := range all {
			byTenant[tenant(a)] = append(byTenant[tenant(a)], a)
		}
		return slices.Collect(maps.Values(byTenant))
	}
	if len(all) < 2 {
		return nil
	}
	return [][]T{all[:len(all)/2], all[len(all)/2:]}
}

func (a *attempt) tenant() string { return a.plan.Call.Tenant }

func (a *attempt) finish(o crm.Outcome) { a.outcome, a.done = o, true }

// take reads what became of a graph.
func (r *resolved) take(g sf.GraphResult) {
	a := r.attempt
	if g.Err == nil {
		a.finish(r.outcome(g.Answers))
		return
	}
	a.outcome = crm.Outcome{Err: g.Err}
	if g.Unprocessed {
		return // not its fault: the next round takes it along
	}
	if a.tries < again && r.changed(g) {
		a.tries++
		return
	}
	a.finish(a.outcome)
}

// changed tells whether the failure says that the world is not as it was looked up, so that looking again
// leads somewhere else.
func (r *resolved) changed(g sf.GraphResult) bool {
	var e *sf.Error
	if !errors.As(g.Err, &e) {
		return false
	}
	switch e.Code {
	case sf.CodeDuplicateValue, sf.CodeConvertedLead:
		return true
	case sf.CodeDuplicatesDetected:
		// The org knows the person by other means than we do: write to the record that it names.
		if len(e.Matches) == 0 || g.Failed == "" || r.named[g.Failed].ID != "" {
			return false
		}
		r.named[g.Failed] = e.Matches[0]
		return true
	case "INVALID_FIELD_FOR_INSERT_UPDATE":
		return !r.updates(g.Failed) // somebody has made it meanwhile, and what only a new record may have can't be changed
	case "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND":
		return r.updates(g.Failed) || r.refers(g.Failed) // somebody deleted what we had found
	}
	return false
}
