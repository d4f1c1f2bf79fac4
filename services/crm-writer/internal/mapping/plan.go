package mapping

import (
	"fmt"
	"slices"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

// codeMapping begins the code of an expression that failed on a call; its place in the file follows as the
// error's field.
const codeMapping = "mapping.evaluation"

// Plan turns an event of calls.insights into a plan. t is the call's tenant, n the dialled number in its
// file or nil. An error is permanent: the same event fails the same way until the mapping is mended; it names
// the expression and quotes no value.
func (m *Mapping) Plan(e *events.CallEvent, t *tenant.Tenant, n *tenant.Number) (*crm.Plan, error) {
	v := newView(e, t, n)
	if v == nil {
		return nil, retry.Permanently("mapping.kind", fmt.Errorf("%s is no insight", e.Kind()))
	}
	s := newScope(m, v)
	p := &crm.Plan{Call: v.call, Payer: v.facts.GetPayer(), Revision: v.revision, Parent: v.phone}
	if err := s.plan(p); err != nil {
		return nil, err
	}
	return p, nil
}

func (s *scope) plan(p *crm.Plan) error {
	refs, keys := map[string]bool{}, map[string]bool{}
	for _, w := range s.m.writes {
		if refs[w.ref] { // of several with one ref the first whose condition holds is it
			continue
		}
		out, err := s.write(w, refs)
		if err != nil {
			return err
		}
		if out != nil {
			p.Writes = append(p.Writes, *out)
			refs[w.ref], keys[out.KeyValue()] = true, true
		}
	}
	for _, w := range s.m.ambiguous {
		out, err := s.write(w, refs)
		if err != nil {
			return err
		}
		if out != nil && !keys[out.KeyValue()] {
			p.Ambiguous = append(p.Ambiguous, *out)
		}
	}
	var err error
	if p.Event, _, err = s.fields(s.m.event, nil, true); err != nil {
		return err
	}
	for _, f := range s.m.event {
		if _, there := p.Event[f.name]; !there && f.value != nil && kindOf(f.value) == KindBoolean {
			p.Event[f.name] = false // a checkbox knows no third state: REST makes what is left out false, Pub/Sub null
		}
	}
	p.Event[crm.RevisionField] = crm.CallRevision(p.Revision)
	p.File, err = s.file(refs)
	return err
}

// write makes one write; nil if its condition does not hold, or there is nothing to find it by.
func (s *scope) write(w *write, refs map[string]bool) (*crm.Write, error) {
	if ok, err := s.holds(w.when); err != nil || !ok {
		return nil, err
	}
	out := &crm.Write{Ref: w.ref, Object: w.object, Scope: w.scope, Revision: s.revision(w.scope)}
	found, err := s.match(w, out)
	if err != nil || !found {
		return nil, err
	}
	if out.Fields, err = s.fieldsOf(w.fields, refs, out); err != nil {
		return nil, err
	}
	if out.Key != nil && len(out.Fields) > 0 {
		out.Fields[out.Key.Field] = out.Key.Value
	}
	for object, fields := range w.other {
		of, err := s.fieldsOf(fields, refs, out)
		if err != nil {
			return nil, err
		}
		if out.FieldsOf == nil {
			out.FieldsOf = map[string]map[string]any{}
		}
		out.FieldsOf[object] = of
	}
	slices.Sort(out.OnlyNew)
	out.OnlyNew = slices.Compact(out.OnlyNew)
	return out, nil
}

// match fills in how the record is found, and tells whether anything is left to find it by.
func (s *scope) match(w *write, out *crm.Write) (bool, error) {
	if w.by != nil {
		k, err := s.key(w.by)
		if k == nil || err != nil {
			return false, err
		}
		out.Match = crm.Match{By: k.Field, Value: k.Value}
		return true, nil
	}
	var err error
	if out.Key, err = s.key(w.key); err != nil {
		return false, err
	}
	phone, err := s.text(w.phone)
	switch {
	case err != nil:
		return false, err
	case phone != "":
		out.Match = crm.Match{Phone: phone, Objects: w.objects, Several: w.several}
		return true, nil
	case out.Key != nil: // a withheld number: the key alone finds what we have made
		out.Match = crm.Match{By: out.Key.Field, Value: out.Key.Value}
		out.Key = nil
		return true, nil
	}
	return false, nil
}

// pair evaluates the text of a pair; "" where there is none.
func (s *scope) pair(p *pair) (string, error) {
	if p == nil {
		return "", nil
	}
	if ok, err := s.holds(p.when); err != nil || !ok {
		return "", err
	}
	return s.text(p.value)
}

// key is an external id; nil where there is none.
func (s *scope) key(p *pair) (*crm.Key, error) {
	text, err := s.pair(p)
	if err != nil || text == "" {
		return nil, err
	}
	return &crm.Key{Field: p.field, Value: text}, nil
}

// fieldsOf evaluates fields of a record, with its revision, and notes the rules that they come with.
func (s *scope) fieldsOf(rules []*field, refs map[string]bool, w *crm.Write) (map[string]any, error) {
	out, used, err := s.fields(rules, refs, false)
	if err != nil || len(out) == 0 {
		return out, err
	}
	for _, f := range used {
		switch f.only {
		case "new":
			w.OnlyNew = append(w.OnlyNew, f.name)
		case "blank":
			nothing := ""
			if f.blank != nil {
				if nothing, err = s.text(f.blank); err != nil {
					return nil, err
				}
			}
			if w.OnlyBlank == nil {
				w.OnlyBlank = map[string]string{}
			}
			w.OnlyBlank[f.name] = nothing
		}
	}
	out[crm.RevisionField] = w.Revision
	return out, nil
}

// fields evaluates rules; what comes out empty is left out. The rules that came to something are the caller's until the next call.
func (s *scope) fields(rules []*field, refs map[string]bool, asTime bool) (map[string]any, []*field, error) {
	out := make(map[string]any, len(rules)+2)
	used := s.used[:0]
	for _, f := range rules {
		ok, err := s.holds(f.when)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			continue
		}
		v, err := s.field(f, refs, asTime)
		if err != nil {
			return nil, nil, err
		}
		if v != nil {
			out[f.name] = v
			used = append(used, f)
		}
	}
	s.used = used
	return out, used, nil
}

