package salesforce_test

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/avro"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/meter"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/eventbus"
)

const completed = "/event/Call_Completed__e"

// wire is a generated client with its headers.
type wire struct {
	t      testing.TB
	c      eventbus.PubSubClient
	ctx    context.Context
	schema *avro.Schema
	id     string // of the schema
	user   string
}

func dial(t testing.TB, s *salesforce.Server, username string) *wire {
	t.Helper()
	conn, err := grpc.NewClient(s.PubSubAddr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	token := login(t, s, username).token
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	w := &wire{t: t, c: eventbus.NewPubSubClient(conn), ctx: headers(ctx, token, s.URL(), s.OrgID(""))}
	topic, err := w.c.GetTopic(w.ctx, &eventbus.TopicRequest{TopicName: completed})
	if err != nil {
		t.Fatal(err)
	}
	info, err := w.c.GetSchema(w.ctx, &eventbus.SchemaRequest{SchemaId: topic.GetSchemaId()})
	if err != nil {
		t.Fatal(err)
	}
	if !topic.GetCanPublish() || !topic.GetCanSubscribe() || topic.GetRpcId() == "" {
		t.Errorf("topic: %v", topic)
	}
	sum := md5.Sum([]byte(info.GetSchemaJson()))
	if info.GetSchemaId() != base64.RawURLEncoding.EncodeToString(sum[:]) || len(info.GetSchemaId()) != 22 {
		t.Errorf("schema id %s", info.GetSchemaId())
	}
	w.schema, w.id = avro.MustParse(info.GetSchemaJson()), info.GetSchemaId()
	for _, u := range s.Records("", "User") {
		if u["Username"] == username {
			w.user = fmt.Sprint(u["Id"])
		}
	}
	return w
}

func headers(ctx context.Context, token, instance, org string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "accesstoken", token, "instanceurl", instance, "tenantid", org)
}

// event encodes an event of a call.
func (w *wire) event(id, call string, change func(map[string]any)) *eventbus.ProducerEvent {
	w.t.Helper()
	fields := map[string]any{"CreatedDate": time.Now().UnixMilli(), "CreatedById": w.user, "Call_Id__c": call}
	if change != nil {
		change(fields)
	}
	payload, err := w.schema.Encode(fields)
	if err != nil {
		w.t.Fatal(err)
	}
	return &eventbus.ProducerEvent{Id: id, SchemaId: w.id, Payload: payload}
}

func (w *wire) publish(events ...*eventbus.ProducerEvent) (*eventbus.PublishResponse, error) {
	return w.c.Publish(w.ctx, &eventbus.PublishRequest{TopicName: completed, Events: events})
}

func errorCode(md metadata.MD) string {
	if v := md.Get("error-code"); len(v) > 0 {
		return strings.TrimPrefix(v[0], "sfdc.platform.eventbus.grpc.")
	}
	return ""
}

func TestPubSubAuth(t *testing.T) {
	s := start(t)
	w := dial(t, s, integration)
	token := login(t, s, integration).token
	for name, ctx := range map[string]context.Context{
		"nothing":        t.Context(),
		"no token":       headers(t.Context(), "", s.URL(), s.OrgID("")),
		"a wrong token":  headers(t.Context(), "00D!x", s.URL(), s.OrgID("")),
		"another org":    headers(t.Context(), token, s.URL(), "00D000000000001EAA"),
		"no instance":    headers(t.Context(), token, "", s.OrgID("")),
		"a bad instance": headers(t.Context(), token, "127.0.0.1", s.OrgID("")),
	} {
		var trailer metadata.MD
		_, err := w.c.GetTopic(ctx, &eventbus.TopicRequest{TopicName: completed}, grpc.Trailer(&trailer))
		if status.Code(err) != codes.Unauthenticated || errorCode(trailer) != "service.auth.error" || len(trailer.Get("rpc-id")) != 1 {
			t.Errorf("%s: %v %v", name, err, trailer)
		}
	}
	if _, err := w.c.GetTopic(w.ctx, &eventbus.TopicRequest{TopicName: "/event/Nothing__e"}); status.Code(err) != codes.NotFound {
		t.Errorf("an unknown topic: %v", err)
	}
	if _, err := w.c.GetSchema(w.ctx, &eventbus.SchemaRequest{SchemaId: "x"}); status.Code(err) != codes.NotFound {
		t.Errorf("an unknown schema: %v", err)
	}
	managed, err := w.c.ManagedSubscribe(w.ctx)
	if err == nil {
		_, err = managed.Recv()
	}
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("a managed subscription: %v", err)
	}
}

