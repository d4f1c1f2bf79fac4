package tenant

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// place is where something stands in a file, counted from 1.
type place struct{ line, column int }

// faults collects what is wrong with a file, each as "path: what", and knows where each path stands.
type faults struct {
	list   []string
	places map[string]place
	// unread are paths whose value could not be read: what the rules have to say of them is beside the point.
	unread map[string]bool
}

func newFaults() *faults { return &faults{places: map[string]place{}, unread: map[string]bool{}} }

// need notes a fault unless ok. The text begins with the path that it is about and a colon.
func (f *faults) need(ok bool, format string, args ...any) {
	if ok {
		return
	}
	text := fmt.Sprintf(format, args...)
	for p := pathOf(text); p != ""; p = parent(p) {
		if f.unread[p] {
			return
		}
	}
	f.list = append(f.list, text)
}

// cannot notes that the value at path can't be read.
func (f *faults) cannot(path, format string, args ...any) {
	f.need(false, "%s: %s", path, fmt.Sprintf(format, args...))
	f.unread[path] = true
}

// err is every fault, one a line, in the order of the file.
func (f *faults) err(file string) error {
	slices.SortStableFunc(f.list, func(a, b string) int {
		x, y := f.place(pathOf(a)), f.place(pathOf(b))
		if x.line != y.line {
			return x.line - y.line
		}
		return x.column - y.column
	})
	errs := make([]error, len(f.list))
	for i, text := range f.list {
		at := f.place(pathOf(text))
		errs[i] = fmt.Errorf("%s:%d:%d: %s", file, at.line, at.column, strings.Map(printable, text))
	}
	return errors.Join(errs...)
}

// printable keeps a fault on its line, whatever a key is named.
func printable(r rune) rune {
	if unicode.IsControl(r) {
		return unicode.ReplacementChar
	}
	return r
}

// notYAML notes why nothing could be read. The library's message shows the line with its neighbours, which may
// hold a secret: only its first line, which has the position and the reason, is kept.
func (f *faults) notYAML(err error) {
	reason, _, _ := strings.Cut(err.Error(), "\n")
	var at place
	if n, _ := fmt.Sscanf(reason, "[%d:%d]", &at.line, &at.column); n == 2 {
		f.places["not YAML"] = at
		_, reason, _ = strings.Cut(reason, "] ")
	}
	f.need(false, "not YAML: %s", reason)
}

// place is where path stands; for what is missing, where what it should stand in does.
func (f *faults) place(path string) place {
	for ; path != ""; path = parent(path) {
		if at, ok := f.places[path]; ok {
			return at
		}
	}
	return place{1, 1}
}

func pathOf(text string) string {
	path, _, _ := strings.Cut(text, ": ")
	return path
}

