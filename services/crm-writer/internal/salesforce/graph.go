package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// Limits of one Composite Graph request ("Composite Graph Limits", REST API Developer Guide).
const (
	MaxGraphs = 75
	MaxNodes  = 500
	MaxDepth  = 15
)

// Graph is a group of creates, updates and upserts that are done all or not at all. A later node refers to an
// earlier one's record by Ref.
type Graph struct {
	ID    string       `json:"graphId"`
	Nodes []Subrequest `json:"compositeRequest"`
}

// Ref stands for the id of a node's record in the fields of a later node. Only nodes that create or upsert
// have one: an update by id answers without a body.
func Ref(referenceID string) string { return "@{" + referenceID + ".id}" }

// GraphResult is what became of one graph.
type GraphResult struct {
	ID string
	// Answers by node, in order; after a success.
	Answers []Answer
	// Err is the classified error of the node that failed: the real culprit, not one of the nodes that were
	// taken back with it. Nil after a success.
	Err error
	// Unprocessed graphs were not looked at, since the server gave up after too many failures of others:
	// they may be sent again at once.
	Unprocessed bool
	// Failed is the referenceId of the node that Err is about; "" if unknown.
	Failed string
}

// SplitGraphs puts graphs into as few requests as their limits allow, in order. A graph over the limits is alone in its
// request.
func SplitGraphs(graphs []Graph) [][]Graph {
	var parts [][]Graph
	for len(graphs) > 0 {
		n := chunk(graphs)
		parts, graphs = append(parts, graphs[:n]), graphs[n:]
	}
	return parts
}

// chunk is how many of graphs fit one request; at least one.
func chunk(graphs []Graph) int {
	nodes := 0
	for i, g := range graphs {
		if nodes += len(g.Nodes); i > 0 && (i == MaxGraphs || nodes > MaxNodes) {
			return i
		}
	}
	return len(graphs)
}

// Graphs sends graphs in one request and returns a result for each, in order. An error of the request is the error of
// all of them; whoever has more than fit one splits them ([SplitGraphs]).
func (c *Client) Graphs(ctx context.Context, graphs []Graph) []GraphResult {
	results := make([]GraphResult, len(graphs))
	for i, g := range graphs {
		results[i].ID = g.ID
	}
	fail := func(err error) []GraphResult {
		for i := range results {
			results[i].Err = err
		}
		return results
	}
	if n := chunk(graphs); n < len(graphs) || len(graphs) == 1 && len(graphs[0].Nodes) > MaxNodes {
		return fail(fmt.Errorf("%d graphs, the first of %d nodes: %w", len(graphs), len(graphs[0].Nodes), ErrTooMany))
	}
	var out struct {
		Graphs []struct {
			GraphID       string `json:"graphId"`
			IsSuccessful  bool   `json:"isSuccessful"`
			GraphResponse struct {
				CompositeResponse []Answer `json:"compositeResponse"`
			} `json:"graphResponse"`
		} `json:"graphs"`
	}
	err := c.do(ctx, call{
		operation: "graph", method: http.MethodPost, path: c.Path("/composite/graph"),
		body: map[string]any{"graphs": graphs}, header: duplicateHeader(),
	}, &out)
	if err != nil {
		return fail(err)
	}
	for i := range results {
		at := slices.IndexFunc(graphs, func(g Graph) bool { return i < len(out.Graphs) && g.ID == out.Graphs[i].GraphID })
		if at < 0 {
			continue // not answered: treated as unprocessed below
		}
		g := out.Graphs[i]
		results[at].Answers = g.GraphResponse.CompositeResponse
		if !g.IsSuccessful {
			c.blame(&results[at])
		}
	}
	for i := range results {
		if results[i].Err == nil && results[i].Answers == nil {
			results[i].Unprocessed = true
			results[i].Err = c.classified(&Error{Operation: "graph", Status: http.StatusBadRequest, Code: CodeProcessingHalted})
		}
	}
	return results
}

// blame finds the node that made the graph fail.
func (c *Client) blame(r *GraphResult) {
	for _, a := range r.Answers {
		if !a.Failed() {
			continue
		}
		err := c.Err("graph", a)
		if victim(Code(err)) {
			continue
		}
		r.Err, r.Failed = err, a.ReferenceID
		return
	}
	// Nobody in this graph did anything wrong: it was halted with the rest.
	r.Unprocessed = true
	r.Err = c.classified(&Error{Operation: "graph", Status: http.StatusBadRequest, Code: CodeProcessingHalted})
}