func TestPublish(t *testing.T) {
	s := start(t)
	w := dial(t, s, integration)
	long := strings.Repeat("x", 1<<20+1)
	res, err := w.publish(
		w.event("one", "CA1", nil),
		&eventbus.ProducerEvent{Id: "junk", SchemaId: w.id, Payload: []byte{1, 2, 3}},
		w.event("no date", "CA2", func(f map[string]any) { f["CreatedDate"] = 0 }),
		w.event("no user", "CA2", func(f map[string]any) { f["CreatedById"] = "" }),
		&eventbus.ProducerEvent{Id: "schema", SchemaId: "nope", Payload: []byte{}},
		w.event(strings.Repeat("i", 37), "CA2", nil),
		w.event("large", "CA2", func(f map[string]any) { f["Summary__c"] = long }),
		w.event("long", strings.Repeat("x", 65), nil),
		w.event("left over", "CA2", nil),
		w.event("nine", "CA9", func(f map[string]any) { f["Intent_Confidence__c"] = 0.5; f["Consent_Record__c"] = true }),
		w.event("UTF-16 counts", strings.Repeat("😀", 33), nil),
	)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range res.GetResults() {
		good := i == 0 || i == 8 || i == 9
		if (r.GetError() == nil) != good || (len(r.GetReplayId()) > 0) != good || !good && r.GetError().GetCode() != eventbus.ErrorCode_PUBLISH {
			t.Errorf("result %d: %v", i, r)
		}
	}
	if len(res.GetResults()) != 11 || res.GetResults()[0].GetCorrelationKey() != "one" || res.GetSchemaId() != w.id {
		t.Errorf("results: %v", res)
	}
	events := s.Events("", "Call_Completed__e", 0)
	if len(events) != 3 || events[2].Fields["Call_Id__c"] != "CA9" || events[2].Fields["Consent_Record__c"] != true || events[0].ID != "one" {
		t.Errorf("on the bus: %v", events)
	}
	big := make([]*eventbus.ProducerEvent, 0, 5)
	for range 5 {
		big = append(big, w.event("", "CA1", func(f map[string]any) { f["Summary__c"] = long[:900<<10] }))
	}
	_, err = w.publish(big...)
	if status.Code(err) != codes.Unavailable || status.Convert(err).Message() != "upstream connect error or disconnect/reset before headers. reset reason: remote reset" {
		t.Errorf("over 4 MB: %v", err)
	}
	if _, err = w.publish(); status.Code(err) != codes.InvalidArgument {
		t.Errorf("no events: %v", err)
	}
	if calls := s.Usage()[0].Calls; calls != 0 {
		t.Errorf("publishing cost %d API calls", calls)
	}
	key := meter.Key{Product: "salesforce", Account: s.OrgID(""), Model: "pubsub", Unit: "event"}
	for _, row := range s.Meter().Rows() {
		if row.Key == key && row.Amount != 3 {
			t.Errorf("metered %v events", row.Amount)
		}
	}
}

