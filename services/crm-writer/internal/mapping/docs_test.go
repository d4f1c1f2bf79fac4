package mapping

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
)

const docs = "../../../../docs/mapping.md"

// TestDocsAreCurrent: what expressions can use stands in docs/mapping.md; -update writes it anew.
func TestDocsAreCurrent(t *testing.T) {
	b, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	want := between(string(b), "<!-- functions:", functionTable())
	want = between(want, "<!-- objects:", objectTables())
	if want == string(b) {
		return
	}
	if !*update {
		t.Fatal("docs/mapping.md is not current; run this test with -update")
	}
	if err := os.WriteFile(docs, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// between puts text between the line that begins with mark and the next end mark.
func between(doc, mark, text string) string {
	i := strings.Index(doc, mark)
	i += strings.Index(doc[i:], "\n") + 1
	j := i + strings.Index(doc[i:], "<!-- end -->")
	return doc[:i] + text + doc[j:]
}

func functionTable() string {
	var b strings.Builder
	b.WriteString("| function | gives |\n|---|---|\n")
	for _, f := range Functions() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Usage, f.Doc)
	}
	return b.String()
}

func objectTables() string {
	var b strings.Builder
	for _, o := range Objects() {
		fmt.Fprintf(&b, "### `%s`\n\n%s\n\n| field | type | |\n|---|---|---|\n", o.Name, o.Doc)
		for _, f := range o.Fields {
			fmt.Fprintf(&b, "| `%s.%s` | %s | %s |\n", o.Name, f.Name, typeName(f.Type), f.Doc)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func typeName(t *cel.Type) string {
	switch t.Kind() {
	case cel.StringType.Kind():
		return "text"
	case cel.BoolType.Kind():
		return "true or false"
	case cel.TimestampType.Kind():
		return "moment"
	case cel.IntType.Kind():
		return "whole number"
	default:
		return "number"
	}
}

// TestTheDocsExampleCompiles: what the documentation shows works as it stands.
func TestTheDocsExampleCompiles(t *testing.T) {
	b, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "```yaml\n")
	example, _, _ := strings.Cut(rest, "```")
	m, err := Compile("example.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if got := shape(plan(t, m, named(insight("BookDemo", "QualifiedLead"), 0.9))); got != "caller Lead by phone or new · log Task" {
		t.Error(got)
	}
}

// TestEveryFunctionIsWhatItsUsageShows compiles each usage as an expression.
func TestEveryFunctionIsWhatItsUsageShows(t *testing.T) {
	l, err := newLanguage()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Functions() {
		if _, issues := l.env.Compile(f.Usage); issues.Err() != nil {
			t.Errorf("%s: %v", f.Usage, issues.Err())
		}
	}
}
