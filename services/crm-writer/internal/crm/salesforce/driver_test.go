package salesforce_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	sandbox "github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm/drivertest"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm/salesforce"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

// sales is a sales plan of call n by a caller of his own.
func sales(n int, revision uint32) *crm.Plan {
	p := drivertest.Plan(n, revision)
	phone := fmt.Sprintf("+1415556%04d", n)
	p.Parent = phone
	w := &p.Writes[0]
	w.Match.Phone, w.Key = phone, &crm.Key{Field: "Caller_Key__c", Value: phone}
	w.Fields["Phone"], w.Fields["Phone_E164__c"], w.Fields["Caller_Key__c"] = phone, phone, phone
	return p
}

func many(n int) []*crm.Plan {
	out := make([]*crm.Plan, n)
	for i := range out {
		out[i] = sales(i+1, 1)
	}
	return out
}

func apply(t *testing.T, d *salesforce.Driver, plans ...*crm.Plan) []crm.Outcome {
	t.Helper()
	return d.Apply(t.Context(), plans)
}

func good(t *testing.T, outcomes []crm.Outcome) {
	t.Helper()
	for i, o := range outcomes {
		if o.Err != nil {
			t.Fatalf("%d: %v", i, o.Err)
		}
	}
}

func share(operation, code string) fault.Settings {
	return fault.Settings{Errors: []fault.Share{{Operation: operation, Code: code, Share: 1}}}
}

func TestABatchCostsThreeRequestsHoweverManyCallsItHas(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	good(t, apply(t, d, many(75)...))
	if u := s.Usage()[0]; u.Calls != 3 || u.Resources["composite"] != 1 || u.Resources["search"] != 1 || u.Resources["graph"] != 1 {
		t.Errorf("first calls: %+v", u)
	}
	if n := len(s.Records("acme", "Lead")); n != 75 {
		t.Errorf("%d leads", n)
	}
	later := many(75)
	for i := range later {
		later[i] = sales(i+1, 2)
	}
	good(t, apply(t, d, later...)) // nobody is unknown any more: no search
	if u := s.Usage()[0]; u.Calls != 5 {
		t.Errorf("second revisions: %+v", u)
	}
	if a := d.Allowance(); a.Used != 5 || a.Max != 100_000 {
		t.Errorf("allowance %+v", a)
	}
}

// TestALargeBatchIsLookedUpOnce: one composite and one search for three requests of graphs.
func TestALargeBatchIsLookedUpOnce(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	for revision := range 2 { // the search goes beside the query, whoever is known
		plans := many(225)
		for i := range plans {
			plans[i] = sales(i+1, uint32(revision+1))
		}
		good(t, apply(t, d, plans...))
		n := revision + 1
		if u := s.Usage()[0]; u.Calls != 5*n || u.Resources["composite"] != n || u.Resources["search"] != n || u.Resources["graph"] != 3*n {
			t.Errorf("revision %d: %+v", n, u)
		}
	}
	if n := len(s.Records("acme", "Lead")); n != 225 {
		t.Errorf("%d leads", n)
	}
}

func TestARequestThatFailsTakesNoOthersCallsAlong(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	s.Faults().Set(fault.Settings{Seed: 1, Errors: []fault.Share{{Operation: "graph", Code: "SERVER_UNAVAILABLE", Share: 0.4}}})
	failed := map[int]int{}
	for i, o := range apply(t, d, many(225)...) {
		if o.Err != nil {
			failed[i/75]++
			if retry.Code(o.Err) != "salesforce.SERVER_UNAVAILABLE" || !o.Down {
				t.Fatalf("%+v", o)
			}
		}
	}
	for part, n := range failed {
		if n != 75 {
			t.Errorf("%d calls of request %d failed", n, part)
		}
	}
	if len(failed) == 0 || len(failed) == 3 || len(s.Records("acme", "Lead")) != 225-75*len(failed) {
		t.Errorf("%v failed, %d leads", failed, len(s.Records("acme", "Lead")))
	}
	s.Faults().Set(fault.Settings{})
	good(t, apply(t, d, many(225)...))
	if n := len(s.Records("acme", "Lead")); n != 225 {
		t.Errorf("%d leads", n)
	}
}

