package mapping

import (
	"regexp"
)

// file is a mapping file as it was read, with the places of its expressions.
type file struct {
	name    string
	defines []define
	sets    map[string][]fieldRule
	writes  []writeRule
	// ambiguous writes are made where a match by phone found several people.
	ambiguous []writeRule
	event     []fieldRule
	file      *fileRule
	lengths   []lengthRule
}

// lengthRule is the longest text of one field.
type lengthRule struct {
	at    place
	name  string
	limit int
}

// expr is a CEL expression and where it stands.
type expr struct {
	text string
	at   place
}

func (e expr) given() bool { return e.text != "" }

// define is a named expression.
type define struct {
	name string
	expr expr
}

// writeRule makes one write, or none.
type writeRule struct {
	at       place
	ref      string
	object   string
	when     expr
	by       *pairRule
	phone    expr
	objects  []string
	several  string
	key      *pairRule
	revision string
	fields   []fieldRule
	// other has the fields for a match that is a record of another object.
	other []otherRule
}

type otherRule struct {
	object string
	fields []fieldRule
}

// pairRule is a field and the text that goes into it: an external id, or a file's content.
type pairRule struct {
	at    place
	field string
	value expr
	when  expr
}

// fieldRule is one field.
type fieldRule struct {
	at   place
	name string
	// exactly one of value, text and ref
	value expr
	text  *string
	ref   string
	when  expr
	only  string
	blank expr
	// translate and fallback map picklist values.
	translate map[string]string
	fallback  string
}

// fileRule makes the transcript's file.
type fileRule struct {
	at          place
	when        expr
	object      string
	parent      string
	parentField string
	key         *pairRule
	content     *pairRule
	fields      []fieldRule
}

