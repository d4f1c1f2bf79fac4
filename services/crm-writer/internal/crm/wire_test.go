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
	got, err := planOf(map[string]any{"Subject": "<a> & b", "ContactId": "@caller"}).JSON(1000)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"v":1,"call":"CA1","revision":"000007","writes":[` +
		`{"ref":"caller","object":"Lead","match":{"phone":"+14155550123","objects":["Contact","Lead"]},"revision":"r","revision_scope":"person",` +
		`"fields":{"Caller_Key__c":"+14155550123","LastName":"Doe"},"only_new":["LastName"],"only_blank":{"LastName":"Unknown caller"}},` +
		`{"ref":"case","object":"Case","match":{"by":"Call_Id__c","value":"CA1"},"revision":"000007","revision_scope":"call",` +
		`"fields":{"ContactId":"@caller","Subject":"<a> & b"}}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestALongPlanLosesItsLongestText(t *testing.T) {
	// Quotes and emoji count double on the wire: as an escape, and as two UTF-16 units.
	long := strings.Repeat(`he said "ok" 😀 `, 5000)
	p := planOf(map[string]any{"Transcript__c": long, "Subject": "short", "Description": strings.Repeat("d", 3000)})
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
	if fields["Subject"] != "short" || len(fields["Description"].(string)) != 3000 {
		t.Error("a shorter text was cut")
	}
	if p.Writes[1].Fields["Transcript__c"] != long {
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

func TestSettledWritesAreNamedLinkedOrLeftOut(t *testing.T) {
	base := func() *Plan {
		p := planOf(map[string]any{"ContactId": "@caller", "WhoId": "@caller", "WhatId": "@case"})
		p.Writes[0].Key = nil
		p.Writes[0].FieldsOf = map[string]map[string]any{"Contact": {"Title": "x"}}
		p.Writes[1].Object = "Task"
		p.Ambiguous = []Write{{Ref: "review", Object: "Task", Match: Match{By: "Call_Id__c", Value: "CA1:review"}}}
		return p
	}
	named := base().Settle(map[string]Decision{"caller": {Action: Update, Object: "Contact", ID: "003A"}})
	if w := named.Writes[0]; w.Match.ID != "003A" || w.Object != "Contact" || w.Fields["Title"] != "x" || named.Writes[1].Fields["WhoId"] != "003A" {
		t.Errorf("named: %+v", named.Writes)
	}
	lead := base().Settle(map[string]Decision{"caller": {Action: Update, Object: "Lead", ID: "00QA"}})
	if f := lead.Writes[1].Fields; f["WhoId"] != nil || f["ContactId"] != nil || f["WhatId"] != "@case" {
		t.Errorf("a task about a case hangs on no lead: %v", f)
	}
	linked := base()
	linked.Writes[0].Fields, linked.Writes[0].FieldsOf = nil, nil
	linked = linked.Settle(map[string]Decision{"caller": {Action: Link, Object: "Contact", ID: "003A"}})
	if len(linked.Writes) != 1 || linked.Writes[0].Fields["ContactId"] != "003A" {
		t.Errorf("linked: %+v", linked.Writes)
	}
	nobody := base().Settle(map[string]Decision{"caller": {Action: Nothing}})
	if len(nobody.Writes) != 1 || nobody.Writes[0].Fields["WhoId"] != nil {
		t.Errorf("nobody: %+v", nobody.Writes)
	}
	several := base().Settle(map[string]Decision{"caller": {Action: Unclear}})
	if len(several.Writes) != 2 || several.Writes[1].Ref != "review" {
		t.Errorf("several: %+v", several.Writes)
	}
}
