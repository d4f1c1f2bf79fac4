package crmwriter_test

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	sandbox "github.com/frontdesk/frontdesk/sandbox/salesforce"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

const (
	pending   = events.CrmStatus_CRM_STATUS_PENDING
	written   = events.CrmStatus_CRM_STATUS_WRITTEN
	published = events.CrmStatus_CRM_STATUS_PUBLISHED
	failed    = events.CrmStatus_CRM_STATUS_FAILED
)

func TestEachPatternBringsTheCallIntoTheCRM(t *testing.T) {
	w := newWorld(t)
	w.start()
	for i, pattern := range patterns() {
		want := []events.CrmStatus{written, published, written, pending}[i]
		n := 10 + i
		w.publish(origin(pattern, n), insight(n, 1, "BookDemo", "QualifiedLead"))
		w.publish(origin(pattern, n+100), insight(n+100, 1, "SupportRequest", "SupportTicketOpened"))
		for _, id := range []string{callID(n), callID(n + 100)} {
			w.last(id, 1, want)
			if told := w.told(id); told[0].GetCrmStatus() != pending || told[0].GetMappingVersion() == "" {
				t.Errorf("%s: first told %v", pattern, told[0].GetCrmStatus())
			}
		}
		sales, support := callID(n), callID(n+100)
		if want == written {
			w.attached(support)
		}
		if pattern == "both" {
			w.until("the event to be told", func() bool { told := w.told(sales); return told[len(told)-1].GetBusEventId() != "" })
		}
		if err := w.crm.Settled(t.Context()); err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{
			"Lead": len(w.of(pattern, "Lead", sales)), "Task": len(w.of(pattern, "Task", sales)) + len(w.of(pattern, "Task", support)),
			"Contact": len(w.of(pattern, "Contact", support)), "Case": len(w.of(pattern, "Case", support)),
			"ContentVersion": len(w.of(pattern, "ContentVersion", support)),
		}
		for object, got := range counts {
			want := map[string]int{"Lead": 1, "Task": 2, "Contact": 1, "Case": 1, "ContentVersion": 1}[object]
			if pattern == "analytics" || pattern == "events" && object == "ContentVersion" {
				want = 0
			}
			if got != want {
				t.Errorf("%s: %d of %s, want %d", pattern, got, object, want)
			}
		}
	}
	lead := w.of("direct", "Lead", callID(10))[0]
	task := w.of("direct", "Task", callID(10))[0]
	if lead["LastName"] != "Okafor" || lead["LeadSource"] != "Phone Inquiry" || lead["Intent__c"] != "BookDemo" || task["WhoId"] != lead["Id"] {
		t.Errorf("lead %v\ntask %v", lead, task)
	}
	c := w.of("direct", "Case", callID(110))[0]
	if c["ContactId"] != w.of("direct", "Contact", callID(110))[0]["Id"] || !strings.Contains(c["Transcript__c"].(string), "[NAME_1]") {
		t.Errorf("case %v", c)
	}
}

func TestLaterRevisionsPatchTheSameRecords(t *testing.T) {
	w := newWorld(t)
	w.start()
	for i, pattern := range []string{"direct", "events", "both"} {
		n := 20 + i
		status := written
		if pattern == "events" {
			status = published
		}
		w.publish(origin(pattern, n), &events.InsightUnavailable{
			Revision: 1, Facts: insight(n, 1, "", "").GetFacts(), Reason: "model_unreachable", Provenance: &events.Provenance{Provider: "vertex"},
		}, insight(n, 2, "SupportRequest", "SupportTicketOpened"), insight(n, 3, "SupportRequest", "SupportTicketOpened"))
		w.last(callID(n), 3, status)
		if err := w.crm.Settled(t.Context()); err != nil {
			t.Fatal(err)
		}
		tasks := w.of(pattern, "Task", callID(n))
		if len(tasks) != 2 || len(w.of(pattern, "Case", callID(n))) != 1 {
			t.Fatalf("%s: %d tasks, %d cases", pattern, len(tasks), len(w.of(pattern, "Case", callID(n))))
		}
		for _, task := range tasks {
			if strings.HasSuffix(task["Call_Id__c"].(string), ":log") && (task["Call_Revision__c"] != "000003" || task["WhatId"] == nil) {
				t.Errorf("%s: log %v", pattern, task)
			}
		}
	}
}

