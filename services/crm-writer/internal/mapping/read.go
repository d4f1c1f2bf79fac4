package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// place is where something stands in the file, counted from 1.
type place struct{ line, column int }

// faults collects what is wrong, each with its place.
type faults struct {
	file string
	list []fault
}

type fault struct {
	at   place
	text string
}

func (f *faults) add(at place, format string, args ...any) {
	f.list = append(f.list, fault{at, fmt.Sprintf(format, args...)})
}

// err is every fault, one a line, in the order of the file; nil for none.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b fault) int {
		return (a.at.line-b.at.line)*1000 + a.at.column - b.at.column
	})
	errs := make([]error, len(f.list))
	for i, x := range f.list {
		errs[i] = fmt.Errorf("%s:%d:%d: %s", f.file, x.at.line, x.at.column, x.text)
	}
	return errors.Join(errs...)
}

// node is a value in the file.
type node struct {
	ast.Node
	f *faults
}

// entry is one key of a mapping, in the file's order.
type entry struct {
	key   string
	at    place
	value node
}

func parseYAML(data []byte, f *faults) (node, bool) {
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		f.add(place{1, 1}, "not YAML: %s", firstLine(err))
		return node{}, false
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		f.add(place{1, 1}, "a mapping file is one YAML document")
		return node{}, false
	}
	return node{tree.Docs[0].Body, f}, true
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func placeOf(n ast.Node) place {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return place{1, 1}
	}
	p := n.GetToken().Position
	return place{p.Line, p.Column}
}

func (n node) at() place {
	if m, ok := n.Node.(*ast.MappingValueNode); ok {
		return placeOf(m.Key)
	}
	if m, ok := n.Node.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		return placeOf(m.Values[0].Key)
	}
	return placeOf(n.Node)
}

// entries reads a mapping; anything else is a fault.
func (n node) entries(what string) []entry {
	var values []*ast.MappingValueNode
	switch m := n.Node.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode: // a mapping of one
		values = []*ast.MappingValueNode{m}
	case *ast.NullNode:
		return nil
	default:
		n.f.add(n.at(), "%s: expected keys and values", what)
		return nil
	}
	out := make([]entry, 0, len(values))
	for _, v := range values {
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			n.f.add(placeOf(v.Key), "%s: a key must be plain text (anchors, merges and numbers are not)", what)
			continue
		}
		out = append(out, entry{key: key.Value, at: placeOf(v.Key), value: node{v.Value, n.f}})
	}
	return out
}

// items reads a list; anything else is a fault.
func (n node) items(what string) []node {
	s, ok := n.Node.(*ast.SequenceNode)
	if !ok {
		n.f.add(n.at(), "%s: expected a list", what)
		return nil
	}
	out := make([]node, len(s.Values))
	for i, v := range s.Values {
		out[i] = node{v, n.f}
	}
	return out
}

// scalar reads text as it stands in the file; where is the place of its first character. Numbers and
// booleans are text, too: `when: true` is an expression.
func (n node) scalar(what string) (text string, where place, ok bool) {
	where = n.at()
	switch v := n.Node.(type) {
	case *ast.StringNode:
		if v.Token.Type.String() == "SingleQuote" || v.Token.Type.String() == "DoubleQuote" {
			where.column++
		}
		return v.Value, where, true
	case *ast.LiteralNode: // a block: the text begins on the line after the bar
		where.line++
		where.column = 1
		return v.Value.Value, where, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, where, true
	}
	n.f.add(where, "%s: expected text", what)
	return "", where, false
}

// isScalar tells text from lists and mappings.
func (n node) isScalar() bool {
	switch n.Node.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return true
	}
	return false
}

func (n node) text(what string) string {
	s, _, _ := n.scalar(what)
	return s
}

func (n node) texts(what string) []string {
	items := n.items(what)
	out := make([]string, len(items))
	for i, x := range items {
		out[i] = x.text(what)
	}
	return out
}

func (n node) number(what string) int {
	s, at, ok := n.scalar(what)
	if !ok {
		return 0
	}
	i, err := strconv.Atoi(s)
	if err != nil {
		n.f.add(at, "%s: not a whole number", what)
	}
	return i
}

// unknown reports a key that the format does not have, and the nearest that it has.
func (f *faults) unknown(e entry, what string, known ...string) {
	hint := ""
	best := 3 // a name further away is no misspelling
	for _, k := range known {
		if d := distance(e.key, k); d < best {
			best, hint = d, fmt.Sprintf("; did you mean %q?", k)
		}
	}
	f.add(e.at, "%s: unknown key %q%s", what, e.key, hint)
}

// distance is the number of edits between two words (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := corner
			if a[i] != b[j] {
				next = 1 + min(corner, row[j], row[j+1])
			}
			corner, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
