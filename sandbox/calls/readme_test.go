package calls_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// The page for people names every key of call.yaml, every call and every number that can be called.
func TestReadmeIsWhole(t *testing.T) {
	page, err := os.ReadFile("../../samples/README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := yamlKeys(reflect.TypeFor[calls.Call]())
	folders, err := filepath.Glob("../../samples/calls/[^_]*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no sample calls: %v", err)
	}
	for _, f := range folders {
		want = append(want, filepath.Base(f))
	}
	for _, tn := range tenants(t).All() {
		for _, n := range tn.Numbers {
			want = append(want, n.Number)
		}
		for _, d := range tn.Catalogue.Dispositions {
			want = append(want, d.Name)
		}
	}
	for _, w := range want {
		if !strings.Contains(string(page), "`"+w+"`") && !strings.Contains(string(page), w+":") {
			t.Errorf("samples/README.md doesn't name %q", w)
		}
	}
}

// yamlKeys are the keys of a type and of what it holds.
func yamlKeys(t reflect.Type) (keys []string) {
	switch t.Kind() { //nolint:exhaustive // the rest hold no keys
	case reflect.Pointer, reflect.Slice:
		return yamlKeys(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if k := t.Field(i).Tag.Get("yaml"); k != "-" {
				keys = append(append(keys, k), yamlKeys(t.Field(i).Type)...)
			}
		}
	}
	return keys
}

func tenants(t *testing.T) *tenant.Set {
	t.Helper()
	set, err := tenant.Load("../../samples/tenants")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Every sample call dials a number that a tenant owns, and expects what its catalogue holds.
func TestSampleCallsFitTheirTenants(t *testing.T) {
	list, err := calls.Load("../../samples/calls")
	if err != nil {
		t.Fatal(err)
	}
	set := tenants(t)
	for _, c := range list {
		tn, _ := set.ByNumber(c.To)
		if tn == nil {
			t.Errorf("%s dials %s, which nobody owns", c.Name, c.To)
			continue
		}
		e := c.Expect
		if e.Intent != "" && tn.Intent(e.Intent) == nil || e.Disposition != "" && tn.Disposition(e.Disposition) == nil {
			t.Errorf("%s expects %s and %s, which %s doesn't have", c.Name, e.Intent, e.Disposition, tn.ID)
		}
		if asks := tn.Consent.Policy == tenant.ConsentAsk; asks != (len(c.Keypad) > 0) && c.HangUp == "" {
			t.Errorf("%s: keys %q, and %s asks for consent: %v", c.Name, c.Keypad, tn.ID, asks)
		}
		if len(e.Records) == 0 {
			t.Errorf("%s expects no records", c.Name)
		}
	}
}

// What the page shows works as it stands, and so does what it says of mistakes.
func TestReadmeExamples(t *testing.T) {
	page, err := os.ReadFile("../../samples/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, b := range strings.Split(string(page), "```yaml\n")[1:] {
		block, _, _ := strings.Cut(b, "```")
		blocks = append(blocks, block)
	}
	if len(blocks) != 3 {
		t.Fatalf("%d examples of call.yaml", len(blocks))
	}
	sound := func(ms int) string { return string(wav(7, 1, 8000, 8, tone(ms))) }
	dir := folder(t, map[string]string{
		"first/call.yaml": blocks[0], "first/hello.wav": sound(1000), "first/wish.wav": sound(2000), "first/answer.wav": sound(1500),
		"second/call.yaml": acme + "keypad: 1\n" + blocks[1], "second/caller.wav": sound(7000), "second/greeting.wav": sound(3500), "second/answer.wav": sound(900),
		"third/call.yaml": acme + "hang_up: ringing\n" + blocks[2],
	})
	if _, err := calls.LoadFor(dir, lines(t)); err != nil {
		t.Error(err)
	}

	wrong := strings.NewReplacer("intent: BookDemo", "intent: BookDmo").Replace(blocks[0])
	dir = folder(t, map[string]string{
		"first/call.yaml": wrong, "first/hello.wav": sound(1000), "first/wish.wav": string(wav(1, 2, 44100, 16, tone(10))), "first/answer.wav": sound(1500),
	})
	_, err = calls.LoadFor(dir, lines(t))
	if err == nil {
		t.Fatal("mistakes were not told")
	}
	text := strings.Join(strings.Fields(string(page)), " ")
	for line := range strings.SplitSeq(strings.ReplaceAll(err.Error(), dir, "my-calls"), "\n") {
		if !strings.Contains(text, line) {
			t.Errorf("samples/README.md doesn't show %q", line)
		}
	}
}

// Read needs no audio.
func TestReadWithoutAudio(t *testing.T) {
	list, err := calls.Read(folder(t, map[string]string{"x/call.yaml": minimal}))
	if err != nil || len(list) != 1 || list[0].Script[0].Text != "Hello." || list[0].AgentAudio != nil {
		t.Errorf("%v, %v", list, err)
	}
}
