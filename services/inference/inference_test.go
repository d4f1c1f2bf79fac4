package inference_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/vertexai"
	"github.com/frontdesk/frontdesk/services/inference"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// world is a broker, a Redis and a model; services come and go.
type world struct {
	t       *testing.T
	conn    *broker.Conn
	prod    *produce.Producer
	redis   string
	rdb     redis.UniversalClient
	model   *vertexai.Server
	tenants *tenant.Set
	tel     *telemetry.Telemetry
	read    map[string][]int64 // next offset per topic and partition
}

const partitions = 2

func newWorld(t *testing.T) *world {
	t.Helper()
	var topics []string
	for _, topic := range events.Topics() {
		topics = append(topics, fmt.Sprintf("%s:%d", topic.Name, partitions))
	}
	for _, topic := range []events.Topic{events.Lifecycle, events.Transcripts} {
		topics = append(topics, fmt.Sprintf("%s:%d", consume.RetryTopic(topic.Name, "inference"), partitions))
	}
	w := &world{t: t, conn: kafkatest.Broker(t, topics...), tel: telemetry.Discard(), read: map[string][]int64{}}
	w.prod = produce.New(w.conn, produce.Config{}, telemetry.Discard())
	t.Cleanup(func() { _ = w.prod.Close(context.Background()) })
	rdb := kafkatest.Redis(t)
	w.redis, w.rdb = rdb.Options().Addr, rdb
	var err error
	if w.model, err = vertexai.Start(context.Background(), vertexai.Config{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.model.Close() })
	data, err := os.ReadFile("internal/app/testdata/acme.yaml")
	if err != nil {
		t.Fatal(err)
	}
	own, err := tenant.Parse("acme.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	own.Inference.Endpoint, own.Inference.Insecure = w.model.Addr(), true
	if w.tenants, err = tenant.NewSet(own); err != nil {
		t.Fatal(err)
	}
	return w
}

// service runs one process of inference; stop ends it in order.
func (w *world) service(change ...func(*inference.Config)) (s *inference.Service, stop func()) {
	w.t.Helper()
	cfg := inference.Defaults()
	cfg.Kafka.Brokers, cfg.Redis.Addrs, cfg.Admin = w.conn.Brokers(), []string{w.redis}, "127.0.0.1:0"
	cfg.Desk.Timing.Resume = 50 * time.Millisecond
	for _, c := range change {
		c(&cfg)
	}
	s, err := inference.New(w.t.Context(), cfg, w.tenants, w.tel)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-ended; err != nil {
				w.t.Errorf("the service ended with %v", err)
			}
		}
	}
	w.t.Cleanup(stop)
	return s, stop
}

