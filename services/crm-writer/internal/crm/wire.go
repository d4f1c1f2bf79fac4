package crm

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/segmentio/encoding/json"
)

// wireVersion is the version of the format. Whoever reads version 1 only would make people for writes that only
// find, so that nothing is sent as version 1 any more.
const wireVersion = 2

// wirePlan is a plan as it travels in the event's Writes__c. Whoever applies it there decides as [Decide] does: looks
// the records up by match and key, makes nothing where there is no key to make it by, and writes what is ambiguous
// where several people match. docs/mapping.md has the format.
type wirePlan struct {
	V         int         `json:"v"`
	Call      string      `json:"call"`
	Revision  string      `json:"revision"`
	Writes    []wireWrite `json:"writes"`
	Ambiguous []wireWrite `json:"ambiguous,omitempty"`
}

type wireWrite struct {
	Ref      string         `json:"ref"`
	Object   string         `json:"object"`
	Match    Match          `json:"match"`
	Key      *wireKey       `json:"key,omitempty"`
	Revision string         `json:"revision"`
	Scope    Scope          `json:"revision_scope"`
	Fields   map[string]any `json:"fields,omitempty"`
	// Other is FieldsOf.
	Other map[string]map[string]any `json:"other,omitempty"`
	// OnlyNew and OnlyBlank as [Write] has them, of the fields that are left.
	OnlyNew   []string          `json:"only_new,omitempty"`
	OnlyBlank map[string]string `json:"only_blank,omitempty"`
}

type wireKey struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

func (p *Plan) wire() wirePlan {
	return wirePlan{
		V: wireVersion, Call: p.Call.ID, Revision: CallRevision(p.Revision), Writes: wireWrites(p.Writes), Ambiguous: wireWrites(p.Ambiguous),
	}
}

func wireWrites(writes []Write) []wireWrite {
	out := make([]wireWrite, len(writes))
	for i, w := range writes {
		unused := func(name string) bool { return !w.has(name) }
		out[i] = wireWrite{
			Ref: w.Ref, Object: w.Object, Match: w.Match, Key: (*wireKey)(w.Key), Revision: w.Revision, Scope: w.Scope, Fields: w.Fields, Other: w.FieldsOf,
			OnlyNew:   slices.DeleteFunc(slices.Clone(w.OnlyNew), unused),
			OnlyBlank: maps.Clone(w.OnlyBlank),
		}
		maps.DeleteFunc(out[i].OnlyBlank, func(name, _ string) bool { return unused(name) })
	}
	return out
}

// has tells whether the write writes the field, to a record of whichever object.
func (w Write) has(field string) bool {
	if w.Fields[field] != nil {
		return true
	}
	for _, fields := range w.FieldsOf {
		if fields[field] != nil {
			return true
		}
	}
	return false
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
		if !w.cutLongest(over) {
			return "", ErrTooLong
		}
		if text, err = encode(w); err != nil {
			return "", err
		}
	}
	return "", ErrTooLong
}

// encode writes nothing as an escape that need not be one: the reader is Apex, not a browser, and escapes count against
// the limit.
func encode(w wirePlan) (string, error) {
	text, err := json.Append(make([]byte, 0, 4<<10), w, json.SortMapKeys)
	if err != nil {
		return "", fmt.Errorf("encoding the plan: %w", err)
	}
	return string(text), nil
}

// minCut is the shortest text worth cutting: below it a field is a label, not a text.
const minCut = 1024

// cutLongest makes the longest text shorter, wherever it stands, and w by some over characters; false if no text is long
// enough to help. It leaves the plan alone that w was made of.
func (w *wirePlan) cutLongest(over int) bool {
	longest, times := "", 0
	w.texts(func(fields map[string]any) map[string]any {
		for _, v := range fields {
			s, ok := v.(string)
			switch {
			case !ok:
			case s == longest:
				times++
			case len(s) > len(longest) || len(s) == len(longest) && s < longest:
				longest, times = s, 1
			}
		}
		return fields
	})
	if length(longest) < minCut {
		return false
	}
	// Quotes and line ends count twice on the wire, so that less of a text with many has to go.
	travels := length(longest)
	for _, escaped := range []string{`"`, `\`, "\n"} {
		travels += strings.Count(longest, escaped)
	}
	short := Cut(longest, max(length(longest)-over/times*length(longest)/travels-1, minCut/2))
	w.texts(func(fields map[string]any) map[string]any {
		for name, v := range fields {
			if v == longest {
				fields = maps.Clone(fields)
				fields[name] = short
			}
		}
		return fields
	})
	return true
}

// texts replaces each set of fields by what change makes of it.
func (w *wirePlan) texts(change func(map[string]any) map[string]any) {
	for _, writes := range [][]wireWrite{w.Writes, w.Ambiguous} {
		for i := range writes {
			writes[i].Fields = change(writes[i].Fields)
			if len(writes[i].Other) > 0 {
				writes[i].Other = maps.Clone(writes[i].Other)
			}
			for object, fields := range writes[i].Other {
				writes[i].Other[object] = change(fields)
			}
		}
	}
}
