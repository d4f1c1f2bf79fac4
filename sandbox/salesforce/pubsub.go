package salesforce

import (
	"context"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/frontdesk/frontdesk/sandbox/meter"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/eventbus"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// maxMessage is what the vendor's gateway lets through; it resets the stream of a larger one.
const maxMessage = 4 << 20

// errorPrefix of the error-code trailer (Pub/Sub API Developer Guide, "Handle Errors").
const errorPrefix = "sfdc.platform.eventbus.grpc."

// pubSub is the gRPC face.
type pubSub struct {
	eventbus.UnimplementedPubSubServer
	s *Server
}

func (s *Server) newPubSub() *grpc.Server {
	g := grpc.NewServer(
		// Larger messages are refused as the vendor's gateway does, not as a Go server would.
		grpc.MaxRecvMsgSize(64<<20),
		grpc.MaxConcurrentStreams(1000),
		// What is being committed is committed before the journal closes.
		grpc.WaitForHandlers(true),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)
	eventbus.RegisterPubSubServer(g, &pubSub{s: s})
	return g
}

// rpc is one method's execution, for an authenticated caller.
type rpc struct {
	s    *Server
	t    *tenant
	user *org.User
	// token is the session's: a stream may outlive it.
	token string
	id    string
	// trailer sets the trailers of an error.
	trailer func(metadata.MD)
}

// fail makes a status with the vendor's trailers.
func (c *rpc) fail(code codes.Code, errorCode, message string) error {
	md := metadata.Pairs("rpc-id", c.id)
	if errorCode != "" {
		md.Set("error-code", errorPrefix+errorCode)
	}
	c.trailer(md)
	return status.Error(code, message+" rpcId: "+c.id)
}

// begin authenticates a method and draws its fault.
func (p *pubSub) begin(ctx context.Context, operation string, trailer func(metadata.MD)) (*rpc, error) {
	c := &rpc{s: p.s, id: org.NewUUID(), trailer: trailer}
	if p.s.faults.Down() {
		return nil, status.Error(codes.Unavailable, "connection refused")
	}
	md, _ := metadata.FromIncomingContext(ctx)
	if !c.authenticate(first(md, "accesstoken"), first(md, "instanceurl"), first(md, "tenantid")) {
		return nil, c.unauthenticated()
	}
	return c, c.drawn(operation)
}

func first(md metadata.MD, key string) string {
	if v := md.Get(key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// authenticate checks the three headers: a live opaque token, the instance's URL, and the org that the token is of.
func (c *rpc) authenticate(token, instance, tenantID string) bool {
	found := c.s.sessions.find(token)
	if found == nil {
		return false
	}
	u, err := url.Parse(instance)
	id, ok := schema.NormalID(strings.TrimPrefix(tenantID, "core/prod/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || !ok || id != found.tenant.ID {
		return false
	}
	c.t, c.user, c.token = found.tenant, found.user, token
	return true
}

// alive refuses a further request of a stream whose session has ended.
func (c *rpc) alive() error {
	if c.s.sessions.find(c.token) == nil {
		return c.unauthenticated()
	}
	return nil
}

func (c *rpc) unauthenticated() error {
	return c.fail(codes.Unauthenticated, "service.auth.error", "An authentication exception occurred. Provide valid authentication via metadata headers.")
}

// drawn turns an injected fault into a status.
func (c *rpc) drawn(operation string) error {
	switch code := c.s.draw(operation); code {
	case "UNAVAILABLE":
		return c.fail(codes.Unavailable, "service.unavailable", "The Pub/Sub API service is unavailable.")
	case "INTERNAL":
		return c.fail(codes.Internal, "", "An internal error occurred.")
	case "RESOURCE_EXHAUSTED":
		return c.fail(codes.ResourceExhausted, "concurrent.client.limit.exceeded", "The maximum number of concurrent clients across all topics has been exceeded.")
	case "UNAUTHENTICATED":
		return c.unauthenticated()
	default:
		return nil
	}
}

// request counts one message, waits its latency and refuses one that is too large.
func (c *rpc) request(ctx context.Context, m proto.Message) error {
	c.s.meter.Add(meter.Key{Product: "salesforce", Account: c.t.ID, Model: "pubsub", Unit: "request"}, 1)
	if err := c.s.faults.Wait(ctx); err != nil {
		return status.FromContextError(err).Err()
	}
	if proto.Size(m) > maxMessage {
		return status.Error(codes.Unavailable, "upstream connect error or disconnect/reset before headers. reset reason: remote reset")
	}
	return nil
}

// topic finds a topic by its name on the wire.
func (c *rpc) topic(name string) (*org.Topic, error) {
	object, ok := strings.CutPrefix(name, "/event/")
	if t := c.t.Topic(object); ok && t != nil {
		return t, nil
	}
	return nil, c.fail(codes.NotFound, "topic.not.found", "Topic not found: "+name+".")
}

func unaryTrailer(ctx context.Context) func(metadata.MD) {
	return func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) }
}

// GetTopic implements [eventbus.PubSubServer].
func (p *pubSub) GetTopic(ctx context.Context, r *eventbus.TopicRequest) (*eventbus.TopicInfo, error) {
	c, err := p.begin(ctx, "pubsub.topic", unaryTrailer(ctx))
	if err == nil {
		err = c.request(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	t, err := c.topic(r.GetTopicName())
	if err != nil {
		return nil, err
	}
	return &eventbus.TopicInfo{
		TopicName: r.GetTopicName(), TenantGuid: "core/sandbox/" + c.t.ID, CanPublish: c.user.Role != org.Auditor, CanSubscribe: true,
		SchemaId: t.SchemaID, RpcId: c.id,
	}, nil
}

// GetSchema implements [eventbus.PubSubServer].
func (p *pubSub) GetSchema(ctx context.Context, r *eventbus.SchemaRequest) (*eventbus.SchemaInfo, error) {
	c, err := p.begin(ctx, "pubsub.schema", unaryTrailer(ctx))
	if err == nil {
		err = c.request(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	t := c.t.BySchema(r.GetSchemaId())
	if t == nil {
		return nil, c.fail(codes.NotFound, "schema.not.found", "Schema not found: "+r.GetSchemaId()+".")
	}
	return &eventbus.SchemaInfo{SchemaJson: t.SchemaJSON, SchemaId: t.SchemaID, RpcId: c.id}, nil
}

// ManagedSubscribe implements [eventbus.PubSubServer]: the sandbox has no managed subscriptions.
func (p *pubSub) ManagedSubscribe(stream eventbus.PubSub_ManagedSubscribeServer) error {
	if _, err := p.begin(stream.Context(), "pubsub.subscribe", stream.SetTrailer); err != nil {
		return err
	}
	return status.Error(codes.Unimplemented, "ManagedSubscribe is not part of the sandbox")
}
