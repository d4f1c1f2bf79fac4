package twilio

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/twilio/webhook"
)

// recordingResource is a recording as the API writes it.
// Source: https://www.twilio.com/docs/voice/api/recording
type recordingResource struct {
	Sid               string            `json:"sid"`
	AccountSid        string            `json:"account_sid"`
	CallSid           string            `json:"call_sid"`
	ConferenceSid     *string           `json:"conference_sid"`
	Status            string            `json:"status"`
	Source            string            `json:"source"`
	Track             string            `json:"track"`
	Channels          int               `json:"channels"`
	Duration          *string           `json:"duration"`
	StartTime         string            `json:"start_time"`
	DateCreated       string            `json:"date_created"`
	DateUpdated       string            `json:"date_updated"`
	Price             *string           `json:"price"`
	PriceUnit         string            `json:"price_unit"`
	ErrorCode         *int              `json:"error_code"`
	EncryptionDetails *string           `json:"encryption_details"`
	APIVersion        string            `json:"api_version"`
	MediaURL          string            `json:"media_url"`
	URI               string            `json:"uri"`
	SubresourceURIs   map[string]string `json:"subresource_uris"`

	began time.Time
}

// resource is the recording now. The caller holds the life's mutex.
func (r *recording) resource() recordingResource {
	out := recordingResource{
		Sid: r.sid, AccountSid: r.l.acct.SID, CallSid: r.l.sid, Status: r.status, Source: r.source, Track: r.track,
		Channels: r.channels, StartTime: rfc2822(r.began), DateCreated: rfc2822(r.began), DateUpdated: rfc2822(r.changed),
		PriceUnit: "USD", APIVersion: apiVersion, MediaURL: r.l.recordingURL(r),
		URI:             "/" + apiVersion + "/Accounts/" + r.l.acct.SID + "/Recordings/" + r.sid + ".json",
		SubresourceURIs: map[string]string{}, began: r.began,
	}
	if !r.end.IsZero() {
		d := seconds(r.duration())
		out.Duration = &d
	}
	if r.status == recAbsent {
		code := tooShort
		out.ErrorCode = &code
	}
	return out
}

// createRecording records a call under way.
func (c *Carrier) createRecording(q *restRequest) {
	c.withCall(q, func(l *life) {
		spec := recordingSpec{
			source: "StartCallRecordingAPI", byREST: true, channels: 1, track: cmp.Or(q.Form.Get("RecordingTrack"), "both"),
			callback: q.Form.Get("RecordingStatusCallback"), method: cmp.Or(q.Form.Get("RecordingStatusCallbackMethod"), "POST"),
			// One value with spaces, or several values as twilio-go sends them.
			events: strings.Fields(cmp.Or(strings.Join(q.Form["RecordingStatusCallbackEvent"], " "), recCompleted)),
		}
		switch q.Form.Get("RecordingChannels") {
		case "", "mono":
		case "dual":
			spec.channels = 2
		default:
			q.refuse(http.StatusBadRequest, codeBadRequest, "RecordingChannels must be mono or dual")
			return
		}
		if spec.callback != "" {
			if _, _, err := webhook.Split(spec.callback); err != nil {
				q.refuse(http.StatusBadRequest, codeBadRequest, "RecordingStatusCallback is not valid")
				return
			}
		}
		r := l.startRecording(spec)
		if r == nil {
			// Twilio's own words for it.
			q.refuse(http.StatusBadRequest, codeNotInProgress, "Requested resource is not eligible for recording")
			return
		}
		l.mu.Lock()
		out := r.resource()
		l.mu.Unlock()
		q.answer(http.StatusCreated, out)
	})
}

// updateRecording stops, pauses or resumes one; Twilio.CURRENT is the one under way.
func (c *Carrier) updateRecording(q *restRequest) {
	c.withCall(q, func(l *life) {
		r := l.find(q.id("recording"))
		if r == nil {
			notFound(q)
			return
		}
		status := q.Form.Get("Status")
		if !l.turn(r, status) {
			q.refuse(http.StatusBadRequest, codeNotInProgress, "Recording can't become "+statusWord(status)+" now")
			return
		}
		l.mu.Lock()
		out := r.resource()
		l.mu.Unlock()
		if status == recStopped {
			out.Status = recStopped
		}
		q.answer(http.StatusOK, out)
	})
}

func statusWord(s string) string {
	if slices.Contains([]string{recStopped, recPaused, recInProgress}, s) {
		return s
	}
	return "what was asked (stopped, paused or in-progress)"
}

