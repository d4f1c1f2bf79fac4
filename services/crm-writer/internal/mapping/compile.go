package mapping

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

//go:embed default.yaml
var defaultYAML []byte

// Default is the shipped mapping: the canonical table.
func Default() (*Mapping, error) { return Compile("default.yaml", defaultYAML) }

// Mapping is a compiled mapping file. It is immutable and safe for concurrent use.
type Mapping struct {
	version string
	lang    *language
	// expressions are what the file says, each text once however often it stands there.
	expressions []*expression
	// defines are indexes of expressions, by name.
	defines   map[string]int
	writes    []*write
	ambiguous []*write
	event     []*field
	file      *fileMaker
}

// Version is the file's name and a hash of its text: it stands in every record that follows from it.
func (m *Mapping) Version() string { return m.version }

// program is an expression at one place of the file.
type program struct {
	*expression
	what string
	at   place
	// source is its text, for [Mapping.Needs].
	source string
}

// expression is compiled once, and evaluated at most once for an event.
type expression struct {
	index int
	cel.Program
	typ *cel.Type
	// get reads the field of an object that the whole expression names, as most do: CEL would come to the same, by a longer way.
	get func(*view) any
}

// write is a compiled writeRule.
type write struct {
	ref, object string
	when        *program
	by, key     *pair
	phone       *program
	objects     []string
	several     crm.Several
	scope       crm.Scope
	fields      []*field
	other       map[string][]*field
}

// pair is a compiled pairRule.
type pair struct {
	field string
	value *program
	when  *program
}

type field struct {
	name  string
	limit int
	value *program
	// fixed is what the field always comes to, a reference with its @ included; nil where value says.
	fixed     any
	ref       string
	when      *program
	only      string
	blank     *program
	translate map[string]string
	fallback  string
}

type fileMaker struct {
	when                        *program
	object, parent, parentField string
	key, content                *pair
	fields                      []*field
}

// Compile reads and checks a mapping file; name stands in its faults. The error lists every fault, one a line,
// as "acme-mapping.yaml:12:7: writes.caller.fields.LastName: undeclared reference to 'callr'".
func Compile(name string, data []byte) (*Mapping, error) {
	f := &faults{file: name}
	root, ok := parseYAML(data, f)
	if !ok {
		return nil, f.err()
	}
	parsed := readFile(root)
	lang, err := newLanguage()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	c := &compiler{f: f, lengths: map[string]int{}, used: map[string]bool{}, compiled: map[string]*expression{}, m: &Mapping{
		version: parsed.name + "@" + hex.EncodeToString(sum[:4]),
		lang:    lang, defines: map[string]int{},
	}}
	c.compile(parsed)
	if err := f.err(); err != nil {
		return nil, err
	}
	return c.m, nil
}

type compiler struct {
	f       *faults
	m       *Mapping
	lengths map[string]int
	// used are the fields that some write has, for lengths that no field uses.
	used map[string]bool
	// compiled are the expressions by their text, since the last definition: a name that it gives may be one of CEL's own.
	compiled map[string]*expression
}

func (c *compiler) compile(in *file) {
	for _, l := range in.lengths {
		c.lengths[l.name] = l.limit
	}
	for _, d := range in.defines {
		c.define(d)
	}
	refs := map[string]bool{}
	for _, r := range in.writes {
		c.m.writes = append(c.m.writes, c.write(r, "writes", refs))
		refs[r.ref] = true
	}
	for _, r := range in.ambiguous {
		c.m.ambiguous = append(c.m.ambiguous, c.write(r, "ambiguous", refs))
	}
	c.m.event = c.fields(in.event, "event", "event", nil)
	if in.file != nil {
		c.file(in.file, refs)
	}
	for _, l := range in.lengths {
		object, field, ok := strings.Cut(l.name, ".")
		if !ok || !apiName.MatchString(object) || !apiName.MatchString(field) {
			c.f.add(l.at, "lengths.%s: write it as Object.Field, or event.Field", l.name)
		} else if !c.used[l.name] {
			c.f.add(l.at, "lengths.%s: no write has this field", l.name)
		}
	}
}

