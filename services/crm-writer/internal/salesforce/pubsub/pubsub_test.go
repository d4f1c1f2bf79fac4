package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twmb/avro"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const topic = "/event/Call_Completed__e"

const definition = `{"type":"record","name":"Call_Completed__e","namespace":"com.sforce.eventbus","fields":[
 {"name":"CreatedDate","type":"long"},{"name":"CreatedById","type":"string"},
 {"name":"Call_Id__c","type":["null","string"],"default":null},
 {"name":"Intent_Confidence__c","type":["null","double"],"default":null},
 {"name":"StartTime__c","type":["null","long"],"default":null},
 {"name":"Consent_Record__c","type":["null","boolean"],"default":null}]}`

// bus is the server's side, as far as publishing goes.
type bus struct {
	mu       sync.Mutex
	events   []map[string]any
	calls    map[string]int
	ended    chan struct{}
	requests []int
	sessions []string
	// answer may refuse a request or change its results; nil accepts.
	answer func(n int, r *wire.PublishRequest) ([]*wire.PublishResult, error)
	// good is the session that is accepted; empty accepts all.
	good string
}

func (b *bus) count(method string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls == nil {
		b.calls = map[string]int{}
	}
	b.calls[method]++
}

func (b *bus) allowed(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sessions = append(b.sessions, fmt.Sprint(md.Get("accesstoken"), md.Get("tenantid"), len(md.Get("instanceurl"))))
	if b.good != "" && fmt.Sprint(md.Get("accesstoken")) != "["+b.good+"]" {
		_ = grpc.SetTrailer(ctx, metadata.Pairs("error-code", "sfdc.platform.eventbus.grpc.service.auth.error"))
		return status.Error(codes.Unauthenticated, "the session is over")
	}
	return nil
}

func (b *bus) serve(t *testing.T) string {
	t.Helper()
	unary := func(name string, fn func(ctx context.Context, dec func(any) error) (any, error)) grpc.MethodDesc {
		return grpc.MethodDesc{MethodName: name, Handler: func(_ any, ctx context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			b.count(name)
			if err := b.allowed(ctx); err != nil {
				return nil, err
			}
			return fn(ctx, dec)
		}}
	}
	s := grpc.NewServer()
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "eventbus.v1.PubSub", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{
			unary("GetTopic", func(_ context.Context, dec func(any) error) (any, error) {
				in := &wire.TopicRequest{}
				if err := dec(in); err != nil {
					return nil, err
				}
				if in.GetTopicName() != topic {
					return nil, status.Error(codes.NotFound, "no such topic")
				}
				return &wire.TopicInfo{TopicName: topic, SchemaId: "schema-1", CanPublish: true}, nil
			}),
			unary("GetSchema", func(_ context.Context, dec func(any) error) (any, error) {
				in := &wire.SchemaRequest{}
				if err := dec(in); err != nil {
					return nil, err
				}
				return &wire.SchemaInfo{SchemaId: in.GetSchemaId(), SchemaJson: definition}, nil
			}),
		},
		Streams: []grpc.StreamDesc{{
			StreamName: "PublishStream", ClientStreams: true, ServerStreams: true,
			Handler: func(_ any, st grpc.ServerStream) error { return b.publish(st) },
		}},
	}, b)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() { s.Stop(); wg.Wait() })
	return l.Addr().String()
}

func (b *bus) publish(st grpc.ServerStream) error {
	b.count("PublishStream")
	if err := b.allowed(st.Context()); err != nil {
		st.SetTrailer(metadata.Pairs("error-code", "sfdc.platform.eventbus.grpc.service.auth.error"))
		return err
	}
	for {
		in := &wire.PublishRequest{}
		if err := st.RecvMsg(in); err != nil {
			if errors.Is(err, io.EOF) {
				if b.ended != nil {
					close(b.ended)
				}
				return nil
			}
			return err
		}
		results, err := b.take(in)
		if err != nil {
			return err
		}
		if err := st.SendMsg(&wire.PublishResponse{Results: results, SchemaId: "schema-1"}); err != nil {
			return err
		}
	}
}

func (b *bus) take(in *wire.PublishRequest) ([]*wire.PublishResult, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.requests)
	b.requests = append(b.requests, len(in.GetEvents()))
	if b.answer != nil {
		if results, err := b.answer(n, in); results != nil || err != nil {
			return results, err
		}
	}
	results := []*wire.PublishResult{}
	for _, e := range in.GetEvents() {
		got := map[string]any{}
		if _, err := avro.MustParse(definition).Decode(e.GetPayload(), &got); err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		b.events = append(b.events, got)
		results = append(results, &wire.PublishResult{CorrelationKey: e.GetId(), ReplayId: []byte(e.GetId())})
	}
	return results, nil
}

