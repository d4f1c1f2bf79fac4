package salesforce

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/frontdesk/frontdesk/sandbox/meter"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/bus"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/eventbus"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// Publish implements [eventbus.PubSubServer].
func (p *pubSub) Publish(ctx context.Context, r *eventbus.PublishRequest) (*eventbus.PublishResponse, error) {
	c, err := p.begin(ctx, "pubsub.publish", unaryTrailer(ctx))
	if err != nil {
		return nil, err
	}
	out, err := c.publish(ctx, r)
	if err != nil {
		return nil, err
	}
	return out, c.drawn("pubsub.answer")
}

func (c *rpc) publish(ctx context.Context, r *eventbus.PublishRequest) (*eventbus.PublishResponse, error) {
	if err := c.request(ctx, r); err != nil {
		return nil, err
	}
	t, err := c.topic(r.GetTopicName())
	if err != nil {
		return nil, err
	}
	switch {
	case c.user.Role == org.Auditor:
		return nil, c.fail(codes.PermissionDenied, "publish.permission.denied", "The user may not publish to "+r.GetTopicName()+".")
	case len(r.GetEvents()) == 0:
		return nil, c.fail(codes.InvalidArgument, "publish.empty.request", "At least one event is required.")
	}
	events := make([]org.Produced, len(r.GetEvents()))
	for i, e := range r.GetEvents() {
		events[i] = org.Produced{ID: e.GetId(), SchemaID: e.GetSchemaId(), Payload: e.GetPayload(), Fault: c.eventFault()}
	}
	done, refused := c.t.PublishAvro(&org.Actor{User: c.user, API: "pubsub", Request: c.id}, t, events)
	if refused != nil {
		return nil, c.fail(codes.Internal, "", refused.Message)
	}
	return c.published(r, t, events, done), nil
}

// eventFault is an injected refusal of one event, "" for none.
func (c *rpc) eventFault() string {
	switch c.s.draw("pubsub.event") {
	case "PUBLISH":
		return "The event could not be published."
	case "COMMIT":
		return commitFault
	default:
		return ""
	}
}

const commitFault = "The event could not be committed."

func (c *rpc) published(r *eventbus.PublishRequest, t *org.Topic, events []org.Produced, done []org.Published) *eventbus.PublishResponse {
	out := &eventbus.PublishResponse{SchemaId: t.SchemaID, RpcId: c.id}
	n := 0.0
	for i, d := range done {
		res := &eventbus.PublishResult{CorrelationKey: r.GetEvents()[i].GetId()}
		if d.Why == "" {
			res.ReplayId = bus.ReplayID(d.Replay)
			n++
		} else {
			res.Error = &eventbus.Error{Code: eventbus.ErrorCode_PUBLISH, Msg: d.Why}
			if events[i].Fault == commitFault {
				res.Error.Code = eventbus.ErrorCode_COMMIT
			}
		}
		out.Results = append(out.Results, res)
	}
	if n > 0 {
		c.s.meter.Add(meter.Key{Product: "salesforce", Account: c.t.ID, Model: "pubsub", Unit: "event"}, n)
	}
	return out
}

// mostPublishing bounds the batches of one stream that are under way; a further one waits to be read.
const mostPublishing = 64

// published is a batch of a stream that is done.
type published struct {
	out *eventbus.PublishResponse
	err error
}

// PublishStream implements [eventbus.PubSubServer]: Publish for many batches of one topic, closed when none comes for 70 seconds.
// Batches are under way together, and answered as they are done.
func (p *pubSub) PublishStream(stream eventbus.PubSub_PublishStreamServer) error {
	c, err := p.begin(stream.Context(), "pubsub.publish", stream.SetTrailer)
	if err != nil {
		return err
	}
	if !c.t.openStream() {
		return c.fail(codes.ResourceExhausted, "concurrent.client.limit.exceeded", "The maximum number of concurrent clients across all topics has been exceeded.")
	}
	defer c.t.closeStream()
	all := receive(stream.Context(), stream.Recv)
	requests, publishing, topic := all, 0, ""
	done := make(chan published, mostPublishing)
	idle := time.NewTimer(c.s.cfg.StreamIdle)
	defer idle.Stop()
	for {
		select {
		case <-c.s.ctx.Done():
			return c.fail(codes.Unavailable, "service.unavailable", "The Pub/Sub API service is unavailable.")
		case <-idle.C:
			return c.fail(codes.Canceled, "publish.stream.idle", "The stream was closed: no valid request came for "+c.s.cfg.StreamIdle.String()+".")
		case in := <-requests:
			if in.err != nil {
				return c.rest(stream, in.err, done, publishing)
			}
			if err := c.streamed(in.msg, &topic); err != nil {
				return err
			}
			one := *c // a later request may refresh the session
			go func() {
				out, err := one.publish(stream.Context(), in.msg)
				done <- published{out, err}
			}()
			publishing++
			idle.Reset(c.s.cfg.StreamIdle)
		case d := <-done:
			if d.err != nil {
				return d.err
			}
			if err := c.drawn("pubsub.answer"); err != nil {
				return err // what was published stays on the bus
			}
			if err := stream.Send(d.out); err != nil {
				return err
			}
			publishing--
			idle.Reset(c.s.cfg.StreamIdle)
		}
		if requests = all; publishing == mostPublishing {
			requests = nil
		}
	}
}

// rest answers what is under way when the client has closed its side.
func (c *rpc) rest(stream eventbus.PubSub_PublishStreamServer, why error, done <-chan published, publishing int) error {
	if err := ended(why); err != nil {
		return err
	}
	for range publishing {
		d := <-done
		if d.err != nil {
			return d.err
		}
		if err := stream.Send(d.out); err != nil {
			return err
		}
	}
	return nil
}

// streamed checks a batch of a stream. The first names the topic.
func (c *rpc) streamed(r *eventbus.PublishRequest, topic *string) error {
	if err := c.refresh(r.GetAuthRefresh()); err != nil {
		return err
	}
	if err := c.alive(); err != nil {
		return err
	}
	switch {
	case *topic == "":
		*topic = r.GetTopicName()
	case r.GetTopicName() == "":
		r.TopicName = *topic
	case r.GetTopicName() != *topic:
		return c.fail(codes.InvalidArgument, "publish.topic.changed", "The topic of a stream can't be changed.")
	}
	return c.drawn("pubsub.publish")
}

// refresh takes a new token for a stream that outlives its session.
func (c *rpc) refresh(token string) error {
	if token == "" {
		return nil
	}
	found := c.s.sessions.find(token)
	if found == nil || found.tenant != c.t {
		return c.fail(codes.InvalidArgument, "service.auth.refresh.invalid", "The auth_refresh token is invalid.")
	}
	c.user, c.token = found.user, token
	return nil
}

type received[M any] struct {
	msg M
	err error
}

// receive reads a stream until it ends; the last value is its error.
func receive[M any](ctx context.Context, recv func() (M, error)) <-chan received[M] {
	ch := make(chan received[M])
	go func() {
		for {
			msg, err := recv()
			select {
			case ch <- received[M]{msg, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return ch
}

// ended is nil for a client that closed its side.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