func (s *scope) field(f *field, refs map[string]bool, asTime bool) (any, error) {
	switch {
	case f.ref != "":
		if !refs[f.ref] {
			return nil, nil
		}
		return f.fixed, nil
	case f.fixed != nil:
		return f.fixed, nil
	}
	v, err := s.eval(f.value)
	if err != nil {
		return nil, err
	}
	if !asTime {
		v = written(v)
	}
	t, ok := v.(string)
	if !ok {
		return v, nil
	}
	if to := f.of(t); to != t {
		t, v = to, to
	}
	if refs[crm.Reference(t)] {
		return " " + t, nil // somebody's words, not a reference
	}
	return v, nil // as it is in its interface already
}

// of is a text as the field takes it.
func (f *field) of(t string) string {
	if f.translate != nil {
		to, known := f.translate[t]
		switch {
		case known:
			t = to
		case f.fallback != "":
			t = f.fallback
		}
	}
	if f.limit > 0 {
		t = crm.Cut(t, f.limit)
	}
	return t
}

func (s *scope) file(refs map[string]bool) (*crm.File, error) {
	m := s.m.file
	if m == nil || !refs[m.parent] {
		return nil, nil
	}
	if ok, err := s.holds(m.when); err != nil || !ok {
		return nil, err
	}
	k, err := s.key(m.key)
	if k == nil || err != nil {
		return nil, err
	}
	content, err := s.pair(m.content)
	if content == "" || err != nil {
		return nil, err
	}
	fields, _, err := s.fields(m.fields, nil, false)
	if err != nil {
		return nil, err
	}
	return &crm.File{
		Ref: m.parent, Object: m.object, ParentField: m.parentField, KeyField: k.Field, Key: k.Value,
		Fields: fields, ContentField: m.content.field, Content: []byte(content),
	}, nil
}

// revision of the call as text, in a scope's order.
func (s *scope) revision(scope crm.Scope) string {
	call := crm.CallRevision(s.view.revision)
	if scope == crm.ScopeCall {
		return call
	}
	start := s.view.facts.GetStartedAt().AsTime().UTC().Format("2006-01-02T15:04:05.000Z")
	return start + "|" + s.view.call.ID + "|" + call
}

// holds evaluates a condition; none holds.
func (s *scope) holds(p *program) (bool, error) {
	if p == nil {
		return true, nil
	}
	v, err := s.eval(p)
	if err != nil {
		return false, err
	}
	ok, isBool := v.(bool)
	if !isBool {
		return false, p.failed(fmt.Errorf("a condition that is neither true nor false"))
	}
	return ok, nil
}

func (s *scope) text(p *program) (string, error) {
	v, err := s.eval(p)
	if err != nil {
		return "", err
	}
	t, ok := written(v).(string)
	if !ok && v != nil {
		return "", p.failed(fmt.Errorf("a value that is no text"))
	}
	return t, nil
}

func (s *scope) eval(p *program) (any, error) {
	v, err := s.plain(p.expression)
	if err != nil {
		return nil, p.failed(err)
	}
	return v, nil
}

// failed is permanent and names the expression; the cause may quote a value and stays inside.
func (p *program) failed(err error) error {
	return &retry.Error{
		Class: retry.Permanent, Code: codeMapping, Field: p.what, Err: fmt.Errorf("line %d: %w", p.at.line, err),
	}
}