func parent(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

// decode reads the YAML of one tenant into t. It is strict, and goes on after a fault: whoever mends a file
// wants to know of everything at once, where a decoder of the library stops at the first.
func decode(data []byte, t *Tenant, f *faults) (ok bool) {
	tree, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		f.notYAML(err)
		return false
	}
	docs := slices.DeleteFunc(tree.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	if len(docs) == 0 {
		f.need(false, "empty: a tenant's file holds the keys of samples/tenants")
		return false
	}
	f.need(len(docs) == 1, "%d documents: one tenant a file, without --- between", len(docs))
	r := reader{f: f, anchors: map[string]ast.Node{}}
	r.read(docs[0].Body, reflect.ValueOf(t).Elem(), "")
	return true
}

// reader fills Go values from nodes.
type reader struct {
	f       *faults
	anchors map[string]ast.Node
}

// read fills v from n; null leaves it as it is.
func (r *reader) read(n ast.Node, v reflect.Value, path string) {
	n = r.resolve(n, path)
	switch n.(type) {
	case nil, *ast.NullNode:
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		r.readText(n, u, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.readStruct(n, v, path)
	case reflect.Map:
		r.readMap(n, v, path)
	case reflect.Slice:
		r.readSlice(n, v, path)
	default:
		r.readScalar(n, v, path)
	}
}

// resolve looks through anchors, aliases and tags.
func (r *reader) resolve(n ast.Node, path string) ast.Node {
	for {
		switch x := n.(type) {
		case *ast.AnchorNode:
			r.anchors[x.Name.String()] = x.Value
			n = x.Value
		case *ast.AliasNode:
			target := r.anchors[x.Value.String()]
			if target == nil {
				r.f.cannot(path, "*%s refers to no &%s above it", x.Value, x.Value)
			}
			return target
		case *ast.TagNode:
			n = x.Value
		default:
			return n
		}
	}
}

func (r *reader) readText(n ast.Node, u encoding.TextUnmarshaler, path string) {
	text, ok := scalar(n)
	if !ok {
		r.f.cannot(path, "must be one value")
		return
	}
	if err := u.UnmarshalText([]byte(text)); err != nil {
		r.f.cannot(path, "%v", err)
	}
}

func (r *reader) readStruct(n ast.Node, v reflect.Value, path string) {
	byKey := map[string]reflect.Value{}
	var known []string
	for i := range v.NumField() {
		if key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ","); key != "" {
			byKey[key] = v.Field(i)
			known = append(known, key)
		}
	}
	for _, e := range r.entries(n, path) {
		if field, ok := byKey[e.key]; ok {
			r.read(e.value, field, e.path)
			continue
		}
		r.f.need(false, "%s: unknown key; the keys here are %s", e.path, strings.Join(known, ", "))
	}
}

func (r *reader) readMap(n ast.Node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, e := range r.entries(n, path) {
		value := reflect.New(v.Type().Elem()).Elem()
		r.read(e.value, value, e.path)
		v.SetMapIndex(reflect.ValueOf(e.key), value)
	}
}

func (r *reader) readSlice(n ast.Node, v reflect.Value, path string) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		r.f.cannot(path, "must be a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
	for i, item := range list.Values {
		at := fmt.Sprintf("%s[%d]", path, i)
		r.f.places[at] = placeOf(item)
		r.read(item, v.Index(i), at)
	}
}

func (r *reader) readScalar(n ast.Node, v reflect.Value, path string) {
	text, ok := scalar(n)
	number := strings.ReplaceAll(text, "_", "")
	switch v.Kind() {
	case reflect.String:
		if !ok {
			r.f.cannot(path, "must be text; put it in quotes")
			return
		}
		v.SetString(text)
	case reflect.Bool:
		b, is := n.(*ast.BoolNode)
		if !is {
			r.f.cannot(path, "must be true or false")
			return
		}
		v.SetBool(b.Value)
	case reflect.Int:
		i, err := strconv.ParseInt(number, 0, 0)
		if _, is := n.(*ast.IntegerNode); !is || err != nil {
			r.f.cannot(path, "must be a whole number")
			return
		}
		v.SetInt(i)
	case reflect.Float64:
		x, err := strconv.ParseFloat(number, 64)
		if !isNumber(n) || err != nil {
			r.f.cannot(path, "must be a number")
			return
		}
		v.SetFloat(x)
	default:
		panic(fmt.Sprintf("tenant: no YAML is read into a %s (%s)", v.Type(), path))
	}
}

func isNumber(n ast.Node) bool {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return true
	}
	return false
}

// scalar is a value as it is written: numbers keep their form, for a version 1.10 is not 1.1.
func scalar(n ast.Node) (string, bool) {
	switch x := n.(type) {
	case *ast.StringNode:
		return x.Value, true
	case *ast.LiteralNode:
		return x.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// entry is one key of a mapping.
type entry struct {
	key, path string
	value     ast.Node
}

// entries are the keys of a mapping: those that it merges in first, so that its own come over them.
func (r *reader) entries(n ast.Node, path string) []entry {
	var merged, own []entry
	seen := map[string]bool{}
	for _, v := range r.pairs(n, path) {
		if _, merge := v.Key.(*ast.MergeKeyNode); merge {
			merged = append(merged, r.merged(v.Value, path)...)
			continue
		}
		key, ok := scalar(v.Key)
		at := strings.TrimPrefix(path+"."+key, ".")
		if !ok {
			r.f.need(false, "%s: a key must be text; put it in quotes", at)
			continue
		}
		r.f.places[at] = placeOf(v.Key)
		r.f.need(!seen[key], "%s: stands twice", at)
		seen[key] = true
		own = append(own, entry{key, at, v.Value})
	}
	return append(merged, own...)
}

func (r *reader) pairs(n ast.Node, path string) []*ast.MappingValueNode {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values
	case *ast.MappingValueNode: // a mapping of one
		return []*ast.MappingValueNode{m}
	}
	r.f.cannot(path, "must be keys with values")
	return nil
}

// merged is what "<<" brings in: a mapping, or a list of them, of which an earlier one comes over a later.
func (r *reader) merged(n ast.Node, path string) []entry {
	n = r.resolve(n, path)
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return r.entries(n, path)
	}
	var all []entry
	for _, item := range slices.Backward(list.Values) {
		all = append(all, r.entries(r.resolve(item, path), path)...)
	}
	return all
}

// placeOf is where a value, or the first key of a mapping, stands.
func placeOf(n ast.Node) place {
	switch m := n.(type) {
	case *ast.MappingValueNode:
		n = m.Key
	case *ast.MappingNode:
		if len(m.Values) > 0 && !m.IsFlowStyle {
			n = m.Values[0].Key
		}
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return place{1, 1}
	}
	p := n.GetToken().Position
	return place{p.Line, p.Column}
}
