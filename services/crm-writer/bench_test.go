package crmwriter_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

// BenchmarkSaturation writes a backlog of calls through broker, Redis, sandbox and writer in one process, with
// 120 ms a request: go test -bench Saturation -benchtime 3000x -run none. The sandbox takes most of the CPU.
func BenchmarkSaturation(b *testing.B) {
	for _, pattern := range []string{"direct", "events"} {
		for _, search := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/search=%v", pattern, search), func(b *testing.B) { saturate(b, pattern, search) })
		}
	}
}

func saturate(b *testing.B, pattern string, search bool) {
	w := newWorld(b)
	w.crm.Faults().Set(fault.Settings{Latency: fault.Latency{Median: 120 * time.Millisecond}})
	msgs := make([]produce.Message, b.N)
	for n := range msgs {
		body := insight(n, 1, "BookDemo", "QualifiedLead")
		body.Facts.From = fmt.Sprintf("+1415%07d", n)
		value, err := events.Marshal(origin(pattern, n).Event(time.Now(), body))
		if err != nil {
			b.Fatal(err)
		}
		msgs[n] = produce.Message{Topic: events.Insights.Name, Key: []byte(callID(n)), Value: value}
	}
	if err := w.prod.Publish(b.Context(), msgs...); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	w.start(func(c *crmwriter.Config) { c.Search = search })
	w.until("everything to be told", func() bool {
		return len(kafkatest.Records(b, w.kafka.Conn, events.Records.Name)) >= 2*b.N
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	i := 0
	for k, p := range patterns() {
		if p == pattern {
			i = k
		}
	}
	b.ReportMetric(float64(w.crm.Usage()[i].Calls)/float64(b.N)*1000, "REST/1000calls")
	requests := 0.0
	for _, row := range w.crm.Meter().Rows() {
		if row.Unit == "request" {
			requests += row.Amount
		}
	}
	b.ReportMetric(requests/float64(b.N)*1000, "pubsub/1000calls")
}
