package twiml

import "slices"

// MaxParameter is the largest name and value of a <Parameter>, together, in characters.
// Source: https://www.twilio.com/docs/voice/twiml/stream#custom-parameters
const MaxParameter = 500

const dtmf = "0123456789*#"

// schemaOf returns what an element that the sandbox plays may carry, from
// https://www.twilio.com/docs/voice/twiml and its page for each verb and noun.
func schemaOf(name string) (schema, bool) {
	switch name {
	case "Response":
		return schema{children: []string{
			"Say", "Play", "Pause", "Gather", "Start", "Stop", "Dial", "Record", "Redirect", "Hangup", "Reject",
		}}, true
	case "Say", "Play", "Pause", "Gather", "Hangup", "Reject", "Redirect", "Record":
		return verb(name), true
	case "Start", "Stop", "Stream", "Parameter", "Recording":
		return fork(name), true
	case "Dial", "Number", "Sip":
		return dialling(name), true
	}
	if slices.Contains(ssml(), name) {
		return schema{text: textFree, children: ssml(), attrs: ssmlAttrs()}, true
	}
	return schema{}, false
}

// knownElsewhere tells Twilio's other verbs and nouns from words that Twilio doesn't know.
func knownElsewhere(name string) bool {
	return slices.Contains([]string{
		"Connect", "Enqueue", "Leave", "Sms", "Refer", "Pay", "Prompt", "Echo", "Queue", "Conference", "Client",
		"Sim", "Application", "WhatsApp", "Siprec", "Transcription", "ConversationRelay", "Room", "VirtualAgent",
	}, name)
}

// verb is what plays, asks, records or ends.
func verb(name string) schema {
	switch name {
	case "Say":
		return schema{text: textFree, value: longest(4096), children: ssml(), attrs: map[string]rule{
			"voice": anything, "language": anything, "loop": whole(0, 1000),
		}}
	case "Play":
		return schema{text: textFree, value: webURL, attrs: map[string]rule{
			"loop": whole(0, 1000), "digits": keys(dtmf+"wW", 100),
		}, whole: func(e *Element) string {
			if e.Text == "" && e.Attr["digits"] == "" {
				return "The content of element 'Play' is not complete: a URL or digits are expected."
			}
			return ""
		}}
	case "Pause":
		return schema{attrs: map[string]rule{"length": whole(1, 86400)}}
	case "Hangup":
		return schema{}
	case "Reject":
		return schema{attrs: map[string]rule{"reason": oneOf("rejected", "busy")}}
	case "Redirect":
		return schema{text: textRequired, value: webURL, attrs: map[string]rule{"method": method()}}
	case "Record":
		return schema{attrs: recordingCallback(map[string]rule{
			"action": webURL, "method": method(), "timeout": whole(0, 3600), "finishOnKey": keys(dtmf, 12),
			"maxLength": whole(1, 14400), "playBeep": boolean(), "trim": trim(), "recordingConfigurationId": anything,
			"transcribe": oneOf("false"), // a transcript of Twilio's making is not played
		})}
	default: // Gather
		return schema{children: []string{"Say", "Play", "Pause"}, attrs: map[string]rule{
			"action": webURL, "method": method(), "input": listOf("dtmf", "speech"),
			"timeout": either(whole(0, 3600), oneOf("auto")), "finishOnKey": keys(dtmf, 1), "numDigits": whole(1, 1000),
			"actionOnEmptyResult": boolean(), "language": anything, "hints": longest(10000),
			"speechTimeout": either(whole(1, 3600), oneOf("auto")), "maxSpeechTime": whole(1, 3600),
			"speechModel": anything, "enhanced": boolean(), "profanityFilter": boolean(), "bargeIn": boolean(),
			"debug": boolean(), "partialResultCallback": webURL, "partialResultCallbackMethod": method(),
		}}
	}
}

