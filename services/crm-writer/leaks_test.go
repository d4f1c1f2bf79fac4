package crmwriter_test

import (
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry/telemetrytest"
	"github.com/frontdesk/frontdesk/sandbox/fault"
)

// TestNothingPrivateLeaves: over calls that are written, that Salesforce refuses in words that quote them, that wait for it,
// and over messages that are no events, neither names nor numbers nor tokens get into logs, spans, metrics and the
// headers of dead letters.
func TestNothingPrivateLeaves(t *testing.T) {
	w, seen := newWorld(t), telemetrytest.Watch(t)
	w.tel = seen.Telemetry
	stop := w.start()
	for i, pattern := range patterns() {
		w.publish(origin(pattern, 10+i), insight(10+i, 1, "SupportRequest", "SupportTicketOpened"))
		w.last(callID(10+i), 1, []events.CrmStatus{written, published, written, pending}[i])
	}
	// What Salesforce says of this quotes it.
	w.publish(origin("direct", 20), insight(20, 1, "BookDemo", "Wolfeschlegel"))
	w.last(callID(20), 1, failed)
	w.crm.EndSessions()
	for i, f := range []fault.Share{
		{Operation: "record.Task", Code: "UNABLE_TO_LOCK_ROW"}, {Operation: "composite", Code: "HTML_502"}, {Operation: "graph", Code: "DROP_AFTER"},
		{Operation: "token", Code: "SERVER_UNAVAILABLE"}, {Operation: "pubsub.publish", Code: "UNAVAILABLE"}, {Operation: "file", Code: "UNKNOWN_EXCEPTION"},
	} {
		f.Share = 1
		w.crm.Faults().Set(fault.Settings{Seed: 1, Errors: []fault.Share{f}})
		if f.Operation == "token" {
			w.crm.EndSessions()
		}
		n, before := 30+i, w.crm.Usage()[2].Calls
		w.publish(origin("both", n), insight(n, 1, "SupportRequest", "SupportTicketOpened"))
		w.last(callID(n), 1, pending)
		if f.Operation != "token" {
			w.until("a request", func() bool { return w.crm.Usage()[2].Calls > before })
		}
		w.crm.Faults().Set(fault.Settings{})
		w.last(callID(n), 1, written)
	}
	w.publish(origin("nobody", 41), insight(41, 1, "BookDemo", "QualifiedLead"))
	w.raw("CA-broken", []byte("no event: Jane Okafor, +14155551010"))
	dead := func() int { return len(kafkatest.Records(t, w.kafka.Conn, events.DeadLetters.Name)) }
	w.until("dead letters of a refusal, a stranger and junk", func() bool { return dead() == 3 })
	stop()
	private := []string{
		"Jane", "Okafor", "Wolfeschlegel", "[NAME_1]", "I am ", "called, revision", "14155551", "141555501", "test-only", "BEGIN RSA",
		strings.Split(key(), "\n")[1][:40], "0123456789abcdef", w.crm.OrgID("direct")[:15] + "!",
	}
	for _, d := range kafkatest.Records(t, w.kafka.Conn, events.DeadLetters.Name) {
		for _, h := range d.Headers {
			for _, s := range private {
				if strings.Contains(string(h.Value), s) {
					t.Errorf("the header %s of a dead letter holds %q", h.Key, s)
				}
			}
		}
	}
	seen.HoldsNone(t, private, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "undecodable", "tenant.unknown")
}
