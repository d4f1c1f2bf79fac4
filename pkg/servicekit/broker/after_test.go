package broker

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// thinned answers fetches like a broker whose log compaction has thinned: batches of ten offsets, of which only
// the first few are left.
type thinned struct {
	left  map[int64][]int64 // by the batch's first offset
	bases []int64
	high  int64
	asked int
}

func (l *thinned) RoundTrip(_ context.Context, _ net.Addr, req kafka.Request) (kafka.Response, error) {
	l.asked++
	offset := req.(*fetch.Request).Topics[0].Partitions[0].FetchOffset
	res := fetch.ResponsePartition{HighWatermark: l.high}
	for i, base := range l.bases {
		last := l.high
		if i+1 < len(l.bases) {
			last = l.bases[i+1]
		}
		if offset >= last {
			continue
		}
		records := make([]kafka.Record, 0, len(l.left[base]))
		for _, o := range l.left[base] {
			records = append(records, kafka.Record{Offset: o, Key: kafka.NewBytes([]byte("k"))})
		}
		res.RecordSet.Records = &protocol.RecordStream{Records: []protocol.RecordReader{
			&protocol.RecordBatch{BaseOffset: base, Records: kafka.NewRecordReader(records...)},
		}}
		break
	}
	return &fetch.Response{Topics: []fetch.ResponseTopic{{Partitions: []fetch.ResponsePartition{res}}}}, nil
}

func TestFetchStepsOverTheTailThatCompactionTook(t *testing.T) {
	l := &thinned{
		left:  map[int64][]int64{0: {0, 1}, 1000: {}, 1010: {1012}, 1020: {1020}},
		bases: []int64{0, 1000, 1010, 1020}, high: 1100,
	}
	c := &Conn{Client: &kafka.Client{Addr: kafka.TCP("nowhere:1"), Transport: l}}
	for _, tc := range []struct{ at, next, first int64 }{
		{0, 2, 0}, {2, 1000, -1}, {500, 1000, -1}, {999, 1000, -1}, {1000, 1010, -1}, {1005, 1010, -1},
		{1010, 1013, 1012}, {1013, 1020, -1}, {1021, 1100, -1}, {1099, 1100, -1}, {1100, 1100, -1},
	} {
		l.asked = 0
		f, err := c.Fetch(t.Context(), "a", 0, tc.at, 1, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		first := int64(-1)
		if len(f.Records) > 0 {
			first = f.Records[0].Offset
		}
		if f.Next != tc.next || first != tc.first || l.asked > 12 {
			t.Errorf("at %d: next %d, want %d; first %d, want %d; %d requests", tc.at, f.Next, tc.next, first, tc.first, l.asked)
		}
	}
}