// TestRunTwice: the same message again, with and without its claim, changes nothing in the CRM.
func TestRunTwice(t *testing.T) {
	w := newWorld(t)
	w.start()
	body := insight(30, 1, "SupportRequest", "SupportTicketOpened")
	w.publish(origin("direct", 30), body)
	w.last(callID(30), 1, written)
	w.publish(origin("direct", 30), body)
	w.redis.Fake.FlushAll()
	w.publish(origin("direct", 30), body, insight(30, 2, "SupportRequest", "SupportTicketOpened"))
	w.last(callID(30), 2, written)
	for object, want := range map[string]int{"Case": 1, "Contact": 1, "Task": 1, "ContentVersion": 1} {
		if got := len(w.of("direct", object, callID(30))); got != want {
			t.Errorf("%d of %s", got, object)
		}
	}
}

// TestWhatIsPublishedAgainIsTheSameEvent: its answers are lost until it goes by REST, whatever the call is like.
func TestWhatIsPublishedAgainIsTheSameEvent(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.crm.Faults().Set(fault.Settings{Errors: []fault.Share{{Operation: "pubsub.answer", Code: "UNAVAILABLE", Share: 1}}})
	for n, consent := range []events.ConsentAnswer{
		events.ConsentAnswer_CONSENT_ANSWER_GRANTED, events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED, events.ConsentAnswer_CONSENT_ANSWER_PENDING,
	} {
		in := insight(34+n, 1, "SupportRequest", "SupportTicketOpened")
		in.Facts.Consent, in.Facts.StartedAt.Nanos, in.Facts.EndedAt.Nanos = consent, 123_456_789, 987_654_321
		in.Facts.Duration.Nanos = 864_197_532
		w.publish(origin("events", 34+n), in)
		w.last(callID(34+n), 1, published)
	}
	first := map[string]map[string]any{}
	all := w.crm.Events("events", "Call_Completed__e", 0)
	for _, e := range all {
		id := e.Fields["Event_Id__c"].(string)
		delete(e.Fields, "CreatedDate") // the request's
		if first[id] == nil {
			first[id] = e.Fields
		}
		if !reflect.DeepEqual(e.Fields, first[id]) {
			t.Errorf("published again as\n%v\nfirst as\n%v", e.Fields, first[id])
		}
	}
	if len(first) != 3 || len(all) < 6 {
		t.Errorf("%d events of %d ids", len(all), len(first))
	}
}

