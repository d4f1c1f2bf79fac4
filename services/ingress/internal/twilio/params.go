package twilio

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// incoming reads what every webhook about a leg says of it. The account's direction words: "inbound", or
// "outbound-api" and "outbound-dial".
func (h *webhook) incoming() app.Incoming {
	from, withheld := caller(h.params["From"])
	forwarded, _ := number(h.params["ForwardedFrom"])
	to, _ := number(h.params["To"])
	direction := events.Direction_DIRECTION_INBOUND
	if strings.HasPrefix(h.params["Direction"], "outbound") {
		direction = events.Direction_DIRECTION_OUTBOUND
	}
	return app.Incoming{
		Source: events.Source_SOURCE_TWILIO, Account: h.account, CallID: h.root(),
		From: from, Withheld: withheld, To: to, ForwardedFrom: forwarded,
		StirVerstat: clip(h.params["StirVerstat"]), Direction: direction,
	}
}

// number reads E.164, plain or as the user of a SIP address.
func number(s string) (e164 string, ok bool) {
	s = strings.TrimSpace(s)
	if rest, sip := strings.CutPrefix(s, "sip:"); sip {
		s, _, _ = strings.Cut(rest, "@")
	}
	if len(s) < 3 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return "", false
	}
	for _, c := range s[1:] {
		if c < '0' || c > '9' {
			return "", false
		}
	}
	return s, true
}

// caller reads From: a number, or why there is none. Twilio spells a withheld number as the digits of a word
// on a telephone's keys, with or without a plus.
// https://www.twilio.com/docs/voice/twiml#twilio-request-parameters
func caller(s string) (e164, withheld string) {
	switch strings.ToLower(strings.TrimPrefix(strings.TrimSpace(s), "+")) {
	case "":
		return "", "missing"
	case "anonymous", "266696687":
		return "", "anonymous"
	case "restricted", "7378742833":
		return "", "restricted"
	case "unavailable", "86282452253":
		return "", "unavailable"
	case "unknown", "8656696":
		return "", "unknown"
	}
	if e164, ok := number(s); ok {
		return e164, ""
	}
	return "", "not a number"
}

// leg reads a status callback; known is false for a state that makes no event.
// https://www.twilio.com/docs/voice/api/call-resource#statuscallback
func (h *webhook) leg() (l app.LegState, known bool) {
	from, _ := caller(h.params["From"])
	to, _ := number(h.params["To"])
	l = app.LegState{
		LegID: h.params["CallSid"], ParentID: h.params["ParentCallSid"], At: h.told(),
		Duration: h.seconds("CallDuration"), Sequence: h.sequence(), From: from, To: to,
	}
	if h.params["CallStatus"] == "in-progress" {
		l.Answered = true
		return l, true
	}
	l.Status, known = ended(h.params["CallStatus"])
	return l, known
}

// ended maps a final status.
func ended(status string) (events.CallStatus, bool) {
	switch status {
	case "completed":
		return events.CallStatus_CALL_STATUS_COMPLETED, true
	case "busy":
		return events.CallStatus_CALL_STATUS_BUSY, true
	case "failed":
		return events.CallStatus_CALL_STATUS_FAILED, true
	case "no-answer":
		return events.CallStatus_CALL_STATUS_NO_ANSWER, true
	case "canceled":
		return events.CallStatus_CALL_STATUS_CANCELED, true
	default: // queued, initiated, ringing: on the way
		return 0, false
	}
}

// told is when it happened by Twilio's Timestamp, or when the webhook came.
func (h *webhook) told() time.Time {
	if t, ok := h.moment("Timestamp", clockOff); ok {
		return t
	}
	return h.at.UTC().Truncate(time.Millisecond)
}

// Beyond these a webhook tells what can't be, of one number or time among much that is true: the rest is kept.
const (
	// clockOff is how far the time of what is told as it happens may be from ours.
	clockOff = 24 * time.Hour
	// longestLeg is Twilio's own bound of a call. https://www.twilio.com/docs/voice/api/call-resource#timelimit
	longestLeg = 24 * time.Hour
)

// moment reads a time; false if there is none, or none within so much of ours, which is counted.
func (h *webhook) moment(param string, within time.Duration) (time.Time, bool) {
	s := h.params[param]
	if s == "" {
		return time.Time{}, false
	}
	t, ok := parseTime(s)
	if !ok || t.Sub(h.at).Abs() > within {
		h.odd(param)
		return time.Time{}, false
	}
	return t, true
}

// parseTime reads RFC 2822, as webhooks of calls have it, or ISO 8601, as those of streams have it.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC1123Z, time.RFC1123, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// seconds reads a length, at most longestLeg.
func (h *webhook) seconds(param string) time.Duration {
	d := time.Duration(h.whole(param)) * time.Second
	if d > longestLeg {
		h.odd(param)
		return longestLeg
	}
	return d
}

// whole reads a number; what is none, or out of range, is 0, which is counted unless there was nothing to read.
func (h *webhook) whole(param string) uint32 {
	n, err := strconv.ParseUint(h.params[param], 10, 32)
	if err != nil {
		if h.params[param] != "" {
			h.odd(param)
		}
		return 0
	}
	return uint32(n)
}

func (h *webhook) sequence() int32 {
	n, err := strconv.ParseInt(h.params["SequenceNumber"], 10, 32)
	if err != nil || n < 0 || n > math.MaxInt32 {
		return -1
	}
	return int32(n)
}

// longestText bounds, in bytes, a text that is passed on as it is.
const longestText = 64

// clip makes a text fit for an event: valid UTF-8, which protobuf insists on, and bounded. It never cuts inside a rune.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "")
	if len(s) <= longestText {
		return s
	}
	end := longestText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
