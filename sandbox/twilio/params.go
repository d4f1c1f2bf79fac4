package twilio

import (
	"maps"
	"strconv"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

const apiVersion = "2010-04-01"

// from is the caller as Twilio names him.
func (l *life) from() string {
	if l.in.From == calls.Anonymous || l.in.From == "" {
		return l.c.cfg.Withheld
	}
	return l.in.From
}

// params are those of every request about the call, with extra over them.
// Source: https://www.twilio.com/docs/voice/twiml#request-parameters
func (l *life) params(extra map[string]string) map[string]string {
	l.mu.Lock()
	status := l.status
	if !l.end.IsZero() && status == StatusInProgress {
		status = StatusCompleted
	}
	l.mu.Unlock()
	from := l.from()
	p := map[string]string{
		"AccountSid": l.acct.SID, "CallSid": l.sid, "ApiVersion": apiVersion, "Direction": "inbound",
		"CallStatus": status, "From": from, "Caller": from, "To": l.num.PhoneNumber, "Called": l.num.PhoneNumber,
	}
	for side, number := range map[string]string{"From": from, "Caller": from, "To": l.num.PhoneNumber, "Called": l.num.PhoneNumber} {
		regionOf(number).put(p, side)
	}
	if l.in.ForwardedFrom != "" {
		p["ForwardedFrom"] = l.in.ForwardedFrom
	}
	maps.Copy(p, extra)
	return p
}

// arrival are the parameters that only the first request carries.
func (l *life) arrival() map[string]string {
	p := map[string]string{
		"CallToken": `{"parentCallInfoToken":"` + sid("", l.sid, "token") + `","identityHeaderTokens":[]}`,
	}
	// STIR/SHAKEN is North America's.
	if regionOf(l.from()).country == "US" {
		p["StirVerstat"] = "TN-Validation-Passed-A"
	}
	return p
}

// rfc2822 is how Twilio writes Timestamp and the REST API's dates.
func rfc2822(t time.Time) string { return t.UTC().Format(time.RFC1123Z) }

// iso8601 is how Twilio writes the Timestamp of a stream's callbacks.
func iso8601(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// seconds rounds a duration to whole seconds, as Twilio reports it.
func seconds(d time.Duration) string { return strconv.Itoa(int(d.Round(time.Second) / time.Second)) }

// minutes is a duration as Twilio bills it: each started minute whole.
func minutes(d time.Duration) float64 {
	return float64((d + time.Minute - 1) / time.Minute)
}