// turn changes a recording's status and tells whether it could.
func (l *life) turn(r *recording, status string) bool {
	now := l.now()
	if status == recStopped {
		l.mu.Lock()
		open := r.end.IsZero()
		l.mu.Unlock()
		if open {
			l.stopRecording(r, now)
		}
		return open
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !r.end.IsZero() || r.status == status:
		return false
	case status == recPaused:
		r.pauses = append(r.pauses, pause{from: now})
	case status == recInProgress:
		r.pauses[len(r.pauses)-1].to = now
	default:
		return false
	}
	r.status, r.changed = status, now
	return true
}

// find returns a recording of the call that is not deleted.
func (l *life) find(id string) *recording {
	if id == "Twilio.CURRENT" {
		return l.recording("")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		if r.sid == id && !r.deleted {
			return r
		}
	}
	return nil
}

// recordingList is one page of recordings.
type recordingList struct {
	page
	Recordings []recordingResource `json:"recordings"`
}

// listRecordings lists those of a call, or of the account, newest first.
func (c *Carrier) listRecordings(q *restRequest) {
	call := cmp.Or(q.id("call"), q.Form.Get("CallSid"))
	created, bad := timeFilter(q.Form, "DateCreated")
	if bad != "" {
		q.refuse(http.StatusBadRequest, codeBadRequest, bad)
		return
	}
	if call != "" && c.find(q.acct, call) == nil {
		if c.peers.forward(q) {
			return
		}
		if q.id("call") != "" {
			notFound(q)
			return
		}
	}
	var found []recordingResource
	for _, l := range c.livesOf(q.acct) {
		if call != "" && l.sid != call {
			continue
		}
		l.mu.Lock()
		for _, r := range l.records {
			if !r.deleted && created(r.began) {
				found = append(found, r.resource())
			}
		}
		l.mu.Unlock()
	}
	slices.SortFunc(found, func(a, b recordingResource) int {
		return cmp.Or(b.began.Compare(a.began), cmp.Compare(a.Sid, b.Sid))
	})
	items, p, bad := paginate(q, found, func(r recordingResource) string { return r.Sid })
	if bad != "" {
		q.refuse(http.StatusBadRequest, codeBadRequest, bad)
		return
	}
	q.answer(http.StatusOK, recordingList{p, items})
}

// withRecording serves a request about a recording: of the call that the path names, or of any.
func (c *Carrier) withRecording(q *restRequest, id string, serve func(*recording)) {
	for _, l := range c.livesOf(q.acct) {
		if call := q.id("call"); call != "" && call != l.sid {
			continue
		}
		if r := l.find(id); r != nil {
			serve(r)
			return
		}
	}
	if !c.peers.forward(q) {
		notFound(q)
	}
}

func (c *Carrier) livesOf(a *account) []*life {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lives []*life
	for _, l := range c.bySid {
		if l.acct == a {
			lives = append(lives, l)
		}
	}
	return lives
}

// fetchRecording answers with the resource (.json) or its sound (.wav, or nothing).
func (c *Carrier) fetchRecording(q *restRequest) {
	id, extension, _ := strings.Cut(q.PathValue("recording"), ".")
	if id == "Twilio" { // Twilio.CURRENT names one of a call
		id, extension = "Twilio.CURRENT", "json"
	}
	c.withRecording(q, id, func(r *recording) {
		switch extension {
		case "json":
			r.l.mu.Lock()
			out := r.resource()
			r.l.mu.Unlock()
			q.answer(http.StatusOK, out)
		case "", "wav":
			c.sendSound(q, r)
		default:
			q.refuse(http.StatusNotAcceptable, codeBadRequest, "The sandbox makes .wav only")
		}
	})
}

// sendSound answers with the file, once there is one.
func (c *Carrier) sendSound(q *restRequest, r *recording) {
	if code := c.faults.Draw("recordings.media"); code != "" {
		q.faulted(code)
		return
	}
	r.l.mu.Lock()
	ready := r.status == recCompleted
	channels, changed := r.channels, r.changed
	w := r.wav(1)
	if q.URL.Query().Get("RequestedChannels") == "2" {
		w = r.wav(2)
	}
	r.l.mu.Unlock()
	switch {
	case !ready:
		notFound(q)
	case w.channels > channels:
		q.refuse(http.StatusBadRequest, codeBadRequest, "Requested channels are not available for this recording")
	default:
		q.Header().Set("Content-Type", "audio/x-wav")
		http.ServeContent(q.ResponseWriter, q.Request, "", changed, w.reader())
	}
}

func (c *Carrier) deleteRecording(q *restRequest) {
	c.withRecording(q, q.id("recording"), func(r *recording) {
		r.l.mu.Lock()
		r.deleted = true
		r.l.mu.Unlock()
		q.WriteHeader(http.StatusNoContent)
	})
}
