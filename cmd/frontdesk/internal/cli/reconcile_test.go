package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/reconcile"
)

// TestReconciledFitsATerminal: a call's id stands once, and sentences are folded.
func TestReconciledFitsATerminal(t *testing.T) {
	id := "CA" + strings.Repeat("0", 32)
	r := &reconcile.Report{Calls: 2, UnaccountedFor: 1, DeadLetters: 1, Findings: []reconcile.Finding{
		{
			Call: id, Tenant: "initech", Ended: new(time.Unix(0, 0)), Status: reconcile.Missing, LastSeen: "calls.records",
			Why: "it was published; the org has not applied it, or somebody has deleted it since", Repair: "send its insight to crm-writer again",
			Records: []reconcile.Record{
				{Object: "Lead", ID: "00QNX00000000012AA", KeyField: "Caller_Key__c"}, {Object: "Task", KeyField: "Call_Id__c", Key: id + ":log"},
				{Object: "Case", KeyField: "Call_Id__c", Key: id},
			},
		},
		{Call: id, Tenant: "acme", Status: reconcile.DeadLetter, Missing: "its records", LastSeen: "calls.transcripts", Why: "crm-writer gave it up: salesforce.STRING_TOO_LONG"},
	}}
	var b bytes.Buffer
	printReconciled(&b, 120, r, &reconcileFlags{})
	for _, want := range []string{"initech, 1970-01-01 00:00:00", "Task …:log", "Case of the call", "Lead 00QNX00000000012AA", "→ send its insight", "→ mend the cause"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing:\n%s", want, b.String())
		}
	}
	for line := range strings.Lines(b.String()) {
		if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 120 {
			t.Errorf("wider than 120: %s", line)
		}
	}
}

// TestReconcileTellsWhatNobodyLists: a look that had nothing to compare must not read as one that found all well.
func TestReconcileTellsWhatNobodyLists(t *testing.T) {
	var b bytes.Buffer
	printReconciled(&b, 120, &reconcile.Report{}, &reconcileFlags{look: reconcile.Options{Call: "CA1"}})
	if !strings.Contains(b.String(), "have a call CA1") {
		t.Errorf("a call that nobody knows: %s", b.String())
	}
	b.Reset()
	printReconciled(&b, 120, &reconcile.Report{Calls: 3, Tenants: map[string]*reconcile.Count{"acme": {Calls: 3, Unlisted: 2}}}, &reconcileFlags{})
	if !strings.Contains(b.String(), "not in Twilio's list: 2 of them") {
		t.Errorf("calls that the carrier doesn't list: %s", b.String())
	}
}
