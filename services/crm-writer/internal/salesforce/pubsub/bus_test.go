package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/twmb/avro"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub/wire"
)

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
				select {
				case b.ended <- struct{}{}:
				default: // nobody listens, or a stream has ended before
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
