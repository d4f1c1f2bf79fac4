package crm

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
)

func planOf(fields map[string]any) *Plan {
	return &Plan{Call: events.Call{ID: "CA1"}, Revision: 7, Writes: []Write{
		{
			Ref: "caller", Object: "Lead", Match: Match{Phone: "+14155550123", Objects: []string{"Contact", "Lead"}, Several: SeveralLatest},
			Key: &Key{"Caller_Key__c", "+14155550123"}, Revision: "r", Scope: ScopePerson,
			Fields: map[string]any{"LastName": "Doe", "Caller_Key__c": "+14155550123"}, OnlyNew: []string{"Status", "LastName"},
			OnlyBlank: map[string]string{"LastName": "Unknown caller", "Email": ""},
		},
		{Ref: "case", Object: "Case", Match: Match{By: "Call_Id__c", Value: "CA1"}, Revision: "000007", Scope: ScopeCall, Fields: fields},
	}}
}

func TestAPlanTravelsAsThePackageReadsIt(t *testing.T) {
	p := planOf(map[string]any{"Subject": "<a> & b", "ContactId": "@caller"})
	p.Writes[0].FieldsOf = map[string]map[string]any{"Contact": {"Title": "x"}}
	p.Ambiguous = []Write{{Ref: "link", Object: "Contact", Match: Match{Phone: "+14155550123", Objects: []string{"Contact"}}, Revision: "r", Scope: ScopePerson}}
	got, err := p.JSON(1000)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"v":2,"call":"CA1","revision":"000007","writes":[` +
		`{"ref":"caller","object":"Lead","match":{"phone":"+14155550123","objects":["Contact","Lead"],"several":"latest"},` +
		`"key":{"field":"Caller_Key__c","value":"+14155550123"},"revision":"r","revision_scope":"person",` +
		`"fields":{"Caller_Key__c":"+14155550123","LastName":"Doe"},"other":{"Contact":{"Title":"x"}},` +
		`"only_new":["LastName"],"only_blank":{"LastName":"Unknown caller"}},` +
		`{"ref":"case","object":"Case","match":{"by":"Call_Id__c","value":"CA1"},"revision":"000007","revision_scope":"call",` +
		`"fields":{"ContactId":"@caller","Subject":"<a> & b"}}],` +
		`"ambiguous":[{"ref":"link","object":"Contact","match":{"phone":"+14155550123","objects":["Contact"]},"revision":"r","revision_scope":"person"}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestALongPlanLosesItsLongestText(t *testing.T) {
	// Quotes and emoji count double on the wire: as an escape, and as two UTF-16 units.
	long := strings.Repeat(`he said "ok" 😀 `, 5000)
	p := planOf(map[string]any{"Transcript__c": long, "Subject": "short", "Description": strings.Repeat("d", 3000)})
	p.Ambiguous = []Write{{Ref: "review", Object: "Task", Fields: map[string]any{"Description": long}}}
	got, err := p.JSON(20_000)
	if err != nil || length(got) > 20_000 {
		t.Fatalf("%d units, %v", length(got), err)
	}
	var w wirePlan
	if err := json.Unmarshal([]byte(got), &w); err != nil {
		t.Fatal(err)
	}
	fields := w.Writes[1].Fields
	if text, _ := fields["Transcript__c"].(string); !strings.HasSuffix(text, "…") || len(text) < 5000 {
		t.Errorf("%d bytes left of the transcript", len(text))
	}
	if w.Ambiguous[0].Fields["Description"] != fields["Transcript__c"] {
		t.Error("the same text elsewhere was cut otherwise")
	}
	if fields["Subject"] != "short" || len(fields["Description"].(string)) != 3000 {
		t.Error("a shorter text was cut")
	}
	if p.Writes[1].Fields["Transcript__c"] != long || p.Ambiguous[0].Fields["Description"] != long {
		t.Error("the plan itself was changed")
	}
	if _, err := p.JSON(300); !errors.Is(err, ErrTooLong) {
		t.Errorf("err = %v", err)
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		text  string
		limit int
		want  string
	}{
		{"short", 10, "short"}, {"exactly ten", 11, "exactly ten"}, {"one two three four", 16, "one two three…"},
		{"abcdefghij", 5, "abcd…"}, {"a b", 1, "…"}, {"a", 0, ""}, {"😀😀😀", 5, "😀😀…"}, {"ñandú ñandú", 8, "ñandú ñ…"},
		{"\xff\xfe\xfd\xfc", 2, "\xff…"},
	} {
		if got := Cut(tt.text, tt.limit); got != tt.want {
			t.Errorf("%q to %d: %q, want %q", tt.text, tt.limit, got, tt.want)
		}
	}
}
