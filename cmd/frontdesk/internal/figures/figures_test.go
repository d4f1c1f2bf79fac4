package figures

import (
	"os"
	"path/filepath"
	"testing"
)

func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reliability.md")
	const doc = "before\n<!-- other -->\n\nkept\n\n<!-- /other -->\n<!-- chaos -->\nold\n<!-- /chaos -->\nafter\n"
	if err := os.WriteFile(path, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Keep(path, "chaos", "new\n"); err != nil {
		t.Fatal(err)
	}
	const want = "before\n<!-- other -->\n\nkept\n\n<!-- /other -->\n<!-- chaos -->\n\nnew\n\n<!-- /chaos -->\nafter\n"
	if text, err := os.ReadFile(path); err != nil || string(text) != want {
		t.Errorf("%v: %q", err, text)
	}
	if err := Keep(path, "soak", "new\n"); err == nil {
		t.Error("a document without the lines is written")
	}
}
