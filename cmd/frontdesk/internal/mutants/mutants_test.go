package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryMutantApplies: whoever changes what a mutant changes brings the mutant up to date.
func TestEveryMutantApplies(t *testing.T) {
	t.Chdir("../../../..")
	names := map[string]bool{}
	for _, m := range mutants {
		if names[m.name] {
			t.Errorf("two mutants are named %q", m.name)
		}
		names[m.name] = true
		b, err := m.mutated()
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), m.file, b, parser.SkipObjectResolution); err != nil {
			t.Errorf("%s does not parse: %v", m.name, err)
		}
		have := testsOf(t, m.suite.pkg)
		for _, name := range m.suite.tests {
			if !slices.Contains(have, name) {
				t.Errorf("%s: there is no test %s in %s", m.name, name, m.suite.pkg)
			}
		}
	}
}

func testsOf(t *testing.T, pkg string) []string {
	files, err := filepath.Glob(filepath.Join(pkg, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(pkg, err)
	}
	var out []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if name, ok := strings.CutPrefix(line, "func Test"); ok {
				out = append(out, "Test"+name[:strings.IndexByte(name, '(')])
			}
		}
	}
	return out
}

// TestASnippetMustStandOnce.
func TestASnippetMustStandOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.go")
	if err := os.WriteFile(file, []byte("a b b"), 0o600); err != nil {
		t.Fatal(err)
	}
	for old, fine := range map[string]bool{"a": true, "b": false, "c": false} {
		if _, err := (mutant{file: file, old: old, new: "d"}).mutated(); (err == nil) != fine {
			t.Errorf("%s: %v", old, err)
		}
	}
}
