package report

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/sandbox/meter"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", path, got)
	}
}

// example is a report with one of everything: as expected, without a record, otherwise, leaked, stopped.
func example() *Report {
	total := 0.0163
	r := New()
	r.Latency = map[string]Quantiles{
		StageSTT: {1, 3}, StageInference: {4, 12.5}, StageCRM: {1.4, 1250}, StageTotal: {5, 1264},
	}
	r.SalesforceAPICalls, r.PubSubRequests, r.DeadLetters, r.WallSeconds = 85, 16, 1, 17.84
	r.Cost = []Cost{{"USD", nil, 0.2882, 1}, {"", nil, 0, 2}}
	r.Usage = []Usage{
		{"acme", "sales", "product", "vertex", "gemini-2.5-flash", "input_token", 1200, "USD", &total, 1e6, &total},
		{"acme", "sales", "product", "salesforce", "pubsub", "request", 2, "", nil, 0, nil},
	}
	r.Metered = []meter.Row{{Key: meter.Key{Product: "vertexai", Account: "acme-sandbox", Model: "gemini-2.5-flash", Unit: "input_token"}, Amount: 1200}}
	r.GivenUp = []DeadLetter{{"CA5", "calls.insights", "crm-writer", "salesforce.STRING_TOO_LONG", "Subject"}}
	r.Doubles, r.Duplicates = []Double{{"Task", "ca1:log", []string{"00T1", "00T2"}}}, 1
	r.Leaks = []Leak{
		{"wrong-words", "model", "hidden[0]", nil},
		{"wrong-words", events.Insights.Name, "hidden[0]", []string{"call_insight.summary", "call_insight.transcript.redacted"}},
		{"wrong-words", "log", "hidden[1]", nil},
	}
	for _, o := range []Outcome{
		{
			Call: "books-a-demo", CallSID: "CA1", Tenant: "acme", LineOfBusiness: "sales", Recorded: true, Object: "Lead", RecordID: "00Q1",
			Intent: "BookDemo", Confidence: 0.97, Disposition: "DemoBooked", Source: "AI", NextAction: "Prepare the demo", DurationS: 41,
			Recording: true, Consent: "granted", Revisions: 2, LatencyMS: map[string]float64{StageTotal: 5},
			Cost: Cost{"USD", &total, total, 0}, Unmet: []string{},
			Writes: []Write{{Object: "Lead", ID: "00Q1", Created: true, Fields: map[string]any{"Company": "Lind Hardware"}, Requests: []string{"r1"}, API: "graph"}},
		},
		{
			Call: "a-long-name-of-a-call-for-support", CallSID: "CA2", Tenant: "globex", LineOfBusiness: "support", Recorded: true, Object: "Case",
			RecordID: "5001", Intent: "SupportRequest", Confidence: 0.65, Disposition: "SupportTicketOpened", Source: "AI",
			NextAction: "Follow up on the support request", DurationS: 356, Consent: "not asked", Revisions: 1,
			LatencyMS: map[string]float64{StageTotal: 1264}, Cost: Cost{"USD", nil, 0.01, 1}, Unmet: []string{}, Writes: []Write{},
		},
		{Call: "nobodys-number", LatencyMS: map[string]float64{}, Unmet: []string{}, Writes: []Write{}},
		{
			Call: "wrong-words", CallSID: "CA3", Tenant: "acme", LineOfBusiness: "sales", Recorded: true, Object: "Task", RecordID: "00T1",
			Intent: "GeneralQuestion", Confidence: 0.7, Disposition: "InformationGiven", Source: "AI", DurationS: 17, Consent: "timed out",
			Revisions: 1, LatencyMS: map[string]float64{StageTotal: 131}, Cost: Cost{"USD", &total, total, 0}, Writes: []Write{},
			Unmet: []string{
				"no Lead: intent GeneralQuestion (0.70) is of kind none, which makes none",
				"the transcript has utterance 4 otherwise: … sorry i have the [-wrong-]{+long+} number",
				"a leak: hidden[0] of call.yaml stands in what the model was asked; calls.insights (call_insight.summary, call_insight.transcript.redacted)",
				"a leak: hidden[1] of call.yaml stands in the services' log",
			},
			understood: "GeneralQuestion (0.70), InformationGiven (0.95); by vertex gemini-2.5-flash",
			holds: []Record{
				{"Task", "00T1", map[string]any{"Subject": "Call: General question", "Status": "Completed", "Disposition__c": "InformationGiven", "Disposition_Source__c": "AI"}},
				{"Lead", "00Q2", map[string]any{"LastName": "Lind", "Company": nil, "Consent_Record__c": false}},
			},
		},
		{
			Call: "too-late", CallSID: "CA4", Tenant: "acme", LineOfBusiness: "sales", LatencyMS: map[string]float64{}, Cost: Cost{Currency: "USD"},
			Writes: []Write{}, Unmet: []string{"the run was stopped before the call stood in the CRM"}, stopped: true,
		},
		{
			Call: "lost", CallSID: "CA5", Tenant: "acme", LineOfBusiness: "sales", LatencyMS: map[string]float64{}, Cost: Cost{Currency: "USD"},
			Writes: []Write{}, Unmet: []string{"no logged call (Task CA5:log): crm-writer gave up a message of calls.insights: salesforce.STRING_TOO_LONG at Subject"},
			lost: true, understood: "Spam (0.93), Spam (0.90); by vertex gemini-2.5-flash",
		},
	} {
		r.Calls++
		r.add(o)
	}
	r.Notes = []string{`books-a-demo/call.yaml: expect.hidden[0]: nobody says "4242 4224" in the script, so it guards nothing; write it as it is said`}
	r.Error = "interrupted"
	return r
}
