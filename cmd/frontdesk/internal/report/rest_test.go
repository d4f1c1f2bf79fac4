package report

import (
	"context"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
)

// cluster is an embedded broker with every topic of the contract, one partition each.
type cluster struct {
	*testing.T
	conn *broker.Conn
}

func startCluster(t *testing.T) cluster {
	t.Helper()
	k, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{Partitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	conn, err := broker.Dial(broker.Config{Brokers: []string{k.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	var specs []broker.TopicSpec
	topics := events.Topics()
	for _, g := range events.Groups() {
		for _, topic := range g.Topics {
			topics = append(topics, topic.Retry(g.Name))
		}
	}
	for _, topic := range topics {
		specs = append(specs, broker.TopicSpec{Name: topic.Name, Partitions: 1, Replicas: 1, Retention: time.Hour, MaxMessageBytes: events.MaxMessageBytes})
	}
	if _, err := conn.EnsureTopics(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	return cluster{t, conn}
}

func (c cluster) write(topic events.Topic, key string, value []byte) {
	c.Helper()
	res, err := c.conn.Client.Produce(c.Context(), &kafka.ProduceRequest{
		Topic: topic.Name, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(kafka.Record{Key: kafka.NewBytes([]byte(key)), Value: kafka.NewBytes(value)}),
	})
	if err != nil || res.Error != nil {
		c.Fatal(err, res)
	}
}

func (c cluster) commit(group string, topic events.Topic, offset int64) {
	c.Helper()
	_, err := c.conn.Client.OffsetCommit(context.WithoutCancel(c.Context()), &kafka.OffsetCommitRequest{
		GroupID: group, GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{topic.Name: {{Partition: 0, Offset: offset}}},
	})
	if err != nil {
		c.Fatal(err)
	}
}

// state writes calls.state of a call.
func (c cluster) state(s *events.CallState) {
	c.Helper()
	s.Facts = &events.CallFacts{StartedAt: timestamppb.Now(), To: "+14155550100"}
	e := events.Call{ID: "CA1", Leg: "CA1", Tenant: "acme", LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO, Account: "AC1"}.Event(time.Now(), s)
	data, err := events.Marshal(e)
	if err != nil {
		c.Fatal(err)
	}
	c.write(events.State, "CA1", data)
}

func TestRestFollowsACallFromGroupToGroup(t *testing.T) {
	c := startCluster(t)
	until := time.Now().Add(15 * time.Second)
	r := NewRest(c.conn, 1, "CA1")
	left := func(want string) {
		t.Helper()
		if got, err := r.Left(t.Context(), until); err != nil || got != want {
			t.Fatalf("waits for %q (%v), want %q", got, err, want)
		}
	}
	c.write(events.Media, "CA1", []byte("sound"))
	left("stt, 1 message behind")
	c.write(events.Media, "CA2", []byte("another's sound, after this call's end"))
	left("stt, 1 message behind")
	c.write(events.Transcripts, "CA1", []byte("words"))
	c.write(events.Transcripts, "CA1", []byte("more words"))
	c.commit("stt", events.Media, 1)
	left("inference, 2 messages behind")
	c.write(events.Transcripts.Retry("inference"), "CA1", []byte("parked words"))
	c.commit("inference", events.Transcripts, 2)
	left("inference, 1 message behind")
	c.commit("inference", events.Transcripts.Retry("inference"), 1)
	c.state(&events.CallState{Revision: 1, WordsUntil: timestamppb.New(until.Add(-time.Second))})
	left("late words")
	c.state(&events.CallState{Revision: 1, AskAgain: timestamppb.New(until.Add(time.Hour))}) // due too late to be waited for
	c.write(events.Insights, "CA1", []byte("insight"))
	left("crm-writer, 1 message behind")
	c.commit("crm-writer", events.Insights, 1)
	left("")
	left("")
}
