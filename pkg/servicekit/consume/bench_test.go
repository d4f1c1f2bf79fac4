package consume_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
)

// BenchmarkConsume is what a member takes from 8 partitions with a handler that does nothing: 300 bytes a
// message, 1,000 keys, everything a handler wears on, offsets committed.
func BenchmarkConsume(b *testing.B) {
	w := newWorldOn(b, "", "a:8")
	value := make([]byte, 280)
	fill := func(n int) {
		const at = 1000
		for i := 0; i < n; i += at {
			msgs := make([]produce.Message, 0, at)
			for k := range min(at, n-i) {
				msgs = append(msgs, produce.Message{Topic: "a", Key: fmt.Appendf(nil, "call-%014d", k), Value: value})
			}
			if err := w.prod.Publish(b.Context(), msgs...); err != nil {
				b.Fatal(err)
			}
		}
	}
	fill(b.N)
	var left atomic.Int64
	left.Store(int64(b.N))
	all := make(chan struct{})
	h := consume.Stack(func(context.Context, *consume.Message) error {
		if left.Add(-1) == 0 {
			close(all)
		}
		return nil
	}, consume.Options{})
	b.SetBytes(300)
	b.ReportAllocs()
	b.ResetTimer()
	m := w.start(w.config(), h, consume.Hooks{})
	<-all
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	m.end()
}

// BenchmarkLatency is the time from Publish to the handler's call for a lone message.
func BenchmarkLatency(b *testing.B) {
	w := newWorldOn(b, "", "a:8")
	got := make(chan struct{})
	w.start(w.config(), consume.Stack(func(context.Context, *consume.Message) error {
		got <- struct{}{}
		return nil
	}, consume.Options{}), consume.Hooks{})
	w.publish("a", "k", "first")
	<-got
	b.ReportAllocs()
	for b.Loop() {
		w.publish("a", "k", "v")
		<-got
	}
}