func (w *world) publish(topic events.Topic, list ...*events.CallEvent) {
	w.t.Helper()
	for _, e := range list {
		value, err := events.Marshal(e)
		if err != nil {
			w.t.Fatal(err)
		}
		if err := w.prod.Publish(w.t.Context(), produce.Message{Topic: topic.Name, Key: []byte(e.GetCallId()), Value: value}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// next waits for the next record of a topic, whatever its partition.
func (w *world) next(topic string) broker.Record {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	if w.read[topic] == nil {
		w.read[topic] = make([]int64, partitions)
	}
	for {
		for p := range partitions {
			got, err := w.conn.Fetch(ctx, topic, p, w.read[topic][p], 1<<20, 20*time.Millisecond)
			if err != nil {
				w.t.Fatalf("waiting for %s: %v", topic, err)
			}
			if len(got.Records) > 0 {
				w.read[topic][p] = got.Records[0].Offset + 1
				return got.Records[0]
			}
		}
	}
}

// revision waits for the next insight.
func (w *world) revision() (*events.CallEvent, *events.CallInsight) {
	w.t.Helper()
	e, err := events.Unmarshal(w.next(events.Insights.Name).Value)
	if err != nil {
		w.t.Fatal(err)
	}
	return e, e.GetBody().GetCallInsight()
}

// call makes the events of one call.
type call struct {
	events.Call
	at time.Time
}

func newCall(id string) call {
	return call{events.Call{ID: id, Leg: id, Tenant: "acme", LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO, Account: "AC1"}, time.Now().Add(-time.Minute)}
}

func (c call) event(after time.Duration, m proto.Message) *events.CallEvent {
	return c.Event(c.at.Add(after), m)
}

func (c call) begin() []*events.CallEvent {
	return []*events.CallEvent{
		c.event(0, &events.CallStarted{From: "+12025550123", To: "+14155550100", Direction: events.Direction_DIRECTION_INBOUND, Handling: events.Handling_HANDLING_DIAL, Consent: events.ConsentAnswer_CONSENT_ANSWER_PENDING, Payer: "product", Language: "en-US"}),
		c.event(time.Second, &events.ConsentRecorded{Answer: events.ConsentAnswer_CONSENT_ANSWER_GRANTED, Method: events.ConsentMethod_CONSENT_METHOD_KEYPAD, DecidedAt: timestamppb.New(c.at.Add(time.Second))}),
		c.event(2*time.Second, &events.MediaStarted{StreamId: "MZ" + c.ID, Parties: []events.Party{events.Party_PARTY_CALLER, events.Party_PARTY_AGENT}, Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000, Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED}),
	}
}

func (c call) end() *events.CallEvent {
	return c.event(time.Minute, &events.CallEnded{Status: events.CallStatus_CALL_STATUS_COMPLETED, Duration: durationpb.New(time.Minute), EndedAt: timestamppb.New(c.at.Add(time.Minute))})
}

func (c call) words() []*events.CallEvent {
	var out []*events.CallEvent
	for i, l := range []struct {
		p    events.Party
		text string
	}{
		{events.Party_PARTY_AGENT, "Acme, how can I help?"},
		{events.Party_PARTY_CALLER, "Hi, my name is Martin Whitfield, I'm calling from Bluebird Bakery and I'd like to book a demo."},
		{events.Party_PARTY_CALLER, "My card is 4242 4242 4242 4242, if you need it."},
		{events.Party_PARTY_AGENT, "No need. You're booked for a demo on Tuesday at 3 p.m."},
	} {
		at := int64(3000 + 5000*i)
		out = append(out, c.event(time.Duration(at)*time.Millisecond, &events.TranscriptSegment{StreamId: "MZ" + c.ID, Party: l.p, StartMs: at, EndMs: at + 4000, Text: l.text, Run: "live", Language: "en-US"}))
	}
	return append(out, c.event(40*time.Second, &events.TranscriptCompleted{StreamId: "MZ" + c.ID, Run: "live", Outcome: events.TranscriptOutcome_TRANSCRIPT_OUTCOME_COMPLETE}))
}

func (w *world) check(e *events.CallEvent, i *events.CallInsight, id string) {
	w.t.Helper()
	if e.GetCallId() != id || i.GetIntent().GetValue() != "BookDemo" || i.GetDisposition().GetValue() != "DemoBooked" || len(i.GetTranscript()) != 4 {
		w.t.Errorf("call %s: intent %q, disposition %q, %d lines, %s", e.GetCallId(), i.GetIntent().GetValue(), i.GetDisposition().GetValue(), len(i.GetTranscript()), e.Kind())
	}
}

func TestCallToInsight(t *testing.T) {
	w := newWorld(t)
	s, _ := w.service()
	c := newCall("CA1")
	w.publish(events.Lifecycle, c.begin()...)
	w.publish(events.Transcripts, c.words()...)
	w.publish(events.Lifecycle, c.end())
	e, i := w.revision()
	w.check(e, i, "CA1")
	values := map[string]string{}
	for _, d := range i.GetDetails() {
		values[d.GetName()] = d.GetValue()
	}
	if values["last_name"] != "Whitfield" || values["company"] != "Bluebird Bakery" {
		t.Errorf("details %v", values)
	}
	for _, asked := range w.model.Asked() {
		digits := strings.NewReplacer(" ", "", "-", "").Replace(asked.Text)
		if strings.Contains(digits, "4242424242424242") || strings.Contains(asked.Text, "Whitfield") || strings.Contains(asked.Text, "2025550123") {
			t.Error("the model was asked with personal data")
		}
		if asked.Labels["tenant"] != "acme" || asked.Labels["cost_center"] != "cc-7" {
			t.Errorf("labels %v", asked.Labels)
		}
	}
	if raw, err := json.Marshal(i); err != nil || strings.Contains(strings.ReplaceAll(string(raw), " ", ""), "4242424242424242") {
		t.Error("a card number stands in the insight")
	}
	usage, err := events.Unmarshal(w.next(events.Usage.Name).Value)
	if err != nil || usage.GetBody().GetUsageRecorded().GetOutcome() != "ok" || i.GetCost().GetTotal().GetNanos() == 0 {
		t.Errorf("usage %v: %v", usage, err)
	}
	// The same events once more change nothing; a recording does.
	w.publish(events.Lifecycle, append(c.begin(), c.end())...)
	w.publish(events.Lifecycle, c.event(2*time.Minute, &events.RecordingReady{RecordingId: "RE1", Status: "completed", Channels: 2}))
	if e, i = w.revision(); i.GetRevision() != 2 || len(i.GetFacts().GetRecordings()) != 1 {
		t.Errorf("revision %d", i.GetRevision())
	}
	w.check(e, i, "CA1")
	if n := len(w.model.Asked()); n != 1 {
		t.Errorf("asked %d times", n)
	}
	resp, err := http.Get("http://" + s.AdminAddr() + "/readyz")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("not ready: %v", err)
	}
	_ = resp.Body.Close() // only its status counts
	http.DefaultClient.CloseIdleConnections()
}

// TestRestartInACall stops the process between words and end: the next one reads the words again.
func TestRestartInACall(t *testing.T) {
	w := newWorld(t)
	_, stop := w.service()
	c := newCall("CA1")
	w.publish(events.Lifecycle, c.begin()...)
	w.publish(events.Transcripts, c.words()...)
	// Another call that ends tells that what came before it has been read: both are in one partition or not,
	// so each partition gets one.
	for n := range 8 {
		first := newCall(fmt.Sprintf("CA0%d", n))
		w.publish(events.Lifecycle, first.begin()[0], first.event(time.Second, &events.CallEnded{Status: events.CallStatus_CALL_STATUS_NO_ANSWER, EndedAt: timestamppb.New(first.at)}))
		w.revision()
	}
	stop()
	w.publish(events.Lifecycle, c.end())
	w.service()
	e, i := w.revision()
	w.check(e, i, "CA1")
}

// TestARolloutAsksNoQuestionTwice: a request that is under way when its process is told to stop is finished, its answer kept
// under its claim, and the next process, which has the call meanwhile, waits for it and takes it.
func TestARolloutAsksNoQuestionTwice(t *testing.T) {
	w := newWorld(t)
	w.model.Faults().Set(fault.Settings{Latency: fault.Latency{Median: 4 * time.Second}})
	quick := func(c *inference.Config) {
		c.Consume.Drain, c.Claims.Lease = 100*time.Millisecond, 2*time.Second // less than the question takes: it must be renewed
	}
	_, stop := w.service(quick)
	c := newCall("CA1")
	w.publish(events.Lifecycle, c.begin()...)
	w.publish(events.Transcripts, c.words()...)
	w.publish(events.Lifecycle, c.end())
	for { // the claim is had just before the question is put, which takes four seconds
		if keys, err := w.rdb.Keys(t.Context(), "*:question:*").Result(); err != nil {
			t.Fatal(err)
		} else if len(keys) > 0 {
			break
		}
		if err := retry.Pause(t.Context(), 10*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	stopped, told := make(chan struct{}), time.Now()
	go func() { stop(); close(stopped) }()
	w.service(quick)
	e, i := w.revision()
	w.check(e, i, "CA1")
	<-stopped
	if d := time.Since(told); d < 2*time.Second {
		t.Errorf("told to stop %v before the revision: nothing was under way", d)
	}
	if n := len(w.model.Asked()); n != 1 {
		t.Errorf("%d requests for one question", n)
	}
	if i.GetRevision() != 1 {
		t.Errorf("revision %d", i.GetRevision())
	}
	if n := len(kafkatest.Records(t, w.conn, events.DeadLetters.Name)); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// TestModelComesBack tells the call without an answer, and with one when the model is there again.
func TestModelComesBack(t *testing.T) {
	w := newWorld(t)
	w.model.Faults().Set(fault.Settings{Outage: true})
	w.service(func(c *inference.Config) {
		c.Desk.Ask.Initial, c.Desk.Ask.Budget = 10*time.Millisecond, 100*time.Millisecond
		c.Desk.AskAgain.Initial = 200 * time.Millisecond
		c.Desk.Breaker.Failures = 1000 // it would keep the question back for longer than is waited here
	})
	c := newCall("CA1")
	w.publish(events.Lifecycle, c.begin()...)
	w.publish(events.Transcripts, c.words()...)
	w.publish(events.Lifecycle, c.end())
	e, _ := w.revision()
	if u := e.GetBody().GetInsightUnavailable(); u.GetReason() != "model_unreachable" || len(u.GetTranscript()) != 4 {
		t.Fatalf("reason %q", u.GetReason())
	}
	w.model.Faults().Set(fault.Settings{})
	e, i := w.revision()
	w.check(e, i, "CA1")
	if i.GetRevision() != 2 {
		t.Errorf("revision %d", i.GetRevision())
	}
}

// TestRepair through the real client: the first answer has a quote that nobody said.
func TestRepair(t *testing.T) {
	w := newWorld(t)
	w.model.Faults().Set(fault.Settings{Errors: []fault.Share{{Code: "BAD_QUOTE", Share: 1}}})
	w.service()
	c := newCall("CA1")
	w.publish(events.Lifecycle, c.begin()...)
	w.publish(events.Transcripts, c.words()...)
	w.publish(events.Lifecycle, c.end())
	e, i := w.revision()
	w.check(e, i, "CA1")
	if i.GetProvenance().GetRequests() != 2 || len(w.model.Asked()) != 2 {
		t.Errorf("%d requests", i.GetProvenance().GetRequests())
	}
}

func TestDeadLetters(t *testing.T) {
	w := newWorld(t)
	w.service(func(c *inference.Config) {
		c.Desk.Timing.Early, c.Desk.Timing.Unknown = 20*time.Millisecond, 60*time.Millisecond
	})
	if err := w.prod.Publish(t.Context(), produce.Message{Topic: events.Lifecycle.Name, Key: []byte("CA9"), Value: []byte("no event")}); err != nil {
		t.Fatal(err)
	}
	if r := w.next(events.DeadLetters.Name); code(r.Headers) != "undecodable" || string(r.Value) != "no event" {
		t.Errorf("code %s", code(r.Headers))
	}
	stray, err := events.Marshal(newCall("CA7").begin()[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := w.prod.Publish(t.Context(), produce.Message{Topic: events.Lifecycle.Name, Key: []byte("CA9"), Value: stray}); err != nil {
		t.Fatal(err)
	}
	if r := w.next(events.DeadLetters.Name); code(r.Headers) != "wrong_key" || string(r.Key) != "CA9" {
		t.Errorf("code %s", code(r.Headers))
	}
	// The partition goes on.
	c := newCall("CA8")
	w.publish(events.Lifecycle, c.event(time.Minute, &events.DispositionSet{Disposition: "ResolvedByAgent", Source: events.DispositionSource_DISPOSITION_SOURCE_AGENT}))
	if r := w.next(events.DeadLetters.Name); code(r.Headers) != "call_unknown" {
		t.Errorf("code %s", code(r.Headers))
	}
}

// TestARedrivenSegmentFindsItsWords: it comes back by the retry topic, after the call and after a restart, and its words are read
// where they stand in calls.transcripts. One that somebody put there by hand has no place to read them from.
func TestARedrivenSegmentFindsItsWords(t *testing.T) {
	w := newWorld(t)
	_, stop := w.service()
	c := newCall("CA1")
	words := c.words()
	value, err := events.Marshal(words[1])
	if err != nil {
		t.Fatal(err)
	}
	partition := produce.Partition([]byte("CA1"), partitions)
	misled := produce.Message{Topic: events.Transcripts.Name, Key: []byte("CA9"), Value: value, Partition: &partition}
	if err := w.prod.Publish(t.Context(), misled); err != nil {
		t.Fatal(err)
	}
	dead := w.next(events.DeadLetters.Name)
	if code(dead.Headers) != "wrong_key" {
		t.Fatalf("code %s", code(dead.Headers))
	}
	w.publish(events.Lifecycle, c.begin()...)
	w.publish(events.Transcripts, slices.Delete(words, 1, 2)...)
	w.publish(events.Lifecycle, c.end())
	if _, i := w.revision(); len(i.GetTranscript()) != 3 {
		t.Errorf("%d lines", len(i.GetTranscript()))
	}
	stop()
	w.service()
	dead.Key = []byte("CA1") // as it should have been
	letter := deadletter.Read(dead.Headers)
	if err := w.prod.Publish(t.Context(), consume.Redrive(&dead, letter.Partition, letter.Offset, time.Now())); err != nil {
		t.Fatal(err)
	}
	e, i := w.revision()
	w.check(e, i, "CA1")
	if err := w.prod.Publish(t.Context(), consume.Redrive(&dead, letter.Partition, -1, time.Now())); err != nil {
		t.Fatal(err)
	}
	if r := w.next(events.DeadLetters.Name); code(r.Headers) != "segment_parked" {
		t.Errorf("code %s", code(r.Headers))
	}
}

func code(h []kafka.Header) string { return deadletter.Get(h, deadletter.HeaderCode) }

// TestLatePart finds the state of a call that is neither in memory nor among what was loaded.
func TestLatePart(t *testing.T) {
	w := newWorld(t)
	short := func(c *inference.Config) {
		c.Desk.Timing.Keep, c.Desk.Timing.Early = time.Millisecond, 10*time.Millisecond
	}
	_, stop := w.service(short)
	c := newCall("CA1")
	w.publish(events.Lifecycle, c.begin()...)
	w.publish(events.Transcripts, c.words()...)
	w.publish(events.Lifecycle, c.end())
	e, i := w.revision()
	w.check(e, i, "CA1")
	// Evicted at once: found again by a search through the partition.
	w.publish(events.Lifecycle, c.event(time.Hour, &events.RecordingReady{RecordingId: "RE1", Status: "completed"}))
	if _, i := w.revision(); i.GetRevision() != 2 {
		t.Errorf("revision %d", i.GetRevision())
	}
	stop()
	// Loaded and left at once: found again at its offset.
	w.service(short)
	w.publish(events.Lifecycle, c.event(2*time.Hour, &events.RecordingReady{RecordingId: "RE2", Status: "completed"}))
	e, i = w.revision()
	w.check(e, i, "CA1")
	if i.GetRevision() != 3 || len(i.GetFacts().GetRecordings()) != 2 {
		t.Errorf("revision %d, %d recordings", i.GetRevision(), len(i.GetFacts().GetRecordings()))
	}
	if n := len(w.model.Asked()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestValidate(t *testing.T) {
	cfg := inference.Defaults()
	cfg.Kafka.Brokers, cfg.Redis.Addrs = []string{"127.0.0.1:1"}, []string{"127.0.0.1:1"}
	if err := cfg.Validate(); err != nil {
		t.Errorf("the defaults need brokers and Redis only: %v", err)
	}
	cfg.Admin, cfg.Tenants, cfg.Desk.Timing.Transcript, cfg.Desk.Breaker.Failures = "nowhere", "", -1, 0
	err := cfg.Validate()
	for _, fault := range []string{"admin", "tenants", "timing.transcript", "breaker.failures"} {
		if err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("the fault in %s is not named: %v", fault, err)
		}
	}
}

// TestAQuestionMayNotTakeLongerThanAStop: it would be cut off at every rollout.
func TestAQuestionMayNotTakeLongerThanAStop(t *testing.T) {
	data, err := os.ReadFile("internal/app/testdata/acme.yaml")
	if err != nil {
		t.Fatal(err)
	}
	own, err := tenant.Parse("acme.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	set, err := tenant.NewSet(own)
	if err != nil {
		t.Fatal(err)
	}
	cfg := inference.Defaults()
	cfg.Kafka.Brokers, cfg.Redis.Addrs = []string{"127.0.0.1:1"}, []string{"127.0.0.1:1"}
	own.Inference.Timeout = tenant.Duration(cfg.Consume.Detached)
	if err := cfg.Fits(set); err != nil {
		t.Errorf("as long as a stop: %v", err)
	}
	own.Inference.Timeout++
	_, err = inference.New(t.Context(), cfg, set, telemetry.Discard())
	for _, name := range []string{"acme", "inference.timeout", "consume.detached"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
	own.Inference.Provider = "none"
	if err := cfg.Fits(set); err != nil {
		t.Errorf("nobody is asked: %v", err)
	}
}

// TestAnEndThatIsSentAgainAloneTellsTheCall: what a reconciliation sends, to this group's retry topic and nowhere else. A call that nobody
// knows any more is told by what the end itself says of it, and one that was told is not told twice.
func TestAnEndThatIsSentAgainAloneTellsTheCall(t *testing.T) {
	w := newWorld(t)
	w.service()
	c, told := newCall("CA1"), newCall("CA2")
	again := func(e *events.CallEvent) {
		value, err := events.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		err = w.prod.Publish(t.Context(), produce.Message{
			Topic: events.Lifecycle.Retry("inference").Name, Key: []byte(e.GetCallId()), Value: value,
			Headers: []kafka.Header{{Key: events.HeaderRepair, Value: []byte("r1")}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	end := c.end()
	started := c.begin()[0].GetBody().GetCallStarted()
	started.Handling, started.Consent = events.Handling_HANDLING_FALLBACK, events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED
	end.GetBody().GetCallEnded().OpenedBy = started
	again(end)
	e, i := w.revision()
	if e.GetCallId() != "CA1" || i.GetRevision() != 1 || i.GetProvenance().GetModel() != "no_media" || i.GetDisposition().GetValue() != "NeedsReview" || i.GetFacts().GetFrom() == "" {
		t.Errorf("%s revision %d by %s: %s", e.GetCallId(), i.GetRevision(), i.GetProvenance().GetModel(), i.GetDisposition().GetValue())
	}
	w.publish(events.Lifecycle, told.begin()[0], told.end())
	if e, _ = w.revision(); e.GetCallId() != "CA2" {
		t.Fatalf("told is %s", e.GetCallId())
	}
	again(told.end())
	again(end)
	// The next of the two calls to be told anew is told for a reason.
	w.publish(events.Lifecycle, told.event(2*time.Minute, &events.RecordingReady{RecordingId: "RE1", Status: "completed", Channels: 2}))
	if e, i = w.revision(); e.GetCallId() != "CA2" || i.GetRevision() != 2 {
		t.Errorf("%s revision %d", e.GetCallId(), i.GetRevision())
	}
}
