package twilio

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio/twiml"
)

// processing is how long Twilio takes, in call time, from the end of a recording to its file.
const processing = time.Second

// Recording statuses.
const (
	recInProgress = "in-progress"
	recPaused     = "paused"
	recStopped    = "stopped"
	recProcessing = "processing"
	recCompleted  = "completed"
	recAbsent     = "absent"
)

// tooShort is Twilio's error of a recording without content.
const tooShort = 16101

// recordingSpec is what asks for a recording.
type recordingSpec struct {
	source, name, track, callback, method string
	events                                []string
	channels                              int
	byREST                                bool
}

// callbacks reads an element's recordingStatusCallback attributes.
func (s *recordingSpec) callbacks(e *twiml.Element, base string) {
	s.callback = absolute(base, e.Attr["recordingStatusCallback"])
	s.method = e.Str("recordingStatusCallbackMethod", "POST")
	s.events = e.Words("recordingStatusCallbackEvent", recCompleted)
}

// recording is a stretch of a call's sound. Its fields are guarded by the life's mutex.
type recording struct {
	recordingSpec
	l       *life
	sid     string
	status  string
	began   time.Time // call time
	end     time.Time
	pauses  []pause // silence in the file
	changed time.Time
	deleted bool
}

type pause struct{ from, to time.Time }

func (r *recording) duration() time.Duration {
	if r.end.IsZero() {
		return 0
	}
	return r.end.Sub(r.began)
}

// startRecording begins one beside the call. By REST it returns nil when the call is over.
func (l *life) startRecording(spec recordingSpec) *recording {
	l.mu.Lock()
	if spec.byREST && !l.end.IsZero() {
		l.mu.Unlock()
		return nil
	}
	now := l.timeLocked()
	r := &recording{recordingSpec: spec, l: l, sid: sid("RE", l.sid, "recording", len(l.records)), status: recInProgress, began: now, changed: now}
	l.records = append(l.records, r)
	l.mu.Unlock()
	l.st.count(func(rep *Report) { rep.Recordings++ })
	l.tellRecording(r, recInProgress)
	return r
}

// stopRecording ends one, once; its file is there a little later.
func (l *life) stopRecording(r *recording, at time.Time) {
	l.mu.Lock()
	if !r.end.IsZero() {
		l.mu.Unlock()
		return
	}
	if n := len(r.pauses); n > 0 && r.pauses[n-1].to.IsZero() {
		r.pauses[n-1].to = at
	}
	r.end, r.changed, r.status = at, at, recProcessing
	l.mu.Unlock()
	l.work.Go(func() {
		if _, err := l.clk.Wait(l.ctx, at.Add(processing), nil); err != nil {
			return
		}
		l.mu.Lock()
		r.status = recCompleted
		if r.duration() < time.Second {
			r.status = recAbsent
		}
		r.changed = l.clk.Now()
		status := r.status
		l.mu.Unlock()
		l.tellRecording(r, status)
	})
}

// tellRecording calls back where the event was asked for. The callback names no caller.
// Source: https://www.twilio.com/docs/voice/twiml/recording#attributes-recording-status-callback
func (l *life) tellRecording(r *recording, status string) {
	if !slices.Contains(r.events, status) {
		return
	}
	params := map[string]string{
		"AccountSid": l.acct.SID, "CallSid": l.sid, "RecordingSid": r.sid, "RecordingUrl": l.recordingURL(r),
		"RecordingStatus": status, "RecordingChannels": strconv.Itoa(r.channels), "RecordingSource": r.source,
		"RecordingTrack": r.track, "RecordingStartTime": rfc2822(r.began), "ErrorCode": "0",
	}
	switch status {
	case recCompleted:
		params["RecordingDuration"] = seconds(r.duration())
	case recAbsent:
		params["RecordingDuration"], params["ErrorCode"] = "0", strconv.Itoa(tooShort)
	}
	l.out.post(r.callback, r.method, params, nil)
}

func (l *life) recordingURL(r *recording) string {
	return l.c.cfg.APIBase + "/" + apiVersion + "/Accounts/" + l.acct.SID + "/Recordings/" + r.sid
}

// recording returns the one under way with a name, or the latest under way if the name is empty.
func (l *life) recording(name string) *recording {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range slices.Backward(l.records) {
		if r.end.IsZero() && (name == "" || r.name == name) {
			return r
		}
	}
	return nil
}

// record takes a message after the tone: until the caller goes, is silent for the time-out, or the time is up.
// Source: https://www.twilio.com/docs/voice/twiml/record
func (l *life) record(v *twiml.Element, base string) (*target, error) {
	if v.Bool("playBeep", true) && !l.speaking() {
		if err := l.wait(wordTime); err != nil {
			return nil, err
		}
	}
	l.beginUnlessForked()
	spec := recordingSpec{source: "RecordVerb", channels: 1, track: "inbound"}
	spec.callbacks(v, base)
	r := l.startRecording(spec)
	long := v.Seconds("maxLength", time.Hour)
	if quiet := v.Seconds("timeout", 5*time.Second); quiet > 0 {
		long = min(long, l.silentAfter(quiet))
	}
	err := l.wait(long)
	l.stopRecording(r, l.now())
	params := map[string]string{
		"RecordingSid": r.sid, "RecordingUrl": l.recordingURL(r), "RecordingDuration": seconds(r.duration()), "Digits": "",
	}
	action, method := resolve(base, v.Attr["action"]), v.Str("method", "POST")
	if errors.Is(err, errHungUp) || errors.Is(err, errCompleted) {
		l.hangUp(l.clk.Now())
		params["Digits"] = "hangup"
		l.out.post(action, method, l.params(params), nil)
	}
	if err != nil {
		return nil, err
	}
	return &target{url: action, method: method, params: params}, nil
}

// silentAfter is how long from now the caller will have been silent for the given time.
func (l *life) silentAfter(quiet time.Duration) time.Duration {
	l.mu.Lock()
	zero := l.zero
	l.mu.Unlock()
	from := 0
	if !zero.IsZero() {
		from = int(l.clk.Now().Sub(zero)/time.Millisecond) * bytesPerMs
	}
	need, run := int(quiet/time.Millisecond)*bytesPerMs, 0
	for i := from; ; i++ {
		if i < len(l.in.Caller) && !calls.Silent(l.in.Caller[i]) {
			run = 0
			continue
		}
		if run++; run >= need {
			return time.Duration((i-from)/bytesPerMs) * time.Millisecond
		}
	}
}
