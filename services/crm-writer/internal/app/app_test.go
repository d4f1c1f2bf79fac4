package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm/memory"
)

const tenantYAML = `
version: 1
id: %[1]s
name: Acme
time_zone: America/New_York
caller_key: 0123456789abcdef0123456789abcdef
twilio: {account_sid: AC0000000000000000000000000000000%[2]d, auth_tokens: [token]}
numbers:
  - {number: "+1415555010%[2]d", line_of_business: sales, payer: product, onward: {dial: {sip: "sip:desk@example.com"}}}
consent: {policy: ask, prompt_version: "1", prompts: {en: "Press one."}}
privacy: {third_party_speech: {reference: DPA-12, signed: 2026-01-31}, residency: us}
speech: {provider: googlespeech, project: acme-1, location: us}
inference: {provider: vertex, project: acme-1, location: us-central1, model: gemini-2.5-flash}
catalogue:
  version: "7"
  intents:
    - {name: BookDemo, kind: sales, description: d}
    - {name: SupportRequest, kind: support, description: d}
    - {name: Unknown, kind: none, description: d}
  dispositions: [{name: QualifiedLead, description: d}, {name: NeedsReview, description: d}]
  rules:
    hang_up: {intent: Unknown, disposition: NeedsReview}
    silent: {intent: Unknown, disposition: NeedsReview}
    unheard: {intent: Unknown, disposition: NeedsReview}
    voicemail: {intent: Unknown, disposition: NeedsReview}
    unavailable: {intent: Unknown, disposition: NeedsReview}
salesforce: {org: %[1]s, client_id: c, username: u, private_key: k, pattern: %[1]s, recording_base: https://calls.acme.example/r, mapping: "%[3]s"}
prices: {version: "1", currency: USD, units: [{provider: salesforce, unit: api_call, per: 1000, amount: "0.30"}]}
`

