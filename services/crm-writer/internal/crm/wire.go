package crm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// wirePlan is a plan as it travels in the event's Writes__c. Whoever applies it there looks the records up by
// the match, makes what is not found (unless create is false), holds the revision and what people have changed
// against it, and knows which of an object's fields can be written when; so rules of the plan that only save
// the direct writer a request or stand in for a missing package stay at home.
type wirePlan struct {
	V        int         `json:"v"`
	Call     string      `json:"call"`
	Revision string      `json:"revision"`
	Writes   []wireWrite `json:"writes"`
}

type wireWrite struct {
	Ref    string `json:"ref"`
	Object string `json:"object"`
	Match  Match  `json:"match"`
	// Create is false for a write that makes nothing: without a match it and references to it are left out.
	Create   *bool          `json:"create,omitempty"`
	Revision string         `json:"revision"`
	Scope    Scope          `json:"revision_scope"`
	Fields   map[string]any `json:"fields"`
}

func (p *Plan) wire() wirePlan {
	out := wirePlan{V: 1, Call: p.Call.ID, Revision: CallRevision(p.Revision), Writes: make([]wireWrite, len(p.Writes))}
	for i, w := range p.Writes {
		out.Writes[i] = wireWrite{
			Ref: w.Ref, Object: w.Object, Match: w.Match, Revision: w.Revision, Scope: w.Scope, Fields: w.Fields,
		}
		if (w.key() == Key{}) && w.Match.ID == "" {
			never := false
			out.Writes[i].Create = &never
		}
		if w.Fields == nil {
			out.Writes[i].Fields = map[string]any{}
		}
	}
	return out
}

// ErrTooLong says that a plan does not fit an event even with its texts cut.
var ErrTooLong = errors.New("the plan does not fit the event's field; shorten the mapping")

// JSON is the plan for the event bus, at most limit characters as Salesforce counts them (UTF-16 units).
// A plan that is longer has its longest text fields cut, the longest first, since each stands in full in the
// call's file; ErrTooLong if that is not enough. The file never travels: a raw transcript stays off the bus.
func (p *Plan) JSON(limit int) (string, error) {
	w := p.wire()
	text, err := encode(w)
	if err != nil {
		return "", err
	}
	for range 8 { // each round cuts one field; escapes may need a second look
		over := length(text) - limit
		if over <= 0 {
			return text, nil
		}
		if w.Writes = cutLongest(w.Writes, over); w.Writes == nil {
			return "", ErrTooLong
		}
		if text, err = encode(w); err != nil {
			return "", err
		}
	}
	return "", ErrTooLong
}

func encode(w wirePlan) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the reader is Apex, not a browser, and escapes count against the limit
	if err := e.Encode(w); err != nil {
		return "", fmt.Errorf("encoding the plan: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// minCut is the shortest text worth cutting: below it a field is a label, not a text.
const minCut = 1024

// cutLongest returns a copy of writes in which the longest text is shorter by at least over characters; nil
// if no text is long enough to help.
func cutLongest(writes []wireWrite, over int) []wireWrite {
	at, field, longest := -1, "", ""
	for i, w := range writes {
		for name, v := range w.Fields {
			s, ok := v.(string)
			// Ties go to the first name, so that the same plan is always cut the same way.
			if ok && (len(s) > len(longest) || len(s) == len(longest) && at == i && name < field) {
				at, field, longest = i, name, s
			}
		}
	}
	if at < 0 || length(longest) < minCut {
		return nil
	}
	out := slices.Clone(writes)
	fields := maps.Clone(out[at].Fields)
	fields[field] = Cut(longest, max(length(longest)-over-1, minCut/2))
	out[at].Fields = fields
	return out
}