// TestALookUpIsSplitAtTheOrgsLimits: a statement holds 100,000 characters, a search 4,000.
func TestALookUpIsSplitAtTheOrgsLimits(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	plans := many(225)
	for i, p := range plans {
		phone := fmt.Sprintf("+49%013d", i+1)
		w := &p.Writes[0]
		w.Match.Phone, w.Key.Value = phone, phone
		w.Fields["Phone"], w.Fields["Phone_E164__c"], w.Fields["Caller_Key__c"] = phone, phone, phone
		for n := range 6 {
			more := p.Writes[1]
			more.Ref = fmt.Sprint("more", n)
			more.Match.Value = fmt.Sprintf("%s:%038d", p.Call.ID, n)
			p.Writes = append(p.Writes, more)
		}
	}
	good(t, apply(t, d, plans...))
	good(t, apply(t, d, plans...)) // everything is found
	// Seven tasks a call are 122,000 characters: two statements beside those for people, all in one request. Searched are 4,275
	// characters; 1,800 nodes are four requests.
	if u := s.Usage()[0]; u.Resources["composite"] != 2 || u.Resources["search"] != 4 || u.Resources["graph"] != 4 {
		t.Errorf("%+v", u)
	}
	if n := len(s.Records("acme", "Task")); n != 7*225 {
		t.Errorf("%d tasks", n)
	}
}

// TestAFullAnswerIsAskedForAgainByHalves: 2,000 records with one caller's number hide another's.
func TestAFullAnswerIsAskedForAgainByHalves(t *testing.T) {
	s := org(t)
	crowd := make([]sandbox.Record, sf.MaxFound)
	for i := range crowd {
		crowd[i] = sandbox.Record{Object: "Contact", Fields: map[string]any{"LastName": "Crowd", "Phone": "(415) 556-0001"}}
	}
	if _, err := s.Seed("acme", crowd); err != nil {
		t.Fatal(err)
	}
	known := seed(s)(t, "Contact", map[string]any{"LastName": "Ferrer", "Phone": "(415) 556-0002"})
	out := apply(t, driver(t, s), sales(1, 1), sales(2, 1))
	good(t, out)
	if r := out[1].Records[0]; r.ID != known {
		t.Errorf("%+v", r)
	}
	if u := s.Usage()[0]; u.Resources["search"] != 3 {
		t.Errorf("%+v", u)
	}
}

func TestANumberTypedByHandIsFound(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	contact := seed(s)(t, "Contact", map[string]any{"LastName": "Ferrer", "MobilePhone": "(415) 556-0007"})
	seed(s)(t, "Lead", map[string]any{"LastName": "Other", "Company": "C", "Phone": "415-556-00070"})
	good(t, apply(t, d, sales(7, 1)))
	if leads := s.Records("acme", "Lead"); len(leads) != 1 {
		t.Errorf("%d leads", len(leads))
	}
	if task := s.Records("acme", "Task")[0]; task["WhoId"] != contact {
		t.Errorf("task %v", task)
	}
	// Without the search the same caller is unknown.
	d = driver(t, s, func(c *salesforce.Config) { c.NoSearch = true })
	seed(s)(t, "Contact", map[string]any{"LastName": "Ferrer", "MobilePhone": "(415) 556-0008"})
	good(t, apply(t, d, sales(8, 1)))
	if leads := s.Records("acme", "Lead"); len(leads) != 2 {
		t.Errorf("%d leads", len(leads))
	}
}

func TestSamePhone(t *testing.T) {
	for _, tt := range []struct {
		e164, typed string
		same        bool
	}{
		{"+14155550123", "+14155550123", true}, {"+14155550123", "(415) 555-0123", true}, {"+14155550123", "1-415-555-0123", true},
		{"+14155550123", "415.555.0123 x42", true}, {"+14155550123", "555-0123", false}, {"+14155550123", "+4155550123", false},
		{"+34911234567", "+34 911 23 45 67", true}, {"+34911234567", "911 23 45 67", false}, {"+14155550123", "", false},
	} {
		if got := salesforce.SamePhone(tt.e164, tt.typed); got != tt.same {
			t.Errorf("%s, %q: %v", tt.e164, tt.typed, got)
		}
	}
}

