package twilio

import (
	"context"
	"math"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/twilio/webhook"
)

// The way to the customer's server may misbehave, too. Faults there are Twilio's own, by the codes of its debugger.
//
// Webhooks (Config.WebhookFaults), operations "twiml" (the answer must bring instructions) and "callback":
//
//	latency   before the request leaves, within its time-outs
//	11205     no connection: the customer never sees the request
//	11200     no answer in time: the customer has seen it, and what he answered is lost
//	outage    as 11205, every time
//
// Streams (Config.StreamFaults), operations "connect" and "media":
//
//	latency   before the handshake, and before each write of media: frames bunch up, none is lost
//	31901, 31902, 31903, 31920   of "connect": the socket is never opened
//	31903     of "media": the socket breaks at some time of the rest of the call, without a close frame
//	outage    no socket is opened, and those that are open break

// before spends a webhook's latency and tells what goes wrong before the request has left, if anything does. Otherwise lost
// tells whether its answer will be lost.
func (c *Carrier) before(ctx context.Context, q request) (lost bool, class webhook.Class, f *Fault) {
	if c.hooks.Down() {
		return false, webhook.Connect, unconnected()
	}
	if err := c.hooks.Wait(ctx); err != nil {
		class, f := failure(err)
		return false, class, f
	}
	switch c.hooks.Draw(operation(q)) {
	case "":
		return false, "", nil
	case "11205":
		return false, webhook.Connect, unconnected()
	default:
		return true, "", nil
	}
}

func operation(q request) string {
	if q.twiml {
		return "twiml"
	}
	return "callback"
}

// refused tells what goes wrong before a stream's handshake, after its latency.
func refused(ctx context.Context, faults *fault.Injector) *Fault {
	if faults.Down() {
		return &Fault{codeStreamRefused, "Stream - WebSocket - Connection Refused"}
	}
	if faults.Wait(ctx) != nil {
		return &Fault{codeStreamTimeout, "Stream - WebSocket - Connection Timeout"}
	}
	switch faults.Draw("connect") {
	case "":
		return nil
	case "31901":
		return &Fault{codeStreamTimeout, "Stream - WebSocket - Connection Timeout"}
	case "31902":
		return &Fault{codeStreamRefused, "Stream - WebSocket - Connection Refused"}
	case "31920":
		return &Fault{codeStreamHandshake, "Stream - WebSocket - Handshake Error"}
	default:
		return brokenPipe()
	}
}

// breaks is the frame of a stream at which its socket breaks by chance; MaxInt for never. end is how many it would have.
func (s *stream) breaks(end int) int {
	if s.l.c.forks.Draw("media") == "" {
		return math.MaxInt
	}
	return int(s.l.draw() * float64(end))
}

func brokenPipe() *Fault {
	return &Fault{codeStreamBroken, "Stream - WebSocket - Connection Broken Pipe"}
}