// define makes a named expression a variable of all that follow.
func (c *compiler) define(d define) {
	what := "define." + d.name
	if c.m.lang.objects[d.name] != nil {
		c.f.add(d.expr.at, "%s: %s is there already", what, d.name)
		return
	}
	typ := cel.DynType // known, whatever is wrong with it, so that its uses are not faults, too
	p := c.expr(d.expr, what)
	if p != nil {
		typ = p.typ
		c.m.defines[d.name] = p.index
	}
	env, err := c.m.lang.env.Extend(cel.Variable(d.name, typ))
	if err != nil {
		c.f.add(d.expr.at, "%s: %v", what, err)
		return
	}
	c.m.lang.env = env
	clear(c.compiled)
}

// expr compiles an expression; nil after a fault.
func (c *compiler) expr(e expr, what string) *program {
	if !e.given() {
		return nil
	}
	if x := c.compiled[e.text]; x != nil {
		return &program{x, what, e.at, e.text}
	}
	ast, issues := c.m.lang.env.Compile(e.text)
	if issues.Err() != nil {
		for _, i := range issues.Errors() {
			at := place{e.at.line + i.Location.Line() - 1, i.Location.Column() + 1}
			if i.Location.Line() <= 1 {
				at.column += e.at.column - 1
			}
			c.f.add(at, "%s: %s", what, i.Message)
		}
		return nil
	}
	p, err := c.m.lang.env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		c.f.add(e.at, "%s: %v", what, err)
		return nil
	}
	x := &expression{index: len(c.m.expressions), Program: p, typ: ast.OutputType(), get: c.m.lang.getter(ast)}
	c.m.expressions = append(c.m.expressions, x)
	c.compiled[e.text] = x
	return &program{x, what, e.at, e.text}
}

// typed compiles an expression that must be of one of the kinds.
func (c *compiler) typed(e expr, what, should string, kinds ...*cel.Type) *program {
	p := c.expr(e, what)
	if p == nil {
		return nil
	}
	ok := p.typ.Kind() == cel.DynType.Kind() ||
		slices.ContainsFunc(kinds, func(k *cel.Type) bool { return k.Kind() == p.typ.Kind() })
	if !ok {
		c.f.add(e.at, "%s: must be %s, is %s", what, should, p.typ)
	}
	return p
}

func (c *compiler) condition(e expr, what string) *program {
	return c.typed(e, what, "a condition", cel.BoolType)
}

func (c *compiler) pair(k *pairRule, what string) *pair {
	if k == nil {
		return nil
	}
	return &pair{
		field: k.field,
		value: c.typed(k.value, what+".value", "text", cel.StringType),
		when:  c.condition(k.when, what+".when"),
	}
}

func (c *compiler) write(r writeRule, list string, earlier map[string]bool) *write {
	what := list + "." + r.ref
	if !plain.MatchString(r.ref) {
		c.f.add(r.at, "%s: ref: lower-case letters, digits and underscores", list)
	}
	if r.ref == crm.RoleFile {
		c.f.add(r.at, "%s: ref: %s is the transcript's file; take another", list, r.ref)
	}
	if !apiName.MatchString(r.object) {
		c.f.add(r.at, "%s.object: not the name of an object", what)
	}
	if r.revision != string(crm.ScopeCall) && r.revision != string(crm.ScopePerson) {
		c.f.add(r.at, "%s.revision: call or person", what)
	}
	w := &write{
		ref: r.ref, object: r.object, objects: r.objects, scope: crm.Scope(r.revision), several: crm.Several(r.several),
		when: c.condition(r.when, what+".when"),
		by:   c.pair(r.by, what+".match.by"), key: c.pair(r.key, what+".match.key"),
		phone:  c.typed(r.phone, what+".match.phone", "text", cel.StringType),
		fields: c.fields(r.fields, what+".fields", r.object, earlier),
		other:  map[string][]*field{},
	}
	c.checkMatch(r, what)
	for _, o := range r.other {
		if !slices.Contains(r.objects, o.object) || o.object == r.object {
			c.f.add(r.at, "%s.other.%s: not one of match.objects beside %s", what, o.object, r.object)
		}
		w.other[o.object] = c.fields(o.fields, what+".other."+o.object, o.object, earlier)
	}
	c.checkLead(r, what)
	return w
}