func TestWhatIsRefusedForGoodIsADeadLetterWithItsReason(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.publish(origin("direct", 40), insight(40, 1, "BookDemo", "Delighted")) // no such picklist value
	w.publish(origin("nobody", 41), insight(41, 1, "BookDemo", "QualifiedLead"))
	w.raw("CA-broken", []byte("no event"))
	stray, err := events.Marshal(origin("direct", 43).Event(time.Now(), insight(43, 1, "BookDemo", "QualifiedLead")))
	if err != nil {
		t.Fatal(err)
	}
	w.raw("CA-other", stray)
	w.publish(origin("direct", 42), insight(42, 1, "BookDemo", "QualifiedLead"))
	w.last(callID(42), 1, written)
	r := w.last(callID(40), 1, failed)
	if r.GetErrorCode() != "salesforce.INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" || r.GetErrorField() == "" {
		t.Errorf("code %s, field %s", r.GetErrorCode(), r.GetErrorField())
	}
	codes := map[string]string{}
	w.until("four dead letters", func() bool {
		for _, d := range kafkatest.Records(t, w.kafka.Conn, events.DeadLetters.Name) {
			for _, h := range d.Headers {
				if strings.HasSuffix(h.Key, "code") {
					codes[string(d.Key)] = string(h.Value)
				}
			}
		}
		return len(codes) == 4
	})
	for key, want := range map[string]string{
		callID(40): "salesforce.INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", callID(41): "tenant.unknown", "CA-broken": "undecodable",
		"CA-other": "wrong_key",
	} {
		if codes[key] != want {
			t.Errorf("%s: %s, want %s", key, codes[key], want)
		}
	}
	if len(w.of("direct", "Lead", callID(40)))+len(w.of("direct", "Task", callID(40)))+len(w.of("direct", "Task", callID(43))) > 0 {
		t.Error("a refused call left records behind")
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	w := newWorld(t)
	cfg := w.settings()
	cfg.Tenants, cfg.CRM.BatchCalls, cfg.CRM.Waiting, cfg.Consume.Concurrency = "", 226, 10, 10
	_, err := crmwriter.New(t.Context(), cfg, w.tenants, telemetry.Discard())
	if err == nil {
		t.Fatal("accepted")
	}
	if strings.HasPrefix(err.Error(), "crm-writer") {
		t.Errorf("whoever runs it says its name: %v", err)
	}
	for _, want := range []string{"tenants:", "crm.batch_calls", "consume.concurrency"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
}

// TestFailThenRedeliver: what the org refuses for a while is written once when it takes it again, and other
// tenants notice nothing.
func TestFailThenRedeliver(t *testing.T) {
	for operation, code := range map[string]string{
		"record.Task": "UNABLE_TO_LOCK_ROW", "graph": "DROP_AFTER", "composite": "HTML_502", "token": "SERVER_UNAVAILABLE",
	} {
		t.Run(operation, func(t *testing.T) {
			w := newWorld(t)
			w.crm.Faults().Set(fault.Settings{Seed: 1, Errors: []fault.Share{{Operation: operation, Code: code, Share: 1}}})
			w.start()
			w.publish(origin("direct", 50), insight(50, 1, "BookDemo", "QualifiedLead"))
			w.publish(origin("analytics", 51), insight(51, 1, "BookDemo", "QualifiedLead"))
			w.last(callID(51), 1, pending)
			if operation != "token" { // a first request has failed
				w.until("a request", func() bool { return w.crm.Usage()[0].Calls > 0 })
			}
			w.crm.Faults().Set(fault.Settings{})
			w.last(callID(50), 1, written)
			if creates := w.crm.ChangeLog(sandbox.Filter{Org: "direct", Op: "create"}); len(creates) != 2 {
				t.Errorf("%d records were made", len(creates))
			}
			if told := w.told(callID(50)); len(told) != 2 {
				t.Errorf("told %d times", len(told))
			}
		})
	}
}

// TestACrashBetweenWriteAndCommit: a writer whose commits the broker refuses writes and tells, and is gone;
// the next one gets every message again, without their claims, and changes nothing.
func TestACrashBetweenWriteAndCommit(t *testing.T) {
	w := newWorld(t)
	var refused atomic.Bool
	refused.Store(true)
	w.kafka.Kafka.Fake.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		w.kafka.Kafka.Fake.KeepControl()
		if !refused.Load() {
			return nil, nil, false
		}
		in := r.(*kmsg.OffsetCommitRequest)
		out := in.ResponseKind().(*kmsg.OffsetCommitResponse)
		for _, topic := range in.Topics {
			answer := kmsg.NewOffsetCommitResponseTopic()
			answer.Topic = topic.Topic
			for _, p := range topic.Partitions {
				one := kmsg.NewOffsetCommitResponseTopicPartition()
				one.Partition, one.ErrorCode = p.Partition, 15 // coordinator not available
				answer.Partitions = append(answer.Partitions, one)
			}
			out.Topics = append(out.Topics, answer)
		}
		return out, nil, true
	})
	stop := w.start()
	const calls = 20
	for n := range calls {
		w.publish(origin("direct", n), insight(n, 1, "SupportRequest", "SupportTicketOpened"), insight(n, 2, "SupportRequest", "SupportTicketOpened"))
	}
	for n := range calls {
		w.last(callID(n), 2, written)
	}
	stop()
	told := map[int]int{}
	for n := range calls {
		told[n] = len(w.told(callID(n)))
	}
	before := len(w.crm.ChangeLog(sandbox.Filter{Org: "direct"}))
	refused.Store(false)
	w.redis.Fake.FlushAll()
	w.start()
	for n := range calls {
		// The first revision is decided on and found overtaken; the second is decided on, written, and has its file.
		w.until("everything to be told again", func() bool { return len(w.told(callID(n))) >= told[n]+4 })
		w.last(callID(n), 2, written)
	}
	if after := len(w.crm.ChangeLog(sandbox.Filter{Org: "direct"})); after != before {
		t.Errorf("%d changes were made by the second writer", after-before)
	}
	for object, want := range map[string]int{"Contact": calls, "Case": calls, "Task": calls, "ContentVersion": calls} {
		if got := len(w.crm.Records("direct", object)); got != want {
			t.Errorf("%d of %s", got, object)
		}
	}
}

