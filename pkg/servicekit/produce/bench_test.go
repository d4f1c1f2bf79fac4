package produce_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
)

// BenchmarkSend is what the producer can push when its queue never empties: 300 bytes a message, 8 partitions,
// a broker that answers without storing.
func BenchmarkSend(b *testing.B) {
	c := kafkatest.Start(b, embedded.KafkaConfig{Options: []kfake.Opt{kfake.BlackholeProduce()}}, "calls:8")
	p := start(b, c.Conn, produce.Config{})
	value := make([]byte, 280)
	keys := make([][]byte, 256)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "call-%014d", i)
	}
	var left sync.WaitGroup
	done := func(err error) {
		if err != nil {
			b.Error(err)
		}
		left.Done()
	}
	b.SetBytes(300)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		left.Add(1)
		p.Send(b.Context(), produce.Message{Topic: "calls", Key: keys[i%len(keys)], Value: value}, done)
		i++
	}
	left.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// BenchmarkPublish is the latency of a lone message: one at a time, stored.
func BenchmarkPublish(b *testing.B) {
	c := kafkatest.Start(b, embedded.KafkaConfig{}, "calls:8")
	p := start(b, c.Conn, produce.Config{})
	m := produce.Message{Topic: "calls", Key: []byte("call"), Value: make([]byte, 280)}
	b.ReportAllocs()
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if err := p.Publish(b.Context(), m); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
