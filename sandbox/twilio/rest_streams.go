package twilio

import (
	"fmt"
	"net/http"

	"github.com/frontdesk/frontdesk/sandbox/twilio/twiml"
	"github.com/frontdesk/frontdesk/sandbox/twilio/webhook"
)

// streamResource is a stream as the API writes it. Source: https://www.twilio.com/docs/voice/api/stream-resource
type streamResource struct {
	Sid         string  `json:"sid"`
	AccountSid  string  `json:"account_sid"`
	CallSid     string  `json:"call_sid"`
	Name        *string `json:"name"`
	Status      string  `json:"status"`
	DateUpdated string  `json:"date_updated"`
	URI         string  `json:"uri"`
}

func (s *stream) resource() streamResource {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := streamResource{
		Sid: s.sid, AccountSid: s.l.acct.SID, CallSid: s.l.sid, Status: "in-progress", DateUpdated: rfc2822(s.moved),
		URI: "/" + apiVersion + "/Accounts/" + s.l.acct.SID + "/Calls/" + s.l.sid + "/Streams/" + s.sid + ".json",
	}
	if s.name != "" {
		r.Name = &s.name
	}
	if !s.live() {
		r.Status = "stopped"
	}
	return r
}

// createStream starts a stream on a call under way.
func (c *Carrier) createStream(q *restRequest) {
	c.withCall(q, func(l *life) {
		spec, bad := streamForm(q)
		switch {
		case bad != "":
			q.refuse(http.StatusBadRequest, codeBadRequest, bad)
			return
		case !l.inProgress():
			q.refuse(http.StatusBadRequest, codeNotInProgress, "Call is not in-progress")
			return
		}
		s, fault := l.fork(spec)
		if fault != nil {
			q.refuse(http.StatusBadRequest, fault.Code, fault.Message)
			return
		}
		q.answer(http.StatusCreated, s.resource())
	})
}

// streamForm reads what TwiML would say in attributes, and checks it as strictly.
func streamForm(q *restRequest) (spec streamSpec, bad string) {
	spec = streamSpec{
		url: q.Form.Get("Url"), name: q.Form.Get("Name"), track: q.Form.Get("Track"), byREST: true,
		callback: q.Form.Get("StatusCallback"), method: q.Form.Get("StatusCallbackMethod"),
	}
	if spec.track == "" {
		spec.track = "inbound_track"
	}
	if spec.method == "" {
		spec.method = "POST"
	}
	if want := twiml.StreamURL(spec.url); want != "" {
		return spec, "Url is not valid: " + want + " is expected"
	}
	switch spec.track {
	case "inbound_track", "outbound_track", "both_tracks":
	default:
		return spec, "Track must be inbound_track, outbound_track or both_tracks"
	}
	if spec.method != "POST" && spec.method != "GET" {
		return spec, "StatusCallbackMethod must be GET or POST"
	}
	if spec.callback != "" {
		if _, _, err := webhook.Split(spec.callback); err != nil {
			return spec, "StatusCallback is not valid"
		}
	}
	for n := 1; n <= 99; n++ {
		name, value := q.Form.Get(fmt.Sprintf("Parameter%d.Name", n)), q.Form.Get(fmt.Sprintf("Parameter%d.Value", n))
		if name == "" {
			continue
		}
		if len(name)+len(value) > twiml.MaxParameter {
			return spec, fmt.Sprintf("Parameter%d: name and value together must not exceed 500 characters", n)
		}
		spec.params = append(spec.params, parameter{name, value})
	}
	return spec, ""
}

// updateStream stops a stream by its SID or name.
func (c *Carrier) updateStream(q *restRequest) {
	c.withCall(q, func(l *life) {
		s := l.anyStream(q.id("stream"))
		switch {
		case s == nil:
			notFound(q)
		case q.Form.Get("Status") != "stopped":
			q.refuse(http.StatusBadRequest, codeBadRequest, "Status must be stopped")
		default:
			s.halt(l.now())
			q.answer(http.StatusOK, s.resource())
		}
	})
}

// anyStream returns the latest with a name or SID, live or not.
func (l *life) anyStream(name string) *stream {
	if s := l.stream(name); s != nil {
		return s
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.streams {
		if s.sid == name || s.name == name {
			return s
		}
	}
	return nil
}
