package salesforce

import (
	"time"

	"google.golang.org/grpc/codes"

	"github.com/frontdesk/frontdesk/sandbox/meter"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/bus"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/eventbus"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// mostFetched is how many events one FetchRequest may ask for.
const mostFetched = 100

// subscription is one Subscribe stream.
type subscription struct {
	*rpc
	stream eventbus.PubSub_SubscribeServer
	name   string
	topic  *org.Topic
	at     uint64
	// pending is how many events were asked for and not delivered.
	pending int32
}

// Subscribe implements [eventbus.PubSubServer]: events after a replay position, as many as were asked for, and an empty answer when
// nothing comes for long.
func (p *pubSub) Subscribe(stream eventbus.PubSub_SubscribeServer) error {
	c, err := p.begin(stream.Context(), "pubsub.subscribe", stream.SetTrailer)
	if err != nil {
		return err
	}
	if !c.t.openStream() {
		return c.fail(codes.ResourceExhausted, "subscription.limit.exceeded", "The maximum number of concurrent subscriptions has been exceeded.")
	}
	defer c.t.closeStream()
	sub := &subscription{rpc: c, stream: stream}
	requests := receive(stream.Context(), stream.Recv)
	alive := time.NewTimer(c.s.cfg.KeepAlive)
	defer alive.Stop()
	for {
		wake, err := sub.deliver()
		if err != nil {
			return err
		}
		select {
		case <-c.s.ctx.Done():
			return c.fail(codes.Unavailable, "service.unavailable", "The Pub/Sub API service is unavailable.")
		case <-alive.C:
			err = sub.send(nil)
		case <-wake:
		case in := <-requests:
			if in.err != nil {
				return ended(in.err)
			}
			err = sub.ask(in.msg)
		}
		if err != nil {
			return err
		}
		alive.Reset(c.s.cfg.KeepAlive)
	}
}

// ask takes a FetchRequest: the first says where to begin.
func (sub *subscription) ask(r *eventbus.FetchRequest) error {
	if err := sub.request(sub.stream.Context(), r); err != nil {
		return err
	}
	if err := sub.refresh(r.GetAuthRefresh()); err != nil {
		return err
	}
	if err := sub.alive(); err != nil {
		return err
	}
	if n := r.GetNumRequested(); n <= 0 || n > mostFetched {
		return sub.fail(codes.InvalidArgument, "subscription.fetch.requested.events.invalid", "The number of requested events must be 1 to 100.")
	}
	if sub.topic == nil {
		if err := sub.start(r); err != nil {
			return err
		}
	} else if r.GetTopicName() != "" && r.GetTopicName() != sub.name {
		return sub.fail(codes.InvalidArgument, "subscription.topic.changed", "The topic of a subscription can't be changed.")
	}
	sub.pending += r.GetNumRequested()
	return nil
}

func (sub *subscription) start(r *eventbus.FetchRequest) error {
	t, err := sub.rpc.topic(r.GetTopicName())
	if err != nil {
		return err
	}
	sub.topic, sub.name = t, r.GetTopicName()
	switch r.GetReplayPreset() {
	case eventbus.ReplayPreset_LATEST:
		sub.at = t.Log.Last()
	case eventbus.ReplayPreset_EARLIEST:
		sub.at = 0
	case eventbus.ReplayPreset_CUSTOM:
		at, ok := bus.ParseReplayID(r.GetReplayId())
		if !ok {
			return sub.fail(codes.InvalidArgument, "subscription.fetch.replayid.validation.failed", "The Replay ID validation failed. Ensure that the Replay ID is valid.")
		}
		if !t.Log.Resumable(sub.s.cfg.Now(), at) {
			return sub.fail(codes.InvalidArgument, "subscription.fetch.replayid.corrupted", "The Replay ID validation failed. Ensure that the Replay ID is valid.")
		}
		sub.at = at
	default:
		return sub.fail(codes.InvalidArgument, "subscription.fetch.replayid.validation.failed", "The replay preset is unknown.")
	}
	return nil
}

// deliver sends what was asked for and is there, and returns what to wait for.
func (sub *subscription) deliver() (<-chan struct{}, error) {
	if sub.topic == nil {
		return nil, nil
	}
	for {
		events, wake := sub.topic.Log.After(sub.at, int(min(sub.pending, mostFetched)))
		if sub.pending == 0 {
			return nil, nil
		}
		if len(events) == 0 {
			return wake, nil
		}
		sub.at = events[len(events)-1].Replay
		sub.pending -= int32(len(events))
		if err := sub.send(events); err != nil {
			return nil, err
		}
		sub.s.meter.Add(meter.Key{Product: "salesforce", Account: sub.t.ID, Model: "pubsub", Unit: "delivered_event"}, float64(len(events)))
	}
}

// send delivers events, or an empty answer that keeps the stream alive and moves the replay position on.
func (sub *subscription) send(events []bus.Event) error {
	out := &eventbus.FetchResponse{RpcId: sub.id, PendingNumRequested: sub.pending}
	for _, e := range events {
		out.Events = append(out.Events, &eventbus.ConsumerEvent{
			Event:    &eventbus.ProducerEvent{Id: e.ID, SchemaId: e.Schema, Payload: e.Payload},
			ReplayId: bus.ReplayID(e.Replay),
		})
	}
	latest := sub.at
	if len(events) == 0 && sub.topic != nil {
		latest = max(latest, sub.topic.Log.Last())
	}
	out.LatestReplayId = bus.ReplayID(latest)
	return sub.stream.Send(out)
}