func TestAConvertedLeadIsItsContact(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	good(t, apply(t, d, sales(1, 1)))
	contact, err := s.Convert("acme", s.Records("acme", "Lead")[0]["Id"].(string))
	if err != nil {
		t.Fatal(err)
	}
	out := apply(t, d, sales(1, 2))
	good(t, out)
	if r := out[0].Records[0]; r.Object != "Contact" || r.ID != contact || r.Action != crm.Update {
		t.Errorf("%+v", r)
	}
	if c := s.Records("acme", "Contact")[0]; c[crm.RevisionField] != sales(1, 2).Writes[0].Revision {
		t.Errorf("contact %v", c)
	}
}

func TestADuplicateRulesMatchIsWrittenTo(t *testing.T) {
	s := org(t, func(o *sandbox.Org) {
		o.DuplicateRules = []sandbox.DuplicateRule{{Name: "same name", Object: "Lead", Match: []string{"Contact"}, Fields: []string{"LastName"}}}
	})
	d := driver(t, s)
	contact := seed(s)(t, "Contact", map[string]any{"LastName": "Doe"})
	out := apply(t, d, sales(1, 1), sales(2, 1))
	// The second call is by somebody else with that name: the rule names the same Contact, and the later call wins.
	good(t, out)
	if n := len(s.Records("acme", "Lead")); n != 0 {
		t.Errorf("%d leads", n)
	}
	if r := out[0].Records[0]; r.Object != "Contact" || r.ID != contact {
		t.Errorf("%+v", r)
	}
	if tasks := s.Records("acme", "Task"); len(tasks) != 2 || tasks[0]["WhoId"] != contact {
		t.Errorf("tasks %v", tasks)
	}
}

func TestTwoWritersMakeOneLead(t *testing.T) {
	s := org(t)
	var wg sync.WaitGroup
	for n := range 8 {
		d := driver(t, s)
		wg.Go(func() {
			p := sales(1, 1)
			other := sales(n+10, 1)
			other.Writes[0] = p.Writes[0] // another call by the same caller
			other.Writes[0].Revision = strings.Replace(p.Writes[0].Revision, "14:01", fmt.Sprintf("14:%02d", n+10), 1)
			good(t, d.Apply(context.WithoutCancel(t.Context()), []*crm.Plan{other}))
		})
	}
	wg.Wait()
	if leads, tasks := s.Records("acme", "Lead"), s.Records("acme", "Task"); len(leads) != 1 || len(tasks) != 8 {
		t.Errorf("%d leads, %d tasks", len(leads), len(tasks))
	}
}

// before has something happen before the first request to a path.
type before struct {
	path string
	once sync.Once
	do   func()
}

