package reconcile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

// found is a report's findings, each as "call status missing".
func found(r *Report) string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, fmt.Sprintf("%s %s %s", f.Call, f.Status, f.Missing))
	}
	return strings.Join(all, "; ")
}

func TestEachLossIsSentAgainToThoseWhoMustDoItAgain(t *testing.T) {
	w := newWorld(t)
	w.listed = append(w.listed, listed("CA1", "acme", 20*time.Minute), listed("CA2", "globex", 30*time.Minute), listed("CA3", "acme", 40*time.Minute))
	w.trails["CA2"] = &Trail{Tenant: "globex", Started: true, Begun: ago(time.Hour), Touched: ago(time.Hour)}
	w.trails["CA3"] = &Trail{Tenant: "acme", Started: true, Begun: ago(time.Hour), Ended: ago(40 * time.Minute), End: Place{Offset: 3}, Touched: ago(40 * time.Minute)}
	w.trails["CA4"] = published("globex", publishedStatus)
	w.absent[w.trails["CA4"].Expected] = []crmwriter.Absence{{Role: "log", Object: "Task", KeyField: "Call_Id__c", Key: "CA4:log"}}
	w.trails["CA5"] = published("globex", publishedStatus)
	dead := published("globex", failedStatus)
	w.trails["CA6"] = dead

	r := w.look(t)
	if got := found(r); got != "CA4 missing records; CA6 dead letter its records; CA3 missing its insight; CA2 missing its end; CA1 missing the whole call" {
		t.Errorf("found %s", got)
	}
	if r.Calls != 6 || r.UnaccountedFor != 4 || r.DeadLetters != 1 || r.Tenants["acme"].UnaccountedFor != 2 || r.Tenants["globex"].Unlisted != 3 || len(w.sent) > 0 {
		t.Errorf("%+v, sent %q", r, w.sent)
	}
	r = w.look(t, func(o *Options) { o.Repair = true })
	want := []string{
		"9 of calls.insights to crm-writer", "3 of calls.lifecycle to inference", "CA2 call_ended to calls.lifecycle", "CA1 call_ended to calls.lifecycle",
	}
	if !slices.Equal(slices.Sorted(slices.Values(w.sent)), slices.Sorted(slices.Values(want))) || r.Repaired != 4 || r.UnaccountedFor != 0 {
		t.Errorf("sent %q, %+v", w.sent, r)
	}
	w.sent, w.fails = nil, errors.New("no broker")
	if r = w.look(t, func(o *Options) { o.Repair, o.Call = true, "CA3" }); r.Calls != 1 || r.UnaccountedFor != 1 || r.Findings[0].Failed != "no broker" || r.Findings[0].Repaired {
		t.Errorf("%+v", r)
	}
}

func TestTheWindowIsByTheCallsBeginning(t *testing.T) {
	w := newWorld(t)
	old, strange := published("acme", pendingStatus), published("nobody", pendingStatus)
	old.Begun = ago(25 * time.Hour)
	w.trails["CA1"], w.trails["CA2"], w.trails["CA3"] = old, strange, published("globex", pendingStatus)
	if r := w.look(t); r.Calls != 1 || found(r) != "CA3 missing its records" {
		t.Errorf("%+v", r)
	}
	if r := w.look(t, func(o *Options) { o.Tenant = "acme" }); r.Calls != 0 || len(r.Tenants) != 1 {
		t.Errorf("%+v", r)
	}
}

// TestWhatCanNotBeReadIsNotMissing: of a source that is away nothing is concluded, and the other tenants' parts are told all the same.
func TestWhatCanNotBeReadIsNotMissing(t *testing.T) {
	w := newWorld(t)
	lost := func(id string) {
		w.absent[w.trails[id].Expected] = []crmwriter.Absence{{Role: "log", Object: "Task", KeyField: "Call_Id__c", Key: id + ":log"}}
	}
	w.trails["CA1"], w.trails["CA2"] = published("acme", publishedStatus), published("globex", publishedStatus)
	lost("CA1")
	lost("CA2")
	w.away["acme"] = errAway
	r := w.look(t)
	if found(r) != "CA2 missing records" || len(r.Unread) != 1 || r.Unread[0] != (Unread{"acme", SourceCRM, errAway.Code, errAway.Code}) {
		t.Errorf("%s, %+v", found(r), r.Unread)
	}
	delete(w.away, "acme")
	w.refused = &retry.Error{Class: retry.Permanent, Code: "twilio.20003"}
	if r = w.look(t); len(r.Findings) != 2 || len(r.Unread) != len(w.tenants.All()) || r.Unread[0].Source != SourceCarrier {
		t.Errorf("%s, %+v", found(r), r.Unread)
	}
}

// TestASharedRecordIsNamedOnce: the Lead of a caller who rang twice is one record, and the later call's insight makes it as it was.
func TestASharedRecordIsNamedOnce(t *testing.T) {
	w := newWorld(t)
	lead := crmwriter.Absence{Role: "caller", Object: "Lead", KeyField: "Caller_Key__c", Key: "+14155550123"}
	for i, id := range []string{"CA1", "CA2", "CA3"} {
		trail := published("globex", publishedStatus)
		trail.Begun = trail.Begun.Add(time.Duration([]int{0, 2, 1}[i]) * time.Minute)
		w.trails[id], w.absent[trail.Expected] = trail, []crmwriter.Absence{lead}
	}
	w.trails["CA2"].Record.Records = []*events.CrmRecord{{Role: "caller", Object: "Lead", Id: "00Q1"}}
	r := w.look(t)
	if found(r) != "CA2 missing records" || r.Findings[0].Records[0] != (Record{Role: "caller", Object: "Lead", ID: "00Q1", KeyField: "Caller_Key__c"}) {
		t.Errorf("%s: %+v", found(r), r.Findings)
	}
}

func TestWhoseCallItIs(t *testing.T) {
	w := newWorld(t)
	// The number has changed hands since: the topics know whose call it was.
	w.listed = append(w.listed, listed("CA1", "acme", 20*time.Minute))
	w.trails["CA1"] = published("globex", pendingStatus)
	if r := w.look(t); r.Calls != 1 || r.Findings[0].Tenant != "globex" {
		t.Errorf("%+v", r)
	}
}
