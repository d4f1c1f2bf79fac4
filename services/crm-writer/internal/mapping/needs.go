package mapping

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

// Kind is what goes into a field.
type Kind string

// The kinds.
const (
	KindText      Kind = "text"
	KindNumber    Kind = "number"
	KindBoolean   Kind = "boolean"
	KindMoment    Kind = "moment"
	KindReference Kind = "reference"
	KindContent   Kind = "content"
	// KindAny is known at the call only.
	KindAny Kind = ""
)

// Labels is a list of the tenant's catalogue whose names go into a field.
type Labels string

// The lists.
const (
	LabelIntents      Labels = "intents"
	LabelDispositions Labels = "dispositions"
	LabelSources      Labels = "sources"
)

// Need is one field that a mapping writes, and what it must take: what an org can be checked against before the first call.
type Need struct {
	// Object and Field by their API names; the platform event's fields have the Object "".
	Object, Field string
	Kind          Kind
	// Longest text that may be written, in characters; 0 if the mapping does not bound it.
	Longest int
	// Key tells that records are found by the field.
	Key bool
	// Once tells that it is written when the record is made and never again.
	Once bool
	// Always tells that every record that is made gets it.
	Always bool
	// Values that are written as they stand.
	Values []string
	// Labels of the catalogue that are written; Translate and Fallback say as what.
	Labels    Labels
	Translate map[string]string
	Fallback  string
}

// Shown is what a label is written as.
func (n Need) Shown(label string) string {
	if to, ok := n.Translate[label]; ok {
		return to
	}
	return cmp.Or(n.Fallback, label)
}

// Lengths of what keys and revisions are made of.
const (
	callIDLength = 34 // of Twilio's ids
	hashLength   = 16
	// startLength is a call's start and the strokes beside it, numberLength a revision.
	startLength, numberLength = 26, 6
)

// Needs are the fields that the mapping writes, each once an object, by object and field. Those of the platform event are added
// with the Object "".
func (m *Mapping) Needs() []Need {
	n := &needs{by: map[[2]string]*Need{}}
	for _, w := range slices.Concat(m.writes, m.ambiguous) {
		makes := w.by != nil || w.key != nil
		n.fields(w.object, w.fields, w.scope, makes)
		for object, fields := range w.other {
			n.fields(object, fields, w.scope, false)
		}
		for _, k := range []*pair{w.by, w.key} {
			if k != nil && (makes && len(w.fields) > 0 || k == w.by) {
				n.key(w.object, k)
			}
		}
	}
	if f := m.file; f != nil {
		n.fields(f.object, onceOnly(f.fields), "", true)
		n.key(f.object, f.key)
		n.add(Need{Object: f.object, Field: f.content.field, Kind: KindContent, Once: true, Always: true})
		n.add(Need{Object: f.object, Field: f.parentField, Kind: KindReference, Once: true, Always: true})
	}
	n.fields("", m.event, "", true)
	n.add(Need{Field: crm.RevisionField, Kind: KindText, Longest: numberLength, Always: true})
	all := make([]Need, 0, len(n.by))
	for _, x := range n.by {
		all = append(all, *x)
	}
	slices.SortFunc(all, func(a, b Need) int { return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Field, b.Field)) })
	return all
}

// File tells whether the mapping makes a file of the transcript.
func (m *Mapping) File() bool { return m.file != nil }

// Finds are the objects among which people are looked for by their number.
func (m *Mapping) Finds() []string {
	var all []string
	for _, w := range m.writes {
		all = append(all, w.objects...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

type needs struct{ by map[[2]string]*Need }

// add merges what several writes need of one field.
func (n *needs) add(x Need) {
	at := [2]string{x.Object, x.Field}
	have := n.by[at]
	if have == nil {
		x.Values = slices.Clone(x.Values)
		n.by[at] = &x
		return
	}
	if have.Kind != x.Kind {
		have.Kind = cmp.Or(have.Kind, x.Kind)
	}
	have.Longest = max(have.Longest, x.Longest)
	have.Key = have.Key || x.Key
	have.Once = have.Once && x.Once
	have.Always = have.Always || x.Always
	for _, v := range x.Values {
		if !slices.Contains(have.Values, v) {
			have.Values = append(have.Values, v)
		}
	}
	if have.Labels == "" {
		have.Labels, have.Translate, have.Fallback = x.Labels, x.Translate, x.Fallback
	}
}

func (n *needs) fields(object string, fields []*field, scope crm.Scope, makes bool) {
	for _, f := range fields {
		x := Need{Object: object, Field: f.name, Longest: f.limit, Once: f.only == "new", Always: makes && f.when == nil && f.ref == ""}
		switch {
		case f.ref != "":
			x.Kind = KindReference
		case f.fixed != nil:
			text := fmt.Sprint(f.fixed)
			x.Kind, x.Values, x.Longest = KindText, []string{text}, len([]rune(text))
		default:
			x.Kind, x.Labels = kindOf(f.value), labelsOf(f.value)
			x.Translate, x.Fallback = f.translate, f.fallback
		}
		n.add(x)
	}
	if scope == "" || len(fields) == 0 {
		return
	}
	revision := Need{Object: object, Field: crm.RevisionField, Kind: KindText, Longest: numberLength, Always: true}
	if scope == crm.ScopePerson {
		revision.Longest += startLength + callIDLength
	}
	n.add(revision)
}

// onceOnly are fields of what is made and never changed.
func onceOnly(fields []*field) []*field {
	out := make([]*field, len(fields))
	for i, f := range fields {
		once := *f
		once.only = "new"
		out[i] = &once
	}
	return out
}

func (n *needs) key(object string, k *pair) {
	n.add(Need{Object: object, Field: k.field, Kind: KindText, Key: true, Once: true, Always: true, Longest: keyLength(k.value)})
}

var quoted = regexp.MustCompile(`'([^']*)'`)

// keyLength is the longest that a key comes out as: a call id, what is added in quotes, and a hash.
func keyLength(p *program) int {
	if p == nil {
		return 0
	}
	n := 0
	if strings.Contains(p.source, "call.id") || strings.Contains(p.source, "caller.key") {
		n = callIDLength
	}
	for _, m := range quoted.FindAllStringSubmatch(p.source, -1) {
		n += len([]rune(m[1]))
	}
	if strings.Contains(p.source, "transcript.hash") {
		n += hashLength
	}
	return n
}

func kindOf(p *program) Kind {
	switch p.typ.Kind() { //nolint:exhaustive // an expression of a field has one of these, or is dynamic
	case cel.StringKind:
		return KindText
	case cel.IntKind, cel.DoubleKind:
		return KindNumber
	case cel.BoolKind:
		return KindBoolean
	case cel.TimestampKind:
		return KindMoment
	}
	return KindAny
}

// labelsOf tells whether an expression is a label of the catalogue as it stands.
func labelsOf(p *program) Labels {
	switch strings.TrimSpace(p.source) {
	case "intent.name":
		return LabelIntents
	case "disposition.name":
		return LabelDispositions
	case "disposition.source":
		return LabelSources
	}
	return ""
}
