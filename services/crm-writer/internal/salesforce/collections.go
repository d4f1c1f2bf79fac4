package salesforce

import (
	"context"
	"fmt"
	"maps"
	"net/http"
)

// MaxCollection is how many records one collection request takes.
const MaxCollection = 200

// CollectionRecord is one record of a collection.
type CollectionRecord struct {
	Object string
	Fields Fields
}

func (r CollectionRecord) wire() Fields {
	out := maps.Clone(r.Fields)
	if out == nil {
		out = Fields{}
	}
	out["attributes"] = map[string]string{"type": r.Object}
	return out
}

// CollectionResult is what became of one record.
type CollectionResult struct {
	Saved Saved
	// Err is the classified error of a record that was refused.
	Err error
}

// CreateAll inserts up to 200 records, each for itself: one that is refused takes no other along.
func (c *Client) CreateAll(ctx context.Context, records []CollectionRecord) ([]CollectionResult, error) {
	return c.collection(ctx, http.MethodPost, c.Path("/composite/sobjects"), records)
}

// UpsertAll makes or changes up to 200 records of one object by an external id, which stands among their
// fields here.
func (c *Client) UpsertAll(ctx context.Context, object, field string, records []Fields) ([]CollectionResult, error) {
	of := make([]CollectionRecord, len(records))
	for i, r := range records {
		of[i] = CollectionRecord{Object: object, Fields: r}
	}
	return c.collection(ctx, http.MethodPatch, c.Path("/composite/sobjects/"+object+"/"+field), of)
}

func (c *Client) collection(ctx context.Context, method, path string, records []CollectionRecord) ([]CollectionResult, error) {
	if len(records) > MaxCollection {
		return nil, fmt.Errorf("collection of %d records: %w", len(records), ErrTooMany)
	}
	body := struct {
		AllOrNone bool     `json:"allOrNone"`
		Records   []Fields `json:"records"`
	}{Records: make([]Fields, len(records))}
	for i, r := range records {
		body.Records[i] = r.wire()
	}
	var out []Saved
	err := c.do(ctx, call{operation: "collection", method: method, path: path, body: body, header: duplicateHeader()}, &out)
	if err != nil {
		return nil, err
	}
	if len(out) != len(records) {
		return nil, c.odd("collection", fmt.Errorf("%d results for %d records", len(out), len(records)))
	}
	results := make([]CollectionResult, len(out))
	for i, s := range out {
		results[i].Saved = s
		if !s.Success {
			results[i].Err = c.failed(s.Errors)
		}
	}
	return results, nil
}

// failed is the classified error of a collection's entry.
func (c *Client) failed(list []wireError) error {
	e := culprit(list)
	if e == nil {
		e = &Error{Code: "UNKNOWN_EXCEPTION"}
	}
	e.Operation, e.Status = "collection", http.StatusBadRequest
	return c.classified(e)
}