// sessions hands out session-0, session-1, … one further after each drop.
type sessions struct {
	mu      sync.Mutex
	n       int
	current *salesforce.Session
}

func (s *sessions) Session(context.Context) (*salesforce.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		s.current = &salesforce.Session{AccessToken: fmt.Sprint("session-", s.n), InstanceURL: "https://x", OrgID: "00D1", UserID: "0051"}
		s.n++
	}
	return s.current, nil
}

func (s *sessions) Drop(old *salesforce.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == old {
		s.current = nil
	}
}

func (s *sessions) Dependency() string { return "salesforce:acme" }

func publisher(t *testing.T, endpoint string) *pubsub.Publisher {
	t.Helper()
	p, err := pubsub.New(pubsub.Config{Endpoint: endpoint, Insecure: true}, &sessions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func events(n int) []pubsub.Event {
	out := make([]pubsub.Event, n)
	for i := range out {
		out[i] = pubsub.Event{ID: fmt.Sprintf("event-%04d", i), Fields: map[string]any{"Call_Id__c": fmt.Sprint("CA", i)}}
	}
	return out
}

func TestEventsArriveAsTheSchemaSays(t *testing.T) {
	b := &bus{}
	p := publisher(t, b.serve(t))
	at := time.Date(2026, 3, 1, 14, 0, 0, 0, time.UTC)
	got := p.Publish(t.Context(), topic, []pubsub.Event{{ID: "e1", Fields: map[string]any{
		"Call_Id__c": "CA1", "Intent_Confidence__c": 0.93, "StartTime__c": at, "Consent_Record__c": true,
	}}})
	if got[0].Err != nil || string(got[0].ReplayID) != "e1" {
		t.Fatalf("%+v", got)
	}
	e := b.events[0]
	if e["Call_Id__c"] != "CA1" || e["Intent_Confidence__c"] != 0.93 || e["StartTime__c"] != at.UnixMilli() ||
		e["Consent_Record__c"] != true || e["CreatedById"] != "0051" || e["CreatedDate"] == int64(0) {
		t.Errorf("arrived as %v", e)
	}
	if b.sessions[0] != "[session-0] [00D1] 1" {
		t.Errorf("metadata %v", b.sessions)
	}
}

func TestOneStreamAndOneLookUpServeManyRequests(t *testing.T) {
	b := &bus{}
	p := publisher(t, b.serve(t))
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil {
		t.Fatal(got[0].Err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			e := events(3)
			for j := range e {
				e[j].ID = fmt.Sprintf("%d-%d", i, j)
			}
			for j, r := range p.Publish(t.Context(), topic, e) {
				if r.Err != nil || string(r.ReplayID) != e[j].ID {
					t.Errorf("%s: %+v", e[j].ID, r)
				}
			}
		})
	}
	wg.Wait()
	if b.calls["GetTopic"] != 1 || b.calls["GetSchema"] != 1 || b.calls["PublishStream"] != 1 || len(b.events) != 61 {
		t.Errorf("%v, %d events", b.calls, len(b.events))
	}
}

func TestRequestsAreSplitAtTheLimits(t *testing.T) {
	b := &bus{}
	p := publisher(t, b.serve(t))
	for i, r := range p.Publish(t.Context(), topic, events(450)) {
		if r.Err != nil || string(r.ReplayID) != fmt.Sprintf("event-%04d", i) {
			t.Fatalf("%d: %+v", i, r)
		}
	}
	big := events(8)
	for i := range big {
		big[i].Fields["Call_Id__c"] = string(make([]byte, 900<<10))
	}
	big[3].Fields["Call_Id__c"] = string(make([]byte, 1<<20))
	got := p.Publish(t.Context(), topic, big)
	if !retry.IsPermanent(got[3].Err) || retry.Code(got[3].Err) != "salesforce.pubsub.too_large" || got[4].Err != nil {
		t.Errorf("%+v", got[3:5])
	}
	if fmt.Sprint(b.requests) != "[200 200 50 3 3 1]" {
		t.Errorf("requests of %v", b.requests)
	}
}

func TestOneEventsErrorIsItsOwn(t *testing.T) {
	b := &bus{answer: func(_ int, r *wire.PublishRequest) ([]*wire.PublishResult, error) {
		return []*wire.PublishResult{ // out of order on purpose: the key tells
			{CorrelationKey: r.GetEvents()[1].GetId(), Error: &wire.Error{Code: wire.ErrorCode_COMMIT, Msg: "m"}},
			{CorrelationKey: r.GetEvents()[0].GetId(), ReplayId: []byte{1}},
		}, nil
	}}
	p := publisher(t, b.serve(t))
	e := append(events(2), pubsub.Event{ID: "x", Fields: map[string]any{"Missing__c": "a"}})
	got := p.Publish(t.Context(), topic, e)
	if got[0].Err != nil || retry.Code(got[1].Err) != "salesforce.pubsub.COMMIT" || retry.IsPermanent(got[1].Err) {
		t.Errorf("%+v", got)
	}
	if !retry.IsPermanent(got[2].Err) || retry.Code(got[2].Err) != "salesforce.INVALID_FIELD" || retry.Field(got[2].Err) != "Missing__c" {
		t.Errorf("%+v", got[2])
	}
}

func TestABrokenStreamFailsWhatIsUnderWayAndTheNextOneIsNew(t *testing.T) {
	b := &bus{answer: func(n int, _ *wire.PublishRequest) ([]*wire.PublishResult, error) {
		if n == 0 {
			return nil, status.Error(codes.Unavailable, "upstream connect error")
		}
		return nil, nil
	}}
	p := publisher(t, b.serve(t))
	got := p.Publish(t.Context(), topic, events(2))
	for _, r := range got {
		if retry.Code(r.Err) != "salesforce.pubsub.Unavailable" || retry.IsPermanent(r.Err) || retry.Dependency(r.Err) != "salesforce:acme" {
			t.Errorf("%v", r.Err)
		}
	}
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil || b.calls["PublishStream"] != 2 {
		t.Errorf("%+v, %v", got, b.calls)
	}
}

func TestAnEndedSessionIsRenewedOnce(t *testing.T) {
	b := &bus{good: "session-1"}
	p := publisher(t, b.serve(t))
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil {
		t.Fatal(got[0].Err)
	}
	// The session ends while the schema is cached: only the stream can tell, by its trailer.
	b.mu.Lock()
	b.good = "session-2"
	b.answer = func(n int, _ *wire.PublishRequest) ([]*wire.PublishResult, error) {
		if n == 1 {
			return nil, status.Error(codes.Unauthenticated, "over")
		}
		return nil, nil
	}
	b.mu.Unlock()
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil {
		t.Fatal(got[0].Err)
	}
	b.mu.Lock()
	b.good = "nobody"
	b.answer = func(int, *wire.PublishRequest) ([]*wire.PublishResult, error) {
		return nil, status.Error(codes.Unauthenticated, "over")
	}
	b.mu.Unlock()
	got := p.Publish(t.Context(), topic, events(1))
	if retry.Code(got[0].Err) != "salesforce.pubsub.service.auth.error" || retry.IsPermanent(got[0].Err) {
		t.Errorf("%v", got[0].Err)
	}
}

func TestAnIdleStreamIsClosedBeforeTheServerDoes(t *testing.T) {
	b := &bus{ended: make(chan struct{})}
	p, err := pubsub.New(pubsub.Config{Endpoint: b.serve(t), Insecure: true, IdleAfter: time.Millisecond}, &sessions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil {
		t.Fatal(got[0].Err)
	}
	<-b.ended
	b.mu.Lock()
	b.ended = nil
	b.mu.Unlock()
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil {
		t.Errorf("after idleness: %v", got[0].Err)
	}
}

func TestAnUnknownTopicIsPermanent(t *testing.T) {
	b := &bus{}
	got := publisher(t, b.serve(t)).Publish(t.Context(), "/event/Other__e", events(1))
	if !retry.IsPermanent(got[0].Err) || retry.Code(got[0].Err) != "salesforce.pubsub.NotFound" {
		t.Errorf("%v", got[0].Err)
	}
}

func TestNobodyListeningIsRetryable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	got := publisher(t, l.Addr().String()).Publish(t.Context(), topic, events(1))
	if retry.Code(got[0].Err) != "salesforce.pubsub.Unavailable" || retry.IsPermanent(got[0].Err) {
		t.Errorf("%v", got[0].Err)
	}
}

func TestACallersContextEndsItsWaitOnly(t *testing.T) {
	hold := make(chan struct{})
	b := &bus{answer: func(n int, _ *wire.PublishRequest) ([]*wire.PublishResult, error) {
		if n == 0 {
			<-hold
		}
		return nil, nil
	}}
	p := publisher(t, b.serve(t))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if got := p.Publish(ctx, topic, events(1)); !errors.Is(got[0].Err, context.Canceled) {
			t.Errorf("%v", got[0].Err)
		}
	})
	cancel()
	wg.Wait()
	close(hold)
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil {
		t.Errorf("%v", got[0].Err)
	}
}