// Names as Salesforce takes them: letters, digits and underscores, custom ones ending in __c.
var (
	apiName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,79}$`)
	plain    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	reserved = map[string]bool{"include": true}
)

func readFile(root node) *file {
	f := root.f
	out := &file{sets: map[string][]fieldRule{}}
	version := 0
	entries := root.entries("mapping")
	for _, e := range entries { // sets first: they may be used before they stand in the file
		if e.key == "sets" {
			for _, s := range e.value.entries("sets") {
				out.sets[s.key] = out.readFields(s.value, "sets."+s.key)
			}
		}
	}
	for _, e := range entries {
		switch e.key {
		case "sets":
		case "version":
			version = e.value.number("version")
		case "name":
			out.name = e.value.text("name")
		case "define":
			out.readDefines(e.value)
		case "writes":
			for _, n := range e.value.items("writes") {
				out.writes = append(out.writes, out.readWrite(n, "writes"))
			}
		case "ambiguous":
			for _, n := range e.value.items("ambiguous") {
				out.ambiguous = append(out.ambiguous, out.readWrite(n, "ambiguous"))
			}
		case "event":
			out.event = out.readFields(e.value, "event")
		case "file":
			out.file = out.readFileRule(e)
		case "lengths":
			out.readLengths(e.value)
		default:
			f.unknown(e, "mapping", "version", "name", "define", "sets", "writes", "ambiguous", "event", "file", "lengths")
		}
	}
	if version != 1 {
		f.add(root.at(), "version: must be 1")
	}
	if out.name == "" {
		f.add(root.at(), "name: missing; it stands in calls.records")
	}
	if len(out.writes) == 0 {
		f.add(root.at(), "writes: none; every call leaves at least one record")
	}
	return out
}

func (out *file) readDefines(n node) {
	seen := map[string]bool{}
	for _, e := range n.entries("define") {
		if !plain.MatchString(e.key) {
			n.f.add(e.at, "define.%s: a name is lower-case letters, digits and underscores", e.key)
		}
		if seen[e.key] {
			n.f.add(e.at, "define.%s: stands twice", e.key)
		}
		seen[e.key] = true
		out.defines = append(out.defines, define{e.key, readExpr(e.value, "define."+e.key)})
	}
}

func readExpr(n node, what string) expr {
	s, at, ok := n.scalar(what)
	if ok && s == "" {
		n.f.add(at, "%s: empty expression", what)
	}
	return expr{s, at}
}

func (out *file) readLengths(n node) {
	for _, e := range n.entries("lengths") {
		length := e.value.number("lengths." + e.key)
		if length < 1 {
			n.f.add(e.at, "lengths.%s: must be at least 1", e.key)
		}
		out.lengths = append(out.lengths, lengthRule{e.at, e.key, length})
	}
}

func (out *file) readWrite(n node, list string) writeRule {
	w := writeRule{at: n.at(), revision: "call"}
	for _, e := range n.entries(list) {
		switch e.key {
		case "ref":
			w.ref = e.value.text("ref")
		case "object":
			w.object = e.value.text("object")
		case "when":
			w.when = readExpr(e.value, list+"."+w.ref+".when")
		case "match":
			out.readMatch(&w, e.value, list)
		case "revision":
			w.revision = e.value.text("revision")
		case "fields":
			w.fields = out.readFields(e.value, list+"."+w.ref+".fields")
		case "other":
			for _, o := range e.value.entries("other") {
				w.other = append(w.other, otherRule{o.key, out.readFields(o.value, list+"."+w.ref+".other."+o.key)})
			}
		default:
			n.f.unknown(e, list+"."+w.ref, "ref", "object", "when", "match", "revision", "fields", "other")
		}
	}
	return w
}

func (out *file) readMatch(w *writeRule, n node, list string) {
	what := list + "." + w.ref + ".match"
	for _, e := range n.entries(what) {
		switch e.key {
		case "by":
			w.by = readPair(e, what+".by")
		case "key":
			w.key = readPair(e, what+".key")
		case "phone":
			w.phone = readExpr(e.value, what+".phone")
		case "objects":
			w.objects = e.value.texts(what + ".objects")
		case "several":
			w.several = e.value.text(what + ".several")
		default:
			n.f.unknown(e, what, "by", "key", "phone", "objects", "several")
		}
	}
}

func readPair(e entry, what string) *pairRule {
	k := &pairRule{at: e.at}
	for _, x := range e.value.entries(what) {
		switch x.key {
		case "field":
			k.field = x.value.text(what + ".field")
		case "value":
			k.value = readExpr(x.value, what+".value")
		case "when":
			k.when = readExpr(x.value, what+".when")
		default:
			e.value.f.unknown(x, what, "field", "value", "when")
		}
	}
	if !apiName.MatchString(k.field) {
		e.value.f.add(e.at, "%s.field: not the name of a field", what)
	}
	if !k.value.given() {
		e.value.f.add(e.at, "%s.value: missing", what)
	}
	return k
}

// readFields reads fields by name; "include" takes over those of a set, of which a field beside it overrides
// the one with its name.
func (out *file) readFields(n node, what string) []fieldRule {
	var included, own []fieldRule
	names := map[string]bool{}
	for _, e := range n.entries(what) {
		if e.key == "include" {
			for _, set := range e.value.texts(what + ".include") {
				fields, ok := out.sets[set]
				if !ok {
					n.f.add(e.at, "%s.include: there is no set %q (a set can only include those above it)", what, set)
				}
				included = append(included, fields...)
			}
			continue
		}
		if !apiName.MatchString(e.key) || reserved[e.key] {
			n.f.add(e.at, "%s.%s: not the name of a field", what, e.key)
		}
		if names[e.key] {
			n.f.add(e.at, "%s.%s: stands twice", what, e.key)
		}
		names[e.key] = true
		own = append(own, readField(e, what+"."+e.key))
	}
	var all []fieldRule
	taken := map[string]bool{}
	for _, r := range included {
		if !names[r.name] && !taken[r.name] {
			taken[r.name] = true
			all = append(all, r)
		}
	}
	return append(all, own...)
}

// readField reads `Name: expression`, or a mapping with more to say.
func readField(e entry, what string) fieldRule {
	r := fieldRule{at: e.at, name: e.key}
	if e.value.isScalar() {
		r.value = readExpr(e.value, what)
		return r
	}
	given := 0
	for _, x := range e.value.entries(what) {
		switch x.key {
		case "value":
			r.value, given = readExpr(x.value, what+".value"), given+1
		case "text":
			s := x.value.text(what + ".text")
			r.text, given = &s, given+1
		case "ref":
			r.ref, given = x.value.text(what+".ref"), given+1
		case "when":
			r.when = readExpr(x.value, what+".when")
		case "only":
			if r.only = x.value.text(what + ".only"); r.only != "new" && r.only != "blank" {
				e.value.f.add(x.at, `%s.only: "new" or "blank"`, what)
			}
		case "blank":
			r.blank = readExpr(x.value, what+".blank")
		case "translate":
			r.translate = map[string]string{}
			for _, t := range x.value.entries(what + ".translate") {
				r.translate[t.key] = t.value.text(what + ".translate." + t.key)
			}
		case "fallback":
			r.fallback = x.value.text(what + ".fallback")
		default:
			e.value.f.unknown(x, what, "value", "text", "ref", "when", "only", "blank", "translate", "fallback")
		}
	}
	if given != 1 {
		e.value.f.add(e.at, "%s: exactly one of value, text and ref", what)
	}
	if r.blank.given() && r.only != "blank" {
		e.value.f.add(e.at, "%s.blank: only beside only: blank", what)
	}
	if r.fallback != "" && r.translate == nil {
		e.value.f.add(e.at, "%s.fallback: only beside translate", what)
	}
	return r
}

func (out *file) readFileRule(e entry) *fileRule {
	r := &fileRule{at: e.at, object: "ContentVersion"}
	for _, x := range e.value.entries("file") {
		switch x.key {
		case "when":
			r.when = readExpr(x.value, "file.when")
		case "object":
			r.object = x.value.text("file.object")
		case "parent":
			r.parent = x.value.text("file.parent")
		case "parent_field":
			r.parentField = x.value.text("file.parent_field")
		case "key":
			r.key = readPair(x, "file.key")
		case "content":
			r.content = readPair(x, "file.content")
		case "fields":
			r.fields = out.readFields(x.value, "file.fields")
		default:
			e.value.f.unknown(x, "file", "when", "object", "parent", "parent_field", "key", "content", "fields")
		}
	}
	for _, need := range []struct {
		name  string
		given bool
	}{
		{"parent", r.parent != ""}, {"parent_field", r.parentField != ""}, {"key", r.key != nil}, {"content", r.content != nil},
	} {
		if !need.given {
			e.value.f.add(e.at, "file.%s: missing", need.name)
		}
	}
	return r
}
