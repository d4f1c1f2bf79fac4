package twilio

import (
	"net/http"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/twilio/twiml"
	"github.com/frontdesk/frontdesk/sandbox/twilio/webhook"
)

// callResource is a call as the API writes it. Source: https://www.twilio.com/docs/voice/api/call-resource
type callResource struct {
	Sid             string            `json:"sid"`
	AccountSid      string            `json:"account_sid"`
	ParentCallSid   *string           `json:"parent_call_sid"`
	PhoneNumberSid  string            `json:"phone_number_sid"`
	From            string            `json:"from"`
	FromFormatted   string            `json:"from_formatted"`
	To              string            `json:"to"`
	ToFormatted     string            `json:"to_formatted"`
	Status          string            `json:"status"`
	Direction       string            `json:"direction"`
	StartTime       string            `json:"start_time"`
	EndTime         *string           `json:"end_time"`
	Duration        *string           `json:"duration"`
	DateCreated     string            `json:"date_created"`
	DateUpdated     string            `json:"date_updated"`
	AnsweredBy      *string           `json:"answered_by"`
	CallerName      *string           `json:"caller_name"`
	ForwardedFrom   *string           `json:"forwarded_from"`
	GroupSid        *string           `json:"group_sid"`
	TrunkSid        *string           `json:"trunk_sid"`
	QueueTime       string            `json:"queue_time"`
	Price           *string           `json:"price"`
	PriceUnit       string            `json:"price_unit"`
	APIVersion      string            `json:"api_version"`
	URI             string            `json:"uri"`
	SubresourceURIs map[string]string `json:"subresource_uris"`

	start, end time.Time
}

// resources are the call's own and those of its legs.
func (l *life) resources() []callResource {
	l.mu.Lock()
	defer l.mu.Unlock()
	root := l.resource(l.sid, l.ring, l.answer, l.end, l.liveStatus())
	root.From, root.To, root.Direction = l.from(), l.num.PhoneNumber, "inbound"
	root.PhoneNumberSid = sid("PN", l.num.PhoneNumber)
	if l.in.ForwardedFrom != "" {
		root.ForwardedFrom = &l.in.ForwardedFrom
	}
	all := append(make([]callResource, 0, 1+len(l.children)), root)
	for _, g := range l.children {
		r := l.resource(g.sid, g.began, g.answer, g.end, g.status)
		r.From, r.To, r.Direction, r.ParentCallSid = g.from, g.to, "outbound-dial", &l.sid
		all = append(all, r)
	}
	for i := range all {
		all[i].FromFormatted, all[i].ToFormatted = display(all[i].From), display(all[i].To)
	}
	return all
}

// liveStatus is the status as REST tells it: a caller who has gone ends it before the callbacks do. The caller
// holds mu.
func (l *life) liveStatus() string {
	if !l.end.IsZero() && l.status == StatusInProgress {
		return StatusCompleted
	}
	return l.status
}

// resource fills in what all calls have alike. The caller holds mu.
func (l *life) resource(sid string, began, answer, end time.Time, status string) callResource {
	uri := "/" + apiVersion + "/Accounts/" + l.acct.SID + "/Calls/" + sid
	r := callResource{
		Sid: sid, AccountSid: l.acct.SID, Status: status, StartTime: rfc2822(began), DateCreated: rfc2822(began),
		DateUpdated: rfc2822(began), QueueTime: "0", PriceUnit: "USD", APIVersion: apiVersion, URI: uri + ".json",
		SubresourceURIs: map[string]string{
			"recordings": uri + "/Recordings.json", "streams": uri + "/Streams.json", "notifications": uri + "/Notifications.json",
		},
		start: began, end: end,
	}
	if !end.IsZero() {
		at, talked := rfc2822(end), "0"
		if !answer.IsZero() {
			talked = seconds(end.Sub(answer))
		}
		r.EndTime, r.Duration, r.DateUpdated = &at, &talked, at
	}
	return r
}

