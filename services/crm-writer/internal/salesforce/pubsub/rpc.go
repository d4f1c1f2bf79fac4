// Package pubsub publishes platform events by Salesforce's Pub/Sub API: gRPC, Avro payloads, schemas cached by
// id, one stream a topic.
//
//	rpc.go        the service's methods by name
//	schema.go     topics, schemas, encoding
//	stream.go     one PublishStream: requests out, results back by correlation key
//	publisher.go  Publisher: sessions, splitting, errors
//
// The messages in wire/ are generated from proto/ (go generate).
//
// Source: Salesforce's Pub/Sub API documentation.
package pubsub

//go:generate buf generate

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub/wire"
)

// The methods as they are called on the wire. Generated code would take the names from our proto package; the
// vendor's is eventbus.v1.
const (
	methodGetTopic      = "/eventbus.v1.PubSub/GetTopic"
	methodGetSchema     = "/eventbus.v1.PubSub/GetSchema"
	methodPublishStream = "/eventbus.v1.PubSub/PublishStream"
)

func getTopic(ctx context.Context, conn grpc.ClientConnInterface, topic string, opts ...grpc.CallOption) (*wire.TopicInfo, error) {
	out := &wire.TopicInfo{}
	if err := conn.Invoke(ctx, methodGetTopic, &wire.TopicRequest{TopicName: topic}, out, opts...); err != nil {
		return nil, err // classified by the publisher, which needs the status as it is
	}
	return out, nil
}

func getSchema(ctx context.Context, conn grpc.ClientConnInterface, id string, opts ...grpc.CallOption) (*wire.SchemaInfo, error) {
	out := &wire.SchemaInfo{}
	if err := conn.Invoke(ctx, methodGetSchema, &wire.SchemaRequest{SchemaId: id}, out, opts...); err != nil {
		return nil, err // classified by the publisher, which needs the status as it is
	}
	return out, nil
}

// publishStream is the client's side of the bidirectional method.
type publishStream struct{ grpc.ClientStream }

func openPublishStream(ctx context.Context, conn grpc.ClientConnInterface) (publishStream, error) {
	s, err := conn.NewStream(ctx, &grpc.StreamDesc{
		StreamName: "PublishStream", ClientStreams: true, ServerStreams: true,
	}, methodPublishStream)
	return publishStream{s}, err // classified by the publisher, which needs the status as it is
}

func (s publishStream) send(r *wire.PublishRequest) error {
	if err := s.SendMsg(r); err != nil {
		return fmt.Errorf("sending on the publish stream: %w", err)
	}
	return nil
}

func (s publishStream) recv() (*wire.PublishResponse, error) {
	out := &wire.PublishResponse{}
	return out, s.RecvMsg(out) // classified by the publisher, which needs the status as it is
}