func (c *compiler) checkMatch(r writeRule, what string) {
	switch {
	case (r.by != nil) == r.phone.given():
		c.f.add(r.at, "%s.match: exactly one of by and phone", what)
	case r.phone.given() && len(r.objects) == 0:
		c.f.add(r.at, "%s.match.objects: missing; which objects have the number, the first that matches winning?", what)
	case r.phone.given() && r.key == nil && len(r.fields) > 0 && !slices.Contains(r.objects, r.object):
		c.f.add(r.at, "%s.match.key: missing, so %s can be neither found nor made", what, r.object)
	case r.by != nil && (r.key != nil || r.objects != nil || r.several != ""):
		c.f.add(r.at, "%s.match: key, objects and several go with phone", what)
	}
	if r.several != "" && r.several != string(crm.SeveralLeave) && r.several != string(crm.SeveralLatest) {
		c.f.add(r.at, "%s.match.several: leave or latest", what)
	}
	for _, o := range r.objects {
		if !apiName.MatchString(o) {
			c.f.add(r.at, "%s.match.objects: %q is not the name of an object", what, o)
		}
	}
}

// checkLead holds what Salesforce demands of every Lead and Contact, where a write may make one.
func (c *compiler) checkLead(r writeRule, what string) {
	if r.by == nil && r.key == nil {
		return
	}
	required := map[string][]string{"Lead": {"LastName", "Company"}, "Contact": {"LastName"}}[r.object]
	for _, name := range required {
		i := slices.IndexFunc(r.fields, func(f fieldRule) bool { return f.name == name })
		if i < 0 || r.fields[i].when.given() {
			c.f.add(r.at, "%s.fields.%s: a %s always has one, so it must be there and without a condition", what, name, r.object)
		}
	}
}

func (c *compiler) fields(rules []fieldRule, what, object string, earlier map[string]bool) []*field {
	out := make([]*field, 0, len(rules))
	for _, r := range rules {
		c.used[object+"."+r.name] = true
		at := what + "." + r.name
		f := &field{
			name: r.name, limit: c.lengths[object+"."+r.name], ref: r.ref, only: r.only,
			translate: r.translate, fallback: r.fallback,
			when:  c.condition(r.when, at+".when"),
			blank: c.typed(r.blank, at+".blank", "text", cel.StringType),
		}
		switch {
		case r.text != nil:
			f.fixed = *r.text
		case r.ref != "":
			f.fixed = "@" + r.ref
		}
		f.value = c.typed(r.value, at, "text, a number, true or false, or a moment",
			cel.StringType, cel.BoolType, cel.IntType, cel.DoubleType, cel.TimestampType, cel.NullType)
		switch {
		case r.ref != "" && !earlier[r.ref]:
			c.f.add(r.at, "%s.ref: there is no write %q above", at, r.ref)
		case r.name == crm.RevisionField:
			c.f.add(r.at, "%s: is written by itself", at)
		}
		out = append(out, f)
	}
	return out
}

func (c *compiler) file(r *fileRule, refs map[string]bool) {
	if !refs[r.parent] && r.parent != "" {
		c.f.add(r.at, "file.parent: there is no write %q", r.parent)
	}
	c.m.file = &fileMaker{
		when: c.condition(r.when, "file.when"), object: r.object, parent: r.parent, parentField: r.parentField,
		key: c.pair(r.key, "file.key"), content: c.pair(r.content, "file.content"),
		fields: c.fields(r.fields, "file.fields", r.object, nil),
	}
}

// String names the mapping.
func (m *Mapping) String() string { return fmt.Sprintf("mapping %s", m.version) }
