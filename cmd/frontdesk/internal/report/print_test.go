package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
)

func TestPrintAtFixedWidths(t *testing.T) {
	for _, width := range []int{160, 120, 100, 80} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			var b bytes.Buffer
			example().Print(&b, width)
			golden(t, fmt.Sprintf("print-%d.txt", width), b.String())
			for line := range strings.Lines(b.String()) {
				if w := text.StringWidth(strings.TrimRight(line, "\n")); w > width {
					t.Errorf("%d columns in %q", w, line)
				}
			}
		})
	}
}

func TestPrintOfNothingIsTheTotals(t *testing.T) {
	var b bytes.Buffer
	New().Print(&b, 120)
	if got := b.String(); strings.Contains(got, "stage") || !strings.HasPrefix(got, "0 calls, 0 recorded") || strings.Contains(got, "✗") {
		t.Errorf("printed %q", got)
	}
}

// TestJSONNamesAreFixed: machines read the report; a name may come, none may go or change its type.
func TestJSONNamesAreFixed(t *testing.T) {
	data, err := json.MarshalIndent(example(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	shape(v, "", names)
	var list []string
	for n := range names {
		list = append(list, n)
	}
	slices.Sort(list)
	golden(t, "json-names.txt", strings.Join(list, "\n")+"\n")
}

// TestTheDocumentKnowsEveryName: docs/report.md is what people write their scripts by.
func TestTheDocumentKnowsEveryName(t *testing.T) {
	doc, err := os.ReadFile("../../../../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []any{Report{}, Outcome{}, Cost{}, Usage{}, Leak{}, Write{}, Quantiles{}, Double{}, DeadLetter{}} {
		for f := range reflect.TypeOf(of).Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" && !bytes.Contains(doc, []byte("`"+name+"`")) {
				t.Errorf("docs/report.md says nothing of %s of a %T", name, of)
			}
		}
	}
}

// shape collects every name in v with its type; what is null somewhere and a number elsewhere has both.
func shape(v any, at string, names map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if strings.HasSuffix(at, "fields") {
				k = "*" // fields of the CRM are not ours to fix
			}
			shape(x, strings.TrimPrefix(at+"."+k, "."), names)
		}
	case []any:
		for _, x := range v {
			shape(x, at+"[]", names)
		}
	case nil:
		names[at+" null"] = true
	default:
		names[fmt.Sprintf("%s %T", at, v)] = true
	}
}

func TestAnEmptyReportHasNoNulls(t *testing.T) {
	data, err := json.Marshal(New())
	if err != nil || bytes.Contains(data, []byte("null")) {
		t.Errorf("%s (%v)", data, err)
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		in, want string
		width    int
	}{
		{"short", "short", 5},
		{"Follow up on the support request", "Follow up on the\nsupport request", 16},
		{"23-changes-mind", "23-changes-\nmind", 12},
		{"unbreakable", "unbre\nakabl\ne", 5},
		{"", "", 3},
	} {
		if got := fold(c.in, c.width); got != c.want {
			t.Errorf("fold(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
}
