package crmwriter_test

import (
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
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
		if err := w.crm.Settled(t.Context()); err != nil {
			t.Fatal(err)
		}
		sales, support := callID(n), callID(n+100)
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
	if lead["LastName"] != "Doe" || lead["LeadSource"] != "Phone Inquiry" || lead["Intent__c"] != "BookDemo" || task["WhoId"] != lead["Id"] {
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

func TestWhatIsRefusedForGoodIsADeadLetterWithItsReason(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.publish(origin("direct", 40), insight(40, 1, "BookDemo", "Delighted")) // no such picklist value
	w.publish(origin("nobody", 41), insight(41, 1, "BookDemo", "QualifiedLead"))
	w.raw("CA-broken", []byte("no event"))
	w.publish(origin("direct", 42), insight(42, 1, "BookDemo", "QualifiedLead"))
	w.last(callID(42), 1, written)
	r := w.last(callID(40), 1, failed)
	if r.GetErrorCode() != "salesforce.INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" || r.GetErrorField() == "" {
		t.Errorf("code %s, field %s", r.GetErrorCode(), r.GetErrorField())
	}
	codes := map[string]string{}
	w.until("three dead letters", func() bool {
		for _, d := range kafkatest.Records(t, w.kafka.Conn, events.DeadLetters.Name) {
			for _, h := range d.Headers {
				if strings.HasSuffix(h.Key, "code") {
					codes[string(d.Key)] = string(h.Value)
				}
			}
		}
		return len(codes) == 3
	})
	for key, want := range map[string]string{
		callID(40): "salesforce.INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", callID(41): "tenant.unknown", "CA-broken": "undecodable",
	} {
		if codes[key] != want {
			t.Errorf("%s: %s, want %s", key, codes[key], want)
		}
	}
	if len(w.of("direct", "Lead", callID(40)))+len(w.of("direct", "Task", callID(40))) > 0 {
		t.Error("a refused call left records behind")
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	w := newWorld(t)
	cfg := w.settings()
	cfg.Tenants, cfg.CRM.BatchCalls, cfg.Consume.Concurrency = "", 100, 10
	_, err := crmwriter.New(t.Context(), cfg, w.tenants, telemetry.Discard())
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"tenants:", "crm.batch_calls", "consume.concurrency"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
}