// TestWithoutRedisCallsWait: nothing is written that could be written twice, the writer says what it waits for, and when
// Redis is back, with what it held or empty, every call goes on at once, none parked, none given up.
func TestWithoutRedisCallsWait(t *testing.T) {
	for name, back := range map[string]func(w *world) error{
		"stopped and back": func(w *world) error { return w.redis.Fake.Restart() },
		"back empty":       func(w *world) error { w.redis.Fake.FlushAll(); return w.redis.Fake.Restart() },
		"loading": func(w *world) error {
			w.redis.Fake.SetError("LOADING Redis is loading the dataset in memory")
			return w.redis.Fake.Restart()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			// What is retried in place is parked soon, and what is parked given up.
			w.start(func(c *crmwriter.Config) {
				c.Retry.Budget, c.Consume.Park.Age = 50*time.Millisecond, 50*time.Millisecond
			})
			const calls = 20
			for n := range calls {
				w.publish(origin("direct", n), insight(n, 1, "BookDemo", "QualifiedLead"))
			}
			w.last(callID(0), 1, written)
			w.redis.Fake.Close() // some are under way
			for n := range calls {
				w.publish(origin("direct", n), insight(n, 2, "BookDemo", "QualifiedLead"))
			}
			w.until("the writer to say that it waits", func() bool { return w.probe() == `200 {"status":"ready","waiting_for":["Redis"]}` })
			told := len(kafkatest.Records(t, w.kafka.Conn, events.Records.Name))
			if err := back(w); err != nil {
				t.Fatal(err)
			}
			if name == "loading" {
				if w.probe() != `200 {"status":"ready","waiting_for":["Redis"]}` {
					t.Error("a Redis that takes no claims is back")
				}
				w.redis.Fake.SetError("")
			}
			ready := time.Now()
			w.until("every call to go on", func() bool { return w.allAgain(calls) })
			if d := time.Since(ready); d > 10*time.Second {
				t.Errorf("%v until every call had gone on", d)
			}
			if got := w.probe(); got != `200 {"status":"ready"}` {
				t.Error(got)
			}
			w.nothing(events.Insights.Retry("crm-writer").Name, events.DeadLetters.Name)
			if all := len(kafkatest.Records(t, w.kafka.Conn, events.Records.Name)); all == told {
				t.Error("nothing waited")
			}
			if n := len(w.crm.ChangeLog(sandbox.Filter{Org: "direct", Op: "create"})); n != 2*calls {
				t.Errorf("%d records were made", n)
			}
		})
	}
}

