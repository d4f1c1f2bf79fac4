package twilio

import (
	_ "embed"
	"net/http"
	"strconv"
	"time"

	"github.com/twilio/twilio-go/twiml"

	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// fallbackTwiML is what a number answers when ingress can't: it is served here, and it is a file so that it
// can be put where Twilio finds it without us (a TwiML Bin, a static host).
//
//go:embed fallback.xml
var fallbackTwiML string

func fallback(w http.ResponseWriter, _ *http.Request) {
	answer{status: http.StatusOK, twiml: fallbackTwiML}.write(w)
}

// render puts a plan into TwiML. Verbs are done in order; <Start> returns at once, and the call ends after
// the last verb, so that whatever has to go on comes back by an action URL.
func (l Links) render(p app.Plan) string {
	var verbs []twiml.Element
	switch {
	case p.Ask != nil:
		verbs = l.question(p)
	default:
		if p.Stream {
			verbs = append(verbs, l.stream(p.Facts))
		}
		verbs = append(verbs, l.goOn(p)...)
	}
	out, err := twiml.Voice(verbs)
	if err != nil {
		return fallbackTwiML // writing to memory does not fail; a caller must not pay if it did
	}
	return out
}

// question asks for consent. actionOnEmptyResult makes Twilio post the time-out as well; the redirect after it
// is there in case it doesn't.
func (l Links) question(p app.Plan) []twiml.Element {
	g := &twiml.VoiceGather{
		Input: "dtmf", NumDigits: "1", Action: l.callback("consent", p.Facts), Method: http.MethodPost,
		Timeout: wholeSeconds(p.Ask.Timeout), ActionOnEmptyResult: "true",
		InnerElements: []twiml.Element{&twiml.VoiceSay{Message: p.Ask.Prompt, Language: p.Language}},
	}
	if p.Ask.Speech {
		g.Input, g.Language, g.SpeechTimeout = "dtmf speech", p.Language, "auto"
	}
	return []twiml.Element{g, &twiml.VoiceRedirect{Url: l.callback("onward", p.Facts), Method: http.MethodPost}}
}

// stream sends both tracks beside the call.
func (l Links) stream(f app.Facts) twiml.Element {
	var params []twiml.Element
	for _, p := range l.parameters(f) {
		params = append(params, &twiml.VoiceParameter{Name: p.name, Value: p.value})
	}
	return &twiml.VoiceStart{InnerElements: []twiml.Element{&twiml.VoiceStream{
		Name: streamName(f.Attempt), Url: l.media(f), Track: "both_tracks",
		StatusCallback: l.callback("stream-status", f), StatusCallbackMethod: http.MethodPost, InnerElements: params,
	}}}
}

func (l Links) goOn(p app.Plan) []twiml.Element {
	switch {
	case p.Onward == nil:
		return farewell(p.Farewell, p.Language)
	case p.Onward.Dial != nil:
		return []twiml.Element{l.dial(p)}
	case p.Onward.Studio != nil:
		return l.handBack(p)
	default:
		return l.message(p)
	}
}

// recordingEvents are those that become events; "failed" comes unasked.
const recordingEvents = "in-progress completed absent"

// dial sends the caller on. The new leg's life is told to dial-status; a recording begins when it is
// answered, in two channels.
func (l Links) dial(p app.Plan) twiml.Element {
	to := p.Onward.Dial
	d := &twiml.VoiceDial{
		Action: l.callback("dial-action", p.Facts), Method: http.MethodPost,
		Timeout: wholeSeconds(time.Duration(to.Timeout)), CallerId: to.CallerID,
	}
	if p.Record {
		d.Record = "record-from-answer-dual"
		d.RecordingStatusCallback = l.callback("recording", p.Facts)
		d.RecordingStatusCallbackMethod, d.RecordingStatusCallbackEvent = http.MethodPost, recordingEvents
	}
	const legEvents = "initiated ringing answered completed"
	status := l.callback("dial-status", p.Facts)
	if to.SIP != "" {
		d.InnerElements = []twiml.Element{&twiml.VoiceSip{
			SipUrl: to.SIP, StatusCallback: status, StatusCallbackEvent: legEvents, StatusCallbackMethod: http.MethodPost,
		}}
		return d
	}
	d.InnerElements = []twiml.Element{&twiml.VoiceNumber{
		PhoneNumber: to.Number, StatusCallback: status, StatusCallbackEvent: legEvents, StatusCallbackMethod: http.MethodPost,
	}}
	return d
}

// handBack returns the caller to the Studio flow; a recording begins before, beside the call.
func (l Links) handBack(p app.Plan) []twiml.Element {
	var verbs []twiml.Element
	if p.Record {
		verbs = append(verbs, &twiml.VoiceStart{InnerElements: []twiml.Element{&twiml.VoiceRecording{
			Channels: "dual", RecordingStatusCallback: l.callback("recording", p.Facts),
			RecordingStatusCallbackMethod: http.MethodPost, RecordingStatusCallbackEvent: recordingEvents,
		}}})
	}
	return append(verbs, &twiml.VoiceRedirect{
		Url: l.studio(p.Onward.Studio.FlowSID, p.Facts), Method: http.MethodPost,
	})
}

// message greets and takes a message. <Record> is the recording, whatever the line says about recording.
func (l Links) message(p app.Plan) []twiml.Element {
	v := p.Onward.Voicemail
	return []twiml.Element{
		&twiml.VoiceSay{Message: tenant.ByLanguage(v.Greeting, p.Language), Language: p.Language},
		&twiml.VoiceRecord{
			Action: l.callback("voicemail", p.Facts), Method: http.MethodPost, PlayBeep: "true",
			// Twilio's own 5 s of silence cut off callers who look for their words.
			MaxLength: wholeSeconds(time.Duration(v.MaxLength)), Timeout: "10", RecordingStatusCallback: l.callback("recording", p.Facts),
			RecordingStatusCallbackMethod: http.MethodPost, RecordingStatusCallbackEvent: recordingEvents,
		},
	}
}

// farewell says a phrase, if there is one, and ends the call.
func farewell(p app.Phrase, language string) []twiml.Element {
	text, in := spoken(p, language)
	if text == "" {
		return []twiml.Element{&twiml.VoiceHangup{}}
	}
	return []twiml.Element{&twiml.VoiceSay{Message: text, Language: in}, &twiml.VoiceHangup{}}
}

// wholeSeconds rounds up: Twilio counts in seconds, and 0 would mean "don't wait".
func wholeSeconds(d time.Duration) string {
	return strconv.Itoa(max(1, int((d+time.Second-1)/time.Second)))
}