// fork is what runs beside the call.
func fork(name string) schema {
	switch name {
	case "Start":
		return schema{children: []string{"Stream", "Recording"}, whole: func(e *Element) string {
			if len(e.Children) != 1 {
				return "The content of element 'Start' is not complete: one of '{Stream, Recording}' is expected."
			}
			if c := e.Children[0]; c.Name == "Stream" && c.Attr["url"] == "" {
				return "Attribute 'url' must appear on element 'Stream'."
			}
			return ""
		}}
	case "Stop":
		return schema{children: []string{"Stream", "Recording"}, whole: func(e *Element) string {
			if len(e.Children) != 1 || e.Children[0].Attr["name"] == "" {
				return "The content of element 'Stop' is not complete: a Stream or Recording with its name is expected."
			}
			return ""
		}}
	case "Stream":
		return schema{children: []string{"Parameter"}, attrs: map[string]rule{
			"url": StreamURL, "name": longest(64), "track": oneOf("inbound_track", "outbound_track", "both_tracks"),
			"statusCallback": webURL, "statusCallbackMethod": method(),
		}}
	case "Parameter":
		return schema{required: []string{"name", "value"}, attrs: map[string]rule{"name": anything, "value": anything},
			whole: func(e *Element) string {
				if e.Attr["name"] == "" {
					return "The value of attribute 'name' on element 'Parameter' is not valid: a name is expected."
				}
				if len(e.Attr["name"])+len(e.Attr["value"]) > MaxParameter {
					return "Name and value of element 'Parameter' together must not exceed 500 characters."
				}
				return ""
			}}
	default: // Recording
		return schema{attrs: recordingCallback(map[string]rule{
			"name": longest(64), "trim": trim(), "track": oneOf("inbound", "outbound", "both"),
			"channels": oneOf("mono", "dual"), "recordingConfigurationId": anything,
		})}
	}
}

// dialling is what makes another leg.
func dialling(name string) schema {
	if name == "Dial" {
		return schema{text: textFree, value: phone, children: []string{"Number", "Sip"}, attrs: recordingCallback(map[string]rule{
			"action": webURL, "method": method(), "timeout": whole(1, 600), "timeLimit": whole(1, 86400),
			"hangupOnStar": boolean(), "callerId": either(phone, sipURI, anyClient), "answerOnBridge": boolean(),
			"sequential": boolean(), "ringTone": anything, "trim": trim(), "recordingConfigurationId": anything,
			"recordingTrack": oneOf("inbound", "outbound", "both"),
			"record": oneOf("do-not-record", "record-from-answer", "record-from-ringing",
				"record-from-answer-dual", "record-from-ringing-dual", "true", "false"),
		}), whole: func(e *Element) string {
			switch {
			case e.Text == "" && len(e.Children) == 0:
				return "The content of element 'Dial' is not complete: one of '{Number, Sip}' is expected."
			case e.Text != "" && len(e.Children) > 0:
				return "Element 'Dial' must have a number or nouns, not both."
			case len(e.Children) > 10:
				return "Element 'Dial' has more than ten nouns."
			}
			return ""
		}}
	}
	s := schema{text: textRequired, attrs: map[string]rule{
		"statusCallback": webURL, "statusCallbackMethod": method(),
		"statusCallbackEvent": listOf("initiated", "ringing", "answered", "completed"),
	}}
	if name == "Number" {
		s.value = phone
		s.attrs["sendDigits"] = keys(dtmf+"wW", 32)
		s.attrs["byoc"] = anything
		return s
	}
	s.value = sipURI
	s.attrs["username"], s.attrs["password"] = anything, anything
	return s
}

func anyClient(s string) string {
	if len(s) > len("client:") && s[:len("client:")] == "client:" {
		return ""
	}
	return "client:name"
}

func method() rule  { return oneOf("GET", "POST") }
func boolean() rule { return oneOf("true", "false") }
func trim() rule    { return oneOf("trim-silence", "do-not-trim") }

func recordingCallback(attrs map[string]rule) map[string]rule {
	attrs["recordingStatusCallback"] = webURL
	attrs["recordingStatusCallbackMethod"] = method()
	attrs["recordingStatusCallbackEvent"] = listOf("in-progress", "completed", "absent")
	return attrs
}

// ssml are the speech marks inside <Say>. They change the sound only.
func ssml() []string {
	return []string{"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"}
}

func ssmlAttrs() map[string]rule {
	attrs := map[string]rule{}
	for _, name := range []string{
		"strength", "time", "level", "xml:lang", "alphabet", "ph", "volume", "rate", "pitch", "interpret-as",
		"role", "format", "alias",
	} {
		attrs[name] = anything
	}
	return attrs
}
