package salesforce

import (
	"net/http"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// Limits of a composite graph request (REST API Developer Guide, "Composite Graph Limits").
const (
	mostGraphs       = 75
	mostNodes        = 500
	deepestGraph     = 15
	mostKinds        = 15
	mostFailedGraphs = 14
)

// graphIn is one graph of a request.
type graphIn struct {
	ID    string  `json:"graphId"`
	Nodes []*node `json:"compositeRequest"`
}

// graphOut is its answer.
type graphOut struct {
	ID         string         `json:"graphId"`
	Response   map[string]any `json:"graphResponse"`
	Successful bool           `json:"isSuccessful"`
}

// graphs runs up to 75 graphs, each of them whole or not at all; after 14 failures the rest is not tried.
func (c *call) graphs(tx *org.Tx, r *request) reply {
	var in struct {
		Graphs []graphIn `json:"graphs"`
	}
	if err := r.into(&in); err != nil {
		return failed(err)
	}
	if err := checkGraphs(in.Graphs); err != nil {
		return failed(err)
	}
	out := make([]graphOut, len(in.Graphs))
	failures := 0
	for i, g := range in.Graphs[:c.share(len(in.Graphs))] {
		if failures >= mostFailedGraphs {
			out[i] = refusedGraph(g, "PROCESSING_HALTED", "The graph wasn’t processed because the maximum number of failed graphs was reached.")
			continue
		}
		out[i] = c.graph(tx, g)
		if !out[i].Successful {
			failures++
		}
	}
	return reply{status: http.StatusOK, body: map[string]any{"graphs": out}}
}

func checkGraphs(graphs []graphIn) *org.Error {
	if len(graphs) == 0 {
		return org.Refuse(http.StatusBadRequest, "INVALID_INPUT", "graphs must hold at least one graph")
	}
	if len(graphs) > mostGraphs {
		return org.Refuse(http.StatusBadRequest, "LIMIT_EXCEEDED", "The request can’t contain more than %d graphs.", mostGraphs)
	}
	nodes, ids := 0, map[string]bool{}
	for _, g := range graphs {
		if !referenceForm.MatchString(g.ID) {
			return org.Refuse(http.StatusBadRequest, "INVALID_INPUT",
				"Provided graphId ('%s') must start with a letter or a number, and it can contain only letters, numbers and underscores ('_').", g.ID)
		}
		if ids[g.ID] {
			return org.Refuse(http.StatusBadRequest, "INVALID_INPUT", "Duplicate graphId provided: %s", g.ID)
		}
		ids[g.ID] = true
		nodes += len(g.Nodes)
	}
	if nodes > mostNodes {
		return org.Refuse(http.StatusBadRequest, "LIMIT_EXCEEDED", "The request can’t contain more than %d nodes.", mostNodes)
	}
	return nil
}

// refusedGraph is a graph of which nothing was tried.
func refusedGraph(g graphIn, code, message string) graphOut {
	list := make([]answered, len(g.Nodes))
	for i, n := range g.Nodes {
		list[i] = answerOf(n, failed(org.Refuse(http.StatusBadRequest, code, "%s", message)))
	}
	return graphOut{ID: g.ID, Response: compositeAnswer(list)}
}

func (c *call) graph(tx *org.Tx, g graphIn) graphOut {
	for _, n := range g.Nodes {
		if n == nil {
			return graphOut{ID: g.ID, Response: compositeAnswer([]answered{})}
		}
	}
	reqs, err := c.prepare(g.Nodes)
	if err == nil {
		err = graphForm(reqs)
	}
	var order []int
	if err == nil {
		order, err = topological(g.Nodes)
	}
	if err != nil {
		return refusedGraph(g, err.Code, err.Message)
	}
	replies := make([]reply, len(reqs))
	refused := tx.Try(func() *org.Error {
		refs := references{}
		for _, i := range order {
			if replies[i] = c.subrequest(tx, g.Nodes[i], reqs[i], refs); !replies[i].ok() {
				haltOthers(replies, i)
				return notFound() // any error undoes the others
			}
		}
		return nil
	})
	out := make([]answered, len(replies))
	for i, n := range g.Nodes {
		out[i] = answerOf(n, replies[i])
	}
	return graphOut{ID: g.ID, Response: compositeAnswer(out), Successful: refused == nil}
}

// graphForm: only records, of at most 15 kinds.
func graphForm(reqs []*request) *org.Error {
	kinds := map[string]bool{}
	for _, r := range reqs {
		n := len(r.path)
		if r.path[0] != "sobjects" || n < 2 || n > 4 || n == 3 && r.path[2] == "describe" || n == 2 && r.method != http.MethodPost {
			return org.Refuse(http.StatusBadRequest, "INVALID_INPUT", "The url /%s isn’t supported in a composite graph.", strings.Join(r.path, "/"))
		}
		kinds[kindOf(r)] = true
	}
	if len(kinds) > mostKinds {
		return org.Refuse(http.StatusBadRequest, "LIMIT_EXCEEDED", "The graph can’t contain more than %d different nodes.", mostKinds)
	}
	return nil
}

// topological is an order in which every node comes after those it refers to; given order where that is free. A circle or too
// deep a chain is refused.
func topological(nodes []*node) ([]int, *org.Error) {
	waits := dependencies(nodes)
	depth := make([]int, len(nodes))
	var order []int
	for len(order) < len(nodes) {
		before := len(order)
		for i := range nodes {
			if depth[i] > 0 {
				continue
			}
			d, ready := 1, true
			for _, w := range waits[i] {
				if w >= 0 {
					ready = ready && depth[w] > 0
					d = max(d, depth[w]+1)
				}
			}
			if ready {
				depth[i] = d
				order = append(order, i)
			}
			if ready && d > deepestGraph {
				return nil, org.Refuse(http.StatusBadRequest, "LIMIT_EXCEEDED", "The depth of the graph can’t exceed %d.", deepestGraph)
			}
		}
		if len(order) == before {
			return nil, org.Refuse(http.StatusBadRequest, "INVALID_INPUT", "The graph contains a circular reference.")
		}
	}
	return order, nil
}
