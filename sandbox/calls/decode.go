package calls

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// decode reads call.yaml into c. The library's strict decoder stops at the first unknown key and reads an
// unquoted +14155550123 as a number; people who write calls by hand want every fault at once and their
// numbers as typed, so the syntax tree is walked here.
func decode(data []byte, c *Call, f *faults) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		line, text := syntax(err)
		f.list = append(f.list, fault{line, text})
		return
	}
	switch {
	case len(file.Docs) == 0 || file.Docs[0].Body == nil:
		f.add("", "the file is empty")
	case len(file.Docs) > 1:
		f.add("", "holds %d documents; one is wanted", len(file.Docs))
	default:
		d := decoder{f}
		d.value(file.Docs[0].Body, reflect.ValueOf(c).Elem(), "")
	}
}

// syntax is the line and the words of a parser's error.
func syntax(err error) (line int, text string) {
	if e, ok := errors.AsType[yaml.Error](err); ok && e.GetToken() != nil {
		return e.GetToken().Position.Line, "not YAML: " + e.GetMessage()
	}
	return 1, "not YAML: " + err.Error()
}

type decoder struct{ *faults }

// value puts node into v, noting where each key stands. A null leaves v as it is.
func (d decoder) value(node ast.Node, v reflect.Value, path string) {
	if tk := node.GetToken(); tk != nil && path != "" && !d.has(path) {
		d.lines[path] = tk.Position.Line
	}
	switch node.(type) {
	case *ast.NullNode:
		return
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.add(path, "anchors, aliases and tags are not understood: write the value out")
		return
	}
	switch {
	case v.Type() == reflect.TypeFor[Duration]():
		d.duration(node, v, path)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(node, v.Elem(), path)
	case v.Kind() == reflect.Struct:
		d.structure(node, v, path)
	case v.Kind() == reflect.Slice:
		d.list(node, v, path)
	case v.Kind() == reflect.Map:
		d.fields(node, v, path)
	case v.Kind() == reflect.Bool:
		b, ok := node.(*ast.BoolNode)
		if !ok {
			d.add(path, "want true or false, got %s", name(node))
			return
		}
		v.SetBool(b.Value)
	default:
		if s, ok := text(node); ok {
			v.SetString(s)
		} else {
			d.add(path, "want text, got %s", name(node))
		}
	}
}

func (d decoder) structure(node ast.Node, v reflect.Value, path string) {
	if p, ok := v.Addr().Interface().(*Part); ok {
		if s, plain := text(node); plain { // "caller: hello.wav" is short for "- file: hello.wav"
			p.File = s
			return
		}
	}
	known := map[string]reflect.Value{}
	for i := range v.NumField() {
		if key := v.Type().Field(i).Tag.Get("yaml"); key != "-" {
			known[key] = v.Field(i)
		}
	}
	for key, e := range d.entries(node, path) {
		field, ok := known[key]
		if !ok {
			d.add(join(path, key), "unknown key; known here: %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			continue
		}
		d.value(e, field, join(path, key))
	}
}

// list also takes a single value for a list of one, which is what people write.
func (d decoder) list(node ast.Node, v reflect.Value, path string) {
	nodes := []ast.Node{node}
	if s, ok := node.(*ast.SequenceNode); ok {
		nodes = s.Values
	}
	v.Set(reflect.MakeSlice(v.Type(), len(nodes), len(nodes)))
	for i, n := range nodes {
		d.value(n, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

// fields reads a record's fields: text, number, true, false or null each.
func (d decoder) fields(node ast.Node, v reflect.Value, path string) {
	m := map[string]any{}
	for key, e := range d.entries(node, path) {
		m[key] = d.scalar(e, join(path, key))
	}
	v.Set(reflect.ValueOf(m))
}

func (d decoder) scalar(node ast.Node, path string) any {
	switch n := node.(type) {
	case *ast.NullNode:
		return nil
	case *ast.BoolNode:
		return n.Value
	case *ast.IntegerNode:
		// +14155550123 and 0042 are numbers to YAML and names of things to people.
		if s := n.GetToken().Value; s[0] == '+' || (s[0] == '0' && len(s) > 1) {
			return s
		}
		switch i := n.Value.(type) {
		case int64:
			return float64(i)
		case uint64:
			return float64(i)
		}
	case *ast.FloatNode:
		return n.Value
	}
	if s, ok := text(node); ok {
		return s
	}
	d.add(path, "want text, a number, true, false or null, got %s", name(node))
	return nil
}

func (d decoder) duration(node ast.Node, v reflect.Value, path string) {
	s, ok := text(node)
	if !ok {
		d.add(path, "want a duration such as 1.5s, got %s", name(node))
		return
	}
	t, err := time.ParseDuration(s)
	if err != nil {
		d.add(path, "%q is no duration: write it with its unit, as 320ms, 1.5s or 2m", s)
		return
	}
	v.SetInt(int64(t))
}

// entries of a mapping in the file's order, each noted with its line; a fault if node is none.
func (d decoder) entries(node ast.Node, path string) func(func(string, ast.Node) bool) {
	var values []*ast.MappingValueNode
	switch m := node.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		d.add(path, "want keys and values, got %s", name(node))
	}
	return func(yield func(string, ast.Node) bool) {
		for _, e := range values {
			tk := e.Key.GetToken()
			d.lines[join(path, tk.Value)] = tk.Position.Line
			if !yield(tk.Value, e.Value) {
				return
			}
		}
	}
}

// text of a scalar as it was typed.
func text(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// name of what node is, for people.
func name(node ast.Node) string {
	switch n := node.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys and values"
	default:
		return fmt.Sprintf("%q", strings.TrimSpace(n.GetToken().Value))
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
