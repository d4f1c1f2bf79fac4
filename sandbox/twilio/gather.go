package twilio

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio/twiml"
)

// gather plays the prompt and waits for keys, for speech, or for both, whichever comes first. Without any it
// goes on to the next verb, or to the action where actionOnEmptyResult asks for that.
// Source: https://www.twilio.com/docs/voice/twiml/gather
func (l *life) gather(v *twiml.Element, base string) (*target, error) {
	for _, prompt := range v.Children {
		if err := l.wait(l.sounding(prompt)); err != nil {
			return nil, err
		}
	}
	params, err := l.answers(v)
	if err != nil {
		return nil, err
	}
	if params["Digits"] == "" && params["SpeechResult"] == "" && !v.Bool("actionOnEmptyResult", false) {
		return nil, nil
	}
	posted := map[string]string{"msg": "Gather End"}
	maps.Copy(posted, params)
	return &target{url: resolve(base, v.Attr["action"]), method: v.Str("method", "POST"), params: posted}, nil
}

// answers lets the caller answer, or the question time out, and returns what is posted of it.
func (l *life) answers(v *twiml.Element) (map[string]string, error) {
	inputs := v.Words("input", "dtmf")
	dtmf, speech := slices.Contains(inputs, "dtmf"), slices.Contains(inputs, "speech")
	keys := ""
	if dtmf {
		keys = l.nextKeys()
	}
	if keys == "" && speech {
		said, err := l.speak(v)
		if len(said) == 0 && dtmf {
			said = map[string]string{"Digits": ""}
		}
		return said, err
	}
	digits, finish, err := l.press(v, keys)
	if err != nil {
		return nil, err
	}
	return map[string]string{"Digits": digits, "FinishedOnKey": finish}, nil
}

// press lets the caller press keys, or lets the question time out.
func (l *life) press(v *twiml.Element, keys string) (digits, finish string, err error) {
	timeout := v.Seconds("timeout", gatherTimeout)
	end := v.Str("finishOnKey", "#")
	for _, k := range strings.Split(keys, "") {
		if timeout < keyTime {
			break // too slow for this question
		}
		if err := l.wait(keyTime); err != nil {
			return "", "", err
		}
		if end != "" && k == end {
			return digits, k, nil
		}
		digits += k
		if len(digits) == v.Int("numDigits", 0) {
			return digits, "", nil
		}
	}
	return digits, "", l.wait(timeout)
}

// nextKeys is what the caller presses at this question.
func (l *life) nextKeys() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keypad++
	if l.keypad > len(l.in.Keypad) {
		return ""
	}
	return l.in.Keypad[l.keypad-1]
}

// What <Gather> does by default, and how sure its recogniser is of what a sample's caller says.
const (
	gatherTimeout = 5 * time.Second
	maxSpeech     = 60 * time.Second
	// autoPause stands for speechTimeout="auto", "when there is a pause in speech"; Twilio doesn't say how long.
	autoPause  = time.Second
	confidence = "0.9317"
)

// speak lets the caller say something: timeout is until he begins, speechTimeout (by default timeout) the pause after
// which he has ended, maxSpeechTime cuts him off.
func (l *life) speak(v *twiml.Element) (map[string]string, error) {
	timeout := v.Seconds("timeout", gatherTimeout)
	text, begins, lasts := l.utterance(timeout)
	if text == "" {
		return nil, l.wait(timeout)
	}
	pause := v.Seconds("speechTimeout", timeout)
	if v.Attr["speechTimeout"] == "auto" {
		pause = autoPause
	}
	longest := v.Seconds("maxSpeechTime", maxSpeech)
	if err := l.wait(begins + min(lasts+pause, longest)); err != nil {
		return nil, err
	}
	return map[string]string{"SpeechResult": text, "Confidence": confidence}, nil
}

// utterance is what the caller begins to say within a time, how far off that is, and how long it takes. While the call's
// sound runs that is what its script says; before, what Config.Spoken has him say.
func (l *life) utterance(within time.Duration) (text string, begins, lasts time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.zero.IsZero() && l.forked == 0 {
		text = l.nextSpoken()
		if within < keyTime {
			text = "" // too slow for this question
		}
		return text, keyTime, time.Duration(len(strings.Fields(text))) * wordTime
	}
	var now time.Duration // of a sound whose stream is on its way
	if !l.zero.IsZero() {
		now = l.clk.Now().Sub(l.zero)
	}
	for _, u := range l.in.Script {
		start, end := time.Duration(u.Start), time.Duration(u.End)
		if u.Track == calls.TrackCaller && start >= now && start < now+within {
			return u.Text, start - now, end - start
		}
	}
	return "", 0, 0
}

// nextSpoken is what the caller says at this question. The caller holds mu.
func (l *life) nextSpoken() string {
	all, ok := l.c.cfg.Spoken[l.in.Name]
	if !ok {
		all = l.c.cfg.Spoken["*"]
	}
	l.spoken++
	if l.spoken > len(all) {
		return ""
	}
	return all[l.spoken-1]
}
