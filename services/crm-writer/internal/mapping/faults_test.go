package mapping

import (
	"fmt"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

func TestEveryFaultIsNamedWithItsPlace(t *testing.T) {
	_, err := Compile("bad.yaml", []byte(`version: 2
namw: x
define:
  sales: intent.knd == 'sales'
  Loud: "true"
  call: "1"
sets:
  a: {include: [b], Intent__c: intent.name}
writes:
  - ref: caller
    object: Lead
    when: sales && intent.confidence
    match: {phone: caller.phone, key: {field: Caller_Key__c, value: caller.key}}
    fields:
      include: [a, missing]
      Company: {value: caller.company, text: x}
      Duration__c: {value: call.duration, only: never}
      Ref__c: {ref: later}
      9lives: call.id
  - ref: Case
    object: Case
    match: {by: {field: Call_Id__c, value: call.revision}}
    revision: forever
    fields:
      Call_Revision__c: call.id
      Transcript__c: >-
        lines([insight.summary,
          call.nothing])
  - ref: file
    object: Task
    match: {by: {field: Call_Id__c, value: call.id}}
    fields: {Subject: call.id}
  - ref: log
    object: Task
    match: {phone: caller.phone, by: {field: Call_Id__c}}
    fields: {Subject: "[1, 2]"}
lengths: {Subject: 255, Task.Subjct: 0}
file: {parent: nobody}
`))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`bad.yaml:1:1: version: must be 1`,
		`bad.yaml:2:1: mapping: unknown key "namw"; did you mean "name"?`,
		`bad.yaml:4:16: define.sales: undefined field 'knd'`,
		`bad.yaml:5:3: define.Loud: a name is lower-case`,
		`bad.yaml:6:10: define.call: call is there already`,
		`bad.yaml:8:7: sets.a.include: there is no set "b"`,
		`bad.yaml:12:26: writes.caller.when: expected type 'bool' but found`,
		`writes.caller.match.objects: missing`,
		`writes: ref: file is the transcript's file; take another`,
		`writes.caller.fields.include: there is no set "missing"`,
		`writes.caller.fields.Company: exactly one of value, text and ref`,
		`writes.caller.fields.LastName: a Lead always has one`,
		`writes.caller.fields.Duration__c.only: "new" or "blank"`,
		`writes.caller.fields.Ref__c.ref: there is no write "later" above`,
		`bad.yaml:19:7: writes.caller.fields.9lives: not the name of a field`,
		`writes: ref: lower-case letters`,
		`bad.yaml:22:44: writes.Case.match.by.value: must be text, is int`,
		`writes.Case.revision: call or person`,
		`writes.Case.fields.Call_Revision__c: is written by itself`,
		`writes.Case.fields.Transcript__c: undefined field 'nothing'`,
		`writes.log.match: exactly one of by and phone`,
		`writes.log.match.by.value: missing`,
		`writes.log.fields.Subject: must be text, a number, true or false, or a moment, is list(int)`,
		`bad.yaml:37:11: lengths.Subject: write it as Object.Field`,
		`lengths.Task.Subjct: must be at least 1`,
		`lengths.Task.Subjct: no write has this field`,
		`file.parent: there is no write "nobody"`,
		`file.key: missing`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
	lines := strings.Split(err.Error(), "\n")
	for i := 1; i < len(lines); i++ {
		var a, b int
		fmt.Sscanf(lines[i-1], "bad.yaml:%d:", &a)
		fmt.Sscanf(lines[i], "bad.yaml:%d:", &b)
		if b < a {
			t.Errorf("out of order: %s", lines[i])
		}
	}
}

func TestNotYAML(t *testing.T) {
	for name, text := range map[string]string{
		"broken": "a: [", "empty": "", "a list": "- a", "two documents": "version: 1\n---\nversion: 1\n", "anchors": "a: &x 1\nb: *x\n",
		"a key twice": "version: 1\nversion: 1\n",
	} {
		if _, err := Compile("bad.yaml", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), "bad.yaml:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAFailingExpressionIsPermanentAndQuotesNothing: what the types allow may still fail on one call.
func TestAFailingExpressionIsPermanentAndQuotesNothing(t *testing.T) {
	m, err := Compile("m.yaml", []byte(`version: 1
name: m
writes:
  - ref: log
    object: Task
    match: {by: {field: Call_Id__c, value: call.id}}
    fields: {Subject: "string(int(insight.summary))"}
`))
	if err != nil {
		t.Fatal(err)
	}
	tn := acme(t)
	_, err = m.Plan(event(insight("Spam", "Spam")), tn, nil)
	if !retry.IsPermanent(err) || retry.Code(err) != "mapping.evaluation" || retry.Field(err) != "writes.log.fields.Subject" {
		t.Errorf("%v", err)
	}
	if strings.Contains(err.Error(), "NAME") {
		t.Errorf("the error quotes the summary: %v", err)
	}
}

func TestEverythingThatAMappingCanSay(t *testing.T) {
	m, err := Compile("m.yaml", []byte(`version: 1
name: m
define:
  vip: insight.detail('tier') == 'gold' || insight.detail_confidence('tier') > 2.0
writes:
  - ref: caller
    object: Contact
    match: {phone: caller.phone, objects: [Contact], several: latest}
  - ref: log
    object: Task
    match: {by: {field: Call_Id__c, value: "call.id + ':log'"}}
    fields:
      Subject: |
        vip
          ? 'gold'
          : prefixed('Call from ', caller.phone)
      Priority: {value: intent.kind, translate: {sales: High, support: Normal}, fallback: Low}
      Note__c: {value: "clip(insight.summary, 12)", when: call.consented == true}
      Absent__c: {value: insight.summary, when: "!call.recorded"}
      Started__c: call.started
      Agents__c: call.agents
      Long__c: call.duration > 60
      Share__c: "has(intent.confidence) ? intent.confidence * 100.0 : 0.0"
      Status: {text: Done}
`))
	if err != nil {
		t.Fatal(err)
	}
	p := plan(t, m, insight("Spam", "Spam"))
	want := map[string]any{
		"Subject": "Call from +14155550123", "Priority": "Low", "Note__c": "[NAME_1] wa…", "Started__c": "2026-03-02T14:00:00.000+0000",
		"Agents__c": int64(0), "Long__c": true, "Share__c": 93.0, "Status": "Done", "Call_Revision__c": "000001",
	}
	if got := fmt.Sprint(p.Writes[1].Fields); got != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if p.Writes[0].Match.Several != "latest" || len(p.Writes[0].Fields) != 0 || !strings.HasPrefix(m.Version(), "m@") {
		t.Errorf("%+v, %s", p.Writes[0], m.Version())
	}
}

// FuzzCompile: whatever a file holds, it is compiled or refused, and never ends the process.
func FuzzCompile(f *testing.F) {
	f.Add([]byte("version: 1\nname: x\nwrites: [{ref: a, object: Task, match: {by: {field: A, value: call.id}}}]\n"))
	f.Add([]byte("writes: [[]]\nlengths: {a: {}}\nfile: 3\nsets: {a: {include: [a]}}\nevent: {include: x}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := Compile("f.yaml", data); (m == nil) != (err != nil) {
			t.Errorf("%v, %v", m, err)
		}
	})
}

func BenchmarkPlan(b *testing.B) {
	m, tn := canonical(b), acme(b)
	e := event(named(insight("SupportRequest", "SupportTicketOpened"), 0.9))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Plan(e, tn, &tn.Numbers[0]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Default(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	m, tn := canonical(b), acme(b)
	p, err := m.Plan(event(named(insight("SupportRequest", "SupportTicketOpened"), 0.9)), tn, &tn.Numbers[0])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.JSON(131072); err != nil {
			b.Fatal(err)
		}
	}
}