func (b *before) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, b.path) {
		b.once.Do(b.do)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// meanwhile is a driver that something happens to between its look-up and its write.
func meanwhile(t *testing.T, s *sandbox.Server, do func()) *salesforce.Driver {
	t.Helper()
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return driver(t, s, func(c *salesforce.Config) {
		c.Client.HTTP = &http.Client{Transport: &before{path: "/composite/graph", do: do}}
	})
}

// TestARecordThatIsMadeMeanwhile has fields that only a new one may have: its own writer died after its request had left.
func TestARecordThatIsMadeMeanwhile(t *testing.T) {
	s := org(t)
	plan := func() *crm.Plan {
		p := sales(1, 1)
		w := &p.Writes[1]
		w.Fields["TaskSubtype"], w.OnlyNew = "Call", []string{"TaskSubtype"}
		return p
	}
	first := driver(t, s)
	caller := plan()
	caller.Writes = caller.Writes[:1]
	good(t, apply(t, first, caller))
	late := meanwhile(t, s, func() { good(t, first.Apply(context.WithoutCancel(t.Context()), []*crm.Plan{plan()})) })
	good(t, apply(t, late, plan()))
	if n := len(s.ChangeLog(sandbox.Filter{Op: "create", Object: "Task"})); n != 1 {
		t.Errorf("%d tasks", n)
	}
}

// TestAPersonWhoIsDeletedMeanwhile is looked for again, whether the call changes him or only hangs on him.
func TestAPersonWhoIsDeletedMeanwhile(t *testing.T) {
	for name, revision := range map[string]string{"changed": "", "hung on": "9"} {
		t.Run(name, func(t *testing.T) {
			s := org(t)
			fields := map[string]any{"LastName": "Ferrer", "Phone_E164__c": "+14155560001"}
			if revision != "" {
				fields[crm.RevisionField] = revision // a later call's
			}
			known := seed(s)(t, "Contact", fields)
			d := meanwhile(t, s, func() {
				if err := s.Delete("acme", known); err != nil {
					t.Error(err)
				}
			})
			good(t, apply(t, d, sales(1, 1)))
			if leads, tasks := s.Records("acme", "Lead"), s.Records("acme", "Task"); len(leads) != 1 || len(tasks) != 1 || tasks[0]["WhoId"] != leads[0]["Id"] {
				t.Errorf("leads %v, tasks %v", leads, tasks)
			}
		})
	}
}

func TestOnlyTheCallsThatFailedAreRetried(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	s.Faults().Set(fault.Settings{Seed: 3, Errors: []fault.Share{{Operation: "record.Task", Code: "UNABLE_TO_LOCK_ROW", Share: 0.1}}})
	todo := many(75)
	rounds := 0
	for ; len(todo) > 0 && rounds < 20; rounds++ {
		var again []*crm.Plan
		for i, o := range apply(t, d, todo...) {
			switch {
			case o.Err == nil:
			case retry.Code(o.Err) == "salesforce.UNABLE_TO_LOCK_ROW" && !retry.IsPermanent(o.Err) && !o.Down:
				again = append(again, todo[i])
			default:
				t.Fatalf("%v, down %v", o.Err, o.Down)
			}
		}
		if rounds == 0 && (len(again) == 0 || len(again) > 30) {
			t.Errorf("%d of 75 calls failed", len(again))
		}
		todo = again
	}
	for object, want := range map[string]int{"Lead": 75, "Task": 75} {
		if got := len(s.Records("acme", object)); got != want {
			t.Errorf("%d of %s after %d rounds", got, object, rounds)
		}
	}
	creates := s.ChangeLog(sandbox.Filter{Op: "create", Object: "Task"})
	if len(creates) != 75 {
		t.Errorf("%d tasks were made", len(creates))
	}
}

// TestAHaltedRequestIsTakenUpAgain: Salesforce gives up a request after 14 failed graphs; the others did nothing wrong.
func TestAHaltedRequestIsTakenUpAgain(t *testing.T) {
	s := org(t)
	plans := many(75)
	for i := range 40 {
		delete(plans[i].Writes[0].Fields, "Company")
	}
	for i, o := range apply(t, driver(t, s), plans...) {
		if want := i < 40; retry.IsPermanent(o.Err) != want || (o.Err != nil) != want {
			t.Errorf("%d: %v", i, o.Err)
		}
	}
	if n := len(s.Records("acme", "Lead")); n != 35 {
		t.Errorf("%d leads", n)
	}
}

func TestAFailureOfTheOrgIsNobodysOwn(t *testing.T) {
	for operation, code := range map[string]string{
		"composite": "SERVER_UNAVAILABLE", "graph": "HTML_502", "search": "DROP", "token": "HTML_502",
	} {
		t.Run(operation, func(t *testing.T) {
			s := org(t)
			d := driver(t, s)
			s.Faults().Set(share(operation, code))
			for _, o := range apply(t, d, many(3)...) {
				if o.Err == nil || retry.IsPermanent(o.Err) || !o.Down || retry.Dependency(o.Err) != "salesforce:acme" {
					t.Errorf("%v, down %v", o.Err, o.Down)
				}
			}
			s.Faults().Set(fault.Settings{})
			good(t, apply(t, d, many(3)...))
			if n := len(s.Records("acme", "Task")); n != 3 {
				t.Errorf("%d tasks", n)
			}
		})
	}
}

// TestAnAnswerThatWasLostIsFoundByTheNextTry: the graph was written, and nobody told.
func TestAnAnswerThatWasLostIsFoundByTheNextTry(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	s.Faults().Set(share("graph", "DROP_AFTER"))
	if out := apply(t, d, sales(1, 1)); out[0].Err == nil || retry.IsPermanent(out[0].Err) {
		t.Fatalf("%+v", out)
	}
	s.Faults().Set(fault.Settings{})
	good(t, apply(t, d, sales(1, 1)))
	if n := len(s.ChangeLog(sandbox.Filter{Op: "create"})); n != 2 {
		t.Errorf("%d records were made", n)
	}
}

func TestAnEndedSessionCostsNothingButASignIn(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	good(t, apply(t, d, sales(1, 1)))
	s.EndSessions()
	good(t, apply(t, d, sales(2, 1)))
	s.EndSessions()
	good(t, d.Publish(t.Context(), []*crm.Plan{sales(3, 1)}))
}

func TestTheDailyLimitAsksForALongPause(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	if err := s.SetAllowance("acme", 10, 10); err != nil {
		t.Fatal(err)
	}
	out := apply(t, d, sales(1, 1))
	if retry.Code(out[0].Err) != "salesforce.REQUEST_LIMIT_EXCEEDED" || retry.After(out[0].Err) < time.Minute || !out[0].Down {
		t.Errorf("%+v", out)
	}
}

func TestAnOrgWithoutThePackageSaysWhatIsMissing(t *testing.T) {
	s := org(t, func(o *sandbox.Org) { o.NoPackage = true })
	d := driver(t, s)
	for _, o := range apply(t, d, many(5)...) {
		if !retry.IsPermanent(o.Err) || retry.Code(o.Err) != "salesforce.INVALID_FIELD" {
			t.Errorf("%v", o.Err)
		}
	}
	if u := s.Usage()[0]; u.Calls != 1 {
		t.Errorf("%d requests for one missing package", u.Calls)
	}
}

func TestOnePoisonedCallTakesNoOtherAlong(t *testing.T) {
	s := org(t)
	plans := many(9)
	plans[4].Writes[1].Match.By = "No-Field" // the look-up of the whole batch can't be read for it
	for i, o := range apply(t, driver(t, s), plans...) {
		if (o.Err != nil) != (i == 4) || i == 4 && retry.Code(o.Err) != "salesforce.MALFORMED_QUERY" {
			t.Errorf("%d: %v", i, o.Err)
		}
	}
}

func TestOneTenantsMappingTakesNoOtherAlong(t *testing.T) {
	s := org(t)
	plans := many(9)
	for _, i := range []int{2, 5} {
		plans[i].Call.Tenant, plans[i].Writes[1].Object = "globex", "Nothing__c"
	}
	for i, o := range apply(t, driver(t, s), plans...) {
		if (o.Err != nil) != (i == 2 || i == 5) {
			t.Errorf("%d: %v", i, o.Err)
		}
	}
	if u := s.Usage()[0]; u.Calls > 5 {
		t.Errorf("%d requests", u.Calls)
	}
}

func TestEveryRequestIsReportedOnce(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	var mu sync.Mutex
	got := map[string]int{}
	ids := map[string]bool{}
	ctx := crm.WithReport(t.Context(), nil, func(_ context.Context, r crm.Request, _ []*crm.Plan) {
		mu.Lock()
		defer mu.Unlock()
		got[r.API+" "+r.Unit]++
		ids[r.ID] = true
	})
	good(t, d.Apply(ctx, many(3)))
	good(t, d.Publish(ctx, many(3)))
	metered := map[string]int{}
	for _, row := range s.Meter().Rows() {
		if row.Unit != "event" && row.Unit != "delivered_event" {
			metered[row.Model+" "+row.Unit] += int(row.Amount)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(metered) || len(ids) != got["rest api_call"]+got["pubsub request"] {
		t.Errorf("reported %v, metered %v", got, metered)
	}
}

func TestARequestIsMadeForItsOwnCalls(t *testing.T) {
	var mu sync.Mutex
	calls := map[string][]int{}
	ctx := crm.WithReport(t.Context(), nil, func(_ context.Context, r crm.Request, plans []*crm.Plan) {
		mu.Lock()
		defer mu.Unlock()
		calls[r.Operation] = append(calls[r.Operation], len(plans))
	})
	good(t, driver(t, org(t)).Apply(ctx, many(76)))
	slices.Sort(calls["graph"])
	if fmt.Sprint(calls) != "map[composite:[76] graph:[1 75] search:[76]]" {
		t.Errorf("%v", calls)
	}
}