// TestStreamsEndWithTheirSession unless they are given the token of another.
func TestStreamsEndWithTheirSession(t *testing.T) {
	s := start(t)
	w := dial(t, s, integration)
	publishing, err := w.c.PublishStream(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	send := func(refresh string) error {
		batch := &eventbus.PublishRequest{TopicName: completed, AuthRefresh: refresh, Events: []*eventbus.ProducerEvent{w.event("e", "CA1", nil)}}
		if err := publishing.Send(batch); err != nil {
			t.Fatal(err)
		}
		_, err := publishing.Recv()
		return err
	}
	if err := send(""); err != nil {
		t.Fatal(err)
	}
	fetch := &eventbus.FetchRequest{TopicName: completed, ReplayPreset: eventbus.ReplayPreset_EARLIEST, NumRequested: 1}
	subscribed, err := w.c.Subscribe(w.ctx)
	if err == nil {
		err = subscribed.Send(fetch)
	}
	if err == nil {
		_, err = subscribed.Recv()
	}
	if err != nil {
		t.Fatal(err)
	}
	s.EndSessions()
	if err := send(login(t, s, integration).token); err != nil {
		t.Errorf("with a new token: %v", err)
	}
	s.EndSessions()
	if err := send(""); status.Code(err) != codes.Unauthenticated || errorCode(publishing.Trailer()) != "service.auth.error" {
		t.Errorf("publishing: %v", err)
	}
	if err := subscribed.Send(fetch); err != nil {
		t.Fatal(err)
	}
	if _, err := subscribed.Recv(); status.Code(err) != codes.Unauthenticated || errorCode(subscribed.Trailer()) != "service.auth.error" {
		t.Errorf("subscribed: %v", err)
	}
}

func TestPublishStream(t *testing.T) {
	s := start(t)
	w := dial(t, s, integration)
	stream, err := w.c.PublishStream(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		topic := completed
		if i > 0 {
			topic = ""
		}
		if err := stream.Send(&eventbus.PublishRequest{TopicName: topic, Events: []*eventbus.ProducerEvent{w.event(fmt.Sprint(i), "CA1", nil)}}); err != nil {
			t.Fatal(err)
		}
		if res, err := stream.Recv(); err != nil || res.GetResults()[0].GetCorrelationKey() != fmt.Sprint(i) {
			t.Fatalf("batch %d: %v %v", i, res, err)
		}
	}
	// Nothing for longer than the stream may idle, which on a busy machine it may have been before the batch comes.
	idle := dial(t, start(t, func(c *salesforce.Config) { c.StreamIdle = 200 * time.Millisecond }), integration)
	stream, err = idle.c.PublishStream(idle.ctx)
	if err != nil {
		t.Fatal(err)
	}
	_ = stream.Send(&eventbus.PublishRequest{TopicName: completed, Events: []*eventbus.ProducerEvent{idle.event("e", "CA1", nil)}})
	for err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.Canceled {
		t.Errorf("an idle stream: %v", err)
	}
	stream, err = w.c.PublishStream(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range []string{completed, "/event/Call_Written__e"} {
		if err := stream.Send(&eventbus.PublishRequest{TopicName: topic, Events: []*eventbus.ProducerEvent{w.event("", "CA1", nil)}}); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = stream.Recv()
	if _, err = stream.Recv(); status.Code(err) != codes.InvalidArgument {
		t.Errorf("another topic: %v", err)
	}
	stream, err = w.c.PublishStream(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&eventbus.PublishRequest{TopicName: completed, AuthRefresh: "junk", Events: []*eventbus.ProducerEvent{w.event("", "CA1", nil)}}); err != nil {
		t.Fatal(err)
	}
	if _, err = stream.Recv(); status.Code(err) != codes.InvalidArgument || errorCode(stream.Trailer()) != "service.auth.refresh.invalid" {
		t.Errorf("a bad refresh: %v %v", err, stream.Trailer())
	}
	stream, err = w.c.PublishStream(w.ctx)
	if err == nil {
		err = stream.CloseSend()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err = stream.Recv(); err == nil || err.Error() != "EOF" {
		t.Errorf("a stream that the client ends: %v", err)
	}
}

// A batch does not wait for those before it.
func TestBatchesOfAStreamAreUnderWayTogether(t *testing.T) {
	s := start(t)
	w := dial(t, s, integration)
	stream, err := w.c.PublishStream(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	send := func(id string) {
		t.Helper()
		if err := stream.Send(&eventbus.PublishRequest{TopicName: completed, Events: []*eventbus.ProducerEvent{w.event(id, "CA1", nil)}}); err != nil {
			t.Fatal(err)
		}
	}
	before := requestsOf(s)
	s.SetFaults(fault.Settings{Latency: fault.Latency{Median: time.Hour}})
	send("slow")
	for requestsOf(s) == before { // it is being waited for
		if w.ctx.Err() != nil {
			t.Fatal("the first batch was not read")
		}
		runtime.Gosched()
	}
	s.SetFaults(fault.Settings{})
	send("quick")
	for {
		res, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if res.GetResults()[0].GetCorrelationKey() == "quick" {
			return
		}
	}
}

func requestsOf(s *salesforce.Server) float64 {
	n := 0.0
	for _, row := range s.Meter().Rows() {
		if row.Model == "pubsub" && row.Unit == "request" {
			n += row.Amount
		}
	}
	return n
}

func (w *wire) subscribe(r *eventbus.FetchRequest) eventbus.PubSub_SubscribeClient {
	w.t.Helper()
	stream, err := w.c.Subscribe(w.ctx)
	if err == nil {
		r.TopicName = completed
		err = stream.Send(r)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return stream
}

// fetched are the ids of one answer.
func fetched(t testing.TB, stream eventbus.PubSub_SubscribeClient) (string, *eventbus.FetchResponse) {
	t.Helper()
	res, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, 0, len(res.GetEvents()))
	for _, e := range res.GetEvents() {
		ids = append(ids, e.GetEvent().GetId())
	}
	return strings.Join(ids, " "), res
}

// delivered is fetched, past the signs of life of a busy machine's stream.
func delivered(t testing.TB, stream eventbus.PubSub_SubscribeClient) (ids string, res *eventbus.FetchResponse) {
	t.Helper()
	for ids == "" {
		ids, res = fetched(t, stream)
	}
	return ids, res
}

func TestSubscribe(t *testing.T) {
	s := start(t, func(c *salesforce.Config) { c.KeepAlive = 100 * time.Millisecond })
	w := dial(t, s, integration)
	for _, id := range []string{"a", "b", "c"} {
		if _, err := w.publish(w.event(id, "CA"+id, nil)); err != nil {
			t.Fatal(err)
		}
	}
	early := w.subscribe(&eventbus.FetchRequest{ReplayPreset: eventbus.ReplayPreset_EARLIEST, NumRequested: 2})
	ids, res := delivered(t, early)
	if ids != "a b" || res.GetPendingNumRequested() != 0 || string(res.GetLatestReplayId()) != string(res.GetEvents()[1].GetReplayId()) {
		t.Errorf("earliest: %s %v", ids, res)
	}
	var fields map[string]any
	if _, err := w.schema.Decode(res.GetEvents()[0].GetEvent().GetPayload(), &fields); err != nil || fields["Call_Id__c"] != "CAa" || res.GetEvents()[0].GetEvent().GetSchemaId() != w.id {
		t.Errorf("payload: %v %v", fields, err)
	}
	resume := res.GetLatestReplayId()
	// Nothing is asked for: nothing but signs of life.
	if ids, res = fetched(t, early); ids != "" || len(res.GetLatestReplayId()) == 0 {
		t.Errorf("keep-alive: %s", ids)
	}
	if err := early.Send(&eventbus.FetchRequest{TopicName: completed, NumRequested: 5}); err != nil {
		t.Fatal(err)
	}
	for ids == "" {
		ids, res = fetched(t, early)
	}
	if ids != "c" || res.GetPendingNumRequested() != 4 {
		t.Errorf("more: %s %v", ids, res)
	}
	late := w.subscribe(&eventbus.FetchRequest{ReplayPreset: eventbus.ReplayPreset_LATEST, NumRequested: 1})
	// It has begun when its signs of life tell where it stands.
	last := string(res.GetLatestReplayId())
	for ids, res = fetched(t, late); ids == "" && string(res.GetLatestReplayId()) != last; {
		ids, res = fetched(t, late)
	}
	if ids != "" {
		t.Errorf("latest begins with nothing, not %s", ids)
	}
	if _, err := w.publish(w.event("d", "CAd", nil)); err != nil {
		t.Fatal(err)
	}
	for ids == "" {
		ids, _ = fetched(t, late)
	}
	if ids != "d" {
		t.Errorf("latest: %s", ids)
	}
	custom := w.subscribe(&eventbus.FetchRequest{ReplayPreset: eventbus.ReplayPreset_CUSTOM, ReplayId: resume, NumRequested: 100})
	if ids, _ = delivered(t, custom); ids != "c d" {
		t.Errorf("custom: %s", ids)
	}
}

func TestSubscribeRefusals(t *testing.T) {
	var clock fakeClock
	s := start(t, func(c *salesforce.Config) { c.Now = clock.now; c.SessionIdle = 1000 * time.Hour })
	w := dial(t, s, integration)
	res, err := w.publish(w.event("a", "CA1", nil))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(name string, r *eventbus.FetchRequest, want string) {
		t.Helper()
		stream := w.subscribe(r)
		if _, err := stream.Recv(); status.Code(err) != codes.InvalidArgument || errorCode(stream.Trailer()) != want {
			t.Errorf("%s: %v %v", name, err, stream.Trailer())
		}
	}
	refused("none asked for", &eventbus.FetchRequest{}, "subscription.fetch.requested.events.invalid")
	refused("too many asked for", &eventbus.FetchRequest{NumRequested: 101}, "subscription.fetch.requested.events.invalid")
	refused("a replay id that never was one", &eventbus.FetchRequest{NumRequested: 1, ReplayPreset: eventbus.ReplayPreset_CUSTOM, ReplayId: []byte("x")}, "subscription.fetch.replayid.validation.failed")
	refused("an unknown replay id", &eventbus.FetchRequest{NumRequested: 1, ReplayPreset: eventbus.ReplayPreset_CUSTOM, ReplayId: []byte("unknown!")}, "subscription.fetch.replayid.corrupted")
	clock.add(73 * time.Hour)
	refused("an event older than 72 hours", &eventbus.FetchRequest{NumRequested: 1, ReplayPreset: eventbus.ReplayPreset_CUSTOM, ReplayId: res.GetResults()[0].GetReplayId()}, "subscription.fetch.replayid.corrupted")
}

func TestPubSubFaults(t *testing.T) {
	s := start(t)
	w := dial(t, s, integration)
	always := func(code, op string) fault.Settings {
		return fault.Settings{Errors: []fault.Share{{Code: code, Share: 1, Operation: op}}}
	}
	for _, tt := range []struct {
		code string
		want codes.Code
	}{
		{"UNAVAILABLE", codes.Unavailable}, {"INTERNAL", codes.Internal}, {"RESOURCE_EXHAUSTED", codes.ResourceExhausted}, {"UNAUTHENTICATED", codes.Unauthenticated},
	} {
		s.SetFaults(always(tt.code, "pubsub.publish"))
		if _, err := w.publish(w.event("", "CA1", nil)); status.Code(err) != tt.want {
			t.Errorf("%s: %v", tt.code, err)
		}
	}
	for code, want := range map[string]eventbus.ErrorCode{"PUBLISH": eventbus.ErrorCode_PUBLISH, "COMMIT": eventbus.ErrorCode_COMMIT} {
		s.SetFaults(always(code, "pubsub.event"))
		if res, err := w.publish(w.event("", "CA1", nil)); err != nil || res.GetResults()[0].GetError().GetCode() != want {
			t.Errorf("%s: %v %v", code, res, err)
		}
	}
	s.SetFaults(fault.Settings{Outage: true})
	if _, err := w.publish(w.event("", "CA1", nil)); status.Code(err) != codes.Unavailable {
		t.Errorf("outage: %v", err)
	}
	if len(s.Events("", "Call_Completed__e", 0)) != 0 {
		t.Error("a fault leaves no event")
	}
	// An answer that is lost leaves one, and so does its repetition.
	s.SetFaults(always("UNAVAILABLE", "pubsub.answer"))
	if _, err := w.publish(w.event("1", "CA1", nil)); status.Code(err) != codes.Unavailable {
		t.Errorf("a lost answer: %v", err)
	}
	stream, err := w.c.PublishStream(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&eventbus.PublishRequest{TopicName: completed, Events: []*eventbus.ProducerEvent{w.event("1", "CA1", nil)}}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("a lost answer of a stream: %v", err)
	}
	if n := len(s.Events("", "Call_Completed__e", 0)); n != 2 {
		t.Errorf("%d events after two lost answers", n)
	}
}