// TestManyCallsOfFewCallers: in batches, in order within a call, one Lead a caller whoever comes first.
func TestManyCallsOfFewCallers(t *testing.T) {
	w := newWorld(t)
	w.start()
	const calls, callers = 120, 12
	for n := range calls {
		body := insight(n, 1, "BookDemo", "QualifiedLead")
		body.Facts.From = insight(n%callers, 1, "", "").GetFacts().GetFrom()
		w.publish(origin("direct", n), body)
	}
	for n := range calls {
		w.last(callID(n), 1, written)
	}
	leads := w.crm.Records("direct", "Lead")
	if len(leads) != callers || len(w.crm.Records("direct", "Task")) != calls {
		t.Fatalf("%d leads, %d tasks", len(leads), len(w.crm.Records("direct", "Task")))
	}
	for _, lead := range leads { // the latest call of a caller is one of the last twelve
		last, _ := lead["Last_Call_Id__c"].(string)
		if last < callID(calls-callers) {
			t.Errorf("a lead shows call %s", last)
		}
	}
	billed := func() (usage float64) {
		for _, r := range kafkatest.Records(t, w.kafka.Conn, events.Usage.Name) {
			e, err := events.Unmarshal(r.Value)
			if err != nil {
				t.Fatal(err)
			}
			u, _ := e.Message().(*events.UsageRecorded)
			if string(r.Key) != "direct" || u.GetQuantities()[0].GetCost() == nil {
				t.Errorf("%s: %v", r.Key, u)
			}
			usage += u.GetQuantities()[0].GetAmount()
		}
		return usage
	}
	requests := float64(w.crm.Usage()[0].Calls)
	// A call is told on another topic than what it cost, and waits for the one only.
	w.until("every request to be billed", func() bool { return billed() > requests-1e-6 })
	if usage := billed(); math.Abs(usage-requests) > 1e-6 {
		t.Errorf("billed %v of %v requests", usage, requests)
	}
}

// TestStoppingLeavesNothingHalfDone: what is under way is written and told, the rest is the next one's.
func TestStoppingLeavesNothingHalfDone(t *testing.T) {
	w := newWorld(t)
	w.crm.Faults().Set(fault.Settings{Latency: fault.Latency{Median: 50 * time.Millisecond}})
	stop := w.start(func(c *crmwriter.Config) { c.CRM.BatchCalls, c.CRM.InFlight = 2, 1 })
	const calls = 20
	for n := range calls {
		w.publish(origin("direct", n), insight(n, 1, "BookDemo", "QualifiedLead"))
	}
	if _, err := w.crm.WaitChanges(t.Context(), sandbox.Filter{Org: "direct", Object: "Task"}); err != nil {
		t.Fatal(err)
	}
	stop()
	w.crm.Faults().Set(fault.Settings{})
	w.start()
	for n := range calls {
		w.last(callID(n), 1, written)
	}
	if creates := w.crm.ChangeLog(sandbox.Filter{Org: "direct", Op: "create"}); len(creates) != 2*calls {
		t.Errorf("%d records were made", len(creates))
	}
}

func TestTenantsOfOneOrgAgreeOnIt(t *testing.T) {
	w := newWorld(t)
	a, b := *w.tenants.ByID("direct"), *w.tenants.ByID("events")
	b.Salesforce.Org = a.Salesforce.Org
	bad := filepath.Join(t.TempDir(), "mapping.yaml")
	if err := os.WriteFile(bad, []byte("version: 1\nname: x\nwrites: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := tenant.NewSet(&a, &b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := crmwriter.New(t.Context(), w.settings(), set, telemetry.Discard()); err == nil || !strings.Contains(err.Error(), "direct and events name one org") {
		t.Errorf("err = %v", err)
	}
	a.Salesforce.Mapping = bad
	if _, err := crmwriter.New(t.Context(), w.settings(), set, telemetry.Discard()); err == nil || !strings.Contains(err.Error(), bad+":1:1: writes: none") {
		t.Errorf("err = %v", err)
	}
}