func tenants(t *testing.T, mapping string) *tenant.Set {
	t.Helper()
	all := make([]*tenant.Tenant, 0, 4)
	for i, pattern := range []string{"direct", "events", "both", "analytics"} {
		one, err := tenant.Parse(pattern+".yaml", []byte(fmt.Sprintf(tenantYAML, pattern, i, mapping)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	set, err := tenant.NewSet(all...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// topic is calls.records and calls.usage.
type topic struct {
	mu   sync.Mutex
	list []*events.CallEvent
	// fail refuses an event.
	fail func(e *events.CallEvent) error
}

func (x *topic) Send(_ context.Context, e *events.CallEvent, done func(error)) { done(x.keep(e)) }

func (x *topic) keep(e *events.CallEvent) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fail != nil {
		if err := x.fail(e); err != nil {
			return err
		}
	}
	if _, err := events.Marshal(e); err != nil {
		return err
	}
	x.list = append(x.list, e)
	return nil
}

// said is what calls.records says, in order: "1 pending, 1 written, 1 written+file".
func (x *topic) said() string {
	var out []string
	for _, e := range x.list {
		if r, ok := e.Message().(*events.CallRecord); ok {
			s := strings.ToLower(strings.TrimPrefix(r.GetCrmStatus().String(), "CRM_STATUS_"))
			if r.GetBusEventId() != "" {
				s += "+event"
			}
			for _, x := range r.GetRecords() {
				if x.GetRole() == crm.RoleFile {
					s += "+file"
				}
			}
			out = append(out, fmt.Sprint(r.GetRevision(), " ", s))
		}
	}
	return strings.Join(out, ", ")
}

func (x *topic) last() *events.CallRecord {
	var last *events.CallRecord
	for _, e := range x.list {
		if r, ok := e.Message().(*events.CallRecord); ok {
			last = r
		}
	}
	return last
}

type rig struct {
	w     *Writer
	crm   *memory.CRM
	topic *topic
}

func newRig(t *testing.T) *rig {
	t.Helper()
	set := tenants(t, "")
	mappings, err := LoadMappings(set)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{crm: &memory.CRM{}, topic: &topic{}}
	b, err := breaker.New(crm.Defaults().Breaker, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	org, err := crm.NewOrg("acme", r.crm, crm.Defaults(), b, telemetry.Discard(), NewLedger(set, r.topic, telemetry.Discard()).Bill)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := org.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if r.w, err = New(set, mappings, func(*tenant.Tenant) CRM { return org }, r.topic, telemetry.Discard()); err != nil {
		t.Fatal(err)
	}
	return r
}

func event(tenantID string, body proto.Message) *events.CallEvent {
	return events.Call{
		ID: "CA1", Leg: "CA1", Tenant: tenantID, LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO, Account: "AC1",
	}.Event(time.Now(), body)
}

func insight(revision uint32, intent string) *events.CallInsight {
	start := time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
	return &events.CallInsight{
		Revision: revision,
		Facts: &events.CallFacts{
			StartedAt: timestamppb.New(start), Duration: durationpb.New(time.Minute), From: "+14155551000", To: "+14155550100", Payer: "product",
		},
		Intent: &events.Finding{Value: intent, Confidence: 0.9}, Disposition: &events.Finding{Value: "QualifiedLead", Confidence: 0.9},
		DispositionSource: events.DispositionSource_DISPOSITION_SOURCE_AI,
		Details:           []*events.Detail{{Name: "name", Value: "Jane Doe", Confidence: 0.95}},
		Transcript:        []*events.Line{{Party: events.Party_PARTY_CALLER, Redacted: "I am [NAME_1].", Full: "I am Jane Doe."}},
		Provenance:        &events.Provenance{Provider: "vertex", Model: "m"},
	}
}

func TestEachPatternTellsWhatItDid(t *testing.T) {
	for pattern, want := range map[string]string{
		"direct": "1 pending, 1 written, 1 written+file", "events": "1 pending, 1 published+event",
		"both": "1 pending, 1 written, 1 written+event, 1 written+event+file", "analytics": "1 pending",
	} {
		t.Run(pattern, func(t *testing.T) {
			r := newRig(t)
			if err := r.w.Write(t.Context(), event(pattern, insight(1, "SupportRequest")), true); err != nil {
				t.Fatal(err)
			}
			if got := r.topic.said(); got != want {
				t.Errorf("said %s", got)
			}
			direct := pattern == "direct" || pattern == "both"
			if (len(r.crm.Records("Case")) == 1) != direct || (len(r.crm.Records("ContentVersion")) == 1) != direct {
				t.Errorf("cases %v", r.crm.Records("Case"))
			}
			if (len(r.crm.Events()) == 1) != (pattern == "events" || pattern == "both") {
				t.Errorf("%d events", len(r.crm.Events()))
			}
			if last := r.topic.last(); pattern == "both" && (last.GetBusEventId() == "" || len(last.GetRecords()) != 4) {
				t.Errorf("told %v", last)
			}
		})
	}
}

func TestARepeatChangesNothingAndTellsTheSame(t *testing.T) {
	r := newRig(t)
	for range 3 {
		if err := r.w.Write(t.Context(), event("direct", insight(1, "BookDemo")), true); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.crm.Records("Lead")) != 1 || len(r.crm.Records("Task")) != 1 {
		t.Errorf("%v", r.crm.Records("Lead"))
	}
	ids := map[string]bool{}
	for _, e := range r.topic.list {
		if e.Kind() == events.KindCallRecord {
			ids[e.GetEventId()] = true
		}
	}
	if len(ids) != 2 {
		t.Errorf("%d event ids for one decision and one write", len(ids))
	}
}

func TestAnOvertakenRevisionIsToldNoMore(t *testing.T) {
	r := newRig(t)
	for _, revision := range []uint32{2, 1} {
		if err := r.w.Write(t.Context(), event("both", insight(revision, "BookDemo")), false); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.topic.said(); got != "2 written, 2 written+event" || len(r.crm.Events()) != 1 {
		t.Errorf("said %s, %d events", got, len(r.crm.Events()))
	}
}

func TestARefusalForGoodIsToldWithItsCode(t *testing.T) {
	r := newRig(t)
	refused := &retry.Error{Class: retry.Permanent, Code: "salesforce.STRING_TOO_LONG", Field: "Subject", Err: errors.New("secret value")}
	r.crm.Fail = func(*crm.Plan) error { return refused }
	err := r.w.Write(t.Context(), event("direct", insight(1, "BookDemo")), true)
	if !retry.IsPermanent(err) || strings.Contains(err.Error(), "secret") {
		t.Errorf("err = %v", err)
	}
	if last := r.topic.last(); r.topic.said() != "1 pending, 1 failed" || last.GetErrorCode() != refused.Code || last.GetErrorField() != "Subject" {
		t.Errorf("said %s: %v", r.topic.said(), last)
	}
}

func TestAPassingFailureIsNotTold(t *testing.T) {
	r := newRig(t)
	r.crm.Fail = func(*crm.Plan) error { return &retry.Error{Code: "salesforce.UNABLE_TO_LOCK_ROW"} }
	first := true
	for range 3 {
		if err := r.w.Write(t.Context(), event("direct", insight(1, "BookDemo")), first); err == nil || retry.IsPermanent(err) {
			t.Errorf("err = %v", err)
		}
		first = false
	}
	r.crm.Fail = nil
	if err := r.w.Write(t.Context(), event("direct", insight(1, "BookDemo")), first); err != nil {
		t.Fatal(err)
	}
	if got := r.topic.said(); got != "1 pending, 1 written" {
		t.Errorf("said %s", got)
	}
}

// TestACrashBetweenWriteAndRecord: the CRM has it, nobody was told; the next try finds it and tells.
func TestACrashBetweenWriteAndRecord(t *testing.T) {
	r := newRig(t)
	r.topic.fail = func(e *events.CallEvent) error {
		if m, ok := e.Message().(*events.CallRecord); ok && m.GetCrmStatus() == events.CrmStatus_CRM_STATUS_WRITTEN {
			return errors.New("the broker is away")
		}
		return nil
	}
	if err := r.w.Write(t.Context(), event("direct", insight(1, "BookDemo")), true); err == nil || retry.IsPermanent(err) {
		t.Fatalf("err = %v", err)
	}
	r.topic.fail = nil
	if err := r.w.Write(t.Context(), event("direct", insight(1, "BookDemo")), false); err != nil {
		t.Fatal(err)
	}
	last := r.topic.last()
	if len(r.crm.Records("Lead")) != 1 || r.topic.said() != "1 pending, 1 written" || len(last.GetRecords()) != 2 || last.GetRecords()[0].GetId() == "" {
		t.Errorf("said %s: %v", r.topic.said(), last)
	}
}

// TestALaterCallOfTheSamePersonSupersedesNothing: CA1 is written and could not be told; CA2 raises the Lead's revision
// before CA1 comes again.
func TestALaterCallOfTheSamePersonSupersedesNothing(t *testing.T) {
	r := newRig(t)
	r.topic.fail = func(e *events.CallEvent) error {
		if e.GetCallId() == "CA1" {
			return errors.New("the broker is away")
		}
		return nil
	}
	if err := r.w.Write(t.Context(), event("direct", insight(1, "BookDemo")), true); err == nil {
		t.Fatal("told, while the broker was away")
	}
	later := insight(1, "BookDemo")
	later.Facts.StartedAt = timestamppb.New(later.GetFacts().GetStartedAt().AsTime().Add(time.Hour))
	second := events.Call{ID: "CA2", Leg: "CA2", Tenant: "direct", LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO}
	if err := r.w.Write(t.Context(), second.Event(time.Now(), later), true); err != nil {
		t.Fatal(err)
	}
	r.topic.fail = nil
	if err := r.w.Write(t.Context(), event("direct", insight(1, "BookDemo")), false); err != nil {
		t.Fatal(err)
	}
	last := r.topic.list[len(r.topic.list)-1]
	if m, ok := last.Message().(*events.CallRecord); !ok || last.GetCallId() != "CA1" || m.GetCrmStatus() != events.CrmStatus_CRM_STATUS_WRITTEN {
		t.Errorf("said %s, at last %v", r.topic.said(), last)
	}
	if lead := r.crm.Records("Lead"); len(lead) != 1 || lead[0]["Last_Call_Id__c"] != "CA2" {
		t.Errorf("leads %v", lead)
	}
}

// TestARefusalThatCannotBeToldComesAgain: as a dead letter now, calls.records would say pending for ever.
func TestARefusalThatCannotBeToldComesAgain(t *testing.T) {
	r := newRig(t)
	r.crm.Fail = func(*crm.Plan) error { return retry.Permanently("salesforce.STRING_TOO_LONG", errors.New("v")) }
	r.topic.fail = func(e *events.CallEvent) error {
		if m, ok := e.Message().(*events.CallRecord); ok && m.GetCrmStatus() == events.CrmStatus_CRM_STATUS_FAILED {
			return errors.New("the broker is away")
		}
		return nil
	}
	if err := r.w.Write(t.Context(), event("direct", insight(1, "BookDemo")), true); err == nil || retry.IsPermanent(err) {
		t.Fatalf("err = %v", err)
	}
	r.topic.fail = nil
	if err := r.w.Write(t.Context(), event("direct", insight(1, "BookDemo")), false); !retry.IsPermanent(err) || r.topic.said() != "1 pending, 1 failed" {
		t.Errorf("err = %v, said %s", err, r.topic.said())
	}
}

func TestAFileThatIsRefusedForGoodIsTold(t *testing.T) {
	r := newRig(t)
	r.crm.FailFile = func(*crm.File) error {
		return &retry.Error{Class: retry.Permanent, Code: "salesforce.STORAGE_LIMIT_EXCEEDED", Field: "VersionData"}
	}
	if err := r.w.Write(t.Context(), event("direct", insight(1, "SupportRequest")), true); !retry.IsPermanent(err) {
		t.Fatalf("err = %v", err)
	}
	last := r.topic.last()
	file := last.GetRecords()[len(last.GetRecords())-1]
	if last.GetCrmStatus() != events.CrmStatus_CRM_STATUS_WRITTEN || last.GetErrorCode() != "salesforce.STORAGE_LIMIT_EXCEEDED" ||
		last.GetErrorField() != "VersionData" || file.GetRole() != crm.RoleFile || file.GetId() != "" || len(last.GetRecords()) != 4 {
		t.Errorf("said %s, at last %v", r.topic.said(), last)
	}
	r.crm.FailFile = nil
	if err := r.w.Write(t.Context(), event("direct", insight(1, "SupportRequest")), false); err != nil {
		t.Fatal(err)
	}
	if last = r.topic.last(); last.GetErrorCode() != "" || last.GetRecords()[len(last.GetRecords())-1].GetId() == "" {
		t.Errorf("at last %v", last)
	}
	if got := r.topic.said(); got != "1 pending, 1 written, 1 written+file, 1 written, 1 written+file" {
		t.Errorf("said %s", got)
	}
}

// TestWaitingForTheTopicEndsWithTheMessagesContext: a broker that never answers holds up no partition that is lost.
func TestWaitingForTheTopicEndsWithTheMessagesContext(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	r.w.records = never(func() { cancel() })
	if err := r.w.Write(ctx, event("analytics", insight(1, "BookDemo")), true); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

// never is a topic that never answers.
type never func()

func (n never) Send(context.Context, *events.CallEvent, func(error)) { n() }

func TestADecisionThatCannotBeToldStopsTheCall(t *testing.T) {
	r := newRig(t)
	r.topic.fail = func(*events.CallEvent) error { return errors.New("the broker is away") }
	if err := r.w.Write(t.Context(), event("direct", insight(1, "BookDemo")), true); err == nil || retry.IsPermanent(err) {
		t.Errorf("err = %v", err)
	}
}

func TestWhatDoesNotBelongHereIsPermanent(t *testing.T) {
	r := newRig(t)
	sealed := event("direct", insight(1, "BookDemo"))
	sealed.Payload = &events.CallEvent_Sealed{Sealed: &events.Sealed{KeyId: "k", Algorithm: "a", Ciphertext: []byte{1}, Kind: 13}}
	for code, e := range map[string]*events.CallEvent{
		CodeTenant: event("nobody", insight(1, "BookDemo")), CodeSealed: sealed,
		CodeKind: event("direct", &events.CallEnded{}),
	} {
		if err := r.w.Write(t.Context(), e, true); !retry.IsPermanent(err) || retry.Code(err) != code {
			t.Errorf("%s: %v", code, err)
		}
	}
	if len(r.topic.list) != 0 {
		t.Errorf("told %v", r.topic.said())
	}
}

func TestMappingFaultsOfAllTenantsComeTogether(t *testing.T) {
	_, err := LoadMappings(tenants(t, "/nowhere/mapping.yaml"))
	if err == nil || strings.Count(err.Error(), "/nowhere/mapping.yaml") != 1 {
		t.Errorf("one file that four tenants name is one fault: %v", err)
	}
}

func TestARequestIsSplitAmongThoseItServed(t *testing.T) {
	set := tenants(t, "")
	x := &topic{}
	l := NewLedger(set, x, telemetry.Discard())
	plan := func(tenantID, line, payer string, n int) *crm.Plan {
		id := fmt.Sprint("CA", n)
		return &crm.Plan{Payer: payer, Call: events.Call{
			ID: id, Leg: id, Tenant: tenantID, LineOfBusiness: line, Source: events.Source_SOURCE_TWILIO,
		}}
	}
	l.Bill(t.Context(), crm.Request{ID: "r1", API: "rest", Operation: "graph", Unit: "api_call", Amount: 1, End: time.Now()}, []*crm.Plan{
		plan("direct", "sales", "product", 1), plan("both", "support", "central", 2), plan("direct", "sales", "product", 3),
		plan("direct", "sales", "central", 4), plan("direct", "sales", "product", 5), plan("both", "support", "", 6), plan("both", "other", "central", 7),
	})
	sum := 0.0
	shares, ids := map[string]float64{}, map[string]bool{}
	for _, e := range x.list {
		u, _ := e.Message().(*events.UsageRecorded)
		q := u.GetQuantities()[0]
		sum += q.GetAmount()
		shares[e.GetTenant()+" "+e.GetLineOfBusiness()+" "+u.GetPayer()+" "+e.GetCallId()] = math.Round(q.GetAmount()*7*1000) / 1000
		ids[e.GetEventId()] = true
		if want := int64(math.Round(300_000 * q.GetAmount())); q.GetCost().GetNanos() != want || u.GetModel() != "rest" || u.GetProvider() != "salesforce" {
			t.Errorf("%v: costs %d, want %d", q, q.GetCost().GetNanos(), want)
		}
	}
	want := map[string]float64{
		"direct sales product CA1": 3, "both support central CA2": 2, "direct sales central CA4": 1, "both other central CA7": 1,
	}
	if math.Abs(sum-1) > 1e-12 || !maps.Equal(shares, want) || len(ids) != len(x.list) {
		t.Errorf("sum %v, shares %v", sum, slices.Sorted(maps.Keys(shares)))
	}
}