// find returns the call that a SID belongs to: its own or a leg's.
func (c *Carrier) find(a *account, sid string) *life {
	c.mu.Lock()
	l := c.bySid[sid]
	var all []*life
	if l == nil {
		for _, o := range c.bySid {
			all = append(all, o)
		}
	}
	c.mu.Unlock()
	if l == nil {
		l = ofLeg(all, sid)
	}
	if l == nil || l.acct != a {
		return nil
	}
	return l
}

func ofLeg(all []*life, sid string) *life {
	for _, l := range all {
		l.mu.Lock()
		for _, g := range l.children {
			if g.sid == sid {
				l.mu.Unlock()
				return l
			}
		}
		l.mu.Unlock()
	}
	return nil
}

// withCall serves a request about a call, here or at a carrier that shares this API.
func (c *Carrier) withCall(q *restRequest, serve func(*life)) {
	if l := c.find(q.acct, q.id("call")); l != nil {
		defer l.hold()()
		serve(l)
		return
	}
	if !c.peers.forward(q) {
		notFound(q)
	}
}

func (c *Carrier) fetchCall(q *restRequest) {
	c.withCall(q, func(l *life) { q.call(l, q.id("call")) })
}

func (q *restRequest) call(l *life, sid string) {
	for _, r := range l.resources() {
		if r.Sid == sid {
			q.answer(http.StatusOK, r)
			return
		}
	}
	notFound(q)
}

// updateCall ends a call or turns it to other instructions.
func (c *Carrier) updateCall(q *restRequest) {
	c.withCall(q, func(l *life) {
		status, url, inline := q.Form.Get("Status"), q.Form.Get("Url"), q.Form.Get("Twiml")
		switch {
		case q.id("call") != l.sid:
			q.refuse(http.StatusBadRequest, codeBadRequest, "The sandbox updates root legs only")
		case url != "" && inline != "":
			q.refuse(http.StatusBadRequest, codeBadRequest, "Twiml and Url are mutually exclusive")
		case status != "" && status != StatusCompleted && status != StatusCanceled:
			q.refuse(http.StatusBadRequest, codeBadRequest, "Status must be canceled or completed")
		case status == "" && url == "" && inline == "":
			q.call(l, l.sid)
		case !l.inProgress():
			q.refuse(http.StatusBadRequest, codeNotInProgress, "Call is not in-progress. Cannot redirect.")
		case status == StatusCanceled:
			q.call(l, l.sid) // "will not affect calls already in progress"
		case status == StatusCompleted:
			l.finishByREST()
			q.call(l, l.sid)
		default:
			q.redirect(l, url, inline)
		}
	})
}

func (q *restRequest) redirect(l *life, url, inline string) {
	method := strings.ToUpper(q.Form.Get("Method"))
	if method == "" {
		method = "POST"
	}
	if inline != "" {
		// Source: https://www.twilio.com/docs/voice/api/call-resource, "limited to 4000 characters"
		if _, err := twiml.Parse([]byte(inline)); err != nil || len(inline) > 4000 {
			q.refuse(http.StatusBadRequest, codeBadRequest, "Twiml is not valid, or longer than 4000 characters")
			return
		}
		url = l.num.VoiceURL
	} else if _, _, err := webhook.Split(url); err != nil {
		q.refuse(http.StatusBadRequest, codeMissingURL, "Url is not a valid URL")
		return
	}
	l.mu.Lock()
	l.update = &update{next: &target{url: url, method: method, inline: inline}}
	l.mu.Unlock()
	l.poke()
	q.call(l, l.sid)
}

func (l *life) inProgress() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end.IsZero() && !l.over
}

func (l *life) finishByREST() {
	l.hangUp(l.clk.Now())
	l.mu.Lock()
	l.update = &update{end: true}
	l.mu.Unlock()
	l.poke()
}
