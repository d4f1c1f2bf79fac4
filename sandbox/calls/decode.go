package calls

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// decode reads call.yaml into c. The library's strict decoder stops at the first unknown key and reads an
// unquoted +14155550123 as a number; people who write calls by hand want every fault at once and their
// numbers as typed, so the syntax tree is walked here.
func decode(data []byte, c *Call, f *faults) {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")) // some editors put it there
	if at, text := unreadable(data); text != "" {
		f.list = append(f.list, fault{at, text})
		f.bad[""] = true
		return
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		at, text := syntax(err)
		f.list = append(f.list, fault{at, text})
		f.bad[""] = true
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

// unreadable tells what would not parse, or into something that nobody has written.
func unreadable(data []byte) (at position, text string) {
	if bytes.HasPrefix(data, []byte("\xFF\xFE")) || bytes.HasPrefix(data, []byte("\xFE\xFF")) {
		return position{1, 1}, "is UTF-16: save it as UTF-8"
	}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		for i := 0; i < len(line); {
			r, size := utf8.DecodeRune(line[i:])
			if r == utf8.RuneError && size == 1 {
				return position{n, utf8.RuneCount(line[:i]) + 1}, "is not UTF-8 from here on: save it as UTF-8"
			}
			i += size
		}
	}
	if line := tooDeep(data); line > 0 {
		return position{line, 1}, "nests deeper than any call.yaml needs to: look for a bracket that isn't closed"
	}
	return position{}, ""
}

// tooDeep returns the line on which brackets or dashes nest so deeply that parsing them would take all memory; 0 if none
// do. Brackets in text count as well: nobody says so many without closing them.
func tooDeep(data []byte) int {
	const most = 100
	line, depth, dashes, leading := 1, 0, 0, true
	for _, b := range data {
		switch b {
		case '\n':
			line, dashes, leading = line+1, 0, true
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		case '-', '?':
			if leading {
				dashes++
			}
		}
		leading = leading && (b == ' ' || b == '-' || b == '?')
		if depth > most || dashes > most {
			return line
		}
	}
	return 0
}

// syntax is the place and the words of a parser's error.
func syntax(err error) (at position, text string) {
	if e, ok := errors.AsType[yaml.Error](err); ok && e.GetToken() != nil && e.GetToken().Position != nil {
		return posOf(e.GetToken().Position), "not YAML: " + e.GetMessage()
	}
	return position{1, 1}, "not YAML: " + err.Error()
}

func posOf(p *token.Position) position { return position{p.Line, p.Column} }

type decoder struct{ *faults }

// value puts node into v, noting where each key stands. A null leaves v as it is.
func (d decoder) value(node ast.Node, v reflect.Value, path string) {
	if path != "" && !d.has(path) {
		d.at[path] = startOf(node)
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
		if d.bad[path] {
			v.SetZero() // it says neither yes nor no
		}
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
	if u, ok := v.Addr().Interface().(*Utterance); ok {
		u.Line = d.position(path).line
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
			names := slices.Sorted(maps.Keys(known))
			near := Nearest(key, names)
			what := Suggest(key, names, "known here")
			if _, of := v.Addr().Interface().(*Utterance); of && near == "" {
				what = "if it is what somebody says, put the whole text in quotes, for commas and colons end it otherwise; " + what
			}
			d.add(join(path, key), "unknown key; %s", what)
			if near != "" {
				d.bad[join(path, near)] = true // it is not missing but mistyped
			}
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
			d.at[join(path, tk.Value)] = posOf(tk.Position)
			if !yield(tk.Value, e.Value) {
				return
			}
		}
	}
}

// startOf is where a node begins: a mapping's own token is the colon behind its first key.
func startOf(node ast.Node) position {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			node = n.Values[0].Key
		}
	case *ast.MappingValueNode:
		node = n.Key
	}
	return posOf(node.GetToken().Position)
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
