package twilio

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/twilio/twiml"
)

// leg is a call that the call made. Its fields are guarded by the life's mutex.
type leg struct {
	sid, from, to    string
	callback, method string
	events           []string
	seq              int
	status           string
	began            time.Time // all three in call time
	answer           time.Time
	end              time.Time
}

// dial rings one or several parties, connects the first to answer until the caller goes, and asks the action
// what follows. Source: https://www.twilio.com/docs/voice/twiml/dial
func (l *life) dial(v *twiml.Element, base string) (*target, error) {
	groups := l.groups(v, base)
	timeout := v.Seconds("timeout", 30*time.Second)
	var g *leg
	var err error
	answered := false
	for _, legs := range groups {
		g = legs[0]
		if answered, err = l.ringOut(legs, timeout); answered || err != nil {
			break
		}
	}
	if !answered {
		return l.afterDial(v, base, g, nil, err)
	}
	l.pickUp()
	l.beginUnlessForked()
	rec := l.recordDial(v, base)
	limit := v.Seconds("timeLimit", 4*time.Hour)
	err = l.wait(limit)
	l.endLeg(g, StatusCompleted)
	if rec != nil {
		l.stopRecording(rec, l.now())
	}
	return l.afterDial(v, base, g, rec, err)
}

// groups are the parties to ring: all at once, or one after the other.
func (l *life) groups(v *twiml.Element, base string) [][]*leg {
	from := v.Str("callerId", l.from())
	var legs []*leg
	if v.Text != "" {
		legs = append(legs, l.newLeg(v.Text, from))
	}
	for _, noun := range v.Children {
		g := l.newLeg(noun.Text, from)
		g.callback, g.method = absolute(base, noun.Attr["statusCallback"]), noun.Str("statusCallbackMethod", "POST")
		g.events = noun.Words("statusCallbackEvent", StatusCompleted)
		legs = append(legs, g)
	}
	if !v.Bool("sequential", false) {
		return [][]*leg{legs}
	}
	var groups [][]*leg
	for _, g := range legs {
		groups = append(groups, []*leg{g})
	}
	return groups
}

func (l *life) newLeg(to, from string) *leg {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := &leg{sid: sid("CA", l.sid, "leg", len(l.children)), to: to, from: from, status: StatusInitiated}
	l.children = append(l.children, g)
	return g
}

// ringOut rings legs until the first answers, the time is up, or the caller goes. The receptionist answers at
// once; an agent after the time that the call's file says.
func (l *life) ringOut(legs []*leg, timeout time.Duration) (answered bool, err error) {
	for _, g := range legs {
		l.mu.Lock()
		g.began = l.clk.Now()
		l.mu.Unlock()
		l.move(g, StatusInitiated, StatusInitiated)
	}
	for _, g := range legs {
		l.move(g, StatusRinging, StatusRinging)
	}
	var after time.Duration
	if l.in.Agent != nil {
		after = time.Duration(l.in.Agent.AnswersAfter)
	}
	err = l.wait(min(after, timeout))
	end := StatusCanceled
	if err == nil && after > timeout {
		end = StatusNoAnswer
	}
	if err != nil || after > timeout {
		for _, g := range legs {
			l.endLeg(g, end)
		}
		return false, err
	}
	l.mu.Lock()
	legs[0].answer = l.clk.Now()
	l.mu.Unlock()
	l.move(legs[0], "answered", StatusInProgress)
	for _, g := range legs[1:] {
		l.endLeg(g, StatusCanceled)
	}
	return true, nil
}

// afterDial goes on after a dial. When the caller has gone the action is told all the same, and what it
// answers is not played.
func (l *life) afterDial(v *twiml.Element, base string, g *leg, rec *recording, err error) (*target, error) {
	action, method := absolute(base, v.Attr["action"]), v.Str("method", "POST")
	params := map[string]string{
		"DialCallSid": g.sid, "DialCallStatus": g.status, "DialBridged": strconv.FormatBool(!g.answer.IsZero()),
	}
	if !g.answer.IsZero() {
		params["DialCallDuration"] = seconds(g.end.Sub(g.answer))
	}
	if rec != nil {
		params["RecordingUrl"], params["RecordingSid"] = l.recordingURL(rec), rec.sid
	}
	if errors.Is(err, errHungUp) || errors.Is(err, errCompleted) {
		l.hangUp(l.clk.Now())
		l.out.post(action, method, l.params(params), nil)
	}
	if err != nil || action == "" {
		return nil, err
	}
	return &target{url: action, method: method, params: params}, nil
}

// recordDial records the bridged call where the verb asks for it.
func (l *life) recordDial(v *twiml.Element, base string) *recording {
	spec := recordingSpec{source: "DialVerb", channels: 1, track: v.Str("recordingTrack", "both")}
	switch v.Str("record", "do-not-record") {
	case "do-not-record", "false":
		return nil
	case "record-from-answer-dual", "record-from-ringing-dual":
		spec.channels = 2
	}
	spec.callbacks(v, base)
	return l.startRecording(spec)
}

// endLeg ends a leg with its last status, once.
func (l *life) endLeg(g *leg, status string) {
	l.mu.Lock()
	done := !g.end.IsZero()
	if !done {
		g.end = l.timeLocked()
	}
	l.mu.Unlock()
	if !done {
		l.move(g, StatusCompleted, status)
	}
}

// move changes a leg's status and calls back where the noun asked for the event.
// Source: https://www.twilio.com/docs/voice/twiml/number#attributes-status-callback-event
func (l *life) move(g *leg, event, status string) {
	l.mu.Lock()
	g.status = status
	wanted := g.callback != "" && slices.Contains(g.events, event)
	var params map[string]string
	if wanted {
		params = l.legParams(g, status)
		g.seq++
	}
	l.mu.Unlock()
	if wanted {
		l.out.post(g.callback, g.method, params, nil)
	}
}

// legParams are those of a leg's status callback. The caller holds mu.
func (l *life) legParams(g *leg, status string) map[string]string {
	at := l.timeLocked()
	p := map[string]string{
		"AccountSid": l.acct.SID, "CallSid": g.sid, "ParentCallSid": l.sid, "ApiVersion": apiVersion,
		"Direction": "outbound-dial", "CallStatus": status, "From": g.from, "Caller": g.from, "To": g.to, "Called": g.to,
		"Timestamp": rfc2822(at), "CallbackSource": "call-progress-events", "SequenceNumber": strconv.Itoa(g.seq),
	}
	for side, number := range map[string]string{"From": g.from, "Caller": g.from, "To": g.to, "Called": g.to} {
		regionOf(number).put(p, side)
	}
	if !g.end.IsZero() {
		talked := time.Duration(0)
		if !g.answer.IsZero() {
			talked = g.end.Sub(g.answer)
		}
		p["CallDuration"], p["Duration"] = seconds(talked), strconv.Itoa(int(minutes(talked)))
	}
	return p
}

// now is the call's time, or the time of its end once the caller is gone.
func (l *life) now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.timeLocked()
}

func (l *life) timeLocked() time.Time {
	if !l.end.IsZero() {
		return l.end
	}
	return l.clk.Now()
}
