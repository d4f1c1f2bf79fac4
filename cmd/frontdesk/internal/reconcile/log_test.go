package reconcile

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

// cluster is the topics of a deployment, written by hand.
type cluster struct {
	*Log
	t *testing.T
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	var topics []string
	for _, topic := range events.Topics() {
		topics = append(topics, topic.Name)
	}
	for _, g := range events.Groups() {
		for _, topic := range g.Topics {
			topics = append(topics, topic.Retry(g.Name).Name)
		}
	}
	for i := range topics {
		topics[i] += ":2"
	}
	conn := kafkatest.Broker(t, topics...)
	prod := produce.New(conn, produce.Config{}, telemetry.Discard())
	t.Cleanup(func() { _ = prod.Close(context.Background()) })
	return &cluster{t: t, Log: NewLog(conn, prod, func(e *events.CallEvent) (*crmwriter.Expected, error) {
		if e.Kind() == events.KindInsightUnavailable {
			return nil, retry.Permanently("mapping.evaluation", nil)
		}
		return &crmwriter.Expected{}, nil
	})}
}

func (c *cluster) put(topic, key string, value []byte, headers ...kafka.Header) {
	c.t.Helper()
	if err := c.prod.Publish(c.t.Context(), produce.Message{Topic: topic, Key: []byte(key), Value: value, Headers: headers}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) tell(topic events.Topic, id string, m proto.Message) {
	c.t.Helper()
	e := events.Call{ID: id, Leg: id, Tenant: "acme", Source: events.Source_SOURCE_TWILIO}.Event(time.Now(), m)
	if err := c.Send(c.t.Context(), topic, e); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) read() map[string]*Trail {
	c.t.Helper()
	all, err := c.Read(c.t.Context(), time.Now().Add(-time.Hour))
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

func (c *cluster) in(topic string) []sentRecord {
	c.t.Helper()
	var out []sentRecord
	for _, r := range kafkatest.Records(c.t, c.conn, topic) {
		out = append(out, sentRecord{string(r.Key), deadletter.Get(r.Headers, events.HeaderRepair), deadletter.Get(r.Headers, events.HeaderTenant), len(r.Value)})
	}
	return out
}

// sentRecord is a record as a test looks at it.
type sentRecord struct {
	key, repair, tenant string
	size                int
}

func insightOf(revision uint32) *events.CallInsight {
	return &events.CallInsight{
		Revision: revision, Facts: &events.CallFacts{StartedAt: timestamppb.Now()}, Intent: &events.Finding{Value: "Spam"}, Disposition: &events.Finding{Value: "Spam"},
		DispositionSource: events.DispositionSource_DISPOSITION_SOURCE_RULE, Provenance: &events.Provenance{Provider: "rule", Model: "hang_up"},
	}
}

func TestTheLogTellsHowFarEachCallHasCome(t *testing.T) {
	c := newCluster(t)
	ended := time.Now().Add(-time.Minute).UTC().Truncate(time.Millisecond)
	c.tell(events.Lifecycle, "CA1", &events.CallStarted{To: "+14155550100", Direction: events.Direction_DIRECTION_INBOUND})
	c.tell(events.Lifecycle, "CA1", &events.CallEnded{Status: events.CallStatus_CALL_STATUS_COMPLETED, EndedAt: timestamppb.New(ended), Duration: durationpb.New(time.Minute)})
	c.tell(events.Insights, "CA1", insightOf(1))
	c.tell(events.Insights, "CA1", insightOf(2))
	c.put(events.Lifecycle.Name, "CA0", []byte("no event"))
	c.put(events.Records.Name, "CA1", nil) // forgotten
	one := c.read()["CA1"]
	if one.Tenant != "acme" || !one.Started || !one.Ended.Equal(ended) || !one.Begun.Equal(ended.Add(-time.Minute)) || one.Revision != 2 ||
		one.Expected == nil || one.Record != nil || one.Touched.IsZero() {
		t.Errorf("%+v", one)
	}
	if !c.Unread(groupInference, events.Lifecycle, one.End) || !c.Unread(groupWriter, events.Insights, one.Insight) {
		t.Error("nobody has read anything yet")
	}

	// What comes later is read on top of it.
	c.tell(events.Insights, "CA1", &events.InsightUnavailable{Revision: 3, Facts: &events.CallFacts{StartedAt: timestamppb.Now()}, Reason: "quota", Provenance: &events.Provenance{Provider: "vertex"}})
	c.tell(events.Records, "CA1", &events.CallRecord{
		Revision: 2, CrmStatus: writtenStatus, Decision: &events.CallRecord_Insight{Insight: insightOf(2)},
		Records: []*events.CrmRecord{{Object: "Lead", Id: "00Q1", KeyField: "Caller_Key__c", Key: "+14155550123", Role: "caller"}},
	})
	c.put(events.DeadLetters.Name, "CA1", []byte("x"), deadletter.Headers([]kafka.Header{
		{Key: events.HeaderKind, Value: []byte("call_insight")}, {Key: events.HeaderEventID, Value: []byte("e1")},
	}, deadletter.Origin{Topic: events.Insights.Name, Group: groupWriter}, retry.Permanently("sf.code", nil))...)
	c.put(events.DeadLetters.Name, "CA1", nil, deadletter.Mark{What: deadletter.Revealed, About: "0-0"}.Headers()...) // is none
	c.commit(groupInference, events.Lifecycle.Name, one.End.Partition, one.End.Offset+1)
	again := c.read()["CA1"]
	if again != one || one.Revision != 3 || one.Expected != nil || one.Unplanned != "mapping.evaluation" || one.Record.Revision != 2 ||
		len(one.Record.Records) != 1 || one.Record.Records[0].GetKey() != "" || len(one.Dead) != 1 {
		t.Errorf("%+v", again)
	}
	if one.Dead[0].Done.What != "" {
		t.Errorf("it was only looked at: %+v", one.Dead[0])
	}
	c.put(events.DeadLetters.Name, "CA1", nil, deadletter.Mark{What: deadletter.Dropped, About: "9-9"}.Headers()...) // another's
	c.put(events.DeadLetters.Name, "CA1", nil, deadletter.Mark{What: deadletter.Dropped, About: one.Dead[0].ID.String(), By: "ops@host"}.Headers()...)
	if c.read(); len(one.Dead) != 1 || one.Dead[0].Done.What != deadletter.Dropped || one.Dead[0].Done.By != "ops@host" {
		t.Errorf("it was dropped: %+v", one.Dead)
	}
	if d := one.Dead[0]; d.Group != groupWriter || d.Kind != "call_insight" || d.EventID != "e1" || d.Code != "sf.code" {
		t.Errorf("%+v", d)
	}
	if c.Unread(groupInference, events.Lifecycle, one.End) || !c.Unread(groupWriter, events.Insights, one.Insight) {
		t.Error("inference has read the end, and crm-writer nothing")
	}
}

// commit moves a group on as its members would.
func (c *cluster) commit(group, topic string, partition int, offset int64) {
	c.t.Helper()
	g, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{ID: group, Brokers: c.conn.Brokers(), Dialer: c.conn.Dialer, Topics: []string{topic}})
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	gen, err := g.Next(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	if err := gen.CommitOffsets(map[string]map[int]int64{topic: {partition: offset}}); err != nil {
		c.t.Fatal(err)
	}
}

func TestWhatWaitsInARetryTopic(t *testing.T) {
	c := newCluster(t)
	retries := events.Insights.Retry(groupWriter).Name
	h := func(k, v string) kafka.Header { return kafka.Header{Key: k, Value: []byte(v)} }
	copyOf := func(origin, order int, code string) []kafka.Header {
		return []kafka.Header{h("park-offset", strconv.Itoa(origin)), h("park-order", strconv.Itoa(order)), h("park-code", code), h("park-first-failure", "2026-03-02T14:00:00Z")}
	}
	c.put(retries, "CA1", []byte("x"), copyOf(5, 50, "a.code")...)
	c.put(retries, "CA1", []byte("x"), copyOf(5, 50, "b.code")...) // again
	c.put(retries, "CA2", []byte("x"), copyOf(6, 60, "c.code")...)
	c.put(retries, "CA2", nil, h("park-offset", "6"), h("park-done", "60"))
	c.put(retries, "CA3", []byte("x"), h(events.HeaderRepair, "r1"))
	all := c.read()
	if one := all["CA1"].Parked; len(one) != 1 || one[0].Code != "b.code" || one[0].Group != groupWriter || one[0].Since.Year() != 2026 {
		t.Errorf("parked twice: %+v", one)
	}
	if len(all["CA3"].Parked) != 1 || all["CA3"].Parked[0].Repair != "r1" || all["CA3"].Parked[0].Code != "" {
		t.Errorf("a repair: %+v", all["CA3"].Parked)
	}
	if two := all["CA2"]; two != nil && len(two.Parked) > 0 {
		t.Errorf("done, though older ones are not: %+v", two.Parked)
	}
	parts := kafkatest.Records(t, c.conn, retries)
	for _, r := range parts {
		c.commit(groupWriter, retries, r.Partition, r.Offset+1)
	}
	for id, trail := range c.read() {
		if len(trail.Parked) > 0 {
			t.Errorf("%s: nothing waits any more: %+v", id, trail.Parked)
		}
	}
}

func TestSendingAgain(t *testing.T) {
	c := newCluster(t)
	c.tell(events.Insights, "CA1", insightOf(1))
	at := c.read()["CA1"].Insight
	if err := c.Again(t.Context(), events.Insights, at, groupWriter, "r1"); err != nil {
		t.Fatal(err)
	}
	original, copies := c.in(events.Insights.Name), c.in(events.Insights.Retry(groupWriter).Name)
	if want := []sentRecord{{"CA1", "r1", "acme", original[0].size}}; !slices.Equal(copies, want) {
		t.Errorf("%+v, want %+v", copies, want)
	}
	if err := c.Again(t.Context(), events.Insights, Place{at.Partition, at.Offset + 5}, groupWriter, "r1"); err == nil {
		t.Error("what is not there was sent")
	}
}
