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
// the match, makes what is not found, and holds the revision and what people have changed against it. Which
// fields are for new or blank records goes with the write: what we have written ourselves counts as ours there,
// and a default would take the place of a name that an earlier call gave. What the format cannot say, a match
// that makes nothing, is settled before (see [Plan.Settle]).
type wirePlan struct {
	V        int         `json:"v"`
	Call     string      `json:"call"`
	Revision string      `json:"revision"`
	Writes   []wireWrite `json:"writes"`
}

type wireWrite struct {
	Ref      string         `json:"ref"`
	Object   string         `json:"object"`
	Match    Match          `json:"match"`
	Revision string         `json:"revision"`
	Scope    Scope          `json:"revision_scope"`
	Fields   map[string]any `json:"fields"`
	// OnlyNew and OnlyBlank as [Write] has them, of the fields that are left.
	OnlyNew   []string          `json:"only_new,omitempty"`
	OnlyBlank map[string]string `json:"only_blank,omitempty"`
}

func (p *Plan) wire() wirePlan {
	out := wirePlan{V: 1, Call: p.Call.ID, Revision: CallRevision(p.Revision), Writes: make([]wireWrite, len(p.Writes))}
	for i, w := range p.Writes {
		out.Writes[i] = wireWrite{
			Ref: w.Ref, Object: w.Object, Match: w.Match, Revision: w.Revision, Scope: w.Scope, Fields: w.Fields,
			OnlyNew:   slices.DeleteFunc(slices.Clone(w.OnlyNew), func(name string) bool { return w.Fields[name] == nil }),
			OnlyBlank: maps.Clone(w.OnlyBlank),
		}
		maps.DeleteFunc(out.Writes[i].OnlyBlank, func(name, _ string) bool { return w.Fields[name] == nil })
	}
	return out
}

// MakesNothing tells writes that only find: they match by phone and have no key to make a record by.
func (w Write) MakesNothing() bool { return w.Match.Phone != "" && w.key() == Key{} }

// Settle returns the plan with its writes that make nothing settled by what they came to, by ref: one that
// found its record names it by id, or, where it changes nothing, gives only its id to the references; one that
// found nobody is left out with the references to it; and where several people match, the Ambiguous writes
// join the others.
func (p *Plan) Settle(decided map[string]Decision) *Plan {
	out := *p
	out.Writes = nil
	all := p.Writes
	for _, d := range decided {
		if d.Action == Unclear {
			all = slices.Concat(p.Writes, p.Ambiguous)
		}
	}
	for _, w := range all {
		d, settled := decided[w.Ref]
		switch {
		case !settled:
			out.Writes = append(out.Writes, w.settled(decided))
		case d.ID != "" && len(w.fieldsFor(d.Object)) > 0:
			w.Fields, w.FieldsOf = w.fieldsFor(d.Object), nil
			w.Object, w.Match = d.Object, Match{ID: d.ID}
			out.Writes = append(out.Writes, w.settled(decided))
		}
	}
	return &out
}

// settled returns w with its references to settled writes resolved.
func (w Write) settled(decided map[string]Decision) Write {
	fields := maps.Clone(w.Fields)
	for name, v := range w.Fields {
		d, ok := decided[Reference(v)]
		switch {
		case !ok:
		case d.ID != "" && Fits(name, d.Object):
			fields[name] = d.ID
		default:
			delete(fields, name)
		}
	}
	if who := decided[Reference(w.Fields["WhoId"])]; who.Object == "Lead" && fields["WhatId"] != nil {
		delete(fields, "WhoId") // a Task about a Case hangs on the Case; Salesforce takes no Lead beside it
	}
	w.Fields = fields
	return w
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
