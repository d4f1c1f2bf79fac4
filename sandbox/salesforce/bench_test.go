package salesforce_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/eventbus"
)

// BenchmarkGraph writes 75 calls a request (Lead, Case, two Tasks each), synced to the disk, from two clients. Compare calls/s.
func BenchmarkGraph(b *testing.B) {
	dir := b.TempDir()
	s := start(b, func(c *salesforce.Config) { c.DataDir = dir }, withOrg(func(o *salesforce.Org) { o.Limits.DailyAPIRequests = 1 << 30 }))
	c := login(b, s, integration)
	var n atomic.Int64
	b.SetParallelism(1)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			graphs := make(list, 0, 75)
			for range 75 {
				i := n.Add(1)
				call := fmt.Sprintf("CA%032d", i)
				graphs = append(graphs, graph(fmt.Sprint("g", i),
					sub("lead", "PATCH", fmt.Sprintf("/sobjects/Lead/Caller_Key__c/+1%010d", i), obj{
						"LastName": "Unknown caller", "Company": "Unknown (phone)", "Phone": fmt.Sprintf("+1%010d", i), "Phone_E164__c": fmt.Sprintf("+1%010d", i),
						"Last_Call_Id__c": call, "Call_Revision__c": "2026-03-01T14:00:00.000Z|" + call + "|000001", "Intent__c": "BookDemo", "Intent_Confidence__c": 0.93,
						"Duration__c": 61.5, "StartTime__c": "2026-03-01T14:00:00Z", "EndTime__c": "2026-03-01T14:01:01Z", "Consent_Record__c": true, "LOB__c": "sales",
					}),
					sub("case", "PATCH", "/sobjects/Case/Call_Id__c/"+call, obj{
						"Subject": "Wants a demo of the product", "Description": "The caller asked for a demo and left a number.", "Origin": "Phone", "Intent__c": "BookDemo",
						"Call_Revision__c": "000001", "Disposition__c": "DemoBooked", "Disposition_Source__c": "AI", "Recording_URL__c": "https://calls.example/r/" + call,
					}),
					sub("log", "PATCH", "/sobjects/Task/Call_Id__c/"+call+":log", obj{"WhoId": "@{lead.id}", "Subject": "Call", "Status": "Completed", "TaskSubtype": "Call", "CallType": "Inbound", "CallDurationInSeconds": 61}),
					sub("next", "PATCH", "/sobjects/Task/Call_Id__c/"+call+":next", obj{"WhoId": "@{lead.id}", "Subject": "Follow-up call", "ActivityDate": "2026-03-03"})))
			}
			text, err := json.Marshal(obj{"graphs": graphs})
			if err != nil {
				b.Fatal(err)
			}
			if a := c.do(http.MethodPost, "/composite/graph", string(text)); a.status != http.StatusOK {
				b.Fatalf("%d %.300s", a.status, a.text)
			}
		}
	})
	b.StopTimer()
	if got := len(s.Records("", "Lead")); got != b.N*75 {
		b.Fatalf("%d leads of %d calls", got, b.N*75)
	}
	b.ReportMetric(float64(b.N*75)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkPublish publishes 200 events a request, which the trigger applies at the same time.
func BenchmarkPublish(b *testing.B) {
	for _, apply := range []string{"none", "package"} {
		b.Run(apply, func(b *testing.B) {
			dir := b.TempDir()
			s := start(b, func(c *salesforce.Config) { c.DataDir = dir }, withOrg(func(o *salesforce.Org) { o.Limits.HourlyEvents = 1 << 30; o.Apply = apply }))
			w := dial(b, s, integration)
			calls := 0
			for b.Loop() {
				events := make([]*eventbus.ProducerEvent, 200)
				for i := range events {
					calls++
					call := fmt.Sprintf("CA%032d", calls)
					plan, err := json.Marshal(writes(call, "000001", fmt.Sprintf("+1%010d", 2000000000+calls), "SupportRequest"))
					if err != nil {
						b.Fatal(err)
					}
					events[i] = w.event("", call, func(f map[string]any) { f["Writes__c"] = string(plan) })
				}
				if _, err := w.publish(events...); err != nil {
					b.Fatal(err)
				}
			}
			settle(b, s)
			b.ReportMetric(float64(calls)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}
