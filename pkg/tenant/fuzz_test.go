package tenant_test

import (
	"os"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// FuzzParse: whatever a tenant file holds, it is read or refused in lines that each begin with the file's name, and what is
// read is accepted alone.
func FuzzParse(f *testing.F) {
	valid, err := os.ReadFile("testdata/valid.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(valid)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := tenant.Parse("acme.yaml", b)
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !strings.HasPrefix(line, "acme.yaml") {
					t.Errorf("a fault without its file: %q", line)
				}
			}
			return
		}
		if got == nil || got.ID == "" {
			t.Fatalf("read as %+v", got)
		}
		if _, err := tenant.NewSet(got); err != nil {
			t.Errorf("read, and refused by itself: %v", err)
		}
	})
}
