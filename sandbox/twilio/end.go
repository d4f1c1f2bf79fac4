package twilio

import (
	"slices"
	"strconv"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/meter"
)

// fareWell ends the call: what runs beside it first, then the number's status callback, then what people report
// afterwards; and returns when everything is delivered or given up.
func (l *life) fareWell(status string) {
	l.hangUp(l.clk.Now())
	l.mu.Lock()
	l.status, l.wall.End = status, time.Now()
	at := l.end
	streams, records, children := slices.Clone(l.streams), slices.Clone(l.records), slices.Clone(l.children)
	l.mu.Unlock()
	l.poke()
	for _, s := range streams {
		s.halt(at)
	}
	for _, s := range streams {
		<-s.done
	}
	for _, r := range records {
		l.stopRecording(r, at)
	}
	for _, g := range children {
		l.endLeg(g, StatusCompleted)
	}
	if !l.mis.NoFinalStatus {
		l.out.post(l.num.StatusCallback, "POST", l.finalStatus(), nil)
	}
	l.disposition()
	l.close()
}

// finalStatus are the parameters of the number's status callback, sent once, at the end.
// Source: https://www.twilio.com/docs/voice/twiml#ending-the-call-callback-requests
func (l *life) finalStatus() map[string]string {
	l.mu.Lock()
	talked := l.talked()
	at := l.end
	l.mu.Unlock()
	extra := map[string]string{
		"CallDuration": seconds(talked), "Duration": strconv.Itoa(int(minutes(talked))),
		"Timestamp": rfc2822(at), "CallbackSource": "call-progress-events", "SequenceNumber": "0",
	}
	if talked > 0 {
		extra["SipResponseCode"] = "200"
	}
	return l.params(extra)
}

// talked is answer to end. The caller holds mu.
func (l *life) talked() time.Duration {
	if l.answer.IsZero() || l.end.IsZero() {
		return 0
	}
	return l.end.Sub(l.answer)
}

// hold keeps the call from being over while something from outside is done to it; nothing is done to one that
// is over already.
func (l *life) hold() (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return func() {}
	}
	l.work.Add(1)
	return l.work.Done
}

// close lets nothing new begin and waits for what is under way.
func (l *life) close() {
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	l.work.Wait()
}

// abort ends a call whose run was stopped: nothing is said to anybody any more.
func (l *life) abort() {
	l.hangUp(l.clk.Now())
	l.mu.Lock()
	l.status, l.wall.End = StatusFailed, time.Now()
	l.mu.Unlock()
	l.close()
}

// tally counts how the call ended.
func (l *life) tally(aborted bool) {
	l.st.count(func(r *Report) {
		switch {
		case aborted:
			r.Calls.Aborted++
		case l.status == StatusCompleted:
			r.Calls.Completed++
		case l.status == StatusBusy:
			r.Calls.Busy++
		case l.status == StatusFailed:
			r.Calls.Failed++
		default:
			r.Calls.NoAnswer++
		}
	})
}

// bill meters what Twilio would charge for.
func (l *life) bill() {
	add := func(model, unit string, d time.Duration) {
		if d > 0 {
			l.c.meter.Add(meter.Key{Product: "twilio", Account: l.acct.SID, Model: model, Unit: unit}, minutes(d))
		}
	}
	add("inbound", "call_minute", l.talked())
	for _, g := range l.children {
		if !g.answer.IsZero() {
			add("outbound-dial", "call_minute", g.end.Sub(g.answer))
		}
	}
	for _, r := range l.records {
		if r.status != recAbsent {
			add("", "recording_minute", r.duration())
		}
	}
	for _, s := range l.streams {
		add("", "stream_minute", s.heard())
	}
}

// result is what became of the call so far.
func (l *life) result() *Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	res := &Result{
		Name: l.in.Name, CallSid: l.sid, AccountSid: l.acct.SID, Status: l.status,
		Call: Times{Ring: l.ring, Answer: l.answer, End: l.end}, Wall: l.wall,
		TwiML: l.twiml, Studio: l.studio, Flow: l.flow, Faults: slices.Clone(l.faults),
	}
	l.twiml = nil // the registry keeps the call; documents are the Result's alone
	for _, g := range l.children {
		res.Legs = append(res.Legs, Leg{Sid: g.sid, Status: g.status, Answer: g.answer, End: g.end})
	}
	for _, s := range l.streams {
		res.Streams = append(res.Streams, s.outcome())
	}
	for _, r := range l.records {
		res.Recordings = append(res.Recordings, RecordingResult{Sid: r.sid, Status: r.status, Source: r.source, Channels: r.channels, Duration: r.duration()})
	}
	return res
}
